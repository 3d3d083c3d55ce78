//! What is seen of one write while it is done, told to the trail when it is over.
//!
//! A write runs in a task of its own, and its witness goes along with that task: so
//! each of its steps can say what it did, and the record is made in one place.

use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value;

use super::{Deed, Error, Tenant};
use crate::call::{Call, Failure, Reply};
use crate::mapping::plan::Plan;
use crate::policy::Reason;
use crate::scim::{Act, AttrName, Edit, Edits, Kind, Place, Resource, ResourceId};
use crate::store::{Called, Changed, Choice, Outcome, Record};

/// More ids of members than that are counted, and not told one by one.
const MOST_MEMBERS: usize = 200;

tokio::task_local! {
    static PRESENT: Arc<Witness>;
}

/// On whose word something is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Who {
    /// The title of a token, or a part of the gateway.
    pub title: String,
    /// The request, as the log has it.
    pub request: Option<String>,
}

impl Who {
    /// A part of the gateway, without a request from outside.
    pub fn gateway(part: &str) -> Self {
        Self { title: part.to_owned(), request: None }
    }
}

/// What is seen of one write.
pub(super) struct Witness {
    seen: Mutex<Seen>,
    personal: bool,
}

struct Seen {
    record: Record,
    told: bool,
    begun: bool,
}

impl Witness {
    fn lock(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Does something with the witness of the write that this task is, if it is one.
fn present(act: impl FnOnce(&Witness)) {
    let _ = PRESENT.try_with(|witness| act(witness));
}

/// Says that its turn has come: from here on it is finished.
pub(super) fn begins() {
    present(|witness| witness.lock().begun = true);
}

/// Whether its turn has come.
pub(super) fn has_begun() -> bool {
    PRESENT.try_with(|witness| witness.lock().begun).unwrap_or_default()
}

/// Says that a call was made, and what came of it.
pub(super) fn called(plan: &Plan, call: &Call, came: &Result<Reply, Failure>) {
    present(|witness| {
        let (outcome, status) = match came {
            Ok(reply) => ("ok", Some(reply.status())),
            Err(failure) => (failure.kind.as_str(), failure.status),
        };
        let name = plan.name_of(call, witness.personal);
        let mut seen = witness.lock();
        let calls = &mut seen.record.calls;
        if let Some(last) = calls.last_mut()
            && (last.name == name && last.outcome == outcome && last.status == status)
        {
            last.times = last.times.saturating_add(1);
            return;
        }
        calls.push(Called { name, outcome: outcome.to_owned(), status, times: 1 });
    });
}

/// Says what was decided other than to do it: `defer`, `refuse`, and why.
pub(super) fn decided(decision: &str, reason: &str) {
    present(|witness| {
        let mut seen = witness.lock();
        decision.clone_into(&mut seen.record.decision);
        seen.record.reason = Some(reason.to_owned());
    });
}

/// Says how much it was.
pub(super) fn counted(number: usize) {
    present(|witness| {
        if let Some(change) = witness.lock().record.changes.first_mut() {
            change.count = Some(number);
        }
    });
}

/// Says what was known of the resource before it is changed.
pub(super) fn before(known: &Resource, edits: &Edits) {
    present(|witness| {
        if !witness.personal {
            return;
        }
        let mut seen = witness.lock();
        seen.record.name = name(known);
        for (change, edit) in seen.record.changes.iter_mut().zip(edits) {
            if !is_secret(&edit.place) {
                change.before = known.get(&edit.place).cloned();
            }
        }
    });
}

/// A write that is to begin, as the trail will tell it.
pub(super) struct Wish {
    pub who: Who,
    pub operation: &'static str,
    pub id: Option<ResourceId>,
    pub name: Option<String>,
    pub changes: Vec<Changed>,
}

impl Wish {
    /// A create.
    pub(super) fn create(resource: &Resource, who: Who, personal: bool) -> Self {
        let places = resource.attributes().iter().filter(|(name, _)| *name != "meta");
        let changes = places.map(|(name, value)| {
            let told = (personal && name != "password").then(|| value.clone());
            let elements = value.as_array().map(Vec::as_slice);
            changed(name.clone(), "set", told, (name == "members").then_some(elements).flatten())
        });
        Self {
            operation: Deed::Create.name(resource.kind()),
            id: None,
            name: name(resource).filter(|_| personal),
            changes: changes.collect(),
            who,
        }
    }

    /// A change.
    pub(super) fn change(
        (kind, id): (Kind, &ResourceId),
        edits: &Edits,
        who: Who,
        personal: bool,
    ) -> Self {
        let changes = edits.iter().map(|edit| of_edit(edit, personal)).collect();
        let operation = Deed::Change.name(kind);
        Self { who, operation, id: Some(id.clone()), name: None, changes }
    }

    /// A person's word that what was chosen may be done.
    pub(super) fn release(choice: &Choice, who: Who) -> Self {
        let one = choice.sequence.map(|sequence| sequence.to_string());
        let failed = choice.failed.then_some("failed");
        let words = [choice.kind.map(Kind::as_str), choice.reason.map(Reason::as_str), failed];
        let words: Vec<_> = words.into_iter().flatten().chain(one.as_deref()).collect();
        let all = if words.is_empty() { "all".to_owned() } else { words.join(" ") };
        let changes = vec![changed(all, "release", None, None)];
        Self { who, operation: "pending.release", id: choice.id.clone(), name: None, changes }
    }

    /// A delete.
    pub(super) fn delete(kind: Kind, id: &ResourceId, who: Who) -> Self {
        let operation = Deed::Delete.name(kind);
        Self { who, operation, id: Some(id.clone()), name: None, changes: Vec::new() }
    }
}

fn of_edit(edit: &Edit, personal: bool) -> Changed {
    let attribute = place(&edit.place, personal);
    let members = edit.place.attr.name.is("members");
    let (act, value, elements): (_, Option<&Value>, Option<&[Value]>) = match &edit.act {
        Act::Set(value) => ("set", Some(value), value.as_array().map(Vec::as_slice)),
        Act::Add(values) => ("add", None, Some(values)),
        Act::Drop(values) => ("drop", None, Some(values)),
        Act::Expect(value) => ("expect", Some(value), None),
        Act::Clear => ("clear", None, None),
    };
    let told = || value.cloned().or_else(|| elements.map(|all| Value::from(all.to_vec())));
    let value = if personal && !is_secret(&edit.place) { told() } else { None };
    changed(attribute, act, value, elements.filter(|_| members))
}

/// Ids of members name nobody, and are what an auditor asks for.
fn changed(
    attribute: String,
    act: &str,
    value: Option<Value>,
    members: Option<&[Value]>,
) -> Changed {
    let (value, count) = match members {
        Some(members) => {
            let ids = members.iter().take(MOST_MEMBERS).filter_map(|it| it.get("value").cloned());
            (Some(ids.collect()), Some(members.len()))
        }
        None => (value, None),
    };
    Changed { attribute, act: act.to_owned(), before: None, value, count }
}

fn is_secret(place: &Place) -> bool {
    place.attr.name.is("password")
}

/// A place by its name; what a filter in it compares with may name a person.
fn place(place: &Place, personal: bool) -> String {
    let harmless = |slot: &[(AttrName, Value)]| {
        slot.iter().all(|(name, _)| name.is("type") || name.is("primary"))
    };
    if personal || place.element.is_none() || place.slot().as_deref().is_some_and(harmless) {
        return place.to_string();
    }
    let sub = place.sub.as_ref().map(|sub| format!(".{}", sub.name)).unwrap_or_default();
    format!("{}[…]{sub}", place.attr.name)
}

fn name(resource: &Resource) -> Option<String> {
    let names = ["userName", "displayName"].into_iter();
    let found = names.filter_map(|name| resource.attributes().get(name)?.as_str());
    found.map(str::to_owned).next()
}

impl Tenant {
    /// Runs a write with a witness, who tells the trail at its end, unless a step of
    /// it has told already.
    pub(super) async fn witnessed<T>(
        &self,
        wish: Wish,
        work: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        let record = Record {
            at: self.clock.now(),
            tenant: Some(self.name.to_string()),
            who: wish.who.title,
            request: wish.who.request,
            operation: wish.operation.to_owned(),
            resource: wish.id.map(|id| id.to_string()),
            name: wish.name,
            decision: "apply".to_owned(),
            reason: None,
            calls: Vec::new(),
            changes: wish.changes,
            outcome: Outcome::Done,
            status: None,
            detail: None,
        };
        let seen = Mutex::new(Seen { record, told: false, begun: false });
        let witness = Arc::new(Witness { seen, personal: self.config.personal });
        let whole = async {
            let outcome = work.await;
            let failed = outcome.as_ref().err();
            self.tell(None, failed).await;
            outcome
        };
        PRESENT.scope(witness, whole).await
    }

    /// Tells the trail what this write came to; once, whoever says so first. A step
    /// that keeps something in the store says so beside it: both are committed
    /// together.
    ///
    /// The LMS has been written to by then. So a trail that cannot take the record
    /// changes nothing of what the client is told: it is said here, as loudly as can
    /// be, and with the whole record.
    pub(super) async fn tell(&self, id: Option<&ResourceId>, failed: Option<&Error>) {
        let mut ready = None;
        present(|witness| {
            let mut seen = witness.lock();
            if !std::mem::replace(&mut seen.told, true) {
                ready = Some(self.ended(&seen.record, (id, failed), witness.personal));
            }
        });
        let Some(record) = ready else { return };
        let outcome = record.outcome.as_str();
        let line = serde_json::to_string(&record).unwrap_or_default();
        match self.trail.append(record).await {
            Ok(_) => self.metrics.recorded(outcome),
            Err(error) => {
                self.metrics.recorded("lost");
                tracing::error!(%error, record = line, "the audit trail cannot take a record");
            }
        }
    }

    fn ended(
        &self,
        begun: &Record,
        (id, failed): (Option<&ResourceId>, Option<&Error>),
        personal: bool,
    ) -> Record {
        let mut record = Record { at: self.clock.now(), ..begun.clone() };
        record.resource = id.map(ToString::to_string).or(record.resource);
        let Some(error) = failed else {
            record.outcome =
                if record.decision == "defer" { Outcome::Deferred } else { Outcome::Done };
            return record;
        };
        let told = error.to_scim();
        record.outcome = if told.status() < 500 { Outcome::Refused } else { Outcome::Failed };
        record.status = Some(told.status());
        record.detail = Some(if personal {
            format!("{}: {}", error.word(), told.detail())
        } else {
            error.word().to_owned()
        });
        record
    }
}
