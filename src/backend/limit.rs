//! The ceiling on calls at the same time, with a bounded queue before it.
//!
//! The pooled client has no ceiling on connections of its own: this is it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout_at};

use super::fault::Fault;
use super::metrics::Handles;
use super::settings::Limits;

/// The slots of one LMS.
#[derive(Debug)]
pub(super) struct Slots {
    free: Arc<Semaphore>,
    all: usize,
    waiting: AtomicUsize,
    queue: usize,
    metrics: Handles,
}

/// A slot; free again when it is dropped.
#[derive(Debug)]
pub(super) struct Slot {
    _permit: OwnedSemaphorePermit,
    metrics: Handles,
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.metrics.running.dec();
    }
}

/// One in the queue; out of it when it is dropped, also by a caller who leaves.
struct Place<'a>(&'a Slots);

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::SeqCst);
        self.0.metrics.waiting.dec();
    }
}

impl Slots {
    pub(super) fn new(limits: &Limits, metrics: &Handles) -> Self {
        let all = limits.concurrency.clamp(1, Semaphore::MAX_PERMITS);
        Self {
            free: Arc::new(Semaphore::new(all)),
            all,
            waiting: AtomicUsize::new(0),
            queue: limits.queue,
            metrics: metrics.clone(),
        }
    }

    /// Waits for a free slot, first come, first served.
    pub(super) async fn take(&self, end: Instant) -> Result<Slot, Fault> {
        let started = Instant::now();
        let permit = match Arc::clone(&self.free).try_acquire_owned() {
            Ok(permit) => permit,
            Err(_) => self.queued(end).await?,
        };
        self.metrics.slot_wait.observe(started.elapsed().as_secs_f64());
        self.metrics.running.inc();
        Ok(Slot { _permit: permit, metrics: self.metrics.clone() })
    }

    async fn queued(&self, end: Instant) -> Result<OwnedSemaphorePermit, Fault> {
        let _place = self.place()?;
        match timeout_at(end, Arc::clone(&self.free).acquire_owned()).await {
            Ok(Ok(permit)) => Ok(permit),
            Ok(Err(_)) | Err(_) => Err(full()),
        }
    }

    fn place(&self) -> Result<Place<'_>, Fault> {
        if self.waiting.fetch_add(1, Ordering::SeqCst) >= self.queue {
            self.waiting.fetch_sub(1, Ordering::SeqCst);
            return Err(full());
        }
        self.metrics.waiting.inc();
        Ok(Place(self))
    }

    /// How many calls are under way.
    pub(super) fn running(&self) -> usize {
        self.all.saturating_sub(self.free.available_permits())
    }

    /// How many calls wait for a slot.
    pub(super) fn waiting(&self) -> usize {
        self.waiting.load(Ordering::SeqCst)
    }
}

fn full() -> Fault {
    Fault::busy("too many calls wait for the LMS", Duration::from_secs(2))
}
