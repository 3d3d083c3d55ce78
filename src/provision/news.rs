//! What processes on one store tell each other about a tenant: what was written,
//! and what is not known for certain.
//!
//! What happens is gathered, and told before anybody is told that it is done or may
//! write the same: whoever tells takes along what others have gathered by then.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use super::doubt::Print;
use super::turns::Mark;
use crate::scim::{Kind, ResourceId};
use crate::store::Peers;

/// More than that is not told one by one.
const MOST: usize = 4096;

/// One thing that happened.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum News {
    /// A User was written, or somebody whose id nobody knows.
    User(Option<String>),
    /// A Group was.
    Group(Option<String>),
    /// A person has left all groups at once.
    Left,
    /// Under these keys something may have come into being.
    Raised(Vec<Mark>),
    /// It is known what is there.
    Settled(Vec<Mark>),
    /// This was created, and its client has not heard of it.
    Unheard(Print, String),
    /// Now it has.
    Owed(Print),
    /// More than can be told.
    Everything,
}

impl News {
    /// A resource of that kind was written.
    pub(super) fn written(kind: Kind, id: Option<&ResourceId>) -> Self {
        let id = id.map(ToString::to_string);
        match kind {
            Kind::User => Self::User(id),
            Kind::Group => Self::Group(id),
        }
    }
}

/// What the others have to be told, and whether they are heard.
pub(super) struct Outbox {
    peers: Option<Arc<dyn Peers>>,
    waiting: Mutex<Vec<News>>,
    turn: tokio::sync::Mutex<()>,
    unique: AtomicU64,
}

impl Outbox {
    /// Where there are other processes; else nobody is told anything.
    pub(super) fn new(peers: Option<Arc<dyn Peers>>) -> Arc<Self> {
        let (waiting, turn) = (Mutex::default(), tokio::sync::Mutex::default());
        // Where no epoch comes by counting.
        let unique = AtomicU64::new(1 << 62);
        Arc::new(Self { peers, waiting, turn, unique })
    }

    /// The other processes, where there can be any.
    pub(super) fn peers(&self) -> Option<&Arc<dyn Peers>> {
        self.peers.as_ref()
    }

    /// Something happened that the others have to know.
    pub(super) fn add(&self, news: impl FnOnce() -> News) {
        if self.peers.is_none() {
            return;
        }
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.len() < MOST {
            waiting.push(news());
        } else {
            *waiting = vec![News::Everything];
        }
    }

    /// Tells what happened, and comes back when the others know.
    pub(super) async fn tell(&self) {
        let Some(peers) = &self.peers else { return };
        let _turn = self.turn.lock().await;
        let waiting = {
            let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::take(&mut *waiting)
        };
        let words: Vec<_> =
            waiting.iter().filter_map(|news| serde_json::to_string(news).ok()).collect();
        if !words.is_empty() {
            peers.tell(words).await;
        }
    }

    /// An epoch that nothing was kept under and nothing will be found under, where
    /// the others are not heard: then nothing that is kept may be believed.
    pub(super) fn deaf(&self) -> Option<u64> {
        let peers = self.peers.as_ref()?;
        (!peers.hears()).then(|| self.unique.fetch_add(1, Ordering::Relaxed))
    }
}

impl std::fmt::Debug for Outbox {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Outbox")
    }
}
