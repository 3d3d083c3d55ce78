//! What must be true of every answer, whatever was asked.

use http::{HeaderMap, StatusCode, header};
use jiff::Timestamp;
use serde_json::Value;

use super::target::ENTERPRISE;

/// The protocol's own URNs, written out: a constant that is shared with the
/// server could be wrong on both sides.
const ERROR: &str = "urn:ietf:params:scim:api:messages:2.0:Error";
const LIST: &str = "urn:ietf:params:scim:api:messages:2.0:ListResponse";
const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";

/// What nobody may write as text.
const BOOLEANS: [&str; 6] =
    ["active", "primary", "supported", "multiValued", "required", "caseExact"];

const KEYWORDS: [&str; 10] = [
    "invalidFilter",
    "tooMany",
    "uniqueness",
    "mutability",
    "invalidSyntax",
    "invalidPath",
    "noTarget",
    "invalidValue",
    "invalidVers",
    "sensitive",
];

type Verdict = Result<(), String>;

/// What was asked.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    /// The verb.
    pub(crate) method: String,
    /// The tenant URL without a slash at its end.
    pub(crate) base: String,
    /// What follows the tenant URL.
    pub(crate) path: String,
}

/// What came.
#[derive(Clone, Debug)]
pub(crate) struct Came {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) bytes: Vec<u8>,
}

/// The body, or what is wrong with the answer.
pub(crate) fn inspect(asked: &Asked, came: &Came) -> Result<Value, String> {
    retry_later(came)?;
    if matches!(came.status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED) {
        return holds(came.bytes.is_empty(), "a body where there must be none")
            .map(|()| Value::Null);
    }
    content_type(came)?;
    let body: Value = serde_json::from_slice(&came.bytes)
        .map_err(|fault| format!("the body is not JSON: {fault}"))?;
    holds(body.is_object(), "the body is not an object")?;
    values(&body, "")?;
    if came.status.is_client_error() || came.status.is_server_error() {
        error(came, &body)?;
    } else {
        asked.success(came, &body)?;
    }
    Ok(body)
}

fn holds(fact: bool, otherwise: &str) -> Verdict {
    if fact { Ok(()) } else { Err(otherwise.to_owned()) }
}

/// Whoever is told to come back is told when, in whole seconds: Okta
/// understands nothing else.
fn retry_later(came: &Came) -> Verdict {
    let wait = came.headers.get(header::RETRY_AFTER).map(|value| value.to_str().unwrap_or(""));
    let seconds = wait.is_none_or(|text| text.parse::<u32>().is_ok());
    holds(seconds, "Retry-After is not a whole number of seconds")?;
    let due =
        matches!(came.status, StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS);
    holds(!due || wait.is_some(), "no Retry-After")
}

fn content_type(came: &Came) -> Verdict {
    let value = came.headers.get(header::CONTENT_TYPE);
    let value = value.and_then(|value| value.to_str().ok()).unwrap_or("");
    let essence = value.split(';').next().unwrap_or("").trim();
    let fits = essence.eq_ignore_ascii_case("application/scim+json");
    holds(fits, &format!("Content-Type is `{value}`, not application/scim+json"))
}

/// No null anywhere, and no boolean as text.
fn values(value: &Value, at: &str) -> Verdict {
    match value {
        Value::Null => Err(format!("null at `{at}`")),
        Value::Array(items) => items.iter().try_for_each(|item| values(item, at)),
        Value::Object(members) => members.iter().try_for_each(|(name, value)| {
            let boolean = !BOOLEANS.contains(&name.as_str()) || value.is_boolean();
            holds(boolean, &format!("`{name}` is {value}, not a boolean"))?;
            values(value, name)
        }),
        _ => Ok(()),
    }
}

fn error(came: &Came, body: &Value) -> Verdict {
    let status = came.status.as_str();
    holds(body["schemas"] == serde_json::json!([ERROR]), "`schemas` is not that of an error")?;
    let same = body["status"] == status;
    holds(same, &format!("`status` is {}, not \"{status}\"", body["status"]))?;
    let detail = body["detail"].as_str().is_some_and(|words| !words.trim().is_empty());
    holds(detail, "an error without a `detail`")?;
    let keyword = body.get("scimType");
    let known = keyword.is_none_or(|it| KEYWORDS.iter().any(|known| it == known));
    holds(known, &format!("`scimType` is {}", body["scimType"]))?;
    let asked = came.headers.contains_key(header::WWW_AUTHENTICATE);
    holds(came.status != StatusCode::UNAUTHORIZED || asked, "401 without WWW-Authenticate")
}

impl Asked {
    /// What the path names, without slashes too many.
    fn parts(&self) -> Vec<&str> {
        let path = self.path.split('?').next().unwrap_or("");
        path.split('/').filter(|part| !part.is_empty()).collect()
    }

    /// The address of what the path names.
    pub(crate) fn location(&self) -> String {
        format!("{}/{}", self.base, self.parts().join("/"))
    }

    fn success(&self, came: &Came, body: &Value) -> Verdict {
        let parts = self.parts();
        match (self.method.as_str(), parts.as_slice()) {
            (_, ["ServiceProviderConfig"]) => names(body, &["ServiceProviderConfig"]),
            ("GET", ["Schemas" | "ResourceTypes"]) => list(body, &|one| documented(one)),
            ("GET", [endpoint @ ("Users" | "Groups")]) => {
                list(body, &|one| self.resource(one, endpoint))
            }
            ("POST", [endpoint @ ("Users" | "Groups")]) => {
                let location = came.headers.contains_key(header::LOCATION);
                holds(location, "created without a Location")?;
                self.whole(came, body, endpoint)
            }
            (_, [endpoint @ ("Users" | "Groups"), id]) => {
                let same = body["id"] == *id;
                holds(same, &format!("asked for `{id}`, and `id` is {}", body["id"]))?;
                self.whole(came, body, endpoint)
            }
            _ => Ok(()),
        }
    }

    fn whole(&self, came: &Came, body: &Value, endpoint: &str) -> Verdict {
        self.resource(body, endpoint)?;
        let header = |name: header::HeaderName| {
            came.headers.get(name).map(|value| value.to_str().unwrap_or("unreadable").to_owned())
        };
        let location = header(header::LOCATION).is_none_or(|it| body["meta"]["location"] == it);
        holds(location, "Location is not `meta.location`")?;
        let version = body["meta"].get("version");
        let tag = header(header::ETAG).zip(version).is_none_or(|(tag, version)| *version == tag);
        holds(tag, "ETag is not `meta.version`")
    }

    fn resource(&self, body: &Value, endpoint: &str) -> Verdict {
        let id = body["id"].as_str().unwrap_or("");
        holds(!id.is_empty(), "a resource without an `id` that is text")?;
        schemas(body, if endpoint == "Users" { USER } else { GROUP })?;
        holds(body.get("password").is_none(), "a password came back")?;
        let hidden = self.path.contains("excludedAttributes=members");
        holds(!hidden || body.get("members").is_none(), "members that were excluded")?;
        // Who names the attributes gets these, and `meta` need not be one.
        if self.path.contains("?attributes=") || self.path.contains("&attributes=") {
            return Ok(());
        }
        let listed = body["schemas"].as_array().is_some_and(|all| all.contains(&ENTERPRISE.into()));
        let empty = listed && body.get(ENTERPRISE).is_none();
        holds(!empty, "`schemas` names an extension that is not there")?;
        meta(&body["meta"], &format!("{}/{endpoint}/{id}", self.base), endpoint)
    }
}

fn meta(meta: &Value, location: &str, endpoint: &str) -> Verdict {
    let told = &meta["location"];
    holds(*told == location, &format!("`meta.location` is {told}, not \"{location}\""))?;
    let kind = meta["resourceType"] == endpoint.trim_end_matches('s');
    holds(kind, &format!("`meta.resourceType` is {}", meta["resourceType"]))?;
    for name in ["created", "lastModified"] {
        let instant = meta
            .get(name)
            .is_none_or(|time| time.as_str().is_some_and(|text| text.parse::<Timestamp>().is_ok()));
        holds(instant, &format!("`meta.{name}` is {}, no instant with a zone", meta[name]))?;
    }
    Ok(())
}

/// The core schema, and each extension that the body has.
fn schemas(body: &Value, core: &str) -> Verdict {
    let listed: Vec<&str> =
        body["schemas"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    holds(listed.contains(&core), &format!("`schemas` is {}", body["schemas"]))?;
    let keys = body.as_object().into_iter().flatten().map(|(key, _)| key.as_str());
    for extension in keys.filter(|key| key.starts_with("urn:")) {
        let named = listed.contains(&extension);
        holds(named, &format!("`{extension}` is there and not in `schemas`"))?;
    }
    Ok(())
}

fn names(body: &Value, kinds: &[&str]) -> Verdict {
    let first = body["schemas"][0].as_str().unwrap_or("");
    let fits =
        kinds.iter().any(|kind| first == format!("urn:ietf:params:scim:schemas:core:2.0:{kind}"));
    holds(fits, &format!("`schemas` is {}", body["schemas"]))
}

fn documented(one: &Value) -> Verdict {
    names(one, &["Schema", "ResourceType"])?;
    holds(one["id"].is_string(), "a document without an `id`")
}

fn list(body: &Value, each: &dyn Fn(&Value) -> Verdict) -> Verdict {
    holds(body["schemas"] == serde_json::json!([LIST]), "`schemas` is not that of a list")?;
    for name in ["totalResults", "startIndex", "itemsPerPage"] {
        holds(body[name].is_u64(), &format!("`{name}` is {}, not an integer", body[name]))?;
    }
    let Some(found) = body["Resources"].as_array() else {
        return Err(format!("`Resources` is {}, not an array", body["Resources"]));
    };
    let total = body["totalResults"].as_u64().unwrap_or(0);
    holds(found.len() as u64 <= total, "more resources than `totalResults`")?;
    found.iter().try_for_each(each)
}
