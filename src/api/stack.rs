//! The way of a request, outermost first, on one screen.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http_body_util::BodyExt;
use tower::util::{BoxCloneSyncService, MapResponseLayer};
use tower::{Layer, Service, ServiceBuilder, ServiceExt, layer::layer_fn, service_fn};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::{CompressionLayer, Predicate, predicate::SizeAbove};

use super::denial::Denial;
use super::refusal::{self, Refusal};
use super::{Shared, auth, exchange, line};
use crate::scim;
use crate::server::{self, BoxError, Peer, Request, Response};

/// What comes next. Behind a pointer at each stage, so that types stay short, a
/// test can enter anywhere, and every request takes its copy of the whole way for
/// nothing: a cloned box would clone all that lies below it, at every stage anew.
#[derive(Clone)]
pub(super) struct Next(Arc<dyn Fn(Request) -> Waiting + Send + Sync>);

/// An answer on its way.
type Waiting = Pin<Box<dyn Future<Output = Result<Response, BoxError>> + Send>>;

impl Next {
    fn new<Fut>(act: impl Fn(Request) -> Fut + Send + Sync + 'static) -> Self
    where
        Fut: Future<Output = Result<Response, BoxError>> + Send + 'static,
    {
        Self(Arc::new(move |request| Box::pin(act(request))))
    }

    /// Another's layer. It is cloned for each request, so what it holds has to be
    /// cheap to clone.
    fn over<S>(service: S) -> Self
    where
        S: Service<Request, Response = Response> + Clone + Send + Sync + 'static,
        S::Error: Into<BoxError>,
        S::Future: Send,
    {
        Self::new(move |request| {
            let service = service.clone();
            async move { service.oneshot(request).await.map_err(Into::into) }
        })
    }

    /// Goes on.
    pub(super) fn answer(&self, request: Request) -> Waiting {
        (self.0)(request)
    }
}

impl Service<Request> for Next {
    type Response = Response;
    type Error = BoxError;
    type Future = Waiting;

    /// Whether there is room for one more is decided by [`shed`], not here.
    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Waiting {
        self.answer(request)
    }
}

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
        .service(Next::new(exchange::answer));
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
        Next::new(move |request| act(request, next.clone()))
    })
}

/// Whatever went wrong below becomes the answer that says so.
async fn rescue(request: Request, next: Next) -> Result<Response, BoxError> {
    let mut error = match next.answer(request).await {
        Ok(response) => return Ok(response),
        Err(error) => error,
    };
    // Whoever shows wrong tokens waits here, where no place is taken by it.
    if let Some(late) = error.downcast_mut::<Refusal>().and_then(|refusal| refusal.late.take()) {
        late.pass().await;
    }
    Ok(refusal::answer(error))
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
            match tokio::time::timeout(whole, next.answer(request)).await {
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
            next.answer(request).await
        })
    }
}

fn authenticated(
    shared: &Arc<Shared>,
) -> impl Fn(Request, Next) -> Waiting + Clone + Send + Sync + 'static {
    let shared = Arc::clone(shared);
    move |mut request, next| {
        let shared = Arc::clone(&shared);
        Box::pin(async move {
            let now = shared.clock.now();
            let mut outcome = auth::authenticate(&mut request, &shared.roll, now);
            // It may have been made a moment ago.
            if matches!(outcome, Err(Denial::Stranger)) && shared.roll.ask_again().await {
                outcome = auth::authenticate(&mut request, &shared.roll, now);
            }
            if let Err(denial) = outcome {
                return Err(denied(&shared, &request, denial).into());
            }
            next.answer(request).await
        })
    }
}

fn denied(shared: &Shared, request: &Request, denial: Denial) -> Refusal {
    let tenant = request.extensions().get::<line::Asked>().map_or("none", line::Asked::tenant);
    shared.metrics.denied(tenant, denial.word());
    let address = request.extensions().get::<Peer>().map(|peer| peer.address);
    let late = address.filter(|_| denial.is_guess()).and_then(|it| shared.guessers.wrong(it));
    denial.refusal(late)
}

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
        Next::over(same.layer(caught))
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
        Next::over(same.layer(compression.layer(next)))
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
