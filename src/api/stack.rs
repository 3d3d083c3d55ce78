//! The way of a request, outermost first, on one screen.

use std::sync::Arc;
use std::time::Duration;

use http_body_util::BodyExt;
use tower::util::{BoxCloneSyncService, MapResponseLayer};
use tower::{Layer, ServiceBuilder, ServiceExt, layer::layer_fn, service_fn};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::{CompressionLayer, Predicate, predicate::SizeAbove};

use super::refusal::{self, Refusal};
use super::{Shared, auth, exchange, line};
use crate::scim;
use crate::server::{self, BoxError, Request, Response};

/// What comes next. Boxed at each stage, so that types stay short and a test can
/// enter anywhere.
pub(super) type Next = BoxCloneSyncService<Request, Response, BoxError>;

/// Answers smaller than this are not worth compressing.
const WORTH_COMPRESSING: u64 = 1024;

pub(super) fn stack(shared: &Arc<Shared>) -> server::Service {
    let observed = Arc::clone(shared);
    let inner: Next = ServiceBuilder::new()
        .layer(compressed(shared.face.load().config.compress))
        // Inside of all that looks at answers, outside of all that refuses: so a
        // refusal is a SCIM error, and is counted like any other answer.
        .layer(around(rescue))
        .layer(panics_are_failures())
        .layer(around(deadline(shared)))
        .layer(around(shed(shared)))
        // Before anything reads a body.
        .layer(around(authenticated(shared)))
        .service(BoxCloneSyncService::new(service_fn(exchange::answer)));
    // The outermost cannot fail any more: whatever happened is an answer.
    BoxCloneSyncService::new(service_fn(move |request| {
        line::observe(Arc::clone(&observed), request, inner.clone())
    }))
}

/// A layer that is a function of the request and of what comes next.
fn around<F, Fut>(act: F) -> impl Layer<Next, Service = Next> + Clone
where
    F: Fn(Request, Next) -> Fut + Clone + Send + Sync + 'static,
    Fut: Future<Output = Result<Response, BoxError>> + Send + 'static,
{
    layer_fn(move |next: Next| {
        let act = act.clone();
        BoxCloneSyncService::new(service_fn(move |request| act(request, next.clone())))
    })
}

/// Whatever went wrong below becomes the answer that says so.
async fn rescue(request: Request, next: Next) -> Result<Response, BoxError> {
    Ok(match next.oneshot(request).await {
        Ok(response) => response,
        Err(error) => refusal::answer(error),
    })
}

/// A request may take so long, and no longer. What it has begun to write is
/// finished all the same.
fn deadline(
    shared: &Arc<Shared>,
) -> impl Fn(Request, Next) -> Waiting + Clone + Send + Sync + 'static {
    let shared = Arc::clone(shared);
    move |request, next| {
        let whole = shared.face.load().config.deadline.max(Duration::from_millis(1));
        Box::pin(async move {
            match tokio::time::timeout(whole, next.oneshot(request)).await {
                Ok(answer) => answer,
                Err(_) => Err(busy("The LMS took too long to answer.").into()),
            }
        })
    }
}

/// When all places are taken, the next request is told so at once: a queue here
/// would only make everybody late.
fn shed(shared: &Arc<Shared>) -> impl Fn(Request, Next) -> Waiting + Clone + Send + Sync + 'static {
    let shared = Arc::clone(shared);
    move |request, next| {
        let shared = Arc::clone(&shared);
        Box::pin(async move {
            let Ok(_place) = shared.slots.try_acquire() else {
                return Err(busy("The gateway has too many requests at the same time.").into());
            };
            next.oneshot(request).await
        })
    }
}

fn authenticated(
    shared: &Arc<Shared>,
) -> impl Fn(Request, Next) -> Waiting + Clone + Send + Sync + 'static {
    let shared = Arc::clone(shared);
    move |mut request, next| {
        let clock = shared.clock.clone();
        Box::pin(async move {
            auth::authenticate(&mut request, clock.now())?;
            next.oneshot(request).await
        })
    }
}

type Waiting = std::pin::Pin<Box<dyn Future<Output = Result<Response, BoxError>> + Send>>;

fn busy(detail: &str) -> Refusal {
    Refusal::from(scim::Error::unavailable(detail, 5))
}

/// A panic is a fault of ours in this one request, and no reason to end others.
fn panics_are_failures() -> impl Layer<Next, Service = Next> + Clone {
    layer_fn(|next: Next| {
        let caught = ServiceBuilder::new()
            .layer(CatchPanicLayer::custom(|_| {
                refusal::answer(Refusal::from(scim::Error::internal()).into())
            }))
            .service(next);
        let same = MapResponseLayer::new(|response: http::Response<_>| response.map(boxed));
        BoxCloneSyncService::new(same.layer(caught))
    })
}

fn compressed(wanted: bool) -> impl Layer<Next, Service = Next> + Clone {
    layer_fn(move |next: Next| {
        if !wanted {
            return next;
        }
        let worth = SizeAbove::new(WORTH_COMPRESSING).and(not_said_otherwise);
        let compression = CompressionLayer::new().gzip(true).compress_when(worth);
        let same = MapResponseLayer::new(|response: http::Response<_>| response.map(boxed));
        BoxCloneSyncService::new(same.layer(compression.layer(next)))
    })
}

/// Only documents are compressed.
fn not_said_otherwise(
    _: http::StatusCode,
    _: http::Version,
    headers: &http::HeaderMap,
    _: &http::Extensions,
) -> bool {
    headers.get(http::header::CONTENT_TYPE).is_some_and(|kind| kind == refusal::MEDIA_TYPE)
}

fn boxed<B>(body: B) -> server::ResponseBody
where
    B: http_body::Body<Data = bytes::Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    body.map_err(Into::into).boxed_unsync()
}
