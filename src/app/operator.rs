//! What operators may ask of the program: how the LMSs are, and new settings.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use tokio::task::{JoinSet, spawn_blocking};

use super::desk::Desk;
use super::reload::changes;
use super::tenants::Lasting;
use super::work::Workers;
use super::{House, Source};
use serde_json::{Value, json};

use crate::admin::{
    self, Breaker, Errand, Gateway, LastFailure, Lock, Order, Part, Reply, TenantHealth, Told,
};
use crate::api::Api;
use crate::backend::State;
use crate::config::Settings;
use crate::provision::{Error, Tenant};
use crate::server::{Certificates, Renewed};
use crate::store::{Choice, Trail};

/// The program, as operators see it.
pub(super) struct Operator {
    pub house: House,
    pub api: Api,
    pub source: Option<Source>,
    pub certificates: Vec<Certificates>,
    /// What opens the operators' pages.
    pub lock: Arc<Lock>,
    /// Where tokens are made.
    pub desk: Desk,
    /// Where all is told.
    pub trail: Arc<dyn Trail>,
    /// Where clients find the gateway, if no public address is set; nothing, where it
    /// listens on all addresses and nobody knows by which one it is reached.
    pub origin: Option<String>,
    /// What works now, and what lasts. Whoever holds it reloads, and nobody else.
    pub state: tokio::sync::Mutex<(Settings, Lasting)>,
    pub seen: Mutex<HashMap<Arc<str>, Seen>>,
    pub workers: Workers,
}

/// What probes have seen of an LMS.
#[derive(Clone, Debug, Default)]
pub(super) struct Seen {
    success: Option<Timestamp>,
    failure: Option<(Timestamp, String)>,
}

impl Gateway for Operator {
    async fn health(&self) -> Vec<TenantHealth> {
        let face = self.api.face();
        let mut asked = JoinSet::new();
        for tenant in face.tenants() {
            let tenant = Arc::clone(tenant);
            asked.spawn(async move {
                (tenant.probe().await.map(|it| it.map_err(|f| f.detail)), tenant)
            });
        }
        let mut health: Vec<_> = asked
            .join_all()
            .await
            .into_iter()
            .map(|(probed, tenant)| {
                let reachable = probed.as_ref().map(Result::is_ok);
                told(&tenant, reachable, self.remember(&tenant, probed))
            })
            .collect();
        health.sort_by(|one, other| one.tenant.cmp(&other.tenant));
        health
    }

    async fn order(&self, tenant: &str, order: Order) -> Reply {
        self.ordered(tenant, order).await
    }

    async fn reload(&self) -> Result<Vec<String>, Vec<String>> {
        let outcome = self.reloaded().await;
        self.house.reloads.ended(outcome.is_ok());
        match &outcome {
            Ok(lines) => tracing::info!(changes = ?lines, "the configuration was read again"),
            Err(faults) => {
                tracing::error!(?faults, "the new configuration is refused; the old one goes on");
            }
        }
        outcome
    }

    async fn pending(&self, tenant: &str, errand: Errand) -> Told {
        let face = self.api.face();
        let tenant = face.tenants().find(|known| &**known.name() == tenant).map(Arc::clone)?;
        let told = Self::at_the_desk(&tenant, errand).await;
        Some(told.map_err(|error| error.to_scim().detail().to_owned()))
    }
}

impl Operator {
    async fn at_the_desk(tenant: &Arc<Tenant>, errand: Errand) -> Result<Value, Error> {
        Ok(match errand {
            Errand::List(choice, part) => json!({
                "counts": tenant.tally().await?,
                "items": Self::waiting(tenant, &choice, &part).await?,
            }),
            Errand::Apply(choice) => json!({ "released": tenant.release(&choice).await? }),
            Errand::Drop(choice) => json!({ "dropped": tenant.drop_waiting(&choice).await? }),
        })
    }

    async fn waiting(
        tenant: &Arc<Tenant>,
        choice: &Choice,
        part: &Part,
    ) -> Result<Vec<Value>, Error> {
        let page = match &part.name {
            Some(name) => tenant.waiting_called(name, choice, part.after, part.most).await?,
            None => tenant.waiting(choice, part.after, part.most).await?,
        };
        tenant.for_operators(&page, !part.brief).await
    }

    async fn reloaded(&self) -> Result<Vec<String>, Vec<String>> {
        let mut state = self.state.lock().await;
        let Some(source) = self.source.clone() else {
            return Err(vec!["this gateway was started without a configuration".to_owned()]);
        };
        let now = self.house.clock.now();
        let read = spawn_blocking(move || source(now)).await;
        let loaded = read.map_err(|error| vec![error.to_string()])?;
        let loaded = loaded.map_err(|faults| vec![faults.render(false)])?;
        for warning in loaded.warnings.messages() {
            tracing::warn!("{warning}");
        }
        // All that can fail comes first: what is refused changes nothing.
        let renewed = self.certificates.iter().map(Certificates::read_again);
        let renewed: Result<Vec<_>, _> = renewed.collect();
        let renewed = renewed.map_err(|fault| vec![fault.to_string()])?;
        let (old, lasting) = &mut *state;
        let face = lasting.face(&loaded.settings, &self.house).await;
        let face = face.map_err(|fault| vec![fault.to_string()])?;
        let mut lines = changes(old, &loaded.settings);
        lines.extend(renewed.iter().map(|_| "certificates were read again".to_owned()));
        renewed.into_iter().for_each(Renewed::take_effect);
        if is_lock_open_to_change(&old.admin, &loaded.settings.admin) {
            self.lock.change(loaded.settings.admin.token.as_ref());
        }
        self.api.replace(face);
        self.workers.begin(&self.api.face());
        self.house.reloads.began(&loaded.settings, &self.house.clock);
        self.forget_the_gone();
        *old = loaded.settings;
        Ok(lines)
    }

    /// What was measured last of tenants that are not served any more is not true of
    /// anything, and would be for ever.
    pub(super) fn forget_the_gone(&self) {
        let face = self.api.face();
        let backends = face.tenants().flat_map(|tenant| tenant.lms().backends());
        let lmss: HashSet<&str> = backends.map(|(_, backend)| backend.name()).collect();
        let tenants: HashSet<&str> = face.tenants().map(|tenant| &**tenant.name()).collect();
        self.house.backend.keep_only(&|lms| lmss.contains(lms));
        self.house.provision.keep_only(&|tenant| tenants.contains(tenant));
    }

    fn remember(&self, tenant: &Tenant, probed: Option<Result<(), String>>) -> Seen {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let seen = seen.entry(Arc::clone(tenant.name())).or_default();
        let now = self.house.clock.now();
        match probed {
            Some(Ok(())) => seen.success = Some(now),
            Some(Err(reason)) => seen.failure = Some((now, reason)),
            None => {}
        }
        seen.clone()
    }
}

/// Whether a new token may be taken up. The socket stays where it was: where it stands
/// open, it does so behind a token.
fn is_lock_open_to_change(old: &admin::Config, new: &admin::Config) -> bool {
    new.token.is_some() || new.listen == old.listen
}

fn told(tenant: &Tenant, reachable: Option<bool>, seen: Seen) -> TenantHealth {
    let states = tenant.lms().backends().iter().map(|(_, backend)| backend.health().breaker);
    let breaker = states.fold(Breaker::Closed, |worst, state| match (worst, state) {
        (Breaker::Open, _) | (_, State::Open) => Breaker::Open,
        (Breaker::HalfOpen, _) | (_, State::HalfOpen) => Breaker::HalfOpen,
        (Breaker::Closed, State::Closed) => Breaker::Closed,
    });
    TenantHealth {
        tenant: tenant.name().to_string(),
        reachable,
        breaker,
        last_success: seen.success,
        last_failure: seen.failure.map(|(at, reason)| LastFailure { at, reason }),
    }
}
