//! Reports on a tenant, beside the gateway or without one: they read, and write
//! nothing.

use std::sync::Arc;

use super::kept::Kept;
use super::{Fault, House, beside};
use crate::backend;
use crate::config::{self, Settings};
use crate::provision::{self, Census, Ledger, Tenant};
use crate::store::{Memory, Place, Store};

/// Why a login is not even tried.
const UNKEPT: &str =
    "its login uses up a credential, and a store in memory would lose the next one";

/// The accounts in the LMS of a tenant, and which of them clients have written.
pub async fn census(settings: &Settings, tenant: &config::Tenant) -> Result<Census, Fault> {
    let name = || tenant.name.to_string();
    let house = House::new()?;
    let config::Lms::Real(site) = &tenant.lms else {
        return Err(Fault::Report {
            tenant: name(),
            reason: "its LMS is a sandbox, which starts with the gateway".to_owned(),
        });
    };
    let place = &settings.store.place;
    let kept = match place {
        Place::Memory => None,
        _ => Some(Kept::beside(&settings.store).await.map_err(Fault::store(place))?),
    };
    let outside = backend::House { clock: house.clock.clone(), metrics: house.backend.clone() };
    let whose = (&tenant.name, kept.as_ref());
    let lms = beside::lms(site, &tenant.backends, &outside, whose)
        .map_err(|reason| Fault::Lms { tenant: name(), reason })?
        .ok_or_else(|| Fault::Report { tenant: name(), reason: UNKEPT.to_owned() })?;
    let memory = Memory::new();
    let store: &dyn Store = kept.as_ref().map_or(&memory, |kept| &*kept.store);
    let ledger = Ledger::new(store.entries(&tenant.name), store.pending(&tenant.name));
    let trail = match &kept {
        Some(kept) => Arc::clone(&kept.trail),
        None => Kept::in_memory().map_err(Fault::store(place))?.trail,
    };
    let inside = provision::House {
        clock: house.clock.clone(),
        metrics: house.provision.clone(),
        work: house.work.clone(),
        trail,
    };
    let config = tenant.provision.clone();
    let ready = Tenant::new(Arc::clone(&tenant.name), lms, ledger, config, &inside);
    let failed = |error: provision::Error| Fault::Report {
        tenant: name(),
        reason: error.to_scim().detail().to_owned(),
    };
    let taken = Census::take(&ready).await.map_err(failed);
    if let Some(kept) = &kept {
        // Whoever has not heard of it waits a little, and then knows all the same.
        let _ = kept.store.leave().await;
    }
    taken
}
