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
    /// To see it: a part of what is chosen.
    List(Choice, Part),
    /// To have it done.
    Apply(Choice),
    /// To have it forgotten.
    Drop(Choice),
}

/// Which part of what is chosen is shown, and how much of each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Behind that place.
    pub after: u64,
    /// At most so much.
    pub most: usize,
    /// Of whoever is called that alone.
    pub name: Option<String>,
    /// Without the call that each would make.
    pub brief: bool,
}

impl Default for Part {
    fn default() -> Self {
        Self { after: 0, most: MOST, name: None, brief: false }
    }
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

/// What a request wants. Whoever wants all of it done or forgotten has to say so, and
/// nothing but a list has parts.
fn errand(request: &Request) -> Result<Errand, String> {
    let listing = matches!(*request.method(), Method::GET | Method::HEAD);
    let (mut choice, mut all, mut part) = (Choice::default(), false, Part::default());
    for (name, value) in parameters(request.uri().query().unwrap_or_default()) {
        let wrong = || format!("`{name}` cannot be `{value}`");
        match name.as_str() {
            "all" => all = flag(&value).ok_or_else(wrong)?,
            "failed" => choice.failed = flag(&value).ok_or_else(wrong)?,
            "resource" => choice.id = Some(ResourceId::parse(&value).ok_or_else(wrong)?),
            "reason" => choice.reason = Some(Reason::parse(&value).ok_or_else(wrong)?),
            "sequence" => choice.sequence = Some(value.parse().map_err(|_| wrong())?),
            "kind" => choice.kind = Some(kind(&value).ok_or_else(wrong)?),
            "after" if listing => part.after = value.parse().map_err(|_| wrong())?,
            "limit" if listing => {
                part.most = value.parse::<usize>().map_err(|_| wrong())?.min(MOST);
            }
            "name" if listing => part.name = Some(value).filter(|name| !name.is_empty()),
            "brief" if listing => part.brief = flag(&value).ok_or_else(wrong)?,
            "after" | "limit" | "name" | "brief" => {
                return Err(format!("`{name}` is for lists: this is done to all that is chosen"));
            }
            _ => return Err(format!("there is no parameter `{name}`")),
        }
    }
    let chosen = all || choice != Choice::default();
    match *request.method() {
        _ if listing => Ok(Errand::List(choice, part)),
        _ if !chosen => {
            Err("say which: resource, reason, kind, failed, sequence, or all=true".to_owned())
        }
        Method::POST => Ok(Errand::Apply(choice)),
        _ => Ok(Errand::Drop(choice)),
    }
}

fn flag(value: &str) -> Option<bool> {
    match value {
        "true" => Some(true),
        "false" => Some(false),
        _ => None,
    }
}

fn kind(value: &str) -> Option<Kind> {
    [Kind::User, Kind::Group].into_iter().find(|kind| kind.as_str() == value)
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
