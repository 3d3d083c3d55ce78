//! What of a filter can be looked up, so that few entries have to be read.

use serde_json::{Map, Value};

use super::Entry;
use crate::scim::{Kind, Matcher, Operator, Place, fold};

/// Whether those whom a filter means are looked up, however many there are: all others
/// are found by reading everybody.
pub fn looks_up(matcher: &Matcher) -> bool {
    Narrow::of(matcher).is_some()
}

/// A value that all of those meant must have.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Narrow {
    /// This externalId, exactly.
    ExternalId(String),
    /// This userName, or displayName of a group, folded.
    Name(String),
    /// This work e-mail, folded.
    Email(String),
}

impl Narrow {
    /// What a filter asks for.
    pub(super) fn of(matcher: &Matcher) -> Option<Self> {
        match matcher {
            Matcher::Compare(place, Operator::Eq, operand) => {
                Self::at(place, operand.to_value().as_str()?)
            }
            Matcher::All(parts) => parts.iter().find_map(Self::of),
            Matcher::Compare(..) | Matcher::Present(_) | Matcher::Any(_) | Matcher::Not(_) => None,
        }
    }

    /// The value itself.
    pub(super) fn value(&self) -> &String {
        match self {
            Self::ExternalId(value) | Self::Name(value) | Self::Email(value) => value,
        }
    }

    fn at(place: &Place, value: &str) -> Option<Self> {
        if place.schema.is_some() {
            return None;
        }
        match place.attr.name.as_str() {
            "externalId" => Some(Self::ExternalId(value.to_owned())),
            "userName" | "displayName" => Some(Self::Name(fold(value))),
            "emails" if is_work(place) => Some(Self::Email(fold(value))),
            _ => None,
        }
    }
}

/// What an entry is found by.
pub(super) struct Found<'a> {
    pub external_id: Option<&'a str>,
    /// Folded.
    pub name: Option<String>,
    /// Folded.
    pub email: Option<String>,
}

impl<'a> Found<'a> {
    pub(super) fn by(entry: &'a Entry) -> Self {
        Self::by_words(entry.sent.kind(), entry.sent.attributes())
    }

    /// By what a client wrote of one of that kind.
    pub(super) fn by_words(kind: Kind, sent: &'a Map<String, Value>) -> Self {
        let name = match kind {
            Kind::User => "userName",
            Kind::Group => "displayName",
        };
        let text = |name: &str| sent.get(name).and_then(Value::as_str);
        Self {
            external_id: text("externalId"),
            name: text(name).map(fold),
            email: work_email(sent).map(fold),
        }
    }
}

fn work_email(sent: &Map<String, Value>) -> Option<&str> {
    let emails = sent.get("emails")?.as_array()?;
    let work = |email: &&Value| {
        let kind = email.get("type").and_then(Value::as_str);
        kind.is_some_and(|kind| fold(kind) == "work")
    };
    emails.iter().find(work)?.get("value")?.as_str()
}

/// Whether it is `emails[type eq "work"].value`.
fn is_work(place: &Place) -> bool {
    let value = place.sub.as_ref().is_some_and(|sub| sub.name.is("value"));
    let slot = place.slot().unwrap_or_default();
    let [(name, kind)] = slot.as_slice() else { return false };
    value && name.is("type") && kind.as_str().is_some_and(|kind| fold(kind) == "work")
}
