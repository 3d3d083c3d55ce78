//! The manager of a person, in every shape in which clients write one. The
//! manager stands inside the enterprise extension, as an object with the id.

use matricula::scim::ScimType;
use serde_json::{Value, json};

use super::{ENTERPRISE, created, employee, is_no_change, patched, refused, user};

const PATH: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager";

fn managed_by(id: &str) -> Value {
    employee(json!({ "manager": { "value": id } }))
}

fn after(before: Value, op: &str, path: &str, value: Value) -> Value {
    patched(before, json!([{ "op": op, "path": path, "value": value }]))
}

// Setting.

#[test]
fn a_bare_id_sets_the_manager() {
    assert_eq!(after(user(json!({})), "Add", PATH, json!("u-0007")), managed_by("u-0007"));
}

#[test]
fn an_object_sets_the_manager() {
    let value = json!({ "value": "u-0007" });
    assert_eq!(after(user(json!({})), "add", PATH, value), managed_by("u-0007"));
}

#[test]
fn a_list_of_one_object_sets_the_manager() {
    let value = json!([{ "value": "u-0007" }]);
    assert_eq!(after(user(json!({})), "add", PATH, value), managed_by("u-0007"));
}

#[test]
fn a_list_with_a_reference_on_the_short_path_sets_the_manager() {
    let value = json!([{ "$ref": "https://gw.example/scim/v2/Users/u-0007", "value": "u-0007" }]);
    let after = after(user(json!({})), "Add", "manager", value);
    assert_eq!(after[ENTERPRISE]["manager"]["value"], "u-0007");
    assert!(after.get("manager").is_none());
}

#[test]
fn a_bare_id_on_the_short_path_sets_the_manager() {
    assert_eq!(after(user(json!({})), "Add", "manager", json!("u-0007")), managed_by("u-0007"));
}

#[test]
fn the_path_to_the_value_sets_the_manager() {
    let path = format!("{PATH}.value");
    assert_eq!(after(user(json!({})), "add", &path, json!("u-0007")), managed_by("u-0007"));
}

#[test]
fn a_key_with_a_urn_sets_the_manager() {
    let operations = json!([{ "op": "replace", "value": { PATH: "u-0007" } }]);
    assert_eq!(patched(user(json!({})), operations), managed_by("u-0007"));
}

#[test]
fn a_nested_extension_sets_the_manager() {
    for manager in [json!("u-0007"), json!({ "value": "u-0007" })] {
        let operations =
            json!([{ "op": "replace", "value": { ENTERPRISE: { "manager": manager } } }]);
        assert_eq!(patched(user(json!({})), operations), managed_by("u-0007"));
    }
}

#[test]
fn a_null_reference_beside_the_id_is_ignored() {
    let value = json!([{ "$ref": null, "value": "u-0007" }]);
    assert_eq!(after(user(json!({})), "Add", PATH, value), managed_by("u-0007"));
}

#[test]
fn the_path_is_read_in_any_case() {
    let path = PATH.to_uppercase();
    assert_eq!(after(user(json!({})), "Add", &path, json!("u-0007")), managed_by("u-0007"));
}

#[test]
fn a_manager_leaves_the_department_alone() {
    let after = after(employee(json!({ "department": "Math" })), "Add", PATH, json!("u-0007"));
    assert_eq!(after, employee(json!({ "department": "Math", "manager": { "value": "u-0007" } })));
}

#[test]
fn the_id_of_a_manager_keeps_its_case() {
    assert_eq!(after(user(json!({})), "Add", PATH, json!("U-aB")), managed_by("U-aB"));
}

#[test]
fn a_reference_alone_sets_the_manager() {
    for url in ["https://gw.example/scim/v2/Users/u-0007", "../Users/u-0007"] {
        let value = json!({ "$ref": url, "displayName": "Otto Boss" });
        assert_eq!(after(managed_by("u-0009"), "replace", PATH, value), managed_by("u-0007"));
    }
}

// Changing.

#[test]
fn a_bare_id_changes_the_manager() {
    assert_eq!(after(managed_by("u-0007"), "replace", PATH, json!("u-0009")), managed_by("u-0009"));
}

#[test]
fn a_bare_id_added_changes_the_manager() {
    assert_eq!(after(managed_by("u-0007"), "Add", PATH, json!("u-0009")), managed_by("u-0009"));
}

#[test]
fn the_path_to_the_value_changes_the_manager() {
    let path = format!("{PATH}.value");
    assert_eq!(
        after(managed_by("u-0007"), "replace", &path, json!("u-0009")),
        managed_by("u-0009")
    );
}

#[test]
fn what_was_known_of_the_old_manager_goes_with_it() {
    let before = employee(json!({ "manager": {
        "value": "u-0007", "$ref": "../Users/u-0007", "displayName": "Old",
    } }));
    for path in [PATH.to_owned(), format!("{PATH}.value")] {
        assert_eq!(after(before.clone(), "replace", &path, json!("u-0009")), managed_by("u-0009"));
    }
}

#[test]
fn the_same_manager_again_changes_nothing() {
    let operations = json!([{ "op": "Add", "path": PATH, "value": "u-0007" }]);
    assert!(is_no_change(managed_by("u-0007"), operations));
}

// Clearing.

#[test]
fn an_empty_text_clears_the_manager() {
    assert_eq!(after(managed_by("u-0007"), "replace", PATH, json!("")), user(json!({})));
}

#[test]
fn null_clears_the_manager() {
    assert_eq!(after(managed_by("u-0007"), "replace", PATH, json!(null)), user(json!({})));
}

#[test]
fn an_object_with_an_empty_value_clears_the_manager() {
    assert_eq!(
        after(managed_by("u-0007"), "replace", PATH, json!({ "value": "" })),
        user(json!({}))
    );
}

#[test]
fn an_object_with_a_null_value_clears_the_manager() {
    let value = json!({ "value": null });
    assert_eq!(after(managed_by("u-0007"), "replace", PATH, value), user(json!({})));
}

#[test]
fn an_object_with_an_empty_value_clears_a_manager_with_a_name() {
    let before = employee(json!({ "manager": { "value": "u-0007", "displayName": "Old" } }));
    assert_eq!(after(before, "replace", PATH, json!({ "value": "" })), user(json!({})));
}

#[test]
fn an_empty_list_clears_the_manager() {
    assert_eq!(after(managed_by("u-0007"), "replace", PATH, json!([])), user(json!({})));
}

#[test]
fn an_empty_text_at_the_value_clears_the_manager() {
    let path = format!("{PATH}.value");
    let before = employee(json!({ "manager": { "value": "u-0007", "displayName": "Old" } }));
    assert_eq!(after(before, "replace", &path, json!("")), user(json!({})));
}

#[test]
fn an_empty_text_on_the_short_path_clears_the_manager() {
    assert_eq!(after(managed_by("u-0007"), "replace", "manager", json!("")), user(json!({})));
}

#[test]
fn a_removal_clears_the_manager() {
    let operations = json!([{ "op": "Remove", "path": PATH }]);
    assert_eq!(patched(managed_by("u-0007"), operations), user(json!({})));
}

#[test]
fn a_removal_with_the_id_clears_the_manager() {
    assert_eq!(after(managed_by("u-0007"), "Remove", PATH, json!("u-0007")), user(json!({})));
}

#[test]
fn clearing_a_manager_leaves_the_department_alone() {
    let before = employee(json!({ "department": "Math", "manager": { "value": "u-0007" } }));
    assert_eq!(
        after(before, "replace", PATH, json!("")),
        employee(json!({ "department": "Math" }))
    );
}

#[test]
fn clearing_no_manager_is_a_success() {
    for value in [json!(""), json!(null), json!({ "value": "" })] {
        let operations = json!([{ "op": "replace", "path": PATH, "value": value }]);
        assert!(is_no_change(user(json!({})), operations));
    }
}

#[test]
fn set_change_and_clear_follow_each_other() {
    let set = after(user(json!({})), "Add", PATH, json!("u-0007"));
    let changed = after(set, "replace", PATH, json!("u-0009"));
    assert_eq!(changed, managed_by("u-0009"));
    assert_eq!(after(changed, "replace", PATH, json!("")), user(json!({})));
}

#[test]
fn an_object_that_says_nothing_clears_the_manager() {
    for value in [json!({}), json!({ "$ref": null }), json!({ "$ref": "", "displayName": null })] {
        assert_eq!(after(managed_by("u-0007"), "replace", PATH, value), user(json!({})));
    }
}

// Refusals and bodies.

#[test]
fn a_manager_without_an_id_is_not_nobody() {
    for value in [
        json!({ "displayName": "Otto Boss" }),
        json!({ "$ref": "https://gw.example/scim/v2/Groups/4" }),
        json!({ "$ref": "https://gw.example/scim/v2/Users/" }),
    ] {
        let operations = json!([{ "op": "replace", "path": PATH, "value": value }]);
        assert_eq!(refused(managed_by("u-0007"), operations), Some(ScimType::InvalidValue));
    }
}

#[test]
fn two_managers_are_refused() {
    let value = json!([{ "value": "u-0007" }, { "value": "u-0009" }]);
    let operations = json!([{ "op": "Add", "path": PATH, "value": value }]);
    assert_eq!(refused(user(json!({})), operations), Some(ScimType::InvalidValue));
}

#[test]
fn a_boolean_is_no_manager() {
    let operations = json!([{ "op": "Add", "path": PATH, "value": true }]);
    assert_eq!(refused(user(json!({})), operations), Some(ScimType::InvalidValue));
}

#[test]
fn a_person_may_be_created_with_a_manager() {
    for manager in [json!("u-0007"), json!({ "value": "u-0007" }), json!([{ "value": "u-0007" }])] {
        assert_eq!(created(employee(json!({ "manager": manager }))), managed_by("u-0007"));
    }
}

#[test]
fn a_person_may_be_created_with_an_emptied_manager() {
    for manager in [json!(""), json!(null), json!({ "value": "" }), json!({ "value": null })] {
        assert_eq!(created(employee(json!({ "manager": manager }))), user(json!({})));
    }
}

#[test]
fn a_manager_by_name_alone_is_passed_over_in_a_whole_body() {
    let manager = json!({ "displayName": "Otto Boss" });
    assert_eq!(created(employee(json!({ "manager": manager }))), user(json!({})));
}
