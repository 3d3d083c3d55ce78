//! What RFC 7643 and 7644 and the clients of this field ask of the protocol
//! room: one fact per test, told by its name.

#![expect(clippy::indexing_slicing, reason = "a test that finds nothing there should fail")]
#![expect(clippy::needless_pass_by_value, reason = "tests read better without borrowed literals")]

mod bodies;
mod bounds;
mod bulk;
mod discovery;
mod etags;
mod field_reports;
mod filters;
mod filters_by_attribute;
mod lists;
mod managers;
mod members;
mod offers;
mod outcomes;
mod patch_dialects;
mod patch_frames;
mod patch_rules;
mod patch_unchanged;
mod patch_values;
mod projection;
mod properties;
mod properties_of_answers;
mod regressions;
mod rfc7644;
mod roles;
mod written;

use matricula::scim::{
    Attribute, Error, Filter, Kind, Matcher, Resource, ResourceId, ResourceType, Rules, Schema,
    ScimType,
};
use serde_json::{Map, Value, json};

pub(crate) use matricula::scim::ENTERPRISE_USER as ENTERPRISE;

/// An extension as a tenant declares one.
pub(crate) const HOCH: &str = "urn:ietf:params:scim:schemas:extension:Hoch:2.0:User";

/// A person with a login name and `more`.
pub(crate) fn user(more: Value) -> Value {
    merged(json!({ "userName": "nina.berg@hoch.example" }), more)
}

/// A group with a name and `more`.
pub(crate) fn group(more: Value) -> Value {
    merged(json!({ "displayName": "Math 1A" }), more)
}

/// A group with these members.
pub(crate) fn group_of(ids: &[&str]) -> Value {
    let members: Vec<Value> = ids.iter().map(|id| json!({ "value": id })).collect();
    group(json!({ "members": members }))
}

/// A person with these parts of the enterprise extension.
pub(crate) fn employee(parts: Value) -> Value {
    user(json!({ ENTERPRISE: parts }))
}

fn merged(mut base: Value, more: Value) -> Value {
    let Value::Object(more) = more else { return base };
    base.as_object_mut().unwrap().extend(more);
    base
}

/// Users have a login name; what has none is a group. The user type knows the
/// Hoch extension too, as a tenant with one would.
pub(crate) fn type_of(resource: &Value) -> ResourceType {
    match resource.get("userName") {
        Some(_) => user_type(),
        None => ResourceType::group(),
    }
}

/// A User with the enterprise and the Hoch extension.
pub(crate) fn user_type() -> ResourceType {
    let attributes: Vec<Attribute> = serde_json::from_value(json!([
        { "name": "costUnit", "type": "string" },
        { "name": "semester", "type": "integer" },
        { "name": "average", "type": "decimal" },
        { "name": "enrolled", "type": "dateTime" },
        { "name": "tutor", "type": "boolean" },
    ]))
    .unwrap();
    ResourceType::user().with_extension(extension(HOCH, attributes), false).unwrap()
}

/// A schema of that name with these attributes.
pub(crate) fn extension(urn: &str, attributes: Vec<Attribute>) -> Schema {
    Schema {
        id: matricula::scim::SchemaUri::parse(urn).unwrap(),
        name: "Extension".to_owned(),
        description: String::new(),
        attributes: attributes.into_iter().map(std::sync::Arc::new).collect(),
    }
}

/// The resource that stored attributes make.
pub(crate) fn resource(attributes: &Value) -> Resource {
    let kind = if attributes.get("userName").is_some() { Kind::User } else { Kind::Group };
    Resource::from_attributes(kind, attributes.as_object().cloned().unwrap())
}

/// The attributes of a resource as one value.
pub(crate) fn shown(resource: &Resource) -> Value {
    Value::Object(resource.attributes().clone())
}

/// A PATCH body as every client frames it.
pub(crate) fn patch_body(operations: Value) -> Value {
    json!({ "schemas": [matricula::scim::PATCH_OP], "Operations": operations })
}

/// What a PATCH does: the resource after it and whether it is another one, or
/// the refusal. After a refusal the resource must be what it was.
pub(crate) fn outcome(before: &Value, body: Value, rules: Rules) -> Result<(Value, bool), Error> {
    let resource_type = type_of(before);
    let id = before.get("id").and_then(Value::as_str).and_then(ResourceId::parse);
    let mut resource = resource(before);
    let applied = resource_type
        .patch(body, id.as_ref(), rules)
        .and_then(|edits| edits.apply(&resource_type, &mut resource));
    match applied {
        Ok(changed) => {
            let after = shown(&resource);
            assert_eq!(changed, after != *before, "`changed` says what happened: {after}");
            Ok((after, changed))
        }
        Err(error) => {
            assert_eq!(shown(&resource), *before, "a refused patch changes nothing");
            Err(error)
        }
    }
}

/// The resource after a PATCH of these operations.
pub(crate) fn patched(before: Value, operations: Value) -> Value {
    outcome(&before, patch_body(operations), Rules::default()).unwrap().0
}

/// The same under the letter of RFC 7644.
pub(crate) fn patched_strictly(before: Value, operations: Value) -> Value {
    let rules = Rules { strict: true, ..Rules::default() };
    outcome(&before, patch_body(operations), rules).unwrap().0
}

/// Whether a PATCH succeeds and leaves everything as it was.
pub(crate) fn is_no_change(before: Value, operations: Value) -> bool {
    !outcome(&before, patch_body(operations), Rules::default()).unwrap().1
}

/// The refusal of a PATCH of these operations.
pub(crate) fn refusal(before: Value, operations: Value) -> Error {
    outcome(&before, patch_body(operations), Rules::default()).unwrap_err()
}

/// The keyword with which a PATCH is refused.
pub(crate) fn refused(before: Value, operations: Value) -> Option<ScimType> {
    refusal(before, operations).scim_type()
}

/// The keyword with which a PATCH is refused under the letter of RFC 7644.
pub(crate) fn refused_strictly(before: Value, operations: Value) -> Option<ScimType> {
    let rules = Rules { strict: true, ..Rules::default() };
    outcome(&before, patch_body(operations), rules).unwrap_err().scim_type()
}

/// The resource that a POST makes.
pub(crate) fn created(body: Value) -> Value {
    shown(&type_of(&body).create(body, Rules::default()).unwrap())
}

/// The refusal of a POST for a user.
pub(crate) fn user_refusal(body: Value) -> Error {
    user_type().create(body, Rules::default()).unwrap_err()
}

/// The resource after a PUT, and whether it is another one.
pub(crate) fn put(before: &Value, body: Value) -> (Value, bool) {
    let resource_type = type_of(before);
    let mut resource = resource(before);
    let edits = resource_type.replace(body, Rules::default()).unwrap();
    let changed = edits.apply(&resource_type, &mut resource).unwrap();
    assert_eq!(changed, shown(&resource) != *before, "`changed` says what happened");
    (shown(&resource), changed)
}

/// A filter held against the type it will search.
fn bound(filter: &str, resource_type: &ResourceType) -> Result<Matcher, String> {
    let filter =
        Filter::parse(filter, resource_type.urns()).map_err(|problem| problem.to_string())?;
    Matcher::bind(&filter, resource_type).map_err(|error| {
        assert_eq!(error.scim_type(), Some(ScimType::InvalidFilter), "{error}");
        assert_eq!(error.status(), 400, "{error}");
        error.to_string()
    })
}

/// Whether a filter finds a resource.
pub(crate) fn finds(filter: &str, attributes: Value) -> bool {
    bound(filter, &type_of(&attributes)).unwrap().matches(&resource(&attributes))
}

/// Whether a filter for users is refused; if the grammar is right, it must be
/// refused as `invalidFilter`.
pub(crate) fn is_refused(filter: &str) -> bool {
    bound(filter, &user_type()).is_err()
}

/// One member of an object as a map, for comparisons of parts.
pub(crate) fn without(mut value: Value, key: &str) -> Value {
    value.as_object_mut().map(|map: &mut Map<String, Value>| map.remove(key));
    value
}
