//! Writing to what is there: change and delete, each a flow from top to bottom.

use std::future::Future;
use std::sync::Arc;

use tokio::sync::oneshot;
use tracing::Instrument;

use super::read::missing;
use super::turns::Key;
use super::witness::{self, Who, Wish};
use super::words::memorable;
use super::{Deed, Depth, Error, Tenant, View};
use crate::call::Kind as FailureKind;
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
        let wish = Wish::change((change.kind, &change.id), &change.edits, who, personal);
        self.finish(wish, async move { tenant.changed(change).await }, |_| ()).await
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
        let wish = Wish::delete(kind, &id, who);
        self.finish(wish, async move { tenant.deleted(kind, &id, &conditions).await }, |()| ())
            .await
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
        self.work.spawn(whole.in_current_span());
        told.await.unwrap_or(Err(Error::CutOff))
    }

    async fn changed(self: &Arc<Self>, change: Change) -> Result<Option<Arc<View>>, Error> {
        let Change { kind, id, edits, conditions, show } = change;
        let plan = self.plan(kind).ok_or_else(|| unmapped(kind))?;
        let _turn = self.ledger.turn(&Key::of_change(plan, &id, &edits)).await?;
        self.permitted(kind, &id, &conditions).await?;
        let account = self.lms_id(kind, &id).await?.ok_or_else(|| missing(kind, &id))?;
        let told = self.edits_in_its_ids(plan, &edits).await?;
        let entry = self.ledger.entries.get(kind, &id).await?;
        if let Some(entry) = &entry {
            witness::before(&entry.sent, &edits);
        }
        let (after, differs) = self.applied(kind, &id, &edits, entry.as_deref()).await?;
        let known = if plan.remembered { entry.as_ref().map(|it| it.sent.clone()) } else { None };
        let operation = Operation::Change { kind, id: account, edits: told };
        self.change_in_lms(operation, &id, known).await?;
        let members = plan.resource_type.members().is_some_and(|it| edits.touch(&it));
        let unchanged = entry.as_ref().filter(|_| !differs).map(|entry| entry.modified);
        let modified = unchanged.unwrap_or_else(|| self.clock.now());
        let first = || Entry::plain(kind, id.clone(), modified);
        let known = entry.map_or_else(first, |entry| Entry::clone(&entry));
        let revision = known.revision + u64::from(members);
        self.remember(Entry { sent: memorable(&after), modified, revision, ..known }).await?;
        match show {
            Some(depth) => self.get(kind, &id, depth, false).await.map(Some),
            None => Ok(None),
        }
    }

    async fn change_in_lms(
        self: &Arc<Self>,
        operation: Operation,
        id: &ResourceId,
        known: Option<Resource>,
    ) -> Result<(), Error> {
        let kind = operation.kind();
        let run = self.lms.site().write(&operation, known, &self.lms.moment());
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
        kind: Kind,
        id: &ResourceId,
        conditions: &Conditions,
    ) -> Result<(), Error> {
        let _turn = self.ledger.turn(&[Key::Id(kind, id.clone())]).await?;
        self.permitted(kind, id, conditions).await?;
        let account = self.lms_id(kind, id).await?.ok_or_else(|| missing(kind, id))?;
        let operation = Operation::Delete { kind, id: account };
        let run = self.lms.site().write(&operation, None, &self.lms.moment());
        let run = run.map_err(Error::lms(Deed::Delete))?;
        let outcome = self.drive(run, kind, Deed::Delete).await;
        self.ledger.epochs.written(kind, Some(id));
        match outcome {
            Ok(_) => self.forget(kind, id).await,
            Err(failure) if failure.kind == FailureKind::Missing => {
                self.forget(kind, id).await?;
                Err(missing(kind, id).into())
            }
            Err(failure) => Err(Error::lms(Deed::Delete)(failure)),
        }
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
    async fn forget(&self, kind: Kind, id: &ResourceId) -> Result<(), Error> {
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
