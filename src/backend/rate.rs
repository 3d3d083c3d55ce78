//! Calls within spans, by GCRA: each rate keeps one point in time, and a call
//! reserves its moment before it waits for it, so that waiting calls go in the
//! order in which they came.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use super::fault::Fault;
use super::metrics::Handles;
use super::settings::{Rate, Settings};
use crate::call::{Failure, Kind, Retry};

/// All rates of one LMS, and its own word on when to come back.
#[derive(Debug)]
pub(super) struct Rates {
    state: Arc<Mutex<State>>,
    metrics: Arc<Handles>,
}

/// How much of its rates an LMS was asked lately. Whoever keeps this opens a backend
/// anew, and asks no more of the LMS by that.
#[derive(Clone, Debug, Default)]
pub struct Pace(Arc<Mutex<Arc<Mutex<State>>>>);

#[derive(Debug, Default)]
struct State {
    base: String,
    rates: Vec<Rate>,
    buckets: Vec<Bucket>,
    held: Option<Instant>,
}

/// One rate. A tenth of it may come as a burst, the rest is spread: so no span
/// of that length, wherever it begins, ever holds more calls than the rate says.
#[derive(Debug)]
struct Bucket {
    gap: Duration,
    slack: Duration,
    due: Option<Instant>,
}

impl Bucket {
    fn new(rate: Rate) -> Self {
        let calls = rate.calls.max(1);
        let burst = calls.div_ceil(10);
        // A burst at once, and then one call a gap until the span is over.
        // Rounded up: a span must never hold one more for want of a nanosecond.
        let gap = rate.span / (calls - burst + 1) + Duration::from_nanos(1);
        Self { gap, slack: gap * (burst - 1), due: None }
    }

    /// When the next call may go.
    fn next(&self, now: Instant) -> Instant {
        self.due.and_then(|due| due.checked_sub(self.slack)).map_or(now, |at| at.max(now))
    }

    fn spend(&mut self, at: Instant) {
        self.due = Some(self.due.map_or(at, |due| due.max(at)) + self.gap);
    }
}

impl Pace {
    /// What is known of that LMS under these rates. Of others it begins anew; what the
    /// LMS itself said of coming back does not depend on them.
    fn of(&self, base: &str, rates: &[Rate]) -> Arc<Mutex<State>> {
        let mut last = lock(&self.0);
        let held = {
            let known = lock(&last);
            if known.base == base && known.rates == rates {
                return Arc::clone(&last);
            }
            known.held.filter(|_| known.base == base)
        };
        let buckets = rates.iter().copied().map(Bucket::new).collect();
        let state = State { base: base.to_owned(), rates: rates.to_vec(), buckets, held };
        *last = Arc::new(Mutex::new(state));
        Arc::clone(&last)
    }
}

impl Rates {
    pub(super) fn new(settings: &Settings, pace: &Pace, metrics: &Arc<Handles>) -> Self {
        let state = pace.of(&settings.base, &settings.limits.rates);
        Self { state, metrics: Arc::clone(metrics) }
    }

    /// Waits for the next moment at which a call may go, and says which that was. A
    /// moment after `end` is not reserved: who cannot come must not keep others out.
    pub(super) async fn wait(&self, end: Instant) -> Result<Instant, Fault> {
        let now = Instant::now();
        let at = self.reserve(now, end)?;
        if at > now {
            // Boxed: most calls go at once, and would carry the timer's room along.
            return Box::pin(self.come((now, at), end)).await;
        }
        Ok(at)
    }

    /// Waits for a moment. The LMS may say meanwhile when to come back: then there is
    /// another, behind that.
    async fn come(
        &self,
        (began, mut at): (Instant, Instant),
        end: Instant,
    ) -> Result<Instant, Fault> {
        loop {
            sleep_until(at).await;
            if lock(&self.state).held.is_none_or(|held| held <= at) {
                self.metrics.rate_wait.observe((at - began).as_secs_f64());
                return Ok(at);
            }
            at = self.reserve(at, end)?;
        }
    }

    fn reserve(&self, now: Instant, end: Instant) -> Result<Instant, Fault> {
        let mut state = lock(&self.state);
        let free = state.buckets.iter().map(|bucket| bucket.next(now)).max().unwrap_or(now);
        let at = state.held.map_or(free, |held| held.max(free));
        if at > end {
            let failure = Failure::new(Kind::Throttled, "the LMS takes no more calls for now");
            return Err(Fault::held(failure.retry(Retry::After(at - now))));
        }
        state.buckets.iter_mut().for_each(|bucket| bucket.spend(at));
        Ok(at)
    }

    /// The LMS said when to come back: that goes for every call.
    pub(super) fn hold(&self, wait: Duration) {
        let until = Instant::now() + wait;
        let mut state = lock(&self.state);
        state.held = Some(state.held.map_or(until, |held| held.max(until)));
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::{Pace, Rate, Rates, Settings};
    use crate::backend::metrics::Handles;
    use std::time::Duration;
    use tokio::time::Instant;

    fn kept(rates: &[Rate], pace: &Pace) -> Rates {
        let mut settings = Settings::new("lms", "https://lms.example");
        settings.limits.rates = rates.to_vec();
        Rates::new(&settings, pace, &Handles::unregistered("lms"))
    }

    /// Times in ms at which as many calls as possible go, all asked for at once.
    fn schedule(rates: &[Rate], calls: usize) -> Vec<u128> {
        let rates = kept(rates, &Pace::default());
        let start = Instant::now();
        let end = start + Duration::from_secs(1_000_000);
        (0..calls).map(|_| (rates.reserve(start, end).unwrap() - start).as_millis()).collect()
    }

    #[test]
    fn no_span_holds_more_calls_than_the_rate_says() {
        for calls in [1_u32, 2, 3, 7, 10, 60, 100] {
            let rate = Rate { calls, span: Duration::from_mins(1) };
            let times = schedule(&[rate], 400);
            for (index, first) in times.iter().enumerate() {
                // Rounding to ms may bring the edge in by one.
                let within = times[index..].iter().filter(|time| **time + 1 < first + 60_000);
                assert!(within.count() <= calls as usize, "{calls} a minute, from {first}");
            }
        }
    }

    #[test]
    fn most_of_a_rate_is_used() {
        let rate = Rate { calls: 100, span: Duration::from_secs(10) };
        let times = schedule(&[rate], 1_000);
        let seconds = times[999] / 1_000;
        assert!((100..=112).contains(&seconds), "1000 calls took {seconds} s");
    }

    #[test]
    fn all_rates_hold_together() {
        let second = Rate { calls: 5, span: Duration::from_secs(1) };
        let minute = Rate { calls: 20, span: Duration::from_mins(1) };
        let times = schedule(&[second, minute], 60);
        let within = times.iter().filter(|time| **time < 60_000).count();
        assert!(within <= 20, "{within} calls in the first minute");
    }

    #[test]
    fn a_moment_that_comes_too_late_is_not_reserved() {
        let rates = [Rate { calls: 1, span: Duration::from_secs(10) }];
        let rates = kept(&rates, &Pace::default());
        let now = Instant::now();
        assert!(rates.reserve(now, now + Duration::from_secs(1)).is_ok());
        for _ in 0..50 {
            assert!(rates.reserve(now, now + Duration::from_secs(1)).is_err());
        }
        let at = rates.reserve(now, now + Duration::from_secs(11)).unwrap();
        assert_eq!((at - now).as_secs(), 10);
    }
}
