//! Applying edits to a resource: in order, all or nothing, and honest about
//! whether anything changed.

use super::edit::{Act, Edit, Edits};
use super::elements::{Elements, keep_read_only};
use super::error::Error;
use super::name::AttrName;
use super::place::Place;
use super::resource::Resource;
use super::schema::{Attribute, Mutability, ResourceType};
use super::work::Work;
use serde_json::{Map, Value};
use std::collections::HashMap;

impl Edits {
    /// Applies all edits, or none. Says whether the resource is another one
    /// now; where it is not, its version must stay (N11).
    pub fn apply(
        &self,
        resource_type: &ResourceType,
        resource: &mut Resource,
    ) -> Result<bool, Error> {
        let mut journal: Vec<(Place, Option<Value>)> = Vec::new();
        let mut work = Work::default();
        let mut result = Ok(());
        for edits in by_attribute(&self.list) {
            let Some(place) = edits.first().map(|edit| edit.place.whole()) else { continue };
            let before = resource.whole(&place).cloned();
            result = self.applied(&edits, before.clone(), &mut work).map(|after| {
                resource.put(&place, after);
                journal.push((place, before));
            });
            if result.is_err() {
                break;
            }
        }
        if result.is_ok() && self.complete {
            self.drop_the_rest(resource_type, resource, &mut journal);
        }
        let result = result.and_then(|()| {
            still_complete(resource_type, resource, &journal)?;
            let unknown = journal.iter().any(|(place, _)| !place.attr.declared);
            if unknown { resource_type.bound_unknown(resource) } else { Ok(()) }
        });
        if let Err(error) = result {
            for (place, before) in journal.into_iter().rev() {
                resource.put(&place, before);
            }
            return Err(error);
        }
        Ok(journal.iter().any(|(place, before)| resource.whole(place) != before.as_ref()))
    }

    fn applied(
        &self,
        edits: &[&Edit],
        before: Option<Value>,
        work: &mut Work,
    ) -> Result<Option<Value>, Error> {
        let Some(attribute) = edits.first().map(|edit| &edit.place.attr) else { return Ok(before) };
        if attribute.multi_valued {
            let mut elements = Elements::of(attribute, before);
            for edit in edits {
                work.spend(edit, &elements)?;
                elements = self.edit_elements(edit, elements)?;
            }
            return Ok(elements.into_value());
        }
        let mut value = before;
        for edit in edits {
            value = edit_single(edit, value)?;
        }
        Ok(value)
    }

    pub(super) fn edit_elements<'a>(
        &self,
        edit: &'a Edit,
        mut elements: Elements<'a>,
    ) -> Result<Elements<'a>, Error> {
        let place = &edit.place;
        let picked =
            |element: &Value| place.element.as_ref().is_none_or(|matcher| matcher.accepts(element));
        match (&edit.act, &place.sub) {
            (Act::Set(value), None) if place.element.is_none() => {
                return Ok(elements.replace(value.clone()));
            }
            (Act::Set(value), sub) => {
                let terms = place.slot().unwrap_or_default();
                let changed =
                    elements.change(picked, |element| set(element, sub.as_deref(), value, &terms));
                if changed == 0 {
                    elements.add(self.created(place, value)?);
                }
            }
            (Act::Add(values), _) => values.iter().cloned().for_each(|value| elements.add(value)),
            (Act::Drop(values), _) => values.iter().for_each(|value| elements.drop(value)),
            (Act::Clear, None) => elements.retain(|element| !picked(element)),
            (Act::Clear, Some(sub)) => {
                elements.change(picked, |element| unset(element, sub));
                elements.retain(|element| !is_hollow(element));
            }
            (Act::Expect(expected), _) => {
                let value = elements.into_value();
                expect(place, expected, value.as_ref())?;
                return Ok(Elements::of(&place.attr, value));
            }
        }
        Ok(elements)
    }

    /// N8: the element that a slot is given where there was none.
    fn created(&self, place: &Place, value: &Value) -> Result<Value, Error> {
        let terms = if place.element.is_some() { place.slot() } else { Some(Vec::new()) };
        let terms = terms
            .filter(|_| !self.strict || place.element.is_none())
            .ok_or_else(|| Error::no_target(format!("`{place}` matches nothing that is there")))?;
        let mut parts: Map<_, _> =
            terms.iter().map(|(name, value)| (name.as_str().to_owned(), value.clone())).collect();
        match (&place.sub, value) {
            (Some(sub), value) => {
                let held = parts.insert(sub.name.as_str().to_owned(), value.clone());
                // An element cannot be made that its own filter denies.
                if held.is_some_and(|held| held != *value) {
                    return Err(unmatched(place));
                }
            }
            (None, Value::Object(given)) => parts.extend(given.clone()),
            (None, other) => return Ok(other.clone()),
        }
        Ok(Value::Object(parts))
    }

    /// A PUT says all there is: what no edit names goes, but for what is not
    /// the client's to say.
    fn drop_the_rest(
        &self,
        resource_type: &ResourceType,
        resource: &mut Resource,
        journal: &mut Vec<(Place, Option<Value>)>,
    ) {
        let known = resource_type
            .attributes()
            .filter(|place| !place.is_offered() && place.attr.mutability == Mutability::ReadWrite);
        let unknown = resource_type.unknown_places(resource);
        for place in known.chain(unknown).filter(|place| !self.touch(place)).collect::<Vec<_>>() {
            let before = resource.whole(&place).cloned();
            if before.is_some() && !resource_type.kept_by_put(&place) {
                resource.put(&place, None);
                journal.push((place, before));
            }
        }
    }
}

fn unmatched(place: &Place) -> Error {
    Error::no_target(format!("`{place}` matches nothing that is there."))
}

/// Edits of different attributes do not meet, so each attribute is worked on
/// once, whatever order its edits come in.
fn by_attribute(edits: &[Edit]) -> Vec<Vec<&Edit>> {
    let mut at = HashMap::new();
    let mut grouped: Vec<Vec<&Edit>> = Vec::new();
    for edit in edits {
        let key = (&edit.place.schema, &edit.place.attr.name);
        let index = *at.entry(key).or_insert(grouped.len());
        match grouped.get_mut(index) {
            Some(group) => group.push(edit),
            None => grouped.push(vec![edit]),
        }
    }
    grouped
}

fn set(element: &mut Value, sub: Option<&Attribute>, value: &Value, terms: &[(AttrName, Value)]) {
    match (sub, &mut *element) {
        (Some(sub), Value::Object(parts)) => {
            parts.insert(sub.name.as_str().to_owned(), value.clone());
        }
        (Some(_), _) => {}
        (None, _) => {
            *element = value.clone();
            // The label that found the element stays on it.
            if let Value::Object(parts) = element {
                for (name, value) in terms {
                    parts.entry(name.as_str()).or_insert_with(|| value.clone());
                }
            }
        }
    }
}

fn unset(element: &mut Value, sub: &Attribute) {
    if let Value::Object(parts) = element {
        parts.remove(sub.name.as_str());
    }
}

/// Whether nothing but labels is left of an element.
fn is_hollow(element: &Value) -> bool {
    let label = |name: &String| ["type", "primary", "display"].contains(&name.as_str());
    element.as_object().is_some_and(|parts| parts.keys().all(label))
}

fn edit_single(edit: &Edit, before: Option<Value>) -> Result<Option<Value>, Error> {
    let place = &edit.place;
    match (&edit.act, &place.sub) {
        (Act::Expect(expected), sub) => {
            let held = match sub {
                Some(sub) => before.as_ref().and_then(|value| value.get(sub.name.as_str())),
                None => before.as_ref(),
            };
            expect(place, expected, held)?;
            Ok(before)
        }
        (Act::Set(value), None) => {
            let fixed = place.attr.mutability == Mutability::Immutable;
            match before {
                Some(before) if fixed && before != *value => {
                    Err(Error::mutability(format!("`{place}` cannot change once it is set.")))
                }
                Some(before) if place.attr.is_single_reference() => {
                    Ok(Some(same_reference(&place.attr, value, &before)))
                }
                _ => Ok(Some(value.clone())),
            }
        }
        (Act::Set(value), Some(sub)) => {
            let mut parts = parts_of(before);
            parts.insert(sub.name.as_str().to_owned(), value.clone());
            Ok(Some(Value::Object(parts)))
        }
        (Act::Clear, Some(sub)) => {
            let mut parts = parts_of(before);
            parts.remove(sub.name.as_str());
            Ok((!parts.is_empty()).then_some(Value::Object(parts)))
        }
        (Act::Clear | Act::Drop(_), _) => Ok(None),
        (Act::Add(values), _) => Ok(values.last().cloned().or(before)),
    }
}

/// The same reference again keeps what is known of it.
fn same_reference(attribute: &Attribute, value: &Value, before: &Value) -> Value {
    let mut value = value.clone();
    if value.get("value") == before.get("value") {
        keep_read_only(attribute, &mut value, before);
    }
    value
}

fn parts_of(value: Option<Value>) -> Map<String, Value> {
    match value {
        Some(Value::Object(parts)) => parts,
        _ => Map::new(),
    }
}

fn expect(place: &Place, expected: &Value, held: Option<&Value>) -> Result<(), Error> {
    if held == Some(expected) {
        return Ok(());
    }
    Err(Error::mutability(format!("`{place}` is read-only here.")))
}

/// What the resource had and must have is still there.
fn still_complete(
    resource_type: &ResourceType,
    resource: &Resource,
    journal: &[(Place, Option<Value>)],
) -> Result<(), Error> {
    for required in resource_type.required() {
        let touched = journal.iter().find(|(place, _)| place.shares_attribute(required));
        let had = touched.is_some_and(|(_, before)| before.is_some());
        if had && !resource.has(required) {
            return Err(Error::invalid_value(format!(
                "`{required}` cannot be cleared; this LMS needs it."
            )));
        }
    }
    Ok(())
}
