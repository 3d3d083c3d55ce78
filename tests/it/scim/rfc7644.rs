//! The examples of RFC 7644 §3.5.2, with values of our own: what each of them
//! does by the words beside it.

use matricula::scim::ScimType;
use serde_json::{Value, json};

use super::{group, group_of, patched, patched_strictly, refused, user};

/// By the letter and by our own reading, which agree on all that follows.
fn both(before: Value, operations: Value) -> Value {
    let after = patched(before.clone(), operations.clone());
    assert_eq!(after, patched_strictly(before, operations));
    after
}

fn address(label: &str, street: &str) -> Value {
    json!({
        "type": label, "streetAddress": street, "locality": "Zürich", "region": "ZH",
        "postalCode": "8001", "country": "CH", "formatted": format!("{street}\n8001 Zürich"),
        "primary": label == "work",
    })
}

// §3.5.2.1, add.

#[test]
fn adding_a_member_leaves_the_other_members() {
    let operations = json!([{ "op": "add", "path": "members", "value": [{
        "display": "Nina Berg",
        "$ref": "https://gw.example/v2/Users/u-2",
        "value": "u-2",
    }] }]);
    let after = both(group_of(&["u-1"]), operations);
    let ids: Vec<&Value> =
        after["members"].as_array().unwrap().iter().map(|member| &member["value"]).collect();
    assert_eq!(ids, ["u-1", "u-2"]);
}

#[test]
fn adding_without_a_path_adds_to_lists_and_sets_single_values() {
    let operations = json!([{ "op": "add", "value": {
        "emails": [{ "value": "nina@home.example", "type": "home" }],
        "nickname": "Nini",
    } }]);
    let work = json!({ "value": "nina@hoch.example", "type": "work" });
    let after = both(user(json!({ "emails": [work] })), operations);
    let home = json!({ "value": "nina@home.example", "type": "home" });
    assert_eq!(after, user(json!({ "emails": [work, home], "nickName": "Nini" })));
}

#[test]
fn adding_to_what_does_not_exist_creates_it() {
    let operations = json!([{ "op": "add", "path": "nickName", "value": "Nini" }]);
    assert_eq!(both(user(json!({})), operations), user(json!({ "nickName": "Nini" })));
}

#[test]
fn adding_to_a_single_value_replaces_it() {
    let operations = json!([{ "op": "add", "path": "nickName", "value": "Nini" }]);
    let after = both(user(json!({ "nickName": "Nina" })), operations);
    assert_eq!(after, user(json!({ "nickName": "Nini" })));
}

#[test]
fn adding_without_a_value_is_refused() {
    let operations = json!([{ "op": "add", "path": "nickName" }]);
    let scim_type = refused(user(json!({})), operations);
    assert!(matches!(scim_type, Some(ScimType::InvalidValue | ScimType::InvalidSyntax)));
}

#[test]
fn adding_a_text_without_a_path_is_refused() {
    let scim_type = refused(user(json!({})), json!([{ "op": "add", "value": "Nini" }]));
    assert!(matches!(
        scim_type,
        Some(ScimType::InvalidValue | ScimType::InvalidSyntax | ScimType::NoTarget)
    ));
}

// §3.5.2.2, remove.

#[test]
fn removing_all_members_of_a_group() {
    let operations = json!([{ "op": "remove", "path": "members" }]);
    assert_eq!(both(group_of(&["u-1", "u-2"]), operations), group(json!({})));
}

#[test]
fn removing_a_single_member_of_a_group() {
    let operations = json!([{ "op": "remove", "path": "members[value eq \"u-1\"]" }]);
    assert_eq!(both(group_of(&["u-1", "u-2"]), operations), group_of(&["u-2"]));
}

#[test]
fn removing_by_a_filter_with_two_terms() {
    let before = user(json!({ "emails": [
        { "type": "work", "value": "a@hoch.example" },
        { "type": "work", "value": "b@klein.example" },
        { "type": "home", "value": "c@hoch.example" },
    ] }));
    let path = r#"emails[type eq "work" and value ew "hoch.example"]"#;
    let expected = user(json!({ "emails": [
        { "type": "work", "value": "b@klein.example" },
        { "type": "home", "value": "c@hoch.example" },
    ] }));
    assert_eq!(both(before, json!([{ "op": "remove", "path": path }])), expected);
}

#[test]
fn removing_by_a_filter_that_matches_several_removes_all_of_them() {
    let before = user(json!({ "emails": [
        { "type": "work", "value": "a@b" }, { "type": "home", "value": "c@d" },
        { "type": "work", "value": "e@f" },
    ] }));
    let operations = json!([{ "op": "remove", "path": "emails[type eq \"work\"]" }]);
    let expected = user(json!({ "emails": [{ "type": "home", "value": "c@d" }] }));
    assert_eq!(both(before, operations), expected);
}

#[test]
fn removing_and_adding_in_one_request() {
    let operations = json!([
        { "op": "remove", "path": "members[value eq \"u-1\"]" },
        { "op": "add", "path": "members", "value": [{ "value": "u-3" }] },
    ]);
    assert_eq!(both(group_of(&["u-1", "u-2"]), operations), group_of(&["u-2", "u-3"]));
}

#[test]
fn removing_all_and_adding_in_one_request() {
    let operations = json!([
        { "op": "remove", "path": "members" },
        { "op": "add", "path": "members", "value": [{ "value": "u-3" }, { "value": "u-4" }] },
    ]);
    assert_eq!(both(group_of(&["u-1", "u-2"]), operations), group_of(&["u-3", "u-4"]));
}

// §3.5.2.3, replace.

#[test]
fn replacing_all_members_in_one_operation() {
    let operations = json!([{ "op": "replace", "path": "members",
        "value": [{ "value": "u-3" }, { "value": "u-4" }] }]);
    assert_eq!(both(group_of(&["u-1", "u-2"]), operations), group_of(&["u-3", "u-4"]));
}

#[test]
fn replacing_the_work_address_as_a_whole() {
    let before =
        user(json!({ "addresses": [address("work", "Seeweg 4"), address("home", "Dorf 1")] }));
    let operations = json!([{ "op": "replace", "path": "addresses[type eq \"work\"]",
        "value": address("work", "Bergstrasse 9") }]);
    let expected =
        user(json!({ "addresses": [address("work", "Bergstrasse 9"), address("home", "Dorf 1")] }));
    assert_eq!(both(before, operations), expected);
}

#[test]
fn replacing_one_part_of_the_work_address() {
    let before =
        user(json!({ "addresses": [address("work", "Seeweg 4"), address("home", "Dorf 1")] }));
    let path = r#"addresses[type eq "work"].streetAddress"#;
    let operations = json!([{ "op": "replace", "path": path, "value": "Bergstrasse 9" }]);
    let mut work = address("work", "Seeweg 4");
    work["streetAddress"] = json!("Bergstrasse 9");
    let expected = user(json!({ "addresses": [work, address("home", "Dorf 1")] }));
    assert_eq!(both(before, operations), expected);
}

#[test]
fn replacing_without_a_path_replaces_lists_and_single_values() {
    let before = user(json!({
        "nickName": "Nina",
        "title": "Lecturer",
        "emails": [{ "value": "old@hoch.example", "type": "work" }],
    }));
    let emails = json!([
        { "value": "nina@hoch.example", "type": "work", "primary": true },
        { "value": "nina@home.example", "type": "home" },
    ]);
    let operations =
        json!([{ "op": "replace", "value": { "emails": emails, "nickname": "Nini" } }]);
    let expected = user(json!({ "nickName": "Nini", "title": "Lecturer", "emails": emails }));
    assert_eq!(both(before, operations), expected);
}

#[test]
fn replacing_what_does_not_exist_adds_it() {
    let operations = json!([{ "op": "replace", "path": "nickName", "value": "Nini" }]);
    assert_eq!(both(user(json!({})), operations), user(json!({ "nickName": "Nini" })));
}

#[test]
fn replacing_a_complex_attribute_changes_the_named_parts_only() {
    let before = user(json!({ "name": { "givenName": "Nina", "familyName": "Berg" } }));
    let operations =
        json!([{ "op": "replace", "path": "name", "value": { "familyName": "Hofer" } }]);
    let expected = user(json!({ "name": { "givenName": "Nina", "familyName": "Hofer" } }));
    assert_eq!(both(before, operations), expected);
}

#[test]
fn replacing_a_list_replaces_every_element() {
    let before = user(json!({ "emails": [{ "value": "a@b" }, { "value": "c@d" }] }));
    let operations = json!([{ "op": "replace", "path": "emails", "value": [{ "value": "e@f" }] }]);
    assert_eq!(both(before, operations), user(json!({ "emails": [{ "value": "e@f" }] })));
}

#[test]
fn replacing_by_a_filter_that_matches_several_changes_all_of_them() {
    let before = user(json!({ "phoneNumbers": [
        { "type": "work", "value": "1" }, { "type": "work", "value": "2" },
        { "type": "home", "value": "3" },
    ] }));
    let path = r#"phoneNumbers[type eq "work"].type"#;
    let operations = json!([{ "op": "replace", "path": path, "value": "other" }]);
    let expected = user(json!({ "phoneNumbers": [
        { "type": "other", "value": "1" }, { "type": "other", "value": "2" },
        { "type": "home", "value": "3" },
    ] }));
    assert_eq!(both(before, operations), expected);
}

/// §3.5.2: subsequent operations assume the schemas that an operation adds.
#[test]
fn a_schema_may_be_announced_before_it_is_used() {
    let urn = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
    for verb in ["add", "replace"] {
        let operations = json!([
            { "op": verb, "path": "schemas", "value": [urn] },
            { "op": "add", "path": format!("{urn}:department"), "value": "Physics" },
        ]);
        let after = both(user(json!({})), operations);
        assert_eq!(after, user(json!({ urn: { "department": "Physics" } })), "{verb}");
    }
}
