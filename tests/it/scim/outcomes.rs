//! What a PATCH comes to without the resource at hand: what need not be read
//! from the LMS before it is written.

use matricula::scim::{Outcome, Path, Place, ResourceType, Rules};
use serde_json::{Value, json};

use super::{ENTERPRISE, patch_body, user_type};

fn place(resource_type: &ResourceType, path: &str) -> Place {
    resource_type.place(&Path::parse(path, resource_type.urns()).unwrap()).unwrap()
}

fn outcome(path: &str, operations: Value) -> Outcome {
    let resource_type = user_type();
    let edits = resource_type.patch(patch_body(operations), None, Rules::default()).unwrap();
    edits.outcome(&place(&resource_type, path))
}

#[test]
fn a_legacy_disable_needs_no_read() {
    let operations = json!([{ "op": "Replace", "path": "active", "value": "False" }]);
    assert_eq!(outcome("active", operations), Outcome::Set(json!(false)));
}

#[test]
fn a_flattened_name_needs_no_read() {
    let operations = json!([{ "op": "replace", "value": { "name.familyName": "Hofer" } }]);
    assert_eq!(outcome("name.familyName", operations.clone()), Outcome::Set(json!("Hofer")));
    assert_eq!(outcome("name.givenName", operations), Outcome::Untouched);
}

#[test]
fn a_cleared_slot_needs_no_read() {
    let path = r#"emails[type eq "work"].value"#;
    for value in [json!(""), json!(null)] {
        let operations = json!([{ "op": "replace", "path": path, "value": value }]);
        assert_eq!(outcome(path, operations), Outcome::Cleared);
    }
}

#[test]
fn another_slot_is_untouched() {
    let operations =
        json!([{ "op": "replace", "path": "emails[type eq \"home\"].value", "value": "a@b" }]);
    assert_eq!(outcome(r#"emails[type eq "work"].value"#, operations), Outcome::Untouched);
}

#[test]
fn a_manager_needs_no_read() {
    let path = format!("{ENTERPRISE}:manager.value");
    let operations = json!([{ "op": "Add", "path": "manager", "value": "u-0007" }]);
    assert_eq!(outcome(&path, operations), Outcome::Set(json!("u-0007")));
}

#[test]
fn the_last_word_on_a_place_counts() {
    let operations = json!([
        { "op": "replace", "path": "title", "value": "First" },
        { "op": "remove", "path": "title" },
    ]);
    assert_eq!(outcome("title", operations), Outcome::Cleared);
}

fn delta(operations: Value) -> Option<(bool, Value, Value)> {
    let group = ResourceType::group();
    let edits = group.patch(patch_body(operations), None, Rules::default()).unwrap();
    let ids =
        |elements: Vec<Value>| elements.iter().map(|member| member["value"].clone()).collect();
    edits
        .delta(&place(&group, "members"))
        .map(|delta| (delta.replaced, ids(delta.added), ids(delta.dropped)))
}

#[test]
fn members_added_and_removed_need_no_read() {
    let operations = json!([
        { "op": "Add", "path": "members", "value": [{ "value": "u-1" }] },
        { "op": "Remove", "path": "members", "value": [{ "value": "u-2" }] },
        { "op": "remove", "path": "members[value eq \"u-3\"]" },
    ]);
    assert_eq!(delta(operations), Some((false, json!(["u-1"]), json!(["u-2", "u-3"]))));
}

#[test]
fn replaced_members_are_all_there_will_be() {
    let operations = json!([{ "op": "replace", "path": "members", "value": [{ "value": "u-1" }] }]);
    assert_eq!(delta(operations), Some((true, json!(["u-1"]), json!([]))));
}

#[test]
fn an_emptied_group_is_replaced_by_nobody() {
    let operations = json!([{ "op": "remove", "path": "members" }]);
    assert_eq!(delta(operations), Some((true, json!([]), json!([]))));
}

#[test]
fn an_empty_removal_list_drops_nobody() {
    let operations = json!([{ "op": "Remove", "path": "members", "value": [] }]);
    assert!(delta(operations).is_none_or(|nothing| nothing == (false, json!([]), json!([]))));
}

#[test]
fn members_chosen_by_something_else_must_be_read_first() {
    let operations = json!([{ "op": "remove", "path": "members[type eq \"User\"]" }]);
    assert_eq!(delta(operations), None);
}

#[test]
fn a_member_that_goes_and_comes_again_is_not_dropped() {
    let group = ResourceType::group();
    let operations = json!([
        { "op": "Remove", "path": "members", "value": [{ "value": "u-1" }, { "value": "u-2" }] },
        { "op": "Add", "path": "members", "value": [{ "value": "u-1" }] }
    ]);
    let edits = group.patch(patch_body(operations), None, Rules::default()).unwrap();
    let delta = edits.delta(&place(&group, "members")).unwrap();
    assert!(!delta.replaced);
    assert_eq!(delta.added, [json!({ "value": "u-1" })]);
    assert_eq!(delta.dropped, [json!({ "value": "u-2" })]);
}
