//! The room `admin`: the operators' face, on a listener of its own.
//!
//! | request | answer |
//! |---|---|
//! | `GET /live` | 200 for as long as the process answers at all |
//! | `GET /ready` | 200 while it serves, 503 from the start of the drain; how each LMS is |
//! | `GET /metrics` | the registry, as Prometheus reads it |
//! | `POST /reload` | configuration and mappings read again: what changed, or every fault |
//! | `PUT /api/tenants/{t}/scim` | a tenant's URL and a new token for its client |
//! | `GET`, `POST /api/tenants/{t}/tokens`, `DELETE …/tokens/{id}` | its tokens |
//! | `GET, DELETE /api/tenants/{tenant}/pending` | the work of a tenant that waits, and its end |
//! | `POST /api/tenants/{tenant}/pending/apply` | its release |
//! | `GET /` | this list |
//!
//! It knows the gateway through the trait [`Gateway`] alone. With a token set,
//! everything but `/live` and `/ready` asks for it, and `/ready` tells those who
//! do not show it whether, but not why.

mod access;
mod answer;
mod api;
mod config;
mod desk;
mod face;
mod health;
mod page;
mod process;
mod refusal;
mod reload;

pub use access::Lock;
pub use api::{Order, Reply, refused};
pub use config::Config;
pub use desk::{Errand, Part, Told};
pub use health::{Breaker, LastFailure, TenantHealth};

use crate::server::{Service, Shutdown};
use face::Face;
use prometheus::{IntGaugeVec, Opts, Registry};
use std::future::Future;
use std::sync::Arc;

/// What the operators' face asks of the program.
pub trait Gateway: Send + Sync + 'static {
    /// How the LMS of each tenant is, asked now. At most one such question is
    /// under way at a time, and not one is asked while an answer is fresh. It is
    /// shown without a token, so its words may hold nothing private.
    fn health(&self) -> impl Future<Output = Vec<TenantHealth>> + Send;

    /// Carries out what an operator orders for a tenant. It is always finished.
    fn order(&self, tenant: &str, order: Order) -> impl Future<Output = Reply> + Send;

    /// Reads configuration and mappings again: what has changed, a line each, or
    /// every fault there is, the old ones going on. It is always finished, and
    /// one at a time; a reload by signal is for the implementation to queue.
    fn reload(&self) -> impl Future<Output = Result<Vec<String>, Vec<String>>> + Send;

    /// What is to be done with the work that waits for a tenant.
    fn pending(&self, tenant: &str, errand: Errand) -> impl Future<Output = Told> + Send {
        let _ = (tenant, errand);
        async { None }
    }
}

/// The service for the operators' listener, behind that lock. Readiness follows
/// `shutdown`.
pub fn service<G: Gateway>(
    lock: Arc<Lock>,
    gateway: Arc<G>,
    registry: Registry,
    shutdown: Shutdown,
) -> Service {
    let face = Arc::new(Face::new(lock, gateway, registry, shutdown));
    Service::new(move |request| {
        let face = Arc::clone(&face);
        async move { Ok(face.answer(request).await) }
    })
}

/// Makes known what is true of the process itself: its build, and what the
/// kernel tells of it.
pub fn register(registry: &Registry) -> prometheus::Result<()> {
    let about = Opts::new("matricula_build_info", "The build that runs; always 1.");
    let build = IntGaugeVec::new(about, &["version", "revision"])?;
    let revision = option_env!("MATRICULA_REVISION").unwrap_or("unknown");
    build.with_label_values(&[env!("CARGO_PKG_VERSION"), revision]).set(1);
    registry.register(Box::new(build))?;
    registry.register(Box::new(process::Process::new()?))
}
