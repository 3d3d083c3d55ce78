//! An object of the LMS on its way to the client: fields to SCIM values.

use std::borrow::Cow;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::expr::{Scope, plain_text};
use super::picture::{Shown, Sight};
use super::plan::{Attribute, Codec, IdType, KindPlan};
use super::ready::{Ready, Spot};
use crate::scim::{self, Resource, ResourceId, Type};

/// Lifts objects of one kind.
pub(super) struct Lift<'a> {
    pub(super) kind: &'a Arc<KindPlan>,
    pub(super) ready: Cow<'a, Ready>,
    pub(super) scope: Scope<'a>,
}

/// Which attributes are wanted, in the order of the mapping; all, when it says
/// nothing.
pub(super) type Wanted = Option<Vec<bool>>;

impl Lift<'_> {
    /// The resource that an object is; only the attributes that `wanted` names.
    pub(super) fn resource(&self, object: &Value, wanted: &dyn Fn(&Attribute) -> bool) -> Resource {
        let mut home = Map::new();
        for (index, attribute) in self.kind.attributes.iter().enumerate() {
            if wanted(attribute)
                && let Shown::Value(value) = self.shown(index, attribute, (object, &Value::Null))
            {
                attribute.slot.write(&mut home, value);
            }
        }
        let mut resource = Resource::from_attributes(self.kind.kind, home);
        if let Some(id) = self.id(object) {
            resource.set_id(&id);
        }
        resource
    }

    /// What an object shows. It is taken apart: nobody needs it afterwards.
    pub(super) fn sight(
        &self,
        id: Option<ResourceId>,
        (object, joins): (Value, &Value),
        wanted: &Wanted,
    ) -> Sight {
        let is = |index: usize| {
            wanted.as_ref().is_none_or(|wanted| wanted.get(index).copied().unwrap_or(false))
        };
        let mut shown = Shown::nothing_of(self.kind.attributes.len());
        let mut put = |index: usize, told: Shown| {
            if let Some(place) = shown.get_mut(index) {
                *place = told;
            }
        };
        for &index in self.ready.rest.iter().filter(|index| is(**index)) {
            if let Some(attribute) = self.kind.attributes.get(index) {
                put(index, self.shown(index, attribute, (&object, joins)));
            }
        }
        if let Value::Object(fields) = object {
            self.take_apart(fields, &is, &mut put);
        }
        Sight { kind: Arc::clone(self.kind), id, shown, members: None }
    }

    /// One pass over an object's fields and over those that are wanted, both in
    /// the order of their keys.
    fn take_apart(
        &self,
        fields: Map<String, Value>,
        is: &dyn Fn(usize) -> bool,
        put: &mut dyn FnMut(usize, Shown),
    ) {
        let mut plain = self.ready.plain.iter().peekable();
        for (key, value) in fields {
            while plain.next_if(|(known, _)| *known < key).is_some() {}
            if let Some((_, attributes)) = plain.next_if(|(known, _)| *known == key) {
                self.take(attributes.iter().copied().filter(|it| is(*it)), value, put);
            }
        }
    }

    pub(super) fn take(
        &self,
        attributes: impl Iterator<Item = usize>,
        value: Value,
        put: &mut dyn FnMut(usize, Shown),
    ) {
        let mut attributes = attributes.filter_map(|it| Some((it, self.kind.attributes.get(it)?)));
        let Some((first, attribute)) = attributes.next() else { return };
        for (index, other) in attributes {
            put(index, self.meaning(other, Some(Cow::Borrowed(&value)), &[]));
        }
        let text = attribute.is_bare() && value.as_str().is_some_and(|text| !text.is_empty());
        let shown = if text {
            Shown::Value(value)
        } else {
            self.meaning(attribute, Some(Cow::Owned(value)), &[])
        };
        put(first, shown);
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
    pub(super) fn shown(
        &self,
        index: usize,
        attribute: &Attribute,
        (object, joins): (&Value, &Value),
    ) -> Shown {
        let raw = match self.ready.spot(index, attribute, &self.scope) {
            Spot::At(place) => place.read(object),
            Spot::Nowhere => None,
            Spot::Off => return Shown::Hidden,
        };
        self.meaning(attribute, raw.map(Cow::Borrowed), &[("lms", object), ("joins", joins)])
    }

    /// What a field's value means, or what is made without one. `around` is what
    /// the expression may look at beside.
    pub(super) fn meaning(
        &self,
        attribute: &Attribute,
        raw: Option<Cow<'_, Value>>,
        around: &[(&str, &Value)],
    ) -> Shown {
        // A value that the mapping makes nothing of is not an empty one.
        let is_blank = raw.as_deref().map(blank);
        let given = raw.filter(|value| !value.is_null());
        let made = match &attribute.from_lms {
            Some(expr) if given.is_some() || attribute.read.is_none() => {
                let null = Value::Null;
                let names = [("value", given.as_deref().unwrap_or(&null))];
                let scope = self.scope.with(around);
                expr.eval(&scope.with(&names)).map(|made| Cow::Owned(made.into_owned()))
            }
            Some(_) | None => given,
        };
        let is_blank = is_blank.unwrap_or_else(|| made.as_deref().is_some_and(blank));
        let Some(made) = made else {
            let missing = attribute.missing.clone();
            return missing.map_or_else(|| attribute.without(is_blank), Shown::Value);
        };
        attribute.meant(made).map_or_else(|| attribute.without(is_blank), Shown::Value)
    }
}

impl Attribute {
    /// What a value of the LMS means.
    pub(super) fn meant(&self, value: Cow<'_, Value>) -> Option<Value> {
        let meant = match &self.values {
            Some(values) => values.lift(&value)?.clone(),
            None => value.into_owned(),
        };
        typed(self.slot.place.leaf(), meant)
    }

    /// Whether a text means itself.
    fn is_bare(&self) -> bool {
        let kind = self.slot.place.leaf().kind;
        let text = matches!(kind, Type::String | Type::Reference | Type::DateTime);
        text && self.from_lms.is_none() && self.values.is_none()
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
fn typed(leaf: &scim::Attribute, value: Value) -> Option<Value> {
    match (leaf.kind, &value) {
        (_, Value::Null) => None,
        (_, Value::String(text)) if text.is_empty() => None,
        (_, Value::Array(items)) if items.is_empty() => None,
        // Something else than it should be: what it means, nobody can say.
        (kind, Value::Object(_)) if kind != Type::Complex => None,
        (kind, Value::Array(_)) if kind != Type::Complex && !leaf.multi_valued => None,
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
        if let [(_, only)] = self.parts.as_slice() {
            return self.print_one(&only.text(&scope)?);
        }
        let parts: Option<Vec<String>> =
            self.parts.iter().map(|(_, expr)| expr.text(&scope)).collect();
        self.print(&parts?)
    }

    /// The SCIM id of an id that has one part.
    pub(super) fn print_one(&self, part: &str) -> Option<ResourceId> {
        match (part, self.prefix.as_str()) {
            ("", _) => None,
            (part, "") => ResourceId::parse(part),
            (part, prefix) => ResourceId::parse(&format!("{prefix}{part}")),
        }
    }

    /// The SCIM id of an id that the LMS gave.
    pub(super) fn print_native(&self, id: &Value) -> Option<ResourceId> {
        match id {
            Value::Object(fields) => {
                let parts =
                    self.parts.iter().map(|(name, _)| fields.get(name).and_then(plain_text));
                self.print(&parts.collect::<Option<Vec<_>>>()?)
            }
            id => self.print_one(&plain_text(id)?),
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
