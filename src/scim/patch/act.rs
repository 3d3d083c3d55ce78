//! What one operation of a PATCH comes to at one place.

use super::{Patch, Verb};
use crate::scim::edit::{Act, Edit};
use crate::scim::error::Error;
use crate::scim::filter::{Matcher, Operand, Operator};
use crate::scim::intake::typed;
use crate::scim::name::AttrName;
use crate::scim::path::Path;
use crate::scim::place::Place;
use crate::scim::schema::{Attribute, Mutability, Type};
use serde_json::{Map, Value};
use std::sync::Arc;

impl Patch<'_> {
    /// `add` and `replace`.
    pub(super) fn write(&mut self, place: Place, verb: Verb, value: Value) -> Result<(), Error> {
        if place.is_read_only() {
            return self.expect(place, value);
        }
        if immutable_part(&place) {
            return Err(Error::mutability(format!(
                "`{place}` cannot change; remove the element and add another"
            )));
        }
        let value = match whole_reference(&place) {
            Some(whole) => return self.assign(whole, value),
            None => value,
        };
        let many = place.attr.multi_valued && place.sub.is_none();
        let complex = place.attr.kind == Type::Complex && place.sub.is_none();
        match (many, &place.element) {
            (true, None) if verb == Verb::Add => self.append(place, value),
            (true, Some(_)) if verb == Verb::Add => self.each_part(&place, verb, value),
            (false, None) if complex && !place.attr.is_single_reference() => {
                self.each_part(&place, verb, value)
            }
            _ => self.assign(place, value),
        }
    }

    /// `Set`, or `Clear` where the value unassigns (N9).
    fn assign(&mut self, place: Place, value: Value) -> Result<(), Error> {
        match typed(&place, value, self.rules)? {
            Some(value) => {
                self.edits.push(Edit { place, act: Act::Set(value) });
                Ok(())
            }
            None => self.clear(place, Error::invalid_value),
        }
    }

    fn append(&mut self, place: Place, value: Value) -> Result<(), Error> {
        if let Some(Value::Array(elements)) = typed(&place, value, self.rules)? {
            self.edits.push(Edit { place, act: Act::Add(elements) });
        }
        Ok(())
    }

    /// RFC 7644 §3.5.2.3: of a complex attribute only the parts that are named
    /// change; its other parts stay.
    fn each_part(&mut self, place: &Place, verb: Verb, value: Value) -> Result<(), Error> {
        let parts = match value {
            Value::Object(parts) => parts,
            Value::Array(mut one) if one.len() == 1 && !self.rules.strict => {
                return self.each_part(place, verb, one.pop().unwrap_or(Value::Null));
            }
            other => return self.assign(place.clone(), other),
        };
        for (name, value) in parts {
            let path = place.to_path();
            let Some(sub) = AttrName::parse(&name) else { continue };
            let path = Path { sub: Some(sub), ..path };
            match self.resource_type.place_by(&path, self.rules)? {
                // What the gateway says itself comes along with the rest.
                Some(part) if part.is_read_only() => {}
                Some(part) => self.write(part, verb, value)?,
                None => {}
            }
        }
        Ok(())
    }

    /// A read-only attribute may be sent with the value it has.
    fn expect(&mut self, place: Place, value: Value) -> Result<(), Error> {
        if place.attr.name.is("id") && place.schema.is_none() {
            let own = self.id.is_some_and(|id| value.as_str() == Some(id.as_str()));
            return if own { Ok(()) } else { Err(Error::mutability("`id` cannot change")) };
        }
        // `groups` follows from the groups; clients that write it mean nothing. `schemas`
        // follows from the attributes, and RFC 7644 §3.5.2 lets clients announce them.
        let follows = ["groups", "schemas"].iter().any(|name| place.attr.name.is(name));
        if follows && place.schema.is_none() {
            return Ok(());
        }
        if let Some(value) = typed(&place, value, self.rules)? {
            self.edits.push(Edit { place, act: Act::Expect(value) });
        }
        Ok(())
    }

    pub(super) fn remove(&mut self, place: Place, value: Option<Value>) -> Result<(), Error> {
        if place.is_read_only() || immutable_part(&place) {
            return Err(Error::mutability(format!("`{place}` cannot be removed")));
        }
        if let Some(whole) = whole_reference(&place) {
            return self.clear(whole, Error::mutability);
        }
        if let Some(elements) = named_by_filter(&place) {
            self.edits.push(Edit { place: place.whole(), act: Act::Drop(elements) });
            return Ok(());
        }
        let chosen = place.element.is_some() || place.sub.is_some();
        match value {
            // A value beside a narrower path, or of a single attribute, adds
            // nothing to what is asked.
            _ if chosen || !place.attr.multi_valued => self.clear(place, Error::mutability),
            None => self.clear(place, Error::mutability),
            Some(Value::Null) if self.rules.strict => self.clear(place, Error::mutability),
            Some(value) => self.drop(place, value),
        }
    }

    /// The legacy removal of Entra: exactly the elements in `value`. An empty
    /// list removes nothing; read as "no value" it would empty the group.
    fn drop(&mut self, place: Place, value: Value) -> Result<(), Error> {
        if let Some(Value::Array(elements)) = typed(&place, value, self.rules)? {
            self.edits.push(Edit { place, act: Act::Drop(elements) });
        }
        Ok(())
    }

    /// What a resource cannot be without may neither be removed, which RFC 7644
    /// §3.5.2.2 calls `mutability`, nor be given an empty value.
    fn clear(&mut self, place: Place, refusal: fn(String) -> Error) -> Result<(), Error> {
        if let Some(required) = self.required_at(&place) {
            return Err(refusal(format!("`{required}` cannot be cleared; this LMS needs it")));
        }
        self.edits.push(Edit { place, act: Act::Clear });
        Ok(())
    }

    /// What the resource must have that would go away with `place`.
    pub(super) fn required_at(&self, place: &Place) -> Option<String> {
        let goes = |required: &&Place| {
            let element = place.element.is_none() || place.element == required.element;
            let sub = place.sub.is_none()
                || place.sub.as_ref().map(|sub| &sub.name)
                    == required.sub.as_ref().map(|sub| &sub.name);
            place.shares_attribute(required) && element && sub
        };
        self.resource_type.required().iter().find(goes).map(ToString::to_string)
    }
}

/// RFC 7643 §4.2: a member is replaced, its parts are not.
fn immutable_part(place: &Place) -> bool {
    place.sub.as_ref().is_some_and(|sub| sub.mutability == Mutability::Immutable)
}

/// `manager.value` means the manager: with a new one, what was known of the
/// old one is stale.
fn whole_reference(place: &Place) -> Option<Place> {
    let value = place.sub.as_ref().is_some_and(|sub| sub.name.is("value"));
    (value && place.attr.is_single_reference()).then(|| place.whole())
}

/// The members that `members[value eq "a" or value eq "b"]` names, so that
/// they can be removed without reading the group.
fn named_by_filter(place: &Place) -> Option<Vec<Value>> {
    let matcher = place.element.as_ref()?;
    (place.attr.identified_by_value() && place.sub.is_none()).then(|| values_of(matcher)).flatten()
}

fn values_of(matcher: &Matcher) -> Option<Vec<Value>> {
    match matcher {
        Matcher::Compare(Place { attr, .. }, Operator::Eq, Operand::Text { value, .. })
            if is_value(attr) =>
        {
            let id = Value::String(value.clone());
            Some(vec![Value::Object(Map::from_iter([("value".to_owned(), id)]))])
        }
        Matcher::Any(matchers) => {
            let named: Option<Vec<_>> = matchers.iter().map(values_of).collect();
            Some(named?.concat())
        }
        Matcher::Compare(..) | Matcher::Present(_) | Matcher::All(_) | Matcher::Not(_) => None,
    }
}

fn is_value(attribute: &Arc<Attribute>) -> bool {
    attribute.name.is("value")
}
