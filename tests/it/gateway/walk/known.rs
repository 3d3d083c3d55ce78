//! What a client may believe: the little model that the gateway is held against.
//!
//! It knows of each value which ones are possible. An answer of 2xx leaves one; one that
//! says that nobody knows adds one; what somebody does in the LMS adds one, too.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde_json::{Value, json};

use super::step::Field;

/// Whether somebody is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Life {
    There,
    Gone,
    /// Nobody can know.
    Either,
}

/// The values that are possible; any, where there is no list of them.
pub(super) type Possible = Option<BTreeSet<String>>;

/// A person that a client was told of.
#[derive(Clone, Debug)]
pub(super) struct Known {
    pub life: Life,
    /// Since when it may be gone.
    pub since: Timestamp,
    pub fields: BTreeMap<Field, Possible>,
    /// Somebody erased the account in the LMS.
    pub erased: bool,
}

/// A group that a client was told of.
#[derive(Clone, Debug)]
pub(super) struct Group {
    pub life: Life,
    pub name: Possible,
    /// By the ids of people: who is in it, and who may be.
    pub members: BTreeMap<String, Life>,
}

/// A person as the directory has it now.
#[derive(Clone, Debug)]
pub(super) struct Slot {
    /// By which id the client knows them.
    pub id: Option<String>,
    pub words: BTreeMap<Field, String>,
    /// Whether a create was asked for, and nobody knows what came of it.
    pub open: bool,
    /// How many had this place before.
    pub heirs: u64,
}

impl Slot {
    pub(super) fn new(number: usize) -> Self {
        let mut slot = Self { id: None, words: BTreeMap::new(), open: false, heirs: 0 };
        for field in Field::ALL {
            let value = match field {
                Field::Active => "true".to_owned(),
                field => value(field, number as u64, &format!("{number}-0")),
            };
            slot.words.insert(field, value);
        }
        slot
    }

    /// What no value of another's has in it.
    pub(super) fn whose(&self, number: usize) -> String {
        format!("{number}-{}", self.heirs)
    }

    pub(super) fn body(&self) -> Value {
        let word = |field| self.words[&field].as_str();
        json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
            "userName": word(Field::UserName),
            "externalId": word(Field::ExternalId),
            "active": word(Field::Active) == "true",
            "title": word(Field::Title),
            "nickName": word(Field::Nick),
            "name": { "givenName": word(Field::Given), "familyName": word(Field::Family) },
            "emails": [{ "type": "work", "primary": true, "value": word(Field::Mail) }],
        })
    }
}

/// A value that a client may write to somebody; `whose` are those that nobody else has.
pub(super) fn value(field: Field, number: u64, whose: &str) -> String {
    match field {
        Field::UserName => format!("Name.{number}@Hoch.example"),
        Field::Mail => format!("Mail.{number}@hoch.example"),
        Field::ExternalId => format!("x-{whose}-{number}"),
        Field::Active => if number.is_multiple_of(2) { "false" } else { "true" }.to_owned(),
        field => format!("{field:?} {number}"),
    }
}

/// What an answer shows.
pub(super) fn shown(body: &Value, field: Field) -> Option<String> {
    let value = match field {
        Field::UserName => &body["userName"],
        Field::ExternalId => &body["externalId"],
        Field::Given => &body["name"]["givenName"],
        Field::Family => &body["name"]["familyName"],
        Field::Nick => &body["nickName"],
        Field::Title => &body["title"],
        Field::Active => &body["active"],
        Field::Mail => {
            let emails = body["emails"].as_array()?;
            &emails.iter().find(|email| email["type"] == "work")?["value"]
        }
    };
    match value {
        Value::Bool(value) => Some(value.to_string()),
        value => value.as_str().map(str::to_owned),
    }
}

impl Known {
    /// Somebody of whom nothing is known but that they are there.
    pub(super) fn stranger(now: Timestamp) -> Self {
        let fields = Field::ALL.into_iter().map(|field| (field, None)).collect();
        Self { life: Life::There, since: now, fields, erased: false }
    }

    /// The same, as an answer shows them.
    pub(super) fn met(body: &Value, now: Timestamp) -> Self {
        let mut known = Self::stranger(now);
        for field in Field::ALL {
            if let Some(word) = shown(body, field) {
                known.is(field, &word);
            }
        }
        known
    }

    /// Somebody who was made so.
    pub(super) fn made(slot: &Slot, now: Timestamp) -> Self {
        let fields = slot.words.iter().map(|(field, word)| (*field, only(word))).collect();
        Self { fields, ..Self::stranger(now) }
    }

    pub(super) fn is_there(&self) -> bool {
        self.life == Life::There
    }

    pub(super) fn is(&mut self, field: Field, word: &str) {
        self.fields.insert(field, only(word));
    }

    pub(super) fn may_be(&mut self, field: Field, word: &str) {
        if let Some(Some(words)) = self.fields.get_mut(&field) {
            words.insert(word.to_owned());
        }
    }

    pub(super) fn anything(&mut self) {
        self.fields.values_mut().for_each(|field| *field = None);
    }

    pub(super) fn allows(&self, field: Field, word: Option<&str>) -> bool {
        let Some(words) = &self.fields[&field] else { return true };
        // What nobody heard of is told in the LMS's own spelling.
        let folded = |word| words.len() > 1 && self.allows_folded(field, word);
        word.is_some_and(|word| words.contains(word) || folded(word))
    }

    /// The same as the LMS has it.
    pub(super) fn allows_folded(&self, field: Field, word: &str) -> bool {
        let Some(words) = &self.fields[&field] else { return true };
        words.iter().any(|known| known.to_lowercase() == word.to_lowercase())
    }

    /// The one value that it can have.
    pub(super) fn certain(&self, field: Field) -> Option<&str> {
        let words = self.fields[&field].as_ref()?;
        words.first().filter(|_| words.len() == 1).map(String::as_str)
    }
}

#[expect(clippy::unnecessary_wraps, reason = "one of the values that are possible")]
pub(super) fn only(word: &str) -> Possible {
    Some(BTreeSet::from([word.to_owned()]))
}
