//! Under which rules a walk begins, and how they change on the way.

use std::time::Duration;

use matricula::policy::{Activation, Deprovision, Guard, Mode, Protect, Reason, Rules};
use matricula::provision::{Config, Keep, Match};
use matricula::scim::{Filter, Matcher, ResourceType};

use super::step::Dice;
use crate::gateway::house::writes_through;

/// The time of grace, and the span of the guard.
pub(super) const GRACE: Duration = Duration::from_hours(2);
pub(super) const SPAN: Duration = Duration::from_mins(40);

/// Whom nobody touches, where anybody is protected.
pub(super) const PROTECTED: &str = "name.4@hoch.example";

/// One thing that a reload changes.
#[derive(Clone, Copy, Debug)]
pub(super) enum Rule {
    Mode(Mode),
    Outage(bool),
    Deprovision(Deprovision),
    Guard(Option<usize>),
    Activation(Activation),
    /// As it was, which changes nothing at all.
    Same,
}

impl Rule {
    pub(super) fn thrown(dice: &mut Dice) -> Self {
        let guard = |dice: &mut Dice| dice.pick(&[None, Some(0), Some(1), Some(2)]);
        match dice.below(10) {
            0..5 => Self::Mode(dice.pick(&[Mode::DryRun, Mode::Confirm, Mode::Sync, Mode::Sync])),
            5 => Self::Outage(dice.one_in(2)),
            6 => Self::Deprovision(deprovision(dice)),
            7 => Self::Guard(guard(dice)),
            8 => Self::Activation(dice.pick(&[Activation::Automatic, Activation::Manual])),
            _ => Self::Same,
        }
    }

    pub(super) fn change(self, rules: &mut Rules) {
        match self {
            Self::Mode(mode) => rules.mode = mode,
            Self::Outage(outage) => rules.outage = outage,
            Self::Deprovision(deprovision) => rules.deprovision = deprovision,
            Self::Guard(removals) => rules.guard = removals.map(guard),
            Self::Activation(activation) => rules.activation = activation,
            Self::Same => {}
        }
    }
}

/// What of that which waits an operator speaks of.
#[derive(Clone, Copy, Debug)]
pub(super) enum Law {
    All,
    Of(Reason),
    /// The one at that place.
    One(u64),
}

impl Law {
    pub(super) fn thrown(dice: &mut Dice) -> Self {
        match dice.below(4) {
            0 => Self::All,
            1 | 2 => Self::Of(dice.pick(&[Reason::Confirm, Reason::Guard, Reason::Approval])),
            _ => Self::One(dice.below(4)),
        }
    }
}

fn guard(removals: usize) -> Guard {
    Guard { removals, within: SPAN }
}

fn deprovision(dice: &mut Dice) -> Deprovision {
    dice.pick(&[
        Deprovision::Disable,
        Deprovision::Disable,
        Deprovision::Delete,
        Deprovision::DeleteAfter(GRACE),
    ])
}

/// The rules that a walk begins with.
pub(super) fn first(dice: &mut Dice) -> Rules {
    let protect = if dice.one_in(3) { protected() } else { Protect::default() };
    let mode = dice.pick(&[Mode::DryRun, Mode::Confirm, Mode::Sync, Mode::Sync, Mode::Sync]);
    Rules {
        mode,
        deprovision: deprovision(dice),
        guard: dice.pick(&[None, None, Some(1), Some(2)]).map(guard),
        outage: dice.one_in(3),
        protect,
        activation: if dice.one_in(6) { Activation::Manual } else { Activation::Automatic },
        ..writes_through()
    }
}

fn protected() -> Protect {
    let user = ResourceType::user();
    let filter = Filter::parse(&format!("userName eq \"{PROTECTED}\""), user.urns()).unwrap();
    Protect::new(vec![Matcher::bind(&filter, &user).unwrap()])
}

/// What else of a tenant's settings differs, and whether little is kept.
pub(super) fn config(dice: &mut Dice) -> (fn(&mut Config), bool) {
    const ALL: [Match; 3] = [Match::ExternalId, Match::UserName, Match::Emails];
    match dice.below(4) {
        0 => (|config| config.matching = ALL.to_vec(), false),
        1 => (|config| config.keep = Keep::Minimal, true),
        2 => (|config| (config.matching, config.keep) = (ALL.to_vec(), Keep::Minimal), true),
        _ => (|_| (), false),
    }
}
