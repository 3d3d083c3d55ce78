//! Disablings that are held back, and who takes them along: whoever is enabled again is
//! not disabled by what was asked for before.

use super::{Error, Tenant};
use crate::policy::{Reason, active};
use crate::scim::{Edits, Kind, Operation, ResourceId};
use crate::store::Pending;

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
        let operation = self.resource_type(one.kind).map(|it| it.operation(one.operation.clone()));
        let only = |edits: &Edits| edits.iter().all(|edit| edit.place.attr.name.is("active"));
        matches!(operation, Some(Ok(Operation::Change { edits, .. })) if only(&edits))
    }
}
