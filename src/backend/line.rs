//! One connection to the LMS.
//!
//! Over HTTP/1.1 it is driven by whoever has a call on it and rests otherwise. A task
//! of its own would have to be woken for each call, and would wake the caller for each
//! answer. Over HTTP/2 many calls share it, so there it has one.

use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use http::uri::Scheme;
use http::{HeaderValue, Request, Response, Uri, header, response};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::client::conn::{TrySendError, http1, http2};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tokio::time::Instant;

use super::bell::Bell;
use super::connect::{Opened, Stream};
use super::fault::{self, Fault};

/// What goes out: a target without its host, which the line adds in its own way.
pub(super) type Outgoing = Request<Full<Bytes>>;

/// A whole answer.
pub(super) type Answer = (response::Parts, Bytes);

/// How long a connection is used, though the LMS would keep it for ever: its name may lead
/// to another machine by then.
const LONGEST: Duration = Duration::from_mins(5);

/// A connection on which calls can be made.
pub(super) enum Line {
    Own(Box<Own>),
    Shared(Shared),
}

/// Why there is no answer.
pub(super) enum Broken {
    /// The request came back: not a byte of it was written.
    Unsent(Box<Outgoing>, hyper::Error),
    Fault(Fault),
}

impl Line {
    /// Begins HTTP on a connection.
    pub(super) async fn over(opened: Opened) -> hyper::Result<Self> {
        if opened.multiplexed {
            let mut builder = http2::Builder::new(TokioExecutor::new());
            let (sender, connection) =
                builder.timer(TokioTimer::new()).handshake(opened.stream).await?;
            // It ends when nobody can send any more; what went wrong, each call is told.
            tokio::spawn(connection);
            return Ok(Self::Shared(Shared { sender, born: Arc::new(Instant::now()) }));
        }
        // Bodies are small: to put one behind its head costs less than to tell the
        // system of two pieces.
        let (sender, connection) =
            http1::Builder::new().writev(false).handshake(opened.stream).await?;
        let bell = Arc::new(Bell::default());
        let waker = Arc::clone(&bell).into();
        let (connection, born) = (Some(connection), Instant::now());
        Ok(Self::Own(Box::new(Own { sender, connection, bell, waker, born })))
    }

    /// Sends a request and reads its answer, which may be so large.
    pub(super) async fn exchange(
        &mut self,
        mut request: Outgoing,
        host: &Host,
        most: usize,
    ) -> Result<Answer, Broken> {
        match self {
            Self::Own(line) => {
                host.in_header(&mut request);
                line.exchange(request, most).await
            }
            Self::Shared(line) => {
                host.in_target(&mut request);
                // In a box: most lines are for one call, and would carry its room along.
                Box::pin(line.exchange(request, most)).await
            }
        }
    }
}

/// A connection for one call at a time.
pub(super) struct Own {
    sender: http1::SendRequest<Full<Bytes>>,
    /// Nothing, once it is over.
    connection: Option<http1::Connection<Box<dyn Stream>, Full<Bytes>>>,
    bell: Arc<Bell>,
    /// It rings the bell.
    waker: Waker,
    born: Instant,
}

impl Own {
    async fn exchange(&mut self, request: Outgoing, most: usize) -> Result<Answer, Broken> {
        let sent = self.sender.try_send_request(request);
        let response = self.driven(pin!(sent)).await.map_err(unanswered)?;
        let (head, body) = response.into_parts();
        let whole = self.driven(pin!(Limited::new(body, most).collect())).await;
        match whole {
            Ok(whole) => Ok((head, whole.to_bytes())),
            Err(error) => Err(unfinished(error.as_ref(), &head)),
        }
    }

    /// Brings something about by driving the connection, if it is not so already.
    async fn driven<F: Future>(&mut self, mut future: Pin<&mut F>) -> F::Output {
        std::future::poll_fn(|context| {
            self.bell.awake();
            let mut polled = future.as_mut().poll(&mut Context::from_waker(&self.waker));
            if polled.is_pending() {
                self.step();
                polled = future.as_mut().poll(&mut Context::from_waker(&self.waker));
            }
            if polled.is_pending() {
                self.bell.sleep(context.waker());
            }
            polled
        })
        .await
    }

    /// As far as it goes without waiting. How it ended is told to the call that is on
    /// it, if one is. A request that it has not taken by then is handed back when it is
    /// dropped, and only then: so it is dropped at once.
    fn step(&mut self) {
        if let Some(connection) = &mut self.connection {
            let mut context = Context::from_waker(&self.waker);
            if Pin::new(connection).poll(&mut context).is_ready() {
                self.connection = None;
            }
        }
    }

    /// Whether another call could be made, so far.
    pub(super) fn is_free(&mut self) -> bool {
        self.born.elapsed() <= LONGEST && (self.is_idle() || self.is_ready())
    }

    /// Whether another call can be made now: what came since the last one has been
    /// seen, such as the LMS's end of it.
    pub(super) fn is_ready(&mut self) -> bool {
        self.step();
        self.is_idle()
    }

    fn is_idle(&self) -> bool {
        self.connection.is_some() && self.sender.is_ready()
    }

    /// Closes it, with a word where there is one to say. Whatever cannot be said at
    /// once stays unsaid.
    pub(super) fn close(self) {
        let Self { sender, connection, waker, .. } = self;
        drop(sender);
        if let Some(mut connection) = connection {
            let _: Poll<_> = Pin::new(&mut connection).poll(&mut Context::from_waker(&waker));
        }
    }
}

/// A connection for many calls at the same time.
#[derive(Clone)]
pub(super) struct Shared {
    sender: http2::SendRequest<Full<Bytes>>,
    /// When it was made; and which one it is, among those of this LMS.
    born: Arc<Instant>,
}

impl Shared {
    async fn exchange(&mut self, request: Outgoing, most: usize) -> Result<Answer, Broken> {
        let response: Response<Incoming> =
            self.sender.try_send_request(request).await.map_err(unanswered)?;
        let (head, body) = response.into_parts();
        match Limited::new(body, most).collect().await {
            Ok(whole) => Ok((head, whole.to_bytes())),
            Err(error) => Err(unfinished(error.as_ref(), &head)),
        }
    }

    pub(super) fn is_ready(&self) -> bool {
        self.sender.is_ready()
    }

    pub(super) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.born, &other.born)
    }

    pub(super) fn is_old(&self) -> bool {
        self.born.elapsed() > LONGEST
    }
}

fn unanswered(mut error: TrySendError<Outgoing>) -> Broken {
    match error.take_message() {
        Some(request) => Broken::Unsent(Box::new(request), error.into_error()),
        None => Broken::Fault(fault::unanswered(&error.into_error())),
    }
}

fn unfinished(error: &(dyn std::error::Error + 'static), head: &response::Parts) -> Broken {
    Broken::Fault(fault::unfinished(error, head.status.as_u16()))
}

/// Whom requests are for: a header in HTTP/1.1, a part of the target in HTTP/2.
#[derive(Debug)]
pub(super) struct Host {
    base: Uri,
    header: Option<HeaderValue>,
}

impl Host {
    pub(super) fn of(base: Uri) -> Self {
        let header = named(&base);
        Self { base, header }
    }

    /// A mapping may name another.
    fn in_header(&self, request: &mut Outgoing) {
        if request.uri().scheme().is_some() {
            let target = request.uri().path_and_query().cloned();
            *request.uri_mut() = target.map(Uri::from).unwrap_or_default();
        }
        if let Some(host) = &self.header {
            request.headers_mut().entry(header::HOST).or_insert_with(|| host.clone());
        }
    }

    fn in_target(&self, request: &mut Outgoing) {
        let mut parts = self.base.clone().into_parts();
        parts.path_and_query = request.uri().path_and_query().cloned();
        if let Ok(whole) = Uri::from_parts(parts) {
            *request.uri_mut() = whole;
        }
    }
}

/// The host with its port, if that is not its scheme's own.
fn named(base: &Uri) -> Option<HeaderValue> {
    let host = base.host()?;
    let usual = if base.scheme() == Some(&Scheme::HTTPS) { 443 } else { 80 };
    let text = match base.port_u16().filter(|port| *port != usual) {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    };
    HeaderValue::try_from(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_named_with_the_port_that_it_does_not_have_by_itself() {
        let host = |base| named(&Uri::from_static(base)).map(|it| it.to_str().unwrap().to_owned());
        assert_eq!(host("http://lms.example").as_deref(), Some("lms.example"));
        assert_eq!(host("http://me@lms.example:80/a").as_deref(), Some("lms.example"));
        assert_eq!(host("http://[::1]:8080").as_deref(), Some("[::1]:8080"));
        assert_eq!(host("https://lms.example").as_deref(), Some("lms.example"));
        assert_eq!(host("https://lms.example:443").as_deref(), Some("lms.example"));
        assert_eq!(host("https://lms.example:80").as_deref(), Some("lms.example:80"));
    }

    #[test]
    fn a_request_can_change_from_one_way_of_naming_the_host_to_the_other() {
        let host = Host::of(Uri::from_static("https://lms.example:8443/moodle"));
        let mut request = Request::new(Full::new(Bytes::new()));
        *request.uri_mut() = Uri::from_static("/moodle/users?a=b");
        for _ in 0..2 {
            host.in_header(&mut request);
            assert_eq!(request.uri(), "/moodle/users?a=b");
            assert_eq!(request.headers()[header::HOST], "lms.example:8443");
            host.in_target(&mut request);
            assert_eq!(request.uri(), "https://lms.example:8443/moodle/users?a=b");
        }
    }
}
