//! An object of the LMS on its way to the client: fields to SCIM values.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::expr::{Scope, plain_text};
use super::plan::{Attribute, Codec, IdType, KindPlan};
use crate::scim::{Resource, ResourceId, Type};

/// What the LMS shows of a resource.
///
/// A field that is shown without a value is empty; one that is not shown is
/// unknown, and nothing follows from it.
#[derive(Clone, Debug, PartialEq)]
pub struct Picture {
    /// The resource, as far as it is shown.
    pub resource: Resource,
    /// What is shown to be empty.
    pub(super) empty: Empty,
}

impl From<Resource> for Picture {
    /// A picture in which nothing is known to be empty.
    fn from(resource: Resource) -> Self {
        Self { resource, empty: Empty::default() }
    }
}

/// The attributes that are shown to be empty, by their place in the mapping.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Empty(Vec<usize>);

impl Empty {
    /// Whether that attribute is one of them.
    pub(super) fn has(&self, index: usize) -> bool {
        self.0.contains(&index)
    }
}

/// What the LMS shows of one attribute.
pub(super) enum Shown {
    /// This.
    Value(Value),
    /// That it has none.
    Empty,
    /// Nothing; it may have one all the same.
    Hidden,
}

/// Lifts objects of one kind.
pub(super) struct Lift<'a> {
    pub(super) kind: &'a KindPlan,
    pub(super) scope: Scope<'a>,
}

impl Lift<'_> {
    /// The resource that an object is; only the attributes that `wanted` names.
    pub(super) fn resource(
        &self,
        object: &Value,
        joins: &Value,
        wanted: &dyn Fn(&Attribute) -> bool,
    ) -> Resource {
        self.picture(object, joins, wanted).resource
    }

    /// The same, and what is shown to be empty.
    pub(super) fn picture(
        &self,
        object: &Value,
        joins: &Value,
        wanted: &dyn Fn(&Attribute) -> bool,
    ) -> Picture {
        let mut home = Map::new();
        let mut empty = Empty::default();
        for (index, attribute) in self.kind.attributes.iter().enumerate() {
            if !wanted(attribute) {
                continue;
            }
            match self.shown(attribute, object, joins) {
                Shown::Value(value) => attribute.slot.write(&mut home, value),
                Shown::Empty => empty.0.push(index),
                Shown::Hidden => {}
            }
        }
        let mut resource = Resource::from_attributes(self.kind.kind, home);
        if let Some(id) = self.id(object) {
            resource.set_id(&id);
        }
        Picture { resource, empty }
    }

    /// The SCIM id of an object.
    pub(super) fn id(&self, object: &Value) -> Option<ResourceId> {
        self.kind.id.encode(object, &self.scope)
    }

    /// Whether the LMS still shows an object that is really deleted.
    pub(super) fn gone(&self, object: &Value) -> bool {
        let names = [("lms", object)];
        self.kind.gone.as_ref().is_some_and(|gone| gone.holds(&self.scope.with(&names)))
    }

    /// What an object shows of one attribute.
    pub(super) fn shown(&self, attribute: &Attribute, object: &Value, joins: &Value) -> Shown {
        let raw = match &attribute.read {
            Some(field) => match field.fill(&self.scope) {
                Some(place) => place.read(object),
                None => return Shown::Hidden,
            },
            None => None,
        };
        let given = raw.filter(|value| !value.is_null());
        let made = match &attribute.from_lms {
            Some(expr) if given.is_some() || attribute.read.is_none() => {
                let null = Value::Null;
                let value = given.unwrap_or(&null);
                let names = [("value", value), ("lms", object), ("joins", joins)];
                expr.eval(&self.scope.with(&names)).map(|value| Cow::Owned(value.into_owned()))
            }
            Some(_) | None => given.map(Cow::Borrowed),
        };
        // A value that the mapping makes nothing of is not an empty one.
        let blank = raw.or(made.as_deref()).is_some_and(blank);
        let Some(made) = made else {
            return attribute
                .missing
                .clone()
                .map_or_else(|| attribute.without(blank), Shown::Value);
        };
        attribute.meant(made).map_or_else(|| attribute.without(blank), Shown::Value)
    }
}

impl Attribute {
    /// What a value of the LMS means.
    pub(super) fn meant(&self, value: Cow<'_, Value>) -> Option<Value> {
        let meant = match &self.values {
            Some(values) => values.lift(&value)?.clone(),
            None => value.into_owned(),
        };
        typed(self.slot.place.leaf().kind, meant)
    }

    /// What is shown where there is no value. There is no such thing as an empty
    /// boolean: an LMS that says `null` there says nothing.
    fn without(&self, blank: bool) -> Shown {
        if blank && self.slot.place.leaf().kind != Type::Boolean {
            Shown::Empty
        } else {
            Shown::Hidden
        }
    }
}

/// Whether a field has room for a value and none in it.
fn blank(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Bool(_) | Value::Number(_) | Value::Object(_) => false,
    }
}

/// A value in the type of its attribute; nothing where it has no meaning there.
fn typed(kind: Type, value: Value) -> Option<Value> {
    match (kind, &value) {
        (_, Value::Null) => None,
        (_, Value::String(text)) if text.is_empty() => None,
        (_, Value::Array(items)) if items.is_empty() => None,
        (Type::Boolean, Value::String(_) | Value::Number(_)) => {
            match plain_text(&value)?.to_ascii_lowercase().as_str() {
                "true" | "1" | "yes" => Some(Value::Bool(true)),
                "false" | "0" | "no" => Some(Value::Bool(false)),
                _ => None,
            }
        }
        (Type::String | Type::Reference | Type::DateTime, Value::Number(_) | Value::Bool(_)) => {
            plain_text(&value).map(Value::String)
        }
        _ => Some(value),
    }
}

impl Codec {
    /// The SCIM id of an object.
    pub(super) fn encode(&self, object: &Value, scope: &Scope<'_>) -> Option<ResourceId> {
        let names = [("lms", object)];
        let scope = scope.with(&names);
        let parts: Option<Vec<String>> =
            self.parts.iter().map(|(_, expr)| expr.text(&scope)).collect();
        self.print(&parts?)
    }

    /// The SCIM id of an id that the LMS gave.
    pub(super) fn print_native(&self, id: &Value) -> Option<ResourceId> {
        match id {
            Value::Object(fields) => {
                let parts =
                    self.parts.iter().map(|(name, _)| fields.get(name).and_then(plain_text));
                self.print(&parts.collect::<Option<Vec<_>>>()?)
            }
            id => self.print(&[plain_text(id)?]),
        }
    }

    fn print(&self, parts: &[String]) -> Option<ResourceId> {
        if parts.iter().any(String::is_empty) {
            return None;
        }
        ResourceId::parse(&format!("{}{}", self.prefix, parts.join(&self.separator)))
    }

    /// What the LMS calls the resource of that SCIM id; nothing when no resource
    /// of this kind can have it.
    pub(super) fn decode(&self, id: &str) -> Option<Value> {
        let rest = id.strip_prefix(&self.prefix)?;
        if self.parts.len() == 1 {
            return native(self.id_type, rest);
        }
        let parts: Vec<&str> = rest.split(&self.separator).collect();
        if parts.len() != self.parts.len() || parts.iter().any(|part| part.is_empty()) {
            return None;
        }
        let named = self.parts.iter().zip(parts);
        let fields: Option<Map<String, Value>> = named
            .map(|((name, _), part)| Some((name.clone(), native(self.id_type, part)?)))
            .collect();
        fields.map(Value::Object)
    }
}

/// An id in the LMS's type. Numbers are taken only in the form in which they
/// are printed, so that two ids can never mean one account.
pub(super) fn native(id_type: IdType, text: &str) -> Option<Value> {
    match id_type {
        IdType::Text => (!text.is_empty()).then(|| Value::String(text.to_owned())),
        IdType::Number => {
            let number = text.parse::<u64>().ok()?;
            (number.to_string() == text).then(|| Value::from(number))
        }
    }
}
