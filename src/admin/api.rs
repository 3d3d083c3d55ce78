//! `/api/tenants/…`: what operators may do with a tenant, in JSON. `docs/admin-api.yaml`
//! describes it.

use http::{Method, StatusCode};
use http_body_util::{BodyExt, Limited};
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

use super::Gateway;
use super::answer::{self, Answer};
use crate::server::Request;

/// More than any order needs.
const LONGEST: usize = 16 * 1024;

/// What somebody wants of a tenant.
#[derive(Clone, Debug, PartialEq)]
pub enum Order {
    /// Its address and a new token for its client, in one answer.
    SetUp(Value),
    /// The tokens that there are.
    Tokens,
    /// Another token.
    Issue(Value),
    /// A token's end.
    Revoke(u64),
}

/// What an order comes to: a status, and what is answered; a refusal has a `detail`.
pub type Reply = (StatusCode, Value);

/// A refusal; its words say what to do instead.
pub fn refused(status: StatusCode, words: impl Into<String>) -> Reply {
    (status, json!({ "status": status.as_u16(), "detail": words.into() }))
}

/// What is at a path below `/api`.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Place {
    /// `/api/tenants/{tenant}/scim`
    Scim(String),
    /// `/api/tenants/{tenant}/tokens`
    Tokens(String),
    /// `/api/tenants/{tenant}/tokens/{id}`
    Token(String, u64),
}

impl Place {
    pub(super) fn at(path: &str) -> Option<Self> {
        let rest = path.strip_prefix("/api/tenants/")?;
        let (tenant, what) = rest.split_once('/')?;
        let tenant = percent_decode_str(tenant).decode_utf8().ok()?.into_owned();
        match what.split('/').collect::<Vec<_>>().as_slice() {
            ["scim"] => Some(Self::Scim(tenant)),
            ["tokens"] => Some(Self::Tokens(tenant)),
            ["tokens", id] => Some(Self::Token(tenant, id.parse().ok()?)),
            _ => None,
        }
    }

    /// What may be asked of it, as the `Allow` header has it.
    pub(super) fn allow(&self) -> &'static str {
        match self {
            Self::Scim(_) => "PUT",
            Self::Tokens(_) => "GET, HEAD, POST",
            Self::Token(..) => "DELETE",
        }
    }

    pub(super) fn takes(&self, method: &Method) -> bool {
        self.allow().split(", ").any(|allowed| allowed == method.as_str())
    }
}

/// Carries an order out. Whoever ordered it may leave: what has begun is finished.
pub(super) async fn answer<G: Gateway>(
    gateway: std::sync::Arc<G>,
    place: Place,
    request: Request,
) -> Answer {
    let is_post = *request.method() == Method::POST;
    let body = match &place {
        Place::Scim(_) => document(request).await,
        Place::Tokens(_) if is_post => document(request).await,
        Place::Tokens(_) | Place::Token(..) => Ok(Value::Null),
    };
    let body = match body {
        Ok(body) => body,
        Err((status, words)) => return sent(refused(status, words)),
    };
    let (tenant, order) = match place {
        Place::Scim(tenant) => (tenant, Order::SetUp(body)),
        Place::Tokens(tenant) if is_post => (tenant, Order::Issue(body)),
        Place::Tokens(tenant) => (tenant, Order::Tokens),
        Place::Token(tenant, id) => (tenant, Order::Revoke(id)),
    };
    let done = tokio::spawn(async move { gateway.order(&tenant, order).await });
    sent(done.await.unwrap_or_else(|_| {
        refused(StatusCode::INTERNAL_SERVER_ERROR, "this failed in itself; the log says why")
    }))
}

fn sent((status, body): Reply) -> Answer {
    if status == StatusCode::NO_CONTENT {
        return answer::empty(status);
    }
    answer::json(status, &body)
}

/// The document in a body; an empty body is an empty object.
async fn document(request: Request) -> Result<Value, (StatusCode, String)> {
    let read = Limited::new(request.into_body(), LONGEST).collect().await;
    let bytes = read.map_err(|error| {
        if error.is::<http_body_util::LengthLimitError>() {
            (StatusCode::PAYLOAD_TOO_LARGE, "the body is longer than 16 KiB".to_owned())
        } else {
            (StatusCode::BAD_REQUEST, "the body broke off before its end".to_owned())
        }
    })?;
    let bytes = bytes.to_bytes();
    if bytes.is_empty() {
        return Ok(json!({}));
    }
    let read: Result<Value, _> = serde_json::from_slice(&bytes);
    read.ok().filter(Value::is_object).ok_or_else(|| {
        (StatusCode::BAD_REQUEST, "the body is to be an object of JSON, or empty".to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_means_one_thing_or_nothing() {
        let tenant = || "school".to_owned();
        for (path, place) in [
            ("/api/tenants/school/scim", Some(Place::Scim(tenant()))),
            ("/api/tenants/school/tokens", Some(Place::Tokens(tenant()))),
            ("/api/tenants/school/tokens/7", Some(Place::Token(tenant(), 7))),
            ("/api/tenants/sch%6Fol/scim", Some(Place::Scim(tenant()))),
            ("/api/tenants/school", None),
            ("/api/tenants/school/tokens/x", None),
            ("/api/tenants/school/tokens/7/8", None),
            ("/api/tenants/%FF/scim", None),
            ("/api", None),
        ] {
            assert_eq!(Place::at(path), place, "{path}");
        }
    }
}
