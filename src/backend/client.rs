//! One exchange over a pooled HTTP client: bounded in time from the connection
//! to the body's last byte, and in size.
//!
//! The client re-sends by itself only what it has not begun to write.

use bytes::Bytes;
use http::uri::{PathAndQuery, Scheme};
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, Uri, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper_util::client::legacy::connect::{Connect, capture_connection};
use hyper_util::client::legacy::{Client as Pool, ResponseFuture};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tokio::time::{Instant, timeout_at};

use super::fault::{self, Fault};
use super::settings::Settings;
use crate::call::{Call, Reply, Target};

/// The client of one LMS.
#[derive(Debug)]
pub(super) struct Client {
    pool: Box<dyn Pooled>,
    base: Uri,
    host: Option<HeaderValue>,
    most: usize,
}

/// A pooled client, whatever its connector. As a tower service it would have to be
/// cloned for each call.
trait Pooled: std::fmt::Debug + Send + Sync {
    fn send(&self, request: Request<Full<Bytes>>) -> ResponseFuture;
}

impl<C> Pooled for Pool<C, Full<Bytes>>
where
    C: Connect + Clone + Send + Sync + 'static,
{
    fn send(&self, request: Request<Full<Bytes>>) -> ResponseFuture {
        self.request(request)
    }
}

impl Client {
    pub(super) fn new<C>(connector: C, settings: &Settings, base: Uri) -> Self
    where
        C: Connect + Clone + Send + Sync + 'static,
    {
        let pool = Pool::builder(TokioExecutor::new())
            .timer(TokioTimer::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(settings.timing.idle)
            .pool_max_idle_per_host(settings.limits.concurrency)
            .build::<_, Full<Bytes>>(connector);
        let host = host(&base);
        Self { pool: Box::new(pool), base, host, most: settings.limits.answer }
    }

    /// Sends a call and reads its whole answer.
    pub(super) async fn exchange(&self, call: &Call, until: Instant) -> Result<Reply, Fault> {
        let mut request = self.request(call)?;
        let connection = capture_connection(&mut request);
        let connected = || connection.connection_metadata().is_some();
        let whole = async {
            match self.pool.send(request).await {
                Ok(response) => self.read(response, call).await,
                Err(error) => Err(fault::unanswered(&error, connected())),
            }
        };
        // One timer for head and body: a head proves that there was a connection.
        timeout_at(until, whole).await.unwrap_or_else(|_| Err(fault::late(connected())))
    }

    async fn read(&self, response: Response<Incoming>, call: &Call) -> Result<Reply, Fault> {
        let (head, body) = response.into_parts();
        let status = head.status.as_u16();
        let whole = Limited::new(body, self.most).collect().await;
        let bytes = match whole {
            Err(error) => return Err(fault::unfinished(error.as_ref(), status)),
            Ok(collected) => collected.to_bytes(),
        };
        let texts = texts(&head.headers);
        let pairs: Vec<(&str, &str)> =
            texts.iter().map(|(name, value)| (*name, value.as_ref())).collect();
        Ok(Reply::read_for(call.wanted.as_deref(), (status, &pairs, &bytes)))
    }

    fn request(&self, call: &Call) -> Result<Request<Full<Bytes>>, Fault> {
        let body = call.encoded().map_err(|error| fault::unfit(&error))?;
        let uri = within(&self.base, &call.target).map_err(|error| fault::unfit(&error))?;
        let (kind, bytes) = match body {
            Some(body) => (Some(body.content_type), Bytes::from(body.bytes)),
            None => (None, Bytes::new()),
        };
        let mut request = Request::new(Full::new(bytes));
        *request.method_mut() = method(call.method);
        *request.uri_mut() = uri;
        headers(request.headers_mut(), call, kind)?;
        if let Some(host) = &self.host {
            request.headers_mut().entry(header::HOST).or_insert_with(|| host.clone());
        }
        Ok(request)
    }
}

/// Where a target is. Scheme and host are the base's and are not read again, so no
/// target can become a part of them.
fn within(base: &Uri, target: &Target) -> Result<Uri, http::Error> {
    let mut path = format!("{}{target}", base.path().trim_end_matches('/'));
    if path.is_empty() {
        path.push('/');
    }
    let mut parts = base.clone().into_parts();
    parts.path_and_query = Some(PathAndQuery::try_from(path)?);
    Ok(Uri::from_parts(parts)?)
}

/// Whom a request over plain HTTP is for, which the pooled client would write anew
/// each time. Over TLS it has to: it alone knows of HTTP/2, which wants none.
fn host(base: &Uri) -> Option<HeaderValue> {
    let host = base.host().filter(|_| base.scheme() == Some(&Scheme::HTTP))?;
    let text = match base.port_u16().filter(|port| *port != 80) {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    };
    HeaderValue::try_from(text).ok()
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

fn texts(headers: &HeaderMap) -> Vec<(&str, std::borrow::Cow<'_, str>)> {
    let text = |value| String::from_utf8_lossy(HeaderValue::as_bytes(value));
    headers.iter().map(|(name, value)| (name.as_str(), text(value))).collect()
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

    fn at(base: &'static str, written: &str) -> Option<String> {
        let mut target = Target::new();
        target.written(written);
        within(&Uri::from_static(base), &target).ok().map(|uri| uri.to_string())
    }

    #[test]
    fn a_target_is_put_behind_the_path_of_the_base() {
        for base in ["https://lms.example:8443/moodle", "https://lms.example:8443/moodle/"] {
            let whole = at(base, "/webservice/rest?a=b").unwrap();
            assert_eq!(whole, "https://lms.example:8443/moodle/webservice/rest?a=b");
        }
        assert_eq!(at("http://lms.example", "").unwrap(), "http://lms.example/");
        assert_eq!(at("http://lms.example/a", "").unwrap(), "http://lms.example/a");
    }

    #[test]
    fn a_host_is_named_with_the_port_that_it_does_not_have_by_itself() {
        let named = |base| host(&Uri::from_static(base)).map(|it| it.to_str().unwrap().to_owned());
        assert_eq!(named("http://lms.example").as_deref(), Some("lms.example"));
        assert_eq!(named("http://me@lms.example:80/a").as_deref(), Some("lms.example"));
        assert_eq!(named("http://[::1]:8080").as_deref(), Some("[::1]:8080"));
        assert_eq!(named("https://lms.example"), None);
    }

    #[test]
    fn a_target_never_becomes_a_part_of_the_host() {
        for written in [".evil.example/", "@evil.example/", ":81/", "x"] {
            assert_eq!(at("http://lms.example", written), None, "{written}");
        }
    }
}
