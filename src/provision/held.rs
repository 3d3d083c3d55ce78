//! Removals that wait: whoever is enabled again takes along what was held back, and
//! whoever leaves is not held up by what the LMS refuses.

use super::rivals::{is_create, is_delete};
use super::settle::activating;
use super::{Error, Tenant};
use crate::policy::{Reason, active};
use crate::scim::{Edits, Kind, Operation, ResourceId};
use crate::store::{Batch, Pending};

impl Tenant {
    /// The held disablings that are over once these edits are done: they enable the
    /// account.
    pub(super) async fn lifted_by(
        &self,
        (kind, id): (Kind, &ResourceId),
        edits: &Edits,
    ) -> Result<Vec<u64>, Error> {
        if kind != Kind::User || self.is_clear() || active(edits) != Some(true) {
            return Ok(Vec::new());
        }
        let queued = self.ledger.pending.of(kind, std::slice::from_ref(id)).await?;
        let held = queued.iter().flatten().filter(|one| self.is_held_disabling(one));
        Ok(held.map(|one| one.sequence).collect())
    }

    /// Whether an operation of a client takes it along, so that it does not hold that up.
    pub(super) fn lifts(&self, operation: &Operation, one: &Pending) -> bool {
        let enables = matches!(operation, Operation::Change { kind: Kind::User, edits, .. }
            if active(edits) == Some(true));
        enables && self.is_held_disabling(one)
    }

    fn is_held_disabling(&self, one: &Pending) -> bool {
        if one.reason != Reason::Guard || one.released {
            return false;
        }
        let only = |edits: &Edits| edits.iter().all(|edit| edit.place.attr.name.is("active"));
        self.edits_of(one).is_some_and(|edits| only(&edits))
    }

    /// Lets a removal come first of what waits for a resource, where the first of that was
    /// tried in vain or waits for somebody else, and without what else is said with it; and
    /// so an enabling, for the last word is what counts. Whatever was said of `active`
    /// before it is over then, and of somebody who is deleted all that was to be changed.
    /// The turn is the caller's.
    pub(super) async fn makes_way(&self, kind: Kind, id: &ResourceId) -> Result<(), Error> {
        let queued = self.ledger.pending.of(kind, std::slice::from_ref(id)).await?;
        let queued: Vec<_> = queued.into_iter().flatten().filter(|it| it.reason.blocks()).collect();
        let in_vain = |one: &Pending| one.failure.is_some() || one.reason == Reason::Order;
        let tried = queued.first().is_some_and(in_vain);
        let last = queued.iter().rposition(|one| is_delete(one) || self.says(one).is_some());
        let Some(place) = last else { return Ok(()) };
        let (before, behind) = queued.split_at(place);
        let Some((word, behind)) = behind.split_first() else { return Ok(()) };
        let is_first = before.is_empty() && self.is_nothing_else(word);
        // Whoever is not made yet cannot leave.
        if !tried || is_first || before.iter().any(is_create) {
            return Ok(());
        }
        let first = match self.says(word) {
            Some(active) => self.switched_first((word, active), before),
            None => vec![word.clone()],
        };
        let add = first.into_iter().chain(behind.iter().cloned()).collect();
        let done = queued.iter().map(|one| one.sequence).collect();
        self.ledger
            .pending
            .write(Batch { add, done, most: usize::MAX, ..Batch::default() })
            .await?;
        self.ledger.bell.notify_one();
        Ok(())
    }

    /// The last word on `active`, and what is left behind it of its write and of those
    /// before it.
    fn switched_first(&self, (word, active): (&Pending, bool), before: &[Pending]) -> Vec<Pending> {
        let switch = self.resource_type(word.kind).and_then(|it| activating(it, active));
        let first = switch.map(|edits| {
            let operation = Operation::Change { kind: word.kind, id: word.id.clone(), edits };
            let (operation, names, due) = (operation.to_json(), Vec::new(), word.at);
            Pending { operation, names, due, attempts: 0, failure: None, ..word.clone() }
        });
        let rest = before.iter().chain([word]).filter_map(|one| self.without_active(one));
        first.into_iter().chain(rest).collect()
    }

    fn is_nothing_else(&self, word: &Pending) -> bool {
        is_delete(word) || self.without_active(word).is_none()
    }

    /// What it says of `active`.
    fn says(&self, one: &Pending) -> Option<bool> {
        (one.kind == Kind::User).then(|| active(&self.edits_of(one)?)).flatten()
    }

    /// What else it says; nothing, if that is all.
    fn without_active(&self, one: &Pending) -> Option<Pending> {
        let Some(edits) = self.edits_of(one) else { return Some(one.clone()) };
        let edits = edits.without(|place| place.schema.is_none() && place.attr.name.is("active"));
        if edits.is_empty() {
            return None;
        }
        let operation = Operation::Change { kind: one.kind, id: one.id.clone(), edits };
        Some(Pending { operation: operation.to_json(), ..one.clone() })
    }

    /// What a piece of work changes, if it does.
    pub(super) fn edits_of(&self, one: &Pending) -> Option<Edits> {
        match self.resource_type(one.kind)?.operation(one.operation.clone()) {
            Ok(Operation::Change { edits, .. }) => Some(edits),
            Ok(Operation::Create(_) | Operation::Delete { .. }) | Err(_) => None,
        }
    }
}
