//! Where a store is, with its default beside it.

use std::path::PathBuf;

use super::Key;

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
    /// What tokens are kept under and the trail is sealed with. Default: the one in
    /// the file beside the store, which is made with it.
    pub key: Option<Key>,
}

impl Config {
    /// The file of the key, where the settings give none.
    pub fn key_file(&self) -> PathBuf {
        let path = self.path.clone().unwrap_or_else(|| PathBuf::from("matricula.db"));
        path.with_extension("key")
    }
}

impl Default for Config {
    fn default() -> Self {
        Self { path: Some(PathBuf::from("matricula.db")), sandboxes: false, key: None }
    }
}
