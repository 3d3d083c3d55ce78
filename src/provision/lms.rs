//! One LMS as the use cases see it: a mapping's runs, driven over backends.

use std::borrow::Cow;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::{Map, Value};
use tokio::time::Instant;

use super::ledger::Ledger;
use super::login;
use super::metrics::Handles;
use super::password::nobody_knows;
use super::witness;
use crate::backend::{self, Backend, Errand, House, Unopened};
use crate::call::{Failure, Kind, Reply};
use crate::clock::Clock;
use crate::mapping::{Done, Moment, Next, Run, Site};
use crate::scim::{Operation, Resource};

/// An LMS: what it is like, and the way to it.
#[derive(Debug)]
pub struct Lms {
    site: Arc<Site>,
    backends: Vec<(Arc<str>, Backend)>,
    clock: Clock,
    lookups: Mutex<Lookups>,
    slots: usize,
}

/// Lists that mappings keep of the LMS, each until its end.
#[derive(Debug, Default)]
struct Lookups(Vec<(String, Value, Instant)>);

/// An operation under way: its name in metrics, and when it has to be over.
#[derive(Clone, Copy, Debug)]
pub(super) struct Task {
    pub name: &'static str,
    pub until: Instant,
}

impl Lms {
    /// Opens the backends of a site; connects to nothing yet. A login may need
    /// another backend, so those without one come first.
    pub fn open(
        site: Arc<Site>,
        settings: &[(Arc<str>, backend::Settings)],
        house: &House,
    ) -> Result<Self, Unopened> {
        Self::opened(site, settings, house, None)
    }

    /// The same, with what must survive of its sessions kept where this ledger is, and
    /// at the pace at which it was asked before.
    pub fn of(
        site: Arc<Site>,
        settings: &[(Arc<str>, backend::Settings)],
        house: &House,
        ledger: &Ledger,
    ) -> Result<Self, Unopened> {
        Self::opened(site, settings, house, Some(ledger))
    }

    fn opened(
        site: Arc<Site>,
        settings: &[(Arc<str>, backend::Settings)],
        house: &House,
        ledger: Option<&Ledger>,
    ) -> Result<Self, Unopened> {
        let (with, without): (Vec<_>, Vec<_>) = settings
            .iter()
            .partition(|(name, _)| site.plan.backend(name).is_some_and(|it| it.login.is_some()));
        let mut backends: Vec<(Arc<str>, Backend)> = Vec::new();
        for (name, settings) in without.into_iter().chain(with) {
            let vault = ledger.and_then(|ledger| ledger.safe(name));
            let access = login::access((&site, name), &backends, vault);
            let pace = ledger.map(|ledger| ledger.pace(name)).unwrap_or_default();
            let backend = Backend::at_pace(&pace, settings, access, house)?;
            backends.push((Arc::clone(name), backend));
        }
        let main = settings.first().map(|(_, settings)| settings.limits.concurrency);
        Ok(Self { slots: main.unwrap_or(1), ..Self::over(site, backends, house.clock.clone()) })
    }

    /// An LMS behind backends that are open already.
    pub fn over(site: Arc<Site>, backends: Vec<(Arc<str>, Backend)>, clock: Clock) -> Self {
        let slots = backend::Limits::default().concurrency;
        Self { site, backends, clock, lookups: Mutex::default(), slots }
    }

    /// What it is like.
    pub fn site(&self) -> &Arc<Site> {
        &self.site
    }

    /// The ways to it, by the mapping's names.
    pub fn backends(&self) -> &[(Arc<str>, Backend)] {
        &self.backends
    }

    /// How many calls it takes at the same time.
    pub(super) fn slots(&self) -> usize {
        self.slots
    }

    /// A write on its way. Whoever is made without a password that the LMS wants is given one
    /// that nobody knows.
    pub(super) fn write(
        &self,
        operation: &Operation,
        known: Option<Resource>,
    ) -> Result<Run, Failure> {
        let Operation::Create(resource) = operation else {
            return self.site.write(operation, known, &self.moment());
        };
        match self.site.with_password(resource, nobody_knows)? {
            Cow::Borrowed(_) => self.site.write(operation, known, &self.moment()),
            Cow::Owned(told) => self.site.write(&Operation::Create(told), known, &self.moment()),
        }
    }

    /// What runs are told about the world.
    pub(super) fn moment(&self) -> Moment {
        Moment { now: self.clock.now().into(), lookups: self.fresh() }
    }

    fn fresh(&self) -> Map<String, Value> {
        let lookups = self.lookups.lock().unwrap_or_else(PoisonError::into_inner);
        if lookups.0.is_empty() {
            return Map::new();
        }
        let now = Instant::now();
        let fresh = lookups.0.iter().filter(|(.., end)| *end > now);
        fresh.map(|(name, value, _)| (name.clone(), value.clone())).collect()
    }

    fn learn(&self, learned: &Map<String, Value>) {
        let mut lookups = self.lookups.lock().unwrap_or_else(PoisonError::into_inner);
        for (name, value) in learned {
            let life = self.site.plan.lookups.iter().find(|lookup| lookup.name == *name);
            let Some(life) = life.map(|lookup| Duration::from_secs(lookup.life)) else { continue };
            lookups.0.retain(|(known, ..)| known != name);
            lookups.0.push((name.clone(), value.clone(), Instant::now() + life));
        }
    }

    /// Makes the calls of a run, one after the other.
    pub(super) async fn drive(
        &self,
        mut run: Run,
        task: Task,
        metrics: &Handles,
    ) -> Result<Box<Done>, Failure> {
        let mut calls = 0;
        let mut next = run.start();
        let outcome = loop {
            match next {
                Next::Done(outcome) => break outcome,
                Next::Call(call) => {
                    calls += 1;
                    let reply = match self.backend(&call.backend) {
                        Ok(backend) => {
                            let judge = |reply: &Reply| run.judge(reply);
                            let until = Some(task.until);
                            let errand = Errand { operation: task.name, judge: &judge, until };
                            backend.call(&call, &errand).await
                        }
                        Err(failure) => Err(failure),
                    };
                    witness::called(&self.site.plan, &call, &reply);
                    next = run.next(reply);
                }
            }
        };
        metrics.driven(task.name, calls, outcome.as_ref().err());
        if let Ok(done) = &outcome
            && !done.learned.is_empty()
        {
            self.learn(&done.learned);
        }
        outcome
    }

    fn backend(&self, name: &str) -> Result<&Backend, Failure> {
        let found = self.backends.iter().find(|(known, _)| &**known == name);
        found.map(|(_, backend)| backend).ok_or_else(|| {
            Failure::new(Kind::Unsupported, "the mapping names a service that is not set up")
        })
    }
}
