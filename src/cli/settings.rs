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
    #[arg(long = "set", value_name = "KEY=VALUE")]
    set: Vec<String>,
}

impl Flags {
    /// Where everything is read from.
    pub(super) fn sources(&self) -> Result<Sources, Trouble> {
        let flags = self.set.iter().map(|text| Word::set(text)).collect::<Result<_, _>>();
        Ok(Sources {
            file: self.config.clone(),
            environment: Environment::of_process(),
            flags: flags.map_err(Trouble::failed)?,
        })
    }
}

/// Faults as a compiler prints them.
pub(super) fn told(faults: &Faults) -> Trouble {
    Trouble::Failed(faults.render(super::colours()))
}
