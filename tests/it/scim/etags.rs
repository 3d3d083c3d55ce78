//! Entity tags and conditions (RFC 7644 §3.14).

use matricula::scim::{Conditions, ETag};
use serde_json::{Value, json};

use super::{resource, user};

fn tag(attributes: &Value) -> ETag {
    ETag::of(&resource(attributes))
}

fn may_write(if_match: &str, current: &Value) -> bool {
    Conditions::parse(Some(if_match), None).unwrap().permit_write(Some(&tag(current))).is_ok()
}

#[test]
fn tags_are_weak() {
    let tag = tag(&user(json!({}))).to_string();
    assert!(tag.starts_with("W/\"") && tag.ends_with('"') && tag.len() > 4, "{tag}");
}

#[test]
fn equal_resources_have_equal_tags() {
    assert_eq!(
        tag(&user(json!({ "title": "T" }))).to_string(),
        tag(&user(json!({ "title": "T" }))).to_string()
    );
}

#[test]
fn the_order_of_attributes_is_no_other_version() {
    let one = json!({ "userName": "a", "title": "T" });
    let other = json!({ "title": "T", "userName": "a" });
    assert_eq!(tag(&one).to_string(), tag(&other).to_string());
}

#[test]
fn another_value_is_another_version() {
    assert_ne!(
        tag(&user(json!({ "title": "T" }))).to_string(),
        tag(&user(json!({ "title": "t" }))).to_string()
    );
}

#[test]
fn another_time_of_change_alone_is_no_other_version() {
    let at = |instant: &str| user(json!({ "meta": { "lastModified": instant } }));
    assert_eq!(
        tag(&at("2026-01-01T00:00:00Z")).to_string(),
        tag(&at("2026-01-02T00:00:00Z")).to_string()
    );
}

#[test]
fn the_version_the_client_has_seen_may_be_written() {
    let person = user(json!({}));
    assert!(may_write(&tag(&person).to_string(), &person));
}

#[test]
fn another_version_may_not_be_written() {
    let person = user(json!({}));
    let seen = tag(&user(json!({ "title": "Old" })));
    let conditions = Conditions::parse(Some(&seen.to_string()), None).unwrap();
    let error = conditions.permit_write(Some(&tag(&person))).unwrap_err();
    assert_eq!(error.status(), 412);
}

#[test]
fn a_strong_spelling_of_the_tag_is_the_same_version() {
    let person = user(json!({}));
    assert!(may_write(tag(&person).to_string().trim_start_matches("W/"), &person));
}

#[test]
fn one_of_several_versions_is_enough() {
    let person = user(json!({}));
    assert!(may_write(&format!("W/\"other\", {}", tag(&person)), &person));
}

#[test]
fn a_star_asks_for_any_version() {
    assert!(may_write("*", &user(json!({}))));
}

#[test]
fn a_star_needs_something_to_be_there() {
    let conditions = Conditions::parse(Some("*"), None).unwrap();
    assert_eq!(conditions.permit_write(None).unwrap_err().status(), 412);
}

#[test]
fn nobody_has_to_send_a_condition() {
    let conditions = Conditions::parse(None, None).unwrap();
    assert!(conditions.is_empty());
    assert!(conditions.permit_write(Some(&tag(&user(json!({}))))).is_ok());
    assert!(!conditions.not_modified(&tag(&user(json!({})))));
}

#[test]
fn what_the_client_has_is_not_sent_again() {
    let tag = tag(&user(json!({})));
    let conditions = Conditions::parse(None, Some(&tag.to_string())).unwrap();
    assert!(conditions.not_modified(&tag));
}

#[test]
fn what_the_client_does_not_have_is_sent() {
    let conditions = Conditions::parse(None, Some("W/\"other\"")).unwrap();
    assert!(!conditions.not_modified(&tag(&user(json!({})))));
}

#[test]
fn a_comma_within_quotes_is_a_part_of_the_tag() {
    let person = user(json!({}));
    let tag = tag(&person).to_string();
    assert!(may_write(&format!("\"a,b\", {tag}"), &person));
    assert!(!may_write("\"a,b\", W/\"c, d\"", &person));
    let one = Conditions::parse(None, Some("\"a,b\"")).unwrap();
    assert!(one.not_modified(&ETag::parse("\"a,b\"").unwrap()));
}

#[test]
fn empty_elements_of_a_list_are_none() {
    let person = user(json!({}));
    let tag = tag(&person).to_string();
    assert!(may_write(&format!(",{tag},"), &person));
    assert!(may_write(&format!("\"x\", ,\t{tag}"), &person));
}

#[test]
fn a_list_without_a_tag_is_refused() {
    for nothing in ["", " ", ",", " , ,", "\"open", "W/", "\"a\" \"b\""] {
        let refused = Conditions::parse(Some(nothing), None);
        assert_eq!(refused.unwrap_err().status(), 400, "{nothing:?}");
    }
}

#[test]
fn another_version_than_asked_for_is_not_shown() {
    let current = tag(&user(json!({})));
    let reads = |header: &str| Conditions::parse(Some(header), None).unwrap().permit_read(&current);
    assert!(reads("*").is_ok() && reads(&current.to_string()).is_ok());
    assert_eq!(reads("W/\"other\"").unwrap_err().status(), 412);
}
