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
    sieve: Sieve<'a>,
    base: Option<&'a str>,
}

/// What lets through, key by key, what an answer shows.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sieve<'a> {
    pub(super) resource_type: &'a ResourceType,
    pub(super) projection: &'a Projection,
}

impl<'a> Shown<'a> {
    /// The view of `resource` through `projection`.
    pub fn new(
        resource: &'a Resource,
        resource_type: &'a ResourceType,
        projection: &'a Projection,
    ) -> Self {
        Self { resource, sieve: Sieve { resource_type, projection }, base: None }
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

    /// Everything but `schemas`, in the order in which it is written: the id first,
    /// `meta` last.
    fn pieces(&self) -> impl Iterator<Item = (&'a str, Piece<'a>)> {
        let (attributes, sieve) = (self.resource.attributes(), self.sieve);
        let ordinary = |(name, _): &(&String, _)| *name != "id" && *name != "meta";
        let id = attributes.get("id").map(|id| ("id", Piece::Whole(Cow::Borrowed(id))));
        let others = attributes.iter().filter(ordinary);
        let others =
            others.filter_map(move |(name, value)| Some((&**name, sieve.piece(name, value)?)));
        let meta = attributes.get("meta").and_then(|meta| Some(("meta", self.meta(meta)?)));
        id.into_iter().chain(others).chain(meta)
    }

    fn meta(&self, meta: &'a Value) -> Option<Piece<'a>> {
        let mut meta = Cow::Borrowed(meta);
        if let Some(location) = self.location()
            && let Value::Object(parts) = meta.to_mut()
        {
            parts.insert("location".to_owned(), Value::String(location));
        }
        self.sieve.own("meta", meta)
    }
}

impl<'a> Sieve<'a> {
    /// The schema a key names, registered or not.
    fn urn(self, name: &str) -> Option<Cow<'a, SchemaUri>> {
        if !name.contains(':') {
            return None;
        }
        let registered = self.resource_type.extension(name);
        let registered = registered.map(|extension| Cow::Borrowed(&extension.schema.id));
        registered.or_else(|| SchemaUri::parse(name).map(Cow::Owned))
    }

    /// What is shown under a key, `meta` and the id aside.
    pub(super) fn piece<'v>(self, name: &str, value: &'v Value) -> Option<Piece<'v>>
    where
        'a: 'v,
    {
        let (Value::Object(members), Some(urn)) = (value, self.urn(name)) else {
            return self.own(name, Cow::Borrowed(value));
        };
        let extension = ExtensionView { sieve: self, urn, members };
        (!extension.is_empty()).then_some(Piece::Extension(extension))
    }

    fn own<'v>(self, name: &str, value: Cow<'v, Value>) -> Option<Piece<'v>>
    where
        'a: 'v,
    {
        let found = self.resource_type.attribute(None, name);
        // A name that only an extension knows is, at the root, unknown.
        let attribute = found.filter(|(urn, _)| urn.is_none()).map(|(_, attr)| attr.as_ref());
        self.attribute(None, (name, value), attribute)
    }

    fn attribute<'v>(
        self,
        schema: Option<&SchemaUri>,
        (name, value): (&str, Cow<'v, Value>),
        attribute: Option<&'v Attribute>,
    ) -> Option<Piece<'v>>
    where
        'a: 'v,
    {
        let returned = attribute.map_or(Returned::Default, |attribute| attribute.returned);
        let view = self.projection.view(schema, name, returned);
        let Some(attribute) = attribute.filter(|it| it.kind == Type::Complex) else {
            return (view != View::No).then_some(Piece::Whole(value));
        };
        if view == View::No {
            return None;
        }
        let mut subs = attribute.sub_attributes.iter();
        if view == View::Whole && subs.all(|sub| sub.returned == Returned::Default) {
            return Some(Piece::Whole(value));
        }
        let empty = Part { value: &value, attribute, view: &view }.is_empty();
        (!empty).then_some(Piece::Part { value, attribute, view })
    }
}

impl Serialize for Shown<'_> {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        let mut map = out.serialize_map(None)?;
        map.serialize_entry("schemas", &self.resource.schemas(self.sieve.resource_type))?;
        for (name, piece) in self.pieces() {
            map.serialize_entry(name, &piece)?;
        }
        map.end()
    }
}

/// One attribute as it is shown.
pub(super) enum Piece<'a> {
    /// As it is held.
    Whole(Cow<'a, Value>),
    /// What is wanted of it.
    Part { value: Cow<'a, Value>, attribute: &'a Attribute, view: View<'a> },
    /// What stands under the URN of an extension.
    Extension(ExtensionView<'a>),
}

impl Serialize for Piece<'_> {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Whole(value) => value.serialize(out),
            Self::Part { value, attribute, view } => Part { value, attribute, view }.serialize(out),
            Self::Extension(extension) => extension.serialize(out),
        }
    }
}

/// The URL of a resource below a base URL. An id of an LMS may hold anything.
pub fn location(base: &str, kind: Kind, id: &str) -> String {
    let mut url = [base, kind.endpoint(), "/"].concat();
    url.extend(utf8_percent_encode(id, SEGMENT));
    url
}

/// What cannot stand as it is in one segment of a path.
const SEGMENT: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b':').remove(b'@');

/// The object of one extension.
pub(super) struct ExtensionView<'a> {
    sieve: Sieve<'a>,
    urn: Cow<'a, SchemaUri>,
    members: &'a Map<String, Value>,
}

impl ExtensionView<'_> {
    fn definition(&self, name: &str) -> Option<&Attribute> {
        let found = self.sieve.resource_type.attribute(Some(&self.urn), name);
        found.map(|(_, attribute)| attribute.as_ref())
    }

    fn is_empty(&self) -> bool {
        !self.members.keys().any(|name| {
            let returned = self.definition(name).map_or(Returned::Default, |known| known.returned);
            self.sieve.projection.view(Some(&self.urn), name, returned) != View::No
        })
    }
}

impl Serialize for ExtensionView<'_> {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        let mut map = out.serialize_map(None)?;
        for (name, value) in self.members {
            let named = (name.as_str(), Cow::Borrowed(value));
            if let Some(piece) = self.sieve.attribute(Some(&self.urn), named, self.definition(name))
            {
                map.serialize_entry(name, &piece)?;
            }
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
