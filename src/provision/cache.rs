//! What is kept of the LMS's answers: resources by id, and what questions found.
//!
//! A key names the epoch of its resource, and every write of our own begins a
//! new one. So an answer that was on its way while we wrote is kept under a key
//! that nobody asks for any more: it can be late, but never be believed.

use std::hash::RandomState;
use std::sync::Arc;

use moka::sync::Cache as Moka;

use super::Error;
use super::config::Caching;
use super::hashed::{Hashed, Through};
use super::ledger::Ledger;
use super::metrics::Handles;
use super::shelf::{Keepable, Shelf};
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
    /// Shared: a key is in the hands of several for a while.
    text: Arc<str>,
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
    resources: Shelf<One, Option<Arc<View>>>,
    answers: Shelf<Question, Arc<Found>>,
    /// Who there is, in order, so that the pages of a list fit together.
    rolls: Moka<Hashed<Question>, Arc<[ResourceId]>, Through>,
    ledger: Arc<Ledger>,
    metrics: Handles,
    secret: RandomState,
}

impl Cache {
    pub(super) fn new(caching: &Caching, ledger: Arc<Ledger>, metrics: Handles) -> Self {
        let rolls = Moka::builder()
            .max_capacity(caching.bytes / 2)
            .weigher(|_, ids: &Arc<[ResourceId]>| {
                u32::try_from(ids.len().saturating_mul(48)).unwrap_or(u32::MAX)
            })
            .time_to_live(caching.fresh)
            .build_with_hasher(Through::default());
        Self {
            resources: Shelf::new(caching, |_| 0, metrics.resources.clone()),
            answers: Shelf::new(caching, |asked| asked.text.len(), metrics.answers.clone()),
            rolls,
            ledger,
            metrics,
            secret: RandomState::new(),
        }
    }

    /// The key of a resource, now.
    pub(super) fn one(&self, kind: Kind, id: &ResourceId, depth: Depth) -> Hashed<One> {
        let epoch = self.ledger.epochs.of(kind, id);
        Hashed::new(&self.secret, One { kind, id: id.clone(), depth, epoch })
    }

    /// The key of a question, now.
    pub(super) fn question(&self, kind: Kind, text: &str, depth: Depth) -> Hashed<Question> {
        let epoch = self.ledger.epochs.of_answers(kind);
        Hashed::new(&self.secret, Question { kind, text: text.into(), depth, epoch })
    }

    /// A resource, asked for once however many want it. `None` is nobody.
    pub(super) async fn resource<F>(
        &self,
        key: &Hashed<One>,
        ask: impl FnOnce() -> F,
    ) -> Result<Option<Arc<View>>, Error>
    where
        F: Future<Output = Result<Option<Arc<View>>, Error>>,
    {
        // Whoever has all of it has a part of it.
        if key.key().depth == Depth::Lean {
            let whole = One { depth: Depth::Whole, ..key.key().clone() };
            if let Some(view) = self.resources.find(&Hashed::new(&self.secret, whole)) {
                return Ok(view);
            }
        }
        self.resources.once(key, ask).await
    }

    /// What a question finds, asked once however many want to know.
    pub(super) async fn answer<F>(
        &self,
        key: &Hashed<Question>,
        ask: impl FnOnce() -> F,
    ) -> Result<Arc<Found>, Error>
    where
        F: Future<Output = Result<Arc<Found>, Error>>,
    {
        self.answers.once(key, ask).await
    }

    /// What a question found, if that is kept.
    pub(super) fn answered(&self, key: &Hashed<Question>) -> Option<Arc<Found>> {
        self.answers.find(key)
    }

    /// What was just read, though nobody would have had to ask.
    pub(super) fn keep(&self, key: Hashed<One>, view: Option<Arc<View>>) {
        self.resources.keep(key, view);
    }

    /// The same for a question.
    pub(super) fn keep_answer(&self, key: Hashed<Question>, found: Arc<Found>) {
        self.answers.keep(key, found);
    }

    /// Who there is, if that was asked lately.
    pub(super) fn roll(&self, key: &Hashed<Question>) -> Option<Arc<[ResourceId]>> {
        self.rolls.get(key)
    }

    /// Keeps who there is.
    pub(super) fn keep_roll(&self, key: Hashed<Question>, ids: Arc<[ResourceId]>) {
        self.rolls.insert(key, ids);
    }

    /// Tells the metrics how much is kept.
    pub(super) fn measure(&self) {
        let (resources, answers) = (self.resources.size(), self.answers.size());
        let (count, bytes) = (resources.0 + answers.0, resources.1 + answers.1);
        self.metrics.entries.set(i64::try_from(count).unwrap_or(i64::MAX));
        self.metrics.bytes.set(i64::try_from(bytes).unwrap_or(i64::MAX));
    }
}

impl Keepable for Option<Arc<View>> {
    fn is_missing(&self) -> bool {
        self.is_none()
    }

    fn weight(&self) -> u32 {
        weight(self.as_ref())
    }
}

impl Keepable for Arc<Found> {
    fn is_missing(&self) -> bool {
        self.views.is_empty()
    }

    fn weight(&self) -> u32 {
        let views = self.views.iter().map(|view| weight(Some(view)));
        views.fold(128, u32::saturating_add)
    }
}

/// What stands around a view: its key, and the cache's own books.
const AROUND: usize = 400;

/// The memory that a view takes, roughly.
fn weight(view: Option<&Arc<View>>) -> u32 {
    let size = view.map_or(0, |view| view.size());
    u32::try_from(size.saturating_add(AROUND)).unwrap_or(u32::MAX)
}
