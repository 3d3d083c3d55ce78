//! TLS by rustls, from PEM files that may change while we run.
//!
//! TLS 1.2 stays on: Entra's documentation asks for it. rustls offers the ECDHE
//! suites with GCM and `ChaCha20` only, which is the better half of what Entra
//! lists; the CBC half is not missed by any client in use.

use super::certificate::ClientCertificate;
use super::peer::Tls;
use arc_swap::ArcSwap;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::danger::ClientCertVerifier;
use rustls::server::{VerifierBuilderError, WebPkiClientVerifier};
use rustls::sign::CertifiedKey;
use rustls::{RootCertStore, ServerConfig, ServerConnection};
use serde::Deserialize;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Where certificate and key are.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TlsFiles {
    /// The server's certificate and what its issuer adds, in PEM, its own first.
    pub certificate: PathBuf,
    /// Its private key, in PEM, not encrypted.
    pub key: PathBuf,
    /// Who may vouch for clients. Default: no certificate is asked for.
    #[serde(default)]
    pub clients: Option<ClientAuthorities>,
}

/// Client certificates.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClientAuthorities {
    /// The authorities' certificates, in PEM.
    pub authorities: PathBuf,
    /// Whether a client without a certificate is turned away. Default: false.
    #[serde(default)]
    pub required: bool,
}

/// What is wrong with a file of certificates or keys.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum TlsFault {
    #[error("{}: cannot be read: {source}", path.display())]
    Unreadable { path: PathBuf, source: io::Error },
    #[error("{}: is longer than {LONGEST} bytes, so it cannot be a PEM file of ours", path.display())]
    TooLong { path: PathBuf },
    #[error("{}: holds no certificate\nhint: a PEM file has a line `-----BEGIN CERTIFICATE-----`", path.display())]
    NoCertificate { path: PathBuf },
    #[error("{}: holds no private key\nhint: it needs a line `-----BEGIN PRIVATE KEY-----`", path.display())]
    NoKey { path: PathBuf },
    #[error("{}: the key is encrypted\nhint: write it without a passphrase: `openssl pkey -in OLD -out NEW`", path.display())]
    EncryptedKey { path: PathBuf },
    #[error("{}: {reason}", path.display())]
    Malformed { path: PathBuf, reason: String },
    #[error("{}: does not belong to the certificate in {}", key.display(), certificate.display())]
    Mismatch { key: PathBuf, certificate: PathBuf },
    #[error("TLS cannot be set up: {0}")]
    Refused(#[from] rustls::Error),
}

/// More than any chain or bundle of authorities takes.
const LONGEST: u64 = 4 * 1024 * 1024;

/// The certificates in use. A handshake takes those of its moment; connections
/// that stand are not touched by a reload, and neither are sessions resumed
/// across one: each load starts with an empty session cache, so that an authority
/// which was taken away is not met again in a ticket.
#[derive(Clone, Debug)]
pub struct Certificates {
    files: Arc<TlsFiles>,
    current: Arc<ArcSwap<ServerConfig>>,
}

impl Certificates {
    /// Reads the files, which blocks for as long as the disk does.
    pub fn load(files: TlsFiles) -> Result<Self, TlsFault> {
        let current = Arc::new(ArcSwap::from_pointee(read(&files)?));
        Ok(Self { files: Arc::new(files), current })
    }

    /// Reads the files again; what is read is in use only once it takes effect. If they
    /// are at fault, the old ones stay in use.
    pub fn read_again(&self) -> Result<Renewed, TlsFault> {
        let config = Arc::new(read(&self.files)?);
        Ok(Renewed { current: Arc::clone(&self.current), config })
    }

    pub(super) fn current(&self) -> Arc<ServerConfig> {
        self.current.load_full()
    }
}

/// Certificates that were read again, and are not in use yet.
#[derive(Debug)]
pub struct Renewed {
    current: Arc<ArcSwap<ServerConfig>>,
    config: Arc<ServerConfig>,
}

impl Renewed {
    /// From now on these are used.
    pub fn take_effect(self) {
        self.current.store(self.config);
    }
}

/// What a finished handshake has settled.
pub(super) fn settled(session: &ServerConnection) -> Tls {
    let version = match session.protocol_version() {
        Some(rustls::ProtocolVersion::TLSv1_2) => "TLSv1.2",
        _ => "TLSv1.3",
    };
    let own = session.peer_certificates().and_then(|chain| chain.first());
    Tls { version, client: own.and_then(ClientCertificate::read) }
}

fn read(files: &TlsFiles) -> Result<ServerConfig, TlsFault> {
    // Named here and not installed for the process: nothing global to race for.
    let provider = Arc::new(aws_lc_rs::default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])?;
    let builder = match &files.clients {
        None => builder.with_no_client_auth(),
        Some(clients) => builder.with_client_cert_verifier(verifier(clients, &provider)?),
    };
    let identity = Arc::new(identity(files, &provider)?);
    let mut config = builder.with_cert_resolver(Arc::new(SingleIdentity(identity)));
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

/// The one certificate that every client is shown, whatever name it asked for:
/// health checks and clients by address send none.
#[derive(Debug)]
struct SingleIdentity(Arc<CertifiedKey>);

impl rustls::server::ResolvesServerCert for SingleIdentity {
    fn resolve(&self, _: rustls::server::ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0))
    }
}

fn identity(files: &TlsFiles, provider: &CryptoProvider) -> Result<CertifiedKey, TlsFault> {
    let chain = certificates(&files.certificate)?;
    let key = private_key(&files.key)?;
    CertifiedKey::from_der(chain, key, provider).map_err(|fault| match fault {
        rustls::Error::InconsistentKeys(_) => {
            TlsFault::Mismatch { key: files.key.clone(), certificate: files.certificate.clone() }
        }
        rustls::Error::InvalidCertificate(_) => malformed(&files.certificate, &fault),
        _ => malformed(&files.key, &fault),
    })
}

fn verifier(
    clients: &ClientAuthorities,
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<dyn ClientCertVerifier>, TlsFault> {
    let path = &clients.authorities;
    let mut roots = RootCertStore::empty();
    for certificate in certificates(path)? {
        roots.add(certificate).map_err(|fault| malformed(path, &fault))?;
    }
    let builder =
        WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider));
    let builder = if clients.required { builder } else { builder.allow_unauthenticated() };
    builder.build().map_err(|fault: VerifierBuilderError| malformed(path, &fault))
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsFault> {
    let bytes = contents(path)?;
    let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&bytes).collect();
    let chain = read.map_err(|fault| malformed(path, &fault))?;
    if chain.is_empty() {
        return Err(TlsFault::NoCertificate { path: path.to_owned() });
    }
    Ok(chain)
}

fn private_key(path: &Path) -> Result<PrivateKeyDer<'static>, TlsFault> {
    let bytes = contents(path)?;
    let encrypted = String::from_utf8_lossy(&bytes).contains("ENCRYPTED");
    PrivateKeyDer::from_pem_slice(&bytes).map_err(|fault| match fault {
        pem::Error::NoItemsFound if encrypted => TlsFault::EncryptedKey { path: path.to_owned() },
        pem::Error::NoItemsFound => TlsFault::NoKey { path: path.to_owned() },
        _ => malformed(path, &fault),
    })
}

fn contents(path: &Path) -> Result<Vec<u8>, TlsFault> {
    let unreadable = |source| TlsFault::Unreadable { path: path.to_owned(), source };
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(unreadable)?;
    file.take(LONGEST + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length > LONGEST) {
        return Err(TlsFault::TooLong { path: path.to_owned() });
    }
    Ok(bytes)
}

fn malformed(path: &Path, reason: &impl std::fmt::Display) -> TlsFault {
    TlsFault::Malformed { path: path.to_owned(), reason: reason.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{CertifiedKey as Made, generate_simple_self_signed};
    use std::fs;
    use tempfile::TempDir;

    fn made() -> (String, String) {
        let Made { cert, signing_key } = generate_simple_self_signed(["localhost".into()]).unwrap();
        (cert.pem(), signing_key.serialize_pem())
    }

    /// Loads these two files and tells what is wrong, the folder left out.
    fn fault(certificate: &str, key: &str) -> String {
        let folder = TempDir::new().unwrap();
        let files = TlsFiles {
            certificate: folder.path().join("chain.pem"),
            key: folder.path().join("key.pem"),
            clients: None,
        };
        fs::write(&files.certificate, certificate).unwrap();
        fs::write(&files.key, key).unwrap();
        let said = Certificates::load(files).unwrap_err().to_string();
        said.replace(&format!("{}/", folder.path().display()), "")
    }

    #[test]
    fn a_certificate_and_its_key_are_loaded_in_any_order_of_files() {
        let (certificate, key) = made();
        let both = format!("{key}{certificate}");
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("both.pem");
        fs::write(&path, both).unwrap();
        let files = TlsFiles { certificate: path.clone(), key: path, clients: None };
        assert!(Certificates::load(files).is_ok());
    }

    #[test]
    fn a_fault_names_its_file() {
        let (certificate, key) = made();
        let (_, other) = made();
        assert!(fault(&key, &key).starts_with("chain.pem: holds no certificate"));
        assert!(fault("", &key).starts_with("chain.pem: holds no certificate"));
        assert!(fault(&certificate, &certificate).starts_with("key.pem: holds no private key"));
        assert_eq!(
            fault(&certificate, &other),
            "key.pem: does not belong to the certificate in chain.pem"
        );
        let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        assert!(fault(broken, &key).starts_with("chain.pem: "), "{}", fault(broken, &key));
        assert!(fault(&certificate.replace("END", "EMD"), &key).starts_with("chain.pem: "));
    }

    #[test]
    fn an_encrypted_key_is_called_that() {
        let (certificate, key) = made();
        let locked = key.replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY");
        assert!(fault(&certificate, &locked).starts_with("key.pem: the key is encrypted"));
    }

    #[test]
    fn a_missing_file_is_named() {
        let gone = PathBuf::from("/nonexistent/chain.pem");
        let files = TlsFiles { certificate: gone.clone(), key: gone, clients: None };
        let said = Certificates::load(files).unwrap_err().to_string();
        assert!(said.starts_with("/nonexistent/chain.pem: cannot be read"), "{said}");
    }

    #[test]
    fn a_faulty_reload_leaves_the_old_certificates() {
        let (certificate, key) = made();
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("both.pem");
        fs::write(&path, certificate + &key).unwrap();
        let files = TlsFiles { certificate: path.clone(), key: path.clone(), clients: None };
        let certificates = Certificates::load(files).unwrap();
        let before = certificates.current();
        fs::write(&path, "").unwrap();
        assert!(certificates.read_again().is_err());
        assert!(Arc::ptr_eq(&before, &certificates.current()));
    }
}
