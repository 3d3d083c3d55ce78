//! The open socket and the loop that accepts from it.

use super::Service;
use super::config::Config;
use super::connection::{self, Shared};
use super::drain::{Phase, Shutdown};
use super::limits::Gate;
use super::metrics::{ListenerMetrics, Refusal};
use super::tls::{Certificates, TlsFault};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::sleep;
use tokio_util::task::TaskTracker;

/// Why a listener does not stand.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// The address is taken, not ours, or needs a right that we lack.
    #[error("cannot listen on {address}: {source}")]
    Address {
        /// What was asked for.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// The certificates are not usable.
    #[error(transparent)]
    Tls(#[from] TlsFault),
}

/// A socket that is open and not served yet: connections wait in its backlog.
#[derive(Debug)]
pub struct Listener {
    socket: TcpListener,
    address: SocketAddr,
    config: Arc<Config>,
    certificates: Option<Certificates>,
    metrics: ListenerMetrics,
}

/// How long accepting rests after the system ran out of something. A connection
/// that could not be accepted stays in the backlog, so trying on at once would
/// only spin.
const REST: Duration = Duration::from_millis(100);

impl Listener {
    /// Reads the certificates, then opens the socket.
    pub async fn bind(config: Config, metrics: ListenerMetrics) -> Result<Self, BindError> {
        let certificates = config.tls.clone().map(Certificates::load).transpose()?;
        let failed = |source| BindError::Address { address: config.listen, source };
        let socket = TcpListener::bind(config.listen).await.map_err(failed)?;
        let address = socket.local_addr().map_err(failed)?;
        Ok(Self { socket, address, config: Arc::new(config), certificates, metrics })
    }

    /// Where it listens; the port is the real one.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The certificates in use, to be kept by whoever reloads them.
    pub fn certificates(&self) -> Option<Certificates> {
        self.certificates.clone()
    }

    /// Serves until the drain is over: returns when the last connection has
    /// ended, at [`Phase::Ended`] at the latest.
    pub async fn serve(self, service: Service, shutdown: Shutdown) {
        let Self { socket, config, certificates, metrics, .. } = self;
        let gate = Gate::new(&config.limits);
        let http = connection::http(&config);
        let phases = shutdown.subscribe();
        let shared = Arc::new(Shared { service, config, certificates, metrics, http, phases });
        let connections = TaskTracker::new();
        tokio::select! {
            () = accept(&socket, &gate, &shared, &connections) => {}
            () = shutdown.reached(Phase::Draining) => {}
        }
        // From here on the system refuses: the backlog goes with the socket.
        drop(socket);
        connections.close();
        connections.wait().await;
    }
}

/// Accepts for ever, each connection on its own task.
async fn accept(
    socket: &TcpListener,
    gate: &Arc<Gate>,
    shared: &Arc<Shared>,
    connections: &TaskTracker,
) {
    loop {
        let (stream, from) = match socket.accept().await {
            Ok(accepted) => accepted,
            Err(fault) => {
                rest(&fault).await;
                continue;
            }
        };
        shared.metrics.accepted.inc();
        let Ok(place) = gate.enter() else {
            shared.metrics.refuse(Refusal::Full);
            continue;
        };
        ready(&stream, from);
        let (shared, from) = (Arc::clone(shared), from.ip().to_canonical());
        connections.spawn(shared.serve(stream, from, place));
    }
}

/// Answers are written whole, so waiting to fill a packet only adds delay.
fn ready(stream: &TcpStream, from: SocketAddr) {
    if let Err(fault) = stream.set_nodelay(true) {
        tracing::debug!(peer = %from, error = %fault, "nodelay refused");
    }
}

/// After a failed accept: at once again if only that client was at fault.
async fn rest(fault: &io::Error) {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    if matches!(fault.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset) {
        return;
    }
    tracing::warn!(error = %fault, "accepting fails");
    sleep(REST).await;
}
