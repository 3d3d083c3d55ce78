//! `[tenants.<name>]`: a client on the one side, an LMS on the other.

use std::net::IpAddr;
use std::sync::Arc;

use super::backend::Written;
use super::key::Key;
use super::reader::Reader;
use super::settings::{BASE, Lms, Tenant};
use super::written;
use crate::backend::{Settings, address};
use crate::mapping::{Plan, Site};
use crate::provision::{Caching, Config, Keep, Match};
use crate::scim::{Rules, Unknown};
use crate::store;

/// Names are labels of metrics and parts of paths.
const LONGEST_NAME: usize = 40;

impl Reader<'_> {
    /// All tenants. None at all is a fault, and so are two in one place.
    pub(super) fn tenants(&mut self) -> Vec<Tenant> {
        let key = Key::of("tenants");
        let cache: written::Cache = self.section(&Key::of("cache"));
        if !self.is_table(&key) {
            return Vec::new();
        }
        let names = self.layers.names(&key);
        if names.is_empty() {
            let hint =
                "add [tenants.NAME] with mapping = \"moodle\"; `matricula demo` needs no settings";
            self.refuse_name(&key, "there is no tenant, so nobody would be served", hint);
        }
        let mut paths: Vec<(Key, String)> = Vec::new();
        let mut tenants = Vec::new();
        for name in names {
            let own = key.then(&name);
            self.tenant_name(&own, &name);
            let written: written::Tenant = self.section(&own);
            let path = self.path(&own, &name, written.path.as_deref());
            if let Some(path) = &path {
                self.keep_apart(&mut paths, &own, path);
            }
            tenants.extend(self.tenant(&own, written, (path.unwrap_or_default(), cache)));
        }
        tenants
    }

    fn tenant_name(&mut self, key: &Key, name: &str) {
        let plain = |letter: char| matches!(letter, 'a'..='z' | '0'..='9' | '-');
        if name.is_empty() || name.len() > LONGEST_NAME || !name.chars().all(plain) {
            let words = format!("`{name}` is no name for a tenant");
            let hint = "a name has 1 to 40 of a-z, 0-9 and -: it stands in paths and metrics; \
                        `title` may be anything";
            self.refuse_name(key, words, hint);
        }
    }

    fn tenant(
        &mut self,
        key: &Key,
        written: written::Tenant,
        (path, cache): (String, written::Cache),
    ) -> Option<Tenant> {
        let name = key.name();
        let tokens = self.tokens(key);
        let mapping = self.mapping_name(key, written.mapping.clone());
        let plan = mapping.as_deref().and_then(|it| self.plan(&key.then("mapping"), it));
        let Some((plan, mapping)) = plan.zip(mapping) else {
            // Without the mapping nobody knows which of them are secret.
            self.hidden.push(key.then("lms"));
            return None;
        };
        let provision = self.provision(key, (&written, &plan), cache);
        let lms = self.lms(key, &plan, (written.sandbox, provision.policy.sign_in));
        let places = Written { key, all: &written.backend, each: &written.backends };
        let mut backends = self.backends(&plan, &places);
        if let Some(Lms::Real(site)) = &lms {
            self.addresses(&key.then("lms"), site, &mut backends);
        }
        Some(Tenant {
            name: Arc::from(name),
            title: written.title.unwrap_or_else(|| name.to_owned()),
            path,
            mapping,
            plan,
            lms: lms?,
            backends,
            provision,
            tokens,
            from: written.from.into_iter().map(store::undisguised).collect(),
        })
    }

    fn mapping_name(&mut self, key: &Key, name: Option<String>) -> Option<String> {
        if name.is_none() && self.layers.find(&key.then("mapping")).is_none() {
            let hint = "add mapping = \"moodle\", or the file of a mapping of your own";
            self.refuse_name(key, format!("`{key}` has no `mapping`"), hint);
        }
        name
    }

    /// Where the services of the LMS are.
    fn addresses(&mut self, lms: &Key, site: &Site, backends: &mut [(Arc<str>, Settings)]) {
        let named = lms.then(BASE);
        let key = if self.layers.find(&named).is_some() { named } else { lms.clone() };
        for (name, settings) in backends {
            let base = site.base(name).unwrap_or_default();
            if base.contains('@') {
                self.refuse_person(lms, &key);
                continue;
            }
            match address(&base) {
                Ok(uri) => {
                    let near = uri.host().is_some_and(is_here);
                    if uri.scheme_str() == Some("http") && !near {
                        let words = "the LMS is spoken to unencrypted, its token included";
                        self.warn(&key, words, "write its address with https://");
                    }
                }
                Err(fault) => {
                    let words = format!("the LMS cannot be reached: {fault}");
                    self.refuse(&key, words, "an address has a scheme and a host, and no `?`");
                }
            }
            settings.base = base;
        }
    }

    /// Addresses are shown by commands and in logs, with a password if one is in them.
    fn refuse_person(&mut self, lms: &Key, key: &Key) {
        self.hidden.push(lms.clone());
        let hint = "write it without `user:password@`; what the LMS wants to be told is a \
                    setting of the mapping, and an `@` of the path is written as %40";
        self.refuse(key, "the address of the LMS names a user", hint);
    }

    fn provision(
        &mut self,
        key: &Key,
        (written, plan): (&written::Tenant, &Plan),
        cache: written::Cache,
    ) -> Config {
        let default = Config::default();
        let own = written.cache;
        let caching = Caching {
            bytes: own.memory.or(cache.memory).map_or(default.caching.bytes, |it| it.0),
            fresh: own.fresh.or(cache.fresh).map_or(default.caching.fresh, |it| it.0),
            missing: own.missing.or(cache.missing).map_or(default.caching.missing, |it| it.0),
        };
        let patience = written.patience.map_or(default.patience, |it| it.0);
        if patience >= self.deadline {
            let key = key.then("patience");
            let words = format!("`{key}` does not end before `server.deadline`");
            let hint = "give requests more time than the LMS: clients are told why only so";
            self.warn(&key, words, hint);
        }
        let unknown = match written.unmapped {
            None => default.rules.unknown,
            Some(written::Unmapped::Keep) => Unknown::Keep,
            Some(written::Unmapped::Ignore) => Unknown::Ignore,
            Some(written::Unmapped::Reject) => Unknown::Reject,
        };
        Config {
            rules: Rules { unknown, strict: written.strict },
            caching,
            page: written.page.map_or(default.page, |it| it.0),
            patience,
            matching: written
                .matching
                .iter()
                .flatten()
                .map(|key| match key {
                    written::Matched::ExternalId => Match::ExternalId,
                    written::Matched::UserName => Match::UserName,
                    written::Matched::Emails => Match::Emails,
                })
                .collect(),
            keep: match written.keep {
                None => default.keep,
                Some(written::Kept::Minimal) => Keep::Minimal,
                Some(written::Kept::Full) => Keep::Full,
            },
            policy: self.rules(key, written, plan),
            personal: default.personal,
        }
    }
}

fn is_here(host: &str) -> bool {
    let address = host.trim_matches(['[', ']']).parse::<IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}
