//! The elements of a multi-valued attribute, with an index, so that thousands
//! of additions and removals cost one step each.

use super::reference::is_to_group;
use super::schema::{Attribute, Mutability};
use serde_json::{Map, Value};
use std::collections::HashMap;
use std::sync::Arc;

/// What makes two elements the same one.
#[derive(Debug, PartialEq, Eq, Hash)]
enum Identity {
    /// The resource it points at, and whether that is a group.
    Reference(String, bool),
    /// RFC 7643 §2.4: type and value should not repeat together.
    Labelled(String, String),
    /// The first with this value, under whatever label.
    Value(String),
    /// All of it.
    Whole(String),
}

fn identity(attribute: &Attribute, element: &Value) -> Identity {
    let text = |part| element.get(part).and_then(Value::as_str);
    match text("value") {
        Some(value) if attribute.identified_by_value() => {
            Identity::Reference(value.to_owned(), is_to_group(element))
        }
        Some(value) => {
            Identity::Labelled(text("type").unwrap_or_default().to_owned(), value.to_owned())
        }
        None => Identity::Whole(element.to_string()),
    }
}

fn repeats(attribute: &Attribute, elements: &[Value]) -> bool {
    let same = |one: &Value, other: &Value| match (one.get("value"), other.get("value")) {
        (Some(one_value), Some(other_value)) => {
            let labelled = if attribute.identified_by_value() {
                is_to_group(one) == is_to_group(other)
            } else {
                one.get("type") == other.get("type")
            };
            one_value == other_value && labelled
        }
        _ => one == other,
    };
    let later = |at: usize| elements.iter().skip(at + 1);
    elements.iter().enumerate().any(|(at, one)| later(at).any(|other| same(one, other)))
}

/// Whether an element is the preferred one of its list.
pub(super) fn is_primary(element: &Value) -> bool {
    element.get("primary") == Some(&Value::Bool(true))
}

/// A list of elements in order.
#[derive(Debug)]
pub(super) struct Elements<'a> {
    attribute: &'a Attribute,
    /// Removed ones leave a gap, so that positions stay valid.
    items: Vec<Option<Value>>,
    /// Where each element stands; made when it is first needed and dropped
    /// when elements change in place.
    index: Option<HashMap<Identity, usize>>,
    primary: Option<usize>,
}

impl<'a> Elements<'a> {
    pub(super) fn of(attribute: &'a Attribute, value: Option<Value>) -> Self {
        let items: Vec<_> = match value {
            Some(Value::Array(items)) => items.into_iter().map(Some).collect(),
            Some(single) => vec![Some(single)],
            None => Vec::new(),
        };
        let primary = items.iter().flatten().position(is_primary);
        Self { attribute, items, index: None, primary }
    }

    /// `elements` without repetitions; the first of each stays where it is.
    pub(super) fn distinct(attribute: &Attribute, elements: Vec<Value>) -> Vec<Value> {
        // Short lists are the rule and seldom repeat; they need no index.
        if elements.len() <= 16 && !repeats(attribute, &elements) {
            return elements;
        }
        let mut distinct = Elements::of(attribute, None);
        for element in elements {
            distinct.add(element);
        }
        distinct.items.into_iter().flatten().collect()
    }

    pub(super) fn into_value(self) -> Option<Value> {
        let items: Vec<_> = self.items.into_iter().flatten().collect();
        (!items.is_empty()).then_some(Value::Array(items))
    }

    pub(super) fn len(&self) -> usize {
        self.items.len()
    }

    /// How many elements an index has still to be made of.
    pub(super) fn unindexed(&self) -> usize {
        if self.index.is_some() { 0 } else { self.items.len() }
    }

    /// Adds an element. One that is there already gains what the new one says
    /// beyond its identity.
    pub(super) fn add(&mut self, element: Value) {
        let at = self.place_of(&element);
        if is_primary(&element) {
            self.make_primary(at);
        }
        match (self.items.get_mut(at), element) {
            (Some(Some(Value::Object(known))), Value::Object(parts)) => {
                merge(self.attribute, known, parts);
            }
            (Some(_), _) => {}
            (None, element) => self.items.push(Some(element)),
        }
    }

    /// Where an element stands, or will stand at the end. One without a label
    /// is the one with its value, whatever that is labelled: Entra's legacy
    /// roles come without the type they were created with.
    fn place_of(&mut self, element: &Value) -> usize {
        let next = self.items.len();
        let identity = identity(self.attribute, element);
        let any_label = match &identity {
            Identity::Labelled(label, value) => {
                let index = self.index();
                let known = index.get(&Identity::Value(value.clone())).copied();
                if label.is_empty() && known.is_some() {
                    return known.unwrap_or(next);
                }
                Some(Identity::Value(value.clone()))
            }
            Identity::Reference(..) | Identity::Value(_) | Identity::Whole(_) => None,
        };
        let index = self.index();
        let at = *index.entry(identity).or_insert(next);
        if let Some(any_label) = any_label {
            index.entry(any_label).or_insert(at);
        }
        at
    }

    /// Puts `elements` in the place of all. Those that stay keep what only the
    /// gateway says of them, and references keep their order, so that the same
    /// list again is no change.
    pub(super) fn replace(self, elements: Value) -> Self {
        let attribute = self.attribute;
        let new = Elements::of(attribute, Some(elements));
        let mut old: HashMap<_, _> = HashMap::new();
        for (at, item) in self.items.into_iter().flatten().enumerate() {
            old.entry(identity(attribute, &item)).or_insert((at, item));
        }
        let end = old.len();
        let mut items: Vec<(usize, Value)> = Vec::new();
        for mut item in new.items.into_iter().flatten() {
            let known = old.get(&identity(attribute, &item));
            if let Some((_, known)) = known {
                keep_read_only(attribute, &mut item, known);
            }
            let at = known.map_or(end, |(at, _)| *at);
            items.push((if attribute.identified_by_value() { at } else { 0 }, item));
        }
        items.sort_by_key(|(at, _)| *at);
        let items = items.into_iter().map(|(_, item)| item).collect();
        Elements::of(attribute, Some(Value::Array(items)))
    }

    /// Removes what `element` names: the member with its `value`, or every
    /// element that has all of its parts.
    pub(super) fn drop(&mut self, element: &Value) {
        if self.attribute.identified_by_value() {
            let identity = identity(self.attribute, element);
            if let Some(at) = self.index().remove(&identity)
                && let Some(item) = self.items.get_mut(at)
            {
                *item = None;
            }
            return;
        }
        self.retain(|known| !covers(known, element));
    }

    /// Keeps the elements that `keep` accepts.
    pub(super) fn retain(&mut self, keep: impl Fn(&Value) -> bool) {
        self.index = None;
        self.items.retain(|item| item.as_ref().is_some_and(&keep));
        self.primary = self.items.iter().flatten().position(is_primary);
    }

    /// Changes the elements that `pick` accepts; says how many there were.
    pub(super) fn change(
        &mut self,
        pick: impl Fn(&Value) -> bool,
        mut change: impl FnMut(&mut Value),
    ) -> usize {
        self.index = None;
        let mut changed = 0;
        let mut made_primary = None;
        for (at, item) in self.items.iter_mut().enumerate() {
            let Some(element) = item.as_mut().filter(|element| pick(element)) else { continue };
            let before = is_primary(element);
            change(element);
            changed += 1;
            if is_primary(element) && !before {
                made_primary = Some(at);
            }
        }
        // Several may have been picked; N12 leaves the last of them.
        if let Some(at) = made_primary {
            for (other, item) in self.items.iter_mut().enumerate() {
                if let Some(element) = item.as_mut().filter(|_| other != at) {
                    make_ordinary(element);
                }
            }
            self.primary = Some(at);
        }
        changed
    }

    /// N12: one element at most is the primary one.
    fn make_primary(&mut self, at: usize) {
        let former = self.primary.replace(at).filter(|former| *former != at);
        let former = former.and_then(|former| self.items.get_mut(former));
        if let Some(Some(element)) = former {
            make_ordinary(element);
        }
    }

    fn index(&mut self) -> &mut HashMap<Identity, usize> {
        let (attribute, items) = (self.attribute, &self.items);
        self.index.get_or_insert_with(|| {
            let mut index = HashMap::new();
            for (at, item) in items.iter().enumerate() {
                let Some(item) = item else { continue };
                let identity = identity(attribute, item);
                if let Identity::Labelled(_, value) = &identity {
                    index.entry(Identity::Value(value.clone())).or_insert(at);
                }
                index.entry(identity).or_insert(at);
            }
            index
        })
    }
}

/// RFC 7643 §4.2: what is immutable of an element stays as it is.
fn merge(attribute: &Attribute, known: &mut Map<String, Value>, parts: Map<String, Value>) {
    for (name, value) in parts {
        let fixed = attribute.sub(&name).is_some_and(|sub| sub.mutability == Mutability::Immutable);
        if !fixed || !known.contains_key(&name) {
            known.insert(name, value);
        }
    }
}

/// Gives a value that takes the place of `known` what clients cannot say.
pub(super) fn keep_read_only(attribute: &Attribute, value: &mut Value, known: &Value) {
    let (Value::Object(parts), Value::Object(known)) = (value, known) else { return };
    let read_only = |sub: &&Arc<Attribute>| sub.mutability == Mutability::ReadOnly;
    for sub in attribute.sub_attributes.iter().filter(read_only) {
        let name = sub.name.as_str();
        if let Some(held) = known.get(name).filter(|_| !parts.contains_key(name)) {
            parts.insert(name.to_owned(), held.clone());
        }
    }
}

fn make_ordinary(element: &mut Value) {
    if let Some(primary) = element.get_mut("primary") {
        *primary = Value::Bool(false);
    }
}

/// Whether `element` has every part of `wanted`, with equal values.
pub(super) fn covers(element: &Value, wanted: &Value) -> bool {
    match (element, wanted) {
        (Value::Object(element), Value::Object(wanted)) => {
            wanted.iter().all(|(name, value)| element.get(name) == Some(value))
        }
        (element, wanted) => element == wanted,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scim::schema::ResourceType;
    use serde_json::json;
    use std::sync::Arc;

    fn attribute(resource_type: &ResourceType, name: &str) -> Arc<Attribute> {
        Arc::clone(resource_type.core().attribute(name).unwrap())
    }

    #[test]
    fn a_member_is_its_value_and_is_there_once() {
        let members = attribute(&ResourceType::group(), "members");
        let given = vec![
            json!({ "value": "1" }),
            json!({ "value": "2" }),
            json!({ "value": "1", "type": "User" }),
        ];
        assert_eq!(
            Elements::distinct(&members, given),
            [json!({ "value": "1", "type": "User" }), json!({ "value": "2" })]
        );
    }

    #[test]
    fn a_group_is_another_member_than_the_person_with_its_id() {
        let members = attribute(&ResourceType::group(), "members");
        let (person, nested) = (json!({ "value": "4" }), json!({ "value": "4", "type": "group" }));
        let given = vec![person.clone(), nested.clone()];
        assert_eq!(Elements::distinct(&members, given.clone()), given);
        let mut elements = Elements::of(&members, Some(json!([person])));
        elements.drop(&nested);
        assert_eq!(elements.into_value().unwrap(), json!([person]));
    }

    #[test]
    fn a_new_primary_takes_the_place_of_the_old_one() {
        let emails = attribute(&ResourceType::user(), "emails");
        let mut elements = Elements::of(&emails, Some(json!([{ "value": "a", "primary": true }])));
        elements.add(json!({ "value": "b", "primary": true }));
        assert_eq!(
            elements.into_value().unwrap(),
            json!([{ "value": "a", "primary": false }, { "value": "b", "primary": true }])
        );
    }

    #[test]
    fn an_element_that_is_added_again_after_its_removal_is_there() {
        let members = attribute(&ResourceType::group(), "members");
        let mut elements = Elements::of(&members, Some(json!([{ "value": "1" }])));
        elements.drop(&json!({ "value": "1" }));
        elements.add(json!({ "value": "1" }));
        assert_eq!(elements.into_value().unwrap(), json!([{ "value": "1" }]));
    }
}
