//! Turns: who writes under the same key writes one after the other.
//!
//! An LMS checks and then writes, with a gap between; two creates of one person
//! that meet in that gap make twins. Here they never meet.

use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tokio::runtime::Handle;
use tokio::sync::{Mutex, OwnedMutexGuard};

use super::news::Outbox;
use crate::mapping::plan::{Attribute, KindPlan};
use crate::scim::{self, Edits, Resource, ResourceId};
use crate::store::Held;

/// As many keys as can be told apart. Two that share a place wait for each
/// other without need, which costs a moment and nothing else; in return nothing
/// grows and nothing has to be cleared away.
const PLACES: usize = 4096;

/// The same for accounts, of which few are taken over at once.
const ACCOUNTS: usize = 64;

/// What must not be written twice at the same time.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Key {
    /// A resource.
    Id(scim::Kind, ResourceId),
    /// A value that only one may have, folded: an LMS may ignore case where the
    /// client does not.
    Value(scim::Kind, String, String),
}

/// The turns of one tenant.
#[derive(Debug)]
pub(super) struct Turns {
    places: Vec<Arc<Mutex<()>>>,
    hash: RandomState,
}

/// The right to write under some keys in this process, given back when it is
/// dropped.
#[must_use]
pub(super) struct Here {
    _held: Vec<OwnedMutexGuard<()>>,
}

/// The right to write under some keys, given back when it is dropped: in other
/// processes only once they know what was written.
#[must_use]
pub(super) struct Turn {
    here: Option<Here>,
    elsewhere: Option<(Held, Arc<Outbox>)>,
}

impl Turn {
    /// Where there are no others.
    pub(super) fn here(here: Here) -> Self {
        Self { here: Some(here), elsewhere: None }
    }

    /// Here and in all other processes.
    pub(super) fn everywhere(here: Here, held: Held, outbox: &Arc<Outbox>) -> Self {
        Self { here: Some(here), elsewhere: Some((held, Arc::clone(outbox))) }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let here = self.here.take();
        if let (Some((held, outbox)), Ok(runtime)) = (self.elsewhere.take(), Handle::try_current())
        {
            runtime.spawn(async move {
                outbox.tell().await;
                held.end().await;
                drop(here);
            });
        }
    }
}

/// What stands for a key where others must not read it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) struct Mark(u128);

impl Mark {
    /// As short as a lock's number.
    pub(super) fn short(self) -> u64 {
        u64::try_from(self.0 >> 64).unwrap_or_default()
    }
}

impl Turns {
    pub(super) fn new() -> Self {
        Self::with(PLACES)
    }

    /// Turns at accounts in the LMS, whoever they come to belong to. Each is taken alone
    /// and last, by who has its turn already, so nobody waits in a circle.
    pub(super) fn at_accounts() -> Self {
        Self::with(ACCOUNTS)
    }

    fn with(places: usize) -> Self {
        let places = (0..places).map(|_| Arc::default()).collect();
        Self { places, hash: RandomState::new() }
    }

    /// Waits until nobody else writes under any of these keys. Everybody takes
    /// places in the same order, so nobody waits in a circle.
    pub(super) async fn take(&self, keys: &[Key]) -> Here {
        let mut wanted: Vec<_> = keys.iter().filter_map(|key| self.place(key)).collect();
        wanted.sort_unstable_by_key(|(index, _)| *index);
        wanted.dedup_by_key(|(index, _)| *index);
        let mut held = Vec::with_capacity(wanted.len());
        for (_, place) in wanted {
            held.push(Arc::clone(place).lock_owned().await);
        }
        Here { _held: held }
    }

    fn place(&self, key: &Key) -> Option<(usize, &Arc<Mutex<()>>)> {
        let hash = self.hash.hash_one(key);
        let index = usize::try_from(hash % (self.places.len() as u64)).ok()?;
        Some((index, self.places.get(index)?))
    }
}

impl Key {
    /// The same for everybody, in every process.
    pub(super) fn mark(&self) -> Mark {
        let (kind, name, value) = match self {
            Self::Id(kind, id) => (kind, "", id.as_str()),
            Self::Value(kind, name, value) => (kind, name.as_str(), value.as_str()),
        };
        mark(&[kind.as_str(), name, value])
    }

    /// The values of a new resource that nobody else may have.
    pub(super) fn of_new(plan: &KindPlan, resource: &Resource) -> Vec<Self> {
        claims(plan, |attribute| attribute.value(resource).cloned())
    }

    /// The resource that is changed, and the values that it will have.
    pub(super) fn of_change(plan: &KindPlan, id: &ResourceId, edits: &Edits) -> Vec<Self> {
        let mut keys = claims(plan, |attribute| attribute.given(edits));
        keys.push(Self::Id(plan.kind, id.clone()));
        keys
    }
}

/// What stands for an account in the LMS. It is no resource's mark: whoever has that turn
/// already would wait for itself.
pub(super) fn account_mark(kind: scim::Kind, account: &ResourceId) -> Mark {
    mark(&["account", kind.as_str(), account.as_str()])
}

/// What stands for something else that only one may do at a time.
pub(super) fn named(name: &str) -> Mark {
    mark(&[name])
}

fn mark(parts: &[&str]) -> Mark {
    let mut digest = Sha256::new();
    for part in parts {
        digest.update((part.len() as u64).to_be_bytes());
        digest.update(part);
    }
    Mark(first(&digest.finalize().into()))
}

/// The first half of a digest.
pub(super) fn first(digest: &[u8; 32]) -> u128 {
    digest.iter().take(16).fold(0, |number, byte| number << 8 | u128::from(*byte))
}

/// What identifies: what the mapping says is unique, and the names that clients
/// match by, since there the LMS may check nothing at all.
fn claims(plan: &KindPlan, value: impl Fn(&Attribute) -> Option<serde_json::Value>) -> Vec<Key> {
    let matched = |name: &str| ["userName", "externalId", "displayName"].contains(&name);
    let told = |attribute: &&Attribute| {
        attribute.unique
            || (matched(&attribute.name)
                && (attribute.name != "displayName" || plan.kind == scim::Kind::Group))
    };
    let claim = |attribute: &Attribute| {
        let text = value(attribute)?.as_str()?.trim().to_lowercase();
        (!text.is_empty()).then(|| Key::Value(plan.kind, attribute.name.clone(), text))
    };
    plan.attributes.iter().filter(told).filter_map(claim).collect()
}
