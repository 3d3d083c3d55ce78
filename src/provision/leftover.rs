//! Members who wait for their accounts, left over of a piece of work: they hold up nobody
//! but members of the same group that are told later.

use jiff::Timestamp;

use super::rivals::is_delete;
use super::{Error, Tenant};
use crate::policy::Reason;
use crate::scim::{Edits, Kind, Operation};
use crate::store::{Batch, Pending};

/// Where a leftover goes.
enum Room {
    /// It stays in its place.
    Here,
    /// Behind all that waits: it is none of that one's affair.
    Behind,
    /// Into this one, before its own members.
    Within(Pending),
}

impl Tenant {
    /// Whether an operation may be done before that piece of work, for it comes to the
    /// same: the one is about members alone, the other about none, or about all there is.
    pub(super) fn passes(&self, operation: &Operation, one: &Pending) -> bool {
        if one.kind != Kind::Group || self.members_alone(one).is_none() {
            return false;
        }
        match operation {
            Operation::Change { kind, edits, .. } => self.is_apart(*kind, edits),
            Operation::Delete { .. } => true,
            Operation::Create(_) => false,
        }
    }

    /// The edits of a piece of work that is about members and nothing else.
    pub(super) fn members_alone(&self, one: &Pending) -> Option<Edits> {
        let edits = self.edits_of(one)?;
        let only = edits.iter().all(|edit| edit.place.attr.name.is("members"));
        (only && !edits.is_complete()).then_some(edits)
    }

    /// Whether edits say nothing of members, not even by leaving them out.
    fn is_apart(&self, kind: Kind, edits: &Edits) -> bool {
        !edits.is_complete() && !self.touches_members(kind, edits)
    }

    /// Lets wait what of a piece of work is still to be done, until then at least. What
    /// waits behind it and can be done does not wait for it.
    pub(super) async fn leave_over(
        &self,
        (one, operation): (&Pending, &Operation),
        due: Timestamp,
        batch: &mut Batch,
    ) -> Result<(), Error> {
        let fresh = self.item((one.kind, &one.id), operation, (Reason::Order, &one.who));
        let left =
            Pending { sequence: one.sequence, at: one.at, released: one.released, due, ..fresh };
        let queued = self.ledger.pending.of(one.kind, std::slice::from_ref(&one.id)).await?;
        let behind = queued.into_iter().flatten();
        let behind = behind.filter(|it| it.reason.blocks() && it.sequence > one.sequence);
        match self.room(&left, behind.collect()) {
            Room::Here => batch.change.push(left),
            Room::Behind => {
                batch.done.push(left.sequence);
                batch.add.push(left);
            }
            Room::Within(other) => {
                batch.done.push(left.sequence);
                batch.change.push(other);
            }
        }
        Ok(())
    }

    /// Where there is room for a leftover. It is never put behind what waits for a
    /// person's word, since its own may have been given.
    fn room(&self, left: &Pending, behind: Vec<Pending>) -> Room {
        let Some(members) = self.members_alone(left) else { return Room::Here };
        let may = |one: &Pending| one.released || self.config.policy.releases(one.reason);
        let mut room = Room::Here;
        for one in behind {
            if !may(&one) {
                return Room::Here;
            }
            match self.edits_of(&one) {
                Some(edits) if self.is_apart(one.kind, &edits) => room = Room::Behind,
                Some(edits) if self.touches_members(one.kind, &edits) => {
                    let (kind, id) = (one.kind, one.id.clone());
                    let edits = edits.after(&members);
                    let operation = Operation::Change { kind, id, edits }.to_json();
                    return Room::Within(Pending { operation, ..one });
                }
                None if is_delete(&one) => room = Room::Behind,
                Some(_) | None => return Room::Here,
            }
        }
        room
    }
}
