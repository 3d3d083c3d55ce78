//! How a connection is made: TCP, TLS where the address says so, and one
//! deadline around both.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use http::Uri;
use hyper::rt::{Read, Write};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::dns::GaiResolver;
use hyper_util::client::legacy::connect::{Connection, HttpConnector};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use tokio::time::timeout;
use tower::{Service, ServiceExt};

use super::settings::Trust;

/// Why a backend cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum Unopened {
    /// The base address is none.
    #[error("`{0}` is no address: write https://host/path")]
    Address(String),
    /// No authority is trusted, so no certificate could ever be.
    #[error("no trusted TLS authority was found: install the system's, or name a CA file")]
    Trust,
    /// The further authorities cannot be read.
    #[error("the CA file cannot be read: {0}")]
    Authority(String),
    /// The cryptographic library does not offer what TLS needs.
    #[error("TLS cannot be set up: {0}")]
    Tls(#[from] rustls::Error),
}

/// A transport, whatever it is made of.
pub(super) trait Stream: Read + Write + Send + Unpin {}

impl<T: Read + Write + Send + Unpin> Stream for T {}

/// A connection on which HTTP can begin.
pub(super) struct Opened {
    pub(super) stream: Box<dyn Stream>,
    /// HTTP/2 was agreed upon.
    pub(super) multiplexed: bool,
}

/// Opens connections to one LMS.
pub(super) struct Connector(Box<dyn Fn() -> Opening + Send + Sync>);

/// A connection on its way.
type Opening = Pin<Box<dyn Future<Output = Result<Opened, BoxError>> + Send>>;
type BoxError = Box<dyn std::error::Error + Send + Sync>;

impl Connector {
    /// By that service, with one deadline around everything: hyper's own covers TCP
    /// only, and an LMS that accepts and then says nothing would hold a slot.
    pub(super) fn new<C>(service: C, base: Uri, limit: Duration) -> Self
    where
        C: Service<Uri> + Clone + Send + Sync + 'static,
        C::Response: Connection + Stream + 'static,
        C::Future: Send,
        C::Error: Into<BoxError>,
    {
        Self(Box::new(move || {
            let connecting = service.clone().oneshot(base.clone());
            Box::pin(async move {
                let connected = timeout(limit, connecting).await;
                let stream = connected.map_err(|_| timed_out())?.map_err(Into::into)?;
                let multiplexed = stream.connected().is_negotiated_h2();
                Ok(Opened { stream: Box::new(stream), multiplexed })
            })
        }))
    }

    pub(super) fn open(&self) -> Opening {
        (self.0)()
    }
}

fn timed_out() -> BoxError {
    io::Error::from(io::ErrorKind::TimedOut).into()
}

/// The network's own connector. Where a name has several addresses, each has its share
/// of the time: or one that drops what is sent to it would keep us from the others.
pub(super) fn tcp(limit: Duration) -> HttpConnector {
    tcp_by(GaiResolver::new(), limit)
}

fn tcp_by<R>(names: R, limit: Duration) -> HttpConnector<R> {
    let mut tcp = HttpConnector::new_with_resolver(names);
    tcp.set_connect_timeout(Some(limit));
    tcp.enforce_http(false);
    tcp.set_nodelay(true);
    tcp
}

/// TLS over a connector, by ALPN with HTTP/2 where the LMS offers it.
pub(super) fn over<C>(inner: C, trust: &Trust, base: &Uri) -> Result<HttpsConnector<C>, Unopened> {
    let secure = base.scheme_str() == Some("https");
    let roots = if secure { roots(trust)? } else { RootCertStore::empty() };
    Ok(HttpsConnectorBuilder::new()
        .with_tls_config(config(roots)?)
        .https_or_http()
        .enable_all_versions()
        .wrap_connector(inner))
}

/// How we speak TLS, to whom these authorities vouch for.
pub(super) fn config(roots: RootCertStore) -> Result<ClientConfig, Unopened> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    Ok(ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth())
}

pub(super) fn roots(trust: &Trust) -> Result<RootCertStore, Unopened> {
    let mut roots = RootCertStore::empty();
    if trust.system {
        // Single faulty certificates of a system are no reason to stop.
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    }
    roots.roots.extend(authorities(&trust.extra)?.roots);
    if roots.is_empty() { Err(Unopened::Trust) } else { Ok(roots) }
}

/// The authorities in a PEM file; none, where it holds none.
pub fn authorities(pem: &[u8]) -> Result<RootCertStore, Unopened> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem) {
        let certificate = certificate.map_err(|error| Unopened::Authority(error.to_string()))?;
        roots.add(certificate).map_err(|error| Unopened::Authority(error.to_string()))?;
    }
    Ok(roots)
}

/// A base address, which has to name a host and how to reach it.
pub fn address(text: &str) -> Result<Uri, Unopened> {
    let wrong = || Unopened::Address(text.to_owned());
    let uri: Uri = text.parse().map_err(|_| wrong())?;
    let known = matches!(uri.scheme_str(), Some("http" | "https"));
    if known && uri.host().is_some() && uri.query().is_none() { Ok(uri) } else { Err(wrong()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::convert::Infallible;
    use std::net::SocketAddr;
    use tokio::net::{TcpListener, TcpSocket, TcpStream};
    use tower::service_fn;

    /// An address that neither takes a connection nor refuses it: all that wait there are
    /// as many as may.
    async fn silent() -> (SocketAddr, TcpListener, Vec<TcpStream>) {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let listener = socket.listen(1).unwrap();
        let (address, mut waiting) = (listener.local_addr().unwrap(), Vec::new());
        let longest = Duration::from_millis(100);
        while let Ok(taken) = timeout(longest, TcpStream::connect(address)).await {
            waiting.push(taken.unwrap());
        }
        (address, listener, waiting)
    }

    #[tokio::test]
    async fn an_address_that_says_nothing_leaves_time_for_the_next() {
        let (silent, _listener, _waiting) = silent().await;
        let other = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addresses = vec![silent, other.local_addr().unwrap()];
        let names = service_fn(move |_| {
            let addresses = addresses.clone();
            async move { Ok::<_, Infallible>(addresses.into_iter()) }
        });
        let limit = Duration::from_secs(1);
        let base = Uri::from_static("http://lms.test");
        let connector = Connector::new(tcp_by(names, limit), base, limit);
        let (opened, accepted) = tokio::join!(connector.open(), timeout(limit, other.accept()));
        assert!(opened.is_ok() && accepted.is_ok());
    }
}
