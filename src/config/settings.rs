//! The settings, as the rooms take them: nothing is left to check.

use std::fmt;
use std::sync::Arc;

use ipnet::IpNet;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::admin;
use crate::api;
use crate::backend;
use crate::mapping::{Plan, SettingFault, Site};
use crate::provision;
use crate::secret::Secret;
use crate::server;
use crate::store;

/// Everything that a running gateway is told.
#[derive(Debug)]
pub struct Settings {
    /// The listener that clients speak to.
    pub server: server::Config,
    /// How long the end takes.
    pub grace: server::Grace,
    /// The operators' listener.
    pub admin: admin::Config,
    /// What is logged, and how.
    pub log: Log,
    /// Where what clients wrote is kept.
    pub store: store::Config,
    /// How the audit trail is kept.
    pub audit: Audit,
    /// What one request may cost.
    pub api: api::Config,
    /// Whom the gateway serves, by name.
    pub tenants: Vec<Tenant>,
}

/// What is logged, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Log {
    /// Text for people or JSON for machines. Default: text.
    pub format: Format,
    /// The least level, and exceptions by target:
    /// `info,matricula::backend=debug`. Default: `info`.
    pub filter: String,
    /// Whether logs may name people. Default: no.
    pub personal: bool,
}

impl Default for Log {
    fn default() -> Self {
        Self { format: Format::Text, filter: "info".to_owned(), personal: false }
    }
}

/// How the audit trail is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Audit {
    /// For so many days; without a number for ever. Default: 400.
    pub keep: Option<u32>,
    /// Whether it may name people and hold what is written of them. Default: no.
    pub personal: bool,
}

impl Default for Audit {
    fn default() -> Self {
        Self { keep: Some(400), personal: false }
    }
}

/// How a line of the log is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// For people.
    #[default]
    Text,
    /// For machines, one object a line.
    Json,
}

/// One tenant: a client on the one side, an LMS on the other.
#[derive(Clone, Debug)]
pub struct Tenant {
    /// Its name in paths, logs and metrics.
    pub name: Arc<str>,
    /// Its name for people.
    pub title: String,
    /// The path below which it is served, without a slash at its end.
    pub path: String,
    /// The mapping, as it was named.
    pub mapping: String,
    /// The mapping, compiled.
    pub plan: Arc<Plan>,
    /// The LMS.
    pub lms: Lms,
    /// The services of the LMS by their names in the mapping, and what is known
    /// of each; for a sandbox that is everything but the address.
    pub backends: Vec<(Arc<str>, backend::Settings)>,
    /// How it is served.
    pub provision: provision::Config,
    /// Who may speak for its client, beside those that the store knows.
    pub tokens: store::Fixed,
    /// From where it may be spoken to; from everywhere, if no network is named.
    pub from: Vec<IpNet>,
}

/// Where a tenant's people are.
#[derive(Clone)]
pub enum Lms {
    /// In a sandbox, whose address is known once it runs; with the settings that
    /// were given beside.
    Sandbox(Map<String, Value>),
    /// In a real LMS.
    Real(Arc<Site>),
}

/// Settings are not shown, as some are secret.
impl fmt::Debug for Lms {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sandbox(_) => out.write_str("Sandbox"),
            Self::Real(site) => write!(out, "Real({site:?})"),
        }
    }
}

/// A sandbox that runs.
#[derive(Clone, Copy, Debug)]
pub struct Address<'a> {
    /// Its base address.
    pub base: &'a str,
    /// What it asks for.
    pub token: &'a Secret,
}

impl Tenant {
    /// The same tenant once its sandbox runs; a real one stays as it is.
    pub fn moved_into(mut self, sandbox: &Address<'_>) -> Result<Self, Vec<SettingFault>> {
        let Lms::Sandbox(given) = &self.lms else { return Ok(self) };
        let site = self.plan.settle(&in_sandbox(given, sandbox.base, sandbox.token.expose()))?;
        for (name, settings) in &mut self.backends {
            settings.base = site.base(name).unwrap_or_default();
        }
        self.lms = Lms::Real(site);
        Ok(self)
    }
}

/// A sandbox's settings: those that were given, and where it is.
pub(super) fn in_sandbox(
    given: &Map<String, Value>,
    base: &str,
    token: &str,
) -> Map<String, Value> {
    let mut settings = given.clone();
    settings.insert(BASE.to_owned(), base.into());
    settings.insert(TOKEN.to_owned(), token.into());
    settings
}

/// The settings that a sandbox brings itself.
pub(super) const BASE: &str = "base_url";
pub(super) const TOKEN: &str = "token";
