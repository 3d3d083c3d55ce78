//! `/.search`: a query in a body, of one kind or of all (RFC 7644 §3.4.3).

use http::Method;

use super::collection::page;
use super::exchange::Exchange;
use super::refusal::{Refusal, text};
use crate::provision::Listing;
use crate::scim::{self, Kind, Page, Parameters, Query, list_response};
use crate::server::Response;

pub(super) async fn answer(
    mut exchange: Exchange<'_>,
    kind: Option<Kind>,
) -> Result<Response, Refusal> {
    if *exchange.method() != Method::POST {
        return Err(exchange.not_allowed());
    }
    let parameters = Parameters::from_body(exchange.document().await?)?;
    match kind {
        Some(kind) => {
            let query = parameters.bind(exchange.resource_type(kind)?)?;
            let listing = exchange.tenant().list(kind, &query, exchange.fresh()).await?;
            Ok(page(&exchange, &query, &listing))
        }
        None => of_all(&exchange, &parameters).await,
    }
}

/// Users, then groups, as if they stood in one list. What the one kind knows and the
/// other does not has no value there.
async fn of_all(exchange: &Exchange<'_>, parameters: &Parameters) -> Result<Response, Refusal> {
    let known = |kind| exchange.tenant().resource_type(kind);
    let all: Vec<_> = [Kind::User, Kind::Group].into_iter().filter_map(known).collect();
    let mut asked: Vec<(Kind, Query)> = Vec::new();
    for resource_type in &all {
        let kind = resource_type.kind();
        exchange.caller.may_touch(kind)?;
        asked.extend(parameters.bind_among(resource_type, &all)?.map(|query| (kind, query)));
    }
    if all.is_empty() {
        return Err(scim::Error::not_implemented("This tenant has no resources.").into());
    }
    let whole = parameters.page()?.at_most(exchange.tenant().config().page);
    let (mut total, mut parts) = (0, Vec::new());
    for (kind, query) in &asked {
        let had: usize = parts.iter().map(|(_, part): &(_, Listing)| part.views.len()).sum();
        let query = Query { page: rest(whole, total, had), ..query.clone() };
        let part = exchange.tenant().list(*kind, &query, exchange.fresh()).await?;
        total += part.total;
        parts.push((query, part));
    }
    let base = exchange.base();
    let each = parts.iter().flat_map(|(query, part)| part.views.iter().map(move |it| (it, query)));
    let rows: Vec<_> = each.collect();
    let written = list_response(total, whole, &rows, |(view, query), out| {
        exchange.write(view, &query.projection, &base, out);
    });
    Ok(text(200, written.into()))
}

/// What is left of a page for a list that `before` others stand in front of.
fn rest(whole: Page, before: usize, had: usize) -> Page {
    Page {
        start_index: whole.start_index.saturating_sub(before).max(1),
        count: whole.count.map(|count| count.saturating_sub(had)),
    }
}
