//! Which attributes an answer shows (RFC 7644 §3.9, RFC 7643 §7 `returned`).

use super::error::Error;
use super::name::{AttrName, SchemaUri};
use super::path::Target;
use super::place::Place;
use super::resource::Resource;
use super::schema::{Attribute, ResourceType, Returned, Type};
use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};
use serde_json::{Map, Value};
use std::borrow::Cow;

/// What a client asked to see.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Projection {
    /// Only these, if anything.
    only: Option<Vec<Pick>>,
    /// All but these.
    but: Vec<Pick>,
}

/// One entry of `attributes` or `excludedAttributes`.
#[derive(Clone, Debug, PartialEq)]
struct Pick {
    schema: Option<SchemaUri>,
    /// Nothing: all attributes of the schema.
    attr: Option<AttrName>,
    sub: Option<AttrName>,
}

impl Projection {
    /// Reads `attributes` and `excludedAttributes` as a query gives them.
    /// Names that nothing has are no error: they select nothing.
    pub fn parse(
        resource_type: &ResourceType,
        attributes: Option<&str>,
        excluded: Option<&str>,
    ) -> Result<Self, Error> {
        let picks = |name: &str, text: &str| {
            Target::parse_list(text, resource_type.urns())
                .map(|targets| picks(resource_type, targets))
                .map_err(|error| Error::invalid_value(format!("`{name}` {error}")))
        };
        let some = |text: &&str| !text.trim().is_empty();
        match (attributes.filter(some), excluded.filter(some)) {
            (Some(_), Some(_)) => Err(Error::invalid_value(
                "`attributes` and `excludedAttributes` exclude each other; send one of them",
            )),
            (Some(only), None) => Ok(Self { only: Some(picks("attributes", only)?), but: vec![] }),
            (None, Some(but)) => Ok(Self { only: None, but: picks("excludedAttributes", but)? }),
            (None, None) => Ok(Self::default()),
        }
    }

    /// Whether the client named the attributes it wants. A PATCH that does is
    /// answered with them (RFC 7644 §3.5.2).
    pub fn is_named(&self) -> bool {
        self.only.is_some()
    }

    /// Whether any part of the attribute at `place` is shown. What is not
    /// need not be asked of the LMS.
    pub fn includes(&self, place: &Place) -> bool {
        self.view(place.schema.as_ref(), place.attr.name.as_str(), place.attr.returned) != View::No
    }

    fn view(&self, schema: Option<&SchemaUri>, attr: &str, returned: Returned) -> View<'_> {
        match (returned, &self.only) {
            (Returned::Always, _) => View::Whole,
            (Returned::Never, _) | (Returned::Request, None) => View::No,
            (_, Some(only)) => parts(only, schema, attr).map_or(View::No, |subs| match subs {
                Named::Parts(subs) => View::Only(subs),
                Named::Whole => View::Whole,
            }),
            (Returned::Default, None) => match parts(&self.but, schema, attr) {
                None => View::Whole,
                Some(Named::Whole) => View::No,
                Some(Named::Parts(subs)) => View::But(subs),
            },
        }
    }
}

fn picks(resource_type: &ResourceType, targets: Vec<Target>) -> Vec<Pick> {
    let pick = |target| match target {
        Target::Schema(urn) => {
            Pick { schema: own(resource_type, Some(urn)), attr: None, sub: None }
        }
        Target::Attribute(path) => {
            // `manager` alone means the one of the extension.
            let found = resource_type.attribute(path.schema.as_ref(), path.attr.as_str());
            let schema = match found {
                Some((schema, _)) => schema.cloned(),
                None => path.schema,
            };
            Pick { schema, attr: Some(path.attr), sub: path.sub }
        }
    };
    targets.into_iter().map(pick).collect()
}

/// The core schema is where attributes without a schema are.
fn own(resource_type: &ResourceType, urn: Option<SchemaUri>) -> Option<SchemaUri> {
    urn.filter(|urn| *urn != resource_type.core().id)
}

/// What was named of an attribute.
enum Named<'a> {
    Whole,
    Parts(Vec<&'a AttrName>),
}

/// What `picks` name of an attribute, if anything.
fn parts<'a>(picks: &'a [Pick], schema: Option<&SchemaUri>, attr: &str) -> Option<Named<'a>> {
    let about = |pick: &&Pick| {
        pick.schema.as_ref() == schema && pick.attr.as_ref().is_none_or(|name| name.is(attr))
    };
    let mut subs = Vec::new();
    for pick in picks.iter().filter(about) {
        match &pick.sub {
            None => return Some(Named::Whole),
            Some(sub) => subs.push(sub),
        }
    }
    (!subs.is_empty()).then_some(Named::Parts(subs))
}

/// How much of one attribute is shown.
#[derive(Debug, PartialEq)]
enum View<'a> {
    No,
    Whole,
    Only(Vec<&'a AttrName>),
    But(Vec<&'a AttrName>),
}

impl View<'_> {
    fn shows(&self, part: &str, returned: Returned) -> bool {
        let named = |subs: &[&AttrName]| subs.iter().any(|sub| sub.is(part));
        match (returned, self) {
            (Returned::Never, _) | (_, View::No) => false,
            (Returned::Always, _) | (Returned::Default, View::Whole) => true,
            (_, View::Only(subs)) => named(subs),
            (Returned::Request, _) => false,
            (Returned::Default, View::But(subs)) => !named(subs),
        }
    }
}

/// A resource as one answer shows it. Writing it copies nothing.
#[derive(Debug)]
pub struct Shown<'a> {
    resource: &'a Resource,
    resource_type: &'a ResourceType,
    projection: &'a Projection,
}

impl<'a> Shown<'a> {
    /// The view of `resource` through `projection`.
    pub fn new(
        resource: &'a Resource,
        resource_type: &'a ResourceType,
        projection: &'a Projection,
    ) -> Self {
        Self { resource, resource_type, projection }
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
            self.own(&mut map, "meta", meta)?;
        }
        map.end()
    }
}

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
