//! The room `server` over real sockets, with the clock stopped where time matters.

mod drain;
pub(crate) mod http;
mod limits;
mod peers;
mod time;
mod tls;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use matricula::server::{
    Config, Listener, Metrics, Peer, Request, Response, Service, Shutdown, Timeouts,
};
use prometheus::{Registry, TextEncoder};
use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::{Notify, Semaphore};
use tokio::task::{JoinHandle, yield_now};

/// A server in this process.
pub(crate) struct Running {
    pub(crate) address: SocketAddr,
    pub(crate) shutdown: Shutdown,
    pub(crate) served: JoinHandle<()>,
    pub(crate) certificates: Option<matricula::server::Certificates>,
    pub(crate) stage: Stage,
    registry: Registry,
}

/// What the tests and the service tell each other.
#[derive(Clone)]
pub(crate) struct Stage {
    /// A request to `/wait` has arrived.
    pub(crate) arrived: Arc<Notify>,
    /// One permit lets one `/wait` go on.
    pub(crate) go: Arc<Semaphore>,
}

pub(crate) fn config() -> Config {
    Config { listen: (Ipv4Addr::LOCALHOST, 0).into(), ..Config::default() }
}

/// Time-outs that can be told apart: 1, 2, 3, 4 and 5 seconds.
pub(crate) fn timeouts() -> Timeouts {
    let [handshake, header, body, answer, idle] = [1, 2, 3, 4, 5].map(Duration::from_secs);
    Timeouts { handshake, header, body, answer, idle }
}

pub(crate) async fn run(config: Config) -> Running {
    let registry = Registry::new();
    let metrics = Metrics::register(&registry).unwrap().listener("test");
    let stage = Stage { arrived: Arc::new(Notify::new()), go: Arc::new(Semaphore::new(0)) };
    let listener = Listener::bind(config, metrics).await.unwrap();
    let shutdown = Shutdown::new();
    Running {
        address: listener.address(),
        certificates: listener.certificates(),
        served: tokio::spawn(listener.serve(service(&stage), shutdown.clone())),
        shutdown,
        stage,
        registry,
    }
}

fn service(stage: &Stage) -> Service {
    let stage = stage.clone();
    Service::new(move |request| answer(request, stage.clone()))
}

/// `/wait` waits for the test, `/body` reads the body, `/big` answers 16 MiB;
/// everything tells whom it saw.
async fn answer(request: Request, stage: Stage) -> Result<Response, Infallible> {
    let peer = request.extensions().get::<Peer>().cloned().unwrap();
    let text = match request.uri().path() {
        "/wait" => {
            stage.arrived.notify_one();
            stage.go.acquire().await.unwrap().forget();
            "waited".to_owned()
        }
        "/body" => match request.into_body().collect().await {
            Ok(body) => format!("{} bytes", body.to_bytes().len()),
            Err(fault) => fault.to_string(),
        },
        "/big" => "x".repeat(16 << 20),
        _ => seen(&peer),
    };
    let body = Full::new(Bytes::from(text)).map_err(|never| match never {});
    Ok(Response::new(body.boxed_unsync()))
}

fn seen(peer: &Peer) -> String {
    let scheme = if peer.https { "https" } else { "http" };
    let tls = peer.tls.as_ref().map_or("plain", |tls| tls.version);
    let client = peer.tls.as_ref().and_then(|tls| tls.client.as_ref());
    let subject = client.map_or("nobody", |client| client.subject.as_str());
    format!("{} {scheme} {tls} {subject}", peer.address)
}

impl Running {
    pub(crate) async fn connect(&self) -> Client {
        let socket = held(TcpStream::connect(self.address)).await.unwrap();
        settle().await;
        Client(socket)
    }

    /// The value of one sample, by what stands before it in the text format.
    pub(crate) fn metric(&self, sample: &str) -> u64 {
        let text = TextEncoder::new().encode_to_string(&self.registry.gather()).unwrap();
        let line = text.lines().find_map(|line| line.strip_prefix(sample));
        line.map_or(0, |value| value.trim().parse().unwrap())
    }

    pub(crate) fn cut(&self, reason: &str) -> u64 {
        self.metric(&format!(
            "matricula_server_connections_cut_total{{listener=\"test\",reason=\"{reason}\"}}"
        ))
    }

    pub(crate) fn refused(&self, reason: &str) -> u64 {
        self.metric(&format!(
            "matricula_server_connections_refused_total{{listener=\"test\",reason=\"{reason}\"}}"
        ))
    }
}

/// Waits without letting a stopped clock move on: tokio moves it to the next timer
/// whenever nothing can be done at once, and what is on its way through a socket
/// does not count.
pub(crate) async fn held<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    loop {
        tokio::select! {
            biased;
            output = &mut future => return output,
            () = yield_now() => {}
        }
    }
}

/// Lets the server see what was sent before the clock moves on.
pub(crate) async fn settle() {
    for _ in 0..20 {
        yield_now().await;
    }
}

/// A client that writes what it likes.
pub(crate) struct Client(pub(crate) TcpStream);

impl Client {
    pub(crate) async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        held(self.0.write_all(bytes.as_ref())).await.unwrap();
        settle().await;
    }

    /// One whole HTTP/1.1 exchange; the connection stays.
    pub(crate) async fn get(&mut self, path: &str) -> String {
        self.send(format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n")).await;
        self.answer().await
    }

    /// The next answer's body, by its Content-Length.
    pub(crate) async fn answer(&mut self) -> String {
        held(self.late_answer()).await
    }

    /// As `answer`, where the server needs the clock to move.
    pub(crate) async fn late_answer(&mut self) -> String {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(self.0.read_u8().await.unwrap());
        }
        let head = String::from_utf8(head).unwrap().to_lowercase();
        let length = head.split("content-length: ").nth(1).unwrap().lines().next().unwrap();
        let mut body = vec![0; length.parse().unwrap()];
        self.0.read_exact(&mut body).await.unwrap();
        String::from_utf8(body).unwrap()
    }

    /// Whatever still comes until the server closes.
    pub(crate) async fn rest(&mut self) -> String {
        let mut bytes = Vec::new();
        // A reset is an end as well.
        let _ = self.0.read_to_end(&mut bytes).await;
        String::from_utf8_lossy(&bytes).into_owned()
    }
}
