//! The way to an LMS, step by step, for a person who asks where it ends: its
//! name, a connection, TLS.

use std::net::SocketAddr;
use std::sync::Arc;

use http::Uri;
use jiff::Timestamp;
use jiff::fmt::rfc2822;
use rustls::pki_types::ServerName;
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::connect::{self, address};
use super::expiry::not_after;
use super::settings::Settings;
use super::{Access, Backend, Errand, House};
use crate::call::{Call, Encoding, Failure, Kind, Method, Safety, Target};

/// How far one came.
#[derive(Debug)]
pub struct Reached {
    /// The addresses behind the name.
    pub addresses: Vec<SocketAddr>,
    /// The one that took the connection.
    pub at: SocketAddr,
    /// Whether it is spoken to over TLS.
    pub secure: bool,
    /// Until when its certificate is valid, where it has one that says so.
    pub until: Option<Timestamp>,
}

/// Where the way ended; the words are the system's or the library's own.
#[derive(Debug, thiserror::Error)]
pub enum Unreached {
    /// The address is none, or nobody is trusted.
    #[error("{0}")]
    Settings(#[from] connect::Unopened),
    /// The name is nobody's.
    #[error("`{0}` does not resolve: {1}")]
    Name(String, String),
    /// Nobody takes the connection.
    #[error("{0} does not take the connection: {1}")]
    Connection(SocketAddr, String),
    /// TLS fails.
    #[error("TLS with {0} fails: {1}")]
    Tls(SocketAddr, String),
}

/// Goes the way once, and asks nothing at its end.
pub async fn reach(settings: &Settings) -> Result<Reached, Unreached> {
    let base = address(&settings.base)?;
    let secure = base.scheme_str() == Some("https");
    let addresses = resolved(&base, secure, settings).await?;
    let (at, stream) = connected(&addresses, settings).await?;
    let until = if secure { encrypted(&base, (at, stream), settings).await? } else { None };
    Ok(Reached { addresses, at, secure, until })
}

async fn resolved(
    base: &Uri,
    secure: bool,
    settings: &Settings,
) -> Result<Vec<SocketAddr>, Unreached> {
    let host = host(base);
    let port = base.port_u16().unwrap_or(if secure { 443 } else { 80 });
    let failed = |words: String| Unreached::Name(host.to_owned(), words);
    let looked = timeout(settings.timing.connect, lookup_host((host, port))).await;
    let found: Vec<_> = match looked {
        Ok(found) => found.map_err(|error| failed(error.to_string()))?.collect(),
        Err(_) => return Err(failed("no answer in time".to_owned())),
    };
    if found.is_empty() { Err(failed("it has no address".to_owned())) } else { Ok(found) }
}

/// The first address that takes a connection, as the client does it.
async fn connected(
    addresses: &[SocketAddr],
    settings: &Settings,
) -> Result<(SocketAddr, TcpStream), Unreached> {
    let mut failed = Unreached::Name(settings.base.clone(), "it has no address".to_owned());
    for address in addresses {
        failed = match timeout(settings.timing.connect, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => return Ok((*address, stream)),
            Ok(Err(error)) => Unreached::Connection(*address, error.to_string()),
            Err(_) => Unreached::Connection(*address, "no answer in time".to_owned()),
        };
    }
    Err(failed)
}

async fn encrypted(
    base: &Uri,
    (at, stream): (SocketAddr, TcpStream),
    settings: &Settings,
) -> Result<Option<Timestamp>, Unreached> {
    let config = connect::config(connect::roots(&settings.trust)?)?;
    let failed = |words: String| Unreached::Tls(at, words);
    let name = ServerName::try_from(host(base).to_owned());
    let name = name.map_err(|error| failed(error.to_string()))?;
    let connecting = TlsConnector::from(Arc::new(config)).connect(name, stream);
    let stream = match timeout(settings.timing.connect, connecting).await {
        Ok(stream) => stream.map_err(|error| failed(error.to_string()))?,
        Err(_) => return Err(failed("no answer in time".to_owned())),
    };
    let certificates = stream.get_ref().1.peer_certificates().unwrap_or_default();
    Ok(certificates.first().and_then(|certificate| not_after(certificate)))
}

/// What an LMS says of itself to whoever just looks in.
#[derive(Clone, Copy, Debug)]
pub struct Greeting {
    /// The status of the answer.
    pub status: u16,
    /// What time it believes it is.
    pub date: Option<Timestamp>,
}

/// Looks in at the base address, without a credential.
pub async fn greet(settings: &Settings, house: &House) -> Result<Greeting, Failure> {
    let opened = Backend::open(settings, Access::Open, house);
    let backend = opened.map_err(|fault| Failure::new(Kind::Unavailable, fault.to_string()))?;
    let call = Call {
        backend: Arc::clone(&settings.name),
        method: Method::Get,
        target: Target::followed("/"),
        headers: Vec::new(),
        body: None,
        encoding: Encoding::Json(None),
        safety: Safety::Read,
        patience: None,
        wanted: None,
        ready: None,
    };
    let errand = Errand { operation: "doctor", judge: &|_| None, until: None };
    let reply = backend.call(&call, &errand).await?;
    let date = reply.header("date").and_then(|text| rfc2822::parse(text).ok());
    Ok(Greeting { status: reply.status(), date: date.map(|it| it.timestamp()) })
}

fn host(base: &Uri) -> &str {
    base.host().unwrap_or_default().trim_matches(['[', ']'])
}
