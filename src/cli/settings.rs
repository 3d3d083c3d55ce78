//! Which settings a command works with.

use std::path::PathBuf;

use super::Trouble;
use crate::config::{Environment, Faults, Sources, Word};

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

/// Faults as a compiler prints them.
pub(super) fn told(faults: &Faults) -> Trouble {
    Trouble::Failed(faults.render(super::colours()))
}
