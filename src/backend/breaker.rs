//! The circuit breaker: an LMS that is down is left alone, then asked by one
//! call at a time.
//!
//! Only being unavailable counts. An LMS that refuses, throttles or talks
//! nonsense is alive; opening for those would make one bad record an outage.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::fault::Fault;
use super::metrics::Handles;
use super::settings;
use crate::call::{Kind, Reply};

/// What a breaker lets through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Everything.
    Closed,
    /// One call, to see whether the LMS is back.
    HalfOpen,
    /// Nothing.
    Open,
}

impl State {
    /// Its value in metrics.
    pub fn code(self) -> i64 {
        match self {
            Self::Closed => 0,
            Self::HalfOpen => 1,
            Self::Open => 2,
        }
    }
}

/// What is cut off too early to mean anything is excused where the LMS has answered so
/// lately. One that hangs would be asked for ever: behind a queue all are cut off early.
const LATELY: Duration = Duration::from_secs(30);

/// The breaker of one LMS.
#[derive(Debug)]
pub(super) struct Breaker {
    settings: settings::Breaker,
    inner: Mutex<Inner>,
    metrics: Arc<Handles>,
}

#[derive(Debug)]
struct Inner {
    failures: u32,
    /// When it answered last, whatever it said; or when we began.
    answered: Instant,
    /// Set while it is not closed.
    open: Option<Opened>,
}

#[derive(Debug)]
struct Opened {
    until: Instant,
    pause: Duration,
    probing: bool,
}

/// Leave for one attempt. Dropped untold, as by a caller who left, it changes
/// nothing but gives a probe's place to the next.
#[derive(Debug)]
pub(super) struct Leave<'a> {
    breaker: &'a Breaker,
    probe: bool,
}

impl Breaker {
    pub(super) fn new(settings: &settings::Breaker, metrics: &Arc<Handles>) -> Self {
        let breaker = Self {
            settings: settings.clone(),
            inner: Mutex::new(Inner { failures: 0, answered: Instant::now(), open: None }),
            metrics: Arc::clone(metrics),
        };
        breaker.metrics.breaker.set(State::Closed.code());
        breaker
    }

    /// Whether it is worth to wait for a slot at all.
    pub(super) fn glance(&self) -> Result<(), Fault> {
        let inner = self.lock();
        match &inner.open {
            Some(open) if open.probing || Instant::now() < open.until => Err(refusal(open)),
            Some(_) | None => Ok(()),
        }
    }

    /// Lets an attempt through, or refuses it.
    pub(super) fn admit(&self) -> Result<Leave<'_>, Fault> {
        let mut inner = self.lock();
        let Some(open) = &mut inner.open else {
            return Ok(Leave { breaker: self, probe: false });
        };
        if open.probing || Instant::now() < open.until {
            return Err(refusal(open));
        }
        open.probing = true;
        self.metrics.breaker.set(State::HalfOpen.code());
        Ok(Leave { breaker: self, probe: true })
    }

    /// What it lets through now.
    pub(super) fn state(&self) -> State {
        match &self.lock().open {
            None => State::Closed,
            Some(open) if open.probing || Instant::now() >= open.until => State::HalfOpen,
            Some(_) => State::Open,
        }
    }

    fn close(&self, inner: &mut Inner) {
        if inner.open.is_some() {
            tracing::info!(lms = self.metrics.lms, "lms.back");
        }
        (inner.failures, inner.open) = (0, None);
        self.metrics.breaker.set(State::Closed.code());
    }

    fn fail(&self, inner: &mut Inner, probe: bool) {
        inner.failures = inner.failures.saturating_add(1);
        let pause = match &inner.open {
            // Attempts from before it opened bring no news.
            Some(_) if !probe => return,
            Some(open) => open.pause.saturating_mul(2).min(self.settings.longest),
            None if inner.failures < self.settings.failures => return,
            None => self.settings.pause,
        };
        tracing::warn!(lms = self.metrics.lms, pause.seconds = pause.as_secs(), "lms.left_alone");
        inner.open = Some(Opened { until: Instant::now() + pause, pause, probing: false });
        self.metrics.breaker.set(State::Open.code());
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Leave<'_> {
    /// Says what came of the attempt.
    pub(super) fn tell(self, outcome: &Result<Reply, Fault>) {
        let mut inner = self.breaker.lock();
        let silent = inner.answered.elapsed() > LATELY;
        match outcome {
            Err(fault) if fault.is_no_news() || (fault.cut && !silent) => return,
            Err(fault) if fault.failure.kind == Kind::Unavailable => {
                return self.breaker.fail(&mut inner, self.probe);
            }
            Ok(_) | Err(_) => inner.answered = Instant::now(),
        }
        if self.probe || inner.open.is_none() {
            self.breaker.close(&mut inner);
        }
    }
}

impl Drop for Leave<'_> {
    fn drop(&mut self) {
        if self.probe
            && let Some(open) = &mut self.breaker.lock().open
        {
            open.probing = false;
        }
    }
}

fn refusal(open: &Opened) -> Fault {
    const LEAST: Duration = Duration::from_secs(1);
    let left = open.until.saturating_duration_since(Instant::now()).max(LEAST);
    Fault::busy("the LMS is down; it is asked again after a pause", left)
}
