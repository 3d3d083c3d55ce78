//! The SCIM face: HTTP requests in, use cases asked, SCIM answers out.
//!
//! `stack` shows the way of a request in order. Every answer, refusals and
//! panics included, is well-formed SCIM, counted once and logged once; who is
//! speaking is known before a byte of a body is read.

mod auth;
mod bulk;
mod collection;
mod compress;
mod config;
mod denial;
mod discovery;
mod exchange;
mod expiry;
mod face;
mod guessers;
mod line;
mod metrics;
mod one;
mod places;
mod refusal;
mod roll;
mod route;
mod search;
mod stack;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use arc_swap::ArcSwap;

pub use config::Config;
pub use expiry::Expiry;
pub use face::{Face, Front};
pub use metrics::Metrics;
pub use roll::Roll;

use guessers::Guessers;
use places::Places;

use crate::clock::Clock;
use crate::server;
use crate::store::Token;

/// The SCIM face of every tenant. What it shows can be replaced while it works:
/// a request that has begun goes on with what it began with.
#[derive(Clone)]
pub struct Api(Arc<Shared>);

struct Shared {
    face: ArcSwap<Face>,
    places: Places,
    metrics: Metrics,
    clock: Clock,
    ids: line::Ids,
    roll: Arc<Roll>,
    guessers: Guessers,
    /// The tokens whose expiry is measured.
    measured: Mutex<BTreeSet<(String, String)>>,
}

impl Api {
    /// The face of these tenants. How many requests there may be at the same time
    /// is settled here, whatever faces follow.
    pub fn new(face: Face, metrics: Metrics, clock: Clock, roll: Arc<Roll>) -> Self {
        let places = Places::new(face.config.concurrency);
        let face = ArcSwap::from_pointee(face);
        let (ids, guessers) = (line::Ids::default(), Guessers::new());
        Self(Arc::new(Shared {
            face,
            places,
            metrics,
            clock,
            ids,
            roll,
            guessers,
            measured: Mutex::default(),
        }))
    }

    /// From now on, this.
    pub fn replace(&self, face: Face) {
        self.0.face.store(Arc::new(face));
    }

    /// What is shown now.
    pub fn face(&self) -> Arc<Face> {
        self.0.face.load_full()
    }

    /// The URL of a tenant: at the public address, or else at this one.
    pub fn base_of(&self, tenant: &str, origin: &str) -> Option<String> {
        let face = self.face();
        let front = face.fronts().find(|front| &**front.tenant.name() == tenant)?;
        let origin = face.config.public_url.as_deref().unwrap_or(origin);
        Some(format!("{}{}", origin.trim_end_matches('/'), front.path))
    }

    /// The tokens of a tenant that its settings name.
    pub fn fixed(&self, tenant: &str) -> Vec<Token> {
        let face = self.face();
        let front = face.fronts().find(|front| &**front.tenant.name() == tenant);
        front.map(|front| front.tokens.iter().cloned().collect()).unwrap_or_default()
    }

    /// The tokens that the store knows.
    pub fn roll(&self) -> &Arc<Roll> {
        &self.0.roll
    }

    /// The service that a listener serves.
    pub fn service(&self) -> server::Service {
        stack::stack(&self.0)
    }
}

impl std::fmt::Debug for Api {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Api")
    }
}
