//! What broke real servers, by the reports of the people who ran them. Each
//! test is one report that concerns the reading of filters, bodies and
//! patches.

use matricula::scim::ScimType;
use serde_json::{Value, json};

use super::{
    ENTERPRISE, created, employee, finds, group, group_of, is_no_change, is_refused, patched, put,
    refused, user,
};

fn active() -> Value {
    user(json!({ "active": true }))
}

#[test]
fn a_boolean_as_text_is_not_rejected_by_a_type_check() {
    let operations = json!([{ "op": "Replace", "path": "active", "value": "False" }]);
    assert_eq!(patched(active(), operations), user(json!({ "active": false })));
}

#[test]
fn a_boolean_as_lower_case_text_is_not_rejected() {
    let operations = json!([{ "op": "replace", "path": "active", "value": "false" }]);
    assert_eq!(patched(active(), operations), user(json!({ "active": false })));
}

#[test]
fn capitalised_operations_are_recognised() {
    let operations = json!([
        { "op": "Add", "path": "title", "value": "A" },
        { "op": "Replace", "path": "nickName", "value": "B" },
        { "op": "Remove", "path": "active" },
    ]);
    assert_eq!(patched(active(), operations), user(json!({ "title": "A", "nickName": "B" })));
}

#[test]
fn a_removal_with_a_list_of_values_is_not_illegal() {
    let operations = json!([{ "op": "Remove", "path": "members", "value": [{ "value": "u-1" }] }]);
    assert_eq!(patched(group_of(&["u-1", "u-2"]), operations), group_of(&["u-2"]));
}

#[test]
fn a_removal_with_a_list_of_values_does_not_wipe_the_group() {
    let operations = json!([{ "op": "Remove", "path": "members",
        "value": [{ "$ref": null, "value": "u-9" }] }]);
    assert!(is_no_change(group_of(&["u-1", "u-2"]), operations));
}

#[test]
fn a_removal_by_a_filter_is_supported() {
    let operations = json!([{ "op": "Remove", "path": "members[value eq \"u-1\"]" }]);
    assert_eq!(patched(group_of(&["u-1", "u-2"]), operations), group_of(&["u-2"]));
}

#[test]
fn a_manager_need_not_be_an_object() {
    let path = format!("{ENTERPRISE}:manager");
    let operations = json!([{ "op": "Add", "path": path, "value": "u-0007" }]);
    assert_eq!(
        patched(user(json!({})), operations),
        employee(json!({ "manager": { "value": "u-0007" } }))
    );
}

#[test]
fn a_manager_stands_in_its_extension_and_nowhere_else() {
    let operations = json!([{ "op": "Add", "path": "manager", "value": [{ "value": "u-0007" }] }]);
    assert_eq!(
        patched(user(json!({})), operations),
        employee(json!({ "manager": { "value": "u-0007" } }))
    );
}

#[test]
fn a_role_is_the_same_from_a_post_and_from_a_patch() {
    let posted = created(user(json!({ "roles": [
        { "value": "teacher", "display": "Teacher" },
    ] })));
    let spelled = r#"{"id":"0b6f","value":"teacher","displayName":"Teacher"}"#;
    let operations = json!([{ "op": "Add", "path": "roles", "value": [{ "value": spelled }] }]);
    assert_eq!(patched(user(json!({})), operations), posted);
}

#[test]
fn dotted_keys_without_a_path_are_not_ignored() {
    let operations = json!([{ "op": "replace", "value": { "name.givenName": "Nina" } }]);
    assert_eq!(
        patched(user(json!({})), operations),
        user(json!({ "name": { "givenName": "Nina" } }))
    );
}

#[test]
fn keys_with_a_urn_do_not_end_up_at_the_root() {
    let key = format!("{ENTERPRISE}:department");
    let operations = json!([{ "op": "replace", "value": { key: "Math" } }]);
    assert_eq!(patched(user(json!({})), operations), employee(json!({ "department": "Math" })));
}

#[test]
fn an_enterprise_path_is_not_invalid() {
    let path = format!("{ENTERPRISE}:employeeNumber");
    let operations = json!([{ "op": "Add", "path": path, "value": "20417" }]);
    assert_eq!(
        patched(user(json!({})), operations),
        employee(json!({ "employeeNumber": "20417" }))
    );
}

#[test]
fn a_work_address_for_a_person_without_any_is_no_missing_target() {
    let path = r#"emails[type eq "work"].value"#;
    let operations = json!([{ "op": "Replace", "path": path, "value": "n@hoch.example" }]);
    let expected = user(json!({ "emails": [{ "type": "work", "value": "n@hoch.example" }] }));
    assert_eq!(patched(user(json!({})), operations), expected);
}

#[test]
fn parts_of_elements_can_be_paths() {
    let before = user(json!({ "addresses": [{ "type": "work", "locality": "Bern" }] }));
    let path = r#"addresses[type eq "work"].locality"#;
    let operations = json!([{ "op": "Replace", "path": path, "value": "Thun" }]);
    let expected = user(json!({ "addresses": [{ "type": "work", "locality": "Thun" }] }));
    assert_eq!(patched(before, operations), expected);
}

#[test]
fn the_identifier_of_the_client_can_be_searched() {
    assert!(finds(r#"externalId eq "a-1""#, user(json!({ "externalId": "a-1" }))));
}

#[test]
fn filters_are_not_read_by_the_shape_of_their_text() {
    let person = user(json!({ "externalId": "a-1", "active": true }));
    assert!(finds(r#"(externalId eq "a-1") and (active eq true)"#, person.clone()));
    assert!(finds(r#"  externalId   eq   "a-1"  "#, person));
}

#[test]
fn an_unknown_attribute_in_a_filter_does_not_find_everybody() {
    assert!(is_refused(r#"favouriteColour eq "red""#));
}

#[test]
fn a_filter_that_the_grammar_does_not_know_is_answered() {
    let person = user(json!({ "emails": [{ "type": "work", "value": "n@hoch.example" }] }));
    assert!(finds(r#"emails[type eq "work"] eq "n@hoch.example""#, person));
}

#[test]
fn a_disabled_person_is_still_found() {
    assert!(finds(r#"userName eq "nina.berg@hoch.example""#, user(json!({ "active": false }))));
}

#[test]
fn enabling_again_is_not_rejected() {
    let operations = json!([{ "op": "replace", "value": { "active": true } }]);
    assert_eq!(patched(user(json!({ "active": false })), operations), active());
}

#[test]
fn an_unrelated_replacement_does_not_empty_a_group() {
    let operations = json!([{ "op": "replace", "value": { "externalId": "1d7a" } }]);
    let expected = group(json!({ "externalId": "1d7a", "members": [{ "value": "u-1" }] }));
    assert_eq!(patched(group_of(&["u-1"]), operations), expected);
}

#[test]
fn members_in_another_case_are_not_silently_ignored() {
    let operations = json!([{ "op": "Add", "path": "Members", "value": [{ "value": "u-1" }] }]);
    assert_eq!(patched(group(json!({})), operations), group_of(&["u-1"]));
}

#[test]
fn members_behind_a_urn_are_not_silently_ignored() {
    let path = "urn:ietf:params:scim:schemas:core:2.0:Group:members";
    let operations = json!([{ "op": "Add", "path": path, "value": [{ "value": "u-1" }] }]);
    assert_eq!(patched(group(json!({})), operations), group_of(&["u-1"]));
}

#[test]
fn a_member_that_is_there_is_not_added_again() {
    let operations = json!([{ "op": "Add", "path": "members", "value": [{ "value": "u-1" }] }]);
    assert!(is_no_change(group_of(&["u-1"]), operations));
}

#[test]
fn a_removal_with_a_value_does_not_set_that_value() {
    let before = user(json!({ "emails": [{ "type": "work", "value": "old@hoch.example" }] }));
    let operations = json!([{ "op": "Remove", "path": "emails[type eq \"work\"].value",
        "value": "new@hoch.example" }]);
    let after = patched(before, operations);
    assert!(!finds(r#"emails.value eq "new@hoch.example""#, after));
}

#[test]
fn a_name_in_another_case_is_found() {
    assert!(finds(r#"userName eq "NINA.BERG@HOCH.EXAMPLE""#, user(json!({}))));
    assert!(finds(r#"displayName eq "MATH 1A""#, group(json!({}))));
}

#[test]
fn additions_and_removals_are_processed_as_well_as_replacements() {
    let before = user(json!({ "nickName": "N" }));
    let operations = json!([
        { "op": "add", "path": "title", "value": "T" },
        { "op": "remove", "path": "nickName" },
    ]);
    assert_eq!(patched(before, operations), user(json!({ "title": "T" })));
}

#[test]
fn a_primary_role_marked_by_a_text_does_not_fail_the_types() {
    let roles = json!([{ "primary": "True", "value": "teacher" }]);
    let expected = json!([{ "primary": true, "value": "teacher" }]);
    assert_eq!(created(user(json!({ "roles": roles }))), user(json!({ "roles": expected })));
}

#[test]
fn business_rules_do_not_refuse_random_test_data() {
    let body = user(json!({
        "phoneNumbers": [{ "type": "work", "value": "10-040-1308" }],
        "addresses": [{ "type": "work", "country": "Sierra Leone", "postalCode": "cx47 4mz" }],
        "locale": "jgo-CM",
        "timezone": "8XQ1",
    }));
    assert_eq!(created(body.clone()), body);
}

#[test]
fn a_bare_value_and_a_list_with_a_reference_mean_the_same() {
    let bare = json!([{ "op": "Replace", "path": "title", "value": "T" }]);
    let list =
        json!([{ "op": "Replace", "path": "title", "value": [{ "$ref": null, "value": "T" }] }]);
    assert_eq!(patched(user(json!({})), bare), patched(user(json!({})), list));
}

#[test]
fn pushing_an_empty_group_is_no_error() {
    let operations = json!([{ "op": "replace", "path": "members", "value": [] }]);
    assert_eq!(patched(group_of(&["u-1"]), operations), group(json!({})));
}

#[test]
fn keycloak_empties_a_group_by_a_null_that_removes_nobody() {
    // The same words from another client would wipe a group by accident; only
    // the strict reading empties it.
    let operations = json!([{ "op": "remove", "path": "members", "value": null }]);
    assert!(is_no_change(group_of(&["u-1"]), operations));
}

#[test]
fn a_put_with_members_is_not_ignored() {
    assert_eq!(put(&group_of(&["u-1"]), group_of(&["u-2"])).0, group_of(&["u-2"]));
}

#[test]
fn a_post_with_members_is_not_ignored() {
    assert_eq!(created(group_of(&["u-1"])), group_of(&["u-1"]));
}

#[test]
fn a_partial_list_in_a_replacement_is_still_the_whole_list() {
    let operations = json!([{ "op": "Replace", "path": "members", "value": [{ "value": "u-3" }] }]);
    assert_eq!(patched(group_of(&["u-1", "u-2"]), operations), group_of(&["u-3"]));
}

#[test]
fn a_read_only_id_in_a_rename_is_accepted_while_it_is_equal() {
    let before = group(json!({ "id": "g-17" }));
    let operations = json!([{ "op": "replace", "value": { "id": "g-17", "displayName": "B" } }]);
    assert_eq!(patched(before, operations), json!({ "id": "g-17", "displayName": "B" }));
}

#[test]
fn an_invented_operation_is_not_taken_for_a_replacement() {
    let operations = json!([{ "op": "update", "path": "title", "value": "T" }]);
    assert_eq!(refused(user(json!({})), operations), Some(ScimType::InvalidSyntax));
}

#[test]
fn words_of_the_grammar_in_a_value_do_not_hide_a_person() {
    let person = user(json!({ "displayName": "Bed and Breakfast or so" }));
    assert!(finds(r#"displayName eq "Bed and Breakfast or so""#, person));
}
