//! The members of a group: added, removed and replaced in both dialects of
//! Entra and as Okta, authentik, Keycloak and `JumpCloud` do it.

use matricula::scim::ScimType;
use serde_json::{Value, json};

use super::{
    created, group, group_of, is_no_change, patched, patched_strictly, put, refused, without,
};

fn after(before: &[&str], op: &str, path: &str, value: Value) -> Value {
    patched(group_of(before), json!([{ "op": op, "path": path, "value": value }]))
}

// Adding.

#[test]
fn members_with_null_references_are_added() {
    let value = json!([{ "$ref": null, "value": "u-1" }, { "$ref": null, "value": "u-2" }]);
    assert_eq!(after(&[], "Add", "members", value), group_of(&["u-1", "u-2"]));
}

#[test]
fn members_are_added_to_those_that_are_there() {
    assert_eq!(
        after(&["u-1"], "Add", "members", json!([{ "value": "u-2" }])),
        group_of(&["u-1", "u-2"])
    );
}

#[test]
fn a_member_that_is_there_is_not_doubled() {
    assert_eq!(after(&["u-1"], "Add", "members", json!([{ "value": "u-1" }])), group_of(&["u-1"]));
}

#[test]
fn adding_a_member_that_is_there_changes_nothing() {
    let operations =
        json!([{ "op": "Add", "path": "members", "value": [{ "$ref": null, "value": "u-1" }] }]);
    assert!(is_no_change(group_of(&["u-1", "u-2"]), operations));
}

#[test]
fn adding_a_known_member_without_its_name_changes_nothing() {
    let before = group(json!({ "members": [{ "value": "u-1", "display": "Nina" }] }));
    let operations = json!([{ "op": "add", "path": "members", "value": [{ "value": "u-1" }] }]);
    assert!(is_no_change(before, operations));
}

#[test]
fn a_member_named_twice_in_one_request_is_added_once() {
    let value = json!([{ "value": "u-1" }, { "value": "u-1" }]);
    assert_eq!(after(&[], "Add", "members", value), group_of(&["u-1"]));
}

#[test]
fn one_object_is_one_member() {
    assert_eq!(after(&[], "add", "members", json!({ "value": "u-1" })), group_of(&["u-1"]));
}

#[test]
fn a_bare_id_is_one_member() {
    assert_eq!(after(&[], "add", "members", json!("u-1")), group_of(&["u-1"]));
}

#[test]
fn a_list_of_bare_ids_is_a_list_of_members() {
    assert_eq!(after(&[], "add", "members", json!(["u-1", "u-2"])), group_of(&["u-1", "u-2"]));
}

#[test]
fn a_member_may_come_with_its_name() {
    for name in ["display", "displayName"] {
        let value = json!([{ "value": "u-1", name: "Nina Berg" }]);
        let after = after(&[], "add", "members", value);
        assert_eq!(after["members"][0]["value"], "u-1");
        assert_eq!(after["members"].as_array().unwrap().len(), 1);
    }
}

#[test]
fn members_are_known_in_any_case() {
    assert_eq!(after(&[], "Add", "Members", json!([{ "Value": "u-1" }])), group_of(&["u-1"]));
}

#[test]
fn members_are_known_behind_the_urn_of_the_group() {
    let path = "urn:ietf:params:scim:schemas:core:2.0:Group:members";
    assert_eq!(
        after(&["u-1"], "Add", path, json!([{ "value": "u-2" }])),
        group_of(&["u-1", "u-2"])
    );
}

#[test]
fn members_are_added_without_a_path() {
    let operations = json!([{ "op": "add", "value": { "members": [{ "value": "u-2" }] } }]);
    assert_eq!(patched(group_of(&["u-1"]), operations), group_of(&["u-1", "u-2"]));
}

#[test]
fn an_operation_for_each_member_adds_all_of_them() {
    let operations = json!([
        { "op": "add", "path": "members", "value": [{ "value": "u-1" }] },
        { "op": "add", "path": "members", "value": [{ "value": "u-2" }] },
        { "op": "add", "path": "members", "value": [{ "value": "u-3" }] },
    ]);
    assert_eq!(patched(group_of(&[]), operations), group_of(&["u-1", "u-2", "u-3"]));
}

#[test]
fn adding_nobody_changes_nothing() {
    let operations = json!([{ "op": "add", "path": "members", "value": [] }]);
    assert!(is_no_change(group_of(&["u-1"]), operations));
}

#[test]
fn a_thousand_members_are_added_at_once() {
    let ids: Vec<String> = (0..1_000).map(|number| format!("u-{number}")).collect();
    let value: Value = ids.iter().map(|id| json!({ "$ref": null, "value": id })).collect();
    let after = after(&[], "Add", "members", value);
    assert_eq!(after["members"].as_array().unwrap().len(), 1_000);
}

#[test]
fn ids_that_differ_in_case_are_two_members() {
    assert_eq!(
        after(&["u-a"], "add", "members", json!([{ "value": "U-A" }])),
        group_of(&["u-a", "U-A"])
    );
}

#[test]
fn a_group_is_another_member_than_the_person_with_its_id() {
    for nested in [
        json!({ "value": "u-1", "type": "Group" }),
        json!({ "value": "u-1", "$ref": "https://gw.example/scim/v2/Groups/u-1" }),
    ] {
        let after = after(&["u-1"], "add", "members", json!([nested]));
        let both = json!([{ "value": "u-1" }, { "value": "u-1", "type": "Group" }]);
        assert_eq!(after["members"], both);
        let operations = json!([{ "op": "remove", "path": "members", "value": [nested] }]);
        assert!(is_no_change(group_of(&["u-1"]), operations));
    }
}

// Removing: the rows of the decision table.

#[test]
fn a_list_of_values_removes_exactly_these() {
    let value = json!([{ "$ref": null, "value": "u-1" }, { "$ref": null, "value": "u-3" }]);
    assert_eq!(after(&["u-1", "u-2", "u-3"], "Remove", "members", value), group_of(&["u-2"]));
}

#[test]
fn a_list_of_one_value_never_empties_the_group() {
    let value = json!([{ "$ref": null, "value": "u-1" }]);
    assert_eq!(after(&["u-1", "u-2"], "Remove", "members", value), group_of(&["u-2"]));
}

#[test]
fn a_list_of_bare_ids_removes_these() {
    assert_eq!(after(&["u-1", "u-2"], "Remove", "members", json!(["u-1"])), group_of(&["u-2"]));
}

#[test]
fn one_object_removes_one_member() {
    assert_eq!(
        after(&["u-1", "u-2"], "Remove", "members", json!({ "value": "u-1" })),
        group_of(&["u-2"])
    );
}

#[test]
fn one_bare_id_removes_one_member() {
    assert_eq!(after(&["u-1", "u-2"], "Remove", "members", json!("u-1")), group_of(&["u-2"]));
}

#[test]
fn a_filter_removes_one_member() {
    let operations = json!([{ "op": "remove", "path": "members[value eq \"u-1\"]" }]);
    assert_eq!(patched(group_of(&["u-1", "u-2"]), operations), group_of(&["u-2"]));
}

#[test]
fn a_filter_in_another_case_removes_one_member() {
    let operations = json!([{ "op": "Remove", "path": "Members[Value EQ \"u-1\"]" }]);
    assert_eq!(patched(group_of(&["u-1", "u-2"]), operations), group_of(&["u-2"]));
}

#[test]
fn a_filter_behind_the_urn_of_the_group_removes_one_member() {
    let path = r#"urn:ietf:params:scim:schemas:core:2.0:Group:members[value eq "u-1"]"#;
    let operations = json!([{ "op": "remove", "path": path }]);
    assert_eq!(patched(group_of(&["u-1", "u-2"]), operations), group_of(&["u-2"]));
}

#[test]
fn a_value_beside_a_filter_is_ignored() {
    let value = json!([{ "value": "u-2" }]);
    assert_eq!(
        after(&["u-1", "u-2"], "remove", "members[value eq \"u-1\"]", value),
        group_of(&["u-2"])
    );
}

#[test]
fn a_null_beside_a_filter_is_ignored() {
    assert_eq!(
        after(&["u-1", "u-2"], "remove", "members[value eq \"u-1\"]", json!(null)),
        group_of(&["u-2"])
    );
}

#[test]
fn a_filter_with_alternatives_removes_both() {
    let path = r#"members[value eq "u-1" or value eq "u-3"]"#;
    let operations = json!([{ "op": "remove", "path": path }]);
    assert_eq!(patched(group_of(&["u-1", "u-2", "u-3"]), operations), group_of(&["u-2"]));
}

#[test]
fn a_removal_without_a_value_or_a_filter_empties_the_group() {
    let operations = json!([{ "op": "remove", "path": "members" }]);
    assert_eq!(patched(group_of(&["u-1", "u-2"]), operations), group(json!({})));
}

#[test]
fn an_empty_removal_list_removes_nobody() {
    let operations = json!([{ "op": "Remove", "path": "members", "value": [] }]);
    assert!(is_no_change(group_of(&["u-1", "u-2"]), operations));
}

#[test]
fn a_null_removal_list_removes_nobody() {
    let operations = json!([{ "op": "remove", "path": "members", "value": null }]);
    assert!(is_no_change(group_of(&["u-1"]), operations));
}

#[test]
fn a_null_removal_list_empties_the_group_by_the_letter_of_the_rfc() {
    let operations = json!([{ "op": "remove", "path": "members", "value": null }]);
    assert_eq!(patched_strictly(group_of(&["u-1"]), operations), group(json!({})));
}

#[test]
fn an_empty_removal_list_removes_nobody_by_the_letter_either() {
    let operations = json!([{ "op": "remove", "path": "members", "value": [] }]);
    assert_eq!(patched_strictly(group_of(&["u-1"]), operations), group_of(&["u-1"]));
}

#[test]
fn removing_who_is_no_member_is_a_success() {
    for operation in [
        json!({ "op": "Remove", "path": "members", "value": [{ "value": "u-9" }] }),
        json!({ "op": "remove", "path": "members[value eq \"u-9\"]" }),
    ] {
        assert!(is_no_change(group_of(&["u-1"]), json!([operation])));
    }
}

#[test]
fn removing_a_member_from_an_empty_group_is_a_success() {
    for operation in [
        json!({ "op": "Remove", "path": "members", "value": [{ "value": "u-9" }] }),
        json!({ "op": "remove", "path": "members[value eq \"u-9\"]" }),
        json!({ "op": "remove", "path": "members" }),
    ] {
        assert!(is_no_change(group(json!({})), json!([operation])));
    }
}

#[test]
fn a_member_is_removed_whatever_else_is_known_of_it() {
    let before = group(json!({ "members": [
        { "value": "u-1", "display": "Nina", "type": "User", "$ref": "../Users/u-1" },
        { "value": "u-2" },
    ] }));
    let operations =
        json!([{ "op": "Remove", "path": "members", "value": [{ "$ref": null, "value": "u-1" }] }]);
    assert_eq!(patched(before, operations), group_of(&["u-2"]));
}

#[test]
fn a_member_named_with_another_name_is_removed_by_its_id() {
    let operations = json!([{ "op": "Remove", "path": "members",
        "value": [{ "value": "u-1", "display": "Somebody else" }] }]);
    assert_eq!(patched(group_of(&["u-1", "u-2"]), operations), group_of(&["u-2"]));
}

#[test]
fn a_member_is_not_removed_by_an_id_in_another_case() {
    let operations = json!([{ "op": "Remove", "path": "members", "value": [{ "value": "U-1" }] }]);
    assert!(is_no_change(group_of(&["u-1"]), operations));
}

#[test]
fn removing_the_last_member_leaves_none() {
    let operations = json!([{ "op": "remove", "path": "members[value eq \"u-1\"]" }]);
    assert_eq!(patched(group_of(&["u-1"]), operations), group(json!({})));
}

#[test]
fn a_removal_value_without_an_id_does_not_empty_the_group() {
    let operations = json!([{ "op": "Remove", "path": "members", "value": [{ "$ref": null }] }]);
    let before = group_of(&["u-1", "u-2"]);
    match super::outcome(&before, super::patch_body(operations), super::Rules::default()) {
        Ok((after, _)) => assert_eq!(after, before),
        Err(error) => assert_eq!(error.status(), 400),
    }
}

// Several operations.

#[test]
fn a_member_added_and_removed_is_not_there() {
    let operations = json!([
        { "op": "Add", "path": "members", "value": [{ "value": "u-1" }] },
        { "op": "Remove", "path": "members", "value": [{ "value": "u-1" }] },
    ]);
    assert_eq!(patched(group_of(&["u-2"]), operations), group_of(&["u-2"]));
}

#[test]
fn a_member_removed_and_added_is_there() {
    let operations = json!([
        { "op": "Remove", "path": "members", "value": [{ "value": "u-1" }] },
        { "op": "Add", "path": "members", "value": [{ "value": "u-1" }] },
    ]);
    assert_eq!(patched(group_of(&["u-1"]), operations), group_of(&["u-1"]));
}

#[test]
fn one_request_removes_by_a_filter_and_adds_another() {
    let operations = json!([
        { "op": "remove", "path": "members[value eq \"u-1\"]" },
        { "op": "add", "path": "members", "value": [{ "value": "u-3", "display": "Nina" }] },
    ]);
    let after = patched(group_of(&["u-1", "u-2"]), operations);
    assert!(super::finds(r#"members[value eq "u-2"]"#, after.clone()));
    assert!(super::finds(r#"members[value eq "u-3"]"#, after.clone()));
    assert!(!super::finds(r#"members[value eq "u-1"]"#, after));
}

#[test]
fn emptying_and_adding_leaves_the_added() {
    let operations = json!([
        { "op": "remove", "path": "members" },
        { "op": "add", "path": "members", "value": [{ "value": "u-3" }] },
    ]);
    assert_eq!(patched(group_of(&["u-1", "u-2"]), operations), group_of(&["u-3"]));
}

#[test]
fn an_addition_before_a_bad_operation_does_not_happen() {
    let operations = json!([
        { "op": "add", "path": "members", "value": [{ "value": "u-2" }] },
        { "op": "replace", "path": "externalId", "value": { "a": "b" } },
    ]);
    assert_eq!(refused(group_of(&["u-1"]), operations), Some(ScimType::InvalidValue));
}

// Replacing.

#[test]
fn a_replaced_list_is_the_exact_set() {
    let value = json!([{ "value": "u-2" }, { "value": "u-3" }]);
    assert_eq!(after(&["u-1", "u-2"], "replace", "members", value), group_of(&["u-2", "u-3"]));
}

#[test]
fn a_list_replaced_by_an_empty_one_empties_the_group() {
    assert_eq!(after(&["u-1", "u-2"], "replace", "members", json!([])), group(json!({})));
}

#[test]
fn a_list_replaced_by_null_empties_the_group() {
    assert_eq!(after(&["u-1", "u-2"], "replace", "members", json!(null)), group(json!({})));
}

#[test]
fn emptying_an_empty_group_is_a_success() {
    let operations = json!([{ "op": "replace", "path": "members", "value": [] }]);
    assert!(is_no_change(group(json!({})), operations));
}

#[test]
fn a_list_replaced_without_a_path_is_the_exact_set() {
    let operations = json!([{ "op": "replace", "value": { "members": [{ "value": "u-3" }] } }]);
    assert_eq!(patched(group_of(&["u-1", "u-2"]), operations), group_of(&["u-3"]));
}

#[test]
fn a_list_replaced_by_itself_changes_nothing() {
    let operations = json!([{ "op": "replace", "path": "members",
        "value": [{ "value": "u-1" }, { "value": "u-2" }] }]);
    assert!(is_no_change(group_of(&["u-1", "u-2"]), operations));
}

#[test]
fn a_replaced_list_with_repetitions_holds_each_member_once() {
    let value = json!([{ "value": "u-1" }, { "value": "u-1" }]);
    assert_eq!(after(&[], "replace", "members", value), group_of(&["u-1"]));
}

// Whatever is not about members leaves them alone.

#[test]
fn a_rename_leaves_the_members() {
    let operations = json!([{ "op": "Replace", "path": "displayName", "value": "B" }]);
    let after = patched(group_of(&["u-1", "u-2"]), operations);
    assert_eq!(after["members"], group_of(&["u-1", "u-2"])["members"]);
}

#[test]
fn a_rename_without_a_path_leaves_the_members() {
    let operations = json!([{ "op": "replace", "value": { "displayName": "B" } }]);
    let after = patched(group_of(&["u-1", "u-2"]), operations);
    assert_eq!(after["members"], group_of(&["u-1", "u-2"])["members"]);
}

#[test]
fn the_whole_group_as_a_value_without_members_leaves_the_members() {
    let before = group(json!({ "id": "g-17", "members": [{ "value": "u-1" }] }));
    let operations = json!([{ "op": "replace", "value": {
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"],
        "id": "g-17", "externalId": "1d7a", "displayName": "Math 1B",
    } }]);
    let expected = json!({
        "id": "g-17", "externalId": "1d7a", "displayName": "Math 1B",
        "members": [{ "value": "u-1" }],
    });
    assert_eq!(patched(before, operations), expected);
}

#[test]
fn a_part_of_a_member_cannot_be_changed() {
    let operations =
        json!([{ "op": "replace", "path": "members[value eq \"u-1\"].value", "value": "u-2" }]);
    assert_eq!(refused(group_of(&["u-1"]), operations), Some(ScimType::Mutability));
}

// Bodies.

#[test]
fn a_group_is_created_empty() {
    let body = json!({
        "schemas": [
            "urn:ietf:params:scim:schemas:core:2.0:Group",
            "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group",
        ],
        "externalId": "1d7a", "displayName": "Math 1A", "meta": { "resourceType": "Group" },
    });
    assert_eq!(created(body), group(json!({ "externalId": "1d7a" })));
}

#[test]
fn a_group_may_be_created_with_an_empty_list_of_members() {
    assert_eq!(created(group(json!({ "members": [] }))), group(json!({})));
}

#[test]
fn a_group_may_be_created_with_members() {
    assert_eq!(created(group_of(&["u-1", "u-2"])), group_of(&["u-1", "u-2"]));
}

#[test]
fn a_put_with_members_is_the_exact_set() {
    let (after, changed) = put(&group_of(&["u-1", "u-2"]), group_of(&["u-2", "u-3"]));
    assert_eq!((after, changed), (group_of(&["u-2", "u-3"]), true));
}

#[test]
fn a_put_without_members_leaves_them() {
    let (after, _) = put(&group_of(&["u-1"]), json!({ "displayName": "Math 1B" }));
    assert_eq!(without(after, "displayName"), without(group_of(&["u-1"]), "displayName"));
}
