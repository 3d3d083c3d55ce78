//! TLS, with certificates made for the occasion.

use super::http::{get, http2};
use super::{Running, config, run, timeouts};
use matricula::server::{ClientAuthorities, Config, TlsFiles};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject};
use rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion, version};
use std::fs;
use std::sync::Arc;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

type Stream = TlsStream<TcpStream>;

/// An authority and a folder with what it has issued.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
    folder: TempDir,
}

/// A certificate with its key, both in PEM.
struct Identity {
    certificate: String,
    key: String,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        Self { issuer: Issuer::new(params, key), pem, folder: TempDir::new().unwrap() }
    }

    fn issue(&self, name: &str) -> Identity {
        let mut params = CertificateParams::new(["localhost".to_owned()]).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap().pem();
        Identity { certificate, key: key.serialize_pem() }
    }

    /// Puts the server's files in place, as a renewal does.
    fn install(&self, name: &str) -> TlsFiles {
        let identity = self.issue(name);
        let path = |file| self.folder.path().join(file);
        fs::write(path("chain.pem"), identity.certificate).unwrap();
        fs::write(path("key.pem"), identity.key).unwrap();
        fs::write(path("authority.pem"), &self.pem).unwrap();
        TlsFiles { certificate: path("chain.pem"), key: path("key.pem"), clients: None }
    }

    fn with_clients(&self, required: bool) -> TlsFiles {
        let authorities = self.folder.path().join("authority.pem");
        let clients = Some(ClientAuthorities { authorities, required });
        TlsFiles { clients, ..self.install("server") }
    }

    /// A client that trusts this authority.
    fn client(
        &self,
        versions: &[&'static SupportedProtocolVersion],
        identity: Option<Identity>,
    ) -> ClientConfig {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(self.pem.as_bytes()).unwrap()).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let builder = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(versions)
            .unwrap()
            .with_root_certificates(roots);
        let Some(identity) = identity else { return builder.with_no_client_auth() };
        let chain = CertificateDer::from_pem_slice(identity.certificate.as_bytes()).unwrap();
        let key = PrivateKeyDer::from_pem_slice(identity.key.as_bytes()).unwrap();
        builder.with_client_auth_cert(vec![chain], key).unwrap()
    }
}

const BOTH: &[&SupportedProtocolVersion] = &[&version::TLS13, &version::TLS12];

async fn running(tls: TlsFiles) -> Running {
    run(Config { tls: Some(tls), timeouts: timeouts(), ..config() }).await
}

async fn connect(server: &Running, client: ClientConfig) -> std::io::Result<Stream> {
    let socket = TcpStream::connect(server.address).await?;
    let name = ServerName::try_from("localhost").unwrap();
    TlsConnector::from(Arc::new(client)).connect(name, socket).await
}

/// One exchange over HTTP/1.1; an error where the server ends the connection.
async fn ask(stream: &mut Stream) -> std::io::Result<String> {
    stream.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").await?;
    let mut text = String::new();
    while !text.contains("nobody") && !text.contains("CN=") {
        let mut buffer = [0; 1024];
        let length = stream.read(&mut buffer).await?;
        if length == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        text.push_str(&String::from_utf8_lossy(buffer.get(..length).unwrap()));
    }
    Ok(text.rsplit("\r\n").next().unwrap().to_owned())
}

/// What certificate the server has shown.
fn shown(stream: &Stream) -> CertificateDer<'static> {
    stream.get_ref().1.peer_certificates().unwrap().first().unwrap().clone().into_owned()
}

#[tokio::test]
async fn both_versions_are_offered() {
    let authority = Authority::new();
    let server = running(authority.install("server")).await;
    for (version, name) in [(&version::TLS12, "TLSv1.2"), (&version::TLS13, "TLSv1.3")] {
        let mut stream = connect(&server, authority.client(&[version], None)).await.unwrap();
        let seen = ask(&mut stream).await.unwrap();
        assert_eq!(seen, format!("127.0.0.1 https {name} nobody"));
    }
}

#[tokio::test]
async fn http_2_is_chosen_by_alpn() {
    let authority = Authority::new();
    let server = running(authority.install("server")).await;
    let mut client = authority.client(BOTH, None);
    client.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let stream = connect(&server, client).await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    let mut sender = http2(stream).await;
    assert_eq!(get(&mut sender, "/").await.unwrap(), "127.0.0.1 https TLSv1.3 nobody");
}

#[tokio::test]
async fn a_reload_serves_the_new_certificate_while_old_connections_go_on() {
    let authority = Authority::new();
    let server = running(authority.install("old")).await;
    let client = authority.client(BOTH, None);
    let mut old = connect(&server, client.clone()).await.unwrap();
    ask(&mut old).await.unwrap();
    authority.install("new");
    server.certificates.as_ref().unwrap().read_again().unwrap().take_effect();
    let mut new = connect(&server, client).await.unwrap();
    assert_ne!(shown(&old), shown(&new));
    ask(&mut new).await.unwrap();
    ask(&mut old).await.unwrap();
}

#[tokio::test]
async fn what_was_read_again_is_served_once_it_takes_effect() {
    let authority = Authority::new();
    let server = running(authority.install("old")).await;
    let client = authority.client(BOTH, None);
    let before = connect(&server, client.clone()).await.unwrap();
    authority.install("new");
    let renewed = server.certificates.as_ref().unwrap().read_again().unwrap();
    let between = connect(&server, client.clone()).await.unwrap();
    assert_eq!(shown(&between), shown(&before));
    renewed.take_effect();
    assert_ne!(shown(&connect(&server, client).await.unwrap()), shown(&before));
}

#[tokio::test]
async fn a_client_certificate_is_handed_on_by_its_subject() {
    let authority = Authority::new();
    let server = running(authority.with_clients(false)).await;
    let client = authority.client(BOTH, Some(authority.issue("entra")));
    let mut stream = connect(&server, client).await.unwrap();
    assert_eq!(ask(&mut stream).await.unwrap(), "127.0.0.1 https TLSv1.3 CN=entra");
    let mut anonymous = connect(&server, authority.client(BOTH, None)).await.unwrap();
    assert_eq!(ask(&mut anonymous).await.unwrap(), "127.0.0.1 https TLSv1.3 nobody");
}

#[tokio::test]
async fn a_required_client_certificate_cannot_be_left_out_or_made_up() {
    let (authority, other) = (Authority::new(), Authority::new());
    let server = running(authority.with_clients(true)).await;
    for identity in [None, Some(other.issue("entra"))] {
        // A TLS 1.3 client learns of its refusal with the first read.
        let asked = async {
            let mut stream = connect(&server, authority.client(BOTH, identity)).await?;
            ask(&mut stream).await
        };
        assert!(asked.await.is_err());
    }
    assert_eq!(
        server.metric("matricula_server_tls_handshake_failures_total{listener=\"test\"}"),
        2
    );
}

#[tokio::test]
async fn a_plain_request_to_a_tls_port_is_a_failed_handshake() {
    let authority = Authority::new();
    let server = running(authority.install("server")).await;
    let mut client = server.connect().await;
    client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n").await;
    client.rest().await;
    assert_eq!(
        server.metric("matricula_server_tls_handshake_failures_total{listener=\"test\"}"),
        1
    );
}

#[tokio::test(start_paused = true)]
async fn a_handshake_that_does_not_begin_is_cut_off() {
    let authority = Authority::new();
    let server = running(authority.install("server")).await;
    let start = tokio::time::Instant::now();
    server.connect().await.rest().await;
    assert_eq!(start.elapsed().as_secs(), 1);
    assert_eq!(server.refused("handshake_timeout"), 1);
}

#[tokio::test]
async fn behind_a_balancer_the_proxy_header_stands_before_the_handshake() {
    let authority = Authority::new();
    let proxy_protocol = vec!["127.0.0.0/8".parse().unwrap()];
    let tls = Some(authority.install("server"));
    let server = run(Config { tls, proxy_protocol, ..config() }).await;
    let mut socket = TcpStream::connect(server.address).await.unwrap();
    socket.write_all(b"PROXY TCP4 192.0.2.7 192.0.2.1 1 2\r\n").await.unwrap();
    let connector = TlsConnector::from(Arc::new(authority.client(BOTH, None)));
    let name = ServerName::try_from("localhost").unwrap();
    let mut stream = connector.connect(name, socket).await.unwrap();
    assert_eq!(ask(&mut stream).await.unwrap(), "192.0.2.7 https TLSv1.3 nobody");
}
