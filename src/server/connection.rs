//! One connection, from the accepted socket to its end: PROXY header, share,
//! TLS, HTTP.

use super::config::Config;
use super::drain::{Phase, reached};
use super::front::Front;
use super::limits::Place;
use super::metrics::{Cut, ListenerMetrics, Refusal};
use super::peer::Tls;
use super::proxy::{self, Announced};
use super::pulse::{Pulse, Watched};
use super::tls::{self, Certificates};
use super::{Service, forwarded};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use std::net::IpAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// How long a client may take to read that its connection is closed.
const FAREWELL: Duration = Duration::from_secs(1);

/// What all connections of a listener share.
pub(super) struct Shared {
    pub(super) service: Service,
    pub(super) config: Arc<Config>,
    pub(super) certificates: Option<Certificates>,
    pub(super) metrics: ListenerMetrics,
    pub(super) http: auto::Builder<TokioExecutor>,
    pub(super) phases: watch::Receiver<Phase>,
}

/// HTTP with its bounds; see [`super::Limits`].
pub(super) fn http(config: &Config) -> auto::Builder<TokioExecutor> {
    let limits = &config.limits;
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        // Heads are timed by `Watched`; its module says why.
        .header_read_timeout(None)
        .max_headers(limits.headers)
        // hyper panics below 8192.
        .max_buf_size(usize::try_from(limits.header_bytes).unwrap_or(8192).max(8192));
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_header_list_size(limits.header_bytes)
        .max_concurrent_streams(limits.streams)
        .max_pending_accept_reset_streams(limits.resets)
        .max_local_error_reset_streams(limits.resets)
        .initial_stream_window_size(256 * 1024)
        .initial_connection_window_size(1024 * 1024)
        .max_send_buf_size(256 * 1024);
    builder
}

impl Shared {
    /// Serves one socket. `place` is given back when this ends.
    pub(super) async fn serve(self: Arc<Self>, socket: TcpStream, from: IpAddr, place: Place) {
        self.metrics.open.inc();
        let _open = Open(&self.metrics);
        let mut phases = self.phases.clone();
        let greeted = tokio::select! {
            greeted = self.greet(socket, from, place) => greeted,
            () = reached(&mut phases, Phase::Ended) => return,
        };
        match greeted {
            Ok(Some(ready)) => ready.run(&self).await,
            Ok(None) => {}
            Err(refusal) => {
                tracing::debug!(peer = %from, reason = ?refusal, "connection refused");
                self.metrics.refuse(refusal);
            }
        }
    }

    /// Everything before HTTP, within one time-out. `None`: the TLS handshake
    /// failed, which has been counted.
    async fn greet(
        &self,
        mut socket: TcpStream,
        from: IpAddr,
        mut place: Place,
    ) -> Result<Option<Ready>, Refusal> {
        let until = Instant::now() + self.config.timeouts.handshake;
        let announced = timeout_at(until, self.holder(&mut socket, from));
        let holder = announced.await.map_err(|_| Refusal::Handshake)??;
        if holder != from || !self.is_trusted(from) {
            place.assign(holder)?;
        }
        let Some(certificates) = &self.certificates else {
            return Ok(Some(Ready { place, holder, stream: Stream::Plain(socket) }));
        };
        let handshake = TlsAcceptor::from(certificates.current()).accept(socket);
        match timeout_at(until, handshake).await {
            Ok(Ok(stream)) => {
                Ok(Some(Ready { place, holder, stream: Stream::Tls(Box::new(stream)) }))
            }
            Ok(Err(fault)) => {
                tracing::debug!(peer = %holder, error = %fault, "TLS handshake failed");
                self.metrics.handshake_failures.inc();
                Ok(None)
            }
            Err(_) => Err(Refusal::Handshake),
        }
    }

    /// Whose connection it is: the socket's, or whom a trusted balancer names.
    async fn holder(&self, socket: &mut TcpStream, from: IpAddr) -> Result<IpAddr, Refusal> {
        if !forwarded::contains(&self.config.proxy_protocol, from) {
            return Ok(from);
        }
        match proxy::read(socket).await {
            Ok(Announced::Client(address)) => Ok(address),
            Ok(Announced::Local) => Ok(from),
            Err(fault) => {
                tracing::warn!(peer = %from, error = %fault, "no sound PROXY header");
                Err(Refusal::Proxy)
            }
        }
    }

    /// A trusted proxy carries many clients over few addresses.
    fn is_trusted(&self, address: IpAddr) -> bool {
        self.config.forwarded.trusts(address)
            || forwarded::contains(&self.config.proxy_protocol, address)
    }
}

/// Counts a connection for as long as it is open.
struct Open<'a>(&'a ListenerMetrics);

impl Drop for Open<'_> {
    fn drop(&mut self) {
        self.0.open.dec();
    }
}

/// A connection on which HTTP can begin.
struct Ready {
    place: Place,
    holder: IpAddr,
    stream: Stream,
}

enum Stream {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

impl Ready {
    async fn run(self, shared: &Shared) {
        let place = self.place;
        match self.stream {
            Stream::Plain(stream) => drive(shared, stream, self.holder, None).await,
            Stream::Tls(stream) => {
                let tls = Arc::new(tls::settled(stream.get_ref().1));
                drive(shared, stream, self.holder, Some(tls)).await;
            }
        }
        drop(place);
    }
}

/// HTTP until the client leaves, its time is up, or a drain ends it.
async fn drive<S>(shared: &Shared, stream: S, holder: IpAddr, tls: Option<Arc<Tls>>)
where
    S: AsyncRead + AsyncWrite + Unpin + 'static,
{
    let pulse = Arc::new(Pulse::new(shared.config.timeouts));
    let front = Front {
        service: shared.service.clone(),
        config: Arc::clone(&shared.config),
        metrics: shared.metrics.clone(),
        pulse: Arc::clone(&pulse),
        holder,
        tls,
    };
    let io = TokioIo::new(Watched::new(stream, Arc::clone(&pulse)));
    let mut connection = pin!(shared.http.serve_connection(io, front));
    let mut phases = shared.phases.clone();
    let mut next = Phase::Draining;
    let cut = loop {
        tokio::select! {
            outcome = connection.as_mut() => {
                match outcome.err().and_then(|fault| blamed(fault.as_ref(), holder)) {
                    Some(cut) => break cut,
                    None => return,
                }
            }
            cut = pulse.failing() => break cut,
            () = reached(&mut phases, next) => {
                if next == Phase::Ended {
                    break Cut::Drain;
                }
                next = Phase::Ended;
                connection.as_mut().graceful_shutdown();
            }
        }
    };
    shared.metrics.cut(cut);
    tracing::debug!(peer = %holder, reason = ?cut, "connection cut");
    if cut == Cut::Idle {
        // HTTP/2 has a word for it.
        connection.as_mut().graceful_shutdown();
        let _ = timeout(FAREWELL, connection).await;
    }
}

/// Why HTTP has failed, where that is worth a count: a client that leaves is none.
fn blamed(fault: &(dyn std::error::Error + 'static), holder: IpAddr) -> Option<Cut> {
    if timed_out(fault) {
        return Some(Cut::Header);
    }
    // hyper has answered with an empty 400 or 431, and no request was made of it that
    // somebody else would count.
    let refused = fault.downcast_ref::<hyper::Error>().filter(|fault| fault.is_parse())?;
    // Its words are a few fixed ones: nothing in them is the client's.
    tracing::debug!(peer = %holder, error = %refused, "what came is no request");
    Some(Cut::Malformed)
}

/// Whether a failure comes from [`Watched`].
fn timed_out(fault: &(dyn std::error::Error + 'static)) -> bool {
    std::iter::successors(Some(fault), |fault| fault.source())
        .filter_map(|fault| fault.downcast_ref::<std::io::Error>())
        .any(|fault| fault.kind() == std::io::ErrorKind::TimedOut)
}
