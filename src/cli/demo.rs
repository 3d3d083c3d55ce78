//! `matricula demo`: a gateway before a sandbox LMS in the same process, with
//! nothing to set up.

use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;

use serde_json::{Value, json};

use super::Trouble;
use super::settings;
use crate::app::{self, Addresses, Demo, log};
use crate::clock::Clock;
use crate::config::Loaded;
use crate::secret::Secret;
use crate::server::{self, Notifier, Signals};

/// What `demo` is told.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Where clients are answered; port 0 picks a free one
    #[arg(long, default_value = "127.0.0.1:8080", value_name = "ADDRESS")]
    listen: SocketAddr,
    /// The token that clients have to show; a new one, when it is not given
    #[arg(long)]
    token: Option<String>,
    /// Print one line of JSON once everything answers, and nothing else
    #[arg(long)]
    json: bool,
    /// Stand before this Moodle instead of a sandbox
    #[arg(long, value_name = "URL", requires = "lms_token")]
    lms: Option<String>,
    /// The web service token of that Moodle
    #[arg(long, requires = "lms")]
    lms_token: Option<String>,
    /// Keep what clients write in this folder; in memory, when it is not given
    #[arg(long, value_name = "FOLDER")]
    data: Option<PathBuf>,
    /// What is logged on stderr: a level, or levels by module
    #[arg(long, default_value = "info", value_name = "FILTER")]
    log: String,
}

pub(super) fn run(arguments: &Arguments, out: &mut dyn Write) -> Result<(), Trouble> {
    let token = match &arguments.token {
        Some(token) => token.clone(),
        None => fresh_token()?,
    };
    let beside = match arguments.listen.port() {
        0 => 0,
        port => port.checked_add(1).unwrap_or_default(),
    };
    if let Some(folder) = &arguments.data {
        let made = std::fs::create_dir_all(folder);
        made.map_err(|error| Trouble::failed(format!("{}: {error}", folder.display())))?;
    }
    let Loaded { settings, warnings } = loaded(arguments, &token, beside)?;
    let guard = log::start(&settings.log).map_err(Trouble::failed)?;
    warnings.messages().for_each(|words| tracing::warn!("{words}"));
    super::runtime()?.block_on(async {
        let signals = Signals::install().map_err(Trouble::failed)?;
        let running = match app::start(settings, None).await {
            // The operators' usual place is taken: elsewhere, then.
            Err(app::Fault::Bind(server::BindError::Address { address, .. }))
                if address.port() == beside && beside != 0 =>
            {
                app::start(loaded(arguments, &token, 0)?.settings, None).await
            }
            outcome => outcome,
        };
        let running = running.map_err(Trouble::failed)?;
        guard.register(running.registry()).map_err(Trouble::failed)?;
        let told = Told::new(arguments, &token, running.addresses());
        // Whoever reads this line connects: the sockets are open already.
        out.write_all(told.text(arguments.json).as_bytes())?;
        out.flush()?;
        running.serve(signals, &Notifier::default()).await;
        Ok(())
    })
}

fn loaded(arguments: &Arguments, token: &str, admin: u16) -> Result<Loaded, Trouble> {
    let lms = arguments.lms.as_deref().zip(arguments.lms_token.as_deref());
    let Arguments { listen, log, data, .. } = arguments;
    let demo = Demo { listen: *listen, admin, token, lms, log, data: data.as_deref() };
    demo.load(Clock::system().now()).map_err(|faults| settings::told(&faults))
}

fn fresh_token() -> Result<String, Trouble> {
    let mut random = [0; 24];
    getrandom::fill(&mut random).map_err(Trouble::failed)?;
    Ok(random.iter().fold("demo-".to_owned(), |text, byte| format!("{text}{byte:02x}")))
}

/// What is told once everything answers.
struct Told {
    tenant: String,
    token: String,
    admin: String,
    lms: String,
    lms_token: Option<Secret>,
}

impl Told {
    fn new(arguments: &Arguments, token: &str, addresses: &Addresses) -> Self {
        let sandbox = addresses.sandboxes.first();
        let given = arguments.lms.clone().unwrap_or_default();
        Self {
            tenant: format!("http://{}/demo/scim/v2", reachable(addresses.scim)),
            token: token.to_owned(),
            admin: format!("http://{}", reachable(addresses.admin)),
            lms: sandbox.map_or(given, |(_, url, _)| url.clone()),
            lms_token: match sandbox {
                Some((.., token)) => Some(token.clone()),
                None => arguments.lms_token.clone().map(Secret::new),
            },
        }
    }

    fn text(&self, as_json: bool) -> String {
        let lms_token = self.lms_token.as_ref().map(Secret::expose).unwrap_or_default();
        if as_json {
            let line = json!({
                "tenantUrl": self.tenant,
                "token": self.token,
                "adminUrl": self.admin,
                "lmsUrl": self.lms,
                "lmsToken": lms_token
            });
            return format!("{line}\n");
        }
        let Self { tenant, token, admin, lms, .. } = self;
        let curl = format!("curl -H 'Authorization: Bearer {token}'");
        let nina: Value = json!({
            "userName": "Nina.Berg@hoch.example",
            "name": { "givenName": "Nina", "familyName": "Berg" },
            "emails": [{ "type": "work", "value": "nina.berg@hoch.example" }],
            "active": true
        });
        format!(
            "Tenant URL    {tenant}\n\
             Secret Token  {token}\n\
             Operators     {admin}   (/live, /ready, /metrics)\n\
             LMS           {lms}\n\
             \n\
             Test Connection, as Entra does it:\n  \
             {curl} '{tenant}/Users?filter=userName+eq+%22nobody%22'\n\
             Create Nina:\n  \
             {curl} -H 'Content-Type: application/scim+json' -d '{nina}' {tenant}/Users\n\
             Find her, in any case:\n  \
             {curl} '{tenant}/Users?filter=userName+eq+%22NINA.berg@hoch.example%22'\n\
             \n\
             Ctrl-C ends it.\n"
        )
    }
}

/// An address that can be connected to, where a listener stands on all.
fn reachable(address: SocketAddr) -> SocketAddr {
    match address.ip() {
        ip if ip.is_unspecified() && ip.is_ipv4() => {
            SocketAddr::new(std::net::Ipv4Addr::LOCALHOST.into(), address.port())
        }
        ip if ip.is_unspecified() => {
            SocketAddr::new(std::net::Ipv6Addr::LOCALHOST.into(), address.port())
        }
        _ => address,
    }
}
