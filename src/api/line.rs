//! The outermost: each request's id, its one line in the log, its one count.

use std::convert::Infallible;
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use http::HeaderValue;
use tokio::time::Instant;
use tracing::Instrument;

use super::Shared;
use super::auth::Caller;
use super::face::{Face, Front};
use super::refusal::{self, Told};
use super::route::Route;
use super::stack::Next;
use crate::provision;
use crate::scim::ScimType;
use crate::server::{Peer, Request, Response};

/// What a request is about, from its first moment on.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub face: Arc<Face>,
    pub front: Option<Arc<Front>>,
    pub route: Route,
    /// The id of the request, in the log and in the audit trail.
    pub id: HeaderValue,
    caller: Arc<OnceLock<String>>,
}

impl Asked {
    /// Who asks is known now.
    pub(super) fn caller(&self, caller: &Caller) {
        let _ = self.caller.set(caller.title.clone());
    }

    pub(super) fn tenant(&self) -> &str {
        self.front.as_ref().map_or("none", |front| front.tenant.name())
    }
}

const REQUEST_ID: &str = "x-request-id";

/// Answers a request, whatever happens.
pub(super) async fn observe(
    shared: Arc<Shared>,
    mut request: Request,
    next: Next,
) -> Result<Response, Infallible> {
    let started = Instant::now();
    let face = shared.face.load_full();
    let (front, route) = face.locate(request.uri().path());
    let (id, caller) = (request_id(&request, &shared.ids), Arc::default());
    let front = front.cloned();
    let asked = Asked { front, route, id: id.clone(), caller, face: Arc::clone(&face) };
    let line = Line::of(&request, &asked);
    request.extensions_mut().insert(asked.clone());
    let under_way = UnderWay::new(&shared);
    let span = tracing::info_span!("request", id = %id.to_str().unwrap_or_default());
    let mut response = match next.answer(request).instrument(span).await {
        Ok(response) => response,
        Err(error) => refusal::answer(error),
    };
    drop(under_way);
    let took = started.elapsed();
    let labels = (asked.tenant(), asked.route.template());
    shared.metrics.answered(labels, &line.method, response.status(), took);
    line.write(&asked, &response, took, &id);
    response.headers_mut().insert(REQUEST_ID, id);
    Ok(response)
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
    let given = request.headers().get(REQUEST_ID).filter(|id| {
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
        let text = HeaderValue::from_str(&format!("{number:016x}"));
        text.unwrap_or(HeaderValue::from_static("0"))
    }
}

/// What the log says of a request: its head, before it is taken apart.
struct Line {
    method: http::Method,
    peer: String,
    /// The address with what it asks for: that names people.
    target: Option<String>,
}

impl Line {
    fn of(request: &Request, asked: &Asked) -> Self {
        let peer = request.extensions().get::<Peer>();
        let personal = asked.face.config.personal;
        Self {
            method: request.method().clone(),
            peer: peer.map(|peer| peer.address.to_string()).unwrap_or_default(),
            target: personal.then(|| request.uri().to_string()),
        }
    }

    fn write(
        &self,
        asked: &Asked,
        response: &Response,
        took: std::time::Duration,
        id: &HeaderValue,
    ) {
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
            id = id.to_str().unwrap_or_default(),
            tenant = asked.tenant(),
            method = %self.method,
            route = asked.route.template(),
            status,
            micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX),
            token = asked.caller.get().map(String::as_str),
            peer = self.peer,
            scim_type,
            cause = cause.map(provision::Error::word),
            detail,
            said,
            target = self.target,
        );
    }
}
