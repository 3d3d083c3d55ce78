//! A store that keeps no secret as it came: passwords of writes that wait, and
//! sessions with an LMS, are locked up on their way in and opened on their way out.
//!
//! What was kept before there was a lock is read as it is, and locked up with the
//! next write.

use std::sync::{Arc, Weak};

use jiff::Timestamp;
use serde_json::{Value, json};

use super::lock::{Lock, is_locked};
use super::{
    Batch, Choice, Ears, Entries, Error, Held, Key, Notes, Peers, Pending, Queue, Ready, Store,
    Tally, Tokens, Trail, Work,
};
use crate::scim::{Kind, Operation, ResourceId};

/// What the names of notes begin with that are secrets.
pub const SECRET: &str = "session ";

/// A store with a lock on its secrets.
#[derive(Debug)]
pub struct Locked {
    store: Arc<dyn Store>,
    lock: Arc<Lock>,
}

impl Locked {
    /// That store, locked with this key.
    pub fn new(store: Arc<dyn Store>, key: &Key) -> Result<Self, Error> {
        Ok(Self { store, lock: Arc::new(Lock::of(key)?) })
    }
}

impl Store for Locked {
    fn entries(&self, tenant: &Arc<str>) -> Arc<dyn Entries> {
        self.store.entries(tenant)
    }

    fn pending(&self, tenant: &Arc<str>) -> Arc<dyn Queue> {
        let (queue, lock) = (self.store.pending(tenant), Arc::clone(&self.lock));
        Arc::new(Passwords { queue, safe: Safe { tenant: Arc::clone(tenant), lock } })
    }

    fn tokens(&self) -> Arc<dyn Tokens> {
        self.store.tokens()
    }

    fn trail(&self, key: &Key) -> Arc<dyn Trail> {
        self.store.trail(key)
    }

    fn notes(&self) -> Arc<dyn Notes> {
        Arc::new(Sessions { notes: self.store.notes(), lock: Arc::clone(&self.lock) })
    }

    fn peers(&self, tenant: &Arc<str>, ears: Weak<dyn Ears>) -> Option<Arc<dyn Peers>> {
        self.store.peers(tenant, ears)
    }

    fn alone(&self) -> Work<'_, Held> {
        self.store.alone()
    }

    fn leave(&self) -> Work<'_, ()> {
        self.store.leave()
    }
}

/// The waiting work of a tenant, with its passwords locked up.
struct Passwords {
    queue: Arc<dyn Queue>,
    safe: Safe,
}

/// Where passwords of one tenant go.
struct Safe {
    tenant: Arc<str>,
    lock: Arc<Lock>,
}

impl Safe {
    fn shut(&self, mut one: Pending) -> Result<Pending, Error> {
        let place = [&self.tenant, one.kind.as_str(), one.id.as_str()];
        for password in Operation::passwords(&mut one.operation) {
            *password = json!({ "locked": self.lock.shut(&place, &password.to_string())? });
        }
        Ok(one)
    }

    /// A password that does not open is lost with the key that it was locked up with,
    /// and what is left of the write is done without it; says whether that is so.
    fn open(&self, mut one: Pending) -> (Pending, bool) {
        let place = [&self.tenant, one.kind.as_str(), one.id.as_str()];
        let mut lost = false;
        for password in Operation::passwords(&mut one.operation) {
            let Some(text) = password.get("locked").and_then(Value::as_str) else { continue };
            let open = self.lock.open(&place, text);
            *password = open.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
            lost |= password.is_null();
        }
        if lost {
            Operation::forget_passwords(&mut one.operation);
        }
        (one, lost)
    }

    fn all(&self, found: Vec<Pending>) -> Vec<Pending> {
        found.into_iter().map(|one| self.open(one).0).collect()
    }
}

impl Queue for Passwords {
    fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    fn write(&self, batch: Batch) -> Work<'_, bool> {
        Box::pin(async move {
            let shut = |all: Vec<Pending>| -> Result<Vec<_>, Error> {
                all.into_iter().map(|one| self.safe.shut(one)).collect()
            };
            let (add, change) = (shut(batch.add)?, shut(batch.change)?);
            self.queue.write(Batch { add, change, ..batch }).await
        })
    }

    fn of<'a>(&'a self, kind: Kind, ids: &'a [ResourceId]) -> Work<'a, Vec<Vec<Pending>>> {
        Box::pin(async move {
            let found = self.queue.of(kind, ids).await?;
            Ok(found.into_iter().map(|of_one| self.safe.all(of_one)).collect())
        })
    }

    fn resources(&self, kind: Kind) -> Work<'_, Vec<ResourceId>> {
        self.queue.resources(kind)
    }

    fn begun(&self, kind: Kind) -> Work<'_, Vec<ResourceId>> {
        self.queue.begun(kind)
    }

    fn named<'a>(&'a self, kind: Kind, names: &'a [String]) -> Work<'a, Vec<ResourceId>> {
        self.queue.named(kind, names)
    }

    fn page<'a>(&'a self, choice: &'a Choice, after: u64, most: usize) -> Work<'a, Vec<Pending>> {
        Box::pin(async move { Ok(self.safe.all(self.queue.page(choice, after, most).await?)) })
    }

    fn begin(&self, ready: Ready) -> Work<'_, Vec<Pending>> {
        Box::pin(async move {
            let begun = self.queue.begin(ready).await?.into_iter().map(|one| self.safe.open(one));
            let told = begun.inspect(|(one, lost)| {
                if *lost {
                    let (kind, id) = (one.kind.as_str(), one.id.as_str());
                    tracing::warn!(kind, id, "a password that waited is lost with the old key");
                }
            });
            Ok(told.map(|(one, _)| one).collect())
        })
    }

    fn release<'a>(&'a self, choice: &'a Choice, now: Timestamp) -> Work<'a, usize> {
        self.queue.release(choice, now)
    }

    fn tally(&self) -> Work<'_, Vec<Tally>> {
        self.queue.tally()
    }

    fn removal(&self, now: Timestamp, since: Timestamp, most: usize) -> Work<'_, usize> {
        self.queue.removal(now, since, most)
    }

    fn no_removal(&self, at: Timestamp) -> Work<'_, ()> {
        self.queue.no_removal(at)
    }
}

/// Notes, with sessions locked up.
struct Sessions {
    notes: Arc<dyn Notes>,
    lock: Arc<Lock>,
}

impl Sessions {
    fn shut(&self, name: &str, text: &str) -> Result<String, Error> {
        if name.starts_with(SECRET) { self.lock.shut(&[name], text) } else { Ok(text.to_owned()) }
    }

    /// A session that does not open is none: another is begun.
    fn open(&self, name: &str, text: String) -> Option<String> {
        if is_locked(&text) { self.lock.open(&[name], &text) } else { Some(text) }
    }
}

impl Notes for Sessions {
    fn get<'a>(&'a self, name: &'a str) -> Work<'a, Option<String>> {
        Box::pin(
            async move { Ok(self.notes.get(name).await?.and_then(|text| self.open(name, text))) },
        )
    }

    fn keep<'a>(&'a self, name: &'a str, text: &'a str) -> Work<'a, String> {
        Box::pin(async move {
            let stands = self.notes.keep(name, &self.shut(name, text)?).await?;
            Ok(self.open(name, stands).unwrap_or_default())
        })
    }

    fn put<'a>(&'a self, name: &'a str, text: &'a str) -> Work<'a, ()> {
        Box::pin(async move { self.notes.put(name, &self.shut(name, text)?).await })
    }
}
