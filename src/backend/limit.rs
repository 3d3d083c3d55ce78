//! The ceiling on calls at the same time, with a bounded queue before it.
//!
//! The pooled client has no ceiling on connections of its own: this is it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use prometheus::IntGauge;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{Instant, timeout_at};

use super::fault::Fault;
use super::metrics::Handles;
use super::settings::Limits;

/// The slots of one LMS.
#[derive(Debug)]
pub(super) struct Slots {
    free: Semaphore,
    all: usize,
    waiting: AtomicUsize,
    queue: usize,
    metrics: Arc<Handles>,
}

/// A slot; free again when it is dropped.
#[derive(Debug)]
pub(super) struct Slot<'a> {
    _permit: SemaphorePermit<'a>,
    running: &'a IntGauge,
}

impl Drop for Slot<'_> {
    fn drop(&mut self) {
        self.running.dec();
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
    pub(super) fn new(limits: &Limits, metrics: &Arc<Handles>) -> Self {
        let all = limits.concurrency.clamp(1, Semaphore::MAX_PERMITS);
        Self {
            free: Semaphore::new(all),
            all,
            waiting: AtomicUsize::new(0),
            queue: limits.queue,
            metrics: Arc::clone(metrics),
        }
    }

    /// Waits for a free slot, first come, first served.
    pub(super) async fn take(&self, end: Instant) -> Result<Slot<'_>, Fault> {
        let (permit, waited) = match self.free.try_acquire() {
            Ok(permit) => (permit, Duration::ZERO),
            // Boxed: most calls find one free, and would carry the queue's room along.
            Err(_) => Box::pin(self.queued(end)).await?,
        };
        self.metrics.slot_wait.observe(waited.as_secs_f64());
        self.metrics.running.inc();
        Ok(Slot { _permit: permit, running: &self.metrics.running })
    }

    async fn queued(&self, end: Instant) -> Result<(SemaphorePermit<'_>, Duration), Fault> {
        let _place = self.place()?;
        let started = Instant::now();
        match timeout_at(end, self.free.acquire()).await {
            Ok(Ok(permit)) => Ok((permit, started.elapsed())),
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
