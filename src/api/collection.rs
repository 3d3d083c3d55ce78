//! `/Users` and `/Groups`: finding and creating.

use http::Method;

use super::exchange::Exchange;
use super::refusal::{Refusal, text};
use crate::provision::Listing;
use crate::scim::{Kind, Query, list_response};
use crate::server::Response;

pub(super) async fn answer(exchange: Exchange<'_>, kind: Kind) -> Result<Response, Refusal> {
    match *exchange.method() {
        Method::GET | Method::HEAD => list(&exchange, kind).await,
        Method::POST => Box::pin(create(exchange, kind)).await,
        _ => Err(exchange.not_allowed()),
    }
}

async fn list(exchange: &Exchange<'_>, kind: Kind) -> Result<Response, Refusal> {
    let query = exchange.parameters()?.bind(exchange.resource_type(kind)?)?;
    let listing = exchange.tenant().list(kind, &query, exchange.fresh()).await?;
    Ok(page(exchange, &query, &listing))
}

/// The answer that shows a part of a list.
pub(super) fn page(exchange: &Exchange<'_>, query: &Query, listing: &Listing) -> Response {
    let base = exchange.base();
    let written = list_response(listing.total, listing.page, &listing.views, |view, out| {
        exchange.write(view, &query.projection, &base, out);
    });
    text(200, written.into())
}

async fn create(mut exchange: Exchange<'_>, kind: Kind) -> Result<Response, Refusal> {
    let body = exchange.document().await?;
    let query = exchange.parameters()?.bind(exchange.resource_type(kind)?)?;
    let rules = exchange.tenant().config().rules;
    let resource = exchange.resource_type(kind)?.create(body, rules)?;
    let view = exchange.tenant().create(resource, exchange.who()).await?;
    Ok(exchange.show(201, &view, &query.projection))
}
