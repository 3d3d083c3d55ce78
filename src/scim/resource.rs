//! A resource as schema-aware JSON: names in the spelling of the schema,
//! values in its types, nothing unassigned, and every string as it was sent.

use super::name::ResourceId;
use super::place::Place;
use super::schema::{Kind, ResourceType};
use serde_json::{Map, Value};
use std::fmt;

/// A User or Group. `schemas` is no part of it: that list follows from the
/// rest and is made when the resource is shown.
#[derive(Clone, PartialEq)]
pub struct Resource {
    kind: Kind,
    attributes: Map<String, Value>,
}

impl Resource {
    /// An empty one.
    pub fn new(kind: Kind) -> Self {
        Self { kind, attributes: Map::new() }
    }

    /// One whose attributes are already in the spelling and types of its
    /// schema, as a mapping or a store has them. What a client sends goes
    /// through [`ResourceType::create`].
    pub fn from_attributes(kind: Kind, attributes: Map<String, Value>) -> Self {
        Self { kind, attributes }
    }

    /// User or Group.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// All attributes but `schemas`.
    pub fn attributes(&self) -> &Map<String, Value> {
        &self.attributes
    }

    pub(super) fn attributes_mut(&mut self) -> &mut Map<String, Value> {
        &mut self.attributes
    }

    /// All attributes but `schemas`, without the resource around them.
    pub fn into_attributes(self) -> Map<String, Value> {
        self.attributes
    }

    /// The same without one attribute.
    pub fn without(&self, name: &str) -> Self {
        let others = self.attributes.iter().filter(|(known, _)| *known != name);
        let attributes = others.map(|(name, value)| (name.clone(), value.clone())).collect();
        Self { kind: self.kind, attributes }
    }

    /// Its id, once it has one.
    pub fn id(&self) -> Option<ResourceId> {
        self.attributes.get("id").and_then(Value::as_str).and_then(ResourceId::parse)
    }

    /// Gives it its id.
    pub fn set_id(&mut self, id: &ResourceId) {
        self.attributes.insert("id".to_owned(), Value::String(id.as_str().to_owned()));
    }

    /// Its entity tag, once it has one.
    pub fn version(&self) -> Option<&str> {
        self.attributes.get("meta")?.get("version")?.as_str()
    }

    /// Sets one part of `meta`; `resourceType` comes along.
    pub fn set_meta(&mut self, part: &str, value: impl Into<String>) {
        let kind = Value::String(self.kind.as_str().to_owned());
        let meta = self.attributes.entry("meta").or_insert_with(|| Value::Object(Map::new()));
        if let Value::Object(meta) = meta {
            meta.insert("resourceType".to_owned(), kind);
            meta.insert(part.to_owned(), Value::String(value.into()));
        }
    }

    /// The first value at a place.
    pub fn get(&self, place: &Place) -> Option<&Value> {
        let mut first = None;
        place.any(&self.attributes, |value| {
            first = Some(value);
            true
        });
        first
    }

    /// Every value at a place.
    pub fn values(&self, place: &Place) -> Vec<&Value> {
        let mut values = Vec::new();
        place.any(&self.attributes, |value| {
            values.push(value);
            false
        });
        values
    }

    /// Whether anything is assigned at a place.
    pub fn has(&self, place: &Place) -> bool {
        place.any(&self.attributes, |value| !value.is_null())
    }

    /// The value of the whole attribute that a place lies in.
    pub(super) fn whole(&self, place: &Place) -> Option<&Value> {
        let home = place.home(&self.attributes)?;
        home.get(key(home, place)?)
    }

    /// Puts the whole attribute that a place lies in; nothing unassigns it,
    /// and the last attribute of an extension takes the extension along.
    pub(super) fn put(&mut self, place: &Place, value: Option<Value>) {
        let Some(urn) = &place.schema else {
            put(&mut self.attributes, place, value);
            return;
        };
        let home = self.attributes.entry(urn.as_str()).or_insert_with(|| Value::Object(Map::new()));
        if let Value::Object(home) = home {
            put(home, place, value);
            if home.is_empty() {
                self.attributes.remove(urn.as_str());
            }
        }
    }

    /// The schemas in use: the core one, and each extension that has a value
    /// (RFC 7643 §3).
    pub fn schemas<'a>(&self, resource_type: &'a ResourceType) -> Vec<&'a str> {
        let core = std::iter::once(resource_type.core().id.as_str());
        let extensions = resource_type.extensions().iter();
        let used = extensions
            .map(|extension| extension.schema.id.as_str())
            .filter(|urn| self.attributes.contains_key(*urn));
        core.chain(used).collect()
    }
}

fn put(home: &mut Map<String, Value>, place: &Place, value: Option<Value>) {
    let name = key(home, place).unwrap_or(place.attr.name.as_str()).to_owned();
    match value {
        Some(value) => home.insert(name, value),
        None => home.remove(&name),
    };
}

/// The key under which an attribute stands. One that a schema declares stands
/// under its name there; others under the spelling they came in first.
fn key<'a>(home: &'a Map<String, Value>, place: &'a Place) -> Option<&'a str> {
    let name = place.attr.name.as_str();
    if place.attr.declared || home.contains_key(name) {
        return Some(name);
    }
    home.keys().find(|key| place.attr.name.is(key)).map(String::as_str)
}

/// Names only: a resource holds personal data and sometimes a password, and
/// neither may reach a log by way of `{:?}`.
impl fmt::Debug for Resource {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.attributes.keys().collect();
        write!(out, "{} with {names:?}", self.kind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_resource_does_not_print_its_values() {
        let mut attributes = Map::new();
        attributes.insert("password".to_owned(), json!("s3cret"));
        let shown = format!("{:?}", Resource::from_attributes(Kind::User, attributes));
        assert!(shown.contains("password") && !shown.contains("s3cret"), "{shown}");
    }

    #[test]
    fn an_extension_goes_with_its_last_attribute() {
        let user = ResourceType::user();
        let place =
            |text: &str| user.place(&crate::scim::Path::parse(text, user.urns()).unwrap()).unwrap();
        let mut resource = Resource::new(Kind::User);
        resource.put(&place("department"), Some(json!("Math")));
        assert_eq!(resource.schemas(&user).len(), 2);
        resource.put(&place("department"), None);
        assert_eq!(resource.schemas(&user).len(), 1);
        assert!(resource.attributes().is_empty());
    }
}
