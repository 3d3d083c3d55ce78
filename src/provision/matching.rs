//! By what it is known that two descriptions mean the same person.

use serde_json::Value;

use crate::scim::{Kind, Resource, fold};

/// One of the values that people are known again by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Match {
    /// The client's own identifier, to the letter.
    ExternalId,
    /// The name of an account, without regard to case.
    UserName,
    /// The work e-mail, without regard to case.
    Emails,
    /// The name of a group, without regard to case.
    DisplayName,
}

/// For people, until their tenant says otherwise.
pub(super) const PEOPLE: [Match; 3] = [Match::ExternalId, Match::UserName, Match::Emails];

/// For groups.
pub(super) const GROUPS: [Match; 2] = [Match::ExternalId, Match::DisplayName];

impl Match {
    /// The usual ones, the best first.
    pub(super) fn usual(kind: Kind) -> &'static [Self] {
        match kind {
            Kind::User => &PEOPLE,
            Kind::Group => &GROUPS,
        }
    }

    /// Where the value stands.
    pub fn path(self) -> &'static str {
        match self {
            Self::ExternalId => "externalId",
            Self::UserName => "userName",
            Self::Emails => "emails[type eq \"work\"].value",
            Self::DisplayName => "displayName",
        }
    }

    /// The value of a resource.
    pub fn value(self, resource: &Resource) -> Option<&str> {
        let attributes = resource.attributes();
        let value = match self {
            Self::ExternalId => attributes.get("externalId"),
            Self::UserName => attributes.get("userName"),
            Self::DisplayName => attributes.get("displayName"),
            Self::Emails => work(attributes.get("emails")?),
        };
        value?.as_str().map(str::trim).filter(|value| !value.is_empty())
    }

    /// Whether both are the same: one of the keys agrees, and the client's own
    /// identifier, where both have one, does not say otherwise. Names and addresses
    /// change.
    pub(super) fn same(keys: &[Self], one: &Resource, other: &Resource) -> bool {
        let another = Self::ExternalId.agrees(one, other) == Some(false);
        !another && keys.iter().any(|key| key.agrees(one, other) == Some(true))
    }

    /// Whether both have this, and the same. Nothing, where one has none.
    pub(super) fn agrees(self, one: &Resource, other: &Resource) -> Option<bool> {
        let (one, other) = (self.value(one)?, self.value(other)?);
        Some(if self == Self::ExternalId { one == other } else { fold(one) == fold(other) })
    }
}

fn work(emails: &Value) -> Option<&Value> {
    let work = |email: &&Value| {
        email.get("type").and_then(Value::as_str).is_some_and(|kind| fold(kind) == "work")
    };
    emails.as_array()?.iter().find(work)?.get("value")
}
