//! A tiny LMS in memory that does what a script says, well or badly. No sockets:
//! so tokio's paused time is exact, and nothing here ever sleeps for real.

#![expect(
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a script that asks for what is not there should fail"
)]

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use http::Uri;
use hyper_util::client::legacy::connect::{Connected, Connection};
use hyper_util::rt::TokioIo;
use matricula::backend::{Access, Backend, Errand, House, Metrics, Settings};
use matricula::call::{Call, Encoding, Failure, Format, Kind, Method, Reply, Safety, Target};
use matricula::clock::{Clock, Hand};
use prometheus::Registry;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};

/// What the LMS was asked.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) number: usize,
    pub(super) method: String,
    pub(super) path: String,
    pub(super) head: String,
    pub(super) body: String,
}

impl Asked {
    pub(super) fn header(&self, name: &str) -> Option<String> {
        let named = |line: &str| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
        };
        self.head.lines().find_map(named)
    }
}

/// What it does.
#[derive(Clone, Debug)]
pub(super) enum Act {
    /// Answers these bytes and keeps the connection.
    Say(String),
    /// The same, after a while.
    Late(Duration, String),
    /// Answers and closes the connection, without a word of warning.
    SayAndClose(String),
    /// Answers, and closes the connection after a while.
    SayAndCloseLate(String, Duration),
    /// Reads the request, then closes the connection.
    Drop,
    /// Reads the request, then says nothing for ever.
    Hang,
    /// A body that never ends.
    Endless,
}

/// A reply with a JSON body.
pub(super) fn json(status: u16, body: &Value) -> Act {
    Act::Say(raw(status, "Content-Type: application/json\r\n", &body.to_string()))
}

/// A whole reply.
pub(super) fn raw(status: u16, headers: &str, body: &str) -> String {
    format!("HTTP/1.1 {status} X\r\n{headers}Content-Length: {}\r\n\r\n{body}", body.len())
}

pub(super) fn fine() -> Act {
    json(200, &serde_json::json!({ "fine": true }))
}

type Script = dyn Fn(&Asked) -> Act + Send + Sync;
type Door = dyn Fn(usize) -> Greeting + Send + Sync;

/// How a new connection is met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Greeting {
    Welcome,
    /// Accepted, and closed at once.
    Slam,
    Refuse,
    Ignore,
}

/// The LMS; also the connector that leads to it.
#[derive(Clone)]
pub(super) struct Lms {
    script: Arc<Script>,
    door: Arc<Door>,
    seen: Arc<Mutex<Seen>>,
}

#[derive(Debug, Default)]
struct Seen {
    asked: Vec<Asked>,
    connections: usize,
    open: usize,
    running: usize,
    most: usize,
}

impl Lms {
    pub(super) fn new(script: impl Fn(&Asked) -> Act + Send + Sync + 'static) -> Self {
        let door = Arc::new(|_| Greeting::Welcome);
        Self { script: Arc::new(script), door, seen: Arc::default() }
    }

    /// Says one thing after the other; the last for ever.
    pub(super) fn saying(acts: Vec<Act>) -> Self {
        Self::new(move |asked| acts[asked.number.min(acts.len() - 1)].clone())
    }

    pub(super) fn met_by(
        mut self,
        door: impl Fn(usize) -> Greeting + Send + Sync + 'static,
    ) -> Self {
        self.door = Arc::new(door);
        self
    }

    pub(super) fn asked(&self) -> Vec<Asked> {
        self.seen.lock().unwrap().asked.clone()
    }

    pub(super) fn count(&self) -> usize {
        self.asked().len()
    }

    pub(super) fn count_of(&self, path: &str) -> usize {
        self.asked().iter().filter(|asked| asked.path == path).count()
    }

    pub(super) fn connections(&self) -> usize {
        self.seen.lock().unwrap().connections
    }

    /// Connections that are open now.
    pub(super) fn open(&self) -> usize {
        self.seen.lock().unwrap().open
    }

    /// The most requests that were under way at the same time.
    pub(super) fn most(&self) -> usize {
        self.seen.lock().unwrap().most
    }

    async fn serve(self, wire: DuplexStream) {
        self.seen.lock().unwrap().open += 1;
        self.answer(wire).await;
        self.seen.lock().unwrap().open -= 1;
    }

    async fn answer(&self, mut wire: DuplexStream) {
        while let Some(mut asked) = read(&mut wire).await {
            let act = {
                let mut seen = self.seen.lock().unwrap();
                asked.number = seen.asked.len();
                seen.asked.push(asked.clone());
                seen.running += 1;
                seen.most = seen.most.max(seen.running);
                (self.script)(&asked)
            };
            let goes_on = perform(&mut wire, act).await;
            self.seen.lock().unwrap().running -= 1;
            if !goes_on {
                return;
            }
        }
    }
}

async fn perform(wire: &mut DuplexStream, act: Act) -> bool {
    match act {
        Act::Say(text) => wire.write_all(text.as_bytes()).await.is_ok(),
        Act::Late(pause, text) => {
            tokio::time::sleep(pause).await;
            wire.write_all(text.as_bytes()).await.is_ok()
        }
        Act::SayAndClose(text) => {
            let _sent = wire.write_all(text.as_bytes()).await;
            false
        }
        Act::SayAndCloseLate(text, pause) => {
            let _sent = wire.write_all(text.as_bytes()).await;
            tokio::time::sleep(pause).await;
            false
        }
        Act::Drop => false,
        Act::Hang => std::future::pending().await,
        Act::Endless => {
            let head = "HTTP/1.1 200 X\r\nTransfer-Encoding: chunked\r\n\r\n";
            let mut goes_on = wire.write_all(head.as_bytes()).await.is_ok();
            while goes_on {
                goes_on = wire.write_all(b"10\r\n0123456789abcdef\r\n").await.is_ok();
            }
            false
        }
    }
}

async fn read(wire: &mut DuplexStream) -> Option<Asked> {
    let mut bytes = Vec::new();
    let split = loop {
        let found = bytes.windows(4).position(|four| four == b"\r\n\r\n");
        if let Some(at) = found {
            break at;
        }
        bytes.push(wire.read_u8().await.ok()?);
    };
    let head = String::from_utf8(bytes[..split].to_vec()).unwrap();
    let mut words = head.lines().next().unwrap().split(' ').map(str::to_owned);
    let (method, path) = (words.next().unwrap(), words.next().unwrap());
    let mut asked = Asked { number: 0, method, path, head, body: String::new() };
    let length = asked.header("content-length").map_or(0, |text| text.parse().unwrap());
    let mut body = vec![0; length];
    wire.read_exact(&mut body).await.ok()?;
    asked.body = String::from_utf8(body).unwrap();
    Some(asked)
}

/// One end of a connection in memory.
pub(super) struct Wire(TokioIo<DuplexStream>);

impl Connection for Wire {
    fn connected(&self) -> Connected {
        Connected::new()
    }
}

impl hyper::rt::Read for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: hyper::rt::ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(context, buffer)
    }
}

impl hyper::rt::Write for Wire {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(context)
    }
}

impl tower::Service<Uri> for Lms {
    type Response = Wire;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Wire>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        let lms = self.clone();
        Box::pin(async move {
            let number = {
                let mut seen = lms.seen.lock().unwrap();
                seen.connections += 1;
                seen.connections - 1
            };
            match (lms.door)(number) {
                Greeting::Refuse => Err(io::ErrorKind::ConnectionRefused.into()),
                Greeting::Ignore => std::future::pending().await,
                Greeting::Slam => Ok(Wire(TokioIo::new(tokio::io::duplex(1).0))),
                Greeting::Welcome => {
                    let (near, far) = tokio::io::duplex(64 * 1024);
                    tokio::spawn(lms.serve(far));
                    Ok(Wire(TokioIo::new(near)))
                }
            }
        })
    }
}

/// A backend on that LMS, with what tests look at.
#[derive(Clone)]
pub(super) struct Gateway {
    pub(super) backend: Backend,
    pub(super) registry: Registry,
    pub(super) hand: Hand,
}

/// Settings without chance or patience that a test did not ask for.
pub(super) fn settings() -> Settings {
    Settings::new("lms", "http://lms.test/base")
}

/// The same, with no second attempt.
pub(super) fn once() -> Settings {
    let mut settings = settings();
    settings.retry.attempts = 1;
    settings
}

pub(super) fn gateway(lms: &Lms, settings: &Settings, access: Access) -> Gateway {
    let (house, registry, hand) = house();
    let backend = Backend::over(lms.clone(), settings, access, &house).unwrap();
    Gateway { backend, registry, hand }
}

pub(super) fn house() -> (House, Registry, Hand) {
    let registry = Registry::new();
    let metrics = Metrics::register(&registry).unwrap();
    let start = "2026-11-21T12:00:00Z".parse().unwrap();
    let (clock, hand) = Clock::by_hand(start);
    (House { clock, metrics }, registry, hand)
}

impl Gateway {
    pub(super) async fn call(&self, call: &Call) -> Result<Reply, Failure> {
        let errand = Errand { operation: "user.test", judge: &judge, until: None };
        self.backend.call(call, &errand).await
    }

    /// The value of the one metric whose line begins so.
    pub(super) fn metric(&self, begins: &str) -> f64 {
        let text = prometheus::TextEncoder::new().encode_to_string(&self.registry.gather());
        let text = text.unwrap();
        let mut lines = text.lines().filter(|line| line.starts_with(begins));
        let line = lines.next().unwrap_or_else(|| panic!("no metric `{begins}` in\n{text}"));
        assert_eq!(lines.next(), None, "`{begins}` is not one metric");
        line.rsplit(' ').next().unwrap().parse().unwrap()
    }
}

/// What a mapping without rules of its own would say.
pub(super) fn judge(reply: &Reply) -> Option<Failure> {
    if reply.body()["error"] == "expired" {
        return Some(Failure::new(Kind::Login, "the token is over"));
    }
    if reply.format() == Format::Html {
        return Some(Failure::new(Kind::Unavailable, "a page for people"));
    }
    Kind::of_status(reply.status()).map(|kind| Failure::new(kind, "the status says so"))
}

pub(super) fn read_call() -> Call {
    call_to(Method::Get, "/users/7", Safety::Read)
}

pub(super) fn create() -> Call {
    call_to(Method::Post, "/users", Safety::Once)
}

pub(super) fn put() -> Call {
    call_to(Method::Put, "/users/7", Safety::Repeatable)
}

pub(super) fn call_to(method: Method, path: &str, safety: Safety) -> Call {
    let mut target = Target::new();
    target.written(path);
    let body = matches!(method, Method::Post | Method::Put | Method::Patch);
    Call {
        backend: Arc::from("main"),
        method,
        target,
        headers: Vec::new(),
        body: body.then(|| serde_json::json!({ "name": "x" })),
        encoding: Encoding::Json(None),
        safety,
        patience: None,
        wanted: None,
        ready: None,
    }
}
