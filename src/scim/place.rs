//! A place in a resource: a path held against the schemas, so that nothing
//! above has to compare names or look up types again.

use super::filter::{Filter, Literal, Matcher, Operand, Operator};
use super::name::{AttrName, SchemaUri};
use super::path::Path;
use super::schema::{Attribute, Mutability};
use serde_json::{Map, Value};
use std::fmt;
use std::sync::Arc;

/// Where in a resource. Names are in the spelling of the schema.
#[derive(Clone, Debug)]
pub struct Place {
    /// The extension it stands in; nothing for the core schema.
    pub schema: Option<SchemaUri>,
    /// The attribute.
    pub attr: Arc<Attribute>,
    /// Which elements, for a multi-valued attribute.
    pub element: Option<Box<Matcher>>,
    /// Which part, for a complex attribute.
    pub sub: Option<Arc<Attribute>>,
}

impl Place {
    /// A whole attribute.
    pub(super) fn of(schema: Option<&SchemaUri>, attr: &Arc<Attribute>) -> Self {
        Self { schema: schema.cloned(), attr: Arc::clone(attr), element: None, sub: None }
    }

    /// Whether it is the id of a resource.
    pub fn is_id(&self) -> bool {
        self.schema.is_none() && self.sub.is_none() && self.attr.name.is("id")
    }

    /// The same attribute, whole.
    pub fn whole(&self) -> Self {
        Self::of(self.schema.as_ref(), &self.attr)
    }

    /// One part of the same attribute.
    pub(super) fn part(&self, sub: &Arc<Attribute>) -> Self {
        Self { sub: Some(Arc::clone(sub)), ..self.clone() }
    }

    /// What describes the value here: the part, or the attribute.
    pub fn leaf(&self) -> &Arc<Attribute> {
        self.sub.as_ref().unwrap_or(&self.attr)
    }

    /// Whether the tenant's mapping offers this place.
    pub fn is_offered(&self) -> bool {
        self.attr.offered && self.leaf().offered
    }

    /// Whether clients may not write here.
    pub fn is_read_only(&self) -> bool {
        [&self.attr, self.leaf()].iter().any(|it| it.mutability == Mutability::ReadOnly)
    }

    /// Whether both places lie in the same attribute.
    pub fn shares_attribute(&self, other: &Self) -> bool {
        self.schema == other.schema && self.attr.name == other.attr.name
    }

    /// What an element here must equal, where `element` says nothing else:
    /// `type = "work"` of `emails[type eq "work"]`. Such a place is a slot, and
    /// can be written without reading what is there.
    pub fn slot(&self) -> Option<Vec<(AttrName, Value)>> {
        self.element.as_ref().and_then(|element| element.equalities())
    }

    /// The path as text would give it.
    pub fn to_path(&self) -> Path {
        Path {
            schema: self.schema.clone(),
            attr: self.attr.name.clone(),
            filter: self.element.as_ref().map(|element| Box::new(element.to_filter())),
            sub: self.sub.as_ref().map(|sub| sub.name.clone()),
        }
    }

    /// The object that holds the attribute: the resource, or its extension.
    pub(super) fn home<'a>(
        &self,
        resource: &'a Map<String, Value>,
    ) -> Option<&'a Map<String, Value>> {
        match &self.schema {
            Some(urn) => resource.get(urn.as_str())?.as_object(),
            None => Some(resource),
        }
    }

    /// Every value at this place, one after the other, until `found` is happy.
    pub(super) fn any<'a>(
        &self,
        resource: &'a Map<String, Value>,
        mut found: impl FnMut(&'a Value) -> bool,
    ) -> bool {
        let value = self.home(resource).and_then(|home| home.get(self.attr.name.as_str()));
        let mut test = |element: &'a Value| {
            if self.element.as_ref().is_some_and(|matcher| !matcher.accepts(element)) {
                return false;
            }
            match &self.sub {
                None => found(element),
                Some(sub) => element.get(sub.name.as_str()).is_some_and(&mut found),
            }
        };
        match value {
            Some(Value::Array(elements)) => elements.iter().any(test),
            Some(value) => test(value),
            None => false,
        }
    }
}

impl PartialEq for Place {
    fn eq(&self, other: &Self) -> bool {
        let sub = |place: &Self| place.sub.as_ref().map(|sub| sub.name.clone());
        self.shares_attribute(other) && self.element == other.element && sub(self) == sub(other)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}", self.to_path())
    }
}

impl Matcher {
    /// The sub-attributes and values that an accepted element must have, if
    /// this is nothing but equalities.
    pub(super) fn equalities(&self) -> Option<Vec<(AttrName, Value)>> {
        match self {
            Self::Compare(place, Operator::Eq, operand) => {
                Some(vec![(place.attr.name.clone(), operand.to_value())])
            }
            Self::All(matchers) => {
                let terms: Option<Vec<_>> = matchers.iter().map(Self::equalities).collect();
                Some(terms?.concat())
            }
            Self::Compare(..) | Self::Present(_) | Self::Any(_) | Self::Not(_) => None,
        }
    }

    /// The filter that says the same.
    pub fn to_filter(&self) -> Filter {
        let each = |matchers: &[Self]| matchers.iter().map(Self::to_filter).collect();
        match self {
            Self::Compare(place, operator, operand) => {
                Filter::Compare(place.to_path(), *operator, operand.to_literal())
            }
            Self::Present(place) if place.element.is_some() && place.sub.is_none() => {
                Filter::Element(place.to_path())
            }
            Self::Present(place) => Filter::Present(place.to_path()),
            Self::All(matchers) => Filter::all(each(matchers)),
            Self::Any(matchers) => Filter::any(each(matchers)),
            Self::Not(matcher) => Filter::Not(Box::new(matcher.to_filter())),
        }
    }
}

impl Operand {
    fn to_literal(&self) -> Literal {
        match self {
            Self::Text { value, .. } | Self::Instant { value, .. } => {
                Literal::Quoted(value.clone())
            }
            Self::Number(number) => Literal::Bare(number.to_string()),
            Self::Boolean(value) => Literal::Bare(value.to_string()),
        }
    }

    /// The value in JSON.
    pub fn to_value(&self) -> Value {
        match self {
            Self::Text { value, .. } | Self::Instant { value, .. } => Value::String(value.clone()),
            Self::Number(number) => Value::Number(number.clone()),
            Self::Boolean(value) => Value::Bool(*value),
        }
    }
}

impl fmt::Display for Matcher {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}", self.to_filter())
    }
}
