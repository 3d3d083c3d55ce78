//! One change, spelled as each client spells it (RFC 7644 §3.5.2 and what is
//! sent in its name): one operation for each attribute, flattened keys without
//! a path, nested objects without a path.

use matricula::scim::{PATCH_OP, Rules, ScimType};
use serde_json::{Value, json};

use super::{ENTERPRISE, HOCH, employee, group, is_no_change, outcome, patched, refused, user};

/// A person before any of the changes below.
fn nina() -> Value {
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
fn nina_with(more: Value) -> Value {
    let mut person = nina();
    person.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap());
    person
}

/// A resource after a body in its own frame.
fn after(before: &Value, body: Value) -> Value {
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

// Disabling and enabling, in every spelling that was seen.

fn disabled_by(operation: Value) -> bool {
    patched(nina(), json!([operation])) == nina_with(json!({ "active": false }))
}

#[test]
fn a_capitalised_text_disables() {
    assert!(disabled_by(json!({ "op": "Replace", "path": "active", "value": "False" })));
}

#[test]
fn a_boolean_disables() {
    assert!(disabled_by(json!({ "op": "replace", "path": "active", "value": false })));
}

#[test]
fn a_boolean_under_a_capitalised_operation_disables() {
    assert!(disabled_by(json!({ "op": "Replace", "path": "active", "value": false })));
}

#[test]
fn a_lower_case_text_disables() {
    assert!(disabled_by(json!({ "op": "Replace", "path": "active", "value": "false" })));
}

#[test]
fn an_upper_case_text_disables() {
    assert!(disabled_by(json!({ "op": "Replace", "path": "active", "value": "FALSE" })));
}

#[test]
fn an_addition_of_false_disables() {
    assert!(disabled_by(json!({ "op": "Add", "path": "active", "value": "False" })));
}

#[test]
fn a_boolean_without_a_path_disables() {
    assert!(disabled_by(json!({ "op": "replace", "value": { "active": false } })));
}

#[test]
fn a_text_without_a_path_disables() {
    assert!(disabled_by(json!({ "op": "Replace", "value": { "active": "False" } })));
}

#[test]
fn a_path_with_the_core_urn_disables() {
    let path = "urn:ietf:params:scim:schemas:core:2.0:User:active";
    assert!(disabled_by(json!({ "op": "Replace", "path": path, "value": "False" })));
}

#[test]
fn a_list_of_one_value_disables() {
    let value = json!([{ "$ref": null, "value": "False" }]);
    assert!(disabled_by(json!({ "op": "Replace", "path": "active", "value": value })));
}

#[test]
fn a_text_enables_again() {
    let before = nina_with(json!({ "active": false }));
    let operations = json!([{ "op": "Replace", "path": "active", "value": "True" }]);
    assert_eq!(patched(before, operations), nina());
}

#[test]
fn a_boolean_enables_again() {
    let before = nina_with(json!({ "active": false }));
    let operations = json!([{ "op": "replace", "value": { "active": true } }]);
    assert_eq!(patched(before, operations), nina());
}

#[test]
fn enabling_the_enabled_changes_nothing() {
    let operations = json!([{ "op": "Replace", "path": "active", "value": "True" }]);
    assert!(is_no_change(nina(), operations));
}

// The frame of the body.

#[test]
fn operations_may_stand_before_schemas() {
    let body = r#"{ "Operations": [{ "op": "Replace", "path": "active", "value": false }],
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"] }"#;
    let body = matricula::scim::parse_json(body.as_bytes()).unwrap();
    assert_eq!(after(&nina(), body), nina_with(json!({ "active": false })));
}

#[test]
fn operations_may_be_written_in_lower_case() {
    let body = json!({ "schemas": [PATCH_OP], "operations": [
        { "op": "replace", "path": "active", "value": false },
    ] });
    assert_eq!(after(&nina(), body), nina_with(json!({ "active": false })));
}

#[test]
fn members_of_an_operation_may_be_capitalised() {
    let operations = json!([{ "Op": "replace", "Path": "active", "Value": false }]);
    assert_eq!(patched(nina(), operations), nina_with(json!({ "active": false })));
}

#[test]
fn an_invented_operation_is_refused() {
    let operations = json!([{ "op": "merge", "path": "displayName", "value": "N" }]);
    assert_eq!(refused(nina(), operations), Some(ScimType::InvalidSyntax));
}

#[test]
fn an_operation_without_a_name_is_refused() {
    let operations = json!([{ "path": "displayName", "value": "N" }]);
    assert_eq!(refused(nina(), operations), Some(ScimType::InvalidSyntax));
}

#[test]
fn an_operation_that_is_no_object_is_refused() {
    assert_eq!(refused(nina(), json!(["replace"])), Some(ScimType::InvalidSyntax));
}

#[test]
fn operations_that_are_no_list_are_refused() {
    let operations = json!("replace");
    assert_eq!(refused(nina(), operations), Some(ScimType::InvalidSyntax));
}

#[test]
fn a_body_without_operations_is_refused() {
    let error = outcome(&nina(), json!({ "schemas": [PATCH_OP] }), Rules::default()).unwrap_err();
    assert_eq!((error.status(), error.scim_type()), (400, Some(ScimType::InvalidSyntax)));
}

#[test]
fn a_body_that_is_no_object_is_refused() {
    let error = outcome(&nina(), json!([]), Rules::default()).unwrap_err();
    assert_eq!((error.status(), error.scim_type()), (400, Some(ScimType::InvalidSyntax)));
}

// One operation for every attribute, as Microsoft's validators send them.

#[test]
#[expect(clippy::too_many_lines, reason = "one row for each attribute there is")]
fn a_person_with_a_login_name_only_gains_everything_at_once() {
    let paths = [
        ("displayName", json!("D")),
        ("nickName", json!("N")),
        ("title", json!("T")),
        ("userType", json!("U")),
        ("preferredLanguage", json!("jgo-CM")),
        ("locale", json!("jgo-CM")),
        ("timezone", json!("random")),
        ("profileUrl", json!("https://hoch.example/n")),
        ("externalId", json!("e-1")),
        ("active", json!(true)),
        ("name.givenName", json!("G")),
        ("name.familyName", json!("F")),
        ("name.formatted", json!("G F")),
        ("name.middleName", json!("M")),
        ("name.honorificPrefix", json!("Dr.")),
        ("name.honorificSuffix", json!("III")),
        ("emails[type eq \"work\"].value", json!("w@hoch.example")),
        ("emails[type eq \"home\"].value", json!("h@hoch.example")),
        ("emails[type eq \"other\"].value", json!("o@hoch.example")),
        ("phoneNumbers[type eq \"work\"].value", json!("10-040-1308")),
        ("phoneNumbers[type eq \"mobile\"].value", json!("10-040-1309")),
        ("phoneNumbers[type eq \"fax\"].value", json!("10-040-1310")),
        ("addresses[type eq \"work\"].formatted", json!("B 2.14")),
        ("addresses[type eq \"work\"].streetAddress", json!("Seeweg 4")),
        ("addresses[type eq \"work\"].locality", json!("L")),
        ("addresses[type eq \"work\"].region", json!("R")),
        ("addresses[type eq \"work\"].postalCode", json!("cx47 4mz")),
        ("addresses[type eq \"work\"].country", json!("Sierra Leone")),
        ("roles[primary eq \"True\"].display", json!("Teacher")),
        ("roles[primary eq \"True\"].value", json!("teacher")),
        ("roles[primary eq \"True\"].type", json!("app")),
        (&format!("{ENTERPRISE}:employeeNumber"), json!("1")),
        (&format!("{ENTERPRISE}:costCenter"), json!("2")),
        (&format!("{ENTERPRISE}:organization"), json!("3")),
        (&format!("{ENTERPRISE}:division"), json!("4")),
        (&format!("{ENTERPRISE}:department"), json!("5")),
    ];
    let operations: Value = paths
        .iter()
        .map(|(path, value)| json!({ "op": "add", "path": path, "value": value }))
        .collect();
    let expected = user(json!({
        "displayName": "D", "nickName": "N", "title": "T", "userType": "U",
        "preferredLanguage": "jgo-CM", "locale": "jgo-CM", "timezone": "random",
        "profileUrl": "https://hoch.example/n", "externalId": "e-1", "active": true,
        "name": {
            "givenName": "G", "familyName": "F", "formatted": "G F", "middleName": "M",
            "honorificPrefix": "Dr.", "honorificSuffix": "III",
        },
        "emails": [
            { "type": "work", "value": "w@hoch.example" },
            { "type": "home", "value": "h@hoch.example" },
            { "type": "other", "value": "o@hoch.example" },
        ],
        "phoneNumbers": [
            { "type": "work", "value": "10-040-1308" },
            { "type": "mobile", "value": "10-040-1309" },
            { "type": "fax", "value": "10-040-1310" },
        ],
        "addresses": [{
            "type": "work", "formatted": "B 2.14", "streetAddress": "Seeweg 4", "locality": "L",
            "region": "R", "postalCode": "cx47 4mz", "country": "Sierra Leone",
        }],
        "roles": [{ "primary": true, "display": "Teacher", "value": "teacher", "type": "app" }],
        ENTERPRISE: {
            "employeeNumber": "1", "costCenter": "2", "organization": "3", "division": "4",
            "department": "5",
        },
    }));
    assert_eq!(patched(user(json!({})), operations), expected);
}

#[test]
fn the_clearing_form_of_the_validation_empties_slots_and_attributes_at_once() {
    let after = patched(
        nina(),
        json!([
            { "op": "replace", "path": "emails[type eq \"work\"].value", "value": null },
            { "op": "replace", "value": {
                "displayName": null,
                format!("{ENTERPRISE}:department"): null,
                format!("{ENTERPRISE}:employeeNumber"): null,
            } },
        ]),
    );
    assert!(after.get("displayName").is_none());
    assert!(after.get(ENTERPRISE).is_none());
    assert!(!super::finds(r#"emails[type eq "work"].value pr"#, after));
}

// A group renamed.

#[test]
fn a_group_is_renamed_by_a_path() {
    let operations = json!([{ "op": "Replace", "path": "displayName", "value": "Math 1A (2026)" }]);
    assert_eq!(patched(group(json!({})), operations)["displayName"], "Math 1A (2026)");
}

#[test]
fn a_group_is_renamed_without_a_path() {
    let operations = json!([{ "op": "replace", "value": { "displayName": "Math 1A (2026)" } }]);
    assert_eq!(patched(group(json!({})), operations)["displayName"], "Math 1A (2026)");
}

#[test]
fn a_group_gains_the_identifier_of_the_client_without_a_path() {
    let operations = json!([{ "op": "replace", "value": { "externalId": "1d7a" } }]);
    assert_eq!(patched(group(json!({})), operations)["externalId"], "1d7a");
}
