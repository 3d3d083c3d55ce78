//! A resource as one answer shows it, written straight from what is held.

use super::name::SchemaUri;
use super::projection::{Projection, View};
use super::resource::Resource;
use super::schema::{Attribute, Kind, ResourceType, Returned, Type};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};
use serde_json::{Map, Value};
use std::borrow::Cow;

/// A resource as one answer shows it. Writing it copies nothing.
#[derive(Debug)]
pub struct Shown<'a> {
    resource: &'a Resource,
    resource_type: &'a ResourceType,
    projection: &'a Projection,
    base: Option<&'a str>,
}

impl<'a> Shown<'a> {
    /// The view of `resource` through `projection`.
    pub fn new(
        resource: &'a Resource,
        resource_type: &'a ResourceType,
        projection: &'a Projection,
    ) -> Self {
        Self { resource, resource_type, projection, base: None }
    }

    /// The same with `meta.location` below that base URL: where a resource is
    /// depends on how the client came here, not on what it holds.
    pub fn at(self, base: &'a str) -> Self {
        Self { base: Some(base), ..self }
    }

    /// Where the resource is.
    fn location(&self) -> Option<String> {
        let id = self.resource.attributes().get("id")?.as_str()?;
        Some(location(self.base?, self.resource.kind(), id))
    }

    fn meta<S: SerializeMap>(&self, out: &mut S, meta: &Value) -> Result<(), S::Error> {
        match (self.location(), meta) {
            (Some(location), Value::Object(parts)) => {
                let mut parts = parts.clone();
                parts.insert("location".to_owned(), Value::String(location));
                self.own(out, "meta", &Value::Object(parts))
            }
            _ => self.own(out, "meta", meta),
        }
    }

    /// The schema a key names, registered or not.
    fn urn(&self, name: &str) -> Option<Cow<'a, SchemaUri>> {
        let named = name.contains(':');
        let registered = self.resource_type.extension(name).filter(|_| named);
        let registered = registered.map(|extension| Cow::Borrowed(&extension.schema.id));
        registered.or_else(|| SchemaUri::parse(name).filter(|_| named).map(Cow::Owned))
    }

    fn own<S: SerializeMap>(&self, out: &mut S, name: &str, value: &Value) -> Result<(), S::Error> {
        let found = self.resource_type.attribute(None, name);
        // A name that only an extension knows is, at the root, unknown.
        let attribute = found.filter(|(urn, _)| urn.is_none()).map(|(_, attr)| attr.as_ref());
        self.attribute(out, None, (name, value), attribute)
    }

    fn attribute<S: SerializeMap>(
        &self,
        out: &mut S,
        schema: Option<&SchemaUri>,
        (name, value): (&str, &Value),
        attribute: Option<&Attribute>,
    ) -> Result<(), S::Error> {
        let returned = attribute.map_or(Returned::Default, |attribute| attribute.returned);
        let view = self.projection.view(schema, name, returned);
        match (view, attribute) {
            (View::No, _) => Ok(()),
            (view, Some(attribute)) if attribute.kind == Type::Complex => {
                let part = Part { value, attribute, view: &view };
                if part.is_empty() { Ok(()) } else { out.serialize_entry(name, &part) }
            }
            _ => out.serialize_entry(name, value),
        }
    }
}

impl Serialize for Shown<'_> {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        let attributes = self.resource.attributes();
        let mut map = out.serialize_map(None)?;
        map.serialize_entry("schemas", &self.resource.schemas(self.resource_type))?;
        if let Some(id) = attributes.get("id") {
            map.serialize_entry("id", id)?;
        }
        let ordinary = |name: &str| name != "id" && name != "meta";
        for (name, value) in attributes.iter().filter(|(name, _)| ordinary(name)) {
            match (value, self.urn(name)) {
                (Value::Object(members), Some(urn)) => {
                    let extension = ExtensionView { shown: self, urn: &urn, members };
                    if !extension.is_empty() {
                        map.serialize_entry(name, &extension)?;
                    }
                }
                _ => self.own(&mut map, name, value)?,
            }
        }
        if let Some(meta) = attributes.get("meta") {
            self.meta(&mut map, meta)?;
        }
        map.end()
    }
}

/// The URL of a resource below a base URL. An id of an LMS may hold anything.
pub fn location(base: &str, kind: Kind, id: &str) -> String {
    let id = utf8_percent_encode(id, SEGMENT);
    format!("{base}{}/{id}", kind.endpoint())
}

/// What cannot stand as it is in one segment of a path.
const SEGMENT: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b':').remove(b'@');

/// The object of one extension.
struct ExtensionView<'a> {
    shown: &'a Shown<'a>,
    urn: &'a SchemaUri,
    members: &'a Map<String, Value>,
}

impl ExtensionView<'_> {
    fn definition(&self, name: &str) -> Option<&Attribute> {
        let found = self.shown.resource_type.attribute(Some(self.urn), name);
        found.map(|(_, attribute)| attribute.as_ref())
    }

    fn is_empty(&self) -> bool {
        !self.members.keys().any(|name| {
            let returned = self.definition(name).map_or(Returned::Default, |known| known.returned);
            self.shown.projection.view(Some(self.urn), name, returned) != View::No
        })
    }
}

impl Serialize for ExtensionView<'_> {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        let mut map = out.serialize_map(None)?;
        for (name, value) in self.members {
            let attribute = self.definition(name);
            self.shown.attribute(&mut map, Some(self.urn), (name, value), attribute)?;
        }
        map.end()
    }
}

/// A complex value, or a list of them, with the parts that are shown.
struct Part<'a> {
    value: &'a Value,
    attribute: &'a Attribute,
    view: &'a View<'a>,
}

impl Part<'_> {
    fn shows(&self, name: &str) -> bool {
        let returned = self.attribute.sub(name).map_or(Returned::Default, |sub| sub.returned);
        self.view.shows(name, returned)
    }

    /// Whether parts were asked for of which there is none. A list that is
    /// empty of itself is shown: it says that there are no members.
    fn is_empty(&self) -> bool {
        match self.value {
            Value::Object(parts) => !parts.keys().any(|name| self.shows(name)),
            Value::Array(elements) => {
                let element = |value| Part { value, ..*self };
                !elements.is_empty() && elements.iter().all(|value| element(value).is_empty())
            }
            _ => false,
        }
    }
}

impl Serialize for Part<'_> {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        match self.value {
            Value::Object(parts) => {
                let mut map = out.serialize_map(None)?;
                for (name, value) in parts.iter().filter(|(name, _)| self.shows(name)) {
                    map.serialize_entry(name, value)?;
                }
                map.end()
            }
            Value::Array(elements) => {
                let mut list = out.serialize_seq(None)?;
                for value in elements {
                    let element = Part { value, ..*self };
                    if !element.is_empty() {
                        list.serialize_element(&element)?;
                    }
                }
                list.end()
            }
            other => other.serialize(out),
        }
    }
}
