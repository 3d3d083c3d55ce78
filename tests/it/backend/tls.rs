//! TLS over real sockets: whom we trust, and what is said when we do not.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

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
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// An LMS that speaks TLS.
struct Secure {
    port: u16,
    /// Its certificate, of its own making.
    pem: String,
    accepted: Arc<AtomicUsize>,
    closing: Arc<Notify>,
    /// It has stopped to answer.
    silent: Arc<AtomicBool>,
}

impl Secure {
    /// One with a certificate for this name.
    async fn named(name: &str, http2: bool) -> Self {
        let CertifiedKey { cert, signing_key } =
            generate_simple_self_signed(vec![name.to_owned()]).unwrap();
        let acceptor = acceptor(cert.der().clone(), &signing_key, http2);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (accepted, closing) = (Arc::new(AtomicUsize::new(0)), Arc::new(Notify::new()));
        let silent = Arc::new(AtomicBool::new(false));
        let lms = Self { port, pem: cert.pem(), accepted, closing, silent };
        let (accepted, closing) = (Arc::clone(&lms.accepted), Arc::clone(&lms.closing));
        let silent = Arc::clone(&lms.silent);
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                accepted.fetch_add(1, Ordering::SeqCst);
                let (acceptor, closing) = (acceptor.clone(), Arc::clone(&closing));
                let silent = Arc::clone(&silent);
                tokio::spawn(async move {
                    let Ok(wire) = acceptor.accept(socket).await else { return };
                    tokio::select! {
                        () = serve(wire, http2, silent) => {}
                        () = closing.notified() => {}
                    }
                });
            }
        });
        lms
    }

    fn accepted(&self) -> usize {
        self.accepted.load(Ordering::SeqCst)
    }

    fn backend(&self) -> Backend {
        self.backend_with(|_| {})
    }

    fn backend_with(&self, set: impl FnOnce(&mut Settings)) -> Backend {
        let mut settings = to(self.port, &self.pem);
        set(&mut settings);
        Backend::open(&settings, Access::Open, &house().0).unwrap()
    }
}

/// Says by which version it was asked.
async fn serve(wire: TlsStream<TcpStream>, http2: bool, silent: Arc<AtomicBool>) {
    let service = service_fn(|request: hyper::Request<_>| {
        let _: &hyper::body::Incoming = request.body();
        let (said, silent) =
            (format!("\"{:?}\"", request.version()), silent.load(Ordering::SeqCst));
        async move {
            if silent {
                std::future::pending::<()>().await;
            }
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
        let lms = Secure::named("localhost", http2).await;
        let reply = lms.backend().call(&read_call(), &errand()).await.unwrap();
        assert_eq!(reply.body(), version);
    }
}

#[tokio::test]
async fn calls_at_the_same_time_share_a_connection_over_http_2() {
    for (http2, accepted) in [(false, 3), (true, 1)] {
        let lms = Secure::named("localhost", http2).await;
        let (backend, call, errand) = (lms.backend(), read_call(), errand());
        backend.call(&call, &errand).await.unwrap();
        let made = || backend.call(&call, &errand);
        let (one, two, three) = tokio::join!(made(), made(), made());
        assert!(one.is_ok() && two.is_ok() && three.is_ok());
        assert_eq!(lms.accepted(), accepted, "http2: {http2}");
    }
}

#[tokio::test]
async fn a_connection_that_ended_while_it_rested_is_followed_by_another() {
    for http2 in [false, true] {
        let lms = Secure::named("localhost", http2).await;
        let (backend, call, errand) = (lms.backend(), read_call(), errand());
        backend.call(&call, &errand).await.unwrap();
        lms.closing.notify_waiters();
        backend.call(&call, &errand).await.unwrap();
        backend.call(&call, &errand).await.unwrap();
        assert_eq!(lms.accepted(), 2, "http2: {http2}");
    }
}

#[tokio::test]
async fn a_connection_that_nobody_needs_is_given_up_over_http_2_too() {
    for http2 in [false, true] {
        let lms = Secure::named("localhost", http2).await;
        let backend = lms.backend_with(|settings| settings.timing.idle = Duration::ZERO);
        backend.call(&read_call(), &errand()).await.unwrap();
        backend.call(&read_call(), &errand()).await.unwrap();
        assert_eq!(lms.accepted(), 2, "http2: {http2}");
    }
}

#[tokio::test]
async fn a_connection_on_which_somebody_waited_in_vain_is_not_used_again() {
    for http2 in [false, true] {
        let lms = Secure::named("localhost", http2).await;
        let backend = lms.backend_with(|settings| settings.retry.attempts = 1);
        let (mut call, errand) = (read_call(), errand());
        backend.call(&call, &errand).await.unwrap();
        lms.silent.store(true, Ordering::SeqCst);
        call.patience = Some(Duration::from_millis(20));
        backend.call(&call, &errand).await.unwrap_err();
        lms.silent.store(false, Ordering::SeqCst);
        backend.call(&read_call(), &errand).await.unwrap();
        assert_eq!(lms.accepted(), 2, "http2: {http2}");
    }
}

#[tokio::test]
async fn a_strange_certificate_is_refused_at_once_and_for_what_it_is() {
    let other = Secure::named("localhost", false).await;
    let lms = Secure { pem: other.pem, ..Secure::named("localhost", false).await };
    let failure = lms.backend().call(&create(), &errand()).await.unwrap_err();
    assert_eq!(
        (failure.kind, failure.retry, failure.lost),
        (Kind::Unavailable, Retry::Never, false)
    );
    assert!(failure.detail.contains("certificate"), "{}", failure.detail);
}

#[tokio::test]
async fn a_certificate_for_another_name_is_refused() {
    let lms = Secure::named("other.test", false).await;
    let failure = lms.backend().call(&read_call(), &errand()).await.unwrap_err();
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
