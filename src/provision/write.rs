//! What every write has in common: it is finished once begun, told to the trail, and
//! refused where it was meant for another version.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use tokio::sync::oneshot;

use super::ruling::Origin;
use super::witness::{Who, Wish};
use super::{Depth, Error, Tenant, View, witness};
use crate::behalf;
use crate::scim::{self, Conditions, Edits, Kind, ResourceId};

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
    /// account that nobody knows of. What waits for its turn is given up with its client,
    /// or it would gather before an LMS that is slow. Whatever comes of it, the trail is
    /// told, once and before the client is. `unheard` is told what nobody waited for.
    pub(super) async fn finish<T: Send + 'static>(
        self: &Arc<Self>,
        wish: Wish,
        work: impl Future<Output = Result<T, Error>> + Send + 'static,
        unheard: impl FnOnce(&T) + Send + 'static,
    ) -> Result<T, Error> {
        let (mut tell, told) = oneshot::channel();
        // In a box: it is large, and moved several times before it runs.
        let work = Box::pin(work);
        let tenant = Arc::clone(self);
        let whole = async move {
            let outcome = tenant.witnessed(wish, unless_left(work, tell.closed())).await;
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

    /// Refuses a write to another version than the client has seen. Without a
    /// condition, nothing is read.
    pub(super) async fn permitted(
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

/// Does work to its end, unless its client leaves before it is begun.
async fn unless_left<T>(
    mut work: Pin<Box<impl Future<Output = Result<T, Error>>>>,
    left: impl Future<Output = ()>,
) -> Result<T, Error> {
    tokio::select! {
        biased;
        outcome = &mut work => return outcome,
        () = left => {}
    }
    if witness::has_begun() {
        return work.await;
    }
    Err(scim::Error::unavailable("The client left before this was begun.", 5).into())
}
