//! The way to a running gateway: its operators' listener, plain or by TLS.

use std::error::Error as _;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;

use http::{Method, Request};
use http_body_util::{BodyExt, Full, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use serde_json::Value;

use super::Trouble;
use crate::config::Settings;
use crate::secret::Secret;

/// So much of an answer is read at most.
const LONGEST: usize = 64 * 1024 * 1024;

/// The way to the work of one tenant.
pub(super) struct Desk {
    client: Client<HttpsConnector<HttpConnector>, Full<bytes::Bytes>>,
    url: String,
    token: Option<Secret>,
}

impl Desk {
    /// That of a tenant, behind the address that was named, or else the one of the
    /// settings.
    pub(super) fn of(
        tenant: &str,
        admin: Option<&str>,
        settings: &Settings,
    ) -> Result<Self, Trouble> {
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        if tenant.is_empty() || !tenant.bytes().all(is_name) {
            let hint = "hint: `matricula check` lists them";
            return Err(Trouble::Misused(format!("error: no tenant `{tenant}`\n{hint}")));
        }
        let base = match admin {
            Some(url) => url.trim_end_matches('/').to_owned(),
            None => address(settings),
        };
        let certificate = settings.admin.tls.as_ref().map(|files| &*files.certificate);
        let roots = if base.starts_with("https:") { roots(certificate)? } else { Vec::new() };
        Ok(Self {
            client: Client::builder(TokioExecutor::new()).build(connector(roots)?),
            url: format!("{base}/api/tenants/{tenant}/pending"),
            token: settings.admin.token.clone(),
        })
    }

    pub(super) async fn ask(
        &self,
        method: Method,
        below: &str,
        query: &str,
    ) -> Result<Value, Trouble> {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{below}?{query}", self.url))
            .header("accept", "application/json");
        if let Some(token) = &self.token {
            request = request.header("authorization", format!("Bearer {}", token.expose()));
        }
        let request = request.body(Full::default()).map_err(|error| {
            let hint = "hint: name the operators' listener as in --admin http://127.0.0.1:9090";
            Trouble::Misused(format!("error: `{}` is no address: {error}\n{hint}", self.url))
        })?;
        let answer = self.client.request(request).await.map_err(|error| self.silent(&error))?;
        let status = answer.status();
        let body = Limited::new(answer.into_body(), LONGEST).collect().await;
        let body = body.map_err(Trouble::failed)?.to_bytes();
        let told: Value = serde_json::from_slice(&body).unwrap_or_default();
        if status.is_success() {
            return Ok(told);
        }
        let words = told.get("detail").and_then(Value::as_str).unwrap_or("it was refused");
        let words = format!("error: {words} ({status})\nhint: {}", hint(status.as_u16()));
        Err(if status == 400 || status == 404 {
            Trouble::Misused(words)
        } else {
            Trouble::Failed(words)
        })
    }

    /// Nobody answers: why, down to what the system said.
    fn silent(&self, error: &hyper_util::client::legacy::Error) -> Trouble {
        let causes = std::iter::successors(error.source(), |&cause| cause.source());
        let why = causes.last().map_or_else(|| error.to_string(), ToString::to_string);
        let hint = if self.url.starts_with("https:") {
            "start it, or name its operators' listener as its certificate does: --admin \
             https://NAME:PORT"
        } else {
            "start it, or name its operators' listener with --admin"
        };
        Trouble::Failed(format!("error: no gateway answers at {}: {why}\nhint: {hint}", self.url))
    }
}

/// What to do about an answer.
fn hint(status: u16) -> &'static str {
    match status {
        401 => "show the running gateway's `admin.token`: name its configuration with --config",
        404 => {
            "`matricula check` lists the tenants of the configuration; a gateway knows those of \
                its last reload"
        }
        503 => "the log of the gateway says more",
        _ => "`matricula pending --help`",
    }
}

/// Where the settings say that operators are answered. What listens everywhere is here,
/// too.
fn address(settings: &Settings) -> String {
    let listen = settings.admin.listen;
    let here: IpAddr = match listen.ip() {
        IpAddr::V4(it) if it.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(it) if it.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        other => other,
    };
    let scheme = if settings.admin.tls.is_some() { "https" } else { "http" };
    format!("{scheme}://{}", SocketAddr::new(here, listen.port()))
}

/// What the system believes, and the certificate that the gateway has itself.
fn roots(certificate: Option<&Path>) -> Result<Vec<CertificateDer<'static>>, Trouble> {
    let mut roots = rustls_native_certs::load_native_certs().certs;
    if let Some(file) = certificate {
        let read = CertificateDer::pem_file_iter(file).map_err(Trouble::failed)?;
        roots.extend(read.filter_map(Result::ok));
    }
    Ok(roots)
}

fn connector(
    believed: Vec<CertificateDer<'static>>,
) -> Result<HttpsConnector<HttpConnector>, Trouble> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(believed);
    let provider = Arc::new(aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(Trouble::failed)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(HttpsConnectorBuilder::new().with_tls_config(config).https_or_http().enable_http1().build())
}
