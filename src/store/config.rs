//! Where a store is, with its default beside it.

use std::path::PathBuf;

/// Where what clients wrote is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// The file; nothing keeps it in memory, for as long as the process lives.
    /// Default: `matricula.db`, beside the configuration.
    pub path: Option<PathBuf>,
    /// Whether tenants before a sandbox are kept there, too. A sandbox forgets its
    /// people with the process, and what was written of them means nothing then.
    /// Default: no.
    pub sandboxes: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self { path: Some(PathBuf::from("matricula.db")), sandboxes: false }
    }
}
