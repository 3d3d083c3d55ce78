//! What is shown at one time: the tenants, each at its path.

use std::collections::HashMap;
use std::sync::Arc;

use ipnet::IpNet;

use super::config::Config;
use super::route::{Route, segments};
use crate::provision::Tenant;
use crate::scim::{AuthenticationScheme, Capabilities, Kind};
use crate::store::Fixed;

/// All tenants, and what one request may cost.
#[derive(Debug)]
pub struct Face {
    pub(super) config: Config,
    fronts: HashMap<String, Arc<Front>>,
}

/// One tenant as the outside sees it.
#[derive(Debug)]
pub struct Front {
    pub(super) tenant: Arc<Tenant>,
    pub(super) path: String,
    pub(super) tokens: Fixed,
    /// From where it may be spoken to; from everywhere, if no network is named.
    pub(super) from: Vec<IpNet>,
    pub(super) capabilities: Capabilities,
}

impl Face {
    /// These tenants.
    pub fn new(config: Config, fronts: Vec<Front>) -> Self {
        let keyed = |front: Front| (front.path.clone(), Arc::new(front));
        Self { config, fronts: fronts.into_iter().map(keyed).collect() }
    }

    pub(super) fn fronts(&self) -> impl Iterator<Item = &Arc<Front>> {
        self.fronts.values()
    }

    /// The tenants.
    pub fn tenants(&self) -> impl Iterator<Item = &Arc<Tenant>> {
        self.fronts.values().map(|front| &front.tenant)
    }

    /// Whom a path belongs to, and what it means there. No tenant's path begins
    /// with another's, so the first that fits is the only one.
    pub(super) fn locate(&self, path: &str) -> (Option<&Arc<Front>>, Route) {
        let segments = segments(path);
        let mut prefix = String::with_capacity(path.len());
        for (index, segment) in segments.iter().enumerate() {
            prefix.push('/');
            prefix.push_str(segment);
            if let Some(front) = self.fronts.get(&prefix) {
                return (Some(front), Route::of(segments.get(index + 1..).unwrap_or_default()));
            }
        }
        (None, Route::Unknown)
    }
}

impl Front {
    /// A tenant at its path: `/demo/scim/v2`.
    pub fn new(tenant: Arc<Tenant>, path: &str, tokens: Fixed, config: &Config) -> Self {
        let capabilities = capabilities(&tenant, config);
        let path = segments(path).iter().fold(String::new(), |path, it| path + "/" + it);
        Self { tenant, path, tokens, from: Vec::new(), capabilities }
    }

    /// The same, for those alone who come from one of these networks.
    pub fn only_from(self, from: Vec<IpNet>) -> Self {
        Self { from, ..self }
    }
}

fn capabilities(tenant: &Tenant, config: &Config) -> Capabilities {
    let password =
        tenant.resource_type(Kind::User).and_then(|user| user.core().attribute("password"));
    Capabilities {
        documentation_uri: None,
        patch: true,
        bulk: Some(config.bulk()),
        filter_max_results: Some(tenant.config().page),
        change_password: password.is_some_and(|password| password.offered),
        sort: true,
        etag: true,
        authentication: vec![AuthenticationScheme::bearer()],
    }
}
