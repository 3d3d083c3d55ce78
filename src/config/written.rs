//! The settings as they are written. What is not said is left open: defaults
//! belong to the rooms.

use std::collections::BTreeMap;
use std::path::PathBuf;

use ipnet::IpNet;
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::settings::Format;
use super::unit::{Address, Count, Keep, Size, Span, Wait};
use super::written_rules::{Activation, Deprovision, Guard, Mode, SignIn};
use crate::server;

/// `[server]`
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Server {
    pub(super) listen: Option<Address>,
    pub(super) public_url: Option<String>,
    pub(super) tls: Option<server::TlsFiles>,
    pub(super) timeouts: server::Timeouts,
    pub(super) limits: server::Limits,
    pub(super) proxy_protocol: Vec<IpNet>,
    pub(super) forwarded: server::Forwarded,
    pub(super) drain: Drain,
    pub(super) concurrency: Option<Count>,
    pub(super) body: Option<Size>,
    pub(super) deadline: Option<Wait>,
    pub(super) compress: Option<bool>,
    pub(super) bulk_operations: Option<Count>,
}

/// `[server] drain`
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Drain {
    pub(super) notice: Option<Span>,
    pub(super) deadline: Option<Wait>,
}

/// `[admin]`
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Admin {
    pub(super) listen: Option<Address>,
    pub(super) tls: Option<server::TlsFiles>,
    /// Read by itself, as a secret.
    pub(super) token: Option<IgnoredAny>,
}

/// `[log]`
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Log {
    pub(super) format: Option<Format>,
    pub(super) filter: Option<String>,
    pub(super) personal: Option<bool>,
}

/// `[store]`
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Store {
    pub(super) path: Option<PathBuf>,
    pub(super) in_memory: Option<bool>,
    pub(super) postgres: Option<Postgres>,
    pub(super) sandboxes: Option<bool>,
    /// Read by itself, as a secret.
    pub(super) key: Option<IgnoredAny>,
}

/// `[audit]`
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Audit {
    pub(super) keep: Option<Keep>,
    pub(super) personal: Option<bool>,
}

/// `[store.postgres]`
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Postgres {
    /// Read by itself, as a secret: a password may stand in it.
    pub(super) url: Option<IgnoredAny>,
    /// Read by itself, as a secret.
    pub(super) password: Option<IgnoredAny>,
    pub(super) ca: Option<PathBuf>,
    pub(super) schema: Option<String>,
    pub(super) connections: Option<Count>,
    pub(super) connect: Option<Wait>,
    pub(super) statement: Option<Wait>,
}

/// `[cache]` and `[tenants.<name>.cache]`
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Cache {
    pub(super) memory: Option<Size>,
    pub(super) fresh: Option<Span>,
    pub(super) missing: Option<Span>,
}

/// `[tenants.<name>]`
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Tenant {
    pub(super) title: Option<String>,
    pub(super) path: Option<String>,
    pub(super) mapping: Option<String>,
    pub(super) sandbox: bool,
    pub(super) mode: Option<Mode>,
    pub(super) activation: Option<Activation>,
    pub(super) sign_in: Option<SignIn>,
    pub(super) deprovision: Option<Deprovision>,
    pub(super) guard: Option<Guard>,
    pub(super) protect: Vec<String>,
    pub(super) outage_queue: Option<bool>,
    pub(super) pending: Option<Count>,
    pub(super) unmapped: Option<Unmapped>,
    #[serde(rename = "match")]
    pub(super) matching: Option<Vec<Matched>>,
    pub(super) keep: Option<Kept>,
    pub(super) from: Vec<IpNet>,
    pub(super) strict: bool,
    pub(super) page: Option<Count>,
    pub(super) patience: Option<Wait>,
    pub(super) cache: Cache,
    /// As the mapping says; read once the mapping is known.
    pub(super) lms: Option<IgnoredAny>,
    pub(super) backend: Backend,
    pub(super) backends: BTreeMap<String, Backend>,
    /// Read one by one, so that each knows its place.
    pub(super) tokens: Option<IgnoredAny>,
}

/// What becomes of attributes that the mapping does not know.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Unmapped {
    Keep,
    Ignore,
    Reject,
}

/// By what people are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Matched {
    ExternalId,
    UserName,
    Emails,
}

/// How much is kept of what clients write.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Kept {
    Minimal,
    Full,
}

/// `[[tenants.<name>.tokens]]`
#[derive(Debug, Default, Deserialize)]
#[expect(clippy::struct_field_names, reason = "a field is called as its key is")]
#[serde(default, deny_unknown_fields)]
pub(super) struct Token {
    pub(super) title: Option<String>,
    /// Read by itself, as a secret.
    pub(super) token: Option<IgnoredAny>,
    pub(super) sha256: Option<String>,
    pub(super) expires: Option<String>,
    pub(super) users: Option<bool>,
    pub(super) groups: Option<bool>,
    pub(super) write: Option<bool>,
    pub(super) from: Vec<IpNet>,
}

/// `[tenants.<name>.backend]`
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Backend {
    pub(super) concurrency: Option<Count>,
    pub(super) queue: Option<usize>,
    pub(super) rates: Option<Vec<Rate>>,
    pub(super) answer: Option<Size>,
    pub(super) timeouts: Timeouts,
    pub(super) retry: Retry,
    pub(super) breaker: Breaker,
    pub(super) ca: Option<PathBuf>,
    pub(super) system_roots: Option<bool>,
}

/// At most so many calls within any span of that length.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Rate {
    pub(super) calls: Count,
    pub(super) within: Wait,
}

/// How long a backend may take.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Timeouts {
    pub(super) connect: Option<Wait>,
    pub(super) attempt: Option<Wait>,
    pub(super) whole: Option<Wait>,
    pub(super) idle: Option<Wait>,
}

/// How often a call is tried.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Retry {
    pub(super) attempts: Option<Count>,
    pub(super) pause: Option<Wait>,
    pub(super) longest: Option<Wait>,
    pub(super) share: Option<u32>,
    pub(super) reserve: Option<u32>,
}

/// When a backend is left alone.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Breaker {
    pub(super) failures: Option<Count>,
    pub(super) pause: Option<Wait>,
    pub(super) longest: Option<Wait>,
}
