//! Facts that did not hold at first, found by reading the sources anew.

use matricula::scim::ScimType;
use serde_json::json;

use super::roles::{spelled_out, teacher, with_roles};
use super::{ENTERPRISE, employee, finds, group, group_of, patched, put, refused, user};

#[test]
fn every_user_has_the_core_schema() {
    let filter = r#"schemas eq "urn:ietf:params:scim:schemas:core:2.0:User""#;
    assert!(finds(filter, user(json!({}))));
}

#[test]
fn the_schemas_in_use_can_be_searched() {
    let filter = format!(r#"schemas eq "{ENTERPRISE}""#);
    assert!(finds(&filter, employee(json!({ "department": "Math" }))));
    assert!(!finds(&filter, user(json!({}))));
}

#[test]
fn a_member_without_an_id_is_refused() {
    let operations = json!([{ "op": "add", "path": "members", "value": [{ "display": "Nina" }] }]);
    assert_eq!(refused(group_of(&["u-1"]), operations), Some(ScimType::InvalidValue));
}

#[test]
fn a_put_with_an_empty_list_empties_the_group() {
    let (after, _) = put(&group_of(&["u-1"]), group(json!({ "members": [] })));
    assert_eq!(after, group(json!({})));
}

#[test]
fn the_login_name_cannot_be_removed() {
    let operations = json!([{ "op": "remove", "path": "userName" }]);
    assert_eq!(refused(user(json!({})), operations), Some(ScimType::Mutability));
}

#[test]
fn the_name_of_a_group_cannot_be_removed() {
    let operations = json!([{ "op": "remove", "path": "displayName" }]);
    assert_eq!(refused(group(json!({})), operations), Some(ScimType::Mutability));
}

#[test]
fn json_in_place_of_the_element_is_taken_apart() {
    let operations =
        json!([{ "op": "Add", "path": "roles", "value": [spelled_out("teacher", "Teacher")] }]);
    assert_eq!(patched(user(json!({})), operations), with_roles(json!([teacher()])));
}

#[test]
fn json_in_place_of_the_list_is_taken_apart() {
    let operations =
        json!([{ "op": "Add", "path": "roles", "value": spelled_out("teacher", "Teacher") }]);
    assert_eq!(patched(user(json!({})), operations), with_roles(json!([teacher()])));
}

#[test]
fn a_replacing_list_without_any_id_does_not_empty_the_group() {
    for value in [json!([{ "$ref": null }]), json!([null]), json!([{ "value": "" }])] {
        let operations = json!([{ "op": "replace", "path": "members", "value": value }]);
        let before = group_of(&["u-1", "u-2"]);
        let refused =
            super::outcome(&before, super::patch_body(operations), super::Rules::default());
        assert_eq!(refused.map_err(|error| error.status()), Err(400), "{value}");
    }
}

#[test]
fn a_member_without_an_id_among_others_is_refused() {
    let operations = json!([{ "op": "add", "path": "members",
        "value": [{ "value": "u-2" }, { "$ref": null, "value": null }] }]);
    assert_eq!(refused(group_of(&["u-1"]), operations), Some(ScimType::InvalidValue));
}

#[test]
fn a_put_with_a_member_without_an_id_is_refused() {
    let body = group(json!({ "members": [{ "display": "Nina" }] }));
    assert!(super::ResourceType::group().replace(body, super::Rules::default()).is_err());
}

#[test]
fn null_unassigns_a_whole_extension() {
    let operations = json!([{ "op": "replace", "path": ENTERPRISE, "value": null }]);
    assert_eq!(patched(employee(json!({ "department": "Math" })), operations), user(json!({})));
}

#[test]
fn null_without_a_path_unassigns_a_whole_extension() {
    let operations = json!([{ "op": "replace", "value": { ENTERPRISE: null } }]);
    assert_eq!(patched(employee(json!({ "department": "Math" })), operations), user(json!({})));
}

#[test]
fn a_put_of_the_same_members_without_their_names_changes_nothing() {
    let before = group(json!({ "members": [
        { "value": "u-1", "display": "Nina", "$ref": "../Users/u-1" },
    ] }));
    assert_eq!(put(&before, group_of(&["u-1"])), (before, false));
}

#[test]
fn replacing_the_members_by_the_same_without_their_names_changes_nothing() {
    let before = group(json!({ "members": [{ "value": "u-1", "display": "Nina" }] }));
    let operations = json!([{ "op": "replace", "path": "members", "value": [{ "value": "u-1" }] }]);
    assert!(super::is_no_change(before, operations));
}

#[test]
fn a_put_of_the_same_manager_without_the_name_changes_nothing() {
    let before = employee(json!({ "manager": {
        "value": "u-7", "displayName": "Boss", "$ref": "../Users/u-7",
    } }));
    assert_eq!(put(&before, employee(json!({ "manager": { "value": "u-7" } }))), (before, false));
}

#[test]
fn the_same_manager_again_keeps_what_is_known_of_it() {
    let before = employee(json!({ "manager": { "value": "u-7", "displayName": "Boss" } }));
    for path in ["manager".to_owned(), format!("{ENTERPRISE}:manager.value")] {
        let operations = json!([{ "op": "Add", "path": path, "value": "u-7" }]);
        assert!(super::is_no_change(before.clone(), operations), "{path}");
    }
}

#[test]
fn the_kind_of_a_member_is_not_changed_by_an_addition() {
    let before = group(json!({ "members": [{ "value": "u-1", "type": "User" }] }));
    let operations = json!([{ "op": "add", "path": "members",
        "value": [{ "value": "u-1", "type": "Group" }] }]);
    assert_eq!(patched(before.clone(), operations)["members"][0], before["members"][0]);
}

#[test]
fn a_role_from_a_creation_is_not_doubled_by_its_legacy_spelling() {
    let before = with_roles(json!([
        { "primary": false, "type": "app", "display": "Teacher", "value": "teacher" },
    ]));
    let operations = json!([{ "op": "Add", "path": "roles",
        "value": [{ "value": spelled_out("teacher", "Teacher") }] }]);
    assert_eq!(patched(before, operations)["roles"].as_array().unwrap().len(), 1);
}

#[test]
fn a_urn_that_begins_like_a_registered_one_is_another() {
    let urn = format!("{ENTERPRISE}Extra");
    let body = user(json!({ urn.as_str(): { "shoeSize": 38 } }));
    let (after, changed) = put(&body, body.clone());
    assert!(!changed);
    assert_eq!(after, body);
}
