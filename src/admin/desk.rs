//! Work that waits, as operators ask for it.

use super::Gateway;
use super::answer::{self, Answer};
use crate::policy::Reason;
use crate::scim::{Kind, ResourceId};
use crate::server::Request;
use crate::store::Choice;
use http::{Method, StatusCode};
use percent_encoding::percent_decode_str;
use serde_json::Value;

/// What an operator wants of the work that waits for one tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Errand {
    /// To see it: what is chosen, behind that place, at most so much.
    List(Choice, u64, usize),
    /// To have it done.
    Apply(Choice),
    /// To have it forgotten.
    Drop(Choice),
}

/// The most that one answer shows.
const MOST: usize = 1000;

/// Where the desk of each tenant is.
const TENANTS: &str = "/api/tenants/";

/// The tenant of a path to a desk, and whether work is to be done there.
pub(super) fn tenant_at(path: &str) -> Option<(&str, bool)> {
    let rest = path.strip_prefix(TENANTS)?;
    let (tenant, rest) = rest.split_once('/')?;
    match rest {
        "pending" => Some((tenant, false)),
        "pending/apply" => Some((tenant, true)),
        _ => None,
    }
}

/// Does what an operator wants.
pub(super) async fn answer<G: Gateway>(gateway: &G, request: &Request) -> Answer {
    let refuse = |status, words: &str| answer::refusal(status, request.headers(), words);
    let Some((tenant, _)) = tenant_at(request.uri().path()) else {
        return refuse(StatusCode::NOT_FOUND, "no such page; GET / lists them");
    };
    let errand = match errand(request) {
        Ok(errand) => errand,
        Err(words) => return refuse(StatusCode::BAD_REQUEST, &words),
    };
    match gateway.pending(tenant, errand).await {
        Some(Ok(told)) => answer::json(StatusCode::OK, &told),
        Some(Err(words)) => refuse(StatusCode::SERVICE_UNAVAILABLE, &words),
        None => refuse(StatusCode::NOT_FOUND, "there is no such tenant"),
    }
}

/// What a request wants. Whoever wants all of it done or forgotten has to say so.
fn errand(request: &Request) -> Result<Errand, String> {
    let (mut choice, mut all) = (Choice::default(), false);
    let (mut after, mut limit) = (0, MOST);
    for (name, value) in parameters(request.uri().query().unwrap_or_default()) {
        let wrong = || format!("`{name}` cannot be `{value}`");
        match name.as_str() {
            "all" => all = value == "true",
            "resource" => choice.id = Some(ResourceId::parse(&value).ok_or_else(wrong)?),
            "reason" => choice.reason = Some(Reason::parse(&value).ok_or_else(wrong)?),
            "sequence" => choice.sequence = Some(value.parse().map_err(|_| wrong())?),
            "kind" => {
                let kinds = [Kind::User, Kind::Group].into_iter();
                let kind = kinds.into_iter().find(|kind| kind.as_str() == value);
                choice.kind = Some(kind.ok_or_else(wrong)?);
            }
            "after" => after = value.parse().map_err(|_| wrong())?,
            "limit" => limit = value.parse::<usize>().map_err(|_| wrong())?.min(MOST),
            _ => return Err(format!("there is no parameter `{name}`")),
        }
    }
    let chosen = all || choice != Choice::default();
    match *request.method() {
        Method::GET | Method::HEAD => Ok(Errand::List(choice, after, limit)),
        _ if !chosen => Err("say which: resource, reason, kind, sequence, or all=true".to_owned()),
        Method::POST => Ok(Errand::Apply(choice)),
        _ => Ok(Errand::Drop(choice)),
    }
}

fn parameters(query: &str) -> impl Iterator<Item = (String, String)> {
    let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    query.split('&').filter(|pair| !pair.is_empty()).map(move |pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (decoded(name), decoded(value))
    })
}

/// What the gateway answers, or why it cannot; nothing, where there is no such tenant.
pub type Told = Option<Result<Value, String>>;
