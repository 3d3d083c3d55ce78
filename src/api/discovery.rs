//! What this tenant can do: `/ServiceProviderConfig`, `/ResourceTypes`,
//! `/Schemas`.

use http::Method;
use serde_json::Value;

use super::exchange::Exchange;
use super::refusal::{Refusal, document};
use super::route::Route;
use crate::scim::{self, Discovery, Kind, ResourceType};
use crate::server::Response;

pub(super) fn answer(exchange: &Exchange<'_>) -> Result<Response, Refusal> {
    if !matches!(*exchange.method(), Method::GET | Method::HEAD) {
        return Err(exchange.not_allowed());
    }
    // RFC 7644 §4: a filter has no meaning here, and must not seem to have one.
    if exchange.parameters()?.filters() {
        return Err(scim::Error::forbidden("Discovery cannot be filtered.").into());
    }
    let base = exchange.base();
    let kinds = [Kind::User, Kind::Group];
    let types: Vec<&ResourceType> =
        kinds.iter().filter_map(|kind| exchange.tenant().resource_type(*kind)).collect();
    let discovery = Discovery {
        base_url: &base,
        capabilities: &exchange.front.capabilities,
        resource_types: &types,
    };
    Ok(document(200, &found(exchange.route, &discovery)?))
}

fn found(route: &Route, discovery: &Discovery<'_>) -> Result<Value, scim::Error> {
    match route {
        Route::ResourceTypes(None) => Ok(Discovery::list(&discovery.resource_types())),
        Route::ResourceTypes(Some(name)) => named(discovery.resource_types(), name),
        Route::Schemas(None) => Ok(Discovery::list(&discovery.schemas())),
        Route::Schemas(Some(urn)) => named(discovery.schemas(), urn),
        // A client that knocks at the base itself learns what is here.
        _ => Ok(discovery.service_provider_config()),
    }
}

fn named(documents: Vec<Value>, name: &str) -> Result<Value, scim::Error> {
    Discovery::named(documents, name)
        .ok_or_else(|| scim::Error::not_found(format!("This tenant has no `{name}`.")))
}
