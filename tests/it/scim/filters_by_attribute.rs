//! Which attributes filters may name, how each of them compares, and the
//! queries by which clients look for people and groups.

use serde_json::{Value, json};

use super::{ENTERPRISE, HOCH, employee, finds, group, group_of, is_refused, user};

fn with_email(label: &str, address: &str) -> Value {
    user(json!({ "emails": [{ "type": label, "value": address }] }))
}

// The matching queries of Entra and the look-ups of Okta and authentik.

#[test]
fn a_person_is_found_by_login_name() {
    assert!(finds(r#"userName eq "nina.berg@hoch.example""#, user(json!({}))));
    assert!(!finds(r#"userName eq "nina.berg@hoch.exampl""#, user(json!({}))));
}

#[test]
fn a_login_name_is_found_in_another_case() {
    assert!(finds(r#"userName eq "NINA.Berg@Hoch.Example""#, user(json!({}))));
}

#[test]
fn a_login_name_with_an_umlaut_is_found_in_another_case() {
    assert!(finds(r#"userName eq "MÜLLER""#, user(json!({ "userName": "müller" }))));
}

#[test]
fn a_part_of_a_login_name_is_found_in_another_case() {
    assert!(finds(r#"userName co "BERG""#, user(json!({}))));
    assert!(finds(r#"userName sw "NINA""#, user(json!({}))));
    assert!(finds(r#"userName ew "HOCH.EXAMPLE""#, user(json!({}))));
}

#[test]
fn a_login_name_in_another_case_is_not_different() {
    assert!(!finds(r#"userName ne "NINA.BERG@HOCH.EXAMPLE""#, user(json!({}))));
}

#[test]
fn a_person_is_found_by_the_identifier_of_the_client() {
    let person = user(json!({ "externalId": "6f0f6c2e-52d7-4b59-9f2f-0e6d7a2f3c11" }));
    assert!(finds(r#"externalId eq "6f0f6c2e-52d7-4b59-9f2f-0e6d7a2f3c11""#, person));
}

#[test]
fn the_identifier_of_the_client_is_told_apart_by_case() {
    assert!(!finds(r#"externalId eq "NINA""#, user(json!({ "externalId": "nina" }))));
    assert!(!finds(r#"externalId sw "N""#, user(json!({ "externalId": "nina" }))));
    assert!(finds(r#"externalId ne "NINA""#, user(json!({ "externalId": "nina" }))));
}

#[test]
fn a_person_is_found_by_id() {
    assert!(finds(r#"id eq "u-1041""#, user(json!({ "id": "u-1041" }))));
}

#[test]
fn an_id_is_told_apart_by_case() {
    assert!(!finds(r#"id eq "U-1041""#, user(json!({ "id": "u-1041" }))));
}

#[test]
fn a_person_is_found_by_the_work_address() {
    let filter = r#"emails[type eq "work"].value eq "nina.berg@hoch.example""#;
    assert!(finds(filter, with_email("work", "nina.berg@hoch.example")));
}

#[test]
fn the_home_address_is_not_the_work_address() {
    let filter = r#"emails[type eq "work"].value eq "nina.berg@hoch.example""#;
    assert!(!finds(filter, with_email("home", "nina.berg@hoch.example")));
}

#[test]
fn the_work_address_must_be_the_one_that_matches() {
    let person = user(json!({ "emails": [
        { "type": "work", "value": "other@hoch.example" },
        { "type": "home", "value": "nina@hoch.example" },
    ] }));
    assert!(!finds(r#"emails[type eq "work"].value eq "nina@hoch.example""#, person));
}

#[test]
fn brackets_compared_as_a_whole_mean_their_value() {
    let filter = r#"emails[type eq "work"] eq "nina@hoch.example""#;
    assert!(finds(filter, with_email("work", "nina@hoch.example")));
    assert!(!finds(filter, with_email("home", "nina@hoch.example")));
}

#[test]
fn addresses_are_found_in_another_case() {
    let person = with_email("work", "nina@hoch.example");
    assert!(finds(r#"emails[type eq "work"].value eq "Nina@HOCH.example""#, person));
}

#[test]
fn labels_are_found_in_another_case() {
    let person = with_email("work", "nina@hoch.example");
    assert!(finds(r#"emails[Type eq "Work"].Value eq "nina@hoch.example""#, person));
}

#[test]
fn the_slot_may_be_one_of_several_tests() {
    let filter = r#"emails[type eq "work"].value eq "nina@hoch.example" and active eq true"#;
    let person = user(json!({
        "active": true,
        "emails": [{ "type": "work", "value": "nina@hoch.example" }],
    }));
    assert!(finds(filter, person));
}

#[test]
fn a_person_is_found_by_any_address() {
    let person = with_email("home", "nina@hoch.example");
    assert!(finds(r#"emails.value eq "nina@hoch.example""#, person.clone()));
    assert!(finds(r#"emails eq "nina@hoch.example""#, person.clone()));
    assert!(finds(r#"emails co "@hoch""#, person));
}

#[test]
fn a_value_path_alone_asks_for_any_such_element() {
    assert!(finds(r#"emails[type eq "work"]"#, with_email("work", "a@b")));
    assert!(!finds(r#"emails[type eq "work"]"#, with_email("home", "a@b")));
}

#[test]
fn a_value_path_with_a_part_may_be_present() {
    assert!(finds(r#"emails[type eq "work"].value pr"#, with_email("work", "a@b")));
    assert!(!finds(r#"emails[type eq "home"].value pr"#, with_email("work", "a@b")));
}

#[test]
fn names_shown_to_others_are_found_in_another_case() {
    assert!(finds(r#"displayName eq "NINA BERG""#, user(json!({ "displayName": "Nina Berg" }))));
}

#[test]
fn a_disabled_person_is_found_by_login_name() {
    let person = user(json!({ "active": false }));
    assert!(finds(r#"userName eq "nina.berg@hoch.example""#, person));
}

#[test]
fn the_probe_of_a_manager_is_answered_in_either_order() {
    let person = user(json!({ "id": "u-1041", ENTERPRISE: { "manager": { "value": "u-0007" } } }));
    assert!(finds(r#"id eq "u-1041" and manager eq "u-0007""#, person.clone()));
    assert!(finds(r#"manager eq "u-0007" and id eq "u-1041""#, person.clone()));
    assert!(!finds(r#"id eq "u-1041" and manager eq "u-0009""#, person));
}

#[test]
fn a_manager_is_found_by_its_value() {
    let person = employee(json!({ "manager": { "value": "u-0007" } }));
    assert!(finds(r#"manager.value eq "u-0007""#, person.clone()));
    assert!(finds(&format!(r#"{ENTERPRISE}:manager eq "u-0007""#), person.clone()));
    assert!(finds(&format!(r#"{ENTERPRISE}:manager.value eq "u-0007""#), person));
}

#[test]
fn the_probe_of_a_member_is_answered() {
    let class = |member: &str| {
        group(json!({ "id": "g-17", "members": [{ "value": "u-0001" }, { "value": member }] }))
    };
    assert!(finds(r#"id eq "g-17" and members eq "u-1041""#, class("u-1041")));
    assert!(finds(r#"id eq "g-17" and members.value eq "u-1041""#, class("u-1041")));
    assert!(!finds(r#"id eq "g-17" and members eq "u-1041""#, class("u-1042")));
}

#[test]
fn members_are_found_by_a_value_path() {
    assert!(finds(r#"members[value eq "u-1041"]"#, group_of(&["u-1041"])));
    assert!(!finds(r#"members[value eq "u-1042"]"#, group_of(&["u-1041"])));
}

#[test]
fn members_are_told_apart_by_case() {
    assert!(!finds(r#"members eq "U-1041""#, group_of(&["u-1041"])));
}

#[test]
fn a_group_is_found_by_name_in_another_case() {
    assert!(finds(r#"displayName eq "math 1a""#, group(json!({}))));
}

#[test]
fn a_group_is_found_by_the_identifier_of_the_client() {
    assert!(finds(r#"externalId eq "1d7a""#, group(json!({ "externalId": "1d7a" }))));
    assert!(!finds(r#"externalId eq "1D7A""#, group(json!({ "externalId": "1d7a" }))));
}

// Microsoft's collection of sample requests capitalises parts.

#[test]
fn the_sample_query_by_family_name_and_addresses_is_answered() {
    let filter =
        r#"name.FamilyName eq "Berg" and (emails.Value co "hoch" or emails.Value co "klein")"#;
    let person = |address: &str| {
        user(json!({ "name": { "familyName": "Berg" }, "emails": [{ "value": address }] }))
    };
    assert!(finds(filter, person("n@klein.example")));
    assert!(!finds(filter, person("n@gross.example")));
}

#[test]
fn the_sample_query_by_creation_is_answered() {
    let person =
        user(json!({ "meta": { "resourceType": "User", "created": "2026-03-04T09:15:27Z" } }));
    assert!(finds(r#"meta.Created gt "2025-10-10T14:38:21.8617979-07:00""#, person));
}

// Booleans in the spellings that Entra sends.

fn is_found_active(filter: &str) -> bool {
    finds(filter, user(json!({ "active": true })))
        && !finds(filter, user(json!({ "active": false })))
}

#[test]
fn a_boolean_equals_true() {
    assert!(is_found_active("active eq true"));
}

#[test]
fn a_boolean_equals_a_capitalised_true_in_quotation_marks() {
    assert!(is_found_active(r#"active eq "True""#));
}

#[test]
fn a_boolean_equals_a_true_in_quotation_marks() {
    assert!(is_found_active(r#"active eq "true""#));
}

#[test]
fn a_boolean_differs_from_a_capitalised_false_in_quotation_marks() {
    assert!(is_found_active(r#"active ne "False""#));
}

#[test]
fn a_boolean_in_brackets_equals_a_capitalised_true_in_quotation_marks() {
    let person =
        |primary: bool| user(json!({ "roles": [{ "value": "teacher", "primary": primary }] }));
    let filter = r#"roles[primary eq "True"].value eq "teacher""#;
    assert!(finds(filter, person(true)));
    assert!(!finds(filter, person(false)));
}

#[test]
fn a_word_for_true_is_a_text_where_the_attribute_is_one() {
    assert!(finds(r#"displayName eq "True""#, user(json!({ "displayName": "True" }))));
    assert!(finds(r#"displayName eq "true""#, user(json!({ "displayName": "True" }))));
}

// Extensions.

#[test]
fn a_department_is_found_by_its_urn() {
    let filter = format!(r#"{ENTERPRISE}:department eq "math""#);
    assert!(finds(&filter, employee(json!({ "department": "Math" }))));
    assert!(!finds(&filter, employee(json!({ "department": "Physics" }))));
    assert!(!finds(&filter, user(json!({}))));
}

#[test]
fn an_employee_number_is_found_by_its_urn() {
    let filter = format!(r#"{ENTERPRISE}:employeeNumber eq "20417""#);
    assert!(finds(&filter, employee(json!({ "employeeNumber": "20417" }))));
}

#[test]
fn an_attribute_of_a_declared_extension_is_found() {
    let filter = format!(r#"{HOCH}:costUnit eq "44""#);
    assert!(finds(&filter, user(json!({ HOCH: { "costUnit": "44" } }))));
    assert!(!finds(&filter, user(json!({ HOCH: { "costUnit": "45" } }))));
}

#[test]
fn an_attribute_of_an_extension_may_be_present() {
    let filter = format!("{HOCH}:costUnit pr");
    assert!(finds(&filter, user(json!({ HOCH: { "costUnit": "44" } }))));
    assert!(!finds(&filter, user(json!({}))));
}

#[test]
fn the_longest_registered_urn_wins() {
    let attribute = || serde_json::from_value(json!([{ "name": "cost" }])).unwrap();
    let tenant = super::user_type()
        .with_extension(super::extension("urn:example:unit", attribute()), false)
        .unwrap()
        .with_extension(super::extension("urn:example:unit:2.0:User", attribute()), false)
        .unwrap();
    let filter = super::bound(r#"urn:example:unit:2.0:User:cost eq "a""#, &tenant).unwrap();
    let person = user(json!({ "urn:example:unit:2.0:User": { "cost": "a" } }));
    assert!(filter.matches(&super::resource(&person)));
    let other = user(json!({ "urn:example:unit": { "cost": "a" } }));
    assert!(!filter.matches(&super::resource(&other)));
}

// Numbers and instants.

#[test]
fn whole_numbers_compare_as_numbers() {
    let filter = format!("{HOCH}:semester gt 9");
    assert!(finds(&filter, user(json!({ HOCH: { "semester": 10 } }))));
    assert!(!finds(&filter, user(json!({ HOCH: { "semester": 9 } }))));
}

#[test]
fn numbers_with_a_fraction_compare_as_numbers() {
    let filter = format!("{HOCH}:average le 4.5");
    assert!(finds(&filter, user(json!({ HOCH: { "average": 4.25 } }))));
    assert!(!finds(&filter, user(json!({ HOCH: { "average": 10.0 } }))));
}

#[test]
fn a_whole_number_equals_the_same_with_a_fraction_of_nothing() {
    let filter = format!("{HOCH}:average eq 4");
    assert!(finds(&filter, user(json!({ HOCH: { "average": 4.0 } }))));
}

#[test]
fn instants_compare_across_zones() {
    let person = user(json!({ "meta": { "created": "2026-03-04T09:15:27Z" } }));
    assert!(finds(r#"meta.created eq "2026-03-04T10:15:27+01:00""#, person.clone()));
    assert!(!finds(r#"meta.created gt "2026-03-04T10:15:27+01:00""#, person));
}

#[test]
fn instants_compare_whatever_their_precision() {
    let person = user(json!({ "meta": { "created": "2026-03-04T09:15:27.000Z" } }));
    assert!(finds(r#"meta.created eq "2026-03-04T09:15:27Z""#, person));
}

#[test]
fn instants_of_an_extension_compare_as_instants() {
    let filter = format!(r#"{HOCH}:enrolled lt "2026-01-01T00:00:00Z""#);
    assert!(finds(&filter, user(json!({ HOCH: { "enrolled": "2025-12-31T23:59:59Z" } }))));
    // Later in Zurich by the clock, earlier in the world.
    assert!(finds(&filter, user(json!({ HOCH: { "enrolled": "2026-01-01T00:30:00+01:00" } }))));
}

// Presence.

#[test]
fn an_empty_text_is_not_present() {
    assert!(!finds("title pr", user(json!({ "title": "" }))));
}

#[test]
fn an_empty_list_is_not_present() {
    assert!(!finds("emails pr", user(json!({ "emails": [] }))));
}

#[test]
fn a_list_with_an_element_is_present() {
    assert!(finds("emails pr", with_email("work", "a@b")));
}

#[test]
fn a_name_is_present_once_a_part_is() {
    assert!(finds("name pr", user(json!({ "name": { "givenName": "Nina" } }))));
    assert!(!finds("name pr", user(json!({}))));
}

#[test]
fn a_false_boolean_is_present() {
    assert!(finds("active pr", user(json!({ "active": false }))));
}

// The rest of the attributes that anybody may pick for matching.

#[test]
fn a_street_is_found_in_its_slot() {
    let person = user(json!({ "addresses": [{ "type": "work", "streetAddress": "Seeweg 4" }] }));
    assert!(finds(r#"addresses[type eq "work"].streetAddress eq "Seeweg 4""#, person));
}

#[test]
fn a_mobile_number_is_found_in_its_slot() {
    let person = user(json!({ "phoneNumbers": [{ "type": "mobile", "value": "+41 79 1" }] }));
    assert!(finds(r#"phoneNumbers[type eq "mobile"].value eq "+41 79 1""#, person));
}

#[test]
fn people_of_a_group_are_found() {
    let person = user(json!({ "groups": [{ "value": "g-17" }] }));
    assert!(finds(r#"groups.value eq "g-17""#, person.clone()));
    assert!(finds(r#"groups eq "g-17""#, person));
}

#[test]
fn a_reference_is_searched_by_its_dollar_name() {
    let person = employee(json!({ "manager": { "value": "u-7", "$ref": "../Users/u-7" } }));
    assert!(finds(&format!(r#"{ENTERPRISE}:manager.$ref eq "../Users/u-7""#), person));
}

#[test]
fn the_kind_of_resource_is_told_apart_by_case() {
    let person = user(json!({ "meta": { "resourceType": "User" } }));
    assert!(finds(r#"meta.resourceType eq "User""#, person.clone()));
    assert!(!finds(r#"meta.resourceType eq "user""#, person));
}

#[test]
fn versions_are_told_apart_by_case() {
    let person = user(json!({ "meta": { "version": "W/\"a\"" } }));
    assert!(finds(r#"meta.version eq "W/\"a\"""#, person.clone()));
    assert!(!finds(r#"meta.version eq "w/\"A\"""#, person));
}

#[test]
fn a_certificate_has_no_order() {
    assert!(is_refused(r#"x509Certificates.value gt "MIIB""#));
}
