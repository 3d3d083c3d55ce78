//! The decision, from top to bottom.

use std::time::Duration;

use super::guard::{active, is_active, is_removal};
use super::reason::Reason;
use super::rules::{Deprovision, Mode, Rules};
use crate::scim::{Act, Edit, Edits, Error, Kind, Operation, Resource, ResourceType};

/// What becomes of an operation.
#[derive(Clone, Debug, PartialEq)]
pub enum Decision {
    /// It is done now, in this form; and then that.
    Apply(Operation, Then),
    /// It waits.
    Defer(Reason),
    /// It is refused.
    Refuse(Error),
}

/// What follows once an operation was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Then {
    /// Nothing.
    Nothing,
    /// The account waits for approval; this is what `active` becomes by it.
    Approve {
        /// What the client wrote.
        active: bool,
    },
    /// The account is gone for its client, and deleted so much later, if ever.
    Bury {
        /// How long it can still be revived.
        delete_after: Option<Duration>,
    },
}

/// What is known when a decision is made.
#[derive(Clone, Debug, Default)]
pub struct Facts<'a> {
    /// The resource as it is, where there is one and somebody needs to know.
    pub known: Option<&'a Resource>,
    /// What waits for the same resource, or for one that it names.
    pub waits: Option<Wait>,
    /// Removals that were done within the guard's span.
    pub removals: usize,
    /// Why it waited until now, and whether a person released it.
    pub waited: Option<(Reason, bool)>,
    /// Whether the LMS was found to be unavailable.
    pub unavailable: bool,
    /// What an account is here: whether it can be disabled, and by what.
    pub account: Option<&'a ResourceType>,
}

/// What waits already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// Work that has to be done before.
    Before,
    /// The approval of the account.
    Approval,
}

impl Rules {
    /// Whether a decision needs to know the resource.
    pub fn needs_known(&self, operation: &Operation) -> bool {
        operation.kind() == Kind::User && operation.id().is_some() && !self.protect.is_empty()
    }
}

/// What becomes of an operation. In this order: whom nobody may touch, what a
/// person has to say, what has to wait for others, what would be too much, and
/// only then in which form it is done.
pub fn decide(rules: &Rules, facts: &Facts<'_>, operation: Operation) -> Decision {
    if let Some(refusal) = protected(rules, facts, &operation) {
        return Decision::Refuse(refusal);
    }
    match held(rules, facts, &operation) {
        Some(reason) => Decision::Defer(reason),
        None => applied(rules, facts, operation),
    }
}

fn protected(rules: &Rules, facts: &Facts<'_>, operation: &Operation) -> Option<Error> {
    let account = match operation {
        _ if operation.kind() != Kind::User => None,
        Operation::Create(resource) => Some(resource),
        Operation::Change { .. } | Operation::Delete { .. } => facts.known,
    };
    let filter = rules.protect.covers(account?)?;
    Some(Error::forbidden(format!(
        "This account is protected: the gateway's rules say that nobody touches `{filter}`. \
         Take it out of the scope of provisioning, or out of `protect`."
    )))
}

/// Why an operation has to wait.
fn held(rules: &Rules, facts: &Facts<'_>, operation: &Operation) -> Option<Reason> {
    if facts.unavailable && rules.outage {
        return Some(Reason::Outage);
    }
    let (waited, released) = facts.waited.unzip();
    let released = released.unwrap_or_default();
    match rules.mode {
        _ if released || waited.is_some_and(|reason| rules.releases(reason)) => {}
        Mode::DryRun => return Some(Reason::DryRun),
        Mode::Confirm => return Some(Reason::Confirm),
        Mode::Sync => {}
    }
    if facts.waits == Some(Wait::Before) {
        return Some(Reason::Order);
    }
    let too_many = rules.guard.is_some_and(|guard| facts.removals >= guard.removals);
    // What ends a time of grace was counted when that began.
    let counts = !released && waited != Some(Reason::Grace);
    (too_many && counts && is_removal(operation, facts.known)).then_some(Reason::Guard)
}

/// The form in which an operation is done.
fn applied(rules: &Rules, facts: &Facts<'_>, operation: Operation) -> Decision {
    let waited = facts.waited.map(|(reason, _)| reason);
    match operation {
        Operation::Create(account)
            if account.kind() == Kind::User && rules.approves() && can_disable(facts) =>
        {
            let said = account.attributes().get("active");
            let active = said.and_then(serde_json::Value::as_bool).unwrap_or(true);
            Decision::Apply(Operation::Create(disabled(account)), Then::Approve { active })
        }
        Operation::Change { kind: Kind::User, id, edits }
            if facts.waits == Some(Wait::Approval) && waited != Some(Reason::Approval) =>
        {
            let said = active(&edits);
            let then = said.map_or(Then::Nothing, |active| Then::Approve { active });
            let edits = if said.is_some() { edits.without(is_active) } else { edits };
            Decision::Apply(Operation::Change { kind: Kind::User, id, edits }, then)
        }
        Operation::Delete { kind: Kind::User, id } if waited != Some(Reason::Grace) => {
            let delete_after = match rules.deprovision {
                Deprovision::Delete => {
                    let operation = Operation::Delete { kind: Kind::User, id };
                    return Decision::Apply(operation, Then::Nothing);
                }
                Deprovision::Disable => None,
                Deprovision::DeleteAfter(grace) => Some(grace),
            };
            let Some(edits) = disabling(facts) else { return Decision::Refuse(cannot_disable()) };
            let operation = Operation::Change { kind: Kind::User, id, edits };
            Decision::Apply(operation, Then::Bury { delete_after })
        }
        operation => Decision::Apply(operation, Then::Nothing),
    }
}

fn can_disable(facts: &Facts<'_>) -> bool {
    disabling(facts).is_some()
}

/// The edits that disable an account, where accounts can be disabled.
fn disabling(facts: &Facts<'_>) -> Option<Edits> {
    let mut places = facts.account?.attributes();
    let place = places.find(|place| is_active(place) && place.attr.offered)?;
    Some(Edits::from_iter([Edit { place, act: Act::Set(false.into()) }]))
}

fn disabled(account: Resource) -> Resource {
    let kind = account.kind();
    let mut attributes = account.into_attributes();
    attributes.insert("active".to_owned(), false.into());
    Resource::from_attributes(kind, attributes)
}

fn cannot_disable() -> Error {
    Error::not_implemented(
        "This LMS cannot disable accounts, and the gateway's rules say that accounts are disabled \
         and not deleted. Set `deprovision = \"delete\"` for this tenant, or leave the account.",
    )
}
