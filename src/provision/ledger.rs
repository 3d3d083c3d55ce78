//! What one tenant's state is, apart from its settings: it outlives every reload,
//! so that a write which began under the old settings and one which begins under
//! the new ones still keep out of each other's way.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, Weak};

use tokio::sync::{Mutex, Notify};

use super::doubt::Doubts;
use super::news::{News, Outbox};
use super::safe::Safe;
use super::turns::{Here, Key, Mark, Turn, Turns, account_mark};
use super::{Error, witness};
use crate::backend::{Pace, Vault};
use crate::scim::{Kind, ResourceId};
use crate::store::{Ears, Entries, Notes, Queue, Store};

/// A tenant's lasting state.
pub struct Ledger {
    pub(super) entries: Arc<dyn Entries>,
    /// What waits to be done.
    pub(super) pending: Arc<dyn Queue>,
    /// Rung when there may be something to do.
    pub(super) bell: Notify,
    /// Held by the one who works on what waits.
    pub(super) worker: Mutex<()>,
    turns: Turns,
    accounts: Turns,
    pub(super) doubts: Doubts,
    pub(super) epochs: Epochs,
    pub(super) outbox: Arc<Outbox>,
    /// Where sessions are kept, and whose they are.
    notes: Option<(Arc<dyn Notes>, Arc<str>)>,
    /// By the mapping's names.
    services: std::sync::Mutex<HashMap<String, Service>>,
}

/// What lasts of a service of the LMS.
#[derive(Clone, Default)]
struct Service {
    /// Held by the one who logs in.
    login: Arc<Mutex<()>>,
    pace: Pace,
}

impl Ledger {
    /// The state of a tenant in a store, which other processes may share.
    pub fn of(store: &dyn Store, tenant: &Arc<str>) -> Arc<Self> {
        Arc::new_cyclic(|own: &Weak<Self>| {
            let ears = Weak::clone(own) as Weak<dyn Ears>;
            let outbox = Outbox::new(store.peers(tenant, ears));
            let notes = Some((store.notes(), Arc::clone(tenant)));
            let state = (store.entries(tenant), store.pending(tenant));
            Self { notes, ..Self::with(state, outbox) }
        })
    }

    /// A state that begins with these entries and with this work to be done, both of
    /// one store, and is nobody else's.
    pub fn new(entries: Arc<dyn Entries>, pending: Arc<dyn Queue>) -> Arc<Self> {
        Arc::new(Self::with((entries, pending), Outbox::new(None)))
    }

    fn with((entries, pending): (Arc<dyn Entries>, Arc<dyn Queue>), outbox: Arc<Outbox>) -> Self {
        Self {
            entries,
            pending,
            bell: Notify::new(),
            worker: Mutex::default(),
            turns: Turns::new(),
            accounts: Turns::at_accounts(),
            doubts: Doubts::new(&outbox),
            epochs: Epochs::new(&outbox),
            outbox,
            notes: None,
            services: std::sync::Mutex::default(),
        }
    }

    /// Where a session with a service of the LMS is kept.
    pub(super) fn safe(&self, service: &str) -> Option<Arc<dyn Vault>> {
        let (notes, tenant) = self.notes.as_ref()?;
        let login = self.service(service).login;
        Some(Arc::new(Safe::new(notes, (tenant, service), login, &self.outbox)))
    }

    /// How much of its rates a service was asked lately.
    pub(super) fn pace(&self, service: &str) -> Pace {
        self.service(service).pace
    }

    fn service(&self, name: &str) -> Service {
        let mut services = self.services.lock().unwrap_or_else(PoisonError::into_inner);
        services.entry(name.to_owned()).or_default().clone()
    }

    /// Waits until nobody else writes under any of these keys, in this process and
    /// in all others.
    pub(super) async fn turn(&self, keys: &[Key]) -> Result<Turn, Error> {
        let here = self.turns.take(keys).await;
        witness::begins();
        let marks: Vec<_> = keys.iter().map(Key::mark).collect();
        self.everywhere(here, &marks).await
    }

    /// Waits until nobody else gives that account to somebody, in this process and in all
    /// others. Whoever waits has the turn of its own keys, which may be others than those
    /// of who is at it.
    pub(super) async fn turn_at(&self, kind: Kind, account: &ResourceId) -> Result<Turn, Error> {
        let here = self.accounts.take(&[Key::Id(kind, account.clone())]).await;
        self.everywhere(here, &[account_mark(kind, account)]).await
    }

    async fn everywhere(&self, here: Here, marks: &[Mark]) -> Result<Turn, Error> {
        let Some(peers) = self.outbox.peers() else { return Ok(Turn::here(here)) };
        let marks: Vec<_> = marks.iter().map(|mark| mark.short()).collect();
        let held = peers.turn(&marks).await?;
        Ok(Turn::everywhere(here, held, &self.outbox))
    }
}

/// What other processes say.
impl Ears for Ledger {
    fn heard(&self, word: &str) {
        // Words of the store's own are of what waits: who added it may end before it
        // is done.
        if word.starts_with('!') {
            return self.bell.notify_one();
        }
        // What this version does not know may be anything.
        match serde_json::from_str(word).unwrap_or(News::Everything) {
            News::User(id) => self.epochs.bump(Kind::User, id),
            News::Group(id) => self.epochs.bump(Kind::Group, id),
            News::Left => self.epochs.bump_groups(),
            News::Everything => self.epochs.age(),
            news => self.doubts.hear(news),
        }
    }

    fn missed(&self) {
        self.epochs.age();
        self.bell.notify_one();
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
    /// How often something may have happened that nobody told.
    whole: AtomicU64,
    /// How often something that waited may have been done.
    redone: AtomicU64,
    hash: RandomState,
    outbox: Arc<Outbox>,
}

impl Epochs {
    fn new(outbox: &Arc<Outbox>) -> Self {
        Self {
            outbox: Arc::clone(outbox),
            whole: AtomicU64::new(0),
            redone: AtomicU64::new(0),
            shards: (0..SHARDS).map(|_| AtomicU64::new(0)).collect(),
            kinds: [AtomicU64::new(0), AtomicU64::new(0)],
            left: AtomicU64::new(0),
            hash: RandomState::new(),
        }
    }

    /// The epoch of a resource.
    pub(super) fn of(&self, kind: Kind, id: &ResourceId) -> u64 {
        if let Some(unique) = self.outbox.deaf() {
            return unique;
        }
        let own = self.shard(kind, id).load(Ordering::Acquire);
        // All of them only grow, so their sum never comes back.
        let own = own.saturating_add(self.whole.load(Ordering::Acquire));
        match kind {
            Kind::User => own,
            Kind::Group => own.saturating_add(self.left.load(Ordering::Acquire)),
        }
    }

    /// The epoch of what questions find.
    pub(super) fn of_answers(&self, kind: Kind) -> u64 {
        if let Some(unique) = self.outbox.deaf() {
            return unique;
        }
        let own = self.kind(kind).load(Ordering::Acquire);
        own.saturating_add(self.whole.load(Ordering::Acquire))
    }

    /// We wrote: whatever is known of this resource, and of what questions find,
    /// is of the past.
    pub(super) fn written(&self, kind: Kind, id: Option<&ResourceId>) {
        self.begin(kind, id);
        self.outbox.add(|| News::written(kind, id));
    }

    /// A person is gone, and with that a member of nobody knows which groups.
    pub(super) fn left(&self) {
        self.bump_groups();
        self.outbox.add(|| News::Left);
    }

    /// The LMS was told what waited, and it is about to wait no more. Who has read the
    /// LMS before, and looks only then for what waits, sees neither.
    pub(super) fn redo(&self, kind: Kind, id: &ResourceId) {
        self.redone.fetch_add(1, Ordering::AcqRel);
        self.written(kind, Some(id));
    }

    /// How often that was so.
    pub(super) fn redone(&self) -> u64 {
        self.redone.load(Ordering::Acquire)
    }

    /// Another process wrote.
    fn bump(&self, kind: Kind, id: Option<String>) {
        self.redone.fetch_add(1, Ordering::AcqRel);
        match id.map(|id| ResourceId::parse(&id)) {
            Some(Some(id)) => self.begin(kind, Some(&id)),
            Some(None) => self.age(),
            None => self.begin(kind, None),
        }
    }

    fn begin(&self, kind: Kind, id: Option<&ResourceId>) {
        if let Some(id) = id {
            self.shard(kind, id).fetch_add(1, Ordering::AcqRel);
        }
        self.kind(kind).fetch_add(1, Ordering::AcqRel);
    }

    fn bump_groups(&self) {
        self.left.fetch_add(1, Ordering::AcqRel);
        self.kind(Kind::Group).fetch_add(1, Ordering::AcqRel);
    }

    /// Whatever is known may be of the past.
    fn age(&self) {
        self.redone.fetch_add(1, Ordering::AcqRel);
        self.whole.fetch_add(1, Ordering::AcqRel);
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
