//! The places for requests at the same time. Of several tenants none takes more of them
//! than it leaves free: however many wait for an LMS that hangs, the others are answered.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::{Semaphore, SemaphorePermit};

use super::face::{Face, Front};

/// All places.
pub(super) struct Places(Semaphore);

/// How many of them a tenant has taken.
#[derive(Debug, Default)]
pub(super) struct Share(AtomicUsize);

/// A place; free again when it is dropped.
pub(super) struct Place<'a> {
    _permit: SemaphorePermit<'a>,
    of: Option<Arc<Front>>,
}

impl Places {
    pub(super) fn new(all: usize) -> Self {
        Self(Semaphore::new(all.max(1)))
    }

    /// A place for a request to this tenant, if there is one.
    pub(super) fn take(&self, face: &Face, front: Option<&Arc<Front>>) -> Option<Place<'_>> {
        let among_others = face.fronts().nth(1).is_some();
        let taken = front.map_or(0, |front| front.share.0.load(Ordering::Relaxed));
        if among_others && taken >= self.0.available_permits() {
            return None;
        }
        let permit = self.0.try_acquire().ok()?;
        if let Some(front) = front {
            front.share.0.fetch_add(1, Ordering::Relaxed);
        }
        Some(Place { _permit: permit, of: front.cloned() })
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        if let Some(front) = &self.of {
            front.share.0.fetch_sub(1, Ordering::Relaxed);
        }
    }
}
