//! What a listener serves.

use super::{Request, Response};
use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

/// An answer on its way.
pub type Answering = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

/// What is served: every failure has become an answer already. Requests share it,
/// for a box that is cloned would be made anew for each of them.
#[derive(Clone)]
pub struct Service(Arc<dyn Fn(Request) -> Answering + Send + Sync>);

impl Service {
    /// What answers so.
    pub fn new<Fut>(act: impl Fn(Request) -> Fut + Send + Sync + 'static) -> Self
    where
        Fut: Future<Output = Result<Response, Infallible>> + Send + 'static,
    {
        Self(Arc::new(move |request| Box::pin(act(request))))
    }

    /// Begins to answer.
    pub(super) fn answer(&self, request: Request) -> Answering {
        (self.0)(request)
    }
}

impl tower::Service<Request> for Service {
    type Response = Response;
    type Error = Infallible;
    type Future = Answering;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Answering {
        self.answer(request)
    }
}

impl fmt::Debug for Service {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Service")
    }
}
