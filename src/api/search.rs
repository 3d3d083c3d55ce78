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

/// Users, then groups, as if they stood in one list. A kind that the query makes
/// no sense for has nothing to give; one that makes sense for none is refused.
async fn of_all(exchange: &Exchange<'_>, parameters: &Parameters) -> Result<Response, Refusal> {
    let mut asked: Vec<(Kind, Query)> = Vec::new();
    let mut refused: Option<Refusal> = None;
    for kind in [Kind::User, Kind::Group] {
        let Some(resource_type) = exchange.tenant().resource_type(kind) else { continue };
        exchange.caller.may_touch(kind)?;
        match parameters.bind(resource_type) {
            Ok(query) => asked.push((kind, query)),
            Err(error) => refused = Some(error.into()),
        }
    }
    let Some((_, first)) = asked.first() else {
        let nothing = || scim::Error::not_implemented("This tenant has no resources.").into();
        return Err(refused.unwrap_or_else(nothing));
    };
    let whole = first.page.at_most(exchange.tenant().config().page);
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
