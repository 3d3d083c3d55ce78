//! What the use cases measure. Labels come from the configuration, from enums
//! and from names in the code, never from input.

use std::sync::Arc;

use prometheus::{
    Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts,
    Registry,
};

use jiff::Timestamp;

use super::counts::Counts;
use crate::backend::{Known, forget};
use crate::call::Failure;
use crate::store::Tally;

/// The measurements of every tenant.
#[derive(Clone, Debug)]
pub struct Metrics {
    operations: IntCounterVec,
    calls: HistogramVec,
    cache: IntCounterVec,
    entries: IntGaugeVec,
    bytes: IntGaugeVec,
    rides: HistogramVec,
    doubts: IntCounterVec,
    records: IntCounterVec,
    pending: Counts,
}

/// The measurements of one tenant.
#[derive(Clone, Debug)]
pub(super) struct Handles {
    tenant: String,
    all: Metrics,
    pub resources: Cached,
    pub answers: Cached,
    pub entries: IntGauge,
    pub bytes: IntGauge,
    outcomes: Arc<Known<(&'static str, &'static str), IntCounter>>,
    calls: Arc<Known<&'static str, Histogram>>,
}

/// How often one cache had the answer.
#[derive(Clone, Debug)]
pub(super) struct Cached {
    pub hits: IntCounter,
    pub misses: IntCounter,
}

impl Metrics {
    /// Makes them known to a registry.
    pub fn register(registry: &Registry) -> prometheus::Result<Self> {
        let metrics = Self::new(Counts::register(registry)?)?;
        registry.register(Box::new(metrics.operations.clone()))?;
        registry.register(Box::new(metrics.calls.clone()))?;
        registry.register(Box::new(metrics.cache.clone()))?;
        registry.register(Box::new(metrics.entries.clone()))?;
        registry.register(Box::new(metrics.bytes.clone()))?;
        registry.register(Box::new(metrics.rides.clone()))?;
        registry.register(Box::new(metrics.doubts.clone()))?;
        registry.register(Box::new(metrics.records.clone()))?;
        Ok(metrics)
    }

    fn new(pending: Counts) -> prometheus::Result<Self> {
        let counter = |name: &str, help: &str, labels: &[&str]| {
            IntCounterVec::new(Opts::new(name, help), labels)
        };
        let gauge = |name: &str, help: &str| IntGaugeVec::new(Opts::new(name, help), &["tenant"]);
        let histogram = |name: &str, help: &str, buckets: &[f64], labels: &[&str]| {
            HistogramVec::new(HistogramOpts::new(name, help).buckets(buckets.to_vec()), labels)
        };
        Ok(Self {
            pending,
            operations: counter(
                "matricula_operations_total",
                "Operations carried to the LMS, by what came of them.",
                &["tenant", "operation", "outcome"],
            )?,
            calls: histogram(
                "matricula_operation_calls",
                "LMS calls that one operation took.",
                &[0.0, 1.0, 2.0, 3.0, 4.0, 6.0, 10.0, 30.0, 100.0],
                &["tenant", "operation"],
            )?,
            cache: counter(
                "matricula_cache_requests_total",
                "Questions to a cache, by whether it had the answer.",
                &["tenant", "cache", "result"],
            )?,
            entries: gauge("matricula_cache_entries", "Answers that are kept.")?,
            bytes: gauge("matricula_cache_bytes", "Memory that the kept answers take, roughly.")?,
            rides: histogram(
                "matricula_shared_lookups",
                "Lookups that shared one call because they waited for a free slot.",
                &[1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0],
                &["tenant"],
            )?,
            doubts: counter(
                "matricula_lost_answers_total",
                "Creates whose answer was lost, by how that was resolved.",
                &["tenant", "resolution"],
            )?,
            records: counter(
                "matricula_audit_records_total",
                "Writes told to the audit trail, by what came of them; lost: it did not take them.",
                &["tenant", "outcome"],
            )?,
        })
    }

    /// Forgets how every other tenant stood last.
    pub fn keep_only(&self, living: &dyn Fn(&str) -> bool) {
        forget(&self.entries, "tenant", living);
        forget(&self.bytes, "tenant", living);
        self.pending.keep_only(living);
    }

    pub(super) fn of(&self, tenant: &str) -> Handles {
        let cached = |cache: &str| Cached {
            hits: self.cache.with_label_values(&[tenant, cache, "hit"]),
            misses: self.cache.with_label_values(&[tenant, cache, "miss"]),
        };
        Handles {
            tenant: tenant.to_owned(),
            resources: cached("resources"),
            answers: cached("answers"),
            entries: self.entries.with_label_values(&[tenant]),
            bytes: self.bytes.with_label_values(&[tenant]),
            outcomes: Arc::default(),
            calls: Arc::default(),
            all: self.clone(),
        }
    }
}

impl Handles {
    /// A run came to its end.
    pub(super) fn driven(&self, operation: &'static str, calls: u32, failed: Option<&Failure>) {
        let outcome = failed.map_or("ok", |failure| failure.kind.as_str());
        let labels = [&self.tenant, operation, outcome];
        let outcomes = || self.all.operations.with_label_values(&labels);
        self.outcomes.of((operation, outcome), outcomes).inc();
        let labels = [self.tenant.as_str(), operation];
        let histogram = || self.all.calls.with_label_values(&labels);
        self.calls.of(operation, histogram).observe(f64::from(calls));
    }

    /// So many lookups went together.
    pub(super) fn rode(&self, together: usize) {
        let together = u32::try_from(together).unwrap_or(u32::MAX);
        self.all.rides.with_label_values(&[self.tenant.as_str()]).observe(f64::from(together));
    }

    /// So much waits.
    pub(super) fn waits(&self, tallies: &[Tally], now: Timestamp) {
        self.all.pending.wait(&self.tenant, tallies, now);
    }

    /// Something that waited was attempted.
    pub(super) fn replayed(&self, outcome: &str) {
        self.all.pending.attempted(&self.tenant, outcome);
    }

    /// A removal is held by the guard.
    pub(super) fn held(&self) {
        self.all.pending.held(&self.tenant);
    }

    /// The trail was told.
    pub(super) fn recorded(&self, outcome: &str) {
        self.all.records.with_label_values(&[self.tenant.as_str(), outcome]).inc();
    }

    /// A lost create was resolved.
    pub(super) fn resolved(&self, resolution: &str) {
        self.all.doubts.with_label_values(&[self.tenant.as_str(), resolution]).inc();
    }
}
