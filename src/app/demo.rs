//! The settings of a demonstration: one tenant, and nothing to set up.

use std::net::SocketAddr;
use std::sync::Arc;

use serde_json::{Map, Value};

use crate::api;
use crate::backend;
use crate::config::{Lms, Log, Settings, Tenant};
use crate::mapping::{Fault, Plan, Shelf, Shipped, Source};
use crate::provision;
use crate::secret::Secret;
use crate::server::{self, Grace};
use crate::store::{Digest, Scope, Token, Tokens};

/// What a demonstration can be told.
#[derive(Clone, Copy, Debug)]
pub struct Demo<'a> {
    /// Where clients are answered.
    pub listen: SocketAddr,
    /// The port for operators, at the same address.
    pub admin: u16,
    /// The token of the one tenant.
    pub token: &'a str,
    /// A Moodle by its address and token; a sandbox, where there is none.
    pub lms: Option<(&'a str, &'a str)>,
}

impl Demo<'_> {
    /// The settings, or in words why there are none.
    pub fn settings(&self) -> Result<Settings, String> {
        let admin = SocketAddr::new(self.listen.ip(), self.admin);
        let open = !admin.ip().is_loopback();
        Ok(Settings {
            server: server::Config { listen: self.listen, ..server::Config::default() },
            grace: Grace::default(),
            admin: crate::admin::Config {
                listen: admin,
                // Whoever opens the demo to others asks them for its token here, too.
                token: open.then(|| Secret::new(self.token)),
                ..crate::admin::Config::default()
            },
            log: Log::default(),
            store: crate::store::Config { path: None, sandboxes: false },
            api: api::Config::default(),
            tenants: vec![self.tenant()?],
        })
    }

    fn tenant(&self) -> Result<Tenant, String> {
        let plan = moodle()?;
        let name: Arc<str> = "demo".into();
        let (lms, base) = self.lms(&plan)?;
        let settings = backend::Settings::new(Arc::clone(&name), base);
        let each = plan.backends.iter();
        let backends = each.map(|it| (Arc::clone(&it.name), settings.clone())).collect();
        let token = Token {
            title: "demo".to_owned(),
            digest: Digest::of(self.token),
            scope: Scope::default(),
            expires: None,
        };
        Ok(Tenant {
            title: "Demo".to_owned(),
            path: "/demo/scim/v2".to_owned(),
            mapping: "moodle".to_owned(),
            backends,
            plan,
            lms,
            provision: provision::Config::default(),
            tokens: Tokens::new(vec![token]),
            name,
        })
    }

    fn lms(&self, plan: &Arc<Plan>) -> Result<(Lms, String), String> {
        let Some((url, token)) = self.lms else {
            return Ok((Lms::Sandbox(Map::new()), String::new()));
        };
        let settings = [("base_url", url.trim_end_matches('/')), ("token", token)];
        let settings = settings.map(|(name, value)| (name.to_owned(), Value::from(value)));
        let site = plan.settle(&settings.into_iter().collect()).map_err(|faults| {
            let each = faults.iter().map(|fault| format!("`{}`: {}", fault.name, fault.problem));
            each.collect::<Vec<_>>().join("\n")
        })?;
        let base = site.base("main").unwrap_or_default();
        Ok((Lms::Real(site), base))
    }
}

/// The mapping that ships, whatever lies in the folder that this runs in.
fn moodle() -> Result<Arc<Plan>, String> {
    let text = Shipped.text("moodle").unwrap_or_default();
    let plan = Source::read("moodle", &text, &Shipped).and_then(|source| source.compile());
    let told = |faults: Vec<Fault>| faults.iter().map(Fault::render).collect::<Vec<_>>().join("\n");
    plan.map(Arc::new).map_err(told)
}
