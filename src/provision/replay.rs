//! What waited, done at last: users before groups before their members, each once.

use std::sync::Arc;

use jiff::Timestamp;

use super::adopt::{Asked, Taken, is_taken};
use super::gone::with_account;
use super::rivals::is_create;
use super::ruling::{Origin, Ruling};
use super::settle::Kept;
use super::turns::Key;
use super::words::memorable;
use super::write::unmapped;
use super::{Deed, Error, Tenant};
use crate::call::{Failure, Kind as FailureKind};
use crate::mapping::Picture;
use crate::mapping::plan::KindPlan;
use crate::policy::{Decision, Reason, Then};
use crate::scim::{Act, Edit, Edits, Kind, Operation, Resource, ResourceId};
use crate::store::{Batch, Entry, LmsId, Pending};

/// When somebody is looked at again who waits for others.
const SOON: std::time::Duration = std::time::Duration::from_secs(15);

impl Tenant {
    /// Does one piece of work that waited.
    pub(super) async fn redone(
        self: &Arc<Self>,
        operation: Operation,
        one: Pending,
    ) -> Result<(), Error> {
        let plan = self.plan(one.kind).ok_or_else(|| unmapped(one.kind))?;
        let mut keys = match &operation {
            Operation::Create(resource) => Key::of_new(plan, resource),
            Operation::Change { edits, .. } => Key::of_change(plan, &one.id, edits),
            Operation::Delete { .. } => self.values_of(plan, &one).await?,
        };
        keys.push(Key::Id(one.kind, one.id.clone()));
        let _turn = self.ledger.turn(&keys).await?;
        // Somebody may have dropped it while nobody had the turn, or changed it.
        let Some(one) = self.still_waits(&one).await? else { return Ok(()) };
        match operation {
            Operation::Create(resource) => self.recreated(resource, &keys, one).await?,
            Operation::Change { edits, .. } => self.rechanged(edits, one).await?,
            Operation::Delete { .. } => self.redeleted(one).await?,
        }
        Ok(())
    }

    /// The unique values of somebody who is to be deleted: whoever comes back has the turn
    /// of those alone, and neither may do it while the other does.
    async fn values_of(&self, plan: &KindPlan, one: &Pending) -> Result<Vec<Key>, Error> {
        let entry = self.ledger.entries.get(one.kind, &one.id).await?;
        Ok(entry.map(|entry| Key::of_new(plan, &entry.sent)).unwrap_or_default())
    }

    /// The work that was begun, as it is now. Nothing, where it waits no more or says
    /// something else: whoever changed it has ended the lease, so it is begun again.
    pub(super) async fn still_waits(&self, one: &Pending) -> Result<Option<Pending>, Error> {
        let queued = self.ledger.pending.of(one.kind, std::slice::from_ref(&one.id)).await?;
        let is_it = |now: &Pending| now.sequence == one.sequence && now.operation == one.operation;
        let now = queued.into_iter().flatten().find(is_it);
        // How often it was begun before says whether it may have happened.
        Ok(now.map(|now| Pending { attempts: one.attempts, ..now }))
    }

    async fn recreated(
        self: &Arc<Self>,
        resource: Resource,
        keys: &[Key],
        one: Pending,
    ) -> Result<(), Error> {
        let (kind, id, origin) = (one.kind, one.id.clone(), Origin::Queue(one.clone()));
        let plan = self.plan(kind).ok_or_else(|| unmapped(kind))?;
        let entry = self.ledger.entries.get(kind, &id).await?;
        // It waits, so somebody wants it, whatever became of its entry.
        let entry = entry.unwrap_or_else(|| Arc::new(unborn(&resource, &one)));
        let (alone, members) = (resource.without("members"), self.members_of(&one, &resource));
        let Ruling { decision, .. } = self.rule(Operation::Create(alone), &origin).await?;
        let (form, then) = match decision {
            Decision::Apply(Operation::Create(form), then) => (form, then),
            Decision::Apply(..) => return Err(Error::CutOff),
            Decision::Defer(reason) => return self.goes_on(one, reason).await,
            Decision::Refuse(error) => return Err(error.into()),
        };
        let told = self.in_its_ids(plan, &form).await?;
        if one.attempts > 0 {
            self.ledger.doubts.raise(keys);
        }
        // Whoever comes back has one already, and so has who was to be deleted and stays.
        let account = match self.revived((plan, &told), &entry).await? {
            Some(account) => account,
            None => self.account((plan, &resource, &told), (keys, &id), &origin).await?,
        };
        let Taken { account, turn: _turn } = account;
        self.left_to(kind, &account, &id).await?;
        // Later writes are among its words already.
        let entry = Some(with_account(&entry, &account));
        let kept = Kept { rest: members, ..Kept::new(entry, then) };
        let settled = self.settle((kind, &id), kept, &origin).await;
        match settled {
            Ok(()) => self.ledger.doubts.settle(keys),
            Err(_) => self.ledger.doubts.raise(keys),
        }
        self.ledger.epochs.left();
        settled
    }

    /// The account of somebody who had none: the one that an earlier attempt left
    /// behind, that of the same person who was deleted, one that was there before, or
    /// a new one.
    async fn account(
        self: &Arc<Self>,
        (plan, resource, told): (&KindPlan, &Resource, &Resource),
        (keys, id): (&[Key], &ResourceId),
        origin: &Origin,
    ) -> Result<Taken, Error> {
        let create = (plan, resource);
        let taken = match self.in_doubt(told, keys, Some(id)).await {
            Ok(Some(found)) => return identified(&found),
            Ok(None) => None,
            // It was not made, for somebody was there before.
            Err(error) if is_taken(&error) => Some(error),
            Err(error) => return Err(error),
        };
        // A create that waited behind the delete of the same person had to be given an
        // id of its own, and the account that was disabled still has the name.
        if let Some(gone) = self.gone_before(resource).await?.filter(|gone| gone.id != *id)
            && let Some(account) = self.revived((plan, told), &gone).await?
        {
            return Ok(account);
        }
        if let Some(error) = taken {
            return self.taken_over(create, Asked::All, origin).await?.ok_or(error);
        }
        if let Some(account) = self.taken_over(create, Asked::Unchecked, origin).await? {
            return Ok(account);
        }
        match self.sent(told, keys, Some(id)).await {
            Ok(picture) => identified(&picture),
            Err(error) if is_taken(&error) => {
                self.taken_over(create, Asked::All, origin).await?.ok_or(error)
            }
            Err(error) => Err(error),
        }
    }

    /// The members of a new group, to be told once all of them are there.
    fn members_of(&self, one: &Pending, resource: &Resource) -> Option<Operation> {
        let members = resource.attributes().get("members")?.as_array()?;
        let place = self.resource_type(one.kind)?.members()?;
        let act = Act::Add(members.clone());
        let edits = Edits::from_iter([Edit { place, act }]);
        let (kind, id) = (one.kind, one.id.clone());
        (!members.is_empty()).then_some(Operation::Change { kind, id, edits })
    }

    async fn rechanged(self: &Arc<Self>, edits: Edits, one: Pending) -> Result<(), Error> {
        let (kind, id) = (one.kind, one.id.clone());
        let (now, waiting) = self.members_now(kind, &edits).await?;
        if now.is_empty() && !waiting.is_empty() {
            return self.still_to_come(waiting, one).await;
        }
        let operation = Operation::Change { kind, id: id.clone(), edits: now };
        let origin = Origin::Queue(one.clone());
        let Ruling { decision, counted } = self.rule(operation, &origin).await?;
        let (form, then) = match decision {
            Decision::Apply(Operation::Change { edits, .. }, then) => (edits, then),
            Decision::Apply(..) => return Err(Error::CutOff),
            Decision::Defer(reason) => return self.goes_on(one, reason).await,
            Decision::Refuse(error) => return Err(error.into()),
        };
        if let Err(error) = self.told_at_last((kind, &id), &form).await {
            self.not_counted(counted).await;
            return Err(error);
        }
        let edits = waiting;
        let rest = (!edits.is_empty()).then(|| Operation::Change { kind, id: id.clone(), edits });
        let kept = Kept { rest, ..Kept::new(None, then) };
        self.settle((kind, &id), kept, &origin).await
    }

    /// Tells the LMS what changes, as far as it concerns anybody who is still there.
    async fn told_at_last(
        self: &Arc<Self>,
        (kind, id): (Kind, &ResourceId),
        edits: &Edits,
    ) -> Result<(), Error> {
        let refused = match self.change_account((kind, id), edits).await {
            Err(error) if is_refusal(&error) => error,
            outcome => return outcome,
        };
        match self.members_left(kind, edits).await? {
            Some(left) => self.change_account((kind, id), &left).await,
            None => Err(refused),
        }
    }

    async fn redeleted(self: &Arc<Self>, one: Pending) -> Result<(), Error> {
        let (kind, id, origin) = (one.kind, one.id.clone(), Origin::Queue(one.clone()));
        if one.reason == Reason::Grace && self.came_back(&one).await? {
            // Nobody is deleted for what was before.
            return self.settle((kind, &id), Kept::new(None, Then::Nothing), &origin).await;
        }
        let operation = Operation::Delete { kind, id: id.clone() };
        let Ruling { decision, counted } = self.rule(operation, &origin).await?;
        let done = match decision {
            Decision::Apply(Operation::Delete { .. }, _) => self.end((kind, &id), &origin).await,
            Decision::Apply(Operation::Change { edits, .. }, then) => {
                self.bury((kind, &id), (&edits, then), &origin).await
            }
            Decision::Apply(..) => Err(Error::CutOff),
            Decision::Defer(reason) => return self.goes_on(one, reason).await,
            Decision::Refuse(error) => return Err(error.into()),
        };
        match done {
            // It is gone already, which is all that was asked for.
            Err(Error::Scim(error)) if error.status() == 404 => Ok(()),
            Err(error) => {
                self.not_counted(counted).await;
                Err(error)
            }
            Ok(()) => Ok(()),
        }
    }

    /// Whether somebody came back while a time of grace ran, or is to: a create of the
    /// same waits itself.
    async fn came_back(&self, one: &Pending) -> Result<bool, Error> {
        let entry = self.ledger.entries.get(one.kind, &one.id).await?;
        if entry.is_some_and(|entry| entry.gone.is_none()) {
            return Ok(true);
        }
        let queued = self.ledger.pending.of(one.kind, std::slice::from_ref(&one.id)).await?;
        Ok(queued.iter().flatten().any(is_create))
    }

    /// Members go on waiting, for none of them has an account yet.
    async fn still_to_come(&self, edits: Edits, one: Pending) -> Result<(), Error> {
        let (kind, id) = (one.kind, one.id.clone());
        let operation = Operation::Change { kind, id: id.clone(), edits };
        let mut batch = Batch { most: usize::MAX, ..Batch::default() };
        self.leave_over((&one, &operation), self.soon(), &mut batch).await?;
        self.ledger.pending.write(batch).await?;
        self.ledger.epochs.written(kind, Some(&id));
        Ok(())
    }

    fn soon(&self) -> Timestamp {
        let now = self.clock.now();
        now.checked_add(SOON).unwrap_or(now)
    }

    /// It goes on waiting, for another reason.
    async fn goes_on(&self, one: Pending, reason: Reason) -> Result<(), Error> {
        let due = if reason == Reason::Order { self.soon() } else { self.clock.now() };
        let (kind, id) = (one.kind, one.id.clone());
        let change = vec![Pending { reason, due, ..one }];
        self.wait(Batch { change, ..Batch::default() }).await?;
        if reason == Reason::Order {
            self.makes_way(kind, &id).await?;
        }
        self.ledger.epochs.written(kind, Some(&id));
        Ok(())
    }
}

/// An account that we made, which nobody else can mean.
fn identified(picture: &Picture) -> Result<Taken, Error> {
    let account = picture.id().ok_or_else(|| {
        let failure = Failure::new(FailureKind::Garbled, "the LMS gave the new one no id");
        Error::lms(Deed::Create)(failure)
    })?;
    Ok(Taken { account, turn: None })
}

/// The entry of somebody who waits to be made, and has none.
fn unborn(resource: &Resource, one: &Pending) -> Entry {
    let plain = Entry::plain(one.kind, one.id.clone(), one.at);
    Entry { lms: LmsId::None, sent: memorable(resource), created: Some(one.at), ..plain }
}

/// Whether the LMS said no to what it was told.
fn is_refusal(error: &Error) -> bool {
    let kinds = [FailureKind::Invalid, FailureKind::Missing];
    matches!(error, Error::Lms { failure, .. } if kinds.contains(&failure.kind))
}
