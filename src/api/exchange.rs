//! One request on its way to its handler: who asks whom for what, and how a body
//! is read.

use std::sync::Arc;

use http::header::{
    CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, ETAG, HOST, IF_MATCH,
    IF_NONE_MATCH, LOCATION,
};
use http::{HeaderName, HeaderValue, Method};
use http_body_util::{BodyExt, Limited};
use percent_encoding::percent_decode_str;
use serde_json::Value;
use tokio::time::Instant;

use super::auth::Caller;
use super::face::{Face, Front};
use super::line::Asked;
use super::refusal::{self, Refusal, empty};
use super::route::Route;
use super::{bulk, collection, discovery, one, search};
use crate::provision::{Tenant, View, Who};
use crate::scim::{self, Conditions, Kind, Parameters, Projection, ResourceType, Shown};
use crate::server::{Body, BodyError, BoxError, Peer, Request, Response};

/// By these words a client asks for the LMS's own answer (RFC 9111 §5.2).
const FRESH: [&str; 3] = ["no-cache", "no-store", "max-age=0"];

/// An authorised request.
pub(super) struct Exchange<'a> {
    pub face: &'a Face,
    pub front: &'a Front,
    pub route: &'a Route,
    pub caller: &'a Caller,
    /// When the request came.
    pub since: Instant,
    id: &'a HeaderValue,
    request: &'a mut Request,
}

/// Finds the handler of a request.
pub(super) async fn answer(asked: &mut Asked) -> Result<Response, Refusal> {
    let exchange = Exchange::new(asked)?;
    if *exchange.method() == Method::OPTIONS {
        return Ok(options(exchange.route));
    }
    // Each in a box of its own: one future for all of them would be as large as
    // the largest, for every request.
    match exchange.route {
        Route::Collection(kind) => Box::pin(collection::answer(exchange, *kind)).await,
        Route::One(kind, id) => Box::pin(one::answer(exchange, *kind, id)).await,
        Route::Search(kind) => Box::pin(search::answer(exchange, *kind)).await,
        Route::Bulk => Box::pin(bulk::answer(exchange)).await,
        Route::Me => Err(scim::Error::not_implemented(
            "`/Me` is not offered: a token speaks for a directory, not for a person.",
        )
        .into()),
        Route::Base
        | Route::ServiceProviderConfig
        | Route::ResourceTypes(_)
        | Route::Schemas(_) => discovery::answer(&exchange),
        Route::Unknown => Err(scim::Error::not_found(
            "There is nothing at this address; the resources are at /Users and /Groups.",
        )
        .into()),
    }
}

fn options(route: &Route) -> Response {
    let mut response = empty(204);
    let allow = HeaderValue::from_static(route.allow());
    response.headers_mut().insert(http::header::ALLOW, allow);
    response
}

impl<'a> Exchange<'a> {
    fn new(asked: &'a mut Asked) -> Result<Self, Refusal> {
        let Asked { request, face, front, route, id, since, caller } = asked;
        let (Some(front), Some(caller)) = (front, caller) else {
            return Err(scim::Error::internal().into());
        };
        Ok(Self { face, front, route, caller, since: *since, id, request })
    }

    /// On whose word something is written.
    pub(super) fn who(&self) -> Who {
        let request = self.id.to_str().ok().map(str::to_owned);
        Who { title: self.caller.title.clone(), request }
    }

    pub(super) fn tenant(&self) -> &Arc<Tenant> {
        &self.front.tenant
    }

    pub(super) fn method(&self) -> &Method {
        self.request.method()
    }

    /// A method that this address does not know.
    pub(super) fn not_allowed(&self) -> Refusal {
        Refusal::method_not_allowed(self.route.allow())
    }

    /// What a kind of resource is here.
    pub(super) fn resource_type(&self, kind: Kind) -> Result<&ResourceType, scim::Error> {
        self.tenant().resource_type(kind).ok_or_else(|| {
            scim::Error::not_implemented(format!("This tenant's LMS has no {kind}s."))
        })
    }

    /// The parameters of the URL.
    pub(super) fn parameters(&self) -> Result<Parameters, scim::Error> {
        let query = self.request.uri().query().unwrap_or_default();
        let mut pairs = Vec::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            pairs.push((decoded(name)?, decoded(value)?));
        }
        Parameters::from_pairs(pairs)
    }

    /// Whether the client wants to hear it from the LMS itself.
    pub(super) fn fresh(&self) -> bool {
        let header = self.request.headers().get_all(CACHE_CONTROL);
        let mut words = header.iter().filter_map(|value| value.to_str().ok());
        words.any(|text| {
            let mut words = text.split(',').map(str::trim);
            words.any(|word| FRESH.iter().any(|fresh| fresh.eq_ignore_ascii_case(word)))
        })
    }

    /// What the client wants to hold.
    pub(super) fn conditions(&self) -> Result<Conditions, scim::Error> {
        let (matching, other) = (self.list(IF_MATCH), self.list(IF_NONE_MATCH));
        Conditions::parse(matching.as_deref(), other.as_deref())
    }

    /// A header that is a list: all of its lines are one (RFC 9110 §5.3). Bytes that are
    /// no text become a mark that no tag of ours has: what a client relies on is never
    /// passed over.
    fn list(&self, name: HeaderName) -> Option<String> {
        let lines = self.request.headers().get_all(name).iter();
        let lines: Vec<_> = lines.map(|line| String::from_utf8_lossy(line.as_bytes())).collect();
        (!lines.is_empty()).then(|| lines.join(", "))
    }

    /// The URL of the tenant as this client knows it.
    pub(super) fn base(&self) -> String {
        let path = &self.front.path;
        match &self.face.config.public_url {
            Some(url) => [url.trim_end_matches('/'), path].concat(),
            None => [self.scheme(), "://", self.host(), path].concat(),
        }
    }

    fn scheme(&self) -> &'static str {
        let https = self.request.extensions().get::<Peer>().is_some_and(|peer| peer.https);
        if https { "https" } else { "http" }
    }

    fn host(&self) -> &str {
        let authority = self.request.uri().authority().map(http::uri::Authority::as_str);
        let host = self.request.headers().get(HOST).and_then(|host| host.to_str().ok());
        // It goes into answers, so it must not be able to say anything else.
        let sound = |host: &&str| {
            let plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-:[]_".contains(&byte);
            !host.is_empty() && host.len() <= 255 && host.bytes().all(plain)
        };
        authority.or(host).filter(sound).unwrap_or("localhost")
    }

    /// The document in the body. Nothing of it was read before.
    pub(super) async fn document(&mut self) -> Result<Value, Refusal> {
        self.check_media()?;
        let most = self.face.config.body;
        let too_large = || scim::Error::too_large(format!("The body is larger than {most} bytes."));
        let said = self.request.headers().get(CONTENT_LENGTH);
        let said = said.and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
        if said.is_some_and(|length| length > most) {
            return Err(too_large().into());
        }
        let body = std::mem::replace(self.request.body_mut(), Body::empty());
        let bytes = match Limited::new(body, most).collect().await {
            Ok(collected) => collected.to_bytes(),
            Err(error) if error.is::<http_body_util::LengthLimitError>() => {
                return Err(too_large().into());
            }
            Err(error) => return Err(broken(&error).into()),
        };
        if bytes.is_empty() {
            return Err(scim::Error::invalid_syntax("The request has no body.").into());
        }
        Ok(scim::parse_json(&bytes)?)
    }

    /// JSON by any of its names, and nothing wrapped around it.
    fn check_media(&self) -> Result<(), scim::Error> {
        let headers = self.request.headers();
        if headers.get(CONTENT_ENCODING).is_some_and(|coding| coding != "identity") {
            return Err(scim::Error::unsupported_media_type("Bodies are taken uncompressed only."));
        }
        let Some(kind) = headers.get(CONTENT_TYPE) else { return Ok(()) };
        let kind = kind.to_str().unwrap_or_default();
        let name = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let json = ["application/scim+json", "application/json", "text/json"];
        if json.contains(&name.as_str()) || name.is_empty() {
            return Ok(());
        }
        Err(scim::Error::unsupported_media_type(
            "The body must be `application/scim+json` or `application/json`.",
        ))
    }

    /// An answer that shows a resource.
    pub(super) fn show(&self, status: u16, view: &View, projection: &Projection) -> Response {
        let base = self.base();
        let mut text = Vec::new();
        self.write(view, projection, &base, &mut text);
        let mut response = refusal::text(status, text.into());
        name_version(&mut response, view);
        if let (201, Some(id)) = (status, view.id()) {
            let location = scim::location(&base, view.kind(), id.as_str());
            if let Ok(location) = HeaderValue::from_str(&location) {
                response.headers_mut().insert(LOCATION, location);
            }
        }
        response
    }

    /// Writes a resource as the client wants to see it.
    pub(super) fn write(&self, view: &View, wanted: &Projection, base: &str, out: &mut Vec<u8>) {
        if view.write(base, wanted, out) {
            return;
        }
        let Some(resource_type) = self.tenant().resource_type(view.kind()) else { return };
        let resource = view.resource();
        // What was JSON before can be written into memory.
        let _ = serde_json::to_writer(out, &Shown::new(&resource, resource_type, wanted).at(base));
    }
}

/// An answer names the version that it shows.
pub(super) fn name_version(response: &mut Response, view: &View) {
    if let Ok(version) = HeaderValue::try_from(view.version().quoted()) {
        response.headers_mut().insert(ETAG, version);
    }
}

fn broken(error: &BoxError) -> scim::Error {
    match error.downcast_ref::<BodyError>() {
        Some(BodyError::TimedOut) => scim::Error::invalid_syntax("The body took too long."),
        Some(BodyError::Broken(_)) | None => {
            scim::Error::invalid_syntax("The body broke off before its end.")
        }
    }
}

/// A piece of a query, decoded once: `+` is a space there.
fn decoded(text: &str) -> Result<String, scim::Error> {
    let spaced = text.replace('+', " ");
    let text = percent_decode_str(&spaced).decode_utf8();
    let text = text.map_err(|_| scim::Error::invalid_value("The query is not UTF-8."))?;
    Ok(text.into_owned())
}
