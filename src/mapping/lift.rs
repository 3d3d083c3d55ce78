//! An object of the LMS on its way to the client: fields to SCIM values.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::expr::{Scope, plain_text};
use super::plan::{Attribute, Codec, IdType, KindPlan, Slot};
use crate::scim::{Resource, ResourceId, Type};

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
        let mut home = Map::new();
        for attribute in self.kind.attributes.iter().filter(|attribute| wanted(attribute)) {
            if let Some(value) = self.value(attribute, object, joins) {
                attribute.slot.write(&mut home, value);
            }
        }
        let mut resource = Resource::from_attributes(self.kind.kind, home);
        if let Some(id) = self.id(object) {
            resource.set_id(&id);
        }
        resource
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

    fn value(&self, attribute: &Attribute, object: &Value, joins: &Value) -> Option<Value> {
        let shown = match &attribute.read {
            Some(field) => field.fill(&self.scope)?.read(object).map(Cow::Borrowed),
            None => None,
        };
        let shown = shown.filter(|value| !value.is_null());
        let made = match &attribute.from_lms {
            Some(expr) if shown.is_some() || attribute.read.is_none() => {
                let null = Value::Null;
                let value = shown.as_deref().unwrap_or(&null);
                let names = [("value", value), ("lms", object), ("joins", joins)];
                expr.eval(&self.scope.with(&names)).map(|value| Cow::Owned(value.into_owned()))
            }
            Some(_) | None => shown,
        };
        let Some(made) = made else { return attribute.missing.clone() };
        let meant = match &attribute.values {
            Some(values) => values.lift(&made).cloned(),
            None => Some(made.into_owned()),
        };
        typed(attribute.slot.place.leaf().kind, meant?)
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

impl Slot {
    /// Puts a value here, making the element or the object around it.
    pub(super) fn write(&self, home: &mut Map<String, Value>, value: Value) {
        let home = match &self.place.schema {
            None => home,
            Some(urn) => {
                let inner = home.entry(urn.as_str()).or_insert_with(|| Value::Object(Map::new()));
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
        let labelled =
            |item: &Value| self.label.iter().all(|(key, wanted)| item.get(key) == Some(wanted));
        let known = items.iter().position(labelled);
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
