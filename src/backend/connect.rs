//! How a connection is made: TCP, TLS where the address says so, and one
//! deadline around both.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http::Uri;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use tower::Service;

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

/// A connector with one deadline around everything: hyper's own covers TCP only,
/// and an LMS that accepts and then says nothing would hold a slot.
#[derive(Clone, Debug)]
pub(super) struct Bounded<C> {
    inner: C,
    limit: Duration,
}

impl<C> Bounded<C> {
    pub(super) fn new(inner: C, limit: Duration) -> Self {
        Self { inner, limit }
    }
}

/// A connection on its way.
type Connecting<T> = Pin<Box<dyn Future<Output = Result<T, BoxError>> + Send>>;
type BoxError = Box<dyn std::error::Error + Send + Sync>;

impl<C> Service<Uri> for Bounded<C>
where
    C: Service<Uri>,
    C::Future: Send + 'static,
    C::Error: Into<BoxError>,
{
    type Response = C::Response;
    type Error = BoxError;
    type Future = Connecting<C::Response>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(context).map_err(Into::into)
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let connecting = self.inner.call(uri);
        let limit = self.limit;
        Box::pin(async move {
            match tokio::time::timeout(limit, connecting).await {
                Ok(connected) => connected.map_err(Into::into),
                Err(_) => Err(io::Error::from(io::ErrorKind::TimedOut).into()),
            }
        })
    }
}

/// The network's own connector.
pub(super) fn tcp() -> HttpConnector {
    let mut tcp = HttpConnector::new();
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
