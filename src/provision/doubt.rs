//! What is not known for certain: creates whose answer was lost on the way from
//! the LMS, and creates whose answer was lost on the way to the client.

use std::sync::Arc;
use std::time::Duration;

use moka::sync::Cache;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::news::{News, Outbox};
use super::turns::{Key, Mark, first};
use crate::call::{Failure, Kind};
use crate::scim::{Resource, ResourceId};

/// Clients that time out try again within minutes; after that, whoever asks for
/// the same again means it.
const MEMORY: Duration = Duration::from_mins(10);

/// More than that at once is an outage, in which nobody is created anyway.
const MOST: u64 = 100_000;

/// What is not known for certain.
#[derive(Debug)]
pub(super) struct Doubts {
    /// Under these keys, something may have come into being that we do not know.
    keys: Cache<Mark, ()>,
    /// These were created, and the client left before it was told.
    unheard: Cache<Print, ResourceId>,
    outbox: Arc<Outbox>,
}

/// The same resource, word for word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) struct Print(u128);

impl Print {
    pub(super) fn of(resource: &Resource) -> Self {
        let mut digest = Sha256::new();
        digest.update(resource.kind().as_str());
        // Maps are sorted, so the same resource has the same text.
        for (name, value) in resource.attributes() {
            digest.update(name.as_bytes());
            digest.update([0]);
            digest.update(value.to_string());
            digest.update([0]);
        }
        Self(first(&digest.finalize().into()))
    }
}

impl Doubts {
    pub(super) fn new(outbox: &Arc<Outbox>) -> Self {
        let keys = Cache::builder().max_capacity(MOST).time_to_live(MEMORY).build();
        let unheard = Cache::builder().max_capacity(MOST).time_to_live(MEMORY).build();
        Self { keys, unheard, outbox: Arc::clone(outbox) }
    }

    /// Whether something may be there under one of these keys.
    pub(super) fn cover(&self, keys: &[Key]) -> bool {
        keys.iter().any(|key| self.keys.contains_key(&key.mark()))
    }

    /// Something may be there under these keys.
    pub(super) fn raise(&self, keys: &[Key]) {
        self.happened(News::Raised(marks(keys)));
    }

    /// It is known what is there.
    pub(super) fn settle(&self, keys: &[Key]) {
        // Nearly always there was no doubt, and nobody needs to know.
        if self.cover(keys) {
            self.happened(News::Settled(marks(keys)));
        }
    }

    /// This was created, and nobody was there to be told.
    pub(super) fn unheard(&self, print: Print, id: ResourceId) {
        self.outbox.add(|| News::Unheard(print, id.to_string()));
        self.unheard.insert(print, id);
    }

    /// What was created for exactly this request, if its client has not heard of
    /// it: told once, for after that it is a duplicate like any other.
    pub(super) fn owed(&self, print: &Print) -> Option<ResourceId> {
        let id = self.unheard.remove(print)?;
        self.outbox.add(|| News::Owed(*print));
        Some(id)
    }

    fn happened(&self, news: News) {
        let again = match &news {
            News::Raised(marks) => News::Raised(marks.clone()),
            News::Settled(marks) => News::Settled(marks.clone()),
            _ => return,
        };
        self.hear(news);
        self.outbox.add(|| again);
    }

    /// Another process says what is certain and what is not.
    pub(super) fn hear(&self, news: News) {
        match news {
            News::Raised(marks) => marks.into_iter().for_each(|mark| self.keys.insert(mark, ())),
            News::Settled(marks) => marks.iter().for_each(|mark| self.keys.invalidate(mark)),
            News::Unheard(print, id) => {
                if let Some(id) = ResourceId::parse(&id) {
                    self.unheard.insert(print, id);
                }
            }
            News::Owed(print) => self.unheard.invalidate(&print),
            News::User(_) | News::Group(_) | News::Left | News::Everything => {}
        }
    }
}

fn marks(keys: &[Key]) -> Vec<Mark> {
    keys.iter().map(Key::mark).collect()
}

/// Whether a failed create may have happened all the same.
pub(super) fn may_have_happened(failure: &Failure) -> bool {
    failure.lost && failure.kind != Kind::Duplicate
}
