//! Turns that processes take with each other, and what they tell.
//!
//! A turn is advisory locks, held by the line: one round trip where nobody else
//! writes. Where somebody does, a connection of its own waits for the lock in the
//! server's queue, first come, first served, and holds it. A line that breaks takes
//! its locks along.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use deadpool_postgres::{Object, Pool};
use sha2::{Digest, Sha256};

use super::hub::Hub;
use super::{Postgres, Settings, ask, dial, fault};
use crate::store::{Error, Held, Peers, Work};

/// Turns that are waited for at the same time; more wait for one of these.
const WAITERS: usize = 4;

/// How long a turn is waited for. A write of another process takes less.
const PATIENCE: Duration = Duration::from_secs(30);

/// Every gateway holds this lock of the schema by its line, together with the others.
pub(super) const SERVES: &str =
    "SELECT pg_advisory_lock_shared(hashtextextended('matricula:serves:' || $1, 0))";

/// The same lock, for one who has to be alone.
const ALONE: &str = "SELECT pg_try_advisory_lock(hashtextextended('matricula:serves:' || $1, 0))";

/// The other processes, for one tenant.
pub(super) struct OfTenant {
    store: Postgres,
    hub: Arc<Hub>,
    tenant: Arc<str>,
}

/// Connections on which turns are waited for.
pub(super) fn pool(settings: &Settings) -> Result<Pool, Error> {
    let statement = PATIENCE;
    dial::pool(&Settings { connections: WAITERS, statement, ..settings.clone() })
}

/// Keeps gateways from the schema, unless one has it.
pub(super) async fn alone(store: &Postgres) -> Result<Held, Error> {
    let waiter = Waiter::of(store).await?;
    if waiter.is_alone(&store.0.settings.schema).await.map_err(|error| store.told(error))? {
        return Ok(Held::until(waiter.back()));
    }
    let words = "a gateway has it open, and would go on with what it knows: end every gateway \
                 on this store first, and start them again afterwards";
    Err(store.told(words))
}

impl OfTenant {
    pub(super) fn new(store: &Postgres, hub: Arc<Hub>, tenant: &Arc<str>) -> Self {
        Self { store: store.clone(), hub, tenant: Arc::clone(tenant) }
    }

    /// Locks are the database's: each key as a number that no other schema and no
    /// other tenant has. In order, so that nobody waits in a circle.
    fn locks(&self, keys: &[u64]) -> Vec<i64> {
        let lock = |key: &u64| {
            let parts = [&*self.store.0.settings.schema, &*self.tenant].join("\0");
            let digest = Sha256::new().chain_update(parts).chain_update(key.to_be_bytes());
            let digest = <[u8; 32]>::from(digest.finalize());
            i64::from_be_bytes(*digest.first_chunk().unwrap_or(&[0; 8]))
        };
        let mut locks: Vec<_> = keys.iter().map(lock).collect();
        locks.sort_unstable();
        locks.dedup();
        locks
    }

    async fn take(&self, keys: &[u64]) -> Result<Held, Error> {
        let locks = self.locks(keys);
        if locks.is_empty() {
            return Ok(Held::until(async {}));
        }
        let line = self.hub.line(self.store.0.settings.connect).await?;
        if line.attempt(&locks).await.map_err(|error| self.store.told(error))? {
            return Ok(Held::until(async move {
                // Where the line is gone, the locks are.
                let _ = line.release(&locks).await;
            }));
        }
        let waiter = Waiter::of(&self.store).await?;
        for lock in &locks {
            waiter.wait(*lock).await.map_err(|error| self.store.told(error))?;
        }
        Ok(Held::until(waiter.back()))
    }
}

/// A connection that waits for locks or holds them. It is given back only after it
/// has let go of all of them.
struct Waiter(Option<Object>);

impl Waiter {
    async fn of(store: &Postgres) -> Result<Self, Error> {
        let session = store.0.waiters.get().await;
        let session = session.map_err(|error| store.told(fault::unconnected(&error)))?;
        Ok(Self(Some(session)))
    }

    async fn is_alone(&self, schema: &str) -> Result<bool, String> {
        let Some(session) = &self.0 else { return Ok(false) };
        let rows = ask(session, ALONE, &[&schema]).await.map_err(|error| fault::words(&error))?;
        let got = rows.first().map(|row| row.try_get(0)).transpose();
        got.map(Option::unwrap_or_default).map_err(|error| fault::words(&error))
    }

    async fn wait(&self, lock: i64) -> Result<(), String> {
        let Some(session) = &self.0 else { return Ok(()) };
        let locked = ask(session, "SELECT pg_advisory_lock($1)", &[&lock]).await;
        locked.map(drop).map_err(|error| fault::words(&error))
    }

    async fn back(mut self) {
        let Some(session) = &self.0 else { return };
        if ask(session, "SELECT pg_advisory_unlock_all()", &[]).await.is_ok() {
            drop(self.0.take());
        }
    }
}

impl Drop for Waiter {
    fn drop(&mut self) {
        if let Some(session) = self.0.take() {
            drop(Object::take(session));
        }
    }
}

impl Peers for OfTenant {
    fn turn<'a>(&'a self, keys: &'a [u64]) -> Work<'a, Held> {
        Box::pin(self.take(keys))
    }

    fn tell(&self, words: Vec<String>) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(self.hub.tell(&self.tenant, words))
    }

    fn hears(&self) -> bool {
        self.hub.hears()
    }
}
