//! What of a filter can be looked up, so that few entries have to be read.

use serde_json::Value;

use super::{Among, Entry};
use crate::scim::{Matcher, Operator, Place, Resource, fold};

/// A value that all of those meant must have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Narrow {
    /// This externalId, exactly.
    ExternalId(String),
    /// This userName, or displayName of a group, folded.
    Name(String),
    /// This work e-mail, folded.
    Email(String),
}

impl Narrow {
    /// What a filter asks for. All entries are found by their externalId, by the
    /// others only those apart.
    pub(super) fn of(matcher: &Matcher, among: Among) -> Option<Self> {
        match matcher {
            Matcher::Compare(place, Operator::Eq, operand) => {
                let value = operand.to_value();
                let found = Self::at(place, value.as_str()?)?;
                let everywhere = matches!(found, Self::ExternalId(_));
                (everywhere || among != Among::Present).then_some(found)
            }
            Matcher::All(parts) => parts.iter().find_map(|part| Self::of(part, among)),
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

/// What an entry apart is found by: its name and its work e-mail.
pub(super) fn names(entry: &Entry) -> (Option<String>, Option<String>) {
    if entry.standing() == Among::Present {
        return (None, None);
    }
    (name(&entry.sent), email(&entry.sent))
}

fn name(sent: &Resource) -> Option<String> {
    let name = match sent.kind() {
        crate::scim::Kind::User => "userName",
        crate::scim::Kind::Group => "displayName",
    };
    sent.attributes().get(name)?.as_str().map(fold)
}

fn email(sent: &Resource) -> Option<String> {
    let emails = sent.attributes().get("emails")?.as_array()?;
    let work = |email: &&Value| {
        let kind = email.get("type").and_then(Value::as_str);
        kind.is_some_and(|kind| fold(kind) == "work")
    };
    emails.iter().find(work)?.get("value")?.as_str().map(fold)
}

/// Whether it is `emails[type eq "work"].value`.
fn is_work(place: &Place) -> bool {
    let value = place.sub.as_ref().is_some_and(|sub| sub.name.is("value"));
    let slot = place.slot().unwrap_or_default();
    let [(name, kind)] = slot.as_slice() else { return false };
    value && name.is("type") && kind.as_str().is_some_and(|kind| fold(kind) == "work")
}
