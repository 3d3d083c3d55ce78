//! A slot at work: one value read from a resource, put into it, taken out of it.

use serde_json::{Map, Value};

use super::plan::Slot;
use crate::scim::Resource;

impl Slot {
    /// The value here.
    pub fn read<'r>(&self, resource: &'r Resource) -> Option<&'r Value> {
        resource.get(&self.place)
    }

    /// The key of a resource that this stands under.
    pub(super) fn home(&self) -> &str {
        let urn = self.place.schema.as_ref();
        urn.map_or(self.place.attr.name.as_str(), crate::scim::SchemaUri::as_str)
    }

    /// Whether it is all that stands under that key.
    pub(super) fn is_whole(&self) -> bool {
        self.place.schema.is_none() && self.place.sub.is_none()
    }

    /// The value here within what stands under that key.
    pub(super) fn within<'r>(&self, home: &'r Value) -> Option<&'r Value> {
        let whole = match &self.place.schema {
            Some(_) => home.get(self.place.attr.name.as_str())?,
            None => home,
        };
        let Some(sub) = &self.place.sub else { return Some(whole) };
        let sub = sub.name.as_str();
        match whole {
            Value::Array(items) => {
                items.iter().filter(|item| self.labels(item)).find_map(|item| item.get(sub))
            }
            whole => whole.get(sub),
        }
    }

    /// Puts a value here, making the element or the object around it.
    pub(crate) fn write(&self, resource: &mut Map<String, Value>, value: Value) {
        let home = match &self.place.schema {
            None => resource,
            Some(urn) => match entry(resource, urn.as_str(), || Value::Object(Map::new())) {
                Some(Value::Object(home)) => home,
                _ => return,
            },
        };
        let name = self.place.attr.name.as_str();
        let Some(sub) = &self.place.sub else {
            home.insert(name.to_owned(), value);
            return;
        };
        let sub = sub.name.as_str().to_owned();
        if !self.place.attr.multi_valued {
            if let Some(Value::Object(inner)) = entry(home, name, || Value::Object(Map::new())) {
                inner.insert(sub, value);
            }
            return;
        }
        let list = entry(home, name, || Value::Array(Vec::with_capacity(1)));
        let Some(Value::Array(items)) = list else { return };
        let known = items.iter().position(|item| self.labels(item));
        if known.is_none() {
            items.push(Value::Object(self.label.iter().cloned().collect()));
        }
        let item = match known {
            Some(index) => items.get_mut(index),
            None => items.last_mut(),
        };
        if let Some(Value::Object(item)) = item {
            item.insert(sub, value);
        }
    }

    /// Takes the value out, and nothing of what tells which one it was.
    pub(super) fn take(&self, resource: &mut Map<String, Value>) {
        let Some(urn) = &self.place.schema else {
            self.take_from(resource);
            return;
        };
        let Some(Value::Object(home)) = resource.get_mut(urn.as_str()) else { return };
        self.take_from(home);
        if home.is_empty() {
            resource.remove(urn.as_str());
        }
    }

    fn take_from(&self, home: &mut Map<String, Value>) {
        let name = self.place.attr.name.as_str();
        let Some(sub) = &self.place.sub else {
            home.remove(name);
            return;
        };
        match home.get_mut(name) {
            Some(Value::Object(inner)) => {
                inner.remove(sub.name.as_str());
                if inner.is_empty() {
                    home.remove(name);
                }
            }
            Some(Value::Array(items)) => {
                let own = items.iter_mut().find(|item| self.labels(item));
                if let Some(Value::Object(item)) = own {
                    item.remove(sub.name.as_str());
                }
            }
            _ => {}
        }
    }

    /// Takes the value out, and with it what only stood around it: an element
    /// that says no more than which one it was, an object or list without
    /// anything in it.
    pub(super) fn clear(&self, resource: &mut Map<String, Value>) {
        let Some(urn) = &self.place.schema else {
            self.clear_in(resource);
            return;
        };
        let Some(Value::Object(home)) = resource.get_mut(urn.as_str()) else { return };
        self.clear_in(home);
        if home.is_empty() {
            resource.remove(urn.as_str());
        }
    }

    fn clear_in(&self, home: &mut Map<String, Value>) {
        let name = self.place.attr.name.as_str();
        let Some(sub) = &self.place.sub else {
            home.remove(name);
            return;
        };
        let bare = match home.get_mut(name) {
            Some(Value::Object(inner)) => {
                inner.remove(sub.name.as_str());
                inner.is_empty()
            }
            Some(Value::Array(items)) => {
                if let Some(index) = items.iter().position(|item| self.labels(item)) {
                    self.clear_element(items, index, sub.name.as_str());
                }
                items.is_empty()
            }
            _ => false,
        };
        if bare {
            home.remove(name);
        }
    }

    fn clear_element(&self, items: &mut Vec<Value>, index: usize, sub: &str) {
        let Some(Value::Object(item)) = items.get_mut(index) else { return };
        item.remove(sub);
        let telling = |key: &String| {
            !["type", "primary", "display"].contains(&key.as_str())
                && !self.label.iter().any(|(label, _)| label == key)
        };
        if !item.keys().any(telling) {
            items.remove(index);
        }
    }

    /// Whether this is the element that is meant. Case counts where the schema
    /// says so: a client's `Work` is the LMS's `work`.
    fn labels(&self, item: &Value) -> bool {
        self.label.iter().all(|(key, wanted)| match (item.get(key), wanted) {
            (Some(Value::String(one)), Value::String(other)) => {
                let exact = self.place.attr.sub(key).is_some_and(|sub| sub.case_exact);
                one == other || (!exact && is_same_word(one, other))
            }
            (found, wanted) => found == Some(wanted),
        })
    }
}

/// The value under a key, made if it is not there. A map's own entry wants the
/// key as a text of its own, be it there or not.
fn entry<'m>(
    map: &'m mut Map<String, Value>,
    key: &str,
    make: impl FnOnce() -> Value,
) -> Option<&'m mut Value> {
    if !map.contains_key(key) {
        map.insert(key.to_owned(), make());
    }
    map.get_mut(key)
}

fn is_same_word(one: &str, other: &str) -> bool {
    one.eq_ignore_ascii_case(other)
        || (!(one.is_ascii() && other.is_ascii()) && one.to_lowercase() == other.to_lowercase())
}
