//! What is shown at one time: the tenants, each at its path.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Bound::{Included, Unbounded};
use std::sync::Arc;

use ipnet::IpNet;

use super::config::Config;
use super::places::Share;
use super::route::{Route, segments};
use crate::provision::Tenant;
use crate::scim::{AuthenticationScheme, Capabilities, Kind};
use crate::store::Fixed;

/// All tenants, and what one request may cost.
#[derive(Debug)]
pub struct Face {
    pub(super) config: Config,
    /// By their paths, each with a slash behind it.
    fronts: BTreeMap<String, Arc<Front>>,
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
    pub(super) share: Share,
}

impl Face {
    /// These tenants.
    pub fn new(config: Config, fronts: Vec<Front>) -> Self {
        let keyed = |front: Front| (format!("{}/", front.path), Arc::new(front));
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
    /// with another's: so the one that this path begins with, if there is one, is the
    /// last of those that are not behind it.
    pub(super) fn locate(&self, path: &str) -> (Option<&Arc<Front>>, Route) {
        let path = plain(path);
        let last = self.fronts.range::<str, _>((Unbounded, Included(&*path))).next_back();
        if let Some((front, rest)) = last.and_then(|(of, it)| Some((it, path.strip_prefix(&**of)?)))
        {
            return (Some(front), Route::of(rest));
        }
        // Nothing is below it: it is a tenant's own path, or nobody's.
        let front = self.fronts.get(&(path.into_owned() + "/"));
        (front, if front.is_some() { Route::Base } else { Route::Unknown })
    }
}

impl Front {
    /// A tenant at its path: `/demo/scim/v2`.
    pub fn new(tenant: Arc<Tenant>, path: &str, tokens: Fixed, config: &Config) -> Self {
        let capabilities = capabilities(&tenant, config);
        let path = joined(path);
        let (from, share) = (Vec::new(), Share::default());
        Self { tenant, path, tokens, from, capabilities, share }
    }

    /// The same, for those alone who come from one of these networks.
    pub fn only_from(self, from: Vec<IpNet>) -> Self {
        Self { from, ..self }
    }
}

/// A path without slashes that mean nothing. Hardly any has one.
fn plain(path: &str) -> Cow<'_, str> {
    if path.contains("//") { Cow::Owned(joined(path)) } else { Cow::Borrowed(path) }
}

fn joined(path: &str) -> String {
    segments(path).fold(String::new(), |path, it| path + "/" + it)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slashes_that_mean_nothing_are_left_out() {
        for (path, same) in [("/a/b", "/a/b"), ("//a///b", "/a/b"), ("/a/b//", "/a/b"), ("", "")] {
            assert_eq!(plain(path), same);
        }
    }
}
