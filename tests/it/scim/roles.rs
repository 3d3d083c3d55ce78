//! The roles of a person, as the three role functions of Entra write them: one
//! primary role, JSON inside of text, and whole lists.

use serde_json::{Value, json};

use super::{created, is_no_change, patched, user};

pub(super) fn with_roles(roles: Value) -> Value {
    user(json!({ "roles": roles }))
}

pub(super) fn teacher() -> Value {
    json!({ "value": "teacher", "display": "Teacher" })
}

/// A role as text: the app role as Entra knows it.
pub(super) fn spelled_out(value: &str, name: &str) -> Value {
    json!({ "id": "0b6f1f1e-8d2c-4a51-8d5e-7d2f6e3c9a10", "value": value, "displayName": name })
        .to_string()
        .into()
}

// One primary role.

#[test]
fn a_person_is_created_with_one_primary_role() {
    let roles =
        json!([{ "primary": true, "type": "WindowsAzureActiveDirectoryRole", "value": "Teacher" }]);
    assert_eq!(created(with_roles(roles.clone())), with_roles(roles));
}

#[test]
fn a_person_is_created_with_a_primary_role_marked_by_a_text() {
    let roles = json!([{ "primary": "True", "value": "teacher", "display": "Teacher" }]);
    let expected = json!([{ "primary": true, "value": "teacher", "display": "Teacher" }]);
    assert_eq!(created(with_roles(roles)), with_roles(expected));
}

#[test]
fn the_primary_role_is_set_by_its_slot() {
    let operations =
        json!([{ "op": "Add", "path": "roles[primary eq \"True\"].value", "value": "teacher" }]);
    let expected = with_roles(json!([{ "primary": true, "value": "teacher" }]));
    assert_eq!(patched(user(json!({})), operations), expected);
}

#[test]
fn three_parts_of_the_primary_role_make_one_role() {
    let operations = json!([
        { "op": "add", "path": "roles[primary eq \"True\"].display", "value": "Teacher" },
        { "op": "add", "path": "roles[primary eq \"True\"].value", "value": "teacher" },
        { "op": "add", "path": "roles[primary eq \"True\"].type", "value": "app" },
    ]);
    let role = json!({ "primary": true, "display": "Teacher", "value": "teacher", "type": "app" });
    assert_eq!(patched(user(json!({})), operations), with_roles(json!([role])));
}

#[test]
fn the_primary_role_is_replaced_in_its_slot() {
    let before = with_roles(json!([{ "primary": true, "value": "student", "type": "app" }]));
    let operations = json!([{ "op": "replace", "path": "roles[primary eq \"True\"].value", "value": "teacher" }]);
    let expected = with_roles(json!([{ "primary": true, "value": "teacher", "type": "app" }]));
    assert_eq!(patched(before, operations), expected);
}

#[test]
fn a_role_that_is_not_primary_is_not_the_primary_one() {
    let before = with_roles(json!([{ "value": "student", "type": "app" }]));
    let operations =
        json!([{ "op": "Add", "path": "roles[primary eq \"True\"].value", "value": "teacher" }]);
    let after = patched(before, operations);
    assert!(super::finds(r#"roles[value eq "student"]"#, after.clone()));
    assert!(super::finds(r#"roles[value eq "teacher" and primary eq true]"#, after));
}

#[test]
fn a_primary_role_is_added_as_an_element() {
    let role =
        json!({ "primary": true, "type": "WindowsAzureActiveDirectoryRole", "value": "Teacher" });
    let operations = json!([{ "op": "Add", "path": "roles", "value": [role] }]);
    assert_eq!(patched(user(json!({})), operations), with_roles(json!([role])));
}

// JSON inside of text.

#[test]
fn json_inside_of_the_value_is_taken_apart() {
    let operations = json!([{ "op": "Add", "path": "roles",
        "value": [{ "value": spelled_out("teacher", "Teacher") }] }]);
    assert_eq!(patched(user(json!({})), operations), with_roles(json!([teacher()])));
}

#[test]
fn several_spelled_out_roles_are_several_roles() {
    let operations = json!([{ "op": "Add", "path": "roles", "value": [
        { "value": spelled_out("teacher", "Teacher") },
        { "value": spelled_out("tutor", "Tutor") },
    ] }]);
    let tutor = json!({ "value": "tutor", "display": "Tutor" });
    assert_eq!(patched(user(json!({})), operations), with_roles(json!([teacher(), tutor])));
}

#[test]
fn a_spelled_out_role_is_added_to_the_others() {
    let student = json!({ "value": "student", "display": "Student" });
    let operations = json!([{ "op": "Add", "path": "roles",
        "value": [{ "value": spelled_out("teacher", "Teacher") }] }]);
    let after = patched(with_roles(json!([student])), operations);
    assert_eq!(after, with_roles(json!([student, teacher()])));
}

#[test]
fn a_spelled_out_role_that_is_there_changes_nothing() {
    let operations = json!([{ "op": "Add", "path": "roles",
        "value": [{ "value": spelled_out("teacher", "Teacher") }] }]);
    assert!(is_no_change(with_roles(json!([teacher()])), operations));
}

#[test]
fn a_person_may_be_created_with_spelled_out_roles() {
    let roles = json!([{ "value": spelled_out("teacher", "Teacher") }]);
    assert_eq!(created(with_roles(roles)), with_roles(json!([teacher()])));
}

#[test]
fn a_value_that_only_looks_like_json_is_kept() {
    let roles = json!([{ "value": "{teacher" }]);
    assert_eq!(created(with_roles(roles.clone())), with_roles(roles));
}

#[test]
fn json_without_a_value_inside_is_kept() {
    let roles = json!([{ "value": r#"{"a":1}"# }]);
    assert_eq!(created(with_roles(roles.clone())), with_roles(roles));
}

// Whole lists.

#[test]
fn a_display_name_of_a_role_is_its_display() {
    let roles =
        json!([{ "primary": false, "type": "app", "displayName": "Teacher", "value": "teacher" }]);
    let expected =
        json!([{ "primary": false, "type": "app", "display": "Teacher", "value": "teacher" }]);
    assert_eq!(created(with_roles(roles)), with_roles(expected));
}

#[test]
fn several_roles_that_are_not_primary_are_all_kept() {
    let roles = json!([
        { "primary": false, "type": "app", "display": "Teacher", "value": "teacher" },
        { "primary": false, "type": "app", "display": "Tutor", "value": "tutor" },
    ]);
    assert_eq!(created(with_roles(roles.clone())), with_roles(roles));
}

#[test]
fn a_replaced_list_is_the_exact_set() {
    let before = with_roles(json!([{ "value": "student" }, { "value": "tutor" }]));
    let operations = json!([{ "op": "replace", "path": "roles", "value": [teacher()] }]);
    assert_eq!(patched(before, operations), with_roles(json!([teacher()])));
}

#[test]
fn a_list_replaced_by_an_empty_one_removes_every_role() {
    let operations = json!([{ "op": "replace", "path": "roles", "value": [] }]);
    assert_eq!(patched(with_roles(json!([teacher()])), operations), user(json!({})));
}

#[test]
fn an_added_list_keeps_the_roles_that_are_there() {
    let operations = json!([{ "op": "add", "path": "roles", "value": [{ "value": "tutor" }] }]);
    let after = patched(with_roles(json!([teacher()])), operations);
    assert_eq!(after, with_roles(json!([teacher(), { "value": "tutor" }])));
}

#[test]
fn an_empty_list_of_roles_in_a_new_person_is_none() {
    assert_eq!(created(with_roles(json!([]))), user(json!({})));
}

#[test]
fn a_role_is_removed_by_a_filter() {
    let before = with_roles(json!([teacher(), { "value": "tutor" }]));
    let operations = json!([{ "op": "remove", "path": "roles[value eq \"tutor\"]" }]);
    assert_eq!(patched(before, operations), with_roles(json!([teacher()])));
}

#[test]
fn a_role_is_removed_by_its_value() {
    let before = with_roles(json!([teacher(), { "value": "tutor" }]));
    let operations = json!([{ "op": "Remove", "path": "roles", "value": [{ "value": "tutor" }] }]);
    assert_eq!(patched(before, operations), with_roles(json!([teacher()])));
}

#[test]
fn a_spelled_out_role_is_removed_by_what_it_means() {
    let before = with_roles(json!([teacher(), { "value": "tutor" }]));
    let operations = json!([{ "op": "Remove", "path": "roles",
        "value": [{ "value": spelled_out("teacher", "Teacher") }] }]);
    assert_eq!(patched(before, operations), with_roles(json!([{ "value": "tutor" }])));
}
