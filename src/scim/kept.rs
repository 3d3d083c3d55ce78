//! An operation as it is kept until it may happen: JSON that says all of it, and
//! is read again by whoever knows the schemas.

use super::edit::{Act, Edit, Edits};
use super::error::Error;
use super::name::ResourceId;
use super::operation::Operation;
use super::path::Path;
use super::place::Place;
use super::resource::Resource;
use super::schema::ResourceType;
use serde_json::{Map, Value, json};

impl Operation {
    /// Everything it says, passwords included: a stored operation is a secret.
    pub fn to_json(&self) -> Value {
        match self {
            Self::Create(resource) => json!({ "create": resource.attributes() }),
            Self::Delete { id, .. } => json!({ "delete": id.as_str() }),
            Self::Change { id, edits, .. } => {
                let each: Vec<Value> = edits.iter().map(Edit::to_json).collect();
                let mut kept = json!({ "change": id.as_str(), "edits": each });
                if let Some(kept) = kept.as_object_mut() {
                    for (name, said) in [("complete", edits.complete), ("strict", edits.strict)] {
                        if said {
                            kept.insert(name.to_owned(), true.into());
                        }
                    }
                }
                kept
            }
        }
    }
}

/// Passwords in what is kept, whatever else is in it.
impl Operation {
    /// Each of them, as it stands there.
    pub fn passwords(kept: &mut Value) -> impl Iterator<Item = &mut Value> {
        let (mut new, mut edits) = (None, None);
        for (name, part) in kept.as_object_mut().into_iter().flatten() {
            match name.as_str() {
                "create" => new = part.get_mut("password"),
                "edits" => edits = part.as_array_mut(),
                _ => {}
            }
        }
        let edits = edits.into_iter().flatten().filter(|edit| is_of_password(edit));
        let said = edits.filter_map(Value::as_object_mut).flatten();
        let said = said.filter(|(name, _)| !["at", "clear"].contains(&name.as_str()));
        new.into_iter().chain(said.map(|(_, value)| value))
    }

    /// Takes all of them out.
    pub fn forget_passwords(kept: &mut Value) {
        if let Some(new) = kept.get_mut("create").and_then(Value::as_object_mut) {
            new.remove("password");
        }
        if let Some(edits) = kept.get_mut("edits").and_then(Value::as_array_mut) {
            edits.retain(|edit| !is_of_password(edit));
        }
    }
}

fn is_of_password(edit: &Value) -> bool {
    edit.get("at").and_then(Value::as_str) == Some("password")
}

impl Edit {
    fn to_json(&self) -> Value {
        let value = match &self.act {
            Act::Set(value) | Act::Expect(value) => value.clone(),
            Act::Add(values) | Act::Drop(values) => Value::Array(values.clone()),
            Act::Clear => Value::Bool(true),
        };
        json!({ "at": self.place.to_string(), (self.act.word()): value })
    }
}

impl ResourceType {
    /// An operation that was kept. What this type does not know any more is
    /// refused by name.
    pub fn operation(&self, kept: Value) -> Result<Operation, Error> {
        let Value::Object(mut kept) = kept else { return Err(unreadable()) };
        if let Some(Value::Object(attributes)) = kept.remove("create") {
            return Ok(Operation::Create(Resource::from_attributes(self.kind(), attributes)));
        }
        let id = |name: &str| kept.get(name).and_then(Value::as_str).and_then(ResourceId::parse);
        let kind = self.kind();
        if let Some(id) = id("delete") {
            return Ok(Operation::Delete { kind, id });
        }
        let id = id("change").ok_or_else(unreadable)?;
        let edits = self.edits(&kept)?;
        Ok(Operation::Change { kind, id, edits })
    }

    fn edits(&self, kept: &Map<String, Value>) -> Result<Edits, Error> {
        let said = |name: &str| kept.get(name).and_then(Value::as_bool).unwrap_or_default();
        let each = kept.get("edits").and_then(Value::as_array).ok_or_else(unreadable)?;
        let list = each.iter().map(|edit| self.edit(edit)).collect::<Result<_, _>>()?;
        Ok(Edits { list, complete: said("complete"), strict: said("strict") })
    }

    fn edit(&self, kept: &Value) -> Result<Edit, Error> {
        let path = kept.get("at").and_then(Value::as_str).ok_or_else(unreadable)?;
        let part = |name: &str| kept.get(name).cloned();
        let list = |name: &str| part(name)?.as_array().cloned();
        let act = (part("set").map(Act::Set))
            .or_else(|| part("expect").map(Act::Expect))
            .or_else(|| list("add").map(Act::Add))
            .or_else(|| list("drop").map(Act::Drop))
            .or_else(|| part("clear").map(|_| Act::Clear));
        Ok(Edit { place: self.told(path)?, act: act.ok_or_else(unreadable)? })
    }

    fn told(&self, path: &str) -> Result<Place, Error> {
        let parsed = Path::parse(path, self.urns());
        let parsed = parsed.map_err(|error| Error::invalid_path(error.to_string()))?;
        match self.place(&parsed) {
            Ok(place) => Ok(place),
            Err(error) => self.kept(&parsed)?.ok_or(error),
        }
    }
}

fn unreadable() -> Error {
    Error::invalid_syntax("What was kept of this operation cannot be read.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scim::{Kind, Rules};

    fn patch(operations: &Value) -> Edits {
        let body = json!({ "schemas": [crate::scim::PATCH_OP], "Operations": operations });
        ResourceType::user().patch(body, None, Rules::default()).unwrap()
    }

    fn again(operation: &Operation) -> Operation {
        ResourceType::user().operation(operation.to_json()).unwrap()
    }

    #[test]
    fn what_is_kept_is_read_again_word_by_word() {
        let id = ResourceId::parse("7").unwrap();
        let edits = patch(&json!([
            { "op": "replace", "path": "emails[type eq \"work\"].value", "value": "a@b.example" },
            { "op": "add", "path": "roles", "value": [{ "value": "dean" }] },
            { "op": "remove", "path": "title" },
            { "op": "replace", "path": "urn:x:y:1.0:User:shoeSize", "value": 44 },
            { "op": "replace", "path": "nonsense[type eq \"odd\"].value", "value": "x" },
            { "op": "replace", "value": { "active": "False", "name.givenName": "Eva" } },
        ]));
        let change = Operation::Change { kind: Kind::User, id: id.clone(), edits };
        assert_eq!(again(&change), change);
        let delete = Operation::Delete { kind: Kind::User, id };
        assert_eq!(again(&delete), delete);
        let body = json!({ "userName": "Eva", "password": "s3cret", "shoeSize": [1, null] });
        let create = ResourceType::user().create(body, Rules::default()).unwrap();
        let create = Operation::Create(create);
        assert_eq!(again(&create), create);
    }

    #[test]
    fn a_put_stays_a_put() {
        let body = json!({ "userName": "Eva", "title": "Dean" });
        let edits = ResourceType::user().replace(body, Rules::default()).unwrap();
        let id = ResourceId::parse("7").unwrap();
        let put = Operation::Change { kind: Kind::User, id, edits };
        let Operation::Change { edits, .. } = again(&put) else { panic!("no change") };
        assert!(edits.is_complete());
        assert_eq!(again(&put), put);
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for kept in [json!(1), json!({}), json!({ "change": "7" }), json!({ "delete": "" })] {
            assert!(ResourceType::user().operation(kept).is_err());
        }
    }
}
