//! What is measured of work that waits.

use jiff::Timestamp;
use prometheus::{IntCounterVec, IntGaugeVec, Opts, Registry};

use crate::backend::forget;
use crate::policy::Reason;
use crate::store::Tally;

/// The measurements of every tenant.
#[derive(Clone, Debug)]
pub(super) struct Counts {
    waiting: IntGaugeVec,
    failed: IntGaugeVec,
    oldest: IntGaugeVec,
    attempts: IntCounterVec,
    held: IntCounterVec,
}

impl Counts {
    /// Makes them known to a registry.
    pub(super) fn register(registry: &Registry) -> prometheus::Result<Self> {
        let gauge = |name: &str, help: &str| {
            let gauge = IntGaugeVec::new(Opts::new(name, help), &["tenant", "reason"])?;
            registry.register(Box::new(gauge.clone()))?;
            prometheus::Result::Ok(gauge)
        };
        let counter = |name: &str, help: &str, labels: &[&str]| {
            let counter = IntCounterVec::new(Opts::new(name, help), labels)?;
            registry.register(Box::new(counter.clone()))?;
            prometheus::Result::Ok(counter)
        };
        Ok(Self {
            waiting: gauge("matricula_pending", "Operations that wait, by the reason.")?,
            failed: gauge(
                "matricula_pending_failed",
                "Operations that wait and were tried in vain, by the reason.",
            )?,
            oldest: gauge(
                "matricula_pending_oldest_seconds",
                "How long the oldest operation waits, by the reason.",
            )?,
            attempts: counter(
                "matricula_pending_attempts_total",
                "Operations that waited and were attempted, by what came of them.",
                &["tenant", "outcome"],
            )?,
            held: counter(
                "matricula_guard_held_total",
                "Removals that the guard held back until a person approves.",
                &["tenant"],
            )?,
        })
    }

    /// Forgets what waited for every other tenant.
    pub(super) fn keep_only(&self, living: &dyn Fn(&str) -> bool) {
        for gauge in [&self.waiting, &self.failed, &self.oldest] {
            forget(gauge, "tenant", living);
        }
    }

    /// So much waits.
    pub(super) fn wait(&self, tenant: &str, tallies: &[Tally], now: Timestamp) {
        for reason in Reason::ALL {
            let tally = tallies.iter().find(|tally| tally.reason == reason);
            let labels = [tenant, reason.as_str()];
            let whole = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
            let (count, failed) = tally.map_or((0, 0), |it| (whole(it.count), whole(it.failed)));
            let age = tally.map_or(0, |it| now.duration_since(it.oldest).as_secs().max(0));
            self.waiting.with_label_values(&labels).set(count);
            self.failed.with_label_values(&labels).set(failed);
            self.oldest.with_label_values(&labels).set(age);
        }
    }

    /// Something that waited was attempted.
    pub(super) fn attempted(&self, tenant: &str, outcome: &str) {
        self.attempts.with_label_values(&[tenant, outcome]).inc();
    }

    /// A removal is held by the guard.
    pub(super) fn held(&self, tenant: &str) {
        self.held.with_label_values(&[tenant]).inc();
    }
}
