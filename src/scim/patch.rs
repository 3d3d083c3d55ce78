//! PATCH (RFC 7644 §3.5.2) in every dialect that clients of this field speak,
//! brought into edits. N1 to N12 are the rules of normalisation that
//! `docs/ARCHITECTURE.md` lists.

use super::edit::{Act, Edit, Edits};
use super::error::Error;
use super::filter::{Matcher, Operand, Operator};
use super::intake::{Entry, members_of, typed};
use super::name::ResourceId;
use super::path::Target;
use super::place::Place;
use super::rules::{Rules, Unknown};
use super::schema::{Attribute, Mutability, ResourceType, Type};
use super::syntax::SyntaxError;
use serde_json::{Map, Value};
use std::sync::Arc;

/// The schema of a PATCH body.
pub const PATCH_OP: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

/// authentik puts every member that changed into one request, one operation
/// each; nothing needs more.
pub const MOST_OPERATIONS: usize = 20_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verb {
    Add,
    Remove,
    Replace,
}

impl ResourceType {
    /// The edits that the body of a PATCH asks for. `id` is the resource that
    /// the request is about.
    ///
    /// ```
    /// use matricula::scim::{ResourceType, Rules};
    /// use serde_json::json;
    ///
    /// let user = ResourceType::user();
    /// let body = json!({ "Operations": [
    ///     { "op": "Replace", "path": "active", "value": "False" },
    /// ] });
    /// let edits = user.patch(body, None, Rules::default()).unwrap();
    /// assert_eq!(format!("{edits:?}"), "[set active]");
    /// ```
    pub fn patch(
        &self,
        body: Value,
        id: Option<&ResourceId>,
        rules: Rules,
    ) -> Result<Edits, Error> {
        let operations = operations_of(body, rules)?;
        let edits = Edits { strict: rules.strict, ..Edits::default() };
        let mut patch = Patch { resource_type: self, id, rules, edits };
        for (index, operation) in operations.into_iter().enumerate() {
            let place = format!("Operation {}", index + 1);
            patch.operation(operation).map_err(|error| error.within(&place))?;
        }
        Ok(patch.edits)
    }
}

fn operations_of(body: Value, rules: Rules) -> Result<Vec<Value>, Error> {
    let mut body = members_of(body)?;
    if rules.strict && !names_schema(body.get("schemas")) {
        return Err(Error::invalid_syntax(format!("`schemas` does not name `{PATCH_OP}`.")));
    }
    match take(&mut body, "Operations") {
        Some(Value::Array(operations)) if operations.len() > MOST_OPERATIONS => {
            let count = operations.len();
            Err(Error::too_large(format!(
                "{count} operations are more than the {MOST_OPERATIONS} one PATCH may hold."
            )))
        }
        Some(Value::Array(operations)) if !operations.is_empty() => Ok(operations),
        _ => Err(Error::invalid_syntax("`Operations` must be a list with at least one operation.")),
    }
}

fn names_schema(schemas: Option<&Value>) -> bool {
    let named = |urn: &Value| urn.as_str().is_some_and(|urn| urn.eq_ignore_ascii_case(PATCH_OP));
    schemas.and_then(Value::as_array).is_some_and(|schemas| schemas.iter().any(named))
}

/// Takes a member by name, in any case: some clients write `operations`.
pub(super) fn take(object: &mut Map<String, Value>, name: &str) -> Option<Value> {
    object.remove(name).or_else(|| {
        let key = object.keys().find(|key| key.eq_ignore_ascii_case(name)).cloned()?;
        object.remove(&key)
    })
}

struct Patch<'a> {
    resource_type: &'a ResourceType,
    id: Option<&'a ResourceId>,
    rules: Rules,
    edits: Edits,
}

impl Patch<'_> {
    fn operation(&mut self, operation: Value) -> Result<(), Error> {
        let Value::Object(mut operation) = operation else {
            return Err(Error::invalid_syntax("it must be an object"));
        };
        let verb = verb(take(&mut operation, "op").as_ref())?;
        let value = take(&mut operation, "value");
        match take(&mut operation, "path") {
            None | Some(Value::Null) => self.pathless(verb, value),
            Some(Value::String(path)) if path.trim().is_empty() => self.pathless(verb, value),
            Some(Value::String(path)) => self.at_path(&path, verb, value),
            Some(_) => Err(Error::invalid_path("`path` must be a string")),
        }
    }

    /// N2: an object whose keys are paths.
    fn pathless(&mut self, verb: Verb, value: Option<Value>) -> Result<(), Error> {
        if verb == Verb::Remove {
            return Err(Error::no_target("`remove` needs a path"));
        }
        let Some(Value::Object(members)) = value else {
            return Err(Error::invalid_value("without a path, `value` must be an object"));
        };
        for (key, value) in members {
            if let (Some(extension), true) = (self.resource_type.extension(&key), value.is_null()) {
                self.clear_schema(&extension.schema.id);
                continue;
            }
            for entry in self.resource_type.entries(&key, value, self.rules) {
                let Entry { place, value } = entry?;
                // authentik sends `schemas`, Okta sends `id`, others `meta`
                // along; these say nothing that could be done.
                if self.resource_type.common_name(&place) && !place.attr.name.is("id") {
                    continue;
                }
                self.write(place, verb, value)?;
            }
        }
        Ok(())
    }

    fn at_path(&mut self, text: &str, verb: Verb, value: Option<Value>) -> Result<(), Error> {
        let target = match Target::parse(text, self.resource_type.urns()) {
            Ok(target) => target,
            Err(_) if self.rules.unknown == Unknown::Ignore && !text.contains(['[', ' ']) => {
                return Ok(());
            }
            Err(error) => return Err(unreadable(text, &error)),
        };
        match target {
            Target::Schema(urn) if verb == Verb::Remove || value == Some(Value::Null) => {
                self.clear_schema(&urn);
                Ok(())
            }
            Target::Schema(urn) => {
                let value = value
                    .ok_or_else(|| Error::invalid_value(format!("`{urn}`: `value` is missing")))?;
                for entry in self.resource_type.members_of_schema(&urn, value, self.rules) {
                    let Entry { place, value } = entry?;
                    self.write(place, verb, value)?;
                }
                Ok(())
            }
            Target::Attribute(path) => match self.resource_type.place_by(&path, self.rules)? {
                None => Ok(()),
                Some(place) if verb == Verb::Remove => self.remove(place, value),
                Some(place) => {
                    let value = value.ok_or_else(|| {
                        Error::invalid_value(format!("`{place}`: `value` is missing"))
                    })?;
                    self.write(place, verb, value)
                }
            },
        }
    }

    fn clear_schema(&mut self, urn: &super::name::SchemaUri) {
        let places: Vec<_> = self.resource_type.attributes().collect();
        let core = self.resource_type.core().id == *urn;
        let within = |place: &Place| match &place.schema {
            Some(schema) => schema == urn,
            None => core,
        };
        for place in places.into_iter().filter(within) {
            let required = self.required_at(&place);
            if place.attr.mutability == Mutability::ReadWrite && required.is_none() {
                self.edits.push(Edit { place, act: Act::Clear });
            }
        }
    }

    /// `add` and `replace`.
    fn write(&mut self, place: Place, verb: Verb, value: Value) -> Result<(), Error> {
        if read_only(&place) {
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
            let Some(sub) = super::name::AttrName::parse(&name) else { continue };
            let path = super::path::Path { sub: Some(sub), ..path };
            match self.resource_type.place_by(&path, self.rules)? {
                // What the gateway says itself comes along with the rest.
                Some(part) if read_only(&part) => {}
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
        // `groups` follows from the groups; clients that write it mean nothing.
        if place.attr.name.is("groups") && place.schema.is_none() {
            return Ok(());
        }
        if let Some(value) = typed(&place, value, self.rules)? {
            self.edits.push(Edit { place, act: Act::Expect(value) });
        }
        Ok(())
    }

    fn remove(&mut self, place: Place, value: Option<Value>) -> Result<(), Error> {
        if read_only(&place) || immutable_part(&place) {
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
    fn required_at(&self, place: &Place) -> Option<String> {
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

/// N1: in any case, and no other than these.
fn verb(op: Option<&Value>) -> Result<Verb, Error> {
    let name = op.and_then(Value::as_str).unwrap_or_default();
    match name.to_ascii_lowercase().as_str() {
        "add" => Ok(Verb::Add),
        "remove" => Ok(Verb::Remove),
        "replace" => Ok(Verb::Replace),
        _ => {
            let shown: String = name.chars().take(40).collect();
            Err(Error::invalid_syntax(format!("`op` is `{shown}`, not add, remove or replace")))
        }
    }
}

fn unreadable(text: &str, error: &SyntaxError) -> Error {
    let shown: String = text.chars().take(120).collect();
    Error::invalid_path(format!("`path` cannot be read {error} in `{shown}`"))
}

fn read_only(place: &Place) -> bool {
    place.attr.mutability == Mutability::ReadOnly || place.leaf().mutability == Mutability::ReadOnly
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
