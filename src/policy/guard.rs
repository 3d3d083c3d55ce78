//! The brake on removals: an identity accident does not empty a school.

use std::time::Duration;

use crate::scim::{Act, Edits, Kind, Operation, Resource};

/// So many removals are done within any span of that length; one more is held
/// until a person says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Guard {
    /// So many at most.
    pub removals: usize,
    /// Within any span of this length.
    pub within: Duration,
}

impl Default for Guard {
    /// Entra comes about every 40 minutes: one cycle of it.
    fn default() -> Self {
        Self { removals: 50, within: Duration::from_mins(40) }
    }
}

/// Whether an operation takes something away from people: a delete, or the
/// disabling of an account that is not known to be disabled already.
pub fn is_removal(operation: &Operation, known: Option<&Resource>) -> bool {
    match operation {
        Operation::Create(_) => false,
        Operation::Delete { .. } => true,
        Operation::Change { kind, edits, .. } => {
            let disabled = known.and_then(|it| it.attributes().get("active")?.as_bool());
            *kind == Kind::User && active(edits) == Some(false) && disabled != Some(false)
        }
    }
}

/// What edits make of `active`, where they say anything of it.
pub fn active(edits: &Edits) -> Option<bool> {
    let said = edits.iter().rev().find(|edit| is_active(&edit.place));
    said.and_then(|edit| match &edit.act {
        Act::Set(value) => value.as_bool(),
        Act::Add(values) => values.last()?.as_bool(),
        // What has no word is as it was before anybody said anything: active.
        Act::Clear | Act::Drop(_) => Some(true),
        Act::Expect(_) => None,
    })
}

pub(super) fn is_active(place: &crate::scim::Place) -> bool {
    place.schema.is_none() && place.attr.name.is("active")
}
