//! Nearly all reads are asked straight. They send what the machine would send, and
//! what comes back is held against the machine in `needed`.

use std::sync::Arc;

use matricula::call::Call;
use matricula::mapping::{Next, Request, Run, Shipped, Site, Source};
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, json};

use super::people::{moment, moodle};

fn run(site: &Arc<Site>, line: &str) -> Run {
    let request = Request::read(&site.plan, line, None).unwrap();
    request.runs(site, None, &moment()).unwrap().remove(0)
}

fn is_straight(site: &Arc<Site>, line: &str) -> bool {
    format!("{:?}", run(site, line)).ends_with("asked straight")
}

/// The first call, if there is one.
fn first(site: &Arc<Site>, line: &str) -> Option<Call> {
    match run(site, line).start() {
        Next::Call(call) => Some(*call),
        Next::Done(_) => None,
    }
}

/// A site that takes calls in this way.
fn site(backend: &str, find: &str) -> Arc<Site> {
    let text = format!(
        r#"
format = 1
title  = "straight"
[settings]
key  = {{ default = "a&b=c", about = "a key" }}
none = {{ about = "never set" }}
[backend]
base = "https://lms.example"
{backend}
[user]
id     = "lms.id"
scan   = true
refuse = {{ create = "no", update = "no", delete = "no" }}
[user.find]
{find}
[user.attributes]
userName = "login"
"#
    );
    let source = Source::read("straight.toml", &text, &Shipped);
    let plan = source.and_then(|it| it.compile()).unwrap_or_else(|faults| panic!("{faults:?}"));
    Arc::new(plan).settle(&Map::new()).unwrap()
}

/// What an LMS sees of a call, and what the audit calls it.
fn seen(site: &Site, call: &Call) -> impl PartialEq + std::fmt::Debug + use<> {
    let body = call.encoded().map_err(|unfit| unfit.to_string());
    let body = body.map(|it| it.map(|it| (it.content_type, String::from_utf8(it.bytes).unwrap())));
    let name = site.plan.name_of(call, true);
    (call.method.as_str(), call.target.to_string(), call.headers.clone(), body, name)
}

#[test]
fn look_ups_in_moodle_are_asked_straight() {
    let site = moodle(&json!({ "employee_number": "staff" }));
    for line in [
        "GET /Users/7",
        "GET /Users?filter=userName eq \"nina\"",
        "GET /Users?filter=externalId eq \"x1\"",
        "GET /Users?filter=emails[type eq \"work\"].value eq \"a@b.example\"",
        "GET /Users",
    ] {
        assert!(is_straight(&site, line), "{line}");
        assert!(!is_straight(&site.at_length(), line), "{line}");
    }
}

#[test]
fn what_needs_more_than_one_call_is_not() {
    let moodle = moodle(&json!({}));
    assert!(!is_straight(&moodle, "GET /Groups/7"));
    assert!(!is_straight(&moodle, "GET /Groups?filter=displayName eq \"a\""));
    let one = |find: &str| site("", &format!("\"id eq\" = {{ get = \"/u/{{value}}\", {find} }}"));
    assert!(is_straight(&one("objects = \"body.users\""), "GET /Users/7"));
    for find in [
        "page = { by = \"offset\", size = 10 }",
        "brief = true",
        "query = { at = \"{now}\" }",
        "errors = [{ when = \"headers.x == 'y'\", is = \"missing\" }]",
        "errors = [{ when = \"status == 200\", is = \"missing\" }]",
        "objects = \"body.users ?? []\"",
        "objects = \"body.users | where(item.roles | any(item.name == 'x'))\"",
    ] {
        assert!(!is_straight(&one(find), "GET /Users/7"), "{find}");
    }
}

#[test]
fn what_is_written_beforehand_does_not_print_the_token() {
    let site = moodle(&json!({ "token": "very-secret" }));
    let mut run = run(&site, "GET /Users/7");
    let call = first(&site, "GET /Users/7").unwrap();
    assert!(String::from_utf8_lossy(&call.ready.as_ref().unwrap().bytes).contains("very-secret"));
    assert!(!format!("{site:?} {run:?} {call:?}").contains("very-secret"));
    run.start();
    let shown = run.shown().unwrap().body.unwrap();
    assert_eq!((&shown["wstoken"], &shown["values"]), (&json!("***"), &json!([7])));
}

#[test]
fn a_form_with_too_many_fields_is_left_to_the_machine() {
    let find = r#""id eq" = { post = "/u", body = { ids = "{values}", a = 1 }, many = "9" }"#;
    let site = site("encode = \"form.nested\"\nlimits = { fields = 1 }", find);
    assert!(is_straight(&site, "GET /Users/7"));
    let Next::Done(Err(failure)) = run(&site, "GET /Users/7").start() else { panic!("sent") };
    assert_eq!(failure.detail, "the call would have 2 fields, and the LMS takes 1");
}

fn text() -> impl Strategy<Value = String> {
    let trick = select(vec!["&", "=", "[", "]", "%5D", "/", "..", "?", "+", "é", "{", "Nina", "7"]);
    let tricks = proptest::collection::vec(trick, 1..5).prop_map(|parts| parts.concat());
    prop_oneof![tricks, "[a-z0-9]{1,6}"]
}

fn escaped(filter: &str) -> String {
    percent_encoding::utf8_percent_encode(filter, percent_encoding::NON_ALPHANUMERIC).to_string()
}

const BACKENDS: [&str; 5] = [
    "encode = \"form.nested\"\nbody = { key = \"{settings.key}\", none = \"{settings.none}\", z = [1, true] }\nasks = \"f\"",
    "encode = \"form\"\nbody = { zeal = \"{settings.key}\" }",
    "encode = \"json\"\nheaders = { \"X-Key\" = \"{settings.key}\" }\nasks = \"f\"",
    "query = { key = \"{settings.key}\", none = \"{settings.none}\" }",
    "headers = { \"X-Key\" = \"k {settings.key}\" }",
];

const CALLS: [&str; 8] = [
    r#"{ post = "/u", body = { f = "look", ids = "{values}" }, many = "9" }"#,
    r#"{ post = "/u", body = { ids = "{values}" }, many = "9" }"#,
    r#"{ post = "/u", body = { f = "look", id = "{value}" } }"#,
    r#"{ post = "/u", body = { by = { key = "login", value = "{value}" }, a = "x{settings.key}" } }"#,
    r#"{ post = "/u", body = { by = [{ value = "{value}", key = "login" }] } }"#,
    r#"{ post = "/u", body = { by = ["{settings.none}", "{value}"], text = "is {value}" } }"#,
    r#"{ get = "/u/{value}", query = { "ids[]" = "{values}" } }"#,
    r#"{ get = "/u", query = { login = "{value}" }, value = "value | lower | trim" }"#,
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn a_straight_question_sends_what_the_machine_sends(
        backend in select(BACKENDS.to_vec()),
        call in select(CALLS.to_vec()),
        names in proptest::collection::vec(text(), 1..4),
    ) {
        let site = site(backend, &format!("\"id eq\" = {{ get = \"/u/{{value}}\" }}\n\"userName eq\" = {call}"));
        let quoted = |name: &String| format!("userName eq {}", json!(name));
        let any: Vec<String> = names.iter().map(quoted).collect();
        let line = format!("GET /Users?filter={}", escaped(&any.join(" or ")));
        let (one, other) = (first(&site, &line), first(&site.at_length(), &line));
        let of = |call: &Option<Call>| call.as_ref().map(|it| seen(&site, it));
        prop_assert_eq!(of(&one), of(&other), "{}", line);
    }

    #[test]
    fn so_it_is_with_moodle(name in text(), field in select(vec!["userName", "externalId"])) {
        let site = moodle(&json!({ "extended_usernames": true }));
        let filter = format!("{field} eq {}", json!(name));
        let line = format!("GET /Users?filter={}", escaped(&filter));
        let (one, other) = (first(&site, &line), first(&site.at_length(), &line));
        let of = |call: &Option<Call>| call.as_ref().map(|it| seen(&site, it));
        prop_assert_eq!(of(&one), of(&other));
        prop_assert!(one.is_none_or(|call| call.ready.is_some()));
    }
}
