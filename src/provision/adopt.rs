//! Accounts that were there before the gateway was: a create that means one of them
//! makes no second, where the tenant says by what they are known.

use std::sync::Arc;

use super::gone::all_of;
use super::ruling::Origin;
use super::turns::Turn;
use super::words::memorable;
use super::write::unmapped;
use super::{Deed, Depth, Error, Match, Tenant, View};
use crate::call::{Failure, Kind as FailureKind};
use crate::mapping::plan::KindPlan;
use crate::mapping::{Coverage, Picture};
use crate::policy::{Decision, Reason, Then};
use crate::scim::{self, Kind, Operation, Resource, ResourceId};
use crate::store::{Batch, Entry};

/// Which keys are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// Those that the LMS does not check by itself: before a create.
    Unchecked,
    /// All: after the LMS has refused one.
    All,
}

/// An account that came to somebody. Until that is written down nobody else takes it.
#[must_use]
pub(super) struct Taken {
    pub account: ResourceId,
    /// The turn at it, where others could mean it by other keys.
    pub turn: Option<Turn>,
}

impl Tenant {
    /// Takes over the account that a create means, if there is one that nobody has
    /// provisioned yet and that the rules let be touched. It is no new account, so it
    /// waits for nobody's approval.
    pub(super) async fn adopted(
        self: &Arc<Self>,
        create: (&KindPlan, &Resource),
        asked: Asked,
        origin: &Origin,
    ) -> Result<Option<Arc<View>>, Error> {
        let Some(taken) = self.taken_over(create, asked, origin).await? else { return Ok(None) };
        let Taken { account, turn: _turn } = taken;
        let (_, resource) = create;
        let entry = self.entry_of(resource.kind(), &account, self.clock.now()).await?;
        self.back(resource, (entry, Then::Nothing), origin).await.map(Some)
    }

    /// The account that a create means, told all that the create says.
    pub(super) async fn taken_over(
        self: &Arc<Self>,
        (plan, resource): (&KindPlan, &Resource),
        asked: Asked,
        origin: &Origin,
    ) -> Result<Option<Taken>, Error> {
        let Some(account) = self.meant((plan, resource), asked).await? else { return Ok(None) };
        let kind = resource.kind();
        let turn = Some(self.ledger.turn_at(kind, &account).await?);
        self.still_free(kind, &account).await?;
        let entry = self.entry_of(kind, &account, self.clock.now()).await?;
        let edits = all_of(plan, &*self.in_its_ids(plan, resource).await?, false);
        let operation = |id| Operation::Change { kind, id, edits: edits.clone() };
        match self.rule(operation(entry.id.clone()), origin).await?.decision {
            Decision::Apply(..) => {}
            Decision::Defer(_) => return Ok(None),
            Decision::Refuse(error) => return Err(error.into()),
        }
        let run = self.lms.write(&operation(account.clone()), None);
        let run = run.map_err(Error::lms(Deed::Create))?;
        let outcome = self.drive(run, kind, Deed::Change).await;
        self.ledger.epochs.written(kind, Some(&entry.id));
        outcome.map_err(Error::lms(Deed::Create))?;
        self.metrics.resolved("matched");
        Ok(Some(Taken { account, turn }))
    }

    /// Refuses an account that somebody took over while nobody had the turn.
    async fn still_free(&self, kind: Kind, account: &ResourceId) -> Result<(), Error> {
        if self.is_provisioned((kind, account), None).await? {
            let words = format!("Another {kind} was provisioned to the account `{account}`.");
            return Err(scim::Error::uniqueness(words).into());
        }
        Ok(())
    }

    /// A create that waits and means an account that is there: it waits as a change of
    /// that account, whose id it gets at once.
    pub(super) async fn defer_adoption(
        self: &Arc<Self>,
        resource: &Resource,
        (reason, who): (Reason, &str),
    ) -> Result<Option<Arc<View>>, Error> {
        let kind = resource.kind();
        let plan = self.plan(kind).ok_or_else(|| unmapped(kind))?;
        let Some(account) = self.meant((plan, resource), Asked::All).await? else {
            return Ok(None);
        };
        let _turn = self.ledger.turn_at(kind, &account).await?;
        self.still_free(kind, &account).await?;
        let now = self.clock.now();
        let known = self.entry_of(kind, &account, now).await?;
        let edits = all_of(plan, resource, false);
        let change = Operation::Change { kind, id: known.id.clone(), edits };
        let origin = Origin::Client(who.to_owned());
        if let Decision::Refuse(error) = self.rule(change.clone(), &origin).await?.decision {
            return Err(error.into());
        }
        let item = self.item((kind, &known.id), &change, (reason, who));
        let (sent, id) = (memorable(resource), known.id.clone());
        let entry = Entry { sent, modified: now, gone: None, ..known };
        self.wait(Batch { entry: Some(entry), add: vec![item], ..Batch::default() }).await?;
        self.ledger.epochs.written(kind, Some(&id));
        self.get(kind, &id, Depth::Whole, false).await.map(Some)
    }

    /// The account that a create means, unless somebody was provisioned to it: of those
    /// who are gone it goes to the same person alone.
    pub(super) async fn meant(
        self: &Arc<Self>,
        (plan, resource): (&KindPlan, &Resource),
        asked: Asked,
    ) -> Result<Option<ResourceId>, Error> {
        let Some(account) = self.match_in_lms((plan, resource), asked).await? else {
            return Ok(None);
        };
        let kind = resource.kind();
        let known = self.ledger.entries.of_lms(kind, std::slice::from_ref(&account)).await?;
        let keys = self.config.matches(kind);
        let is_own = |entry: &Entry| {
            entry.lms_id() != Some(&account) || Match::same(keys, &entry.sent, resource)
        };
        if known.iter().flatten().all(|entry| entry.gone.is_some() && is_own(entry)) {
            return Ok(Some(account));
        }
        // The LMS has said so already, or has no such rule.
        let words = format!("Another {kind} was provisioned to the account `{account}`.");
        match asked {
            Asked::All => Ok(None),
            Asked::Unchecked => Err(scim::Error::uniqueness(words).into()),
        }
    }

    /// The account that has these values. Two that have the same, or two keys that
    /// mean different ones, are refused: nobody is guessed.
    async fn match_in_lms(
        self: &Arc<Self>,
        (plan, told): (&KindPlan, &Resource),
        asked: Asked,
    ) -> Result<Option<ResourceId>, Error> {
        let keys = self.config.matches(told.kind());
        if keys.is_empty() {
            return Ok(None);
        }
        // Who was there before is called as the LMS spells it.
        let spelt = self.lms.site().spelt(told, &self.lms.moment());
        let first = |key: &&Match| asked == Asked::All || !is_checked(plan, **key);
        let mut found: Vec<(Match, Picture)> = Vec::new();
        for &key in keys.iter().filter(first) {
            found.extend(self.by_key((told, &spelt), key).await?.map(|picture| (key, picture)));
        }
        if found.is_empty() {
            return Ok(None);
        }
        for &key in keys.iter().filter(|key| !first(key)) {
            found.extend(self.by_key((told, &spelt), key).await?.map(|picture| (key, picture)));
        }
        // In the order of the keys, the best first.
        found.sort_by_key(|(key, _)| keys.iter().position(|known| known == key));
        let Some(((key, picture), others)) = found.split_first() else { return Ok(None) };
        if let Some((other, _)) = others.iter().find(|(_, it)| it.id() != picture.id()) {
            let says = format!(
                "{} and {} mean two different accounts in the LMS; mend one of them there.",
                key.path(),
                other.path()
            );
            return Err(scim::Error::uniqueness(says).into());
        }
        Ok(picture.id().filter(|_| Match::same(keys, picture.resource(), &spelt)))
    }

    /// The one account that has the value of a key.
    async fn by_key(
        self: &Arc<Self>,
        (told, spelt): (&Resource, &Resource),
        key: Match,
    ) -> Result<Option<Picture>, Error> {
        let kind = told.kind();
        let matcher = key.value(told).and_then(|value| self.equals(kind, key.path(), value));
        let Some(matcher) = matcher else { return Ok(None) };
        if self.lms.site().coverage(kind, Some(&matcher)) != Coverage::Asked {
            return Ok(None);
        }
        let found =
            self.lookup(kind, &matcher, Depth::Lean).await.map_err(Error::lms(Deed::Look))?;
        let mut own = found.into_iter().filter(|it| key.agrees(it.resource(), spelt) == Some(true));
        let first = own.next();
        if own.next().is_some() {
            let says = format!(
                "Several accounts in the LMS have this {}; only one may have it.",
                key.path()
            );
            return Err(scim::Error::uniqueness(says).into());
        }
        Ok(first)
    }
}

/// Whether a create failed because somebody has one of its values.
pub(super) fn is_taken(error: &Error) -> bool {
    matches!(error, Error::Lms { failure: Failure { kind: FailureKind::Duplicate, .. }, .. })
}

/// Whether the LMS lets only one have the value of a key.
fn is_checked(plan: &KindPlan, key: Match) -> bool {
    plan.attributes.iter().any(|attribute| attribute.unique && attribute.name == key.path())
}
