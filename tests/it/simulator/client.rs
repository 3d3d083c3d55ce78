//! One connection of a client: requests out, every answer inspected, all of it
//! written down.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Request, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use percent_encoding::{AsciiSet, CONTROLS, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};

use super::dialect::written;
use super::inspection::{Asked, Came, inspect};
use super::profile::{Encoding, Profile, Slash};

/// Slower than this is a fault whatever the answer says.
const SLOW: Duration = Duration::from_secs(5);

/// What Entra leaves as it is: brackets, `@`, `:`, `(`, `)`.
const PLUS: &AsciiSet =
    &CONTROLS.add(b'"').add(b'%').add(b'&').add(b'+').add(b'#').add(b'<').add(b'>');
const PERCENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
const FORM: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'*');

/// One request and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Exchange {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) status: u16,
}

/// What all the connections of one job have said and seen.
#[derive(Clone, Debug, Default)]
pub(crate) struct Transcript(Arc<Mutex<Record>>);

#[derive(Debug, Default)]
struct Record {
    exchanges: Vec<Exchange>,
    /// Where deleted resources were: none of their ids may come again.
    gone: BTreeSet<String>,
}

impl Transcript {
    /// Everything so far.
    pub(crate) fn all(&self) -> Vec<Exchange> {
        self.0.lock().unwrap().exchanges.clone()
    }

    /// How much there is; what follows is `since` this.
    pub(crate) fn mark(&self) -> usize {
        self.0.lock().unwrap().exchanges.len()
    }

    /// What was not a GET since the mark.
    pub(crate) fn writes_since(&self, mark: usize) -> Vec<Exchange> {
        let all = self.all().into_iter().skip(mark);
        all.filter(|exchange| exchange.method != "GET").collect()
    }

    fn note(&self, asked: &Asked, status: u16, body: &Value) -> Result<(), String> {
        let mut record = self.0.lock().unwrap();
        let (method, path) = (asked.method.clone(), asked.path.clone());
        let location = body["meta"]["location"].as_str();
        let reborn = status == 201 && location.is_some_and(|it| record.gone.contains(it));
        if asked.method == "DELETE" && status == 204 {
            record.gone.insert(asked.location());
        }
        record.exchanges.push(Exchange { method, path, status });
        if reborn { Err("the id of a deleted resource came again".to_owned()) } else { Ok(()) }
    }
}

/// An answer that passed the inspection. Status 0 is a connection that broke:
/// the body then says how.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) asked: String,
    pub(crate) status: u16,
    pub(crate) body: Value,
}

impl Answer {
    /// Goes on only with one of these statuses.
    pub(crate) fn must(self, statuses: &[u16], words: &str) -> Self {
        let Self { asked, status, body, .. } = &self;
        assert!(statuses.contains(status), "{words}: {asked} was answered {status}, {body}");
        self
    }

    /// The id of the resource.
    pub(crate) fn id(&self) -> String {
        self.body["id"].as_str().expect("an answer with an id").to_owned()
    }

    /// What a list holds.
    pub(crate) fn found(&self) -> &[Value] {
        self.body["Resources"].as_array().map_or(&[], Vec::as_slice)
    }
}

/// One connection, kept alive as long as the server likes.
#[derive(Debug)]
pub(crate) struct Client {
    base: String,
    authority: String,
    token: String,
    profile: Arc<Profile>,
    pub(crate) transcript: Transcript,
    connection: Option<SendRequest<Full<Bytes>>>,
}

impl Client {
    /// A client of that tenant; it connects when it has something to say.
    pub(crate) fn new(base: &str, token: &str, profile: &Arc<Profile>) -> Self {
        let base = base.trim_end_matches('/').to_owned();
        let authority = base.strip_prefix("http://").expect("a plain HTTP address");
        let authority = authority.split('/').next().expect("an authority").to_owned();
        let (token, profile) = (token.to_owned(), Arc::clone(profile));
        Self {
            base,
            authority,
            token,
            profile,
            transcript: Transcript::default(),
            connection: None,
        }
    }

    /// Another connection of the same job.
    pub(crate) fn sibling(&self) -> Self {
        let transcript = self.transcript.clone();
        Self { transcript, ..Self::new(&self.base, &self.token, &self.profile) }
    }

    /// The same client with another token.
    pub(crate) fn with_token(&self, token: &str) -> Self {
        Self { token: token.to_owned(), ..self.sibling() }
    }

    /// An endpoint with a query, as this client writes both.
    pub(crate) fn path(&self, endpoint: &str, query: &[(&str, &str)]) -> String {
        let encode = |text: &str| match self.profile.encoding {
            Encoding::Plus => utf8_percent_encode(text, PLUS).to_string().replace(' ', "+"),
            Encoding::Percent => utf8_percent_encode(text, PERCENT).to_string(),
            Encoding::Form => utf8_percent_encode(text, FORM).to_string().replace("%20", "+"),
        };
        let pairs: Vec<_> =
            query.iter().map(|(name, it)| format!("{name}={}", encode(it))).collect();
        let mark = if pairs.is_empty() { "" } else { "?" };
        let (before, after) = match self.profile.slash {
            Slash::None => ("/", ""),
            Slash::AfterBase => ("//", ""),
            Slash::AfterEndpoint => ("/", "/"),
        };
        format!("{before}{endpoint}{after}{mark}{}", pairs.join("&"))
    }

    /// Asks. What breaks a rule of every answer ends the test with words.
    pub(crate) async fn send(&mut self, method: &str, path: &str, body: Option<&Value>) -> Answer {
        let (base, path) = (self.base.clone(), path.to_owned());
        let asked = Asked { method: method.to_owned(), base, path };
        let line = format!("{}: {method} {}", self.profile.name, asked.path);
        let begun = Instant::now();
        match timeout(self.profile.patience, self.exchange(&asked, body)).await {
            Ok(Ok(came)) => {
                let inspected = inspect(&asked, &came).and_then(|body| {
                    self.transcript.note(&asked, came.status.as_u16(), &body)?;
                    let late = begun.elapsed() > SLOW;
                    if late { Err("slower than five seconds".to_owned()) } else { Ok(body) }
                });
                let body = inspected.unwrap_or_else(|fault| {
                    let text = String::from_utf8_lossy(&came.bytes);
                    panic!("{line}: {fault}; status {}, {:?}, {text}", came.status, came.headers)
                });
                Answer { asked: line, status: came.status.as_u16(), body }
            }
            Ok(Err(fault)) => self.broke(&asked, line, &fault),
            Err(_) => self.broke(&asked, line, "gave up waiting"),
        }
    }

    fn broke(&mut self, asked: &Asked, line: String, fault: &str) -> Answer {
        self.connection = None;
        // Nothing of an answer without a body can be wrong.
        self.transcript.note(asked, 0, &Value::Null).unwrap();
        let body = Value::String(fault.to_owned());
        Answer { asked: line, status: 0, body }
    }

    async fn exchange(&mut self, asked: &Asked, body: Option<&Value>) -> Result<Came, String> {
        let words = |fault: hyper::Error| fault.to_string();
        let answer = loop {
            let fresh = self.connection.is_none();
            let mut connection = match self.connection.take() {
                Some(connection) => connection,
                None => connect(&self.authority).await?,
            };
            // A server may close between two requests; one that hyper proves to
            // be unsent is asked again on a new connection.
            if connection.ready().await.is_err() {
                if fresh {
                    return Err("the connection closed at once".to_owned());
                }
                continue;
            }
            match connection.try_send_request(self.request(asked, body)).await {
                Ok(answer) => {
                    self.connection = Some(connection);
                    break answer;
                }
                Err(mut fault) => {
                    let unsent = fault.take_message().is_some();
                    if fresh || !unsent {
                        return Err(words(fault.into_error()));
                    }
                }
            }
        };
        let (parts, body) = answer.into_parts();
        let bytes = body.collect().await.map_err(words)?.to_bytes().to_vec();
        Ok(Came { status: parts.status, headers: parts.headers, bytes })
    }

    fn request(&self, asked: &Asked, body: Option<&Value>) -> Request<Full<Bytes>> {
        let root = self.base.strip_prefix("http://").expect("a plain HTTP address");
        let root = root.strip_prefix(&self.authority).expect("the authority");
        let mut request = Request::builder()
            .method(asked.method.as_str())
            .uri(format!("{root}{}", asked.path))
            .header(header::HOST, &self.authority)
            .header(header::AUTHORIZATION, format!("Bearer {}", self.token));
        for (name, value) in self.profile.headers {
            request = request.header(*name, *value);
        }
        if body.is_some() {
            request = request.header(header::CONTENT_TYPE, self.profile.content_type);
        }
        let bytes = body.map_or_else(Bytes::new, |body| written(&self.profile, body).into());
        request.body(Full::new(bytes)).unwrap()
    }
}

async fn connect(authority: &str) -> Result<SendRequest<Full<Bytes>>, String> {
    let stream = TcpStream::connect(authority).await.map_err(|fault| fault.to_string())?;
    stream.set_nodelay(true).map_err(|fault| fault.to_string())?;
    let shaken = http1::handshake(TokioIo::new(stream)).await;
    let (sender, connection) = shaken.map_err(|fault| fault.to_string())?;
    // It ends with its sender.
    tokio::spawn(connection);
    Ok(sender)
}

/// For the tests of the inspection.
pub(crate) fn came(status: u16, headers: &[(&'static str, &str)], body: &str) -> Came {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        map.insert(*name, value.parse().unwrap());
    }
    Came { status: StatusCode::from_u16(status).unwrap(), headers: map, bytes: body.into() }
}
