//! What a write leaves behind in the store, all of it or nothing: the words of the
//! client, what waits from now on, and what waits no more.

use jiff::Timestamp;

use super::ruling::Origin;
use super::{Error, Tenant};
use crate::policy::{Reason, Then};
use crate::scim::{Act, Edit, Edits, Kind, Operation, ResourceId, ResourceType};
use crate::store::{Batch, Entry, Pending};

/// What a write leaves behind.
#[derive(Debug)]
pub(super) struct Kept {
    /// The words of the client.
    pub entry: Option<Entry>,
    /// What follows by the rules.
    pub then: Then,
    /// What of a waiting operation is still to be done.
    pub rest: Option<Operation>,
    /// What waited and is over by it, beside that.
    pub lifted: Vec<u64>,
    /// Whether the resource is no more, and with it all that waits beside it.
    pub ended: bool,
}

impl Kept {
    /// The words of the client, and what follows.
    pub(super) fn new(entry: Option<Entry>, then: Then) -> Self {
        Self { entry, then, rest: None, lifted: Vec::new(), ended: false }
    }

    /// Nothing: the resource is no more.
    pub(super) fn nothing() -> Self {
        Self { ended: true, ..Self::new(None, Then::Nothing) }
    }
}

impl Tenant {
    /// Keeps what a write leaves behind. Who read between the LMS's write and this
    /// one saw half of it, which must not be believed either.
    pub(super) async fn settle(
        &self,
        (kind, id): (Kind, &ResourceId),
        kept: Kept,
        origin: &Origin,
    ) -> Result<(), Error> {
        if let Origin::Queue(_) = origin {
            self.ledger.epochs.redo(kind, id);
            self.ledger.outbox.tell().await;
        }
        let written = self.settled((kind, id), kept, origin).await;
        self.ledger.epochs.written(kind, Some(id));
        written
    }

    async fn settled(
        &self,
        (kind, id): (Kind, &ResourceId),
        kept: Kept,
        origin: &Origin,
    ) -> Result<(), Error> {
        let Kept { entry, then, rest, lifted, ended } = kept;
        if let (Origin::Client(_), Then::Nothing, true) = (origin, then, self.is_clear()) {
            return match (entry, ended) {
                (Some(entry), _) => self.remember(entry).await,
                (None, true) => self.forget(kind, id).await,
                (None, false) => Ok(()),
            };
        }
        let beside = self.beside((kind, id), ended).await?;
        let mut batch = Batch { entry, most: usize::MAX, ..Batch::default() };
        batch.forget = ended.then(|| (kind, id.clone()));
        let over = |one: &&Pending| match then {
            _ if ended => true,
            Then::Bury { .. } => true,
            // Whoever is told anything again lives.
            Then::Nothing | Then::Approve { .. } => {
                one.reason == Reason::Grace
                    && batch.entry.as_ref().is_some_and(|it| it.gone.is_none())
            }
        };
        batch.done = beside.iter().filter(over).map(|one| one.sequence).chain(lifted).collect();
        match then {
            Then::Approve { active } => {
                self.awaits_approval(((kind, id), active), &beside, origin, &mut batch);
            }
            Then::Nothing | Then::Bury { delete_after: None } => {}
            Then::Bury { delete_after: Some(grace) } => {
                let delete = Operation::Delete { kind, id: id.clone() };
                let item = self.item((kind, id), &delete, (Reason::Grace, origin.who()));
                let due = item.at.checked_add(grace).unwrap_or(Timestamp::MAX);
                batch.add.push(Pending { due, ..item });
            }
        }
        if let Origin::Queue(one) = origin {
            match rest {
                Some(operation) => {
                    self.leave_over((one, &operation), self.clock.now(), &mut batch).await?;
                }
                None => batch.done.push(one.sequence),
            }
        }
        let (written, ()) =
            tokio::join!(self.ledger.pending.write(batch), self.tell(Some(id), None));
        self.ledger.bell.notify_one();
        written?;
        Ok(())
    }

    /// What waits beside a resource that lives on; and members of one that is no more.
    async fn beside(
        &self,
        (kind, id): (Kind, &ResourceId),
        ended: bool,
    ) -> Result<Vec<Pending>, Error> {
        let queued = self.ledger.pending.of(kind, std::slice::from_ref(id)).await?;
        let over =
            |one: &Pending| ended && kind == Kind::Group && self.members_alone(one).is_some();
        let beside = |one: &Pending| !one.reason.blocks() || over(one);
        Ok(queued.into_iter().flatten().filter(beside).collect())
    }

    /// The approval of an account: what `active` becomes by it is what the client
    /// said last.
    fn awaits_approval(
        &self,
        ((kind, id), active): ((Kind, &ResourceId), bool),
        beside: &[Pending],
        origin: &Origin,
        batch: &mut Batch,
    ) {
        let Some(edits) = self.resource_type(kind).and_then(|it| activating(it, active)) else {
            return;
        };
        let enable = Operation::Change { kind, id: id.clone(), edits };
        if let Some(known) = beside.iter().find(|one| one.reason == Reason::Approval) {
            batch.change.push(Pending { operation: enable.to_json(), ..known.clone() });
        } else {
            let reason = (Reason::Approval, origin.who());
            batch.add.push(self.item((kind, id), &enable, reason));
        }
    }

    /// Keeps an entry, and tells the trail what was done: both go to the disk
    /// together. Who read between the LMS's write and this one saw half of it, which
    /// must not be believed either.
    async fn remember(&self, entry: Entry) -> Result<(), Error> {
        let (kind, id) = (entry.sent.kind(), entry.id.clone());
        let kept = self.ledger.entries.put(entry);
        let (kept, ()) = tokio::join!(kept, self.tell(Some(&id), None));
        self.ledger.epochs.written(kind, Some(&id));
        Ok(kept?)
    }

    /// Forgets one that is gone, and with it what groups show of it.
    async fn forget(&self, kind: Kind, id: &ResourceId) -> Result<(), Error> {
        let gone = self.ledger.entries.remove(kind, id);
        let (gone, ()) = tokio::join!(gone, self.tell(Some(id), None));
        self.ledger.epochs.written(kind, Some(id));
        if kind == Kind::User {
            self.ledger.epochs.left();
        }
        Ok(gone?)
    }
}

pub(super) fn activating(resource_type: &ResourceType, active: bool) -> Option<Edits> {
    let place = resource_type
        .attributes()
        .find(|place| place.schema.is_none() && place.attr.name.is("active"))?;
    Some(Edits::from_iter([Edit { place, act: Act::Set(active.into()) }]))
}
