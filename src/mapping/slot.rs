//! A slot at work: one value read from a resource, put into it, taken out of it.

use serde_json::{Map, Value};

use super::plan::Slot;
use crate::scim::Resource;

impl Slot {
    /// The value here.
    pub fn read<'r>(&self, resource: &'r Resource) -> Option<&'r Value> {
        resource.get(&self.place)
    }

    /// Puts a value here, making the element or the object around it.
    pub(super) fn write(&self, resource: &mut Map<String, Value>, value: Value) {
        let home = match &self.place.schema {
            None => resource,
            Some(urn) => {
                let inner =
                    resource.entry(urn.as_str()).or_insert_with(|| Value::Object(Map::new()));
                let Value::Object(inner) = inner else { return };
                inner
            }
        };
        let name = self.place.attr.name.as_str();
        let Some(sub) = &self.place.sub else {
            home.insert(name.to_owned(), value);
            return;
        };
        let sub = sub.name.as_str().to_owned();
        if !self.place.attr.multi_valued {
            let inner = home.entry(name).or_insert_with(|| Value::Object(Map::new()));
            if let Value::Object(inner) = inner {
                inner.insert(sub, value);
            }
            return;
        }
        let list = home.entry(name).or_insert_with(|| Value::Array(Vec::new()));
        let Value::Array(items) = list else { return };
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
                one == other || (!exact && one.to_lowercase() == other.to_lowercase())
            }
            (found, wanted) => found == Some(wanted),
        })
    }
}
