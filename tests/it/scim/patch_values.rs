//! Values brought into the type of their attribute, and values that must come
//! back exactly as they were sent.

use matricula::scim::ScimType;
use serde_json::{Value, json};

use super::{HOCH, patched, refused, user};

fn set(path: &str, value: Value) -> Value {
    patched(user(json!({})), json!([{ "op": "replace", "path": path, "value": value }]))
}

fn keeps(path: &str, value: &str) -> bool {
    set(path, json!(value)) == user(json!({ path: value }))
}

fn set_refused(path: &str, value: Value) -> Option<ScimType> {
    refused(user(json!({})), json!([{ "op": "replace", "path": path, "value": value }]))
}

// Booleans.

#[test]
fn a_word_for_true_stays_a_text_where_the_attribute_is_one() {
    assert!(keeps("displayName", "True"));
    assert!(keeps("title", "false"));
}

#[test]
fn a_primary_element_may_be_marked_by_a_text() {
    let value = json!([{ "type": "work", "value": "a@b", "primary": "True" }]);
    let expected = json!([{ "type": "work", "value": "a@b", "primary": true }]);
    assert_eq!(set("emails", value), user(json!({ "emails": expected })));
}

#[test]
fn a_primary_role_may_be_marked_by_a_text() {
    let value = json!([{ "value": "teacher", "primary": "True" }]);
    let expected = json!([{ "value": "teacher", "primary": true }]);
    assert_eq!(set("roles", value), user(json!({ "roles": expected })));
}

#[test]
fn the_primary_part_of_a_slot_may_be_a_text() {
    let after = set(r#"emails[type eq "work"].primary"#, json!("False"));
    assert_eq!(after["emails"][0]["primary"], false);
}

#[test]
fn a_boolean_of_an_extension_may_be_a_text() {
    assert_eq!(
        set(&format!("{HOCH}:tutor"), json!("True")),
        user(json!({ HOCH: { "tutor": true } }))
    );
}

#[test]
fn another_word_is_no_boolean() {
    assert_eq!(set_refused("active", json!("perhaps")), Some(ScimType::InvalidValue));
}

#[test]
fn a_number_is_no_boolean() {
    assert_eq!(set_refused("active", json!(1)), Some(ScimType::InvalidValue));
}

// One value in a list, and a list of one value.

#[test]
fn a_list_of_one_object_with_a_value_is_a_text() {
    assert_eq!(
        set("displayName", json!([{ "value": "Nina" }])),
        user(json!({ "displayName": "Nina" }))
    );
}

#[test]
fn a_list_of_one_object_with_a_null_reference_is_a_text() {
    let after = set("displayName", json!([{ "$ref": null, "value": "Nina" }]));
    assert_eq!(after, user(json!({ "displayName": "Nina" })));
}

#[test]
fn a_list_of_two_objects_is_no_text() {
    let value = json!([{ "value": "Nina" }, { "value": "Berg" }]);
    assert_eq!(set_refused("displayName", value), Some(ScimType::InvalidValue));
}

#[test]
fn a_part_may_come_as_a_list_of_one_object() {
    let after = set("name.familyName", json!([{ "$ref": null, "value": "Berg" }]));
    assert_eq!(after, user(json!({ "name": { "familyName": "Berg" } })));
}

#[test]
fn a_slot_may_come_as_a_list_of_one_object() {
    let after = set(r#"emails[type eq "work"].value"#, json!([{ "$ref": null, "value": "a@b" }]));
    assert_eq!(after, user(json!({ "emails": [{ "type": "work", "value": "a@b" }] })));
}

#[test]
fn one_object_for_a_list_is_a_list_of_one() {
    let after = set("emails", json!({ "type": "work", "value": "a@b" }));
    assert_eq!(after, user(json!({ "emails": [{ "type": "work", "value": "a@b" }] })));
}

#[test]
fn a_text_for_an_element_is_its_value() {
    let after = set("roles", json!(["teacher", "tutor"]));
    assert_eq!(after, user(json!({ "roles": [{ "value": "teacher" }, { "value": "tutor" }] })));
}

// What is of the wrong type.

#[test]
fn an_object_is_no_text() {
    assert_eq!(set_refused("title", json!({ "a": "b" })), Some(ScimType::InvalidValue));
}

#[test]
fn a_text_is_no_name() {
    assert_eq!(set_refused("name", json!("Nina Berg")), Some(ScimType::InvalidValue));
}

#[test]
fn a_word_is_no_number() {
    assert_eq!(
        set_refused(&format!("{HOCH}:semester"), json!("three")),
        Some(ScimType::InvalidValue)
    );
}

#[test]
fn a_number_with_a_fraction_is_no_whole_number() {
    assert_eq!(set_refused(&format!("{HOCH}:semester"), json!(3.5)), Some(ScimType::InvalidValue));
}

#[test]
fn a_word_is_no_instant() {
    assert_eq!(
        set_refused(&format!("{HOCH}:enrolled"), json!("soon")),
        Some(ScimType::InvalidValue)
    );
}

#[test]
fn a_whole_number_is_kept() {
    assert_eq!(
        set(&format!("{HOCH}:semester"), json!(3)),
        user(json!({ HOCH: { "semester": 3 } }))
    );
}

#[test]
fn an_instant_is_kept_as_sent() {
    let instant = "2026-03-04T10:15:27.5+01:00";
    let after = set(&format!("{HOCH}:enrolled"), json!(instant));
    assert_eq!(after, user(json!({ HOCH: { "enrolled": instant } })));
}

// What was sent is what comes back.

#[test]
fn a_telephone_number_is_not_reformatted() {
    let after = set(r#"phoneNumbers[type eq "work"].value"#, json!(" +41 (0)44 000-00.00 "));
    assert_eq!(after["phoneNumbers"][0]["value"], " +41 (0)44 000-00.00 ");
}

#[test]
fn a_random_telephone_number_is_kept() {
    let after = set(r#"phoneNumbers[type eq "work"].value"#, json!("10-040-1308"));
    assert_eq!(after["phoneNumbers"][0]["value"], "10-040-1308");
}

#[test]
fn a_login_name_keeps_its_case() {
    assert_eq!(
        set("userName", json!("Nina.BERG@Hoch.Example"))["userName"],
        "Nina.BERG@Hoch.Example"
    );
}

#[test]
fn an_address_keeps_its_case() {
    let after = set(r#"emails[type eq "work"].value"#, json!("Nina@HOCH.example"));
    assert_eq!(after["emails"][0]["value"], "Nina@HOCH.example");
}

#[test]
fn a_country_may_be_a_whole_name() {
    let after = set(r#"addresses[type eq "work"].country"#, json!("Sierra Leone"));
    assert_eq!(after["addresses"][0]["country"], "Sierra Leone");
}

#[test]
fn a_postal_code_may_be_anything() {
    let after = set(r#"addresses[type eq "work"].postalCode"#, json!("cx47 4mz"));
    assert_eq!(after["addresses"][0]["postalCode"], "cx47 4mz");
}

#[test]
fn a_rare_locale_is_kept() {
    assert!(keeps("locale", "jgo-CM"));
    assert!(keeps("preferredLanguage", "jgo-CM"));
}

#[test]
fn an_invented_time_zone_is_kept() {
    assert!(keeps("timezone", "wF3kQ9"));
}

#[test]
fn a_label_that_is_not_canonical_is_kept() {
    let after = set("emails", json!([{ "type": "Assistant", "value": "a@b" }]));
    assert_eq!(after["emails"][0]["type"], "Assistant");
}

#[test]
fn letters_beyond_ascii_are_kept() {
    assert!(keeps("displayName", "Zoë Müller-Łukasz 李 🙂"));
}

#[test]
fn an_apostrophe_that_is_no_plain_one_is_kept() {
    assert!(keeps("displayName", "D\u{2019}Arc"));
}

#[test]
fn spaces_around_a_text_are_kept() {
    assert!(keeps("displayName", "  Nina  "));
}

#[test]
fn a_text_that_looks_like_a_number_stays_one() {
    assert!(keeps("title", "0044"));
}

#[test]
fn the_elements_of_a_list_keep_their_order() {
    let emails = json!([
        { "type": "other", "value": "c@b" },
        { "type": "work", "value": "a@b" },
        { "type": "home", "value": "b@b" },
    ]);
    assert_eq!(set("emails", emails.clone()), user(json!({ "emails": emails })));
}
