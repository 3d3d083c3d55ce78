//! The room `server`: sockets, TLS and HTTP. It hands requests to one boxed
//! service and knows nothing of what they mean.
//!
//! ```text
//! socket ─ listener: limits ─ proxy: who is it ─ tls ─ connection: HTTP/1.1 or 2, time-outs
//!        ─ front: one `Peer` from socket, PROXY header and trusted headers ─► Service
//! ```
//!
//! Build everything, then [`Listener::bind`], then announce, then
//! [`Listener::serve`].
//!
//! # A client that goes away
//!
//! hyper drops the service's future when the client is gone: over HTTP/1.1 as
//! soon as a read sees the end of the stream, over HTTP/2 when the stream is
//! reset or the connection ends. The same happens to what still runs when a
//! drain's deadline has passed. A service that must finish what it has begun
//! has to spawn it; nothing here does so.
//!
//! A half-closed HTTP/1.1 client (one that shuts down its sending side and waits
//! for the answer) counts as gone: it cannot be told from one that left.
//!
//! # What is bounded by whom
//!
//! Here: the handshake, a request's head, its body once somebody reads it, the
//! time an answer may take to be fetched, and silence. Not here: how long the
//! service thinks, how large a body may be, and what a refusal looks like, since
//! those need words that this room does not have.

mod body;
mod certificate;
mod config;
mod connection;
mod drain;
mod forwarded;
mod front;
mod limits;
mod listener;
mod metrics;
mod notify;
mod peer;
mod proxy;
mod pulse;
mod service;
mod tls;

pub use body::{Body, BodyError};
pub use certificate::ClientCertificate;
pub use config::{Config, Timeouts};
pub use drain::{Grace, Phase, Shutdown, Sign, Signals};
pub use forwarded::{Forwarded, Header};
pub use limits::Limits;
pub use listener::{BindError, Listener};
pub use metrics::{ListenerMetrics, Metrics};
pub use notify::Notifier;
pub use peer::{Peer, Tls};
pub use service::{Answering, Service};
pub use tls::{Certificates, ClientAuthorities, Renewed, TlsFault, TlsFiles};

use bytes::Bytes;
use http_body_util::combinators::UnsyncBoxBody;

/// Whatever went wrong while a body was made.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// A request with its [`Peer`] among the extensions.
pub type Request = http::Request<Body>;

/// The body of an answer.
pub type ResponseBody = UnsyncBoxBody<Bytes, BoxError>;

/// An answer.
pub type Response = http::Response<ResponseBody>;
