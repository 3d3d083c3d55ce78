//! Disabling people in every spelling that was seen, and what may stand around
//! the operations of a PATCH.

use matricula::scim::{PATCH_OP, Rules, ScimType};
use serde_json::{Value, json};

use super::patch_dialects::{after, nina, nina_with};
use super::{ENTERPRISE, group, is_no_change, outcome, patched, refused, user};

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
