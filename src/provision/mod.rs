//! The use cases, without HTTP: create, change, delete, get and list, each as
//! one readable flow between the client's words, the LMS and the store.
//!
//! ```text
//! read:   cache ▸ (rides together with others) ▸ LMS ▸ blend with the entry ▸ View
//! write:  turn of its keys ▸ entry's words ▸ LMS ▸ (lost? look) ▸ entry ▸ cache's epoch
//! ```
//!
//! Two promises are kept here. Nobody writes under a key while another does, so
//! an LMS that checks first and writes later cannot be made to make twins. And a
//! write once begun is finished, whoever stops waiting for it.

mod adopt;
mod asking;
mod cache;
mod called;
mod census;
mod change;
mod config;
mod counts;
mod create;
mod defer;
mod delete;
mod desk;
mod doubt;
mod error;
mod examine;
mod gone;
mod hashed;
mod held;
mod ledger;
mod leftover;
mod list;
mod lms;
mod login;
mod look;
mod matching;
mod members;
mod metrics;
mod names;
mod news;
mod nobody;
mod overlay;
mod password;
mod read;
mod renames;
mod replay;
mod ride;
mod rivals;
mod ruling;
mod safe;
mod search;
mod settle;
mod shelf;
mod stays;
mod turns;
mod view;
mod views;
mod witness;
mod words;
mod work;
mod write;

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::task::TaskTracker;

pub use cache::Depth;
pub use census::{Account, Census, Standing, Verdict};
pub use config::{Caching, Config, Keep};
pub use error::{Deed, Error};
pub use examine::{Examined, examine};
pub use ledger::Ledger;
pub use list::Listing;
pub use lms::Lms;
pub use matching::Match;
pub use metrics::Metrics;
pub use view::View;
pub use witness::Who;
pub use work::Round;
pub use write::Change;

use crate::call::Failure;
use crate::clock::Clock;
use crate::mapping::plan::KindPlan;
use crate::mapping::{Done, Picture, Run};
use crate::scim::{Kind, ResourceType, Unknown};
use crate::store::{Entry, Trail};
use cache::Cache;
use lms::Task;
use metrics::Handles;
use names::Names;
use ride::Rides;
use view::Known;

/// What every tenant shares.
#[derive(Clone)]
pub struct House {
    /// The time of day.
    pub clock: Clock,
    /// The measurements.
    pub metrics: Metrics,
    /// Writes under way: the process does not end before they have.
    pub work: TaskTracker,
    /// Where every write is told.
    pub trail: Arc<dyn Trail>,
}

/// One tenant: an LMS, what is remembered of it, and what may be asked.
pub struct Tenant {
    name: Arc<str>,
    lms: Lms,
    ledger: Arc<Ledger>,
    config: Config,
    types: [Option<ResourceType>; 2],
    cache: Cache,
    rides: Rides,
    clock: Clock,
    metrics: Handles,
    work: TaskTracker,
    trail: Arc<dyn Trail>,
    shown: nobody::Shown,
}

impl Tenant {
    /// A tenant that is ready to be asked.
    pub fn new(
        name: Arc<str>,
        lms: Lms,
        ledger: Arc<Ledger>,
        config: Config,
        house: &House,
    ) -> Arc<Self> {
        let metrics = house.metrics.of(&name);
        Arc::new(Self {
            cache: Cache::new(&config.caching, Arc::clone(&ledger), metrics.clone()),
            rides: Rides::new(lms.slots()),
            clock: house.clock.clone(),
            work: house.work.clone(),
            trail: Arc::clone(&house.trail),
            shown: nobody::Shown::default(),
            types: [Kind::User, Kind::Group].map(|kind| offered(&lms, kind, &config)),
            metrics,
            name,
            lms,
            ledger,
            config,
        })
    }

    /// Its name, as metrics and logs have it.
    pub fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// Its settings.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Its LMS.
    pub fn lms(&self) -> &Lms {
        &self.lms
    }

    /// What a User or Group is here; nothing where the LMS has none.
    pub fn resource_type(&self, kind: Kind) -> Option<&ResourceType> {
        let [user, group] = &self.types;
        match kind {
            Kind::User => user.as_ref(),
            Kind::Group => group.as_ref(),
        }
    }

    /// Asks the LMS whether it is there and knows us: the mapping's own probe
    /// for each of its services. Nothing, where the mapping has none.
    pub async fn probe(&self) -> Option<Result<(), Failure>> {
        let mut asked = None;
        for (name, _) in self.lms.backends() {
            let Some(run) = self.lms.site().probe(name, &self.lms.moment()) else { continue };
            match self.lms.drive(run, self.task("probe"), &self.metrics).await {
                Ok(_) => asked = Some(Ok(())),
                Err(failure) => return Some(Err(failure)),
            }
        }
        asked
    }

    /// Brings the metrics that nobody pushes up to date.
    pub async fn measure(&self) {
        self.cache.measure();
        let tallies =
            if self.is_clear() { Ok(Vec::new()) } else { self.ledger.pending.tally().await };
        match tallies {
            Ok(tallies) => self.metrics.waits(&tallies, self.clock.now()),
            Err(error) => tracing::warn!(%error, "nobody knows how much waits"),
        }
    }

    fn plan(&self, kind: Kind) -> Option<&Arc<KindPlan>> {
        self.lms.site().plan.kinds_of(kind).next()
    }

    fn view(&self, kind: Kind, picture: Picture, known: Known<'_>) -> Result<Arc<View>, Error> {
        let resource_type = self.resource_type(kind).ok_or_else(|| write::unmapped(kind))?;
        let (site, moment) = (self.lms.site(), self.lms.moment());
        if let Some(view) = View::straight(site, &picture, resource_type, (known, &moment)) {
            return Ok(view);
        }
        let told = View::told(site, picture, known, &moment);
        Ok(View::of(&told, resource_type, known))
    }

    fn known<'a>(&self, entry: Option<&'a Entry>, names: &'a Names) -> Known<'a> {
        Known { entry, names, keep: self.config.keep }
    }

    async fn drive(&self, run: Run, kind: Kind, deed: Deed) -> Result<Box<Done>, Failure> {
        // Boxed: the way to the LMS is long, and most requests are answered before.
        Box::pin(self.lms.drive(run, self.task(deed.name(kind)), &self.metrics)).await
    }

    fn task(&self, name: &'static str) -> Task {
        Task { name, until: Instant::now() + self.patience() }
    }

    /// How long the LMS is waited for.
    fn patience(&self) -> Duration {
        self.config.patience.max(Duration::from_millis(1))
    }
}

/// What clients may write and read: what the LMS has a place for, and with it
/// what we keep.
fn offered(lms: &Lms, kind: Kind, config: &Config) -> Option<ResourceType> {
    let resource_type = lms.site().plan.kinds_of(kind).next()?.resource_type.clone();
    Some(match config.rules.unknown {
        Unknown::Keep => resource_type.keeping(),
        Unknown::Ignore | Unknown::Reject => resource_type,
    })
}

impl std::fmt::Debug for Tenant {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Tenant").field("name", &self.name).finish_non_exhaustive()
    }
}
