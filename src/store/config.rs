//! Where a store is, with its default beside it.

use std::path::PathBuf;

use super::Key;
#[cfg(feature = "postgres")]
use super::postgres::Settings;

/// Where what clients wrote is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// The place. Default: the file `matricula.db`, beside the configuration.
    pub place: Place,
    /// Where the configuration is, and beside it what has no place of its own.
    pub folder: PathBuf,
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
        match &self.place {
            // Whoever names a file says where it is; the folder is part of that.
            Place::File(path) => path.with_extension("key"),
            _ => self.folder.join("matricula.key"),
        }
    }
}

/// Where a store is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// In memory, for as long as the process lives.
    Memory,
    /// In a file, which one process has.
    File(PathBuf),
    /// On a server, which several processes share.
    #[cfg(feature = "postgres")]
    Postgres(Box<Settings>),
}

impl Default for Config {
    fn default() -> Self {
        let place = Place::File(PathBuf::from("matricula.db"));
        Self { place, folder: PathBuf::new(), sandboxes: false, key: None }
    }
}
