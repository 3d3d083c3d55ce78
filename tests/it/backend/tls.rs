//! TLS over real sockets: whom we trust, and what is said when we do not.

use std::sync::Arc;

use super::support::{create, house, judge, read_call};
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use matricula::backend::{Access, Backend, Errand, Settings, Trust, Unopened};
use matricula::call::{Kind, Retry};
use rcgen::{CertifiedKey, KeyPair, generate_simple_self_signed};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// An LMS with a certificate of its own making for this name: its port, and the
/// certificate as PEM.
async fn secure(name: &str, http2: bool) -> (u16, String) {
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed(vec![name.to_owned()]).unwrap();
    let acceptor = acceptor(cert.der().clone(), &signing_key, http2);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let Ok(wire) = acceptor.accept(socket).await else { return };
                let service = service_fn(|request: hyper::Request<_>| {
                    let _: &hyper::body::Incoming = request.body();
                    let said = format!("\"{:?}\"", request.version());
                    async move {
                        Ok::<_, std::io::Error>(hyper::Response::new(Full::new(Bytes::from(said))))
                    }
                });
                let wire = TokioIo::new(wire);
                let _over = if http2 {
                    let server = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
                    server.serve_connection(wire, service).await
                } else {
                    hyper::server::conn::http1::Builder::new().serve_connection(wire, service).await
                };
            });
        }
    });
    (port, cert.pem())
}

fn acceptor(
    certificate: rustls::pki_types::CertificateDer<'static>,
    key: &KeyPair,
    http2: bool,
) -> TlsAcceptor {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    config.alpn_protocols = vec![if http2 { b"h2".to_vec() } else { b"http/1.1".to_vec() }];
    TlsAcceptor::from(Arc::new(config))
}

fn to(port: u16, trusted: &str) -> Settings {
    let mut settings = Settings::new("lms", format!("https://localhost:{port}"));
    settings.trust = Trust { system: false, extra: trusted.as_bytes().to_vec() };
    settings
}

fn errand() -> Errand<'static> {
    Errand { operation: "user.test", judge: &judge, until: None }
}

#[tokio::test]
async fn a_private_authority_is_trusted_when_it_is_named() {
    for (http2, version) in [(false, "HTTP/1.1"), (true, "HTTP/2.0")] {
        let (port, pem) = secure("localhost", http2).await;
        let backend = Backend::open(&to(port, &pem), Access::Open, &house().0).unwrap();
        let reply = backend.call(&read_call(), &errand()).await.unwrap();
        assert_eq!(reply.body(), version);
    }
}

#[tokio::test]
async fn a_strange_certificate_is_refused_at_once_and_for_what_it_is() {
    let (_, other) = secure("localhost", false).await;
    let (port, _) = secure("localhost", false).await;
    let backend = Backend::open(&to(port, &other), Access::Open, &house().0).unwrap();
    let failure = backend.call(&create(), &errand()).await.unwrap_err();
    assert_eq!(
        (failure.kind, failure.retry, failure.lost),
        (Kind::Unavailable, Retry::Never, false)
    );
    assert!(failure.detail.contains("certificate"), "{}", failure.detail);
}

#[tokio::test]
async fn a_certificate_for_another_name_is_refused() {
    let (port, pem) = secure("other.test", false).await;
    let backend = Backend::open(&to(port, &pem), Access::Open, &house().0).unwrap();
    let failure = backend.call(&read_call(), &errand()).await.unwrap_err();
    assert!(failure.detail.contains("certificate"), "{}", failure.detail);
}

#[tokio::test]
async fn a_port_where_nobody_listens_cannot_be_reached() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let mut settings = Settings::new("lms", format!("http://127.0.0.1:{port}"));
    settings.retry.attempts = 1;
    let backend = Backend::open(&settings, Access::Open, &house().0).unwrap();
    let failure = backend.call(&create(), &errand()).await.unwrap_err();
    assert_eq!((failure.kind, failure.lost), (Kind::Unavailable, false));
}

#[test]
fn trusting_nobody_is_said_at_the_start() {
    let outcome = Backend::open(&to(1, ""), Access::Open, &house().0);
    assert!(matches!(outcome, Err(Unopened::Trust)));
    let outcome = Backend::open(
        &to(1, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"),
        Access::Open,
        &house().0,
    );
    assert!(matches!(outcome, Err(Unopened::Authority(_))));
}
