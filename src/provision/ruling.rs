//! What a tenant's rules make of a write: the facts are found out here, and only
//! those that the decision may need.

use std::sync::Arc;

use jiff::Timestamp;

use super::cache::Depth;
use super::witness;
use super::{Error, Tenant};
use crate::call::Kind::Unavailable;
use crate::policy::{self, Decision, Facts, Reason, Then, Wait, is_removal};
use crate::scim::{Kind, Operation, Resource, ResourceId};
use crate::store::Pending;

/// Where a write comes from.
#[derive(Clone, Debug)]
pub(super) enum Origin {
    /// From a client, by this token.
    Client(String),
    /// From what waited.
    Queue(Pending),
}

impl Origin {
    /// On whose word.
    pub(super) fn who(&self) -> &str {
        match self {
            Self::Client(who) => who,
            Self::Queue(one) => &one.who,
        }
    }

    fn waited(&self) -> Option<(Reason, bool)> {
        match self {
            Self::Client(_) => None,
            Self::Queue(one) => Some((one.reason, one.released)),
        }
    }
}

/// What was decided, and what has to be taken back if it does not happen.
#[derive(Debug)]
pub(super) struct Ruling {
    pub decision: Decision,
    /// When it was counted as a removal.
    pub counted: Option<Timestamp>,
}

impl Tenant {
    /// What the rules make of an operation.
    pub(super) async fn rule(
        self: &Arc<Self>,
        operation: Operation,
        origin: &Origin,
    ) -> Result<Ruling, Error> {
        let rules = &self.config.policy;
        let known = self.known_of(&operation, origin).await?;
        let mut facts = Facts {
            known: known.as_ref(),
            waits: self.waits(&operation, origin).await?,
            removals: 0,
            waited: origin.waited(),
            unavailable: false,
            account: self.resource_type(Kind::User),
        };
        let decision = policy::decide(rules, &facts, operation.clone());
        let released = facts.waited.is_some_and(|(reason, said)| said || reason == Reason::Grace);
        let counts = matches!(decision, Decision::Apply(..)) && !released;
        let guard = rules.guard.filter(|_| counts && is_removal(&operation, facts.known));
        let Some(guard) = guard else { return Ok(Ruling { decision, counted: None }.told()) };
        if let Origin::Queue(one) = origin {
            // What an outage came between may be counted, and is one removal all the same.
            self.ledger.pending.no_removal(one.at).await?;
        }
        let now = self.clock.now();
        let since = now.checked_sub(guard.within).unwrap_or(Timestamp::MIN);
        facts.removals = self.ledger.pending.removal(now, since, guard.removals).await?;
        let decision = policy::decide(rules, &facts, operation);
        let counted = (facts.removals < guard.removals).then_some(now);
        if decision == Decision::Defer(Reason::Guard) {
            self.metrics.held();
            tracing::warn!(
                tenant = %self.name,
                removals = guard.removals,
                "too many removals in a short time: this one is held until a person approves"
            );
        }
        Ok(Ruling { decision, counted }.told())
    }

    /// Whether a write that failed so is to wait for the end of an outage.
    pub(super) fn waits_out(&self, error: &Error) -> bool {
        let out = matches!(error, Error::Lms { failure, .. } if failure.kind == Unavailable);
        self.config.policy.outage && out
    }

    /// A removal that was counted did not happen.
    pub(super) async fn not_removed(&self, counted: Option<Timestamp>, error: &Error) {
        self.not_counted(counted.filter(|_| !error.is_lost())).await;
    }

    /// The same of one that waits and is tried again: it counts itself then, whatever
    /// became of it now.
    pub(super) async fn not_counted(&self, counted: Option<Timestamp>) {
        if let Some(at) = counted
            && let Err(error) = self.ledger.pending.no_removal(at).await
        {
            tracing::warn!(%error, "a removal that did not happen stays counted");
        }
    }

    /// What is known of the resource. What waited is among its own words already, and
    /// an LMS that cannot be read is known by those alone: they prove nothing of how it
    /// is now.
    async fn known_of(
        self: &Arc<Self>,
        operation: &Operation,
        origin: &Origin,
    ) -> Result<Option<Resource>, Error> {
        let (kind, Some(id)) = (operation.kind(), operation.id()) else { return Ok(None) };
        let rules = &self.config.policy;
        let shown = self.plan(kind).is_some_and(|plan| !plan.remembered);
        let is_told = shown && matches!(origin, Origin::Client(_));
        if rules.needs_known(operation) {
            let account = self.account_for((kind, id), origin).await?;
            let Some(account) = account else { return Ok(None) };
            let view = Box::pin(self.of_account((kind, id), &account, Depth::Lean)).await?;
            let known = view.map(|view| view.resource());
            return Ok(if is_told { known } else { known.map(|it| it.without("active")) });
        }
        if rules.guard.is_none() || !is_told || !self.may_be_disabled(operation, id).await? {
            return Ok(None);
        }
        // Whoever cannot be looked at is not known to be disabled.
        let view = Box::pin(self.in_lms(kind, id, Depth::Lean)).await;
        Ok(view.ok().flatten().map(|view| view.resource()))
    }

    /// Whether an operation disables somebody of whom the client said so before. That
    /// alone proves nothing: what was held back and dropped was said as well, and
    /// somebody may have enabled the account in the LMS.
    async fn may_be_disabled(&self, operation: &Operation, id: &ResourceId) -> Result<bool, Error> {
        if !is_removal(operation, None) {
            return Ok(false);
        }
        let entry = self.ledger.entries.get(operation.kind(), id).await?;
        Ok(entry.is_some_and(|entry| !is_removal(operation, Some(&entry.sent))))
    }

    async fn waits(&self, operation: &Operation, origin: &Origin) -> Result<Option<Wait>, Error> {
        if self.is_clear() {
            return Ok(self.names_unborn(operation).await?.then_some(Wait::Before));
        }
        let own = match origin {
            Origin::Client(_) => None,
            Origin::Queue(one) => Some(one.sequence),
        };
        if let Some(id) = operation.id() {
            let queued = self.ledger.pending.of(operation.kind(), std::slice::from_ref(id)).await?;
            let queued: Vec<Pending> = queued.into_iter().flatten().collect();
            let before = |one: &&Pending| own.is_none_or(|own| one.sequence < own);
            let lifted = |one: &Pending| own.is_none() && self.lifts(operation, one);
            let passed = |one: &Pending| lifted(one) || self.passes(operation, one);
            let blocks = |one: &Pending| one.reason.blocks() && !passed(one);
            if queued.iter().filter(before).any(blocks) {
                return Ok(Some(Wait::Before));
            }
            if self.names_unborn(operation).await? || self.is_to_be_left(operation, own).await? {
                return Ok(Some(Wait::Before));
            }
            let approval = queued.iter().any(|one| one.reason == Reason::Approval);
            return Ok(approval.then_some(Wait::Approval));
        }
        let waits =
            self.names_unborn(operation).await? || self.is_to_be_left(operation, own).await?;
        Ok(waits.then_some(Wait::Before))
    }

    async fn names_unborn(&self, operation: &Operation) -> Result<bool, Error> {
        Ok(!self.unborn_in(operation).await?.is_empty())
    }
}

impl Ruling {
    /// Whoever watches is told.
    fn told(self) -> Self {
        match &self.decision {
            Decision::Apply(_, Then::Nothing) => {}
            Decision::Apply(_, Then::Approve { .. }) => witness::decided("apply", "approval"),
            Decision::Apply(_, Then::Bury { .. }) => witness::decided("apply", "disable"),
            Decision::Defer(reason) => witness::decided("defer", reason.as_str()),
            Decision::Refuse(_) => witness::decided("refuse", "protect"),
        }
        self
    }
}
