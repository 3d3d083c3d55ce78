//! One change, spelled as each client spells it (RFC 7644 §3.5.2 and what is
//! sent in its name): one operation for each attribute, flattened keys without
//! a path, nested objects without a path.

use matricula::scim::Rules;
use serde_json::{Value, json};

use super::{ENTERPRISE, HOCH, employee, outcome, patched, user};

/// A person before any of the changes below.
pub(super) fn nina() -> Value {
    user(json!({
        "externalId": "nina.berg",
        "displayName": "Nina Berg",
        "active": true,
        "name": { "givenName": "Nina", "familyName": "Berg" },
        "emails": [{ "value": "nina.berg@hoch.example", "type": "work", "primary": true }],
        ENTERPRISE: { "department": "Math", "employeeNumber": "20417" },
    }))
}

/// `nina` with `more` in place of what she had.
pub(super) fn nina_with(more: Value) -> Value {
    let mut person = nina();
    person.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap());
    person
}

/// A resource after a body in its own frame.
pub(super) fn after(before: &Value, body: Value) -> Value {
    outcome(before, body, Rules::default()).unwrap().0
}

// One operation for each attribute, capitalised, strings for booleans.

fn legacy(op: &str, path: &str, value: Value) -> Value {
    patched(nina(), json!([{ "op": op, "path": path, "value": value }]))
}

#[test]
fn a_whole_legacy_body_is_applied() {
    let after = patched(
        nina(),
        json!([
            { "op": "Replace", "path": "displayName", "value": "Nina Berg-Hofer" },
            { "op": "Replace", "path": "name.familyName", "value": "Berg-Hofer" },
            { "op": "Replace", "path": "emails[type eq \"work\"].value", "value": "nbh@hoch.example" },
            { "op": "Add", "path": "phoneNumbers[type eq \"mobile\"].value", "value": "+41 79 111 11 11" },
            { "op": "Replace", "path": "addresses[type eq \"work\"].formatted", "value": "C 1.02" },
            { "op": "Add", "path": format!("{ENTERPRISE}:department"), "value": "Physics" },
            { "op": "Replace", "path": "externalId", "value": "nina.berg-hofer" },
            { "op": "Replace", "path": "active", "value": "True" },
        ]),
    );
    let expected = user(json!({
        "externalId": "nina.berg-hofer",
        "displayName": "Nina Berg-Hofer",
        "active": true,
        "name": { "givenName": "Nina", "familyName": "Berg-Hofer" },
        "emails": [{ "value": "nbh@hoch.example", "type": "work", "primary": true }],
        "phoneNumbers": [{ "type": "mobile", "value": "+41 79 111 11 11" }],
        "addresses": [{ "type": "work", "formatted": "C 1.02" }],
        ENTERPRISE: { "department": "Physics", "employeeNumber": "20417" },
    }));
    assert_eq!(after, expected);
}

#[test]
fn a_capitalised_replace_sets() {
    assert_eq!(
        legacy("Replace", "displayName", json!("N")),
        nina_with(json!({ "displayName": "N" }))
    );
}

#[test]
fn a_capitalised_add_sets_a_single_value() {
    assert_eq!(
        legacy("Add", "title", json!("Lecturer")),
        nina_with(json!({ "title": "Lecturer" }))
    );
}

#[test]
fn a_capitalised_remove_unassigns() {
    let after = patched(nina(), json!([{ "op": "Remove", "path": "displayName" }]));
    assert_eq!(after, super::without(nina(), "displayName"));
}

#[test]
fn operations_are_read_in_any_case() {
    assert_eq!(
        legacy("rEPLACE", "displayName", json!("N")),
        nina_with(json!({ "displayName": "N" }))
    );
}

#[test]
fn paths_are_read_in_any_case() {
    assert_eq!(
        legacy("Replace", "DISPLAYNAME", json!("N")),
        nina_with(json!({ "displayName": "N" }))
    );
}

#[test]
fn parts_and_labels_of_a_path_are_read_in_any_case() {
    let after = legacy("Replace", r#"Emails[Type Eq "Work"].Value"#, json!("n@hoch.example"));
    let emails = json!([{ "value": "n@hoch.example", "type": "work", "primary": true }]);
    assert_eq!(after, nina_with(json!({ "emails": emails })));
}

#[test]
fn a_dotted_path_changes_one_part_of_the_name() {
    let name = json!({ "givenName": "Nina", "familyName": "Hofer" });
    assert_eq!(
        legacy("Replace", "name.familyName", json!("Hofer")),
        nina_with(json!({ "name": name }))
    );
}

#[test]
fn a_dotted_path_makes_a_name_where_there_is_none() {
    let operations = json!([{ "op": "Add", "path": "name.givenName", "value": "Nina" }]);
    assert_eq!(
        patched(user(json!({})), operations),
        user(json!({ "name": { "givenName": "Nina" } }))
    );
}

#[test]
fn an_extension_path_changes_one_attribute() {
    let expected =
        nina_with(json!({ ENTERPRISE: { "department": "Physics", "employeeNumber": "20417" } }));
    assert_eq!(legacy("Add", &format!("{ENTERPRISE}:department"), json!("Physics")), expected);
}

#[test]
fn an_extension_path_makes_the_extension_where_there_is_none() {
    let operations =
        json!([{ "op": "Add", "path": format!("{ENTERPRISE}:department"), "value": "Physics" }]);
    assert_eq!(patched(user(json!({})), operations), employee(json!({ "department": "Physics" })));
}

#[test]
fn an_extension_path_is_read_in_any_case() {
    let path = "URN:ietf:params:SCIM:schemas:extension:Enterprise:2.0:user:DEPARTMENT";
    let expected =
        nina_with(json!({ ENTERPRISE: { "department": "Physics", "employeeNumber": "20417" } }));
    assert_eq!(legacy("Replace", path, json!("Physics")), expected);
}

#[test]
fn a_dot_after_the_urn_is_a_colon() {
    let expected =
        nina_with(json!({ ENTERPRISE: { "department": "Physics", "employeeNumber": "20417" } }));
    assert_eq!(legacy("Replace", &format!("{ENTERPRISE}.department"), json!("Physics")), expected);
}

#[test]
fn the_core_urn_may_stand_before_a_path() {
    let path = "urn:ietf:params:scim:schemas:core:2.0:User:displayName";
    assert_eq!(legacy("Replace", path, json!("N")), nina_with(json!({ "displayName": "N" })));
}

#[test]
fn the_core_urn_may_stand_before_a_dotted_path() {
    let path = "urn:ietf:params:scim:schemas:core:2.0:User:name.familyName";
    let name = json!({ "givenName": "Nina", "familyName": "Hofer" });
    assert_eq!(legacy("Replace", path, json!("Hofer")), nina_with(json!({ "name": name })));
}

#[test]
fn the_core_urn_may_stand_before_a_slot() {
    let path = r#"urn:ietf:params:scim:schemas:core:2.0:User:emails[type eq "work"].value"#;
    let emails = json!([{ "value": "n@hoch.example", "type": "work", "primary": true }]);
    assert_eq!(
        legacy("Replace", path, json!("n@hoch.example")),
        nina_with(json!({ "emails": emails }))
    );
}

#[test]
fn a_declared_extension_is_written_by_its_path() {
    let expected = nina_with(json!({ HOCH: { "costUnit": "44" } }));
    assert_eq!(legacy("Add", &format!("{HOCH}:costUnit"), json!("44")), expected);
}

// Without a path and flattened: dots and URNs as literal keys.

fn flattened(value: Value) -> Value {
    patched(nina(), json!([{ "op": "replace", "value": value }]))
}

#[test]
fn a_whole_flattened_body_is_applied() {
    let after = patched(
        nina(),
        json!([
            { "op": "replace", "path": "emails[type eq \"work\"].value", "value": "nbh@hoch.example" },
            { "op": "replace", "value": {
                "displayName": "Nina Berg-Hofer",
                "name.familyName": "Berg-Hofer",
                "active": false,
                format!("{ENTERPRISE}:department"): "Physics",
            } },
        ]),
    );
    let expected = nina_with(json!({
        "displayName": "Nina Berg-Hofer",
        "active": false,
        "name": { "givenName": "Nina", "familyName": "Berg-Hofer" },
        "emails": [{ "value": "nbh@hoch.example", "type": "work", "primary": true }],
        ENTERPRISE: { "department": "Physics", "employeeNumber": "20417" },
    }));
    assert_eq!(after, expected);
}

#[test]
fn a_plain_key_sets_its_attribute() {
    assert_eq!(flattened(json!({ "displayName": "N" })), nina_with(json!({ "displayName": "N" })));
}

#[test]
fn a_dotted_key_sets_one_part() {
    let name = json!({ "givenName": "Nina", "familyName": "Hofer" });
    assert_eq!(
        flattened(json!({ "name.familyName": "Hofer" })),
        nina_with(json!({ "name": name }))
    );
}

#[test]
fn two_dotted_keys_of_one_attribute_both_count() {
    let name = json!({ "givenName": "N.", "familyName": "Hofer" });
    let after = flattened(json!({ "name.familyName": "Hofer", "name.givenName": "N." }));
    assert_eq!(after, nina_with(json!({ "name": name })));
}

#[test]
fn a_key_with_a_urn_sets_an_attribute_of_the_extension() {
    let after = flattened(json!({ format!("{ENTERPRISE}:department"): "Physics" }));
    let expected =
        nina_with(json!({ ENTERPRISE: { "department": "Physics", "employeeNumber": "20417" } }));
    assert_eq!(after, expected);
}

#[test]
fn a_key_with_a_urn_and_a_dot_sets_a_part() {
    let after = flattened(json!({ format!("{ENTERPRISE}:manager.value"): "u-0007" }));
    let extension = json!({ "department": "Math", "employeeNumber": "20417", "manager": { "value": "u-0007" } });
    assert_eq!(after, nina_with(json!({ ENTERPRISE: extension })));
}

#[test]
fn a_key_with_brackets_sets_its_slot() {
    let after = flattened(json!({ "emails[type eq \"work\"].value": "n@hoch.example" }));
    let emails = json!([{ "value": "n@hoch.example", "type": "work", "primary": true }]);
    assert_eq!(after, nina_with(json!({ "emails": emails })));
}

#[test]
fn a_key_with_brackets_makes_its_slot() {
    let after = flattened(json!({ "phoneNumbers[type eq \"mobile\"].value": "+41 79 1" }));
    let phones = json!([{ "type": "mobile", "value": "+41 79 1" }]);
    assert_eq!(after, nina_with(json!({ "phoneNumbers": phones })));
}

#[test]
fn keys_are_read_in_any_case() {
    let name = json!({ "givenName": "Nina", "familyName": "Hofer" });
    let after = flattened(json!({ "DisplayName": "N", "NAME.FamilyName": "Hofer" }));
    assert_eq!(after, nina_with(json!({ "displayName": "N", "name": name })));
}

#[test]
fn a_key_with_the_core_urn_is_an_attribute_of_the_core() {
    let after = flattened(json!({ "urn:ietf:params:scim:schemas:core:2.0:User:displayName": "N" }));
    assert_eq!(after, nina_with(json!({ "displayName": "N" })));
}

#[test]
fn an_add_without_a_path_sets_as_well() {
    let after = patched(nina(), json!([{ "op": "add", "value": { "title": "Lecturer" } }]));
    assert_eq!(after, nina_with(json!({ "title": "Lecturer" })));
}

#[test]
fn an_add_without_a_path_appends_to_lists() {
    let home = json!({ "value": "n@home.example", "type": "home" });
    let after = patched(nina(), json!([{ "op": "add", "value": { "emails": [home] } }]));
    let work = json!({ "value": "nina.berg@hoch.example", "type": "work", "primary": true });
    assert_eq!(after["emails"], json!([work, home]));
}

#[test]
fn a_null_path_is_no_path() {
    let operations = json!([{ "op": "replace", "path": null, "value": { "displayName": "N" } }]);
    assert_eq!(patched(nina(), operations), nina_with(json!({ "displayName": "N" })));
}

#[test]
fn schemas_inside_the_value_are_passed_over() {
    let after = flattened(json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "displayName": "N"
    }));
    assert_eq!(after, nina_with(json!({ "displayName": "N" })));
}

#[test]
fn emptied_keys_unassign() {
    let after = flattened(json!({ "displayName": null, "externalId": "" }));
    assert_eq!(after, super::without(super::without(nina(), "displayName"), "externalId"));
}

// Nested objects without a path.

#[test]
fn a_nested_object_keeps_the_parts_it_does_not_name() {
    let after = flattened(json!({ "name": { "familyName": "Hofer" }, "active": false }));
    let name = json!({ "givenName": "Nina", "familyName": "Hofer" });
    assert_eq!(after, nina_with(json!({ "name": name, "active": false })));
}

#[test]
fn a_nested_extension_keeps_the_attributes_it_does_not_name() {
    let after = flattened(json!({ ENTERPRISE: { "department": "Physics" } }));
    let expected =
        nina_with(json!({ ENTERPRISE: { "department": "Physics", "employeeNumber": "20417" } }));
    assert_eq!(after, expected);
}

#[test]
fn a_nested_extension_is_made_where_there_is_none() {
    let operations =
        json!([{ "op": "replace", "value": { ENTERPRISE: { "department": "Physics" } } }]);
    assert_eq!(patched(user(json!({})), operations), employee(json!({ "department": "Physics" })));
}

#[test]
fn a_nested_extension_is_known_in_any_case() {
    let after = flattened(json!({ ENTERPRISE.to_uppercase(): { "DEPARTMENT": "Physics" } }));
    let expected =
        nina_with(json!({ ENTERPRISE: { "department": "Physics", "employeeNumber": "20417" } }));
    assert_eq!(after, expected);
}

#[test]
fn a_declared_extension_is_merged_like_the_enterprise_one() {
    let before = user(json!({ HOCH: { "costUnit": "44", "semester": 3 } }));
    let operations = json!([{ "op": "replace", "value": { HOCH: { "semester": 4 } } }]);
    assert_eq!(
        patched(before, operations),
        user(json!({ HOCH: { "costUnit": "44", "semester": 4 } }))
    );
}

#[test]
fn the_urn_of_an_extension_as_a_path_merges_it() {
    let after = legacy("replace", ENTERPRISE, json!({ "department": "Physics" }));
    let expected =
        nina_with(json!({ ENTERPRISE: { "department": "Physics", "employeeNumber": "20417" } }));
    assert_eq!(after, expected);
}

#[test]
fn a_complex_path_with_an_object_keeps_the_parts_it_does_not_name() {
    let name = json!({ "givenName": "Nina", "familyName": "Hofer" });
    let after = legacy("replace", "name", json!({ "familyName": "Hofer" }));
    assert_eq!(after, nina_with(json!({ "name": name })));
}

#[test]
fn a_complex_addition_keeps_the_parts_it_does_not_name() {
    let name = json!({ "givenName": "Nina", "familyName": "Hofer" });
    let after = legacy("add", "name", json!({ "familyName": "Hofer" }));
    assert_eq!(after, nina_with(json!({ "name": name })));
}
