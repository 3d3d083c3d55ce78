//! A resource type that offers what one LMS can do: what is required, what
//! may be searched, what is shown in discovery.

use matricula::scim::{
    Filter, Matcher, Mutability, Offer, Path, ResourceType, Rules, ScimType, Unknown,
};
use serde_json::{Value, json};

use super::{resource, shown, user};

fn offer(path: &str) -> Offer {
    Offer::plain(Path::parse(path, ResourceType::user().urns()).unwrap())
}

/// An LMS that cannot do without names and a work address.
fn lms() -> ResourceType {
    let needed = |path: &str| Offer { required: true, ..offer(path) };
    ResourceType::user()
        .offering(&[
            Offer { filterable: true, ..needed("userName") },
            needed("name.givenName"),
            needed("name.familyName"),
            Offer { filterable: true, ..needed(r#"emails[type eq "work"].value"#) },
            offer("active"),
            offer("title"),
            Offer { mutability: Some(Mutability::ReadOnly), ..offer("displayName") },
            offer(r#"phoneNumbers[type eq "mobile"].value"#),
        ])
        .unwrap()
}

fn nina() -> Value {
    user(json!({
        "name": { "givenName": "Nina", "familyName": "Berg" },
        "emails": [{ "type": "work", "value": "nina@hoch.example" }],
    }))
}

fn patched(operations: Value) -> Result<Value, Option<ScimType>> {
    let before = nina();
    let mut person = resource(&before);
    let result = lms()
        .patch(super::patch_body(operations), None, Rules::default())
        .and_then(|edits| edits.apply(&lms(), &mut person));
    match result {
        Ok(_) => Ok(shown(&person)),
        Err(error) => {
            assert_eq!(shown(&person), before, "a refused patch changes nothing");
            Err(error.scim_type())
        }
    }
}

fn is_needed(result: Result<Value, Option<ScimType>>) -> bool {
    matches!(result, Err(Some(ScimType::Mutability | ScimType::InvalidValue)))
}

#[test]
fn a_person_with_all_that_is_needed_is_created() {
    assert_eq!(shown(&lms().create(nina(), Rules::default()).unwrap()), nina());
}

#[test]
fn a_person_without_a_work_address_is_refused_by_its_path() {
    let error = lms().create(super::without(nina(), "emails"), Rules::default()).unwrap_err();
    assert_eq!(error.scim_type(), Some(ScimType::InvalidValue));
    assert!(error.detail().contains(r#"emails[type eq "work"]"#), "{error}");
}

#[test]
fn a_home_address_is_no_work_address() {
    let mut body = nina();
    body["emails"][0]["type"] = json!("home");
    assert!(lms().create(body, Rules::default()).is_err());
}

#[test]
fn a_person_without_a_family_name_is_refused_by_its_path() {
    let mut body = nina();
    body["name"] = json!({ "givenName": "Nina" });
    let error = lms().create(body, Rules::default()).unwrap_err();
    assert!(error.detail().contains("name.familyName"), "{error}");
}

#[test]
fn everything_that_is_missing_is_told_at_once() {
    let error = lms().create(json!({}), Rules::default()).unwrap_err();
    for path in ["userName", "name.givenName", "name.familyName", "emails"] {
        assert!(error.detail().contains(path), "{path}: {error}");
    }
}

#[test]
fn a_needed_slot_cannot_be_emptied() {
    let path = r#"emails[type eq "work"].value"#;
    for value in [json!(""), json!(null)] {
        let operations = json!([{ "op": "replace", "path": path, "value": value }]);
        assert!(is_needed(patched(operations)));
    }
}

#[test]
fn a_needed_slot_cannot_be_removed() {
    for path in [r#"emails[type eq "work"].value"#, r#"emails[type eq "work"]"#, "emails"] {
        assert!(is_needed(patched(json!([{ "op": "remove", "path": path }]))), "{path}");
    }
}

#[test]
fn a_needed_slot_cannot_be_replaced_away() {
    let operations = json!([{ "op": "replace", "path": "emails",
        "value": [{ "type": "home", "value": "a@b" }] }]);
    assert!(is_needed(patched(operations)));
}

#[test]
fn a_needed_slot_may_move_within_one_request() {
    let operations = json!([{ "op": "replace", "path": "emails", "value": [
        { "type": "home", "value": "a@b" }, { "type": "work", "value": "c@d" },
    ] }]);
    assert!(patched(operations).is_ok());
}

#[test]
fn a_needed_part_cannot_be_removed() {
    for path in ["name.familyName", "name"] {
        assert!(is_needed(patched(json!([{ "op": "remove", "path": path }]))), "{path}");
    }
}

#[test]
fn a_needed_slot_may_be_changed() {
    let path = r#"emails[type eq "work"].value"#;
    let operations = json!([{ "op": "replace", "path": path, "value": "new@hoch.example" }]);
    assert_eq!(patched(operations).unwrap()["emails"][0]["value"], "new@hoch.example");
}

#[test]
fn what_is_read_only_here_cannot_be_changed() {
    let operations = json!([{ "op": "replace", "path": "displayName", "value": "N" }]);
    assert_eq!(patched(operations), Err(Some(ScimType::Mutability)));
}

#[test]
fn what_is_read_only_here_is_passed_over_in_a_post() {
    let mut body = nina();
    body["displayName"] = json!("N");
    assert_eq!(shown(&lms().create(body, Rules::default()).unwrap()), nina());
}

#[test]
fn what_is_not_offered_is_kept_as_sent() {
    let operations = json!([{ "op": "Add", "path": "nickName", "value": "Nini" }]);
    assert_eq!(patched(operations).unwrap()["nickName"], "Nini");
}

#[test]
fn a_slot_that_is_not_offered_is_kept_as_sent() {
    let path = r#"phoneNumbers[type eq "fax"].value"#;
    let operations = json!([{ "op": "Add", "path": path, "value": "1" }]);
    assert_eq!(
        patched(operations).unwrap()["phoneNumbers"],
        json!([{ "type": "fax", "value": "1" }])
    );
}

#[test]
fn what_is_not_offered_may_be_refused() {
    let rules = Rules { unknown: Unknown::Reject, ..Rules::default() };
    let body = super::patch_body(json!([{ "op": "Add", "path": "nickName", "value": "Nini" }]));
    assert_eq!(
        lms().patch(body, None, rules).unwrap_err().scim_type(),
        Some(ScimType::InvalidPath)
    );
}

fn binds(filter: &str) -> bool {
    let lms = lms();
    Matcher::bind(&Filter::parse(filter, lms.urns()).unwrap(), &lms).is_ok()
}

#[test]
fn what_may_be_searched_can_be_searched() {
    assert!(binds(r#"userName eq "nina""#));
    assert!(binds(r#"emails[type eq "work"].value eq "a@b""#));
}

#[test]
fn an_unoffered_attribute_is_refused_in_a_filter() {
    assert!(!binds(r#"nickName eq "Nini""#));
}

#[test]
fn a_path_that_nothing_has_cannot_be_offered() {
    assert!(ResourceType::user().offering(&[offer("shoeSize")]).is_err());
}
