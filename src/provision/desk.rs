//! What operators do with work that waits: look at it, release it, drop it.

use std::sync::Arc;

use serde_json::{Value, json};

use super::turns::Key;
use super::witness::{self, Who, Wish};
use super::{Error, Tenant};
use crate::call::{Call, Encoding, pairs};
use crate::mapping::Next;
use crate::scim::Operation;
use crate::store::{Batch, Choice, LmsId, Pending};

/// Whose word it is, in the trail.
const OPERATOR: &str = "operator";

/// So much is dropped at once.
const TOGETHER: usize = 200;

impl Tenant {
    /// How much waits, by reason.
    pub async fn tally(&self) -> Result<Value, Error> {
        let tallies = self.ledger.pending.tally().await?;
        let told = tallies.iter().map(|tally| {
            json!({
                "reason": tally.reason.as_str(),
                "count": tally.count,
                "failed": tally.failed,
                "oldest": tally.oldest.to_string(),
            })
        });
        Ok(told.collect())
    }

    /// What waits, in order, behind that place.
    pub async fn waiting(
        &self,
        choice: &Choice,
        after: u64,
        most: usize,
    ) -> Result<Vec<Pending>, Error> {
        Ok(self.ledger.pending.page(choice, after, most).await?)
    }

    /// What operators see of it; with `calls`, also the first call that each would make.
    /// What follows a call depends on its answer.
    pub async fn for_operators(&self, page: &[Pending], calls: bool) -> Result<Vec<Value>, Error> {
        let mut told = Vec::with_capacity(page.len());
        for one in page {
            let mut shown = shown(one);
            if calls && let Some(shown) = shown.as_object_mut() {
                shown.insert("call".to_owned(), self.first_call(one).await?);
            }
            told.push(shown);
        }
        Ok(told)
    }

    /// A person says that this may be done: it is, as soon as it can be.
    pub async fn release(&self, choice: &Choice) -> Result<usize, Error> {
        let wish = Wish::release(choice, Who { title: OPERATOR.to_owned(), request: None });
        let work = async {
            let released = self.ledger.pending.release(choice, self.clock.now()).await?;
            witness::counted(released);
            tracing::info!(tenant = %self.name, released, "what waited was released");
            self.ledger.bell.notify_one();
            Ok(released)
        };
        self.witnessed(wish, work).await
    }

    /// This will never be done. Whoever was only to be made is no more, and with
    /// that all that was to be done with them.
    pub async fn drop_waiting(self: &Arc<Self>, choice: &Choice) -> Result<usize, Error> {
        let (mut after, mut dropped) = (0, 0);
        loop {
            let page = self.ledger.pending.page(choice, after, TOGETHER).await?;
            let Some(last) = page.last() else { return Ok(dropped) };
            after = last.sequence;
            for one in page {
                dropped += self.drop_one(one).await?;
            }
        }
    }

    async fn drop_one(self: &Arc<Self>, one: Pending) -> Result<usize, Error> {
        let Some(resource_type) = self.resource_type(one.kind) else { return Ok(0) };
        let kept = resource_type.operation(one.operation.clone());
        let operation = kept.unwrap_or(Operation::Delete { kind: one.kind, id: one.id.clone() });
        let wish = self.wish(&operation, Who { title: OPERATOR.to_owned(), request: None });
        let tenant = Arc::clone(self);
        let work = async move { tenant.dropped(&operation, &one).await };
        self.finish(wish, work, |_| ()).await
    }

    async fn dropped(&self, operation: &Operation, one: &Pending) -> Result<usize, Error> {
        witness::decided("drop", one.reason.as_str());
        let (kind, id) = (one.kind, &one.id);
        let _turn = self.ledger.turn(&[Key::Id(kind, id.clone())]).await?;
        let queued = self.ledger.pending.of(kind, std::slice::from_ref(id)).await?;
        let queued: Vec<Pending> = queued.into_iter().flatten().collect();
        if !queued.iter().any(|known| known.sequence == one.sequence) {
            return Ok(0);
        }
        let entry = self.ledger.entries.get(kind, id).await?;
        let unborn = entry.as_ref().is_some_and(|it| it.lms == LmsId::None && it.gone.is_none());
        let mut batch = Batch { done: vec![one.sequence], ..Batch::default() };
        if matches!(operation, Operation::Create(_)) {
            batch.done = queued.iter().map(|known| known.sequence).collect();
            batch.forget = unborn.then(|| (kind, id.clone()));
        }
        if matches!(operation, Operation::Delete { .. }) {
            batch.entry = self.given_up(entry.as_deref()).await?;
        }
        let count = batch.done.len();
        self.ledger.pending.write(batch).await?;
        self.ledger.epochs.written(kind, Some(id));
        self.ledger.epochs.left();
        Ok(count)
    }

    /// The first call that a piece of work would make, or why there is none yet.
    async fn first_call(&self, one: &Pending) -> Result<Value, Error> {
        let (Some(plan), Some(resource_type)) = (self.plan(one.kind), self.resource_type(one.kind))
        else {
            return Ok(Value::Null);
        };
        let operation = match resource_type.operation(one.operation.clone()) {
            Ok(operation) => operation,
            Err(error) => return Ok(json!({ "fails": error.detail() })),
        };
        if !self.unborn_in(&operation).await?.is_empty() {
            return Ok(json!({ "waits": "for accounts that it names" }));
        }
        let account = self.account_of(one.kind, &one.id).await?;
        let told = match (operation, account) {
            (Operation::Create(resource), _) => {
                Operation::Create(self.in_its_ids(plan, &resource).await?.into_owned())
            }
            (_, None) => return Ok(json!({ "waits": "for its account" })),
            (Operation::Change { kind, edits, .. }, Some(id)) => {
                Operation::Change { kind, id, edits: self.edits_in_its_ids(plan, &edits).await? }
            }
            (Operation::Delete { kind, .. }, Some(id)) => Operation::Delete { kind, id },
        };
        let run = self.lms.write(&told, None);
        let mut run = match run {
            Ok(run) => run,
            Err(failure) => return Ok(json!({ "fails": failure.detail })),
        };
        Ok(match run.start() {
            Next::Call(_) => run.shown().as_ref().map_or(Value::Null, told_of),
            Next::Done(Ok(_)) => Value::Null,
            Next::Done(Err(failure)) => json!({ "fails": failure.detail }),
        })
    }
}

/// What an operator sees of one piece of work. Values are shown, since that is what is
/// decided about; passwords are not.
fn shown(one: &Pending) -> Value {
    let mut operation = one.operation.clone();
    Operation::passwords(&mut operation).for_each(|password| *password = json!("***"));
    json!({
        "sequence": one.sequence,
        "kind": one.kind.as_str(),
        "id": one.id.as_str(),
        "operation": operation,
        "reason": one.reason.as_str(),
        "who": one.who,
        "at": one.at.to_string(),
        "released": one.released,
        "attempts": one.attempts,
        "due": one.due.to_string(),
        "failure": one.failure,
    })
}

/// A call, as far as it may be shown.
fn told_of(call: &Call) -> Value {
    let fields = call.body.as_ref().and_then(|body| match call.encoding {
        Encoding::Form(style) => pairs(body, style).ok(),
        Encoding::Json(_) | Encoding::Text(_) => None,
    });
    let body = match fields {
        Some(fields) => {
            fields.iter().map(|(name, value)| json!(format!("{name}={value}"))).collect()
        }
        None => call.body.as_ref().map_or(Value::Null, |body| json!(body.to_string())),
    };
    json!({ "method": call.method.as_str(), "target": call.target.to_string(), "body": body })
}
