//! Writing to what is there: change and delete, each a flow from top to bottom.

use std::future::Future;
use std::sync::Arc;

use tokio::sync::oneshot;

use super::overlay::bare;
use super::read::missing;
use super::ruling::{Origin, Ruling};
use super::settle::Kept;
use super::turns::Key;
use super::witness::{self, Who, Wish};
use super::words::memorable;
use super::{Deed, Depth, Error, Tenant, View};
use crate::behalf;
use crate::call::Kind as FailureKind;
use crate::mapping::plan::KindPlan;
use crate::policy::{self, Decision, Reason, Then};
use crate::scim::{self, Conditions, Edits, Kind, Operation, Resource, ResourceId};
use crate::store::Entry;

/// Edits of one resource, and what has to hold for them.
#[derive(Clone, Debug)]
pub struct Change {
    /// User or Group.
    pub kind: Kind,
    /// Which one.
    pub id: ResourceId,
    /// What changes.
    pub edits: Edits,
    /// The version the client has seen, where it says so.
    pub conditions: Conditions,
    /// How much of the resource the client wants to see afterwards.
    pub show: Option<Depth>,
}

impl Tenant {
    /// Changes a resource.
    pub async fn change(
        self: &Arc<Self>,
        change: Change,
        who: Who,
    ) -> Result<Option<Arc<View>>, Error> {
        let tenant = Arc::clone(self);
        let personal = self.config.personal;
        let origin = Origin::Client(who.title.clone());
        let wish = Wish::change((change.kind, &change.id), &change.edits, who, personal);
        self.finish(wish, async move { tenant.changed(change, &origin).await }, |_| ()).await
    }

    /// Deletes a resource.
    pub async fn delete(
        self: &Arc<Self>,
        kind: Kind,
        id: ResourceId,
        conditions: Conditions,
        who: Who,
    ) -> Result<(), Error> {
        let tenant = Arc::clone(self);
        let origin = Origin::Client(who.title.clone());
        let wish = Wish::delete(kind, &id, who);
        let work = async move { tenant.deleted((kind, &id), &conditions, &origin).await };
        self.finish(wish, work, |()| ()).await
    }

    /// Work once begun is finished, whoever stops waiting: half of a create is an
    /// account that nobody knows of. Whatever comes of it, the trail is told, once and
    /// before the client is. `unheard` is told what nobody waited for.
    pub(super) async fn finish<T: Send + 'static>(
        self: &Arc<Self>,
        wish: Wish,
        work: impl Future<Output = Result<T, Error>> + Send + 'static,
        unheard: impl FnOnce(&T) + Send + 'static,
    ) -> Result<T, Error> {
        let (tell, told) = oneshot::channel();
        // In a box: it is large, and moved several times before it runs.
        let work = Box::pin(work);
        let tenant = Arc::clone(self);
        let whole = async move {
            let outcome = tenant.witnessed(wish, work).await;
            // Whoever asks another process next must not see what was before.
            tenant.ledger.outbox.tell().await;
            if let Err(Ok(done)) = tell.send(outcome) {
                unheard(&done);
                tenant.ledger.outbox.tell().await;
            }
        };
        self.work.spawn(behalf::kept(whole));
        told.await.unwrap_or(Err(Error::CutOff))
    }

    async fn changed(
        self: &Arc<Self>,
        change: Change,
        origin: &Origin,
    ) -> Result<Option<Arc<View>>, Error> {
        let Change { kind, id, edits, conditions, show } = change;
        let plan = self.plan(kind).ok_or_else(|| unmapped(kind))?;
        let _turn = self.ledger.turn(&Key::of_change(plan, &id, &edits)).await?;
        self.permitted(kind, &id, &conditions).await?;
        let lifted = self.lifted_by((kind, &id), &edits).await?;
        let asked = Operation::Change { kind, id: id.clone(), edits: edits.clone() };
        let Ruling { decision, counted } = self.rule(asked, origin).await?;
        let told = (&edits, lifted.as_slice());
        let waits =
            |reason, counted| self.defer_change((kind, &id), told, (reason, origin.who()), counted);
        match decision {
            Decision::Apply(Operation::Change { edits: form, .. }, then) => {
                let done = self.done((kind, &id), told, (&form, then), origin).await;
                if let Err(error) = &done {
                    self.not_removed(counted, error).await;
                }
                match done {
                    Err(error) if self.waits_out(&error) => waits(Reason::Outage, counted).await?,
                    done => done?,
                }
            }
            Decision::Apply(..) => return Err(Error::CutOff),
            Decision::Defer(reason) => {
                waits(reason, None).await?;
                if policy::active(&edits).is_some() {
                    self.makes_way(kind, &id).await?;
                }
            }
            Decision::Refuse(error) => return Err(error.into()),
        }
        match show {
            Some(depth) => self.get(kind, &id, depth, false).await.map(Some),
            None => Ok(None),
        }
    }

    /// Changes an account, and keeps the client's words: `form` is what the LMS is
    /// told of its edits, and what they lift is over with them.
    async fn done(
        self: &Arc<Self>,
        (kind, id): (Kind, &ResourceId),
        (edits, lifted): (&Edits, &[u64]),
        (form, then): (&Edits, Then),
        origin: &Origin,
    ) -> Result<(), Error> {
        let entry = self.ledger.entries.get(kind, id).await?;
        if let Some(entry) = &entry {
            witness::before(&entry.sent, edits);
        }
        let (after, differs) = self.applied(kind, id, edits, entry.as_deref()).await?;
        self.change_known((kind, id), form, entry.as_deref()).await?;
        let members = self.touches_members(kind, edits);
        let unchanged = entry.as_ref().filter(|_| !differs).map(|entry| entry.modified);
        let modified = unchanged.unwrap_or_else(|| self.clock.now());
        let first = || Entry::plain(kind, id.clone(), modified);
        let known = entry.map_or_else(first, |entry| Entry::clone(&entry));
        let revision = known.revision + u64::from(members);
        let entry = Entry { sent: memorable(&after), modified, revision, ..known };
        let kept = Kept { lifted: lifted.to_vec(), ..Kept::new(Some(entry), then) };
        self.settle((kind, id), kept, origin).await
    }

    /// Tells the LMS what changes of an account.
    pub(super) async fn change_account(
        self: &Arc<Self>,
        (kind, id): (Kind, &ResourceId),
        edits: &Edits,
    ) -> Result<(), Error> {
        let entry = self.ledger.entries.get(kind, id).await?;
        self.change_known((kind, id), edits, entry.as_deref()).await
    }

    /// The same, where the entry is at hand.
    async fn change_known(
        self: &Arc<Self>,
        (kind, id): (Kind, &ResourceId),
        edits: &Edits,
        entry: Option<&Entry>,
    ) -> Result<(), Error> {
        let plan = self.plan(kind).ok_or_else(|| unmapped(kind))?;
        let account = self.lms_id(kind, id).await?.ok_or_else(|| missing(kind, id))?;
        let told = self.edits_in_its_ids(plan, edits).await?;
        let known = match entry {
            Some(entry) => Some(self.words_in_its_ids(plan, &entry.sent).await?),
            None => None,
        };
        let operation = Operation::Change { kind, id: account, edits: told };
        self.change_in_lms(operation, id, known).await
    }

    /// What a client has written, as the LMS would have to be told. A manager whom
    /// nobody knows there any more is left out: it is not asked for now.
    async fn words_in_its_ids(&self, plan: &KindPlan, sent: &Resource) -> Result<Resource, Error> {
        match self.in_its_ids(plan, sent).await {
            Ok(told) => Ok(told.into_owned()),
            Err(Error::Scim(_)) => Ok(bare(sent)),
            Err(error) => Err(error),
        }
    }

    async fn change_in_lms(
        self: &Arc<Self>,
        operation: Operation,
        id: &ResourceId,
        known: Option<Resource>,
    ) -> Result<(), Error> {
        let kind = operation.kind();
        let run = self.lms.write(&operation, known);
        let run = run.map_err(Error::lms(Deed::Change))?;
        let outcome = self.drive(run, kind, Deed::Change).await;
        // Whatever came of it: what we knew may be over.
        self.ledger.epochs.written(kind, Some(id));
        let done = outcome.map_err(Error::lms(Deed::Change))?;
        // Nothing of it is the LMS's affair; so nothing has yet shown that this
        // resource is there at all.
        if done.calls == 0 {
            self.get(kind, id, Depth::Lean, false).await?;
        }
        Ok(())
    }

    async fn deleted(
        self: &Arc<Self>,
        (kind, id): (Kind, &ResourceId),
        conditions: &Conditions,
        origin: &Origin,
    ) -> Result<(), Error> {
        let _turn = self.ledger.turn(&[Key::Id(kind, id.clone())]).await?;
        self.permitted(kind, id, conditions).await?;
        let asked = Operation::Delete { kind, id: id.clone() };
        let Ruling { decision, counted } = self.rule(asked, origin).await?;
        let done = match decision {
            Decision::Apply(Operation::Delete { .. }, _) => self.end((kind, id), origin).await,
            Decision::Apply(Operation::Change { edits, .. }, then) => {
                self.bury((kind, id), (&edits, then), origin).await
            }
            Decision::Apply(..) => Err(Error::CutOff),
            Decision::Defer(reason) => {
                self.defer_delete((kind, id), (reason, origin.who()), None).await?;
                return self.makes_way(kind, id).await;
            }
            Decision::Refuse(error) => return Err(error.into()),
        };
        if let Err(error) = &done {
            self.not_removed(counted, error).await;
        }
        match done {
            Err(error) if self.waits_out(&error) => {
                self.defer_delete((kind, id), (Reason::Outage, origin.who()), counted).await
            }
            done => done,
        }
    }

    /// The account that a write is about.
    pub(super) async fn account_for(
        &self,
        (kind, id): (Kind, &ResourceId),
        origin: &Origin,
    ) -> Result<Option<ResourceId>, Error> {
        match origin {
            Origin::Client(_) => self.lms_id(kind, id).await,
            // Its client may have been told long ago that it is gone.
            Origin::Queue(_) => self.account_of(kind, id).await,
        }
    }

    /// Deletes an account.
    pub(super) async fn end(
        &self,
        (kind, id): (Kind, &ResourceId),
        origin: &Origin,
    ) -> Result<(), Error> {
        let account = self.account_for((kind, id), origin).await?;
        let Some(account) = account else {
            if let Origin::Queue(_) = origin {
                self.is_no_more((kind, id), origin).await?;
            }
            return Err(missing(kind, id).into());
        };
        let operation = Operation::Delete { kind, id: account };
        let run = self.lms.write(&operation, None);
        let run = run.map_err(Error::lms(Deed::Delete))?;
        let outcome = self.drive(run, kind, Deed::Delete).await;
        self.ledger.epochs.written(kind, Some(id));
        match outcome {
            Ok(_) => self.is_no_more((kind, id), origin).await,
            Err(failure) if failure.kind == FailureKind::Missing => {
                self.is_no_more((kind, id), origin).await?;
                Err(missing(kind, id).into())
            }
            Err(failure) => Err(Error::lms(Deed::Delete)(failure)),
        }
    }

    /// Disables an account that is gone for its client, and remembers it, so that it
    /// can come back.
    pub(super) async fn bury(
        self: &Arc<Self>,
        (kind, id): (Kind, &ResourceId),
        (edits, then): (&Edits, Then),
        origin: &Origin,
    ) -> Result<(), Error> {
        let view = match origin {
            Origin::Client(_) => Some(self.get(kind, id, Depth::Lean, false).await?),
            // For the client it is gone already.
            Origin::Queue(_) => self.in_lms(kind, id, Depth::Lean).await?,
        };
        let Some(view) = view else {
            self.is_no_more((kind, id), origin).await?;
            return Err(missing(kind, id).into());
        };
        match self.change_account((kind, id), edits).await {
            Ok(()) => {}
            Err(Error::Lms { failure, .. }) if failure.kind == FailureKind::Missing => {
                self.is_no_more((kind, id), origin).await?;
                return Err(missing(kind, id).into());
            }
            Err(error) => return Err(error),
        }
        let now = self.clock.now();
        let entry = self.ledger.entries.get(kind, id).await?;
        let entry =
            entry.map_or_else(|| Entry::plain(kind, id.clone(), now), |it| Entry::clone(&it));
        let (gone, sent) = (Some(now), memorable(&view.resource()));
        let entry = Entry { gone, sent, modified: now, ..entry };
        self.settle((kind, id), Kept::new(Some(entry), then), origin).await?;
        self.ledger.epochs.left();
        Ok(())
    }

    async fn is_no_more(
        &self,
        (kind, id): (Kind, &ResourceId),
        origin: &Origin,
    ) -> Result<(), Error> {
        self.settle((kind, id), Kept::nothing(), origin).await?;
        if kind == Kind::User {
            self.ledger.epochs.left();
        }
        Ok(())
    }

    /// Keeps an entry, and tells the trail what was done: both go to the disk
    /// together. Who read between the LMS's write and this one saw half of it, which
    /// must not be believed either.
    pub(super) async fn remember(&self, entry: Entry) -> Result<(), Error> {
        let (kind, id) = (entry.sent.kind(), entry.id.clone());
        let kept = self.ledger.entries.put(entry);
        let (kept, ()) = tokio::join!(kept, self.tell(Some(&id), None));
        self.ledger.epochs.written(kind, Some(&id));
        Ok(kept?)
    }

    /// Forgets one that is gone, and with it what groups show of it.
    pub(super) async fn forget(&self, kind: Kind, id: &ResourceId) -> Result<(), Error> {
        let gone = self.ledger.entries.remove(kind, id);
        let (gone, ()) = tokio::join!(gone, self.tell(Some(id), None));
        self.ledger.epochs.written(kind, Some(id));
        if kind == Kind::User {
            self.ledger.epochs.left();
        }
        Ok(gone?)
    }

    /// Refuses a write to another version than the client has seen. Without a
    /// condition, nothing is read.
    async fn permitted(
        self: &Arc<Self>,
        kind: Kind,
        id: &ResourceId,
        conditions: &Conditions,
    ) -> Result<(), Error> {
        if conditions.is_empty() {
            return Ok(());
        }
        let view = self.get(kind, id, Depth::Whole, true).await?;
        Ok(conditions.permit_write(Some(view.version()))?)
    }
}

pub(super) fn unmapped(kind: Kind) -> scim::Error {
    scim::Error::not_implemented(format!("This LMS has no {kind}s that the gateway could write."))
}
