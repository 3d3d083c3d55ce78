//! How the LMSs are: really asked, but never so that a probe waits for an LMS or
//! a storm of probes becomes a storm of calls.

use super::Gateway;
use super::answer::{self, Answer};
use crate::server::Phase;
use http::StatusCode;
use jiff::Timestamp;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Mutex, watch};
use tokio::time::{Instant, timeout};

/// How the LMS of one tenant is, as far as it is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TenantHealth {
    /// The tenant's name.
    pub tenant: String,
    /// Whether its LMS has just answered; none where it was not asked.
    pub reachable: Option<bool>,
    /// The state of the circuit breaker before it.
    pub breaker: Breaker,
    /// When a call last succeeded.
    pub last_success: Option<Timestamp>,
    /// When a call last failed, and why.
    pub last_failure: Option<LastFailure>,
}

/// The circuit breaker, as operators see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Breaker {
    /// Calls go through.
    Closed,
    /// One call tries whether the LMS is back.
    HalfOpen,
    /// No call is made.
    Open,
}

/// A call that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastFailure {
    /// When it was.
    pub at: Timestamp,
    /// Why, in words that hold neither secrets nor people.
    pub reason: String,
}

/// For how long an answer is good enough for the next probe.
const FRESH: Duration = Duration::from_secs(2);

/// How long a probe waits. Well below the second that probes commonly allow, so
/// that an LMS which is slow never makes us look unready.
const PATIENCE: Duration = Duration::from_millis(500);

/// How long the LMSs have.
const LIMIT: Duration = Duration::from_secs(5);

/// Asks, and remembers what was said.
pub(super) struct Checks<G> {
    gateway: Arc<G>,
    turn: Arc<Mutex<()>>,
    latest: watch::Sender<Option<Report>>,
}

/// What was last said.
#[derive(Clone)]
pub(super) struct Report {
    tenants: Arc<[TenantHealth]>,
    at: Instant,
}

impl<G: Gateway> Checks<G> {
    pub(super) fn new(gateway: Arc<G>) -> Self {
        Self { gateway, turn: Arc::default(), latest: watch::Sender::new(None) }
    }

    /// The latest there is: asked now, or for lack of that from before.
    pub(super) async fn report(&self) -> Option<Report> {
        let mut reports = self.latest.subscribe();
        if !self.is_fresh() {
            self.begin();
            // Neither the end of patience nor of the sender changes what is known.
            let _ = timeout(PATIENCE, reports.changed()).await;
        }
        reports.borrow().clone()
    }

    fn is_fresh(&self) -> bool {
        self.latest.borrow().as_ref().is_some_and(|report| report.at.elapsed() < FRESH)
    }

    /// Begins to ask, unless somebody does. It goes on when the probe has left.
    fn begin(&self) {
        let Ok(turn) = Arc::clone(&self.turn).try_lock_owned() else { return };
        if self.is_fresh() {
            return;
        }
        let (gateway, latest) = (Arc::clone(&self.gateway), self.latest.clone());
        tokio::spawn(async move {
            if let Ok(tenants) = timeout(LIMIT, gateway.health()).await {
                latest.send_replace(Some(Report { tenants: tenants.into(), at: Instant::now() }));
            }
            drop(turn);
        });
    }
}

/// Ready is who serves: an LMS that is down is told, but another process would
/// not reach it either.
pub(super) fn readiness(phase: Phase, known: Option<&Option<Report>>) -> Answer {
    let ready = phase == Phase::Serving;
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let mut body = json!({ "ready": ready, "phase": word(phase) });
    if let (Some(report), Some(body)) = (known, body.as_object_mut()) {
        let age = report.as_ref().map(|report| tenths(report.at.elapsed()));
        let tenants = report.as_ref().map(|report| report.tenants.iter().map(tenant));
        let tenants = tenants.map(Iterator::collect::<Value>);
        body.insert("checkedSecondsAgo".to_owned(), json!(age));
        body.insert("tenants".to_owned(), json!(tenants));
    }
    answer::json(status, &body)
}

/// Finer than that, nobody looks at an age.
fn tenths(age: Duration) -> f64 {
    (age.as_secs_f64() * 10.0).round() / 10.0
}

fn word(phase: Phase) -> &'static str {
    match phase {
        Phase::Serving => "serving",
        Phase::Leaving => "leaving",
        Phase::Draining => "draining",
        Phase::Ended => "ended",
    }
}

fn tenant(health: &TenantHealth) -> Value {
    let breaker = match health.breaker {
        Breaker::Closed => "closed",
        Breaker::HalfOpen => "half-open",
        Breaker::Open => "open",
    };
    let failure =
        |failure: &LastFailure| json!({ "at": failure.at.to_string(), "reason": failure.reason });
    json!({
        "tenant": health.tenant,
        "reachable": health.reachable,
        "breaker": breaker,
        "lastSuccess": health.last_success.map(|at| at.to_string()),
        "lastFailure": health.last_failure.as_ref().map(failure),
    })
}
