//! Bulk requests (RFC 7644 §3.7): read, put in an order in which every
//! reference is known before it is needed, and answered one by one.

mod order;

use super::discovery::BulkLimits;
use super::error::Error;
use super::intake::members_of;
use super::name::ResourceId;
use super::patch::take;
use super::schema::Kind;
use percent_encoding::percent_decode_str;
use serde::Serialize;
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// The schema of a bulk request.
pub const BULK_REQUEST: &str = "urn:ietf:params:scim:api:messages:2.0:BulkRequest";
/// The schema of the answer.
pub const BULK_RESPONSE: &str = "urn:ietf:params:scim:api:messages:2.0:BulkResponse";

/// What stands before the name of a resource that does not exist yet.
const REFERENCE: &str = "bulkId:";

/// A whole bulk request. An operation that cannot be read does not spoil the
/// others; it is answered with its error.
#[derive(Clone, Debug, PartialEq)]
pub struct BulkRequest {
    /// After how many errors to stop.
    pub fail_on_errors: Option<usize>,
    /// The operations as sent.
    pub operations: Vec<Result<BulkOperation, Rejected>>,
}

/// An operation that could not be read, with what is known of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Rejected {
    /// Its method, as far as it could be told.
    pub method: Option<Method>,
    /// Its name within the request.
    pub bulk_id: Option<String>,
    /// Why.
    pub error: Error,
}

/// What an operation does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Method {
    /// Create.
    Post,
    /// Replace.
    Put,
    /// Change.
    Patch,
    /// Delete.
    Delete,
}

/// One operation of a bulk request.
#[derive(Clone, Debug, PartialEq)]
pub struct BulkOperation {
    /// What it does.
    pub method: Method,
    /// Its name, for references to what it creates.
    pub bulk_id: Option<String>,
    /// The version it expects.
    pub version: Option<String>,
    /// User or Group.
    pub kind: Kind,
    /// Which one; nothing for POST.
    pub target: Option<Reference>,
    /// The body.
    pub data: Value,
}

/// A resource by its id, or by the operation that creates it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Reference {
    /// It exists.
    Id(ResourceId),
    /// The operation of that name creates it.
    BulkId(String),
}

impl BulkRequest {
    /// Reads the body of a bulk request.
    pub fn parse(body: Value, limits: BulkLimits) -> Result<Self, Error> {
        let mut body = members_of(body)?;
        let fail_on_errors = match take(&mut body, "failOnErrors") {
            None | Some(Value::Null) => None,
            Some(value) => {
                Some(value.as_u64().and_then(|n| usize::try_from(n).ok()).ok_or_else(|| {
                    Error::invalid_value("`failOnErrors` must be a whole number, 0 or more")
                })?)
            }
        };
        let Some(Value::Array(operations)) = take(&mut body, "Operations") else {
            return Err(Error::invalid_syntax("`Operations` must be a list"));
        };
        if operations.len() > limits.max_operations {
            let (count, most) = (operations.len(), limits.max_operations);
            return Err(Error::too_large(format!(
                "{count} operations are more than the {most} one bulk request may hold"
            )));
        }
        let operations = operations.into_iter().map(operation).collect();
        Ok(Self { fail_on_errors, operations: distinct(operations) })
    }
}

/// A name that stands for two operations stands for none.
fn distinct(
    operations: Vec<Result<BulkOperation, Rejected>>,
) -> Vec<Result<BulkOperation, Rejected>> {
    let mut seen = BTreeSet::new();
    let check = |operation: BulkOperation| match &operation.bulk_id {
        Some(id) if !seen.insert(id.clone()) => {
            let error = Error::invalid_value(format!("`bulkId` `{id}` is given twice"));
            let (method, bulk_id) = (Some(operation.method), operation.bulk_id);
            Err(Rejected { method, bulk_id, error })
        }
        _ => Ok(operation),
    };
    let mut check = check;
    operations.into_iter().map(|operation| operation.and_then(&mut check)).collect()
}

fn operation(value: Value) -> Result<BulkOperation, Rejected> {
    let rejected = |method, bulk_id, error| Rejected { method, bulk_id, error };
    let Value::Object(mut object) = value else {
        let error = Error::invalid_syntax("An operation must be an object");
        return Err(rejected(None, None, error));
    };
    let bulk_id = text(&mut object, "bulkId").filter(|id| !id.is_empty());
    let method = text(&mut object, "method");
    let method = method.as_deref().and_then(Method::parse).ok_or_else(|| {
        let error = Error::invalid_syntax("`method` must be POST, PUT, PATCH or DELETE");
        rejected(None, bulk_id.clone(), error)
    })?;
    let refuse = |error| rejected(Some(method), bulk_id.clone(), error);
    let path = text(&mut object, "path").unwrap_or_default();
    let (kind, target) = target(&path).ok_or_else(|| {
        refuse(Error::invalid_path("`path` must be /Users, /Groups or a resource below them"))
    })?;
    if (method == Method::Post) != target.is_none() {
        return Err(refuse(Error::invalid_path(format!(
            "`path` does not fit {}",
            method.as_str()
        ))));
    }
    // RFC 7644 §3.7: the name is what the answer tells the id by.
    if method == Method::Post && bulk_id.is_none() {
        return Err(refuse(Error::invalid_syntax("POST needs a `bulkId`")));
    }
    let data = take(&mut object, "data").unwrap_or(Value::Null);
    if method != Method::Delete && !data.is_object() {
        return Err(refuse(Error::invalid_syntax("`data` must be an object")));
    }
    let version = text(&mut object, "version");
    Ok(BulkOperation { method, bulk_id, version, kind, target, data })
}

fn text(object: &mut Map<String, Value>, name: &str) -> Option<String> {
    match take(object, name) {
        Some(Value::String(text)) => Some(text),
        _ => None,
    }
}

impl Method {
    /// The method of that name, in any case.
    pub fn parse(text: &str) -> Option<Self> {
        let all = [Self::Post, Self::Put, Self::Patch, Self::Delete];
        all.into_iter().find(|method| method.as_str().eq_ignore_ascii_case(text))
    }

    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

/// `/Users`, `/Users/{id}`, `/Users/bulkId:{name}`.
fn target(path: &str) -> Option<(Kind, Option<Reference>)> {
    let mut segments = path.trim_matches('/').splitn(2, '/');
    let name = segments.next()?;
    let kind = [Kind::User, Kind::Group]
        .into_iter()
        .find(|kind| kind.endpoint().trim_start_matches('/').eq_ignore_ascii_case(name))?;
    let Some(segment) = segments.next() else { return Some((kind, None)) };
    if segment.contains('/') {
        return None;
    }
    let id = percent_decode_str(segment).decode_utf8().ok()?;
    let reference = match id.strip_prefix(REFERENCE) {
        Some(name) => Reference::BulkId(name.to_owned()),
        None => Reference::Id(ResourceId::parse(&id)?),
    };
    Some((kind, Some(reference)))
}

/// What came of one operation.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BulkResult {
    /// What it did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<Method>,
    /// Its name within the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bulk_id: Option<String>,
    /// Where the resource is; not for a POST that failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
    /// The version it has now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The HTTP status, as a string.
    #[serde(serialize_with = "as_text")]
    pub status: u16,
    /// The error, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response: Option<Error>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes fields by reference")]
fn as_text<S: serde::Serializer>(status: &u16, out: S) -> Result<S::Ok, S::Error> {
    out.collect_str(status)
}

/// The answer to a bulk request, in the order of the request.
#[derive(Clone, Debug, Serialize)]
pub struct BulkResponse {
    schemas: [&'static str; 1],
    #[serde(rename = "Operations")]
    operations: Vec<BulkResult>,
}

impl BulkResponse {
    /// The answer that holds `operations`.
    pub fn new(operations: Vec<BulkResult>) -> Self {
        Self { schemas: [BULK_RESPONSE], operations }
    }
}
