//! The way of a call, outermost first, on one screen.
//!
//! ```text
//! measure the whole ▸ retry ▸ [ breaker's glance ▸ slot ▸ breaker ▸ auth ▸ rate ▸ time-out ▸ judge ]
//! ```
//!
//! What stands in brackets happens for each attempt. Plain functions instead of
//! layers: the judge is borrowed from the caller, and reads nearly the same.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::Errand;
use super::auth::{self, Keeper, Pass, show_header};
use super::breaker::Breaker;
use super::client::Client;
use super::fault::{self, Fault};
use super::limit::Slots;
use super::metrics::Handles;
use super::rate::Rates;
use super::retry::Retries;
use super::settings::Timing;
use super::term::Term;
use crate::call::{Call, Failure, Kind, Reply, Retry};
use crate::clock::Clock;
use crate::secret::Secret;

/// Everything that stands between a caller and one LMS.
#[derive(Debug)]
pub(super) struct Stack {
    pub timing: Timing,
    pub client: Client,
    pub access: Access,
    pub slots: Slots,
    pub rates: Rates,
    pub breaker: Breaker,
    pub retries: Retries,
    pub metrics: Arc<Handles>,
    pub clock: Clock,
}

/// How the LMS knows us, ready for use.
#[derive(Debug)]
pub(super) enum Access {
    Open,
    Header(String, Secret),
    Session(Arc<Keeper>),
}

impl From<auth::Access> for Access {
    fn from(access: auth::Access) -> Self {
        match access {
            auth::Access::Open => Self::Open,
            auth::Access::Header { name, value } => Self::Header(name, value),
            auth::Access::Session(session) => Self::Session(Arc::new(Keeper::new(session))),
        }
    }
}

impl Stack {
    /// The whole call. Counted once, however many attempts it takes.
    pub(super) async fn call(
        self: &Arc<Self>,
        call: &Call,
        errand: &Errand<'_>,
    ) -> Result<Reply, Failure> {
        let started = Instant::now();
        let outcome = self.attempts(call, errand, self.term(call, errand, started)).await;
        self.metrics.called(errand.operation, started.elapsed(), &outcome);
        outcome
    }

    async fn attempts(
        self: &Arc<Self>,
        call: &Call,
        errand: &Errand<'_>,
        term: Term,
    ) -> Result<Reply, Failure> {
        let mut series = self.retries.series(call.safety, self.latest(call, term));
        loop {
            match self.attempt(call, errand, term).await {
                Ok(reply) => return Ok(reply),
                Err(fault) => Box::pin(sleep(series.after(fault)?)).await,
            }
        }
    }

    async fn attempt(
        self: &Arc<Self>,
        call: &Call,
        errand: &Errand<'_>,
        term: Term,
    ) -> Result<Reply, Fault> {
        // Nobody queues for an LMS that is down; but it may go down while one
        // queues, so leave is asked for after the wait.
        self.breaker.glance()?;
        let _slot = self.slots.take(self.latest(call, term)).await?;
        let leave = self.breaker.admit()?;
        let outcome = self.authorised(call, errand, term).await;
        leave.tell(&outcome);
        self.metrics.attempted(&outcome);
        outcome
    }

    /// Within the slot: a call that waits for a login keeps its place, so logins
    /// need none of their own.
    async fn authorised(
        self: &Arc<Self>,
        call: &Call,
        errand: &Errand<'_>,
        term: Term,
    ) -> Result<Reply, Fault> {
        let pass = self.pass(None, term.end).await?;
        let outcome = self.shown(call, errand, (pass.as_ref(), term)).await;
        match (outcome, pass) {
            // Refused for its login means: not done. So even a write that must
            // happen once may go again; but a second refusal is no matter of age.
            (Err(fault), Some(worn)) if fault.failure.retry == Retry::Login => {
                Box::pin(self.renewed(call, errand, (worn.number, term))).await
            }
            (outcome, _) => outcome,
        }
    }

    async fn renewed(
        self: &Arc<Self>,
        call: &Call,
        errand: &Errand<'_>,
        (worn, term): (u64, Term),
    ) -> Result<Reply, Fault> {
        let pass = self.pass(Some(worn), term.end).await?;
        self.shown(call, errand, (pass.as_ref(), term)).await
    }

    async fn shown(
        &self,
        call: &Call,
        errand: &Errand<'_>,
        (pass, term): (Option<&Pass>, Term),
    ) -> Result<Reply, Fault> {
        let call = self.signed(call, pass)?;
        self.judged(&call, errand, term).await
    }

    async fn pass(
        self: &Arc<Self>,
        worn: Option<u64>,
        end: Instant,
    ) -> Result<Option<Pass>, Fault> {
        match &self.access {
            Access::Open | Access::Header(..) => Ok(None),
            Access::Session(keeper) => keeper.pass(self, worn, end).await.map(Some),
        }
    }

    /// The call as the LMS wants it; as it is, where nothing has to be shown.
    fn signed<'a>(&self, call: &'a Call, pass: Option<&Pass>) -> Result<Cow<'a, Call>, Fault> {
        let mut call = Cow::Borrowed(call);
        match (&self.access, pass) {
            (Access::Header(name, value), _) => show_header(call.to_mut(), name, value),
            (Access::Session(keeper), Some(pass)) => keeper.sign(call.to_mut(), pass)?,
            (Access::Open | Access::Session(_), _) => {}
        }
        Ok(call)
    }

    async fn judged(&self, call: &Call, errand: &Errand<'_>, term: Term) -> Result<Reply, Fault> {
        let reply = self.wire(call, term).await?;
        let Some(failure) = (errand.judge)(&reply) else { return Ok(reply) };
        Err(Fault::answered(self.heeded(failure, &reply)))
    }

    /// A failure with the LMS's word on when to come back. Of too many calls, that word
    /// goes for all of them.
    pub(super) fn heeded(&self, failure: Failure, reply: &Reply) -> Failure {
        let failure = fault::with_wait(failure, reply, self.clock.now());
        if let (Kind::Throttled, Retry::After(wait)) = (failure.kind, failure.retry) {
            self.rates.hold(wait);
        }
        failure
    }

    /// One exchange: what the rate and the time-out bound, a login's calls too.
    pub(super) async fn wire(&self, call: &Call, term: Term) -> Result<Reply, Fault> {
        let patience = self.patience(call);
        let latest = term.latest(patience);
        if Instant::now() > latest {
            return Err(fault::too_late());
        }
        let begun = self.rates.wait(latest).await?;
        let until = term.end.min(begun + patience);
        let outcome = self.client.exchange(call, until).await;
        outcome.map_err(|fault| Fault { cut: term.cut(begun, patience), ..fault })
    }

    fn latest(&self, call: &Call, term: Term) -> Instant {
        term.latest(self.patience(call))
    }

    /// How long one attempt may take.
    fn patience(&self, call: &Call) -> Duration {
        call.patience.unwrap_or(self.timing.attempt)
    }

    /// A call whose one attempt may take longer than the whole is given that.
    fn term(&self, call: &Call, errand: &Errand<'_>, started: Instant) -> Term {
        let whole = self.timing.whole.max(call.patience.unwrap_or_default());
        let left = errand.until.map(|until| until.saturating_duration_since(started));
        Term::of(started, left.map_or(whole, |left| left.min(whole)))
    }
}
