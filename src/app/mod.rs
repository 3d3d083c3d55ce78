//! The composition root: settings in, a running gateway out.
//!
//! ```text
//! start: metrics ─ tenants (sandboxes first) ─ faces ─ listeners bound ─► Running
//! serve: ready ─ (reload by signal or by operators)* ─ first signal: leave, drain, finish writes
//! ```

mod beside;
mod demo;
mod desk;
pub mod doctor;
mod fault;
mod kept;
pub mod log;
mod operator;

mod orders;
mod prune;
mod reload;
mod report;
mod running;
mod tenants;
mod tend;
mod work;

pub use demo::Demo;
pub use desk::{Desk, Expires, Made, Refused, Shown, Wish};
pub use fault::Fault;
pub use kept::Kept;
pub use report::census;
pub use running::{Addresses, Running};

use std::sync::Arc;

use jiff::Timestamp;
use prometheus::Registry;
use tokio_util::task::TaskTracker;

use crate::admin;
use crate::api;
use crate::backend;
use crate::clock::Clock;
use crate::config::{Faults, Loaded, Settings};
use crate::provision;
use crate::server;
use reload::Reloads;

/// Reads the settings once more.
pub type Source = Arc<dyn Fn(Timestamp) -> Result<Loaded, Faults> + Send + Sync>;

/// What every part of the program shares.
#[derive(Clone, Debug)]
struct House {
    registry: Registry,
    clock: Clock,
    server: server::Metrics,
    backend: backend::Metrics,
    provision: provision::Metrics,
    api: api::Metrics,
    reloads: Reloads,
    /// Writes under way.
    work: TaskTracker,
}

impl House {
    fn new() -> prometheus::Result<Self> {
        let registry = Registry::new();
        admin::register(&registry)?;
        Ok(Self {
            server: server::Metrics::register(&registry)?,
            backend: backend::Metrics::register(&registry)?,
            provision: provision::Metrics::register(&registry)?,
            api: api::Metrics::register(&registry)?,
            reloads: Reloads::register(&registry)?,
            clock: Clock::system(),
            work: TaskTracker::new(),
            registry,
        })
    }
}

/// Builds everything and opens the sockets; answers nothing yet. `source` is
/// where settings come from when they are to be read again.
pub async fn start(settings: Settings, source: Option<Source>) -> Result<Running, Fault> {
    let house = House::new()?;
    Running::build(house, settings, source).await
}
