//! Which attributes an answer shows: `attributes`, `excludedAttributes` and
//! the `returned` of each attribute (RFC 7644 §3.9, RFC 7643 §7).

use matricula::scim::{Path, Projection, ResourceType, Shown};
use serde_json::{Value, json};

use super::{ENTERPRISE, HOCH, resource, type_of, user_type};

fn show(attributes: &Value, only: Option<&str>, but: Option<&str>) -> Value {
    let resource_type = type_of(attributes);
    let projection = Projection::parse(&resource_type, only, but).unwrap();
    let resource = resource(attributes);
    serde_json::to_value(Shown::new(&resource, &resource_type, &projection)).unwrap()
}

fn nina() -> Value {
    json!({
        "id": "u-1041",
        "externalId": "nina.berg",
        "userName": "nina.berg@hoch.example",
        "displayName": "Nina Berg",
        "active": false,
        "name": { "givenName": "Nina", "familyName": "Berg" },
        "emails": [
            { "type": "work", "value": "nina@hoch.example", "primary": true },
            { "type": "home", "value": "nina@home.example" },
        ],
        "password": "1mz050nq",
        "meta": { "resourceType": "User", "version": "W/\"1\"" },
        ENTERPRISE: { "department": "Math", "manager": { "value": "u-0007" } },
    })
}

fn class() -> Value {
    json!({
        "id": "g-17", "displayName": "Math 1A", "externalId": "1d7a",
        "members": [{ "value": "u-1" }, { "value": "u-2" }],
        "meta": { "resourceType": "Group" },
    })
}

/// The members of an answer, sorted.
fn keys(shown: &Value) -> Vec<&str> {
    let mut keys: Vec<&str> = shown.as_object().unwrap().keys().map(String::as_str).collect();
    keys.sort_unstable();
    keys
}

// Without a wish.

#[test]
fn everything_but_the_password_is_shown() {
    let shown = show(&nina(), None, None);
    let expected = [
        "active",
        "displayName",
        "emails",
        "externalId",
        "id",
        "meta",
        "name",
        "schemas",
        ENTERPRISE,
        "userName",
    ];
    assert_eq!(keys(&shown), expected);
    assert_eq!(shown["emails"], nina()["emails"]);
    assert_eq!(shown[ENTERPRISE], nina()[ENTERPRISE]);
}

#[test]
fn schemas_tell_the_core_and_the_extensions_in_use() {
    let shown = show(&nina(), None, None);
    let expected = json!(["urn:ietf:params:scim:schemas:core:2.0:User", ENTERPRISE]);
    assert_eq!(shown["schemas"], expected);
}

#[test]
fn schemas_leave_out_an_extension_that_is_not_in_use() {
    let shown = show(&super::without(nina(), ENTERPRISE), None, None);
    assert_eq!(shown["schemas"], json!(["urn:ietf:params:scim:schemas:core:2.0:User"]));
}

#[test]
fn schemas_tell_of_a_declared_extension_in_use() {
    let mut person = nina();
    person[HOCH] = json!({ "costUnit": "44" });
    let shown = show(&person, None, None);
    assert!(shown["schemas"].as_array().unwrap().contains(&json!(HOCH)));
}

#[test]
fn a_disabled_person_is_shown_as_a_boolean() {
    assert_eq!(show(&nina(), None, None)["active"], json!(false));
}

#[test]
fn a_group_shows_its_members() {
    assert_eq!(show(&class(), None, None)["members"], class()["members"]);
}

// Only some.

#[test]
fn named_attributes_come_with_id_and_schemas() {
    let shown = show(&nina(), Some("userName,emails"), None);
    assert_eq!(keys(&shown), ["emails", "id", "schemas", "userName"]);
}

#[test]
fn a_probe_for_the_id_shows_the_id() {
    assert_eq!(keys(&show(&nina(), Some("id"), None)), ["id", "schemas"]);
}

#[test]
fn spaces_between_names_do_not_matter() {
    let shown = show(&nina(), Some(" userName , displayName "), None);
    assert_eq!(keys(&shown), ["displayName", "id", "schemas", "userName"]);
}

#[test]
fn names_are_read_in_any_case() {
    let shown = show(&nina(), Some("USERNAME,DisplayName"), None);
    assert_eq!(keys(&shown), ["displayName", "id", "schemas", "userName"]);
}

#[test]
fn one_part_may_be_named() {
    let shown = show(&nina(), Some("name.familyName"), None);
    assert_eq!(shown["name"], json!({ "familyName": "Berg" }));
}

#[test]
fn one_part_of_every_element_may_be_named() {
    let shown = show(&nina(), Some("emails.value"), None);
    let expected = json!([{ "value": "nina@hoch.example" }, { "value": "nina@home.example" }]);
    assert_eq!(shown["emails"], expected);
}

#[test]
fn two_parts_may_be_named() {
    let shown = show(&nina(), Some("name.familyName,name.givenName"), None);
    assert_eq!(shown["name"], nina()["name"]);
}

#[test]
fn the_core_urn_may_stand_before_a_name() {
    let shown = show(&nina(), Some("urn:ietf:params:scim:schemas:core:2.0:User:userName"), None);
    assert_eq!(keys(&shown), ["id", "schemas", "userName"]);
}

#[test]
fn an_attribute_of_an_extension_may_be_named() {
    let shown = show(&nina(), Some(&format!("{ENTERPRISE}:department")), None);
    assert_eq!(keys(&shown), ["id", "schemas", ENTERPRISE]);
    assert_eq!(shown[ENTERPRISE], json!({ "department": "Math" }));
}

#[test]
fn a_whole_extension_may_be_named() {
    let shown = show(&nina(), Some(ENTERPRISE), None);
    assert_eq!(shown[ENTERPRISE], nina()[ENTERPRISE]);
}

#[test]
fn a_slot_may_be_named() {
    let shown = show(&nina(), Some(r#"emails[type eq "work"]"#), None);
    assert!(shown.get("emails").is_some());
    assert!(shown.get("displayName").is_none());
}

#[test]
fn a_password_is_not_shown_when_it_is_named() {
    assert_eq!(keys(&show(&nina(), Some("password"), None)), ["id", "schemas"]);
    assert_eq!(
        keys(&show(&nina(), Some("password,userName"), None)),
        ["id", "schemas", "userName"]
    );
}

#[test]
fn a_name_that_nothing_has_selects_nothing() {
    assert_eq!(keys(&show(&nina(), Some("shoeSize"), None)), ["id", "schemas"]);
}

#[test]
fn naming_attributes_is_remembered_for_the_answer_to_a_patch() {
    let person = user_type();
    assert!(Projection::parse(&person, Some("userName"), None).unwrap().is_named());
    assert!(!Projection::parse(&person, None, None).unwrap().is_named());
}

// All but some.

#[test]
fn members_are_really_excluded() {
    let shown = show(&class(), None, Some("members"));
    assert_eq!(keys(&shown), ["displayName", "externalId", "id", "meta", "schemas"]);
}

#[test]
fn members_are_excluded_in_any_case() {
    assert!(show(&class(), None, Some("MEMBERS")).get("members").is_none());
}

#[test]
fn members_are_excluded_behind_their_urn() {
    let urn = "urn:ietf:params:scim:schemas:core:2.0:Group:members";
    assert!(show(&class(), None, Some(urn)).get("members").is_none());
}

#[test]
fn excluded_members_need_not_be_read() {
    let group = ResourceType::group();
    let projection = Projection::parse(&group, None, Some("members")).unwrap();
    let place = |path: &str| group.place(&Path::parse(path, group.urns()).unwrap()).unwrap();
    assert!(!projection.includes(&place("members")));
    assert!(projection.includes(&place("displayName")));
}

#[test]
fn unnamed_attributes_need_not_be_read() {
    let group = ResourceType::group();
    let projection = Projection::parse(&group, Some("displayName"), None).unwrap();
    let place = |path: &str| group.place(&Path::parse(path, group.urns()).unwrap()).unwrap();
    assert!(!projection.includes(&place("members")));
    assert!(projection.includes(&place("displayName")));
    assert!(projection.includes(&place("id")));
}

#[test]
fn an_id_cannot_be_excluded() {
    assert_eq!(show(&class(), None, Some("id,members"))["id"], "g-17");
}

#[test]
fn schemas_cannot_be_excluded() {
    assert!(show(&class(), None, Some("schemas")).get("schemas").is_some());
}

#[test]
fn one_part_may_be_excluded() {
    let shown = show(&nina(), None, Some("name.familyName"));
    assert_eq!(shown["name"], json!({ "givenName": "Nina" }));
}

#[test]
fn an_attribute_of_an_extension_may_be_excluded() {
    let shown = show(&nina(), None, Some(&format!("{ENTERPRISE}:department")));
    assert_eq!(shown[ENTERPRISE], json!({ "manager": { "value": "u-0007" } }));
}

#[test]
fn a_whole_extension_may_be_excluded() {
    assert!(show(&nina(), None, Some(ENTERPRISE)).get(ENTERPRISE).is_none());
}

#[test]
fn excluding_something_does_not_show_the_password() {
    assert!(show(&nina(), None, Some("userName")).get("password").is_none());
}

#[test]
fn attributes_and_exclusions_do_not_go_together() {
    let error = Projection::parse(&user_type(), Some("userName"), Some("emails")).unwrap_err();
    assert_eq!(error.status(), 400);
}

// What is shown on request only.

fn with_request_only() -> ResourceType {
    let attributes = json!([{ "name": "photoData", "returned": "request" },
        { "name": "key", "returned": "always" }]);
    let attributes = serde_json::from_value(attributes).unwrap();
    user_type().with_extension(super::extension("urn:example:x", attributes), false).unwrap()
}

fn show_special(only: Option<&str>, but: Option<&str>) -> Value {
    let resource_type = with_request_only();
    let person =
        super::user(json!({ "id": "u-1", "urn:example:x": { "photoData": "p", "key": "k" } }));
    let projection = Projection::parse(&resource_type, only, but).unwrap();
    let resource = resource(&person);
    serde_json::to_value(Shown::new(&resource, &resource_type, &projection)).unwrap()
}

#[test]
fn what_is_shown_on_request_is_not_shown_unasked() {
    assert_eq!(show_special(None, None)["urn:example:x"], json!({ "key": "k" }));
}

#[test]
fn what_is_shown_on_request_is_shown_when_named() {
    let shown = show_special(Some("urn:example:x:photoData"), None);
    assert_eq!(shown["urn:example:x"]["photoData"], "p");
}

#[test]
fn what_is_always_shown_comes_along_with_others() {
    assert_eq!(show_special(Some("userName"), None)["urn:example:x"], json!({ "key": "k" }));
}

#[test]
fn what_is_always_shown_cannot_be_excluded() {
    assert_eq!(
        show_special(None, Some("urn:example:x:key"))["urn:example:x"],
        json!({ "key": "k" })
    );
}
