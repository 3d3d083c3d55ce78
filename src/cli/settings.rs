//! Which settings a command works with.

use std::path::{Path, PathBuf};

use super::Trouble;
use crate::config::{Environment, Faults, Sources, Word};
use crate::store::{self, Place};

/// Where the settings are, for every command that needs them.
#[derive(Debug, clap::Args)]
pub(super) struct Flags {
    /// The configuration file [default: config.toml]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// One setting, before file and environment: tenants.demo.title="Demo"
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = Word::set)]
    set: Vec<Word>,
}

impl Flags {
    /// Where everything is read from.
    pub(super) fn sources(&self) -> Sources {
        Sources {
            file: self.config.clone(),
            environment: Environment::of_process(),
            flags: self.set.clone(),
        }
    }
}

/// The file of the store, if there is to be one and there is none yet.
pub(super) fn missing(store: &store::Config) -> Option<&Path> {
    match &store.place {
        Place::File(path) if !path.exists() => Some(path),
        _ => None,
    }
}

/// Whoever asks a store that is not there has named another one than the gateway has: an
/// empty one would tell them that there is nothing.
pub(super) fn there(store: &store::Config) -> Result<(), Trouble> {
    let Some(path) = missing(store) else { return Ok(()) };
    Err(Trouble::Failed(format!(
        "error: there is no store at `{}`\n\
         hint: name the configuration and the store of the gateway: --config FILE, --set \
         store.path=FILE, or MATRICULA_STORE__PATH",
        path.display()
    )))
}

/// Faults as a compiler prints them.
pub(super) fn told(faults: &Faults) -> Trouble {
    Trouble::Failed(faults.render(super::colours()))
}
