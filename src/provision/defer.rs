//! Writes that wait: the client is answered in full, and what it will read is kept
//! together with what has to be done.

use std::sync::Arc;

use jiff::Timestamp;

use super::cache::Depth;
use super::names::fresh_id;
use super::overlay::bare;
use super::read::missing;
use super::words::memorable;
use super::write::unmapped;
use super::{Deed, Error, Tenant, View};
use crate::mapping::Next;
use crate::policy::Reason;
use crate::scim::{self, Edits, Kind, Operation, Outcome, Resource, ResourceId};
use crate::store::{Batch, Entry, LmsId, Pending, Turn};

/// So many members are told in one piece of waiting work; more begin another.
const MEMBERS: usize = 500;

/// When somebody comes back who found no room.
const PAUSE: u32 = 300;

impl Tenant {
    /// A create that waits. Whoever is gone and comes back keeps the id. `attempts` is how
    /// often it may have happened already.
    pub(super) async fn defer_create(
        self: &Arc<Self>,
        resource: &Resource,
        (reason, who): (Reason, &str),
        (gone, attempts): (Option<Entry>, u32),
    ) -> Result<Arc<View>, Error> {
        let kind = resource.kind();
        if reason != Reason::Outage {
            self.rehearse(&Operation::Create(bare(resource)))?;
            if gone.is_none()
                && let Some(view) = self.defer_adoption(resource, (reason, who)).await?
            {
                return Ok(view);
            }
            self.unclaimed(resource, gone.as_ref().map(|entry| &entry.id)).await?;
        }
        let now = self.clock.now();
        let known = match gone {
            Some(entry) => entry,
            None => Entry { lms: LmsId::None, ..Entry::plain(kind, fresh_id()?, now) },
        };
        let entry = Entry { sent: memorable(resource), created: Some(now), modified: now, ..known };
        let id = entry.id.clone();
        let create = Operation::Create(resource.clone());
        let item = self.item((kind, &id), &create, (reason, who));
        let add = vec![Pending { attempts, ..item }];
        self.wait(Batch { entry: Some(entry), add, ..Batch::default() }).await?;
        self.ledger.epochs.written(kind, Some(&id));
        self.get(kind, &id, Depth::Whole, false).await
    }

    /// A change that waits, and what it lifts waits no more.
    pub(super) async fn defer_change(
        self: &Arc<Self>,
        (kind, id): (Kind, &ResourceId),
        (edits, lifted): (&Edits, &[u64]),
        (reason, who): (Reason, &str),
        counted: Option<Timestamp>,
    ) -> Result<(), Error> {
        let entry = self.ledger.entries.get(kind, id).await?;
        if reason != Reason::Outage {
            // Whether it is there, and whether it can be.
            self.get(kind, id, Depth::Lean, false).await?;
            self.rehearse_change((kind, id), edits, entry.as_deref()).await?;
            if let Some(named) = self.named_by(kind, edits)? {
                self.unclaimed(&named, Some(id)).await?;
            }
        }
        let (after, differs) = self.applied(kind, id, edits, entry.as_deref()).await?;
        let now = self.clock.now();
        let entry =
            entry.map_or_else(|| Entry::plain(kind, id.clone(), now), |it| Entry::clone(&it));
        let members = self.touches_members(kind, edits);
        let modified = if differs || members { now } else { entry.modified };
        let revision = entry.revision + u64::from(members);
        let entry = Entry { sent: memorable(&after), modified, revision, ..entry };
        let change = Operation::Change { kind, id: id.clone(), edits: edits.clone() };
        let item = self.item((kind, id), &change, (reason, who)).since(counted);
        let done = lifted.to_vec();
        let batch = Batch { entry: Some(entry), done, ..Batch::default() };
        let batch = match self.joined(&item).await? {
            Some(joined) => Batch { done: vec![joined.sequence], add: vec![joined], ..batch },
            None => Batch { add: vec![item], ..batch },
        };
        self.wait(batch).await?;
        self.ledger.epochs.written(kind, Some(id));
        Ok(())
    }

    /// A delete that waits. Nothing is left of somebody whom the LMS never knew.
    pub(super) async fn defer_delete(
        self: &Arc<Self>,
        (kind, id): (Kind, &ResourceId),
        (reason, who): (Reason, &str),
        counted: Option<Timestamp>,
    ) -> Result<(), Error> {
        let mut names = Vec::new();
        if reason != Reason::Outage {
            let view = self.get(kind, id, Depth::Lean, false).await?;
            names = self.names_of(&view.resource());
        }
        let queued = self.ledger.pending.of(kind, std::slice::from_ref(id)).await?;
        let queued: Vec<Pending> = queued.into_iter().flatten().collect();
        let entry = self.ledger.entries.get(kind, id).await?;
        names.extend(entry.iter().flat_map(|entry| self.names_of(&entry.sent)));
        names.sort_unstable();
        names.dedup();
        let unborn = entry.is_some_and(|it| it.lms == LmsId::None && it.gone.is_none());
        let delete = Operation::Delete { kind, id: id.clone() };
        if unborn && queued.iter().all(|one| one.attempts == 0) {
            let done = queued.iter().map(|one| one.sequence).collect();
            let forget = Some((kind, id.clone()));
            self.wait(Batch { forget, done, ..Batch::default() }).await?;
        } else {
            let item = self.item((kind, id), &delete, (reason, who)).since(counted);
            let add = vec![Pending { names, ..item }];
            self.wait(Batch { add, ..Batch::default() }).await?;
        }
        self.ledger.epochs.written(kind, Some(id));
        if kind == Kind::User {
            self.ledger.epochs.left();
        }
        Ok(())
    }

    /// A piece of work that waits.
    pub(super) fn item(
        &self,
        (kind, id): (Kind, &ResourceId),
        operation: &Operation,
        (reason, who): (Reason, &str),
    ) -> Pending {
        let now = self.clock.now();
        let turn = match operation {
            _ if kind == Kind::User => Turn::Users,
            Operation::Change { edits, .. } if self.touches_members(kind, edits) => Turn::Members,
            _ => Turn::Groups,
        };
        Pending {
            sequence: 0,
            kind,
            id: id.clone(),
            operation: operation.to_json(),
            turn,
            names: self.names_given(kind, operation),
            reason,
            who: who.to_owned(),
            at: now,
            released: false,
            attempts: 0,
            due: now,
            failure: None,
        }
    }

    /// Lets work wait, if there is room for it.
    pub(super) async fn wait(&self, batch: Batch) -> Result<(), Error> {
        let most = self.config.policy.pending;
        let fits = self.ledger.pending.write(Batch { most, ..batch }).await?;
        self.ledger.bell.notify_one();
        if fits {
            return Ok(());
        }
        Err(scim::Error::unavailable(
            format!(
                "{most} operations of this tenant wait already, and no more are taken. Release or \
                 drop some (`matricula pending`), or raise `pending`."
            ),
            PAUSE,
        )
        .into())
    }

    pub(super) fn touches_members(&self, kind: Kind, edits: &Edits) -> bool {
        let members = self.resource_type(kind).and_then(scim::ResourceType::members);
        members.is_some_and(|members| edits.touch(&members))
    }

    /// The last piece of the same resource's work with this one added, where both
    /// are about members alone: clients tell them one by one. It takes the place of the
    /// last, for somebody may be about to do that, as it was. Where that waits for others,
    /// later members join it whoever tells them: one who can never be made must not hold
    /// up the rest.
    async fn joined(&self, item: &Pending) -> Result<Option<Pending>, Error> {
        let (kind, id) = (item.kind, &item.id);
        if kind != Kind::Group {
            return Ok(None);
        }
        let queued = self.ledger.pending.of(kind, std::slice::from_ref(id)).await?;
        let Some(last) = queued.into_iter().flatten().last() else { return Ok(None) };
        let alike = last.reason == Reason::Order || (!last.released && last.who == item.who);
        if last.attempts > 0 || last.reason != item.reason || !alike {
            return Ok(None);
        }
        let (Some(known), Some(edits)) = (self.members_alone(&last), self.members_alone(item))
        else {
            return Ok(None);
        };
        if known.weight() >= MEMBERS {
            return Ok(None);
        }
        let edits = known.iter().chain(edits.iter()).cloned().collect();
        let operation = Operation::Change { kind, id: id.clone(), edits }.to_json();
        Ok(Some(Pending { operation, who: item.who.clone(), due: item.due, ..last }))
    }

    /// Refuses what the mapping refuses before it makes a call.
    fn rehearse(&self, operation: &Operation) -> Result<(), Error> {
        let deed = match operation {
            Operation::Create(_) => Deed::Create,
            Operation::Change { .. } => Deed::Change,
            Operation::Delete { .. } => Deed::Delete,
        };
        let run = self.lms.write(operation, None);
        match run.map(|mut run| run.start()) {
            Ok(Next::Done(Err(failure))) | Err(failure) => Err(Error::lms(deed)(failure)),
            Ok(Next::Done(Ok(_)) | Next::Call(_)) => Ok(()),
        }
    }

    async fn rehearse_change(
        &self,
        (kind, id): (Kind, &ResourceId),
        edits: &Edits,
        entry: Option<&Entry>,
    ) -> Result<(), Error> {
        let Some(account) = self.lms_id(kind, id).await? else {
            let resource_type = self.resource_type(kind).ok_or_else(|| unmapped(kind))?;
            let mut after = entry.ok_or_else(|| missing(kind, id))?.sent.clone();
            edits.apply(resource_type, &mut after)?;
            return self.rehearse(&Operation::Create(bare(&after)));
        };
        let edits =
            edits.without(|place| place.attr.name.is("members") || place.attr.name.is("manager"));
        self.rehearse(&Operation::Change { kind, id: account, edits })
    }

    /// The unique values that edits give, as a resource.
    pub(super) fn named_by(&self, kind: Kind, edits: &Edits) -> Result<Option<Resource>, Error> {
        let plan = self.plan(kind).ok_or_else(|| unmapped(kind))?;
        let mut named = serde_json::Map::new();
        for attribute in plan.attributes.iter().filter(|attribute| attribute.unique) {
            if let Outcome::Set(value) = attribute.outcome(edits) {
                attribute.slot.write(&mut named, value);
            }
        }
        Ok((!named.is_empty()).then(|| Resource::from_attributes(kind, named)))
    }
}
