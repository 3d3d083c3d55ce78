//! The grammar of filters and its meaning: every example of RFC 7644
//! §3.4.2.2, and what the clients of this field send beside them.

use serde_json::{Value, json};

use super::{employee, finds, is_refused, user};

fn employee_with(emails: Value) -> Value {
    user(json!({ "userType": "Employee", "emails": emails }))
}

// The examples of the RFC, in its order.

#[test]
fn an_operator_may_be_capitalised() {
    assert!(finds(r#"userName Eq "nina.berg@hoch.example""#, user(json!({}))));
}

#[test]
fn a_sub_attribute_may_contain_a_text_with_an_apostrophe() {
    let person = user(json!({ "name": { "familyName": "van O'Malley" } }));
    assert!(finds(r#"name.familyName co "O'Malley""#, person));
}

#[test]
fn a_login_name_may_start_with_a_text() {
    assert!(finds(r#"userName sw "N""#, user(json!({}))));
    assert!(!finds(r#"userName sw "J""#, user(json!({}))));
}

#[test]
fn the_core_urn_may_stand_before_an_attribute() {
    let filter = r#"urn:ietf:params:scim:schemas:core:2.0:User:userName sw "N""#;
    assert!(finds(filter, user(json!({}))));
}

#[test]
fn an_attribute_is_present_or_not() {
    assert!(finds("title pr", user(json!({ "title": "Lecturer" }))));
    assert!(!finds("title pr", user(json!({}))));
}

fn modified(instant: &str) -> Value {
    user(json!({ "meta": { "resourceType": "User", "lastModified": instant } }))
}

const INSTANT: &str = "2026-03-04T09:15:27Z";
const LATER: &str = "2026-03-04T09:15:28Z";

#[test]
fn greater_than_leaves_out_the_same_instant() {
    let filter = format!(r#"meta.lastModified gt "{INSTANT}""#);
    assert!(finds(&filter, modified(LATER)));
    assert!(!finds(&filter, modified(INSTANT)));
}

#[test]
fn greater_or_equal_takes_in_the_same_instant() {
    let filter = format!(r#"meta.lastModified ge "{INSTANT}""#);
    assert!(finds(&filter, modified(INSTANT)));
    assert!(!finds(&format!(r#"meta.lastModified ge "{LATER}""#), modified(INSTANT)));
}

#[test]
fn less_than_leaves_out_the_same_instant() {
    let filter = format!(r#"meta.lastModified lt "{LATER}""#);
    assert!(finds(&filter, modified(INSTANT)));
    assert!(!finds(&filter, modified(LATER)));
}

#[test]
fn less_or_equal_takes_in_the_same_instant() {
    let filter = format!(r#"meta.lastModified le "{INSTANT}""#);
    assert!(finds(&filter, modified(INSTANT)));
    assert!(!finds(&filter, modified(LATER)));
}

#[test]
fn and_wants_both() {
    let filter = r#"title pr and userType eq "Employee""#;
    assert!(finds(filter, user(json!({ "title": "Lecturer", "userType": "Employee" }))));
    assert!(!finds(filter, user(json!({ "title": "Lecturer" }))));
}

#[test]
fn or_wants_one() {
    let filter = r#"title pr or userType eq "Intern""#;
    assert!(finds(filter, user(json!({ "title": "Lecturer" }))));
    assert!(finds(filter, user(json!({ "userType": "Intern" }))));
    assert!(!finds(filter, user(json!({}))));
}

#[test]
fn parentheses_hold_alternatives_together() {
    let filter = r#"userType eq "Employee" and (emails co "hoch.example" or emails.value co "klein.example")"#;
    assert!(finds(filter, employee_with(json!([{ "value": "n@klein.example" }]))));
    assert!(!finds(filter, employee_with(json!([{ "value": "n@gross.example" }]))));
    assert!(!finds(filter, user(json!({ "emails": [{ "value": "n@klein.example" }] }))));
}

#[test]
fn not_turns_a_group_of_tests_round() {
    let filter = r#"userType ne "Employee" and not (emails co "hoch.example" or emails.value co "klein.example")"#;
    let intern =
        |address: &str| user(json!({ "userType": "Intern", "emails": [{ "value": address }] }));
    assert!(finds(filter, intern("n@gross.example")));
    assert!(!finds(filter, intern("n@hoch.example")));
    assert!(!finds(filter, employee_with(json!([{ "value": "n@gross.example" }]))));
}

#[test]
fn a_part_of_any_element_may_match() {
    let filter = r#"userType eq "Employee" and (emails.type eq "work")"#;
    let emails = json!([{ "type": "home", "value": "a@b" }, { "type": "work", "value": "c@d" }]);
    assert!(finds(filter, employee_with(emails)));
    assert!(!finds(filter, employee_with(json!([{ "type": "home", "value": "a@b" }]))));
}

#[test]
fn brackets_want_one_element_to_have_it_all() {
    let filter =
        r#"userType eq "Employee" and emails[type eq "work" and value co "@hoch.example"]"#;
    let one = json!([{ "type": "work", "value": "n@hoch.example" }]);
    let two = json!([
        { "type": "work", "value": "n@klein.example" },
        { "type": "home", "value": "n@hoch.example" },
    ]);
    assert!(finds(filter, employee_with(one)));
    assert!(!finds(filter, employee_with(two)));
}

#[test]
fn dotted_tests_may_be_met_by_different_elements() {
    let filter = r#"emails.type eq "work" and emails.value co "@hoch.example""#;
    let two = json!([
        { "type": "work", "value": "n@klein.example" },
        { "type": "home", "value": "n@hoch.example" },
    ]);
    assert!(finds(filter, employee_with(two)));
}

#[test]
fn brackets_of_two_attributes_may_be_alternatives() {
    let filter = r#"emails[type eq "work" and value co "@hoch.example"] or ims[type eq "xmpp" and value co "@chat.example"]"#;
    assert!(finds(filter, user(json!({ "ims": [{ "type": "xmpp", "value": "n@chat.example" }] }))));
    assert!(!finds(filter, user(json!({ "ims": [{ "type": "sip", "value": "n@chat.example" }] }))));
}

// Precedence and spelling.

#[test]
fn and_binds_tighter_than_or() {
    let filter = r#"title eq "A" or title eq "B" and userType eq "X""#;
    assert!(finds(filter, user(json!({ "title": "A" }))));
    assert!(!finds(filter, user(json!({ "title": "B" }))));
}

#[test]
fn and_binds_tighter_than_or_from_the_left_too() {
    let filter = r#"title eq "B" and userType eq "X" or title eq "A""#;
    assert!(finds(filter, user(json!({ "title": "A" }))));
    assert!(!finds(filter, user(json!({ "title": "B" }))));
}

#[test]
fn grouping_comes_before_and() {
    let filter = r#"(title eq "A" or title eq "B") and userType eq "X""#;
    assert!(!finds(filter, user(json!({ "title": "A" }))));
    assert!(finds(filter, user(json!({ "title": "A", "userType": "X" }))));
}

#[test]
fn not_binds_tighter_than_and() {
    let filter = r#"not (title eq "A") and userType eq "X""#;
    assert!(!finds(filter, user(json!({ "title": "B" }))));
    assert!(finds(filter, user(json!({ "title": "B", "userType": "X" }))));
}

#[test]
fn not_binds_tighter_than_or() {
    let filter = r#"not (title eq "A") or userType eq "X""#;
    assert!(finds(filter, user(json!({ "title": "A", "userType": "X" }))));
}

#[test]
fn words_of_the_grammar_are_read_in_any_case() {
    let filter = r#"NOT (title EQ "A") AND userType Pr OR title eQ "C""#;
    assert!(finds(filter, user(json!({ "title": "C" }))));
    assert!(finds(filter, user(json!({ "title": "B", "userType": "X" }))));
    assert!(!finds(filter, user(json!({ "title": "A", "userType": "X" }))));
}

#[test]
fn attribute_names_are_read_in_any_case() {
    let person = user(json!({ "name": { "familyName": "Berg" } }));
    assert!(finds(r#"NAME.FAMILYNAME eq "Berg""#, person));
}

#[test]
fn urns_are_read_in_any_case() {
    let filter =
        r#"URN:IETF:Params:scim:schemas:Extension:ENTERPRISE:2.0:user:Department eq "Math""#;
    assert!(finds(filter, employee(json!({ "department": "Math" }))));
}

#[test]
fn not_may_stand_inside_brackets() {
    let filter = r#"emails[not (type eq "home")]"#;
    assert!(finds(filter, user(json!({ "emails": [{ "type": "work", "value": "a@b" }] }))));
    assert!(!finds(filter, user(json!({ "emails": [{ "type": "home", "value": "a@b" }] }))));
}

#[test]
fn parentheses_may_nest() {
    assert!(finds(
        r#"((title eq "A") and ((active eq true)))"#,
        user(json!({ "title": "A", "active": true }))
    ));
}

// Values.

#[test]
fn words_of_the_grammar_inside_a_value_are_text() {
    let person = user(json!({ "displayName": "Romeo and Juliet or not (eq pr)" }));
    assert!(finds(r#"displayName eq "Romeo and Juliet or not (eq pr)""#, person));
}

#[test]
fn brackets_inside_a_value_are_text() {
    let person = user(json!({ "displayName": "Nina [guest] (B)" }));
    assert!(finds(r#"displayName eq "Nina [guest] (B)""#, person));
}

#[test]
fn brackets_inside_a_value_inside_brackets_are_text() {
    let person = user(json!({ "emails": [{ "type": "w]o[rk", "value": "a@b" }] }));
    assert!(finds(r#"emails[type eq "w]o[rk"].value eq "a@b""#, person));
}

#[test]
fn an_escaped_quotation_mark_belongs_to_the_value() {
    let person = user(json!({ "displayName": r#"Nina "Nini" Berg"# }));
    assert!(finds(r#"displayName eq "Nina \"Nini\" Berg""#, person));
}

#[test]
fn an_escaped_backslash_is_one_backslash() {
    let person = user(json!({ "displayName": r"HOCH\nina" }));
    assert!(finds(r#"displayName eq "HOCH\\nina""#, person));
}

#[test]
fn a_character_may_be_spelled_by_its_number() {
    let person = user(json!({ "displayName": "Zoë" }));
    assert!(finds(r#"displayName eq "Zo\u00eb""#, person));
}

#[test]
fn a_word_without_quotation_marks_is_a_text() {
    assert!(finds("title eq Lecturer", user(json!({ "title": "Lecturer" }))));
}

#[test]
fn null_means_unassigned() {
    assert!(finds("title eq null", user(json!({}))));
    assert!(!finds("title eq null", user(json!({ "title": "Lecturer" }))));
}

#[test]
fn not_null_means_assigned() {
    assert!(finds("title ne null", user(json!({ "title": "Lecturer" }))));
    assert!(!finds("title ne null", user(json!({}))));
}

// What is no filter.

#[test]
fn an_empty_filter_is_refused() {
    assert!(is_refused(""));
    assert!(is_refused("   "));
}

#[test]
fn an_attribute_alone_is_refused() {
    assert!(is_refused("userName"));
}

#[test]
fn a_test_without_a_value_is_refused() {
    assert!(is_refused("userName eq"));
}

#[test]
fn a_test_without_an_attribute_is_refused() {
    assert!(is_refused(r#"eq "x""#));
}

#[test]
fn an_unknown_operator_is_refused() {
    assert!(is_refused(r#"userName is "x""#));
    assert!(is_refused(r#"userName like "x""#));
}

#[test]
fn a_dangling_and_is_refused() {
    assert!(is_refused(r#"userName eq "x" and"#));
    assert!(is_refused(r#"and userName eq "x""#));
}

#[test]
fn an_open_parenthesis_is_refused() {
    assert!(is_refused(r#"(userName eq "x""#));
}

#[test]
fn a_closing_parenthesis_too_many_is_refused() {
    assert!(is_refused(r#"userName eq "x")"#));
}

#[test]
fn an_open_bracket_is_refused() {
    assert!(is_refused(r#"emails[type eq "work""#));
}

#[test]
fn an_open_string_is_refused() {
    assert!(is_refused(r#"userName eq "x"#));
}

#[test]
fn two_tests_without_a_word_between_them_are_refused() {
    assert!(is_refused(r#"userName eq "x" title eq "y""#));
}

#[test]
fn not_needs_parentheses() {
    assert!(is_refused("not active eq true"));
}

#[test]
fn empty_brackets_are_refused() {
    assert!(is_refused("emails[]"));
    assert!(is_refused(r#"emails[].value eq "a@b""#));
}

#[test]
fn an_unknown_attribute_is_refused() {
    assert!(is_refused(r#"shoeSize eq "41""#));
}

#[test]
fn an_unknown_attribute_in_one_branch_is_refused() {
    assert!(is_refused(r#"userName eq "x" or shoeSize eq "41""#));
}

#[test]
fn an_unknown_part_is_refused() {
    assert!(is_refused(r#"name.shoeSize eq "41""#));
    assert!(is_refused(r#"emails[shoeSize eq "41"]"#));
}

#[test]
fn an_unknown_schema_is_refused() {
    assert!(is_refused(r#"urn:example:unknown:2.0:User:title eq "A""#));
}

#[test]
fn an_attribute_of_another_schema_is_refused() {
    assert!(is_refused(r#"urn:ietf:params:scim:schemas:core:2.0:User:department eq "Math""#));
}

#[test]
fn a_part_of_a_simple_attribute_is_refused() {
    assert!(is_refused(r#"userName.value eq "x""#));
    assert!(is_refused(r#"title[value eq "x"]"#));
}

#[test]
fn a_group_has_no_login_name_to_search() {
    let group = super::ResourceType::group();
    assert!(super::bound(r#"userName eq "x""#, &group).is_err());
}

#[test]
fn a_password_cannot_be_searched() {
    assert!(is_refused(r#"password eq "secret""#));
    assert!(is_refused("password pr"));
}

#[test]
fn a_boolean_has_no_order() {
    assert!(is_refused("active gt true"));
    assert!(is_refused("active le false"));
}

#[test]
fn a_boolean_has_no_parts_of_text() {
    assert!(is_refused(r#"active sw "t""#));
}

#[test]
fn a_boolean_does_not_equal_a_word() {
    assert!(is_refused(r#"active eq "perhaps""#));
}

#[test]
fn an_instant_must_be_one() {
    assert!(is_refused(r#"meta.lastModified gt "yesterday""#));
}

#[test]
fn a_number_must_be_one() {
    assert!(is_refused(&format!(r#"{}:semester eq "three""#, super::HOCH)));
}

#[test]
fn a_complex_attribute_without_a_value_cannot_be_compared() {
    assert!(is_refused(r#"name eq "Berg""#));
    assert!(is_refused(r#"addresses co "Seeweg""#));
}

#[test]
fn deep_nesting_is_refused_instead_of_followed() {
    let filter = format!("{}title pr{}", "(".repeat(5_000), ")".repeat(5_000));
    assert!(is_refused(&filter));
}

#[test]
fn a_filter_of_endless_length_is_refused() {
    assert!(is_refused(&format!(r#"title eq "{}""#, "x".repeat(1_000_000))));
}

#[test]
fn a_refusal_names_the_unknown_attribute() {
    let error = super::bound(r#"shoeSize eq "41""#, &super::user_type()).unwrap_err();
    assert!(error.contains("shoeSize"), "{error}");
}

#[test]
fn what_is_not_there_differs_from_every_value() {
    assert!(finds(r#"title ne "Lecturer""#, user(json!({}))));
    assert!(!finds(r#"title ne "Lecturer""#, user(json!({ "title": "lecturer" }))));
}
