//! What answers look like: text for people, JSON for those who ask for it.

use crate::server::Response;
use bytes::Bytes;
use http::header::{ACCEPT, CACHE_CONTROL, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderMap, HeaderValue, StatusCode};
use http_body_util::{BodyExt, Full};
use serde_json::{Value, json};

/// An answer whose body is still in one piece.
pub(super) type Answer = http::Response<Bytes>;

const TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");
const JSON: HeaderValue = HeaderValue::from_static("application/json");
/// The version belongs to it: by that a scraper knows how to read on.
const EXPOSITION: HeaderValue =
    HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");

pub(super) fn text(status: StatusCode, body: impl Into<Bytes>) -> Answer {
    answer(status, TEXT, body.into())
}

pub(super) fn json(status: StatusCode, body: &Value) -> Answer {
    answer(status, JSON, format!("{body}\n").into())
}

/// An answer that says nothing but its status.
pub(super) fn empty(status: StatusCode) -> Answer {
    let mut answer = text(status, "");
    answer.headers_mut().remove(CONTENT_TYPE);
    answer
}

pub(super) fn exposition(body: String) -> Answer {
    answer(StatusCode::OK, EXPOSITION, body.into())
}

/// A refusal; the words say what to do instead.
pub(super) fn refusal(status: StatusCode, headers: &HeaderMap, words: &str) -> Answer {
    if prefers_json(headers) {
        return json(status, &json!({ "status": status.as_u16(), "detail": words }));
    }
    text(status, format!("{status}: {words}\n"))
}

/// JSON goes to those who name it; `*/*` is what `curl` says for a person.
pub(super) fn prefers_json(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(ACCEPT).into_iter().filter_map(|value| value.to_str().ok());
    let mut ranges = accepted.flat_map(|value| value.split(','));
    ranges.any(|range| {
        let kind = range.split(';').next().unwrap_or_default();
        kind.trim().eq_ignore_ascii_case("application/json")
    })
}

/// Sends it on its way.
pub(super) fn send(answer: Answer) -> Response {
    answer.map(|body| Full::new(body).map_err(|never| match never {}).boxed_unsync())
}

fn answer(status: StatusCode, kind: HeaderValue, body: Bytes) -> Answer {
    let mut answer = Answer::new(body);
    *answer.status_mut() = status;
    let headers = answer.headers_mut();
    headers.insert(CONTENT_TYPE, kind);
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    answer
}
