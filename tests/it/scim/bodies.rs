//! Bodies of POST and PUT as Entra, Okta, authentik, `OneLogin` and Microsoft's
//! sample requests send them.

use matricula::scim::{Rules, ScimType, Unknown, parse_json};
use serde_json::{Value, json};

use super::{ENTERPRISE, HOCH, created, employee, group, put, user, user_refusal, user_type};

// POST.

#[test]
fn the_body_of_entra_makes_a_person() {
    let body = json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User", ENTERPRISE],
        "externalId": "nina.berg",
        "userName": "nina.berg@hoch.example",
        "active": true,
        "displayName": "Nina Berg",
        "emails": [{ "primary": true, "type": "work", "value": "nina.berg@hoch.example" }],
        "meta": { "resourceType": "User" },
        "name": { "formatted": "Nina Berg", "familyName": "Berg", "givenName": "Nina" },
        "title": "Lecturer",
        "preferredLanguage": "de-CH",
        "addresses": [{ "type": "work", "formatted": "B 2.14", "primary": false }],
        "phoneNumbers": [
            { "type": "work", "value": "+41 44 000 00 00" },
            { "type": "mobile", "value": "+41 79 000 00 00" },
        ],
        ENTERPRISE: { "department": "Math", "employeeNumber": "20417" },
        "roles": [],
    });
    let expected = user(json!({
        "externalId": "nina.berg",
        "active": true,
        "displayName": "Nina Berg",
        "emails": [{ "primary": true, "type": "work", "value": "nina.berg@hoch.example" }],
        "name": { "formatted": "Nina Berg", "familyName": "Berg", "givenName": "Nina" },
        "title": "Lecturer",
        "preferredLanguage": "de-CH",
        "addresses": [{ "type": "work", "formatted": "B 2.14", "primary": false }],
        "phoneNumbers": [
            { "type": "work", "value": "+41 44 000 00 00" },
            { "type": "mobile", "value": "+41 79 000 00 00" },
        ],
        ENTERPRISE: { "department": "Math", "employeeNumber": "20417" },
    }));
    assert_eq!(created(body), expected);
}

#[test]
fn the_body_of_okta_makes_a_person() {
    let body = json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "userName": "nina.berg@hoch.example",
        "name": { "givenName": "Nina", "familyName": "Berg" },
        "emails": [{ "primary": true, "value": "nina.berg@hoch.example", "type": "work" }],
        "displayName": "Nina Berg",
        "locale": "en-US",
        "externalId": "00u1abc",
        "groups": [],
        "password": "1mz050nq",
        "active": true,
    });
    let person = created(body);
    assert_eq!(person["externalId"], "00u1abc");
    assert_eq!(person["active"], true);
    assert!(person.get("groups").is_none());
}

#[test]
fn a_capitalised_text_makes_an_enabled_person() {
    assert_eq!(created(user(json!({ "active": "True" }))), user(json!({ "active": true })));
}

#[test]
fn a_capitalised_text_makes_a_disabled_person() {
    assert_eq!(created(user(json!({ "active": "False" }))), user(json!({ "active": false })));
}

#[test]
fn an_id_in_the_body_is_passed_over() {
    assert_eq!(created(user(json!({ "id": "u-9" }))), user(json!({})));
}

#[test]
fn meta_in_the_body_is_passed_over() {
    let meta = json!({ "resourceType": "User", "created": "2020-01-01T00:00:00Z", "version": "1" });
    assert_eq!(created(user(json!({ "meta": meta }))), user(json!({})));
}

#[test]
fn groups_in_the_body_of_a_person_are_passed_over() {
    assert_eq!(created(user(json!({ "groups": [{ "value": "g-17" }] }))), user(json!({})));
}

#[test]
fn an_extension_needs_no_mention_in_schemas() {
    let body = json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "userName": "nina.berg@hoch.example",
        HOCH: { "costUnit": "44" },
    });
    assert_eq!(created(body), user(json!({ HOCH: { "costUnit": "44" } })));
}

#[test]
fn schemas_may_be_missing() {
    assert_eq!(created(user(json!({}))), user(json!({})));
}

#[test]
fn schemas_of_the_first_protocol_version_are_passed_over() {
    assert_eq!(created(user(json!({ "schemas": ["urn:scim:schemas:core:1.0"] }))), user(json!({})));
}

#[test]
fn names_are_read_in_any_case() {
    let body =
        json!({ "USERNAME": "nina", "DisplayName": "Nina", "Name": { "FamilyName": "Berg" } });
    let expected =
        json!({ "userName": "nina", "displayName": "Nina", "name": { "familyName": "Berg" } });
    let person = user_type().create(body, Rules::default()).unwrap();
    assert_eq!(super::shown(&person), expected);
}

#[test]
fn the_urn_of_an_extension_is_read_in_any_case() {
    let body = user(json!({ ENTERPRISE.to_lowercase(): { "department": "Math" } }));
    assert_eq!(created(body), employee(json!({ "department": "Math" })));
}

#[test]
fn what_is_unassigned_is_left_out() {
    let body = user(json!({
        "title": null, "nickName": "", "emails": [], "name": {}, ENTERPRISE: {},
        "phoneNumbers": null, HOCH: { "costUnit": null },
    }));
    assert_eq!(created(body), user(json!({})));
}

#[test]
fn nulls_inside_of_elements_are_left_out() {
    let body = user(json!({ "emails": [{ "type": "work", "value": "a@b", "display": null }] }));
    assert_eq!(created(body), user(json!({ "emails": [{ "type": "work", "value": "a@b" }] })));
}

#[test]
fn nulls_at_the_root_for_attributes_of_an_extension_are_tolerated() {
    assert_eq!(created(user(json!({ "department": null, "manager": null }))), user(json!({})));
}

#[test]
fn a_misspelt_urn_is_tolerated() {
    let body = user(json!({
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0User": { "department": "Math" },
    }));
    assert!(user_type().create(body, Rules::default()).is_ok());
}

#[test]
fn an_unknown_attribute_is_kept_as_sent() {
    let body = user(json!({ "shoeSize": 41, "pet": { "Name": "Rex", "tags": ["a", ""] } }));
    assert_eq!(created(body.clone()), body);
}

#[test]
fn an_unknown_attribute_may_be_passed_over() {
    let rules = Rules { unknown: Unknown::Ignore, ..Rules::default() };
    let person = user_type().create(user(json!({ "shoeSize": 41 })), rules).unwrap();
    assert_eq!(super::shown(&person), user(json!({})));
}

#[test]
fn an_unknown_attribute_may_be_refused_by_name() {
    let rules = Rules { unknown: Unknown::Reject, ..Rules::default() };
    let error = user_type().create(user(json!({ "shoeSize": 41 })), rules).unwrap_err();
    assert_eq!(error.status(), 400);
    assert!(error.detail().contains("shoeSize"), "{error}");
}

#[test]
fn a_person_without_a_login_name_is_refused_by_name() {
    let error = user_refusal(json!({ "displayName": "Nina" }));
    assert_eq!((error.status(), error.scim_type()), (400, Some(ScimType::InvalidValue)));
    assert!(error.detail().contains("userName"), "{error}");
}

#[test]
fn an_empty_login_name_is_none() {
    assert_eq!(user_refusal(json!({ "userName": "" })).scim_type(), Some(ScimType::InvalidValue));
}

#[test]
fn a_null_login_name_is_none() {
    assert_eq!(user_refusal(json!({ "userName": null })).scim_type(), Some(ScimType::InvalidValue));
}

#[test]
fn a_group_without_a_name_is_refused_by_name() {
    let group = super::ResourceType::group();
    let error = group.create(json!({ "externalId": "1d7a" }), Rules::default()).unwrap_err();
    assert_eq!((error.status(), error.scim_type()), (400, Some(ScimType::InvalidValue)));
    assert!(error.detail().contains("displayName"), "{error}");
}

#[test]
fn every_fault_of_a_body_is_told_at_once() {
    let error = user_refusal(json!({ "active": "perhaps", "name": "Nina", "title": { "a": 1 } }));
    for word in ["active", "name", "title", "userName"] {
        assert!(error.detail().contains(word), "{word}: {error}");
    }
}

#[test]
fn a_fault_inside_of_an_extension_names_the_attribute() {
    let error = user_refusal(user(json!({ HOCH: { "semester": "three" } })));
    assert_eq!(error.scim_type(), Some(ScimType::InvalidValue));
    assert!(error.detail().contains("semester"), "{error}");
}

#[test]
fn an_extension_that_is_no_object_is_refused() {
    assert_eq!(user_refusal(user(json!({ ENTERPRISE: "Math" }))).status(), 400);
}

#[test]
fn one_element_at_most_is_created_primary() {
    let body = user(json!({ "emails": [
        { "type": "work", "value": "a@b", "primary": true },
        { "type": "home", "value": "c@d", "primary": true },
    ] }));
    if let Ok(person) = user_type().create(body, Rules::default()) {
        let person = super::shown(&person);
        let primary = person["emails"].as_array().unwrap().iter();
        assert_eq!(primary.filter(|email| email["primary"] == true).count(), 1);
    }
}

#[test]
fn an_attribute_named_twice_in_two_cases_is_no_two_attributes() {
    let body = json!({ "userName": "nina", "title": "A", "TITLE": "B" });
    if let Ok(person) = user_type().create(body, Rules::default()) {
        assert_eq!(super::shown(&person).as_object().unwrap().len(), 2);
    }
}

#[test]
fn a_body_that_is_no_object_is_refused() {
    for body in [json!([]), json!("nina"), json!(null), json!(1)] {
        let error = user_refusal(body);
        assert_eq!((error.status(), error.scim_type()), (400, Some(ScimType::InvalidSyntax)));
    }
}

// Text.

#[test]
fn junk_is_refused() {
    for text in [&b"junk"[..], b"", b"{", b"{\"a\":1} x", b"\xff\xfe{}"] {
        let error = parse_json(text).unwrap_err();
        assert_eq!((error.status(), error.scim_type()), (400, Some(ScimType::InvalidSyntax)));
    }
}

#[test]
fn endless_nesting_is_refused() {
    let text = "[".repeat(100_000);
    assert_eq!(parse_json(text.as_bytes()).unwrap_err().scim_type(), Some(ScimType::InvalidSyntax));
}

// PUT.

fn stored() -> Value {
    user(json!({
        "id": "u-1041",
        "externalId": "nina.berg",
        "displayName": "Nina Berg",
        "active": true,
        "title": "Lecturer",
        "name": { "givenName": "Nina", "familyName": "Berg" },
        "emails": [{ "value": "nina.berg@hoch.example", "type": "work", "primary": true }],
        "groups": [{ "value": "g-17", "display": "Math 1A" }],
        "meta": { "resourceType": "User", "created": "2026-03-04T09:15:27Z", "version": "W/\"1\"" },
        ENTERPRISE: { "department": "Math", "manager": { "value": "u-0007" } },
    }))
}

/// What a client that read the person would put back.
fn read() -> Value {
    let mut body = stored();
    body["schemas"] = json!(["urn:ietf:params:scim:schemas:core:2.0:User", ENTERPRISE]);
    body
}

fn with(mut body: Value, key: &str, value: Value) -> Value {
    body[key] = value;
    body
}

#[test]
fn putting_back_what_was_read_changes_nothing() {
    assert_eq!(put(&stored(), read()), (stored(), false));
}

#[test]
fn putting_back_with_one_change_changes_that() {
    let (after, _) = put(&stored(), with(read(), "displayName", json!("Nina Hofer")));
    assert_eq!(after, with(stored(), "displayName", json!("Nina Hofer")));
}

#[test]
fn a_put_disables() {
    let (after, _) = put(&stored(), with(read(), "active", json!(false)));
    assert_eq!(after, with(stored(), "active", json!(false)));
}

#[test]
fn a_put_disables_by_a_text() {
    let (after, _) = put(&stored(), with(read(), "active", json!("False")));
    assert_eq!(after, with(stored(), "active", json!(false)));
}

#[test]
fn a_put_without_active_disables_nobody() {
    let (after, _) = put(&stored(), super::without(read(), "active"));
    assert_eq!(after["active"], true);
}

#[test]
fn a_put_without_active_enables_nobody() {
    let before = with(stored(), "active", json!(false));
    let (after, _) = put(&before, super::without(read(), "active"));
    assert_eq!(after["active"], false);
}

#[test]
fn a_put_without_an_attribute_clears_it() {
    let (after, changed) = put(&stored(), super::without(read(), "title"));
    assert_eq!((after, changed), (super::without(stored(), "title"), true));
}

#[test]
fn a_put_without_a_part_clears_it() {
    let (after, _) = put(&stored(), with(read(), "name", json!({ "familyName": "Berg" })));
    assert_eq!(after["name"], json!({ "familyName": "Berg" }));
}

#[test]
fn a_put_without_an_extension_clears_it() {
    let (after, _) = put(&stored(), super::without(read(), ENTERPRISE));
    assert_eq!(after, super::without(stored(), ENTERPRISE));
}

#[test]
fn a_put_with_an_empty_list_clears_it() {
    let (after, _) = put(&stored(), with(read(), "emails", json!([])));
    assert_eq!(after, super::without(stored(), "emails"));
}

#[test]
fn a_put_with_another_id_keeps_the_id() {
    let (after, changed) = put(&stored(), with(read(), "id", json!("u-9")));
    assert_eq!((after, changed), (stored(), false));
}

#[test]
fn a_put_without_an_id_keeps_the_id() {
    let (after, changed) = put(&stored(), super::without(read(), "id"));
    assert_eq!((after, changed), (stored(), false));
}

#[test]
fn a_put_with_other_meta_keeps_meta() {
    let (after, changed) = put(&stored(), with(read(), "meta", json!({ "version": "W/\"9\"" })));
    assert_eq!((after, changed), (stored(), false));
}

#[test]
fn a_put_with_other_groups_keeps_the_groups() {
    for groups in [json!([]), json!([{ "value": "g-18" }])] {
        let (after, changed) = put(&stored(), with(read(), "groups", groups));
        assert_eq!((after, changed), (stored(), false));
    }
}

#[test]
fn a_put_without_a_login_name_is_refused() {
    let error = user_type().replace(json!({ "title": "T" }), Rules::default()).unwrap_err();
    assert_eq!((error.status(), error.scim_type()), (400, Some(ScimType::InvalidValue)));
}

#[test]
fn a_put_renames_the_login() {
    let (after, _) = put(&stored(), with(read(), "userName", json!("nina.hofer@hoch.example")));
    assert_eq!(after, with(stored(), "userName", json!("nina.hofer@hoch.example")));
}

#[test]
fn a_put_in_another_order_changes_nothing() {
    let Value::Object(map) = read() else { return };
    let turned: Value = map.into_iter().rev().collect::<serde_json::Map<_, _>>().into();
    assert_eq!(put(&stored(), turned), (stored(), false));
}

#[test]
fn a_put_is_all_there_is() {
    let edits = user_type().replace(user(json!({})), Rules::default()).unwrap();
    assert!(edits.is_complete());
}

#[test]
fn a_put_of_a_group_renames_it_and_keeps_its_members() {
    let before = group(json!({ "id": "g-17", "members": [{ "value": "u-1" }] }));
    let (after, _) = put(&before, json!({ "id": "g-17", "displayName": "Math 1B" }));
    assert_eq!(after, with(before, "displayName", json!("Math 1B")));
}

// What may be written once.

fn once_only() -> matricula::scim::ResourceType {
    let attribute = json!([{ "name": "badge", "mutability": "immutable" }]);
    let attributes = serde_json::from_value(attribute).unwrap();
    user_type().with_extension(super::extension("urn:example:badge", attributes), false).unwrap()
}

fn with_badge(before: &str, body: Value) -> Result<Value, Option<ScimType>> {
    let resource_type = once_only();
    let before = match before {
        "" => user(json!({})),
        badge => user(json!({ "urn:example:badge": { "badge": badge } })),
    };
    let mut resource = super::resource(&before);
    resource_type
        .replace(body, Rules::default())
        .and_then(|edits| edits.apply(&resource_type, &mut resource))
        .map(|_| super::shown(&resource)["urn:example:badge"]["badge"].clone())
        .map_err(|error| error.scim_type())
}

fn badge(value: &str) -> Value {
    user(json!({ "urn:example:badge": { "badge": value } }))
}

#[test]
fn an_immutable_attribute_may_be_set_while_it_is_empty() {
    assert_eq!(with_badge("", badge("A")), Ok(json!("A")));
}

#[test]
fn an_immutable_attribute_may_be_put_back() {
    assert_eq!(with_badge("A", badge("A")), Ok(json!("A")));
}

#[test]
fn an_immutable_attribute_may_not_be_changed() {
    assert_eq!(with_badge("A", badge("B")), Err(Some(ScimType::Mutability)));
}

#[test]
fn an_immutable_attribute_may_be_set_by_a_post() {
    let person = once_only().create(badge("A"), Rules::default()).unwrap();
    assert_eq!(super::shown(&person), badge("A"));
}
