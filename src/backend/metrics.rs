//! What a backend measures. Registered once; each LMS then holds its own
//! handles. Labels come from the configuration, from enums and from operation
//! names in the code, never from input.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use prometheus::core::{Collector, MetricVec, MetricVecBuilder};
use prometheus::proto::MetricFamily;
use prometheus::{
    Gauge, GaugeVec, Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge,
    IntGaugeVec, Opts, Registry,
};

use super::fault::Fault;
use crate::call::{Failure, Kind, Reply};

/// The measurements of every LMS.
#[derive(Clone, Debug)]
pub struct Metrics {
    calls: IntCounterVec,
    durations: HistogramVec,
    attempts: IntCounterVec,
    retries: IntCounterVec,
    exhausted: IntCounterVec,
    budget: GaugeVec,
    breaker: IntGaugeVec,
    running: IntGaugeVec,
    waiting: IntGaugeVec,
    slot_wait: HistogramVec,
    rate_wait: HistogramVec,
    logins: IntCounterVec,
}

/// The measurements of one LMS.
#[derive(Debug)]
pub(super) struct Handles {
    pub lms: String,
    all: Metrics,
    pub exhausted: IntCounter,
    pub budget: Gauge,
    pub breaker: IntGauge,
    pub running: IntGauge,
    pub waiting: IntGauge,
    pub slot_wait: Histogram,
    pub rate_wait: Histogram,
    calls: Known<(&'static str, &'static str), IntCounter>,
    durations: Known<&'static str, Histogram>,
    attempts: Known<&'static str, IntCounter>,
}

/// What was looked up by its labels before. Labels of calls are words in the code,
/// so there are few, and nothing is shown that was never counted.
#[derive(Debug)]
pub struct Known<L, T>(RwLock<Vec<(L, T)>>);

impl<L, T> Default for Known<L, T> {
    fn default() -> Self {
        Self(RwLock::default())
    }
}

impl<L: PartialEq, T: Clone> Known<L, T> {
    /// What these labels stand for, looked up where they are new.
    pub fn of(&self, label: L, look_up: impl FnOnce() -> T) -> T {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, it)) = known.iter().find(|(known, _)| *known == label) {
            return it.clone();
        }
        drop(known);
        let it = look_up();
        self.0.write().unwrap_or_else(PoisonError::into_inner).push((label, it.clone()));
        it
    }
}

/// Forgets what was measured of anything else.
pub fn forget<T: MetricVecBuilder>(all: &MetricVec<T>, label: &str, living: &dyn Fn(&str) -> bool) {
    for metric in all.collect().iter().flat_map(MetricFamily::get_metric) {
        let labels = metric.get_label().iter().map(|pair| (pair.name(), pair.value()));
        let labels: HashMap<&str, &str> = labels.collect();
        if labels.get(label).is_some_and(|value| !living(value)) {
            let _ = all.remove(&labels);
        }
    }
}

impl Metrics {
    /// Makes them known to a registry.
    pub fn register(registry: &Registry) -> prometheus::Result<Self> {
        let metrics = Self::new()?;
        registry.register(Box::new(metrics.calls.clone()))?;
        registry.register(Box::new(metrics.durations.clone()))?;
        registry.register(Box::new(metrics.attempts.clone()))?;
        registry.register(Box::new(metrics.retries.clone()))?;
        registry.register(Box::new(metrics.exhausted.clone()))?;
        registry.register(Box::new(metrics.budget.clone()))?;
        registry.register(Box::new(metrics.breaker.clone()))?;
        registry.register(Box::new(metrics.running.clone()))?;
        registry.register(Box::new(metrics.waiting.clone()))?;
        registry.register(Box::new(metrics.slot_wait.clone()))?;
        registry.register(Box::new(metrics.rate_wait.clone()))?;
        registry.register(Box::new(metrics.logins.clone()))?;
        Ok(metrics)
    }

    fn new() -> prometheus::Result<Self> {
        let counter = |name: &str, help: &str, labels: &[&str]| {
            IntCounterVec::new(Opts::new(name, help), labels)
        };
        let gauge = |name: &str, help: &str| IntGaugeVec::new(Opts::new(name, help), &["lms"]);
        let histogram = |name: &str, help: &str, labels: &[&str]| {
            let buckets = vec![0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];
            HistogramVec::new(HistogramOpts::new(name, help).buckets(buckets), labels)
        };
        Ok(Self {
            calls: counter(
                "matricula_lms_calls_total",
                "Calls to an LMS, however many attempts each took, by what came of them.",
                &["lms", "operation", "outcome"],
            )?,
            durations: histogram(
                "matricula_lms_call_duration_seconds",
                "Time of a call to an LMS, with queues, attempts and pauses.",
                &["lms", "operation"],
            )?,
            attempts: counter(
                "matricula_lms_attempts_total",
                "Attempts at calls, by what came of them.",
                &["lms", "outcome"],
            )?,
            retries: counter(
                "matricula_lms_retries_total",
                "Attempts repeated, by the failure before them.",
                &["lms", "reason"],
            )?,
            exhausted: counter(
                "matricula_lms_retry_budget_exhausted_total",
                "Retries not made because the budget was spent.",
                &["lms"],
            )?,
            budget: GaugeVec::new(
                Opts::new("matricula_lms_retry_budget", "Retries in hand."),
                &["lms"],
            )?,
            breaker: gauge(
                "matricula_lms_breaker_state",
                "Circuit breaker: 0 closed, 1 half-open, 2 open.",
            )?,
            running: gauge("matricula_lms_calls_running", "Calls that hold a slot.")?,
            waiting: gauge("matricula_lms_calls_waiting", "Calls that wait for a slot.")?,
            slot_wait: histogram(
                "matricula_lms_slot_wait_seconds",
                "Time until a slot was free.",
                &["lms"],
            )?,
            rate_wait: histogram(
                "matricula_lms_rate_wait_seconds",
                "Time that the rate limit held back a call, for those that it did.",
                &["lms"],
            )?,
            logins: counter(
                "matricula_lms_logins_total",
                "Sessions opened with an LMS, by what came of it.",
                &["lms", "outcome"],
            )?,
        })
    }

    /// Forgets how every other LMS stood last.
    pub fn keep_only(&self, living: &dyn Fn(&str) -> bool) {
        forget(&self.budget, "lms", living);
        for gauge in [&self.breaker, &self.running, &self.waiting] {
            forget(gauge, "lms", living);
        }
    }

    pub(super) fn of(&self, lms: &str) -> Arc<Handles> {
        Arc::new(Handles {
            lms: lms.to_owned(),
            exhausted: self.exhausted.with_label_values(&[lms]),
            budget: self.budget.with_label_values(&[lms]),
            breaker: self.breaker.with_label_values(&[lms]),
            running: self.running.with_label_values(&[lms]),
            waiting: self.waiting.with_label_values(&[lms]),
            slot_wait: self.slot_wait.with_label_values(&[lms]),
            rate_wait: self.rate_wait.with_label_values(&[lms]),
            calls: Known::default(),
            durations: Known::default(),
            attempts: Known::default(),
            all: self.clone(),
        })
    }
}

impl Handles {
    #[cfg(test)]
    pub(super) fn unregistered(lms: &str) -> Arc<Self> {
        Metrics::new().unwrap().of(lms)
    }

    pub(super) fn called(
        &self,
        operation: &'static str,
        took: Duration,
        outcome: &Result<Reply, Failure>,
    ) {
        let outcome = word(outcome.as_ref().err().map(|failure| failure.kind));
        let calls = || self.all.calls.with_label_values(&[&self.lms, operation, outcome]);
        self.calls.of((operation, outcome), calls).inc();
        let durations = || self.all.durations.with_label_values(&[self.lms.as_str(), operation]);
        self.durations.of(operation, durations).observe(took.as_secs_f64());
    }

    pub(super) fn attempted(&self, outcome: &Result<Reply, Fault>) {
        let outcome = word(outcome.as_ref().err().map(|fault| fault.failure.kind));
        let attempts = || self.all.attempts.with_label_values(&[&self.lms, outcome]);
        self.attempts.of(outcome, attempts).inc();
    }

    pub(super) fn retried(&self, reason: Kind) {
        self.all.retries.with_label_values(&[self.lms.as_str(), reason.as_str()]).inc();
    }

    pub(super) fn logged_in(&self, failed: Option<Kind>) {
        self.all.logins.with_label_values(&[self.lms.as_str(), word(failed)]).inc();
    }
}

fn word(failed: Option<Kind>) -> &'static str {
    failed.map_or("ok", Kind::as_str)
}
