//! Refusals on their way to the client: the one place where an error becomes an
//! answer.

use std::sync::Arc;

use bytes::Bytes;
use http::header::{ALLOW, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderName, HeaderValue, StatusCode};
use http_body_util::{BodyExt, Full};
use serde::Serialize;

use super::guessers::Late;
use crate::provision;
use crate::scim;
use crate::server::{BoxError, Response};

/// RFC 7644 §3.1.
pub(super) const MEDIA_TYPE: &str = "application/scim+json";

/// Why a request is refused: what the client reads, and what the log needs.
#[derive(Debug, thiserror::Error)]
#[error("{error}")]
pub(super) struct Refusal {
    pub error: scim::Error,
    pub header: Option<Box<(HeaderName, HeaderValue)>>,
    pub cause: Option<Box<provision::Error>>,
    /// Whether the answer is to be late.
    pub late: Option<Late>,
}

/// What the log says of an answer that is a refusal.
#[derive(Clone, Debug)]
pub(super) struct Told(pub Arc<Refusal>);

impl From<scim::Error> for Refusal {
    fn from(error: scim::Error) -> Self {
        Self { error, header: None, cause: None, late: None }
    }
}

impl From<provision::Error> for Refusal {
    fn from(cause: provision::Error) -> Self {
        let error = cause.to_scim();
        Self { cause: Some(Box::new(cause)), ..Self::from(error) }
    }
}

impl Refusal {
    /// 401, with the word on how to do better.
    pub(super) fn unauthorized(detail: &str) -> Self {
        let challenge = HeaderValue::from_static("Bearer realm=\"scim\"");
        let error = scim::Error::unauthorized(detail);
        Self { header: Some(Box::new((WWW_AUTHENTICATE, challenge))), ..Self::from(error) }
    }

    /// 405, with what would have been allowed.
    pub(super) fn method_not_allowed(allowed: &'static str) -> Self {
        let error = scim::Error::method_not_allowed(format!(
            "This address knows no such method; it knows {allowed}."
        ));
        let header = Some(Box::new((ALLOW, HeaderValue::from_static(allowed))));
        Self { header, ..Self::from(error) }
    }
}

/// The answer to a request that failed.
pub(super) fn answer(error: BoxError) -> Response {
    let refusal = match error.downcast::<Refusal>() {
        Ok(refusal) => *refusal,
        // Nothing below fails otherwise. If it did, that is not the client's
        // affair, and its words are not for him.
        Err(other) => {
            tracing::error!(error = %other, "a failure without an answer of its own");
            Refusal::from(scim::Error::internal())
        }
    };
    let mut response = document(refusal.error.status(), &refusal.error);
    let headers = response.headers_mut();
    if let Some(seconds) = refusal.error.retry_after() {
        headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    if let Some(header) = &refusal.header {
        headers.insert(header.0.clone(), header.1.clone());
    }
    response.extensions_mut().insert(Told(Arc::new(refusal)));
    response
}

/// An answer with a document in it.
pub(super) fn document(status: u16, body: &impl Serialize) -> Response {
    text(status, written(body).into())
}

/// A document as text.
pub(super) fn written(body: &impl Serialize) -> Vec<u8> {
    // Enough for one resource, without growing on the way.
    let mut text = Vec::with_capacity(1024);
    // What is shown was made by us from JSON: it can be written.
    if serde_json::to_writer(&mut text, body).is_err() {
        text.clear();
    }
    text
}

/// An answer with a document that was written before.
pub(super) fn text(status: u16, text: Bytes) -> Response {
    let mut response = plain(status, text);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
    response
}

/// An answer that says nothing but its status.
pub(super) fn empty(status: u16) -> Response {
    plain(status, Bytes::new())
}

fn plain(status: u16, bytes: Bytes) -> Response {
    let body = Full::new(bytes).map_err(|never| match never {}).boxed_unsync();
    let mut response = http::Response::new(body);
    *response.status_mut() =
        StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response
}
