//! Turns: who writes under the same key writes one after the other.
//!
//! An LMS checks and then writes, with a gap between; two creates of one person
//! that meet in that gap make twins. Here they never meet.

use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::Arc;

use tokio::sync::{Mutex, OwnedMutexGuard};

use crate::mapping::plan::{Attribute, KindPlan};
use crate::scim::{self, Edits, Outcome, Resource, ResourceId};

/// As many keys as can be told apart. Two that share a place wait for each
/// other without need, which costs a moment and nothing else; in return nothing
/// grows and nothing has to be cleared away.
const PLACES: usize = 4096;

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

/// The right to write under some keys, given back when it is dropped.
#[must_use]
pub(super) struct Turn {
    _held: Vec<OwnedMutexGuard<()>>,
}

impl Turns {
    pub(super) fn new() -> Self {
        let places = (0..PLACES).map(|_| Arc::default()).collect();
        Self { places, hash: RandomState::new() }
    }

    /// Waits until nobody else writes under any of these keys. Everybody takes
    /// places in the same order, so nobody waits in a circle.
    pub(super) async fn take(&self, keys: &[Key]) -> Turn {
        let mut wanted: Vec<_> = keys.iter().filter_map(|key| self.place(key)).collect();
        wanted.sort_unstable_by_key(|(index, _)| *index);
        wanted.dedup_by_key(|(index, _)| *index);
        let mut held = Vec::with_capacity(wanted.len());
        for (_, place) in wanted {
            held.push(Arc::clone(place).lock_owned().await);
        }
        Turn { _held: held }
    }

    fn place(&self, key: &Key) -> Option<(usize, &Arc<Mutex<()>>)> {
        let hash = self.hash.hash_one(key);
        let index = usize::try_from(hash % (PLACES as u64)).ok()?;
        Some((index, self.places.get(index)?))
    }
}

impl Key {
    /// The values of a new resource that nobody else may have.
    pub(super) fn of_new(plan: &KindPlan, resource: &Resource) -> Vec<Self> {
        claims(plan, |attribute| attribute.slot.read(resource).cloned())
    }

    /// The resource that is changed, and the values that it will have.
    pub(super) fn of_change(plan: &KindPlan, id: &ResourceId, edits: &Edits) -> Vec<Self> {
        let mut keys = claims(plan, |attribute| match edits.outcome(&attribute.slot.place) {
            Outcome::Set(value) => Some(value),
            Outcome::Untouched | Outcome::Cleared | Outcome::Unknown => None,
        });
        keys.push(Self::Id(plan.kind, id.clone()));
        keys
    }
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
