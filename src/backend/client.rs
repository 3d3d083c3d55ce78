//! One exchange over a pool of connections: bounded in time from the connection to
//! the body's last byte, and in size.

use bytes::Bytes;
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Uri, header};
use http_body_util::Full;
use tokio::time::{Instant, timeout_at};

use super::connect::Connector;
use super::fault::{self, Fault};
use super::line::{Answer, Outgoing};
use super::pool::{Pool, Progress};
use super::settings::Settings;
use crate::call::{Call, Reply, Target};

/// The client of one LMS.
#[derive(Debug)]
pub(super) struct Client {
    pool: Pool,
    path: String,
}

impl Client {
    pub(super) fn new(connector: Connector, settings: &Settings, base: Uri) -> Self {
        let path = base.path().trim_end_matches('/').to_owned();
        Self { pool: Pool::new(connector, settings, base), path }
    }

    /// Sends a call and reads its whole answer.
    pub(super) async fn exchange(&self, call: &Call, until: Instant) -> Result<Reply, Fault> {
        let request = self.request(call)?;
        let progress = Progress::default();
        // One timer for everything, from the connection to the body's end.
        let answer = timeout_at(until, self.pool.exchange(request, &progress)).await;
        let answer = answer.unwrap_or_else(|_| {
            self.pool.gave_up(&progress);
            Err(fault::late(progress.is_begun()))
        })?;
        Ok(reply(&answer, call))
    }

    fn request(&self, call: &Call) -> Result<Outgoing, Fault> {
        let body = call.encoded().map_err(|error| fault::unfit(&error))?;
        let target = within(&self.path, &call.target)?;
        let (kind, bytes) = match body {
            Some(body) => (Some(body.content_type), Bytes::from(body.bytes)),
            None => (None, Bytes::new()),
        };
        let mut request = Request::new(Full::new(bytes));
        *request.method_mut() = method(call.method);
        *request.uri_mut() = target.into();
        headers(request.headers_mut(), call, kind)?;
        Ok(request)
    }
}

fn reply((head, body): &Answer, call: &Call) -> Reply {
    let text = |value| String::from_utf8_lossy(HeaderValue::as_bytes(value));
    let headers = head.headers.iter().map(|(name, value)| (name.as_str(), text(value)));
    Reply::read_for(call.wanted.as_deref(), (head.status.as_u16(), headers, body))
}

/// Where a target is on the LMS. It never becomes a part of the host's name, since it
/// is not written behind one.
fn within(path: &str, target: &Target) -> Result<PathAndQuery, Fault> {
    let mut whole = format!("{path}{target}");
    if whole.is_empty() {
        whole.push('/');
    }
    if !whole.starts_with('/') {
        return Err(fault::unfit(&format_args!("`{whole}` does not begin with a slash")));
    }
    PathAndQuery::try_from(whole).map_err(|error| fault::unfit(&error))
}

/// The mapping's headers go before ours.
fn headers(headers: &mut HeaderMap, call: &Call, kind: Option<String>) -> Result<(), Fault> {
    const AGENT: HeaderValue =
        HeaderValue::from_static(concat!("matricula/", env!("CARGO_PKG_VERSION")));
    const JSON: HeaderValue = HeaderValue::from_static("application/json");
    headers.insert(header::USER_AGENT, AGENT);
    headers.insert(header::ACCEPT, JSON);
    if let Some(kind) = kind {
        let kind = HeaderValue::from_str(&kind).map_err(|error| fault::unfit(&error))?;
        headers.insert(header::CONTENT_TYPE, kind);
    }
    for (name, value) in &call.headers {
        let name: HeaderName = name.parse().map_err(|error| fault::unfit(&error))?;
        let mut value = HeaderValue::from_str(value).map_err(|error| fault::unfit(&error))?;
        // Never indexed by HTTP/2, never shown by `Debug`: which of them are
        // credentials is the mapping's knowledge.
        value.set_sensitive(true);
        headers.insert(name, value);
    }
    Ok(())
}

fn method(method: crate::call::Method) -> http::Method {
    use crate::call::Method;
    match method {
        Method::Get => http::Method::GET,
        Method::Head => http::Method::HEAD,
        Method::Post => http::Method::POST,
        Method::Put => http::Method::PUT,
        Method::Patch => http::Method::PATCH,
        Method::Delete => http::Method::DELETE,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(path: &str, written: &str) -> Option<String> {
        let mut target = Target::new();
        target.written(written);
        within(path, &target).ok().map(|whole| whole.to_string())
    }

    #[test]
    fn a_target_is_put_behind_the_path_of_the_base() {
        let whole = at("/moodle", "/webservice/rest?a=b").unwrap();
        assert_eq!(whole, "/moodle/webservice/rest?a=b");
        assert_eq!(at("", "").unwrap(), "/");
        assert_eq!(at("/a", "").unwrap(), "/a");
    }

    #[test]
    fn a_target_never_becomes_a_part_of_the_host() {
        for written in [".evil.example/", "@evil.example/", ":81/", "x"] {
            assert_eq!(at("", written), None, "{written}");
        }
    }
}
