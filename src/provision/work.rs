//! The worker of one tenant: takes what is ready of what waits, and does it.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::rivals::is_delete;
use super::turns::Key;
use super::witness::{Who, Wish};
use super::write::unmapped;
use super::{Error, Tenant};
use crate::policy::Reason;
use crate::scim::Operation;
use crate::store::{Batch, Pending, Ready};

/// So much is begun at once.
const TOGETHER: usize = 64;

/// How long one attempt may take before another process takes it for dead.
const LEASE: Duration = Duration::from_mins(5);

/// How long the worker rests where nothing is ready: others may add and release.
const REST: Duration = Duration::from_secs(2);

/// Pauses after failures, first and at most: where the LMS is ill, and where it
/// says no.
const ILL: (Duration, Duration) = (Duration::from_secs(5), Duration::from_mins(5));
const REFUSED: (Duration, Duration) = (Duration::from_mins(1), Duration::from_hours(6));

/// What one round of work came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Round {
    /// So much was begun.
    pub begun: usize,
    /// So much of it failed, and is tried again later.
    pub failed: usize,
    /// Whether the LMS was found to be ill.
    pub ill: bool,
}

/// What one attempt came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Came {
    Done,
    Refused,
    Ill,
}

impl Tenant {
    /// Works until told to end, one worker of a tenant at a time, whichever settings
    /// it began with. What has begun is finished.
    pub async fn work(self: Arc<Self>, end: CancellationToken) {
        let worker = tokio::select! {
            worker = self.ledger.worker.lock() => worker,
            () = end.cancelled() => return,
        };
        while !end.is_cancelled() {
            let round = self.round().await.unwrap_or_else(|error| {
                tracing::error!(tenant = %self.name, %error, "what waits cannot be worked on");
                Round { ill: true, ..Round::default() }
            });
            let rest = if round.ill { ILL.0 } else { REST };
            if round.begun > 0 && !round.ill {
                continue;
            }
            let clear = self.is_clear();
            tokio::select! {
                () = end.cancelled() => break,
                () = self.ledger.bell.notified() => {}
                () = tokio::time::sleep(rest), if !clear || round.ill => {}
            }
        }
        drop(worker);
    }

    /// Does what is ready, as much as is begun at once.
    pub async fn round(self: &Arc<Self>) -> Result<Round, Error> {
        if self.is_clear() {
            return Ok(Round::default());
        }
        let rules = &self.config.policy;
        let reasons = Reason::ALL.into_iter().filter(|reason| rules.releases(*reason)).collect();
        let now = self.clock.now();
        let until = now.checked_add(LEASE).unwrap_or(Timestamp::MAX);
        let begun =
            self.ledger.pending.begin(Ready { reasons, now, until, most: TOGETHER }).await?;
        let mut round = Round { begun: begun.len(), ..Round::default() };
        let slots = Arc::new(Semaphore::new(self.lms.slots().max(1)));
        // Whoever leaves makes room for others of the same name.
        let (leave, come): (Vec<_>, Vec<_>) = begun.into_iter().partition(is_delete);
        for part in [leave, come] {
            let mut work = JoinSet::new();
            for one in part {
                let (tenant, slots) = (Arc::clone(self), Arc::clone(&slots));
                work.spawn(async move {
                    let _slot = slots.acquire_owned().await;
                    tenant.attempt(one).await
                });
            }
            for came in work.join_all().await {
                round.failed += usize::from(came != Came::Done);
                round.ill |= came == Came::Ill;
            }
        }
        Ok(round)
    }

    /// One attempt at one piece of work, told to the trail like any other write.
    async fn attempt(self: &Arc<Self>, one: Pending) -> Came {
        let resource_type = self.resource_type(one.kind);
        let operation = match resource_type.map(|it| it.operation(one.operation.clone())) {
            Some(Ok(operation)) => operation,
            Some(Err(error)) => return self.failed(one, &error.into()).await,
            None => return self.failed(one.clone(), &unmapped(one.kind).into()).await,
        };
        let who = Who { title: one.who.clone(), request: None };
        let wish = self.wish(&operation, who);
        let (tenant, item) = (Arc::clone(self), one.clone());
        let work = async move { tenant.redone(operation, item).await };
        match self.finish(wish, work, |()| ()).await {
            Ok(()) => {
                self.metrics.replayed("ok");
                Came::Done
            }
            Err(error) => self.failed(one, &error).await,
        }
    }

    /// What the trail is told of an operation.
    pub(super) fn wish(&self, operation: &Operation, who: Who) -> Wish {
        let personal = self.config.personal;
        match operation {
            Operation::Create(resource) => Wish::create(resource, who, personal),
            Operation::Change { kind, id, edits } => {
                Wish::change((*kind, id), edits, who, personal)
            }
            Operation::Delete { kind, id } => Wish::delete(*kind, id, who),
        }
    }

    /// It stays, with the reason, and is tried again later.
    async fn failed(&self, one: Pending, error: &Error) -> Came {
        let told = error.to_scim();
        let ill = told.status() >= 500 && told.status() != 501;
        let (first, most) = if ill { ILL } else { REFUSED };
        let pause = first.saturating_mul(1 << one.attempts.min(12)).min(most);
        let due = self.clock.now().checked_add(pause).unwrap_or(Timestamp::MAX);
        let attempts = one.attempts.saturating_add(1);
        tracing::warn!(
            tenant = %self.name,
            resource = %one.id,
            sequence = one.sequence,
            error = error.word(),
            attempts,
            "what waited could not be done; it is tried again later"
        );
        self.metrics.replayed("failed");
        let failure = Some(told.detail().to_owned());
        let failed = |now| Pending { attempts, due, failure, ..now };
        if let Err(error) = self.waits_on(&one, failed, ill).await {
            tracing::error!(%error, "the store cannot say why work waits");
        }
        if ill { Came::Ill } else { Came::Refused }
    }

    /// It waits on, with what came of it. Whoever has changed it since, or dropped it,
    /// spoke later, and not of what was tried.
    async fn waits_on(
        &self,
        one: &Pending,
        failed: impl FnOnce(Pending) -> Pending,
        ill: bool,
    ) -> Result<(), Error> {
        let _turn = self.ledger.turn(&[Key::Id(one.kind, one.id.clone())]).await?;
        if let Some(now) = self.still_waits(one).await? {
            let change = vec![failed(now)];
            self.ledger.pending.write(Batch { change, ..Batch::default() }).await?;
            if !ill {
                self.makes_way(one.kind, &one.id).await?;
            }
        }
        Ok(())
    }
}
