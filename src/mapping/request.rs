//! One SCIM request as a line and a body, for cases and for `explain`:
//! `GET /Users?filter=userName eq "eva"`, `PATCH /Users/12` with a body.

use std::convert::Infallible;
use std::sync::Arc;

use serde_json::Value;

use super::plan::Plan;
use super::run::{Moment, Query, Run, Site, Want};
use crate::call::{Failure, Kind as Class};
use crate::scim::{
    Error, Filter, Kind, Matcher, Operation, Projection, Resource, ResourceId, ResourceType, Rules,
};
/// What stands for a password that a gateway would invent.
const INVENTED: &str = "invented";

/// A request, understood.
#[derive(Debug)]
pub enum Request {
    /// A write.
    Write(Operation),
    /// One resource.
    Get(Kind, ResourceId, Want),
    /// Several.
    Find(Kind, Query),
    /// Opening a session of a backend.
    Login(String),
    /// Proving identity and rights at a backend.
    Probe(String),
}

impl Request {
    /// Reads a request line and its body.
    pub fn read(plan: &Plan, line: &str, body: Option<Value>) -> Result<Self, Error> {
        let (method, rest) = line.trim().split_once(' ').unwrap_or((line.trim(), ""));
        match method {
            "LOGIN" => return Ok(Self::Login(rest.trim().to_owned())),
            "PROBE" => return Ok(Self::Probe(rest.trim().to_owned())),
            _ => {}
        }
        let (path, query) = rest.trim().split_once('?').unwrap_or((rest.trim(), ""));
        let mut parts = path.trim_matches('/').split('/');
        let kind = match parts.next() {
            Some("Users") => Kind::User,
            Some("Groups") => Kind::Group,
            _ => return Err(Error::invalid_syntax("a request is about /Users or /Groups")),
        };
        let id = parts.next().and_then(ResourceId::parse);
        let Some(owner) = plan.kinds_of(kind).next() else {
            return Err(Error::not_implemented("this mapping has no such resources"));
        };
        let (resource_type, rules) = (&owner.resource_type, Rules::default());
        let body = body.unwrap_or_default();
        match (method, id) {
            ("POST", None) => {
                resource_type.create(body, rules).map(|new| Self::Write(Operation::Create(new)))
            }
            ("PUT", Some(id)) => {
                let edits = resource_type.replace(body, rules)?;
                Ok(Self::Write(Operation::Change { kind, id, edits }))
            }
            ("PATCH", Some(id)) => {
                let edits = resource_type.patch(body, None, rules)?;
                Ok(Self::Write(Operation::Change { kind, id, edits }))
            }
            ("DELETE", Some(id)) => Ok(Self::Write(Operation::Delete { kind, id })),
            ("GET", Some(id)) => Ok(Self::Get(kind, id, want(resource_type, query)?)),
            ("GET", None) => {
                let filter = parameter(query, "filter");
                let matcher = filter.map(|text| bound(resource_type, &text)).transpose()?;
                let enough = enough(query);
                let want = want(resource_type, query)?;
                Ok(Self::Find(kind, Query { matcher, want, enough, loose: false }))
            }
            _ => Err(Error::invalid_syntax(format!("`{line}` is no request of SCIM"))),
        }
    }

    /// The runs that answer it.
    pub fn runs(
        &self,
        site: &Arc<Site>,
        known: Option<Resource>,
        moment: &Moment,
    ) -> Result<Vec<Run>, Failure> {
        let nowhere = || Failure::new(Class::Unsupported, "this mapping has no such calls");
        match self {
            Self::Write(Operation::Create(resource)) => {
                let invented = || Ok::<_, Infallible>(INVENTED.into());
                let Ok(told) = site.with_password(resource, invented);
                let create = Operation::Create(told.into_owned());
                site.write(&create, known, moment).map(|run| vec![run])
            }
            Self::Write(operation) => site.write(operation, known, moment).map(|run| vec![run]),
            Self::Get(kind, id, want) => {
                site.get(*kind, id, want.clone(), moment).map(|run| vec![run])
            }
            Self::Find(kind, query) => site.find(*kind, query, moment),
            Self::Login(name) => {
                let run = site.login(name, &Value::Null, moment);
                run.map(|run| vec![run]).ok_or_else(nowhere)
            }
            Self::Probe(name) => site.probe(name, moment).map(|run| vec![run]).ok_or_else(nowhere),
        }
    }
}

fn bound(resource_type: &ResourceType, text: &str) -> Result<Matcher, Error> {
    let filter = Filter::parse(text, resource_type.urns())
        .map_err(|error| Error::invalid_filter(error.to_string()))?;
    Matcher::bind(&filter, resource_type)
}

/// Everything up to the end of the page that is asked for.
fn enough(query: &str) -> Option<usize> {
    let number = |name| parameter(query, name)?.parse::<usize>().ok();
    Some(number("startIndex").unwrap_or(1).max(1) - 1 + number("count")?)
}

fn want(resource_type: &ResourceType, query: &str) -> Result<Want, Error> {
    let (only, but) = (parameter(query, "attributes"), parameter(query, "excludedAttributes"));
    if only.is_none() && but.is_none() {
        return Ok(Want::All);
    }
    Projection::parse(resource_type, only.as_deref(), but.as_deref()).map(Want::Shown)
}

/// A parameter of a query, written plainly or percent-encoded.
fn parameter(query: &str, name: &str) -> Option<String> {
    let pair = query.split('&').find_map(|pair| {
        let (key, value) = pair.split_once('=')?;
        (key == name).then_some(value)
    })?;
    let plain = percent_encoding::percent_decode_str(pair).decode_utf8().ok()?;
    Some(plain.into_owned())
}
