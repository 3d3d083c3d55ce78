//! What one edit does to one slot of a list whose other elements are not known.

use super::caseless::fold;
use super::edit::{Act, Edit};
use super::elements::is_primary;
use super::name::AttrName;
use super::outcome::Outcome;
use super::place::Place;
use serde_json::Value;

/// Parts of an element and the values they must have.
type Terms = Vec<(AttrName, Value)>;

/// One edit of a list whose other elements are not known.
pub(super) fn slot(before: Outcome, edit: &Edit, place: &Place) -> Outcome {
    let (Some(wanted), Some(sub)) = (place.slot(), &place.sub) else { return Outcome::Unknown };
    let by_primary = sub.name.is("primary") || wanted.iter().any(|(name, _)| name.is("primary"));
    let chosen = match &edit.act {
        Act::Expect(_) => return before,
        Act::Add(elements) if by_primary && elements.iter().any(is_primary) => {
            return Outcome::Unknown;
        }
        Act::Add(elements) | Act::Drop(elements) => {
            return if elements.iter().all(|element| beside(place, &wanted, element)) {
                before
            } else {
                Outcome::Unknown
            };
        }
        Act::Set(_) | Act::Clear => edit.place.slot(),
    };
    let Some(chosen) = chosen else { return Outcome::Unknown };
    if relabels(edit, &wanted) {
        return Outcome::Unknown;
    }
    // N12: of all elements, one alone becomes the primary one.
    if by_primary && promotes(edit) {
        return Outcome::Unknown;
    }
    if contradict(place, &wanted, &chosen) {
        return before;
    }
    if !agree(place, &wanted, &chosen) {
        return Outcome::Unknown;
    }
    match (&edit.act, &edit.place.sub) {
        (Act::Set(value), None) => match value.get(sub.name.as_str()) {
            Some(part) => Outcome::Set(part.clone()),
            None => Outcome::Cleared,
        },
        (Act::Clear, None) => Outcome::Cleared,
        (Act::Set(value), Some(one)) if one.name == sub.name => Outcome::Set(value.clone()),
        (Act::Clear, Some(one)) if one.name == sub.name => Outcome::Cleared,
        (Act::Set(_), Some(_)) => before,
        // An element of which only labels are left goes as a whole.
        _ => Outcome::Unknown,
    }
}

/// Whether an edit changes what elements are found by: their labels, or which
/// of them is the primary one.
fn relabels(edit: &Edit, wanted: &Terms) -> bool {
    let found_by = |name: &AttrName| wanted.iter().any(|(wanted, _)| wanted == name);
    match (&edit.act, &edit.place.sub) {
        (_, Some(sub)) => {
            found_by(&sub.name)
                && edit.place.slot().is_some_and(|terms| {
                    // Setting the label that found the element changes nothing.
                    !terms.iter().any(|(name, value)| {
                        *name == sub.name && edit.act == Act::Set(value.clone())
                    })
                })
        }
        (Act::Set(value), None) => value.as_object().is_some_and(|parts| {
            wanted
                .iter()
                .any(|(name, value)| parts.get(name.as_str()).is_some_and(|given| given != value))
        }),
        _ => false,
    }
}

/// Whether an edit makes the elements it chooses the primary ones.
fn promotes(edit: &Edit) -> bool {
    match (&edit.act, &edit.place.sub) {
        (Act::Set(value), Some(sub)) => sub.name.is("primary") && *value == Value::Bool(true),
        (Act::Set(value), None) => is_primary(value),
        _ => false,
    }
}

/// Whether an element that is added or dropped cannot be the one wanted.
fn beside(place: &Place, wanted: &Terms, element: &Value) -> bool {
    let Value::Object(parts) = element else { return false };
    let given: Terms = parts
        .iter()
        .filter_map(|(name, value)| Some((AttrName::parse(name)?, value.clone())))
        .collect();
    contradict(place, wanted, &given)
}

/// Whether no element can meet both.
fn contradict(place: &Place, one: &Terms, other: &Terms) -> bool {
    one.iter().any(|(name, value)| {
        let same = other.iter().filter(|(other, _)| other == name);
        let comparable = |other: &Value| comparable(place, name, other);
        same.into_iter().any(|(_, other)| comparable(other) != comparable(value))
    })
}

/// Whether both mean the same elements.
fn agree(place: &Place, one: &Terms, other: &Terms) -> bool {
    let within = |one: &Terms, other: &Terms| {
        one.iter().all(|(name, value)| {
            other.iter().any(|(known, held)| {
                known == name && comparable(place, name, held) == comparable(place, name, value)
            })
        })
    };
    within(one, other) && within(other, one)
}

/// A value as the part it belongs to compares.
fn comparable(place: &Place, name: &AttrName, value: &Value) -> Value {
    let exact = place.attr.sub(name.as_str()).is_some_and(|sub| sub.case_exact);
    match value {
        Value::String(text) if !exact => Value::String(fold(text)),
        other => other.clone(),
    }
}
