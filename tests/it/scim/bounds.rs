//! Where a request is too much: it is refused in words, and nothing happens.

use matricula::scim::{
    BulkLimits, BulkRequest, Filter, MOST_OPERATIONS, Outcome, Path, ResourceType, Rules,
    parse_json,
};
use serde_json::{Map, Value, json};

use super::{group_of, outcome, patch_body, user};

fn status(before: &Value, operations: Value) -> u16 {
    outcome(before, patch_body(operations), Rules::default()).unwrap_err().status()
}

#[test]
fn a_hundred_thousand_operations_are_refused() {
    let operation = json!({ "op": "add", "path": "members", "value": "u-1" });
    assert_eq!(status(&group_of(&[]), json!(vec![operation; 100_000])), 413);
}

#[test]
fn as_many_operations_as_may_be_are_done() {
    let operation = |id| json!({ "op": "add", "path": "members", "value": format!("u-{id}") });
    let operations: Vec<_> = (0..MOST_OPERATIONS).map(operation).collect();
    let (after, changed) =
        outcome(&group_of(&[]), patch_body(json!(operations)), Rules::default()).unwrap();
    assert!(changed);
    assert_eq!(after["members"].as_array().unwrap().len(), MOST_OPERATIONS);
}

#[test]
fn a_patch_that_looks_at_too_many_elements_is_refused() {
    let emails: Vec<_> =
        (0..2_000).map(|n| json!({ "value": format!("{n}@hoch.example") })).collect();
    let operation = json!({
        "op": "replace", "path": r#"emails[value sw "1"].display"#, "value": "One"
    });
    let before = user(json!({ "emails": emails }));
    assert_eq!(status(&before, json!(vec![operation; 10_000])), 413);
}

/// What a PATCH that begins with a list of addresses comes to for another one, without
/// looking at the resource.
fn weighed(count: usize, each: impl Fn(usize) -> Vec<Value>) -> Outcome {
    let user = ResourceType::user();
    let home = |n| json!({ "type": "home", "value": format!("{n}@hoch.example") });
    let all: Vec<_> = (0..count).map(home).collect();
    let mut operations = vec![json!({ "op": "replace", "path": "emails", "value": all })];
    operations.extend((0..count).flat_map(each));
    let edits = user.patch(patch_body(json!(operations)), None, Rules::default()).unwrap();
    let work = Path::parse(r#"emails[type eq "work"].value"#, user.urns()).unwrap();
    edits.outcome(&user.place(&work).unwrap())
}

#[test]
fn many_additions_to_a_list_look_at_it_once() {
    let outcome = weighed(4_000, |n| {
        let more = json!([{ "type": "home", "value": format!("more-{n}@hoch.example") }]);
        vec![
            json!({ "op": "add", "path": "emails", "value": more }),
            json!({ "op": "replace", "path": "title", "value": "Dean" }),
        ]
    });
    assert_eq!(outcome, Outcome::Cleared);
}

#[test]
fn what_edits_come_to_is_worked_out_only_as_far_as_they_would_be_applied() {
    let path = r#"emails[value sw "1"].display"#;
    let each = |_| vec![json!({ "op": "replace", "path": path, "value": "One" })];
    assert_eq!(weighed(500, each), Outcome::Cleared);
    assert_eq!(weighed(4_000, each), Outcome::Unknown);
}

#[test]
fn unknown_attributes_are_kept_up_to_a_bound() {
    let user = ResourceType::user();
    let body = |unknown: usize| {
        let mut body: Map<_, _> = (0..unknown).map(|n| (format!("x{n}"), json!(n))).collect();
        body.insert("userName".to_owned(), json!("nina"));
        Value::Object(body)
    };
    assert!(user.create(body(256), Rules::default()).is_ok());
    let error = user.create(body(257), Rules::default()).unwrap_err();
    assert!(error.detail().contains("256"), "{error}");
}

#[test]
fn a_patch_cannot_go_beyond_the_bound_of_unknown_attributes() {
    let operations: Vec<_> =
        (0..300).map(|n| json!({ "op": "add", "path": format!("x{n}"), "value": n })).collect();
    assert_eq!(status(&user(json!({})), json!(operations)), 400);
}

#[test]
fn json_ten_thousand_levels_deep_is_refused() {
    let deep = "[".repeat(10_000) + &"]".repeat(10_000);
    assert_eq!(parse_json(deep.as_bytes()).unwrap_err().status(), 400);
    let open = r#"{"a":"#.repeat(10_000);
    assert_eq!(parse_json(open.as_bytes()).unwrap_err().status(), 400);
}

#[test]
fn a_filter_is_bounded_in_length_depth_and_terms() {
    for text in [
        format!("userName eq \"{}\"", "x".repeat(64 * 1024)),
        "(".repeat(10_000),
        "not (".repeat(3_000),
        vec!["id pr"; 1_000].join(" and "),
    ] {
        assert!(Filter::parse(&text, &[]).is_err());
    }
}

#[test]
fn a_bulk_request_is_bounded_by_what_discovery_says() {
    let limits = BulkLimits { max_operations: 2, max_payload_size: 1_000 };
    let operation = json!({ "method": "DELETE", "path": "/Users/1" });
    let body = json!({ "Operations": vec![operation; 3] });
    assert_eq!(BulkRequest::parse(body, limits).unwrap_err().status(), 413);
}
