//! PATCH (RFC 7644 §3.5.2) in every dialect that clients of this field speak,
//! brought into edits. N1 to N12 are the rules of normalisation that
//! `docs/ARCHITECTURE.md` lists.

mod act;

use super::edit::{Act, Edit, Edits};
use super::error::Error;
use super::intake::{Entry, members_of};
use super::name::{ResourceId, SchemaUri};
use super::path::Target;
use super::place::Place;
use super::rules::{Rules, Unknown};
use super::schema::{Mutability, ResourceType};
use super::syntax::SyntaxError;
use serde_json::{Map, Value};

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

    fn clear_schema(&mut self, urn: &SchemaUri) {
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
