//! Whether and when a failed attempt is followed by another: never a write that
//! may have happened, never beyond the deadline, never more than the budget.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::fault::{Fault, Reach};
use super::metrics::Handles;
use super::settings;
use crate::call::{Failure, Retry, Safety};

/// The retries of one LMS.
#[derive(Debug)]
pub(super) struct Retries {
    settings: settings::Retry,
    /// In hundredths of a retry.
    budget: Mutex<u32>,
    metrics: Arc<Handles>,
}

/// The attempts at one call.
#[derive(Debug)]
pub(super) struct Series<'a> {
    retries: &'a Retries,
    safety: Safety,
    end: Instant,
    attempts: u32,
    lost: bool,
    earlier: Option<Failure>,
}

/// One retry, in the budget's hundredths.
const WHOLE: u32 = 100;

impl Retries {
    pub(super) fn new(settings: &settings::Retry, metrics: &Arc<Handles>) -> Self {
        let retries = Self {
            settings: settings.clone(),
            budget: Mutex::new(settings.reserve.saturating_mul(WHOLE)),
            metrics: Arc::clone(metrics),
        };
        retries.metrics.budget.set(f64::from(settings.reserve));
        retries
    }

    /// A new call: it pays its share.
    pub(super) fn series(&self, safety: Safety, end: Instant) -> Series<'_> {
        let most = self.settings.reserve.saturating_mul(WHOLE);
        self.change(|budget| Some(budget.saturating_add(self.settings.share).min(most)));
        Series { retries: self, safety, end, attempts: 0, lost: false, earlier: None }
    }

    /// Retries in hand.
    pub(super) fn left(&self) -> u32 {
        *self.budget.lock().unwrap_or_else(PoisonError::into_inner) / WHOLE
    }

    fn withdraw(&self) -> bool {
        self.change(|budget| budget.checked_sub(WHOLE))
    }

    fn change(&self, change: impl FnOnce(u32) -> Option<u32>) -> bool {
        let mut budget = self.budget.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(now) = change(*budget) else { return false };
        *budget = now;
        self.metrics.budget.set(f64::from(now) / f64::from(WHOLE));
        true
    }

    /// The pause before the next attempt: doubling, and the upper half of it left
    /// to chance, so that calls which failed together do not come back together.
    fn pause(&self, attempts: u32) -> Duration {
        let doubled =
            self.settings.pause.saturating_mul(1_u32 << attempts.saturating_sub(1).min(16));
        scatter(doubled.min(self.settings.longest))
    }
}

impl Series<'_> {
    /// What follows a failed attempt: another after this pause, or the end.
    pub(super) fn after(&mut self, fault: Fault) -> Result<Duration, Failure> {
        self.attempts += 1;
        self.lost |= fault.may_have_happened(self.safety);
        let again = fault.may_repeat(self.safety) && self.attempts < self.retries.settings.attempts;
        let pause = self.wanted(&fault.failure);
        if !again {
            return Err(self.told(fault));
        }
        if Instant::now() + pause >= self.end {
            return Err(self.told(fault).retry(Retry::After(pause)));
        }
        if !self.retries.withdraw() {
            self.retries.metrics.exhausted.inc();
            return Err(self.told(fault));
        }
        self.retries.metrics.retried(fault.failure.kind);
        self.earlier = Some(fault.failure);
        Ok(pause)
    }

    /// The server's word, or our own pause.
    fn wanted(&self, failure: &Failure) -> Duration {
        let own = self.retries.pause(self.attempts);
        match failure.retry {
            Retry::After(least) => least.saturating_add(own / 4).max(own),
            Retry::Never | Retry::Later | Retry::Login => own,
        }
    }

    /// The failure that the caller is told: of our own refusal to go on, the LMS's
    /// failure before it says more; and a write lost once may have happened, no
    /// matter how later attempts ended.
    fn told(&mut self, fault: Fault) -> Failure {
        let mut failure = match self.earlier.take() {
            Some(earlier) if fault.reach == Reach::Held => earlier.retry(fault.failure.retry),
            Some(_) | None => fault.failure,
        };
        failure.lost |= self.lost;
        failure
    }
}

/// Between half of a pause and all of it. Without randomness, all of it.
fn scatter(pause: Duration) -> Duration {
    let chance = getrandom::u32().unwrap_or(u32::MAX);
    pause.mul_f64(0.5 + 0.5 * f64::from(chance) / f64::from(u32::MAX))
}
