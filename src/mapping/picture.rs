//! What the LMS shows of a resource, before anybody asks for it in SCIM's form.

use std::fmt;
use std::sync::{Arc, OnceLock};

use serde_json::{Map, Value};

use super::plan::KindPlan;
use crate::scim::{ETag, Matcher, Operator, Resource, ResourceId, ResourceType, Written};

/// What the LMS shows of a resource.
///
/// A field that is shown without a value is empty; one that is not shown is
/// unknown, and nothing follows from it. Most pictures are only held against
/// what a client wrote, so the resource is made when it is asked for.
#[derive(Clone)]
pub struct Picture {
    seen: Seen,
    resource: OnceLock<Resource>,
}

/// Where a picture comes from.
#[derive(Clone)]
pub(super) enum Seen {
    /// An object of the LMS.
    Object(Sight),
    /// Somebody told it whole; nothing is known to be empty.
    Told(Resource),
}

/// An object of the LMS, attribute by attribute.
#[derive(Clone)]
pub(super) struct Sight {
    pub(super) kind: Arc<KindPlan>,
    pub(super) id: Option<ResourceId>,
    /// In the order of the mapping.
    pub(super) shown: Vec<Shown>,
    /// Members in SCIM's form, where they were read.
    pub(super) members: Option<Value>,
}

/// What the LMS shows of one attribute.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Shown {
    /// This.
    Value(Value),
    /// That it has none.
    Empty,
    /// Nothing; it may have one all the same.
    Hidden,
}

impl Shown {
    /// Nothing of so many attributes.
    pub(super) fn nothing_of(number: usize) -> Vec<Self> {
        std::iter::repeat_with(|| Self::Hidden).take(number).collect()
    }
}

impl Picture {
    /// The id of the resource.
    pub fn id(&self) -> Option<ResourceId> {
        match &self.seen {
            Seen::Object(sight) => sight.id.clone(),
            Seen::Told(resource) => resource.id(),
        }
    }

    /// Whether that is its id.
    pub fn has_id(&self, id: &ResourceId) -> bool {
        match &self.seen {
            Seen::Object(sight) => sight.id.as_ref() == Some(id),
            Seen::Told(resource) => resource.id().as_ref() == Some(id),
        }
    }

    /// The resource, as far as it is shown.
    pub fn resource(&self) -> &Resource {
        match &self.seen {
            Seen::Object(sight) => self.resource.get_or_init(|| sight.clone().resource()),
            Seen::Told(resource) => resource,
        }
    }

    /// Whether a matcher means it, as far as it is shown.
    pub fn fits(&self, matcher: &Matcher) -> bool {
        let Seen::Object(sight) = &self.seen else { return matcher.matches(self.resource()) };
        sight.fits(matcher).unwrap_or_else(|| matcher.matches(self.resource()))
    }

    /// What a plain answer shows of it, as text, and its version; nothing, where that
    /// cannot be told without the resource.
    pub fn written(&self, resource_type: &ResourceType) -> Option<(Written, ETag)> {
        match &self.seen {
            Seen::Object(sight) => sight.written(resource_type),
            Seen::Told(_) => None,
        }
    }

    /// The same, for good.
    pub fn into_resource(self) -> Resource {
        match (self.resource.into_inner(), self.seen) {
            (Some(made), _) => made,
            (None, Seen::Object(sight)) => sight.resource(),
            (None, Seen::Told(resource)) => resource,
        }
    }

    pub(super) fn seen(&self) -> &Seen {
        &self.seen
    }
}

impl Sight {
    /// Whether a matcher means it, where a single value says so: then no resource has
    /// to be made.
    fn fits(&self, matcher: &Matcher) -> Option<bool> {
        let Matcher::Compare(place, Operator::Eq, operand) = matcher else { return None };
        if place.is_id() {
            return Some(operand.is_text(self.id.as_ref()?.as_str()));
        }
        let index = self.kind.attributes.iter().position(|it| it.slot.place == *place)?;
        match self.shown.get(index)? {
            Shown::Value(value) if place.element.is_none() => Some(operand.is(value)),
            Shown::Value(_) | Shown::Empty | Shown::Hidden => None,
        }
    }

    /// Key by key, in their order: so that nothing has to be looked for.
    fn resource(mut self) -> Resource {
        let kind = Arc::clone(&self.kind);
        let is_whole =
            |index: usize| kind.attributes.get(index).is_some_and(|it| it.slot.is_whole());
        let mut pairs = Vec::with_capacity(kind.homes.len() + 3);
        for (key, attributes) in &kind.homes {
            match attributes.as_slice() {
                [only] if is_whole(*only) => {
                    if let Some(Shown::Value(value)) = self.take(*only) {
                        pairs.push((key.clone(), value));
                    }
                }
                several => pairs.extend(self.home(several)),
            }
        }
        pairs.extend(self.members.take().map(|members| ("members".to_owned(), members)));
        let id = self.id.take().map(|id| Value::String(id.as_str().to_owned()));
        pairs.extend(id.map(|id| ("id".to_owned(), id)));
        Resource::from_attributes(kind.kind, Map::from_iter(pairs))
    }

    /// What stands under one key.
    fn home(&mut self, attributes: &[usize]) -> Map<String, Value> {
        let kind = Arc::clone(&self.kind);
        let mut home = Map::new();
        for &index in attributes {
            if let (Some(attribute), Some(Shown::Value(value))) =
                (kind.attributes.get(index), self.take(index))
            {
                attribute.slot.write(&mut home, value);
            }
        }
        home
    }

    fn take(&mut self, index: usize) -> Option<Shown> {
        Some(std::mem::replace(self.shown.get_mut(index)?, Shown::Hidden))
    }
}

impl From<Sight> for Picture {
    fn from(sight: Sight) -> Self {
        Self { seen: Seen::Object(sight), resource: OnceLock::new() }
    }
}

impl From<Resource> for Picture {
    /// A picture in which nothing is known to be empty.
    fn from(resource: Resource) -> Self {
        Self { seen: Seen::Told(resource), resource: OnceLock::new() }
    }
}

/// The id alone: the rest is personal data.
impl fmt::Debug for Picture {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Picture of {:?}", self.id())
    }
}
