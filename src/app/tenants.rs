//! From a tenant's settings to a tenant that can be asked, and what outlives its
//! settings.

use std::collections::HashMap;
use std::sync::Arc;

use super::kept::Kept;
use super::{Fault, House};
use crate::api::{self, Face, Front};
use crate::backend;
use crate::config::{self, Address, Settings};
use crate::provision::{self, Ledger, Lms, Tenant};
use crate::sandbox::{self, Moodle, Sandbox};
use crate::secret::Secret;
use crate::store::{Memory, Place, Store};

/// What stays of tenants from one reload to the next.
pub(super) struct Lasting {
    /// Where tokens, the trail and the tenants' words are.
    pub(super) kept: Kept,
    /// For those whose words the store is not for.
    passing: Memory,
    /// Whether the store is for tenants before a sandbox, too.
    sandboxes_too: bool,
    ledgers: HashMap<Arc<str>, Arc<Ledger>>,
    sandboxes: HashMap<Arc<str>, Sandbox>,
}

impl Lasting {
    /// What will stay, with the store opened. Which one is settled by the settings
    /// that came first.
    pub(super) async fn open(settings: &Settings) -> Result<Self, Fault> {
        Ok(Self {
            kept: Kept::open(&settings.store).await.map_err(Fault::store(&settings.store.place))?,
            passing: Memory::new(),
            sandboxes_too: settings.store.sandboxes || settings.store.place == Place::Memory,
            ledgers: HashMap::new(),
            sandboxes: HashMap::new(),
        })
    }

    /// The face of these settings.
    pub(super) async fn face(&mut self, settings: &Settings, house: &House) -> Result<Face, Fault> {
        let mut fronts = Vec::new();
        for tenant in &settings.tenants {
            fronts.push(self.front(tenant.clone(), &settings.api, house).await?);
        }
        Ok(Face::new(settings.api.clone(), fronts))
    }

    async fn front(
        &mut self,
        tenant: config::Tenant,
        api: &api::Config,
        house: &House,
    ) -> Result<Front, Fault> {
        let name = Arc::clone(&tenant.name);
        let sandboxed = matches!(tenant.lms, config::Lms::Sandbox(_));
        let tenant = self.in_its_lms(tenant).await?;
        let config::Lms::Real(site) = &tenant.lms else {
            return Err(Fault::Settings { tenant: name.to_string(), faults: Vec::new() });
        };
        let outside = backend::House { clock: house.clock.clone(), metrics: house.backend.clone() };
        let here = !sandboxed || self.sandboxes_too;
        let store: &dyn Store = if here { &*self.kept.store } else { &self.passing };
        let ledger = self.ledgers.entry(Arc::clone(&name));
        let ledger = ledger.or_insert_with(|| Ledger::of(store, &name));
        let lms = Lms::of(Arc::clone(site), &tenant.backends, &outside, ledger)
            .map_err(|reason| Fault::Lms { tenant: name.to_string(), reason })?;
        let inside = provision::House {
            clock: house.clock.clone(),
            metrics: house.provision.clone(),
            work: house.work.clone(),
            trail: Arc::clone(&self.kept.trail),
        };
        let ready = Tenant::new(name, lms, Arc::clone(ledger), tenant.provision, &inside);
        Ok(Front::new(ready, &tenant.path, tenant.tokens, api).only_from(tenant.from))
    }

    /// The tenant with its LMS known: a sandbox is started for those that have
    /// none, and stays for as long as the process.
    async fn in_its_lms(&mut self, tenant: config::Tenant) -> Result<config::Tenant, Fault> {
        if matches!(tenant.lms, config::Lms::Real(_)) {
            return Ok(tenant);
        }
        let name = Arc::clone(&tenant.name);
        if !self.sandboxes.contains_key(&name) {
            let started = sandbox().await;
            let failed = |reason| Fault::Sandbox { tenant: name.to_string(), reason };
            self.sandboxes.insert(Arc::clone(&name), started.map_err(failed)?);
        }
        let Some((url, token)) = self.sandbox(&name) else { return Ok(tenant) };
        let address = Address { base: &url, token: &token };
        let settled = tenant.moved_into(&address);
        settled.map_err(|faults| Fault::Settings { tenant: name.to_string(), faults })
    }

    /// Where the sandbox of a tenant is, and the token it asks for.
    pub(super) fn sandbox(&self, tenant: &str) -> Option<(String, Secret)> {
        let sandbox = self.sandboxes.get(tenant)?;
        Some((sandbox.url(), Secret::new(sandbox.token())))
    }
}

async fn sandbox() -> std::io::Result<Sandbox> {
    let options = sandbox::Options::default();
    let moodle = Moodle::new(sandbox::Site::for_gateways(), &options.token);
    Sandbox::start(sandbox::Options { moodle: Some(moodle), ..options }).await
}
