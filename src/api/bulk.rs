//! `/Bulk`: many writes in one request, each answered for itself.
//!
//! Its answer tells which ids its creates were given, so it must not be lost to the
//! deadline of requests: a client that was told nothing would send the same again, for
//! ever. So it keeps [`Hours`] of its own.

use std::collections::HashMap;

use http::Method as HttpMethod;
use tokio::time::{Instant, timeout_at};

use super::exchange::Exchange;
use super::refusal::{Refusal, document};
use crate::provision::Change;
use crate::scim::{
    self, BulkOperation, BulkRequest, BulkResponse, BulkResult, Conditions, Method, Reference,
    Rejected, ResourceId,
};
use crate::server::Response;

/// Seconds after which what was left undone may be sent again.
const AGAIN: u32 = 5;

pub(super) async fn answer(mut exchange: Exchange<'_>) -> Result<Response, Refusal> {
    if *exchange.method() != HttpMethod::POST {
        return Err(exchange.not_allowed());
    }
    let limits = exchange.face.config.bulk();
    let request = BulkRequest::parse(exchange.document().await?, limits)?;
    let results = carried_out(&exchange, request).await;
    Ok(document(200, &BulkResponse::new(results)))
}

/// Within which time operations are carried out. Both moments are before the request's
/// own deadline, and what is left is for writing the answer.
#[derive(Clone, Copy)]
struct Hours {
    /// From now on nothing is begun. Most of what was begun before is done by the end.
    last: Instant,
    /// What is under way now is waited for no longer.
    end: Instant,
}

impl Hours {
    fn of(exchange: &Exchange<'_>) -> Self {
        let part = exchange.face.config.deadline / 20;
        Self { last: exchange.since + part * 18, end: exchange.since + part * 19 }
    }

    fn are_over(self) -> bool {
        Instant::now() >= self.last
    }
}

fn not_begun() -> scim::Error {
    let words = "The request's time was over before this operation was begun. Send it again.";
    scim::Error::unavailable(words, AGAIN)
}

fn unknown() -> scim::Error {
    let words = "The request's time was over while this operation was under way. It goes on, \
                 and what comes of it is not known yet. Look, or send it again.";
    scim::Error::unavailable(words, AGAIN)
}

/// Carries out the operations in an order in which every reference is known
/// before it is needed; the results stand in the order of the request.
async fn carried_out(exchange: &Exchange<'_>, request: BulkRequest) -> Vec<BulkResult> {
    let (order, circles) = request.order();
    let (most, hours) = (request.fail_on_errors.filter(|most| *most > 0), Hours::of(exchange));
    let mut operations: Vec<_> = request.operations.into_iter().map(Some).collect();
    let mut results: Vec<Option<BulkResult>> = operations.iter().map(|_| None).collect();
    let mut put = |index: usize, result: BulkResult, errors: &mut usize| {
        // What time takes away is no error of the client's, and all of it is told.
        *errors += usize::from(result.status >= 400 && !hours.are_over());
        if let Some(slot) = results.get_mut(index) {
            *slot = Some(result);
        }
    };
    let (mut ids, mut errors) = (HashMap::new(), 0);
    for (index, error) in circles {
        let operation = operations.get_mut(index).and_then(Option::take);
        put(index, refused(operation.as_ref(), error), &mut errors);
    }
    for index in order {
        if most.is_some_and(|most| errors >= most) {
            break;
        }
        let Some(operation) = operations.get_mut(index).and_then(Option::take) else { continue };
        let result = match operation {
            Ok(operation) => one(exchange, operation, (&mut ids, hours)).await,
            Err(rejected) => {
                let error = rejected.error.clone();
                refused(Some(&Err(rejected)), error)
            }
        };
        put(index, result, &mut errors);
    }
    results.into_iter().flatten().collect()
}

fn refused(operation: Option<&Result<BulkOperation, Rejected>>, error: scim::Error) -> BulkResult {
    let (method, bulk_id) = match operation {
        Some(Ok(operation)) => (Some(operation.method), operation.bulk_id.clone()),
        Some(Err(rejected)) => (rejected.method, rejected.bulk_id.clone()),
        None => (None, None),
    };
    let status = error.status();
    BulkResult { method, bulk_id, location: None, version: None, status, response: Some(error) }
}

async fn one(
    exchange: &Exchange<'_>,
    operation: BulkOperation,
    (ids, hours): (&mut HashMap<String, ResourceId>, Hours),
) -> BulkResult {
    let (method, bulk_id) = (operation.method, operation.bulk_id.clone());
    let known = match &operation.target {
        Some(Reference::Id(id)) => Some(id.clone()),
        Some(Reference::BulkId(name)) => ids.get(name).cloned(),
        None => None,
    };
    let kind = operation.kind;
    let outcome = match operation.resolved(ids) {
        // Before its references: what they name may not have been begun either.
        _ if hours.are_over() => Err(not_begun()),
        Ok(operation) => {
            let done = timeout_at(hours.end, done(exchange, operation)).await;
            done.unwrap_or_else(|_| Err(unknown()))
        }
        Err(error) => Err(error),
    };
    let location = |id: &ResourceId| scim::location(&exchange.base(), kind, id.as_str());
    match outcome {
        Ok((id, version, status)) => {
            if let Some(name) = &bulk_id {
                ids.insert(name.clone(), id.clone());
            }
            let location = Some(location(&id));
            BulkResult { method: Some(method), bulk_id, location, version, status, response: None }
        }
        Err(error) => BulkResult {
            method: Some(method),
            bulk_id,
            location: known.as_ref().map(location),
            version: None,
            status: error.status(),
            response: Some(error),
        },
    }
}

type Outcome = Result<(ResourceId, Option<String>, u16), scim::Error>;

async fn done(exchange: &Exchange<'_>, operation: BulkOperation) -> Outcome {
    let BulkOperation { method, version, kind, target, data, .. } = operation;
    exchange.caller.may_touch(kind)?;
    let (tenant, rules) = (exchange.tenant(), exchange.tenant().config().rules);
    let resource_type = exchange.resource_type(kind)?;
    let conditions = Conditions::parse(version.as_deref(), None)?;
    let told = |error: crate::provision::Error| error.to_scim();
    if method == Method::Post {
        let resource = resource_type.create(data, rules)?;
        let view = tenant.create(resource, exchange.who()).await.map_err(told)?;
        let id = view.id().cloned().ok_or_else(scim::Error::internal)?;
        return Ok((id, Some(view.version().to_string()), 201));
    }
    let Some(Reference::Id(id)) = target else { return Err(scim::Error::internal()) };
    let edits = match method {
        Method::Delete => {
            tenant.delete(kind, id.clone(), conditions, exchange.who()).await.map_err(told)?;
            return Ok((id, None, 204));
        }
        Method::Put => resource_type.replace(data, rules)?,
        Method::Patch | Method::Post => resource_type.patch(data, Some(&id), rules)?,
    };
    let change = Change { kind, id: id.clone(), edits, conditions, show: None };
    tenant.change(change, exchange.who()).await.map_err(told)?;
    Ok((id, None, 200))
}
