//! `/Users/{id}` and `/Groups/{id}`: reading, changing and deleting one.

use http::Method;

use super::exchange::{Exchange, name_version};
use super::refusal::{Refusal, empty};
use crate::provision::Change;
use crate::scim::{Edits, Kind, Query, ResourceId};
use crate::server::Response;

pub(super) async fn answer(
    exchange: Exchange<'_>,
    kind: Kind,
    id: &ResourceId,
) -> Result<Response, Refusal> {
    match *exchange.method() {
        Method::GET | Method::HEAD => get(&exchange, kind, id).await,
        // What writes is in a box: reads are many, and need not be as large.
        Method::PUT => Box::pin(replace(exchange, kind, id.clone())).await,
        Method::PATCH => Box::pin(patch(exchange, kind, id.clone())).await,
        Method::DELETE => Box::pin(delete(&exchange, kind, id.clone())).await,
        _ => Err(exchange.not_allowed()),
    }
}

async fn get(exchange: &Exchange<'_>, kind: Kind, id: &ResourceId) -> Result<Response, Refusal> {
    let query = exchange.parameters()?.bind(exchange.resource_type(kind)?)?;
    let conditions = exchange.conditions()?;
    let depth = exchange.tenant().depth(kind, &query);
    let view = exchange.tenant().get(kind, id, depth, exchange.fresh()).await?;
    conditions.permit_read(view.version())?;
    if conditions.not_modified(view.version()) {
        let mut response = empty(304);
        name_version(&mut response, &view);
        return Ok(response);
    }
    Ok(exchange.show(200, &view, &query.projection))
}

async fn replace(
    mut exchange: Exchange<'_>,
    kind: Kind,
    id: ResourceId,
) -> Result<Response, Refusal> {
    let body = exchange.document().await?;
    let rules = exchange.tenant().config().rules;
    let edits = exchange.resource_type(kind)?.replace(body, rules)?;
    let query = exchange.parameters()?.bind(exchange.resource_type(kind)?)?;
    change(&exchange, (kind, id), edits, &query, true).await
}

async fn patch(
    mut exchange: Exchange<'_>,
    kind: Kind,
    id: ResourceId,
) -> Result<Response, Refusal> {
    let body = exchange.document().await?;
    let rules = exchange.tenant().config().rules;
    let edits = exchange.resource_type(kind)?.patch(body, Some(&id), rules)?;
    let query = exchange.parameters()?.bind(exchange.resource_type(kind)?)?;
    // RFC 7644 §3.5.2: who names attributes is answered with them. Everybody else
    // is told that it is done; showing it could cost a read of the LMS.
    let named = query.projection.is_named();
    change(&exchange, (kind, id), edits, &query, named).await
}

async fn change(
    exchange: &Exchange<'_>,
    (kind, id): (Kind, ResourceId),
    edits: Edits,
    query: &Query,
    show: bool,
) -> Result<Response, Refusal> {
    let conditions = exchange.conditions()?;
    let show = show.then(|| exchange.tenant().depth(kind, query));
    let change = Change { kind, id, edits, conditions, show };
    match exchange.tenant().change(change, exchange.who()).await? {
        Some(view) => Ok(exchange.show(200, &view, &query.projection)),
        None => Ok(empty(204)),
    }
}

async fn delete(exchange: &Exchange<'_>, kind: Kind, id: ResourceId) -> Result<Response, Refusal> {
    exchange.resource_type(kind)?;
    let conditions = exchange.conditions()?;
    exchange.tenant().delete(kind, id, conditions, exchange.who()).await?;
    Ok(empty(204))
}
