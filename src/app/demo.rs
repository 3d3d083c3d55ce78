//! The settings of a demonstration: a configuration that is built in, with what
//! the command line said in its places.

use std::net::SocketAddr;
use std::path::Path;

use jiff::Timestamp;
use toml::{Table, Value};

use crate::config::{Faults, Loaded, Sources};
use crate::store::Digest;

/// What a demonstration can be told.
#[derive(Clone, Copy)]
pub struct Demo<'a> {
    /// Where clients are answered.
    pub listen: SocketAddr,
    /// The port for operators, at the same address.
    pub admin: u16,
    /// The token of the one tenant.
    pub token: &'a str,
    /// A Moodle by its address and token; a sandbox, where there is none.
    pub lms: Option<(&'a str, &'a str)>,
    /// What is logged.
    pub log: &'a str,
    /// The folder of its store; in memory, where none is named.
    pub data: Option<&'a Path>,
}

impl Demo<'_> {
    /// The settings, or all that is wrong with what was said. Neither a file nor
    /// the environment has a say in a demonstration.
    pub fn load(&self, now: Timestamp) -> Result<Loaded, Faults> {
        Sources::default().load_text("the demonstration", self.text(), now)
    }

    fn text(&self) -> String {
        let server = Table::from_iter([entry("listen", self.listen.to_string())]);
        let log = Table::from_iter([entry("filter", self.log)]);
        let tenants = Table::from_iter([entry("demo", self.tenant())]);
        Table::from_iter([
            entry("server", server),
            entry("admin", self.operators()),
            entry("log", log),
            entry("store", self.store()),
            entry("tenants", tenants),
        ])
        .to_string()
    }

    fn store(&self) -> Table {
        let Some(folder) = self.data else { return Table::from_iter([entry("in_memory", true)]) };
        let path = folder.join("matricula.db").display().to_string();
        Table::from_iter([entry("path", path), entry("sandboxes", true)])
    }

    fn operators(&self) -> Table {
        let listen = SocketAddr::new(self.listen.ip(), self.admin);
        let mut admin = Table::from_iter([entry("listen", listen.to_string())]);
        if !listen.ip().to_canonical().is_loopback() {
            // Whoever opens the demo to others asks them for its token here, too.
            admin.extend([entry("token", self.token)]);
        }
        admin
    }

    fn tenant(&self) -> Table {
        // By its digest: whoever tries something out may use a short token.
        let digest = Digest::of(self.token).hex();
        let token = Table::from_iter([entry("title", "demo"), entry("sha256", digest)]);
        let mut tenant = Table::from_iter([
            entry("title", "Demo"),
            entry("mapping", "moodle"),
            // To show at once what it does; and whoever tries things out deletes a lot.
            entry("mode", "sync"),
            entry("guard", false),
            entry("tokens", vec![token]),
        ]);
        tenant.extend([match self.lms {
            None => entry("sandbox", true),
            Some((url, token)) => {
                let base = entry("base_url", url.trim_end_matches('/'));
                entry("lms", Table::from_iter([base, entry("token", token)]))
            }
        }]);
        tenant
    }
}

fn entry(name: &str, value: impl Into<Value>) -> (String, Value) {
    (name.to_owned(), value.into())
}
