//! What may have changed in the LMS by a step, and what must not.

use std::collections::BTreeMap;

use matricula::policy::{Deprovision, Mode, Reason};
use matricula::sandbox::{Cohort, Person};
use matricula::scim::{Kind, ResourceId};

use super::known::{Known, Life};
use super::rules::{GRACE, PROTECTED, SPAN};
use super::step::Field;
use super::world::{Found, World};

/// The LMS before a step.
pub(super) struct Before {
    quiet: bool,
    cohorts: Vec<Cohort>,
}

impl World {
    pub(super) async fn before_step(&mut self) -> Before {
        self.by_hand.clear();
        self.before = self.accounts();
        let dry = self.rules.mode == Mode::DryRun;
        let quiet = dry && !self.waiting().await.iter().any(|one| one.released);
        Before { quiet, cohorts: self.house.lms.cohorts() }
    }

    /// Looks at everybody whom a step has changed.
    pub(super) async fn after_step(&mut self, before: Before) -> Found {
        let after = self.accounts();
        let was = std::mem::take(&mut self.before);
        let owners = self.owners.clone();
        for id in after.keys() {
            let account = ResourceId::parse(&id.to_string()).unwrap();
            let owner = self.entries.of_lms(Kind::User, &[account]).await.unwrap().pop().flatten();
            if let Some(owner) = owner.filter(|it| it.lms_id().is_some()) {
                let owners = self.owners.entry(*id).or_default();
                owners.retain(|known| *known != owner.id.as_str());
                owners.push(owner.id.to_string());
            }
        }
        let by_gateway = |id: &i64| !self.by_hand.contains(id);
        let changed: Vec<_> = after
            .iter()
            .filter(|(id, person)| by_gateway(id) && was.get(id) != Some(person))
            .map(|(id, person)| (*id, person.clone()))
            .collect();
        let cohorts = self.house.lms.cohorts();
        if before.quiet && (!changed.is_empty() || touched(&before.cohorts, &cohorts)) {
            return Err(format!("the LMS was written to in a dry run: {changed:?}"));
        }
        let waiting = self.waiting().await.into_iter();
        let waiting = waiting.filter(|one| one.reason != Reason::Grace);
        let waiting: Vec<_> = waiting.map(|one| one.id.to_string()).collect();
        for (id, person) in changed {
            let Some(was) = was.get(&id) else { continue };
            if !self.rules.protect.is_empty() && was.username == PROTECTED {
                return Err(format!("{id} is protected, and was touched"));
            }
            self.is_rightly_changed(id, (was, &person), (&owners, &waiting))?;
        }
        Ok(())
    }

    fn is_rightly_changed(
        &mut self,
        id: i64,
        (was, is): (&Person, &Person),
        (owners, waiting): (&BTreeMap<i64, Vec<String>>, &[String]),
    ) -> Found {
        let owned = [owners.get(&id), self.owners.get(&id)];
        let owned = owned.into_iter().filter_map(|owners| owners?.last());
        let owned: Vec<_> = owned.cloned().collect();
        let (ends, stops) = (is.deleted && !was.deleted, is.suspended && !was.suspended);
        if !ends && !stops {
            return Ok(());
        }
        let named = |known: &Known| known.allows_folded(Field::UserName, &was.username);
        let adopted = self.people.values().any(|known| known.life != Life::There && named(known));
        let stranger = owned.is_empty() && (adopted || !self.foreign.contains(&id));
        // What was said before is done before; and an account that was only half made is
        // disabled until somebody approves of it.
        let on_its_way = stops && owned.iter().any(|owner| waiting.contains(owner));
        if stranger || on_its_way {
            return Ok(());
        }
        if !owned.iter().any(|owner| self.may_be_disabled(owner, ends)) {
            let word = if ends { "deleted" } else { "disabled" };
            return Err(format!("the account {id} of {owned:?} was {word}, and nobody said so"));
        }
        let approved = owned.iter().any(|owner| self.approved.contains(owner));
        let of_grace = ends && was.suspended && self.rules.deprovision != Deprovision::Delete;
        if approved || of_grace {
            return Ok(());
        }
        let (now, guard) = (self.now(), self.rules.guard);
        self.removals.retain(|at| *at > now - SPAN);
        let Some(guard) = guard else { return Ok(()) };
        if self.removals.len() >= guard.removals {
            return Err(format!("{id} was removed past the guard of {}", guard.removals));
        }
        self.removals.push(now);
        Ok(())
    }

    /// Whether somebody said that this one may be disabled, or deleted.
    fn may_be_disabled(&self, owner: &str, ends: bool) -> bool {
        let Some(known) = self.people.get(owner) else { return true };
        if !ends {
            let says = known.fields[&Field::Active].as_ref();
            return known.life != Life::There || says.is_none_or(|it| it.contains("false"));
        }
        let at_once = self.deletes.is_some_and(|at| at >= known.since)
            || self.rules.deprovision == Deprovision::Delete;
        let over = self.now() >= known.since + GRACE;
        known.life != Life::There && (at_once || over || self.approved.contains(owner))
    }
}

/// Whether cohorts are others than before; an account that was erased leaves them by itself.
fn touched(before: &[Cohort], after: &[Cohort]) -> bool {
    let names = |all: &[Cohort]| all.iter().map(|it| it.name.clone()).collect::<Vec<_>>();
    let gained = after
        .iter()
        .zip(before)
        .any(|(after, before)| after.members.iter().any(|member| !before.members.contains(member)));
    names(before) != names(after) || gained
}
