//! What this machine says: its ports, the addresses it tells clients, its tokens.

use std::io::ErrorKind;
use std::net::{SocketAddr, TcpListener};

use jiff::Timestamp;

use super::{AHEAD, Finding, Grade, days};
use crate::config::Settings;
use crate::store::Tokens;

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

/// Whether anybody can speak for a tenant's client, and for how long.
pub(super) fn tokens(tokens: &Tokens, now: Timestamp) -> Finding {
    let check = "tokens of clients";
    let valid: Vec<_> =
        tokens.iter().filter(|it| it.expires.is_none_or(|expires| expires > now)).collect();
    let first = valid.iter().filter_map(|it| Some((it.expires?, &it.title))).min();
    match first {
        _ if valid.is_empty() => Finding::new(Grade::Fail, check, "all have expired")
            .hint("add a new one in the tenant's `tokens`, and give it to the client"),
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
