//! Who is on the other side: one value on every request, whatever it came through.

use super::certificate::ClientCertificate;
use std::net::IpAddr;
use std::sync::Arc;

/// The client of one request, as far as it can be believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peer {
    /// The client's address: of the socket, or as a trusted proxy gave it. IPv4
    /// is never shown in its IPv6 disguise.
    pub address: IpAddr,
    /// Whether the client itself spoke HTTPS, to us or to a trusted proxy.
    pub https: bool,
    /// The TLS session with whoever holds the socket; absent over plain TCP.
    pub tls: Option<Arc<Tls>>,
}

/// What a TLS handshake has settled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tls {
    /// `TLSv1.2` or `TLSv1.3`.
    pub version: &'static str,
    /// The certificate that the client proved to hold, verified against the
    /// configured authorities.
    pub client: Option<ClientCertificate>,
}
