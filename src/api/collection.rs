//! `/Users` and `/Groups`: finding and creating.

use http::Method;

use super::exchange::Exchange;
use super::refusal::{Refusal, document};
use crate::provision::Listing;
use crate::scim::{Kind, ListResponse, Query, Shown};
use crate::server::Response;

pub(super) async fn answer(exchange: Exchange, kind: Kind) -> Result<Response, Refusal> {
    match *exchange.method() {
        Method::GET | Method::HEAD => list(&exchange, kind).await,
        Method::POST => Box::pin(create(exchange, kind)).await,
        _ => Err(exchange.not_allowed()),
    }
}

async fn list(exchange: &Exchange, kind: Kind) -> Result<Response, Refusal> {
    let query = exchange.parameters()?.bind(exchange.resource_type(kind)?)?;
    let listing = exchange.tenant().list(kind, &query, exchange.fresh()).await?;
    page(exchange, kind, &query, &listing)
}

/// The answer that shows a part of a list.
pub(super) fn page(
    exchange: &Exchange,
    kind: Kind,
    query: &Query,
    listing: &Listing,
) -> Result<Response, Refusal> {
    let resource_type = exchange.resource_type(kind)?;
    let base = exchange.base();
    let views = listing.views.iter();
    let shown = views
        .map(|view| Shown::new(view.resource(), resource_type, &query.projection).at(&base))
        .collect();
    Ok(document(200, &ListResponse::new(listing.total, listing.page, shown)))
}

async fn create(mut exchange: Exchange, kind: Kind) -> Result<Response, Refusal> {
    let body = exchange.document().await?;
    let query = exchange.parameters()?.bind(exchange.resource_type(kind)?)?;
    let rules = exchange.tenant().config().rules;
    let resource = exchange.resource_type(kind)?.create(body, rules)?;
    let view = exchange.tenant().create(resource, exchange.who()).await?;
    exchange.show(201, &view, &query.projection)
}
