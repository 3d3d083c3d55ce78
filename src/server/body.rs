//! The bodies of requests: with a deadline, and makeable without a socket.

use super::BoxError;
use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use http_body_util::Full;
use hyper::body::Incoming;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::time::{Sleep, sleep};

/// The body of a request. hyper's own type cannot be made by hand, which would
/// keep tests of a service from working without sockets.
pub struct Body {
    source: Source,
    /// For the whole of the body, trickling included.
    limit: Duration,
    /// Set by the first read that has to wait: most bodies arrive with the head.
    deadline: Option<Pin<Box<Sleep>>>,
}

enum Source {
    Client(Incoming),
    Here(Full<Bytes>),
}

/// Why a body ended before its end.
#[derive(Debug, thiserror::Error)]
pub enum BodyError {
    /// The client took too long to send it.
    #[error("the body did not arrive in time")]
    TimedOut,
    /// The client broke it off or sent what is no body.
    #[error("the body broke off")]
    Broken(#[source] BoxError),
}

impl Body {
    pub(super) fn from_client(incoming: Incoming, limit: Duration) -> Self {
        Self { source: Source::Client(incoming), limit, deadline: None }
    }

    /// A body without a byte.
    pub fn empty() -> Self {
        Self::from(Bytes::new())
    }

    fn poll_deadline(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let limit = self.limit;
        let deadline = self.deadline.get_or_insert_with(|| Box::pin(sleep(limit)));
        deadline.as_mut().poll(context)
    }
}

impl<B: Into<Bytes>> From<B> for Body {
    fn from(bytes: B) -> Self {
        let source = Source::Here(Full::new(bytes.into()));
        Self { source, limit: Duration::ZERO, deadline: None }
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Body").finish_non_exhaustive()
    }
}

impl HttpBody for Body {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let polled = match &mut self.source {
            Source::Client(body) => Pin::new(body).poll_frame(context).map_err(Into::into),
            Source::Here(body) => Pin::new(body).poll_frame(context).map_err(|e| match e {}),
        };
        if let Poll::Ready(frame) = polled {
            return Poll::Ready(frame.map(|frame| frame.map_err(BodyError::Broken)));
        }
        ready!(self.poll_deadline(context));
        Poll::Ready(Some(Err(BodyError::TimedOut)))
    }

    fn is_end_stream(&self) -> bool {
        match &self.source {
            Source::Client(body) => body.is_end_stream(),
            Source::Here(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.source {
            Source::Client(body) => body.size_hint(),
            Source::Here(body) => body.size_hint(),
        }
    }
}
