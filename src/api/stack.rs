//! The way of a request, outermost first, on one screen.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use http::Version;
use http::header::HOST;
use tower::ServiceBuilder;
use tower::layer::layer_fn;

use super::compress::Compressed;
use super::denial::Denial;
use super::line::{Asked, Observed};
use super::refusal::{self, Refusal};
use super::{Shared, auth, exchange};
use crate::scim;
use crate::server::{self, BoxError, Request, Response};

/// What comes next. Each stage is a type around the next one, so that all of them
/// together are one future: nothing is put into a box on the way, and the request
/// stays where it is.
pub(super) trait Next: Send + Sync {
    /// Goes on.
    fn answer(&self, asked: &mut Asked) -> impl Future<Output = Result<Response, BoxError>> + Send;
}

pub(super) fn stack(shared: &Arc<Shared>) -> server::Service {
    let wanted = shared.face.load().config.compress;
    let way = ServiceBuilder::new()
        // The outermost cannot fail any more: whatever happened is an answer.
        .layer(layer_fn(|next| Arc::new(Observed { shared: Arc::clone(shared), next })))
        .layer(layer_fn(|next| Compressed { wanted, next }))
        // Inside of all that looks at answers, outside of all that refuses: so a
        // refusal is a SCIM error, and is counted like any other answer.
        .layer(layer_fn(Rescued))
        .layer(layer_fn(Caught))
        .layer(layer_fn(Addressed))
        .layer(layer_fn(Timed))
        .layer(layer_fn(|next| Shedding { shared: Arc::clone(shared), next }))
        // Before anything reads a body.
        .layer(layer_fn(|next| Authenticated { shared: Arc::clone(shared), next }))
        .service(Exchanged);
    server::Service::new(move |request| Arc::clone(&way).answer(request))
}

/// Whatever went wrong below becomes the answer that says so.
struct Rescued<N>(N);

impl<N: Next> Next for Rescued<N> {
    async fn answer(&self, asked: &mut Asked) -> Result<Response, BoxError> {
        let mut error = match self.0.answer(asked).await {
            Ok(response) => return Ok(response),
            Err(error) => error,
        };
        // Whoever shows wrong tokens waits here, where no place is taken by it.
        if let Some(late) = error.downcast_mut::<Refusal>().and_then(|refusal| refusal.late.take())
        {
            // In a box: it is rare, and every request has room for the largest wait.
            Box::pin(late.pass()).await;
        }
        Ok(refusal::answer(error))
    }
}

/// A panic is a fault of ours in this one request, and no reason to end others.
struct Caught<N>(N);

impl<N: Next> Next for Caught<N> {
    async fn answer(&self, asked: &mut Asked) -> Result<Response, BoxError> {
        let mut next = pin!(self.0.answer(asked));
        // What has panicked is not polled again, and nobody looks at what it left.
        let polled = std::future::poll_fn(|context| {
            catch_unwind(AssertUnwindSafe(|| next.as_mut().poll(context)))
                .unwrap_or_else(|_| Poll::Ready(Err(Refusal::from(scim::Error::internal()).into())))
        });
        polled.await
    }
}

/// A request says once whom it is for (RFC 9112 §3.2): whoever stands before us could
/// otherwise find another host in it than we do. HTTP/1.0 need not, and HTTP/2 says it
/// elsewhere. It is asked for here alone: on the operators' listener, load balancers
/// probe for health with what is barely HTTP.
struct Addressed<N>(N);

impl<N: Next> Next for Addressed<N> {
    async fn answer(&self, asked: &mut Asked) -> Result<Response, BoxError> {
        if !names_its_host(&asked.request) {
            let words = "The request must have the header `Host`, and have it once.";
            return Err(Refusal::from(scim::Error::invalid_syntax(words)).into());
        }
        self.0.answer(asked).await
    }
}

fn names_its_host(request: &Request) -> bool {
    let mut lines = request.headers().get_all(HOST).iter();
    let (named, twice) = (lines.next().is_some(), lines.next().is_some());
    match request.version() {
        Version::HTTP_09 | Version::HTTP_10 => !twice,
        Version::HTTP_11 => named && !twice,
        _ => true,
    }
}

/// A request may take so long, and no longer. What it has begun to write is
/// finished all the same. A bulk request ends earlier by itself, to tell what it did.
struct Timed<N>(N);

impl<N: Next> Next for Timed<N> {
    async fn answer(&self, asked: &mut Asked) -> Result<Response, BoxError> {
        let whole = asked.face.config.deadline.max(Duration::from_millis(1));
        match tokio::time::timeout(whole, self.0.answer(asked)).await {
            Ok(answer) => answer,
            Err(_) => Err(busy("The LMS took too long to answer.").into()),
        }
    }
}

/// When all places are taken, the next request is told so at once: a queue here
/// would only make everybody late.
struct Shedding<N> {
    shared: Arc<Shared>,
    next: N,
}

impl<N: Next> Next for Shedding<N> {
    async fn answer(&self, asked: &mut Asked) -> Result<Response, BoxError> {
        let Some(_place) = self.shared.places.take(&asked.face, asked.front.as_ref()) else {
            return Err(busy("The gateway has too many requests at the same time.").into());
        };
        self.next.answer(asked).await
    }
}

/// Whoever may not speak is told so.
struct Authenticated<N> {
    shared: Arc<Shared>,
    next: N,
}

impl<N: Next> Next for Authenticated<N> {
    async fn answer(&self, asked: &mut Asked) -> Result<Response, BoxError> {
        let shared = &self.shared;
        let now = shared.clock.now();
        let mut outcome = auth::authenticate(asked, &shared.roll, now);
        // It may have been made a moment ago.
        if matches!(outcome, Err(Denial::Stranger)) && Box::pin(shared.roll.ask_again()).await {
            outcome = auth::authenticate(asked, &shared.roll, now);
        }
        if let Err(denial) = outcome {
            return Err(denied(shared, asked, denial).into());
        }
        self.next.answer(asked).await
    }
}

fn denied(shared: &Shared, asked: &Asked, denial: Denial) -> Refusal {
    shared.metrics.denied(asked.tenant(), denial.word());
    let address = asked.address().filter(|_| denial.is_guess());
    let late = address.and_then(|address| shared.guessers.wrong(address));
    denial.refusal(late)
}

fn busy(detail: &str) -> Refusal {
    Refusal::from(scim::Error::unavailable(detail, 5))
}

/// The innermost.
struct Exchanged;

impl Next for Exchanged {
    async fn answer(&self, asked: &mut Asked) -> Result<Response, BoxError> {
        Ok(exchange::answer(asked).await?)
    }
}
