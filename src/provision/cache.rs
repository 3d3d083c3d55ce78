//! What is kept of the LMS's answers: resources by id, and what questions found.
//!
//! A key names the epoch of its resource, and every write of our own begins a
//! new one. So an answer that was on its way while we wrote is kept under a key
//! that nobody asks for any more: it can be late, but never be believed.

use std::sync::Arc;
use std::time::{Duration, Instant};

use moka::Expiry;
use moka::future::Cache as Moka;

use super::Error;
use super::config::Caching;
use super::ledger::Ledger;
use super::metrics::Handles;
use super::view::View;
use crate::scim::{Kind, ResourceId};

/// How much of a resource was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Depth {
    /// All of it.
    Whole,
    /// All but the members of a group.
    Lean,
}

/// One resource at one time.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct One {
    kind: Kind,
    id: ResourceId,
    depth: Depth,
    epoch: u64,
}

/// One question at one time.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Question {
    kind: Kind,
    text: String,
    depth: Depth,
    epoch: u64,
}

/// What a question found.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// The resources, as they are shown.
    pub views: Vec<Arc<View>>,
}

/// What is kept for one tenant.
#[derive(Debug)]
pub(super) struct Cache {
    resources: Moka<One, Option<Arc<View>>>,
    answers: Moka<Question, Arc<Found>>,
    /// Who there is, in order, so that the pages of a list fit together.
    rolls: Moka<Question, Arc<[ResourceId]>>,
    ledger: Arc<Ledger>,
    metrics: Handles,
}

impl Cache {
    pub(super) fn new(caching: &Caching, ledger: Arc<Ledger>, metrics: Handles) -> Self {
        let half = caching.bytes / 2;
        let (fresh, missing) = (caching.fresh, caching.missing);
        let resources = Moka::builder()
            .max_capacity(half)
            .weigher(|_, view: &Option<Arc<View>>| weight(view.as_ref()))
            .expire_after(Life { fresh, missing, is_missing: Option::is_none })
            .build();
        let answers = Moka::builder()
            .max_capacity(half)
            .weigher(|question: &Question, found: &Arc<Found>| {
                let words = u32::try_from(question.text.len()).unwrap_or(u32::MAX);
                let views = found.views.iter().map(|view| weight(Some(view)));
                views.fold(words.saturating_add(128), u32::saturating_add)
            })
            .expire_after(Life {
                fresh,
                missing,
                is_missing: |found: &Arc<Found>| found.views.is_empty(),
            })
            .build();
        let rolls = Moka::builder()
            .max_capacity(half)
            .weigher(|_, ids: &Arc<[ResourceId]>| {
                u32::try_from(ids.len().saturating_mul(48)).unwrap_or(u32::MAX)
            })
            .time_to_live(fresh)
            .build();
        Self { resources, answers, rolls, ledger, metrics }
    }

    /// The key of a resource, now.
    pub(super) fn one(&self, kind: Kind, id: &ResourceId, depth: Depth) -> One {
        let epoch = self.ledger.epochs.of(kind, id);
        One { kind, id: id.clone(), depth, epoch }
    }

    /// The key of a question, now.
    pub(super) fn question(&self, kind: Kind, text: String, depth: Depth) -> Question {
        Question { kind, text, depth, epoch: self.ledger.epochs.of_answers(kind) }
    }

    /// A resource, asked for once however many want it. `None` is nobody.
    pub(super) async fn resource(
        &self,
        key: One,
        ask: impl Future<Output = Result<Option<Arc<View>>, Error>>,
    ) -> Result<Option<Arc<View>>, Error> {
        // Whoever has all of it has a part of it.
        if key.depth == Depth::Lean
            && let Some(view) =
                self.resources.get(&One { depth: Depth::Whole, ..key.clone() }).await
        {
            self.metrics.resources.hits.inc();
            return Ok(view);
        }
        if let Some(view) = self.resources.get(&key).await {
            self.metrics.resources.hits.inc();
            return Ok(view);
        }
        self.metrics.resources.misses.inc();
        let held = self.resources.try_get_with(key, ask).await;
        held.map_err(|error| Error::clone(&error))
    }

    /// What a question finds, asked once however many want to know.
    pub(super) async fn answer(
        &self,
        key: Question,
        ask: impl Future<Output = Result<Arc<Found>, Error>>,
    ) -> Result<Arc<Found>, Error> {
        if let Some(found) = self.answers.get(&key).await {
            self.metrics.answers.hits.inc();
            return Ok(found);
        }
        self.metrics.answers.misses.inc();
        let held = self.answers.try_get_with(key, ask).await;
        held.map_err(|error| Error::clone(&error))
    }

    /// What was just read, though nobody would have had to ask.
    pub(super) async fn keep(&self, key: One, view: Option<Arc<View>>) {
        self.resources.insert(key, view).await;
    }

    /// The same for a question.
    pub(super) async fn keep_answer(&self, key: Question, found: Arc<Found>) {
        self.answers.insert(key, found).await;
    }

    /// Who there is, if that was asked lately.
    pub(super) async fn roll(&self, key: &Question) -> Option<Arc<[ResourceId]>> {
        self.rolls.get(key).await
    }

    /// Keeps who there is.
    pub(super) async fn keep_roll(&self, key: Question, ids: Arc<[ResourceId]>) {
        self.rolls.insert(key, ids).await;
    }

    /// Tells the metrics how much is kept.
    pub(super) fn measure(&self) {
        let count = self.resources.entry_count() + self.answers.entry_count();
        let bytes = self.resources.weighted_size() + self.answers.weighted_size();
        self.metrics.entries.set(i64::try_from(count).unwrap_or(i64::MAX));
        self.metrics.bytes.set(i64::try_from(bytes).unwrap_or(i64::MAX));
    }
}

/// What is kept how long: nobody may come into being at any time.
struct Life<V> {
    fresh: Duration,
    missing: Duration,
    is_missing: fn(&V) -> bool,
}

impl<K, V> Expiry<K, V> for Life<V> {
    fn expire_after_create(&self, _: &K, value: &V, _: Instant) -> Option<Duration> {
        Some(if (self.is_missing)(value) { self.missing } else { self.fresh })
    }
}

/// What stands around a view: its key, and the cache's own books.
const AROUND: usize = 400;

/// The memory that a view takes, roughly.
fn weight(view: Option<&Arc<View>>) -> u32 {
    let size = view.map_or(0, |view| view.size());
    u32::try_from(size.saturating_add(AROUND)).unwrap_or(u32::MAX)
}
