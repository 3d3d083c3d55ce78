//! What this machine says: its ports, the addresses it tells clients, its tokens.

use std::io::ErrorKind;
use std::net::{SocketAddr, TcpListener};

use jiff::Timestamp;

use super::{AHEAD, Finding, Grade, days};
use crate::app::Kept;
use crate::config::{Settings, Tenant};
use crate::store::{Error, Issued, Place, Token};
#[cfg(feature = "postgres")]
use crate::store::{Postgres, Tables};

pub(super) fn examine(settings: &Settings) -> Vec<Finding> {
    vec![
        port("clients' port", settings.server.listen),
        port("operators' port", settings.admin.listen),
        public_url(settings.api.public_url.as_deref()),
    ]
}

/// Whether a socket can be opened there; it is closed again at once.
fn port(check: &str, address: SocketAddr) -> Finding {
    match TcpListener::bind(address) {
        Ok(_) => Finding::new(Grade::Ok, check, format!("{address} is free")),
        Err(error) if error.kind() == ErrorKind::AddrInUse => {
            Finding::new(Grade::Warn, check, format!("{address} is taken"))
                .hint("well, if the gateway runs already; else choose another port")
        }
        Err(error) => {
            Finding::new(Grade::Fail, check, format!("{address} cannot be opened: {error}"))
                .hint("choose an address of this machine, and a port above 1023")
        }
    }
}

fn public_url(url: Option<&str>) -> Finding {
    let check = "public address";
    let Some(url) = url else {
        let words = "not set: answers name the address that the client asked";
        return Finding::new(Grade::Ok, check, words);
    };
    if url.starts_with("https://") {
        return Finding::new(Grade::Ok, check, url);
    }
    Finding::new(Grade::Warn, check, format!("{url} is not encrypted"))
        .hint("Entra ID and others take https:// alone: set server.public_url to what they see")
}

/// What the store knows.
#[derive(Default)]
pub(super) struct Stored {
    /// Nothing, where it is not there or does not say.
    pub(super) kept: Option<Kept>,
    /// The tokens.
    pub(super) issued: Vec<Issued>,
    /// Why it does not say.
    pub(super) unread: Option<Finding>,
}

/// The store, opened. One that is not there yet knows nothing: it is made with the
/// first token, or with the first start.
pub(super) async fn stored(settings: &Settings) -> Stored {
    let there = match &settings.store.place {
        Place::Memory => false,
        Place::File(path) => path.exists(),
        #[cfg(feature = "postgres")]
        Place::Postgres(settings) => {
            let health = Postgres::examine(settings).await;
            health.is_ok_and(|health| matches!(health.tables, Tables::Ready))
        }
    };
    if !there {
        return Stored::default();
    }
    let asked = async {
        let kept = Kept::beside(&settings.store).await?;
        let issued = kept.tokens.all().await?;
        Ok::<_, Error>(Stored { kept: Some(kept), issued, unread: None })
    };
    asked.await.unwrap_or_else(|error| {
        let finding = Finding::new(Grade::Fail, "tokens of the store", error.to_string());
        let finding = finding.hint("nothing is served without the store: mend this first");
        Stored { unread: Some(finding), ..Stored::default() }
    })
}

/// Whether anybody can speak for a tenant's client, and for how long.
pub(super) fn tokens(tenant: &Tenant, issued: &[Issued], now: Timestamp) -> Finding {
    let check = "tokens of clients";
    let own = issued.iter().filter(|it| it.tenant == tenant.name && it.revoked.is_none());
    let all: Vec<&Token> = tenant.tokens.iter().chain(own.map(|it| &it.token)).collect();
    let valid: Vec<_> = all.iter().filter(|it| it.lives(now)).collect();
    let first = valid.iter().filter_map(|it| Some((it.expires?, &it.title))).min();
    let make = format!("`matricula token create --tenant {}` makes one", tenant.name);
    match first {
        _ if all.is_empty() => {
            Finding::new(Grade::Fail, check, "none: nobody can speak to it").hint(make)
        }
        _ if valid.is_empty() => Finding::new(Grade::Fail, check, "all have expired").hint(make),
        Some((expires, title)) if days(now, expires) < AHEAD => {
            let left = days(now, expires);
            Finding::new(Grade::Warn, check, format!("`{title}` expires in {left} days"))
                .hint("put a new one beside it, give it to the client, then take the old one away")
        }
        Some((expires, title)) => Finding::new(
            Grade::Ok,
            check,
            format!("valid; `{title}` is the first to end: {expires}"),
        ),
        None => Finding::new(Grade::Ok, check, "valid, none of them ends"),
    }
}
