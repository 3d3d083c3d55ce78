//! A SCIM server as small as can be, for the tests of the simulator itself:
//! the room `scim` over two lists in memory.

mod state;

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{Request, Response, header};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use matricula::scim::{Discovery, Error, Kind, Parameters, parse_json};
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use self::state::{Reply, State, capabilities};

const TOKEN: &str = "little-token";

/// A running server; it ends with this.
#[derive(Debug)]
pub(crate) struct Little {
    pub(crate) base: String,
    pub(crate) token: String,
    state: Arc<Mutex<State>>,
    accepting: JoinHandle<()>,
}

impl Drop for Little {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl Little {
    /// An empty one.
    pub(crate) async fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}/demo/scim/v2", listener.local_addr().unwrap());
        let state = Arc::new(Mutex::new(State::new(&base)));
        let accepting = tokio::spawn(accept(listener, Arc::clone(&state)));
        Self { base, token: TOKEN.to_owned(), state, accepting }
    }

    /// Answers 503 to everything from now on, or not any more.
    pub(crate) fn outage(&self, down: bool) {
        self.state.lock().unwrap().down = down;
    }

    /// How many people there are.
    pub(crate) fn accounts(&self) -> usize {
        self.state.lock().unwrap().count(Kind::User)
    }
}

async fn accept(listener: TcpListener, state: Arc<Mutex<State>>) {
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        let state = Arc::clone(&state);
        let service = service_fn(move |request| answer(request, Arc::clone(&state)));
        // A client that leaves is no fault.
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
    }
}

async fn answer(
    request: Request<Incoming>,
    state: Arc<Mutex<State>>,
) -> Result<Response<Full<Bytes>>, hyper::Error> {
    let (parts, body) = request.into_parts();
    let bytes = body.collect().await?.to_bytes();
    let token = parts.headers.get(header::AUTHORIZATION);
    let mut state = state.lock().unwrap();
    let reply = if token.is_none_or(|it| it != format!("Bearer {TOKEN}").as_str()) {
        Err(Error::unauthorized("The token is not known."))
    } else {
        route(&mut state, &parts, &bytes)
    };
    Ok(response(reply))
}

fn response(reply: Result<Reply, Error>) -> Response<Full<Bytes>> {
    let reply = reply.unwrap_or_else(|fault| Reply {
        status: fault.status(),
        body: Some(json!(fault)),
        location: None,
        wait: fault.retry_after(),
    });
    let mut answer = Response::builder().status(reply.status);
    if reply.status == 401 {
        answer = answer.header(header::WWW_AUTHENTICATE, "Bearer");
    }
    if let Some(location) = reply.location {
        answer = answer.header(header::LOCATION, location);
    }
    if let Some(seconds) = reply.wait {
        answer = answer.header(header::RETRY_AFTER, seconds);
    }
    let Some(body) = reply.body else { return answer.body(Full::default()).unwrap() };
    let answer = answer.header(header::CONTENT_TYPE, "application/scim+json");
    answer.body(Full::new(body.to_string().into())).unwrap()
}

fn route(state: &mut State, parts: &http::request::Parts, bytes: &[u8]) -> Result<Reply, Error> {
    let parameters = Parameters::from_pairs(pairs(parts.uri.query().unwrap_or("")))?;
    let path: Vec<_> = parts.uri.path().split('/').filter(|part| !part.is_empty()).collect();
    let body = || parse_json(bytes);
    let kind = |name: &str| if name == "Users" { Kind::User } else { Kind::Group };
    if let ["demo", "scim", "v2", name @ ("ServiceProviderConfig" | "Schemas" | "ResourceTypes")] =
        path.as_slice()
    {
        return Ok(Reply::ok(discovery(state, name)));
    }
    if state.down {
        return Err(Error::unavailable("The LMS does not answer.", 60));
    }
    match (parts.method.as_str(), path.as_slice()) {
        ("GET", ["demo", "scim", "v2", name @ ("Users" | "Groups")]) => {
            state.list(kind(name), &parameters)
        }
        ("POST", ["demo", "scim", "v2", name @ ("Users" | "Groups")]) => {
            state.create(kind(name), body()?)
        }
        (method, ["demo", "scim", "v2", name @ ("Users" | "Groups"), id]) => {
            let at = (kind(name), *id);
            match method {
                "GET" => state.read(at, &parameters),
                "PATCH" => state.patch(at, body()?),
                "PUT" => state.put(at, body()?),
                "DELETE" => state.delete(at),
                _ => Err(Error::method_not_allowed("GET, PATCH, PUT or DELETE.")),
            }
        }
        _ => Err(Error::not_found("There is nothing at this address.")),
    }
}

fn discovery(state: &State, name: &str) -> Value {
    let capabilities = capabilities();
    let types = [&state.user, &state.group];
    let documents =
        Discovery { base_url: &state.base, capabilities: &capabilities, resource_types: &types };
    match name {
        "ServiceProviderConfig" => documents.service_provider_config(),
        "Schemas" => Discovery::list(&documents.schemas()),
        _ => Discovery::list(&documents.resource_types()),
    }
}

/// A query taken apart and decoded once.
fn pairs(query: &str) -> Vec<(String, String)> {
    let decode = |text: &str| {
        let text = text.replace('+', " ");
        percent_decode_str(&text).decode_utf8_lossy().into_owned()
    };
    let split =
        |pair: &str| pair.split_once('=').map(|(name, value)| (decode(name), decode(value)));
    query.split('&').filter_map(split).collect()
}
