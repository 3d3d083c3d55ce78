//! What stands between hyper and the service: the peer is put on the request,
//! and the request is counted until its answer has left.

use super::body::Body;
use super::config::Config;
use super::metrics::ListenerMetrics;
use super::peer::{Peer, Tls};
use super::pulse::Pulse;
use super::service::{Answering, Service};
use super::{BoxError, Request, Response, ResponseBody};
use bytes::Bytes;
use http::header::CONTENT_LENGTH;
use http::{Method, Version};
use http_body::{Body as HttpBody, Frame, SizeHint};
use http_body_util::{BodyExt, Empty};
use hyper::body::Incoming;
use prometheus::IntGauge;
use std::convert::Infallible;
use std::future::Future;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

/// The service as one connection sees it.
pub(super) struct Front {
    pub(super) service: Service,
    pub(super) config: Arc<Config>,
    pub(super) metrics: ListenerMetrics,
    pub(super) pulse: Arc<Pulse>,
    /// Who holds the connection: the socket's address or a PROXY header's.
    pub(super) holder: IpAddr,
    pub(super) tls: Option<Arc<Tls>>,
}

impl Front {
    fn peer(&self, headers: &http::HeaderMap) -> Peer {
        let origin = self.config.forwarded.origin(self.holder, headers);
        Peer {
            address: origin.address,
            https: origin.https.unwrap_or(self.tls.is_some()),
            tls: self.tls.clone(),
        }
    }

    fn admit(&self, request: http::Request<Incoming>) -> (Request, Visit) {
        let visit = Visit::new(self, request.version() == Version::HTTP_2);
        let peer = self.peer(request.headers());
        let limit = self.config.timeouts.body;
        let mut request = request.map(|body| Body::from_client(body, limit));
        request.extensions_mut().insert(peer);
        (request, visit)
    }
}

impl hyper::service::Service<http::Request<Incoming>> for Front {
    type Response = http::Response<Leaving>;
    type Error = Infallible;
    type Future = Thinking;

    fn call(&self, request: http::Request<Incoming>) -> Thinking {
        let (request, visit) = self.admit(request);
        let head = request.method() == Method::HEAD;
        Thinking { answering: self.service.answer(request), head, visit: Some(visit) }
    }
}

/// A request that is being answered.
pub(super) struct Thinking {
    answering: Answering,
    /// The client asked with HEAD.
    head: bool,
    /// Until the answer takes it along.
    visit: Option<Visit>,
}

impl Future for Thinking {
    type Output = Result<http::Response<Leaving>, Infallible>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut response = ready!(self.answering.as_mut().poll(context))?;
        if self.head {
            response = bodiless(response);
        }
        let visit = self.visit.take();
        if let Some(visit) = &visit {
            visit.pulse.answer(visit.number);
        }
        Poll::Ready(Ok(response.map(|body| Leaving { body, _visit: visit })))
    }
}

/// What GET would be told, without its body. hyper takes it away over HTTP/1 alone;
/// over HTTP/2 the client would have to treat it as an error.
fn bodiless(response: Response) -> Response {
    let (mut parts, body) = response.into_parts();
    // Of an answer that is empty for GET too, such as 304, no length is told.
    if let Some(length) = body.size_hint().exact().filter(|length| *length > 0) {
        parts.headers.entry(CONTENT_LENGTH).or_insert_with(|| length.into());
    }
    let nothing = Empty::new().map_err(|never| match never {});
    Response::from_parts(parts, nothing.boxed_unsync())
}

/// One request, from its head to its answer's last byte.
pub(super) struct Visit {
    pulse: Arc<Pulse>,
    in_flight: IntGauge,
    number: u64,
}

impl Visit {
    fn new(front: &Front, multiplexed: bool) -> Self {
        let (pulse, in_flight) = (Arc::clone(&front.pulse), front.metrics.in_flight.clone());
        in_flight.inc();
        let number = pulse.begin(multiplexed);
        Self { pulse, in_flight, number }
    }
}

impl Drop for Visit {
    fn drop(&mut self) {
        self.in_flight.dec();
        self.pulse.end(self.number);
    }
}

/// An answer's body; hyper drops it when the last byte is written to its buffer,
/// or when nobody waits for it any more.
pub(super) struct Leaving {
    body: ResponseBody,
    _visit: Option<Visit>,
}

impl HttpBody for Leaving {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
