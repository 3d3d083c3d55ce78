//! What one tenant's state is, apart from its settings: it outlives every reload,
//! so that a write which began under the old settings and one which begins under
//! the new ones still keep out of each other's way.

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::doubt::Doubts;
use super::turns::Turns;
use crate::scim::{Kind, ResourceId};
use crate::store::Entries;

/// A tenant's lasting state.
pub struct Ledger {
    pub(super) entries: Arc<dyn Entries>,
    pub(super) turns: Turns,
    pub(super) doubts: Doubts,
    pub(super) epochs: Epochs,
}

impl Ledger {
    /// A state that begins with these entries.
    pub fn new(entries: Arc<dyn Entries>) -> Arc<Self> {
        Arc::new(Self {
            entries,
            turns: Turns::new(),
            doubts: Doubts::new(),
            epochs: Epochs::new(),
        })
    }
}

impl std::fmt::Debug for Ledger {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Ledger")
    }
}

/// Resources share their epochs with few others; a write makes those be asked
/// again, too.
const SHARDS: u64 = 4096;

/// How often what is known has become a thing of the past.
#[derive(Debug)]
pub(super) struct Epochs {
    shards: Vec<AtomicU64>,
    kinds: [AtomicU64; 2],
    /// How often a person has left all groups at once.
    left: AtomicU64,
    hash: RandomState,
}

impl Epochs {
    fn new() -> Self {
        Self {
            shards: (0..SHARDS).map(|_| AtomicU64::new(0)).collect(),
            kinds: [AtomicU64::new(0), AtomicU64::new(0)],
            left: AtomicU64::new(0),
            hash: RandomState::new(),
        }
    }

    /// The epoch of a resource.
    pub(super) fn of(&self, kind: Kind, id: &ResourceId) -> u64 {
        let own = self.shard(kind, id).load(Ordering::Acquire);
        match kind {
            Kind::User => own,
            // Both only grow, so their sum never comes back.
            Kind::Group => own.saturating_add(self.left.load(Ordering::Acquire)),
        }
    }

    /// The epoch of what questions find.
    pub(super) fn of_answers(&self, kind: Kind) -> u64 {
        self.kind(kind).load(Ordering::Acquire)
    }

    /// We wrote: whatever is known of this resource, and of what questions find,
    /// is of the past.
    pub(super) fn written(&self, kind: Kind, id: Option<&ResourceId>) {
        if let Some(id) = id {
            self.shard(kind, id).fetch_add(1, Ordering::AcqRel);
        }
        self.kind(kind).fetch_add(1, Ordering::AcqRel);
    }

    /// A person is gone, and with that a member of nobody knows which groups.
    pub(super) fn left(&self) {
        self.left.fetch_add(1, Ordering::AcqRel);
        self.kind(Kind::Group).fetch_add(1, Ordering::AcqRel);
    }

    fn shard(&self, kind: Kind, id: &ResourceId) -> &AtomicU64 {
        let index = self.hash.hash_one((kind, id)) % SHARDS;
        let shard = usize::try_from(index).ok().and_then(|index| self.shards.get(index));
        shard.unwrap_or(self.kind(kind))
    }

    fn kind(&self, kind: Kind) -> &AtomicU64 {
        let [users, groups] = &self.kinds;
        match kind {
            Kind::User => users,
            Kind::Group => groups,
        }
    }
}
