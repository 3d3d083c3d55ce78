//! The outermost: each request's id, its one line in the log, its one count.

use std::convert::Infallible;
use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use http::{HeaderName, HeaderValue};
use tokio::time::Instant;

use super::Shared;
use super::auth::Caller;
use super::face::{Face, Front};
use super::refusal::{self, Told};
use super::route::Route;
use super::stack::Next;
use crate::behalf;
use crate::provision;
use crate::scim::ScimType;
use crate::server::{Peer, Request, Response};

/// A request, and what it is about, from its first moment on.
pub(super) struct Asked {
    pub request: Request,
    pub face: Arc<Face>,
    pub front: Option<Arc<Front>>,
    pub route: Route,
    /// The id of the request, in the log and in the audit trail.
    pub id: HeaderValue,
    /// When it came.
    pub since: Instant,
    /// Who asks, once that is known.
    pub caller: Option<Caller>,
}

impl Asked {
    fn new(shared: &Shared, request: Request) -> Self {
        let face = shared.face.load_full();
        let (front, route) = face.locate(request.uri().path());
        let (front, id) = (front.cloned(), request_id(&request, &shared.ids));
        Self { request, face, front, route, id, since: Instant::now(), caller: None }
    }

    pub(super) fn tenant(&self) -> &str {
        self.front.as_ref().map_or("none", |front| front.tenant.name())
    }

    /// Where the client is.
    pub(super) fn address(&self) -> Option<IpAddr> {
        self.request.extensions().get::<Peer>().map(|peer| peer.address)
    }
}

static REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The outermost stage: each request has its id, its line in the log, its count.
pub(super) struct Observed<N> {
    pub shared: Arc<Shared>,
    pub next: N,
}

impl<N: Next> Observed<N> {
    /// Answers a request, whatever happens.
    pub(super) async fn answer(self: Arc<Self>, request: Request) -> Result<Response, Infallible> {
        let mut asked = Asked::new(&self.shared, request);
        let under_way = UnderWay::new(&self.shared);
        let id = asked.id.clone();
        let mut response = match behalf::of(id, self.next.answer(&mut asked)).await {
            Ok(response) => response,
            Err(error) => refusal::answer(error),
        };
        drop(under_way);
        let took = asked.since.elapsed();
        let labels = (asked.tenant(), asked.route.template());
        self.shared.metrics.answered(labels, asked.request.method(), response.status(), took);
        tell(&asked, &response, took);
        response.headers_mut().insert(REQUEST_ID.clone(), asked.id);
        Ok(response)
    }
}

/// Counts a request for as long as it is there, also when its client leaves.
struct UnderWay<'a>(&'a Shared);

impl<'a> UnderWay<'a> {
    fn new(shared: &'a Shared) -> Self {
        shared.metrics.in_flight.inc();
        Self(shared)
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.metrics.in_flight.dec();
    }
}

/// The client's own id for this request if it is fit to be logged, or a new one.
fn request_id(request: &Request, ids: &Ids) -> HeaderValue {
    let given = request.headers().get(&REQUEST_ID).filter(|id| {
        let sound = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.:".contains(byte);
        (1..=128).contains(&id.len()) && id.as_bytes().iter().all(sound)
    });
    given.cloned().unwrap_or_else(|| ids.next())
}

/// New ids for requests. Nobody can guess them, and nobody has to ask the system
/// for randomness each time.
#[derive(Debug, Default)]
pub(super) struct Ids {
    count: AtomicU64,
    hash: RandomState,
}

impl Ids {
    fn next(&self) -> HeaderValue {
        let number = self.hash.hash_one(self.count.fetch_add(1, Ordering::Relaxed));
        let text: [u8; 16] = std::array::from_fn(|place| digit(number >> (60 - 4 * place)));
        HeaderValue::from_bytes(&text).unwrap_or(HeaderValue::from_static("0"))
    }
}

/// The last hexadecimal digit.
fn digit(number: u64) -> u8 {
    let digit = u8::try_from(number & 15).unwrap_or_default();
    if digit < 10 { b'0' + digit } else { b'a' - 10 + digit }
}

/// An address as text. The formatter's way to four numbers is a long one.
fn dotted(address: IpAddr) -> String {
    let IpAddr::V4(four) = address else { return address.to_string() };
    let mut text = String::with_capacity(15);
    for octet in four.octets() {
        let digits = [100, 10, 1].into_iter().filter(|unit| octet >= *unit || *unit == 1);
        text.extend(digits.map(|unit| char::from(b'0' + octet / unit % 10)));
        text.push('.');
    }
    text.pop();
    text
}

/// What the log says of a request.
fn tell(asked: &Asked, response: &Response, took: Duration) {
    let status = response.status().as_u16();
    let told = response.extensions().get::<Told>();
    let refusal = told.map(|told| &*told.0);
    let cause = refusal.and_then(|refusal| refusal.cause.as_deref());
    let personal = asked.face.config.personal;
    let scim_type = refusal.and_then(|it| it.error.scim_type()).map(ScimType::as_str);
    let detail = refusal.filter(|_| personal || status >= 500).map(|it| it.error.detail());
    let said = cause.and_then(|it| it.said()).filter(|_| personal || status >= 500);
    tracing::info!(
        target: "matricula::request",
        id = asked.id.to_str().unwrap_or_default(),
        tenant = asked.tenant(),
        method = %asked.request.method(),
        route = asked.route.template(),
        status,
        micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX),
        token = asked.caller.as_ref().map(|caller| caller.title.as_str()),
        peer = asked.address().map(dotted).unwrap_or_default(),
        scim_type,
        cause = cause.map(provision::Error::word),
        detail,
        said,
        // The address with what it asks for: that names people.
        url = personal.then(|| asked.request.uri().to_string()),
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_written_as_always() {
        for text in ["0.0.0.0", "127.0.0.1", "10.99.100.255", "2001:db8::1", "::ffff:1.2.3.4"] {
            assert_eq!(dotted(text.parse().unwrap()), text);
        }
    }

    #[test]
    fn a_new_id_is_sixteen_digits() {
        assert_eq!((0..18).map(digit).collect::<Vec<_>>(), b"0123456789abcdef01");
        let (ids, sound) = (Ids::default(), |byte: &u8| b"0123456789abcdef".contains(byte));
        let (one, other) = (ids.next(), ids.next());
        assert!(one.len() == 16 && one.as_bytes().iter().all(sound) && one != other);
    }
}
