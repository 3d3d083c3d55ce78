//! The thin shell: HTTP in, a form to the state machine, HTTP out, and the
//! faults in between.

use std::io;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use hyper::header::{CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::answer::{Answer, Format, Trouble};
use super::calls::Calls;
use super::fault::{Fault, Faults};
use super::form::Array;
use super::moodle::{Moodle, Step};
use super::reply::Reply;
use super::wait::Race;

/// PHP's `post_max_size`: a larger form is not read at all.
const LARGEST: usize = 8 << 20;

/// The one address that web services have.
pub(super) const PATH: &str = "/webservice/rest/server.php";

/// What every connection shares.
#[derive(Debug, Default)]
pub(super) struct Shared {
    pub(super) moodle: Mutex<Moodle>,
    pub(super) faults: Faults,
    pub(super) calls: Calls,
    pub(super) race: Race,
}

impl Shared {
    pub(super) fn with<T>(&self, act: impl FnOnce(&mut Moodle) -> T) -> T {
        act(&mut self.moodle.lock().unwrap_or_else(PoisonError::into_inner))
    }

    async fn answer(&self, parameters: Array) -> Answer {
        match self.with(|moodle| moodle.begin(parameters)) {
            Step::Done(answer) => answer,
            // The lock is free here, as nothing holds others back in Moodle.
            Step::Between(pending) => {
                self.race.pass().await;
                self.with(|moodle| moodle.finish(pending))
            }
        }
    }
}

/// Accepts until told to stop; then lets every answer be finished.
pub(super) async fn run(listener: TcpListener, shared: Arc<Shared>, stop: watch::Receiver<bool>) {
    let mut connections = JoinSet::new();
    let mut ending = pin!(ended(stop.clone()));
    loop {
        tokio::select! {
            () = ending.as_mut() => break,
            accepted = listener.accept() => {
                if let Ok((stream, _)) = accepted {
                    connections.spawn(connection(stream, shared.clone(), stop.clone()));
                }
            }
            Some(_) = connections.join_next() => {}
        }
    }
    drop(listener);
    while connections.join_next().await.is_some() {}
}

/// Waits for the word to stop; it comes too when whoever could give it is gone.
async fn ended(mut stop: watch::Receiver<bool>) {
    let _ = stop.wait_for(|stop| *stop).await;
}

async fn connection(stream: TcpStream, shared: Arc<Shared>, stop: watch::Receiver<bool>) {
    // Without it every second answer on a connection waits for an acknowledgement.
    let _ = stream.set_nodelay(true);
    let ending = stop.clone();
    let service = service_fn(move |request| exchange(shared.clone(), request, ending.clone()));
    let mut connection =
        pin!(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
    tokio::select! {
        _ = connection.as_mut() => return,
        () = ended(stop) => connection.as_mut().graceful_shutdown(),
    }
    let _ = connection.await;
}

/// One exchange. It runs on its own, for PHP goes on and commits when its
/// client is gone. An error closes the connection without an answer.
async fn exchange(
    shared: Arc<Shared>,
    request: Request<Incoming>,
    stop: watch::Receiver<bool>,
) -> io::Result<Response<Reply>> {
    if request.uri().path() != PATH {
        return Ok(response(&Answer::html(404, "<h1>Not Found</h1>"), Reply::whole));
    }
    let limit = shared.with(|moodle| moodle.site.max_input_vars);
    let parameters = parameters(request, limit).await?;
    let work = tokio::spawn(async move {
        tokio::select! {
            done = faulty(&shared, parameters) => done,
            // Nothing that a test has forgotten may keep the sandbox alive.
            () = ended(stop) => Err(io::ErrorKind::ConnectionAborted.into()),
        }
    });
    work.await.map_err(io::Error::other)?
}

async fn parameters(request: Request<Incoming>, limit: usize) -> io::Result<Array> {
    let (head, body) = request.into_parts();
    let form = |kind: &[u8]| kind.starts_with(b"application/x-www-form-urlencoded");
    let posted = head.method == Method::POST
        && head.headers.get(CONTENT_TYPE).is_some_and(|kind| form(kind.as_bytes()));
    let body = match Limited::new(body, LARGEST).collect().await {
        Ok(body) => body.to_bytes(),
        Err(error) if error.is::<http_body_util::LengthLimitError>() => Bytes::new(),
        Err(error) => return Err(io::Error::other(error)),
    };
    let body = if posted { body } else { Bytes::new() };
    let query = head.uri.query().unwrap_or_default();
    Ok(Array::decode(query.as_bytes(), &body, limit))
}

async fn faulty(shared: &Shared, parameters: Array) -> io::Result<Response<Reply>> {
    let function = parameters.text("wsfunction").unwrap_or_default().to_owned();
    let _running = shared.calls.begin(&function);
    let lost = || io::Error::from(io::ErrorKind::ConnectionReset);
    let Some(fault) = shared.faults.take(&function) else {
        return Ok(response(&shared.answer(parameters).await, Reply::whole));
    };
    let refused = |trouble: Trouble| {
        let answer = shared.with(|moodle| trouble.answer(&moodle.site, Format::Json));
        response(&answer, Reply::whole)
    };
    Ok(match fault {
        Fault::Held(latch) => {
            latch.pass().await;
            response(&shared.answer(parameters).await, Reply::whole)
        }
        Fault::HeldAfter(latch) => {
            let answer = shared.answer(parameters).await;
            latch.pass().await;
            response(&answer, Reply::whole)
        }
        Fault::Status(status) => response(&page(status), Reply::whole),
        Fault::StatusAfter(status) => {
            shared.answer(parameters).await;
            response(&page(status), Reply::whole)
        }
        Fault::Instead(text) => {
            let answer = shared.answer(parameters).await;
            response(&Answer { body: text, ..answer }, Reply::whole)
        }
        Fault::TooMany(seconds) => response(&page(429).after(seconds), Reply::whole),
        Fault::Page => response(&page(200), Reply::whole),
        Fault::Exception(code) => refused(Trouble::untranslated(code)),
        Fault::LoggedOut => refused(Trouble::token()),
        Fault::DropBefore => return Err(lost()),
        Fault::DropAfter => {
            shared.answer(parameters).await;
            return Err(lost());
        }
        Fault::Half => response(&shared.answer(parameters).await, Reply::half),
        Fault::Slow(latch) => {
            response(&shared.answer(parameters).await, |body| Reply::slow(body, latch))
        }
    })
}

fn page(status: u16) -> Answer {
    let page = "<!DOCTYPE html>\n<html><head><title>Sorry</title></head>\
                <body><h1>The site is not available</h1></body></html>\n";
    Answer::html(status, page)
}

fn response(answer: &Answer, body: impl FnOnce(Bytes) -> Reply) -> Response<Reply> {
    let bytes = Bytes::from(answer.body.clone());
    let mut made = Response::builder()
        .status(answer.status)
        .header(CONTENT_TYPE, answer.content_type)
        .header(CONTENT_LENGTH, bytes.len());
    if let Some(seconds) = answer.retry_after {
        made = made.header(RETRY_AFTER, seconds);
    }
    let whole = body(bytes);
    // Only a status beyond HTTP could be refused; then it is said without one.
    made.body(whole).unwrap_or_else(|_| Response::new(Reply::whole(Bytes::new())))
}
