//! A resource taken apart, for whoever only wants to write it down: its pairs may
//! come from several places, and none of them has to be copied for it.

use std::borrow::Cow;
use std::fmt;

use serde_json::Value;

use super::name::ResourceId;
use super::resource::Resource;
use super::schema::Kind;

/// A resource, key by key in their order. Its id stands beside them; `meta` is no
/// part of it.
#[derive(Clone)]
pub struct Pairs<'a> {
    kind: Kind,
    id: Option<Cow<'a, str>>,
    list: Vec<Pair<'a>>,
}

/// A key, and what stands under it.
pub type Pair<'a> = (Cow<'a, str>, Cow<'a, Value>);

impl<'a> Pairs<'a> {
    /// These, which are in the order of their keys already.
    pub fn new(kind: Kind, pairs: Vec<Pair<'a>>) -> Self {
        Self { kind, id: None, list: pairs }
    }

    /// The pairs of a resource.
    pub fn of(resource: &'a Resource) -> Self {
        let attributes = resource.attributes();
        let others = attributes.iter().filter(|(key, _)| !["id", "meta"].contains(&key.as_str()));
        let pairs = others.map(|(key, value)| (Cow::Borrowed(key.as_str()), Cow::Borrowed(value)));
        let id = attributes.get("id").and_then(Value::as_str);
        Self { kind: resource.kind(), id: id.map(Cow::Borrowed), list: pairs.collect() }
    }

    /// The same, with that id.
    pub fn called(self, id: &'a ResourceId) -> Self {
        Self { id: Some(Cow::Borrowed(id.as_str())), ..self }
    }

    /// The same, with that under a key, whatever stood there.
    pub fn with(mut self, key: &'a str, value: &'a Value) -> Self {
        let pair = (Cow::Borrowed(key), Cow::Borrowed(value));
        match self.list.binary_search_by(|(known, _)| known.as_ref().cmp(key)) {
            Ok(at) => self.list.splice(at..=at, [pair]).for_each(drop),
            Err(at) => self.list.insert(at, pair),
        }
        self
    }

    /// User or Group.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The id, if it has one.
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// Whether anything stands under a key.
    pub fn has(&self, key: &str) -> bool {
        self.list.iter().any(|(known, _)| known == key)
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.list.iter().map(|(key, value)| (key.as_ref(), value.as_ref()))
    }

    /// The same, with nothing borrowed.
    pub fn into_owned(self) -> Pairs<'static> {
        let own =
            |(key, value): Pair<'_>| (Cow::Owned(key.into_owned()), Cow::Owned(value.into_owned()));
        let id = self.id.map(|id| Cow::Owned(id.into_owned()));
        Pairs { kind: self.kind, id, list: self.list.into_iter().map(own).collect() }
    }

    /// The resource, put together.
    pub fn into_resource(self) -> Resource {
        let pairs = self.list.into_iter();
        let pairs = pairs.map(|(key, value)| (key.into_owned(), value.into_owned()));
        let id = self.id.map(|id| ("id".to_owned(), Value::String(id.into_owned())));
        Resource::from_attributes(self.kind, pairs.chain(id).collect())
    }
}

/// Names only, as of a resource.
impl fmt::Debug for Pairs<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.iter().map(|(key, _)| key).collect();
        write!(out, "{} with {names:?}", self.kind)
    }
}
