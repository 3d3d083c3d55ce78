//! What a PATCH leaves as it is: equal values, read-only and unknown
//! attributes, and everything where an operation is refused.

use matricula::scim::{Rules, ScimType, Unknown};
use serde_json::{Value, json};

use super::patch_rules::{home, with_emails, work};
use super::{is_no_change, outcome, patch_body, patched, refusal, refused, user};

// Nothing new is no change.

#[test]
fn adding_an_equal_value_changes_nothing() {
    let operations = json!([{ "op": "add", "path": "title", "value": "Lecturer" }]);
    assert!(is_no_change(user(json!({ "title": "Lecturer" })), operations));
}

#[test]
fn adding_an_equal_element_changes_nothing() {
    let operations = json!([{ "op": "add", "path": "emails", "value": [work()] }]);
    assert!(is_no_change(with_emails(json!([work(), home()])), operations));
}

#[test]
fn adding_an_equal_element_in_other_order_of_its_parts_changes_nothing() {
    let operations = json!([{ "op": "add", "path": "emails",
        "value": [{ "value": "nina@hoch.example", "type": "work" }] }]);
    assert!(is_no_change(with_emails(json!([work()])), operations));
}

#[test]
fn replacing_by_an_equal_value_changes_nothing() {
    let operations =
        json!([{ "op": "replace", "path": "name", "value": { "familyName": "Berg" } }]);
    let before = user(json!({ "name": { "givenName": "Nina", "familyName": "Berg" } }));
    assert!(is_no_change(before, operations));
}

#[test]
fn setting_a_value_and_setting_it_back_changes_nothing() {
    let operations = json!([
        { "op": "replace", "path": "title", "value": "New" },
        { "op": "replace", "path": "title", "value": "Old" },
    ]);
    assert!(is_no_change(user(json!({ "title": "Old" })), operations));
}

#[test]
fn a_value_in_another_case_is_a_change() {
    let operations = json!([{ "op": "replace", "path": "displayName", "value": "NINA" }]);
    let after = patched(user(json!({ "displayName": "Nina" })), operations);
    assert_eq!(after, user(json!({ "displayName": "NINA" })));
}

// One primary element.

#[test]
fn a_new_primary_element_takes_over() {
    let before = with_emails(json!([{ "type": "work", "value": "a@b", "primary": true }, home()]));
    let operations =
        json!([{ "op": "replace", "path": "emails[type eq \"home\"].primary", "value": true }]);
    let primary = patched(before, operations)["emails"]
        .as_array()
        .unwrap()
        .iter()
        .map(|email| email["primary"] == true)
        .collect::<Vec<_>>();
    assert_eq!(primary, [false, true]);
}

#[test]
fn an_added_primary_element_takes_over() {
    let before = with_emails(json!([{ "type": "work", "value": "a@b", "primary": true }]));
    let operations = json!([{ "op": "add", "path": "emails",
        "value": [{ "type": "home", "value": "c@d", "primary": true }] }]);
    let after = patched(before, operations);
    assert!(super::finds(r#"emails[type eq "home" and primary eq true]"#, after.clone()));
    assert!(!super::finds(r#"emails[type eq "work" and primary eq true]"#, after));
}

#[test]
fn a_new_primary_role_made_in_its_slot_takes_over() {
    let before = user(json!({ "roles": [{ "value": "student", "type": "a", "primary": true }] }));
    let path = r#"roles[type eq "b" and primary eq true].value"#;
    let operations = json!([{ "op": "add", "path": path, "value": "teacher" }]);
    let after = patched(before, operations);
    assert!(super::finds(r#"roles[value eq "teacher" and primary eq true]"#, after.clone()));
    assert!(!super::finds(r#"roles[value eq "student" and primary eq true]"#, after));
}

// What no client may write, and what no schema knows.

#[test]
fn an_equal_id_is_accepted() {
    let operations =
        json!([{ "op": "replace", "value": { "id": "g-17", "displayName": "Math 1B" } }]);
    let before = super::group(json!({ "id": "g-17" }));
    assert_eq!(patched(before, operations)["displayName"], "Math 1B");
}

#[test]
fn another_id_is_refused() {
    let operations =
        json!([{ "op": "replace", "value": { "id": "g-18", "displayName": "Math 1B" } }]);
    let before = super::group(json!({ "id": "g-17" }));
    assert_eq!(refused(before, operations), Some(ScimType::Mutability));
}

#[test]
fn an_id_cannot_be_removed() {
    let operations = json!([{ "op": "remove", "path": "id" }]);
    assert_eq!(refused(user(json!({ "id": "u-1" })), operations), Some(ScimType::Mutability));
}

#[test]
fn the_groups_of_a_person_are_not_written_here() {
    let before = user(json!({ "groups": [{ "value": "g-17" }] }));
    let operations = json!([{ "op": "add", "path": "groups", "value": [{ "value": "g-18" }] }]);
    // Passing the write over is as right as refusing it.
    match outcome(&before, patch_body(operations), Rules::default()) {
        Ok((after, _)) => assert_eq!(after, before),
        Err(error) => assert_eq!(error.scim_type(), Some(ScimType::Mutability)),
    }
}

#[test]
fn the_time_of_creation_is_not_written_here() {
    let before = user(json!({ "meta": { "created": "2026-03-04T09:15:27Z" } }));
    let operations =
        json!([{ "op": "replace", "path": "meta.created", "value": "2020-01-01T00:00:00Z" }]);
    assert_eq!(refused(before, operations), Some(ScimType::Mutability));
}

fn under(unknown: Unknown, operations: Value) -> Result<(Value, bool), Option<ScimType>> {
    let rules = Rules { unknown, ..Rules::default() };
    outcome(&user(json!({})), patch_body(operations), rules).map_err(|error| error.scim_type())
}

#[test]
fn an_unknown_attribute_is_kept_as_sent() {
    let operations = json!([{ "op": "Replace", "path": "shoeSize", "value": "41" }]);
    let expected = user(json!({ "shoeSize": "41" }));
    assert_eq!(under(Unknown::Keep, operations), Ok((expected, true)));
}

#[test]
fn an_unknown_attribute_may_be_passed_over() {
    let operations = json!([
        { "op": "Replace", "path": "shoeSize", "value": "41" },
        { "op": "Replace", "path": "title", "value": "Lecturer" },
    ]);
    let expected = user(json!({ "title": "Lecturer" }));
    assert_eq!(under(Unknown::Ignore, operations), Ok((expected, true)));
}

#[test]
fn an_unknown_attribute_may_be_refused() {
    let operations = json!([{ "op": "Replace", "path": "shoeSize", "value": "41" }]);
    assert_eq!(under(Unknown::Reject, operations), Err(Some(ScimType::InvalidPath)));
}

#[test]
fn an_unknown_key_without_a_path_is_kept_as_sent() {
    let operations = json!([{ "op": "replace", "value": { "shoeSize": "41" } }]);
    let expected = user(json!({ "shoeSize": "41" }));
    assert_eq!(under(Unknown::Keep, operations), Ok((expected, true)));
}

#[test]
fn an_unknown_key_without_a_path_may_be_passed_over() {
    let operations = json!([{ "op": "replace", "value": { "shoeSize": "41", "title": "T" } }]);
    assert_eq!(under(Unknown::Ignore, operations), Ok((user(json!({ "title": "T" })), true)));
}

#[test]
fn an_unknown_key_without_a_path_may_be_refused() {
    let operations = json!([{ "op": "replace", "value": { "shoeSize": "41" } }]);
    assert_eq!(under(Unknown::Reject, operations), Err(Some(ScimType::InvalidPath)));
}

#[test]
fn an_unknown_extension_may_be_passed_over() {
    let operations = json!([
        { "op": "add", "path": "urn:example:other:2.0:User:shoeSize", "value": "41" },
        { "op": "add", "path": "title", "value": "T" },
    ]);
    assert_eq!(under(Unknown::Ignore, operations), Ok((user(json!({ "title": "T" })), true)));
}

// Paths that are none.

#[test]
fn a_path_that_cannot_be_read_is_refused() {
    for path in [
        "emails[type eq",
        "name..familyName",
        "emails[type eq \"work\"]value",
        "a b",
        "emails[]",
        ".x",
    ] {
        let operations = json!([{ "op": "replace", "path": path, "value": "x" }]);
        assert_eq!(refused(user(json!({})), operations), Some(ScimType::InvalidPath), "{path}");
    }
}

#[test]
fn a_path_that_is_no_text_is_refused() {
    let operations = json!([{ "op": "replace", "path": 7, "value": "x" }]);
    let scim_type = refused(user(json!({})), operations);
    assert!(matches!(scim_type, Some(ScimType::InvalidPath | ScimType::InvalidSyntax)));
}

#[test]
fn a_filter_on_a_single_value_is_refused() {
    let operations = json!([{ "op": "replace", "path": "title[value eq \"x\"]", "value": "x" }]);
    let scim_type = refused(user(json!({})), operations);
    assert!(matches!(scim_type, Some(ScimType::InvalidPath | ScimType::InvalidFilter)));
}

#[test]
fn the_detail_of_a_refusal_names_the_path() {
    let operations = json!([{ "op": "replace", "path": "active", "value": "perhaps" }]);
    let error = refusal(user(json!({})), operations);
    assert!(error.detail().contains("active"), "{error}");
}

#[test]
fn an_error_is_shown_with_its_status_as_text() {
    let operations = json!([{ "op": "replace", "path": "active", "value": "perhaps" }]);
    let body = serde_json::to_value(refusal(user(json!({})), operations)).unwrap();
    assert_eq!(body["schemas"], json!(["urn:ietf:params:scim:api:messages:2.0:Error"]));
    assert_eq!(body["status"], "400");
    assert_eq!(body["scimType"], "invalidValue");
    assert!(body["detail"].is_string());
}
