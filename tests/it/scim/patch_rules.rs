//! What operations do where the case is not plain: slots that are missing,
//! values that unassign, order, atomicity, what must stay as it is.

use matricula::scim::{Rules, ScimType};
use serde_json::{Value, json};

use super::{
    ENTERPRISE, employee, is_no_change, outcome, patch_body, patched, patched_strictly, refusal,
    refused, refused_strictly, user,
};

pub(super) fn with_emails(emails: Value) -> Value {
    user(json!({ "emails": emails }))
}

pub(super) fn work() -> Value {
    json!({ "type": "work", "value": "nina@hoch.example" })
}

pub(super) fn home() -> Value {
    json!({ "type": "home", "value": "nina@home.example" })
}

// A slot that is not there.

#[test]
fn replace_on_a_missing_work_address_creates_it() {
    let operations = json!([{ "op": "Replace", "path": "emails[type eq \"work\"].value", "value": "nina@hoch.example" }]);
    assert_eq!(patched(user(json!({})), operations), with_emails(json!([work()])));
}

#[test]
fn add_on_a_missing_work_address_creates_it() {
    let operations = json!([{ "op": "Add", "path": "emails[type eq \"work\"].value", "value": "nina@hoch.example" }]);
    assert_eq!(patched(user(json!({})), operations), with_emails(json!([work()])));
}

#[test]
fn replace_on_a_missing_slot_keeps_the_other_elements() {
    let operations = json!([{ "op": "Replace", "path": "emails[type eq \"work\"].value", "value": "nina@hoch.example" }]);
    let after = patched(with_emails(json!([home()])), operations);
    assert_eq!(after, with_emails(json!([home(), work()])));
}

#[test]
fn a_slot_is_made_from_every_equality_of_its_filter() {
    let path = r#"emails[type eq "work" and primary eq true].value"#;
    let operations = json!([{ "op": "add", "path": path, "value": "nina@hoch.example" }]);
    let element = json!({ "type": "work", "primary": true, "value": "nina@hoch.example" });
    assert_eq!(patched(user(json!({})), operations), with_emails(json!([element])));
}

#[test]
fn a_slot_of_the_primary_element_is_made_with_a_boolean() {
    let path = r#"roles[primary eq "True"].value"#;
    let operations = json!([{ "op": "Add", "path": path, "value": "teacher" }]);
    let roles = json!([{ "primary": true, "value": "teacher" }]);
    assert_eq!(patched(user(json!({})), operations), user(json!({ "roles": roles })));
}

#[test]
fn two_parts_of_a_missing_slot_make_one_element() {
    let operations = json!([
        { "op": "Add", "path": "addresses[type eq \"work\"].streetAddress", "value": "Seeweg 4" },
        { "op": "Add", "path": "addresses[type eq \"work\"].postalCode", "value": "8001" },
    ]);
    let address = json!({ "type": "work", "streetAddress": "Seeweg 4", "postalCode": "8001" });
    assert_eq!(patched(user(json!({})), operations), user(json!({ "addresses": [address] })));
}

#[test]
fn a_whole_element_is_made_in_its_missing_slot() {
    let operations = json!([{ "op": "add", "path": "emails[type eq \"work\"]",
        "value": { "value": "nina@hoch.example" } }]);
    assert_eq!(patched(user(json!({})), operations), with_emails(json!([work()])));
}

#[test]
fn null_on_a_missing_slot_is_a_success() {
    let operations =
        json!([{ "op": "replace", "path": "emails[type eq \"work\"].value", "value": null }]);
    assert!(is_no_change(user(json!({})), operations));
}

#[test]
fn an_empty_text_on_a_missing_slot_is_a_success() {
    let operations =
        json!([{ "op": "replace", "path": "emails[type eq \"work\"].value", "value": "" }]);
    assert!(is_no_change(user(json!({})), operations));
}

#[test]
fn removing_a_missing_slot_is_a_success() {
    let operations = json!([{ "op": "Remove", "path": "emails[type eq \"work\"].value" }]);
    assert!(is_no_change(with_emails(json!([home()])), operations));
}

#[test]
fn removing_a_missing_element_is_a_success() {
    let operations = json!([{ "op": "remove", "path": "emails[type eq \"work\"]" }]);
    assert!(is_no_change(with_emails(json!([home()])), operations));
}

#[test]
fn removing_a_missing_attribute_is_a_success() {
    assert!(is_no_change(user(json!({})), json!([{ "op": "remove", "path": "title" }])));
}

#[test]
fn the_letter_of_the_rfc_refuses_to_replace_a_missing_slot() {
    let operations =
        json!([{ "op": "replace", "path": "emails[type eq \"work\"].value", "value": "a@b" }]);
    assert_eq!(
        refused_strictly(with_emails(json!([home()])), operations),
        Some(ScimType::NoTarget)
    );
}

#[test]
fn the_letter_of_the_rfc_replaces_a_slot_that_is_there() {
    let operations =
        json!([{ "op": "replace", "path": "emails[type eq \"home\"].value", "value": "a@b" }]);
    let after = patched_strictly(with_emails(json!([home()])), operations);
    assert_eq!(after, with_emails(json!([{ "type": "home", "value": "a@b" }])));
}

#[test]
fn a_slot_that_is_no_equality_cannot_be_made() {
    let path = r#"emails[value co "@hoch"].display"#;
    let operations = json!([{ "op": "replace", "path": path, "value": "Work" }]);
    assert_eq!(refused(user(json!({})), operations), Some(ScimType::NoTarget));
}

// A slot that is there.

#[test]
fn a_slot_is_changed_in_place() {
    let operations = json!([{ "op": "Replace", "path": "emails[type eq \"work\"].value", "value": "new@hoch.example" }]);
    let after = patched(with_emails(json!([work(), home()])), operations);
    let changed = json!({ "type": "work", "value": "new@hoch.example" });
    assert_eq!(after, with_emails(json!([changed, home()])));
}

#[test]
fn an_addition_to_a_slot_that_is_there_changes_it_without_a_second_one() {
    let operations = json!([{ "op": "Add", "path": "emails[type eq \"work\"].value", "value": "new@hoch.example" }]);
    let after = patched(with_emails(json!([work()])), operations);
    assert_eq!(after, with_emails(json!([{ "type": "work", "value": "new@hoch.example" }])));
}

#[test]
fn a_filter_that_matches_several_changes_all_of_them() {
    let before = with_emails(json!([
        { "type": "work", "value": "a@hoch.example" },
        { "type": "work", "value": "b@hoch.example" },
    ]));
    let operations =
        json!([{ "op": "replace", "path": "emails[type eq \"work\"].display", "value": "Work" }]);
    let after = patched(before, operations);
    assert_eq!(
        after,
        with_emails(json!([
            { "type": "work", "value": "a@hoch.example", "display": "Work" },
            { "type": "work", "value": "b@hoch.example", "display": "Work" },
        ]))
    );
}

#[test]
fn an_addition_to_an_element_keeps_the_parts_it_does_not_name() {
    let before =
        with_emails(json!([{ "type": "work", "value": "a@hoch.example", "display": "A" }]));
    let operations = json!([{ "op": "add", "path": "emails[type eq \"work\"]",
        "value": { "value": "b@hoch.example" } }]);
    let element = json!({ "type": "work", "value": "b@hoch.example", "display": "A" });
    assert_eq!(patched(before, operations), with_emails(json!([element])));
}

#[test]
fn an_element_replaced_in_its_slot_keeps_the_label_of_the_slot() {
    let operations = json!([{ "op": "replace", "path": "emails[type eq \"work\"]",
        "value": { "value": "b@hoch.example" } }]);
    let after = patched(with_emails(json!([work(), home()])), operations);
    assert!(super::finds(r#"emails[type eq "work"].value eq "b@hoch.example""#, after));
}

#[test]
fn removing_an_element_leaves_the_others() {
    let operations = json!([{ "op": "remove", "path": "emails[type eq \"work\"]" }]);
    assert_eq!(
        patched(with_emails(json!([work(), home()])), operations),
        with_emails(json!([home()]))
    );
}

#[test]
fn removing_the_last_element_unassigns_the_attribute() {
    let operations = json!([{ "op": "remove", "path": "emails[type eq \"work\"]" }]);
    assert_eq!(patched(with_emails(json!([work()])), operations), user(json!({})));
}

#[test]
fn removing_one_part_of_an_element_leaves_the_rest() {
    let before = with_emails(json!([{ "type": "work", "value": "a@b", "display": "A" }]));
    let operations = json!([{ "op": "remove", "path": "emails[type eq \"work\"].display" }]);
    let after = with_emails(json!([{ "type": "work", "value": "a@b" }]));
    assert_eq!(patched(before, operations), after);
}

#[test]
fn a_removal_with_a_value_removes_instead_of_setting_it() {
    let operations = json!([{ "op": "Remove", "path": "emails[type eq \"work\"].value",
        "value": "nina@hoch.example" }]);
    let after = patched(with_emails(json!([work(), home()])), operations);
    assert!(!super::finds(r#"emails.value eq "nina@hoch.example""#, after.clone()));
    assert!(super::finds(r#"emails.value eq "nina@home.example""#, after));
}

#[test]
fn a_removal_of_a_slot_with_null_removes_it() {
    let operations =
        json!([{ "op": "Remove", "path": "emails[type eq \"work\"].value", "value": null }]);
    let after = patched(with_emails(json!([work(), home()])), operations);
    assert!(!super::finds(r#"emails[type eq "work"].value pr"#, after));
}

#[test]
fn a_removal_without_a_filter_removes_every_element() {
    let operations = json!([{ "op": "remove", "path": "emails" }]);
    assert_eq!(patched(with_emails(json!([work(), home()])), operations), user(json!({})));
}

#[test]
fn a_removal_of_a_part_takes_the_part_only() {
    let before = user(json!({ "name": { "givenName": "Nina", "familyName": "Berg" } }));
    let operations = json!([{ "op": "remove", "path": "name.familyName" }]);
    assert_eq!(patched(before, operations), user(json!({ "name": { "givenName": "Nina" } })));
}

#[test]
fn a_removal_of_the_last_part_takes_the_attribute() {
    let before = user(json!({ "name": { "givenName": "Nina" } }));
    let operations = json!([{ "op": "remove", "path": "name.givenName" }]);
    assert_eq!(patched(before, operations), user(json!({})));
}

#[test]
fn a_removal_without_a_path_has_no_target() {
    assert_eq!(refused(user(json!({})), json!([{ "op": "remove" }])), Some(ScimType::NoTarget));
}

// Values that unassign.

#[test]
fn an_empty_text_unassigns() {
    let operations = json!([{ "op": "replace", "path": "title", "value": "" }]);
    assert_eq!(patched(user(json!({ "title": "Lecturer" })), operations), user(json!({})));
}

#[test]
fn null_unassigns() {
    let operations = json!([{ "op": "replace", "path": "title", "value": null }]);
    assert_eq!(patched(user(json!({ "title": "Lecturer" })), operations), user(json!({})));
}

#[test]
fn an_empty_list_unassigns() {
    let operations = json!([{ "op": "replace", "path": "emails", "value": [] }]);
    assert_eq!(patched(with_emails(json!([work()])), operations), user(json!({})));
}

#[test]
fn unassigning_what_is_unassigned_is_a_success() {
    for value in [json!(""), json!(null)] {
        let operations = json!([{ "op": "replace", "path": "title", "value": value }]);
        assert!(is_no_change(user(json!({})), operations));
    }
}

#[test]
fn an_empty_text_unassigns_a_part() {
    let before = user(json!({ "name": { "givenName": "Nina", "familyName": "Berg" } }));
    let operations = json!([{ "op": "replace", "path": "name.familyName", "value": "" }]);
    assert_eq!(patched(before, operations), user(json!({ "name": { "givenName": "Nina" } })));
}

#[test]
fn an_empty_text_empties_a_slot() {
    let operations =
        json!([{ "op": "replace", "path": "emails[type eq \"work\"].value", "value": "" }]);
    let after = patched(with_emails(json!([work(), home()])), operations);
    assert!(!super::finds(r#"emails[type eq "work"].value pr"#, after.clone()));
    assert!(super::finds(r#"emails[type eq "home"].value pr"#, after));
}

#[test]
fn null_empties_an_attribute_of_an_extension() {
    let path = format!("{ENTERPRISE}:department");
    let operations = json!([{ "op": "replace", "path": path, "value": null }]);
    let before = employee(json!({ "department": "Math", "division": "A" }));
    assert_eq!(patched(before, operations), employee(json!({ "division": "A" })));
}

#[test]
fn the_last_attribute_of_an_extension_takes_the_extension_along() {
    let path = format!("{ENTERPRISE}:department");
    let operations = json!([{ "op": "replace", "path": path, "value": "" }]);
    assert_eq!(patched(employee(json!({ "department": "Math" })), operations), user(json!({})));
}

#[test]
fn clearing_twice_is_a_success_both_times() {
    let clear = |value: Value| json!([{ "op": "replace", "path": "emails[type eq \"work\"].value", "value": value }]);
    let once = patched(with_emails(json!([work()])), clear(json!("")));
    assert!(is_no_change(once, clear(json!(null))));
}

#[test]
fn the_login_name_cannot_be_unassigned_by_an_empty_text() {
    let operations = json!([{ "op": "replace", "path": "userName", "value": "" }]);
    let error = refusal(user(json!({})), operations);
    assert_eq!(error.status(), 400);
    assert!(matches!(error.scim_type(), Some(ScimType::InvalidValue | ScimType::Mutability)));
    assert!(error.detail().contains("userName"), "{error}");
}

#[test]
fn the_login_name_cannot_be_unassigned_by_null() {
    let operations = json!([{ "op": "replace", "path": "userName", "value": null }]);
    let scim_type = refused(user(json!({})), operations);
    assert!(matches!(scim_type, Some(ScimType::InvalidValue | ScimType::Mutability)));
}

// Order and atomicity.

#[test]
fn a_later_operation_sees_what_an_earlier_one_did() {
    let operations = json!([
        { "op": "add", "path": "emails", "value": [home()] },
        { "op": "replace", "path": "emails[type eq \"home\"].value", "value": "new@home.example" },
    ]);
    let after = patched(user(json!({})), operations);
    assert_eq!(after, with_emails(json!([{ "type": "home", "value": "new@home.example" }])));
}

#[test]
fn the_last_of_two_values_wins() {
    let operations = json!([
        { "op": "replace", "path": "title", "value": "First" },
        { "op": "replace", "path": "title", "value": "Second" },
    ]);
    assert_eq!(patched(user(json!({})), operations), user(json!({ "title": "Second" })));
}

#[test]
fn removing_adding_and_replacing_one_attribute_happens_in_that_order() {
    let operations = json!([
        { "op": "remove", "path": "displayName" },
        { "op": "add", "path": "displayName", "value": "Added" },
        { "op": "replace", "path": "displayName", "value": "Replaced" },
    ]);
    let after = patched(user(json!({ "displayName": "Nina" })), operations);
    assert_eq!(after, user(json!({ "displayName": "Replaced" })));
}

#[test]
fn setting_and_then_removing_leaves_nothing() {
    let operations = json!([
        { "op": "replace", "path": "title", "value": "First" },
        { "op": "remove", "path": "title" },
    ]);
    assert_eq!(patched(user(json!({ "title": "Old" })), operations), user(json!({})));
}

#[test]
fn a_required_attribute_may_go_within_a_request_that_brings_it_back() {
    let operations = json!([
        { "op": "remove", "path": "userName" },
        { "op": "add", "path": "userName", "value": "nina" },
    ]);
    // The RFC judges each operation; what a client means is plain either way,
    // so refusing is as right as doing it. Half of it is not.
    let before = user(json!({}));
    match outcome(&before, patch_body(operations), Rules::default()) {
        Ok((after, _)) => assert_eq!(after["userName"], "nina"),
        Err(error) => assert_eq!(error.status(), 400),
    }
}

#[test]
fn one_bad_operation_undoes_the_good_ones_before_it() {
    // `refused` holds the resource against what it was.
    let operations = json!([
        { "op": "replace", "path": "title", "value": "New" },
        { "op": "add", "path": "emails", "value": [home()] },
        { "op": "replace", "path": "active", "value": "perhaps" },
    ]);
    let before = user(json!({ "title": "Old" }));
    assert_eq!(refused(before, operations), Some(ScimType::InvalidValue));
}

#[test]
fn one_bad_operation_undoes_the_good_ones_after_it() {
    let operations = json!([
        { "op": "replace", "path": "id", "value": "u-2" },
        { "op": "replace", "path": "title", "value": "New" },
    ]);
    let before = user(json!({ "id": "u-1", "title": "Old" }));
    assert_eq!(refused(before, operations), Some(ScimType::Mutability));
}
