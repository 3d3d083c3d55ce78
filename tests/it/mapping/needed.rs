//! What nobody looks at in an answer can be left out of it, and nobody sees it.

use std::sync::{Arc, LazyLock};

use matricula::call::{Call, Failure, Reply};
use matricula::mapping::{Next, Request, Shipped, Site, Source};
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value, json};

use super::people::{moment, moodle};

static MOODLE: LazyLock<Arc<Site>> =
    LazyLock::new(|| moodle(&json!({"cost_center": "costcentre", "extended_usernames": true})));

/// What was read, resource by resource, and what went wrong.
type Outcome = Result<Vec<Value>, (String, String)>;

fn site(more: &str, objects: &str) -> Arc<Site> {
    let text = format!(
        r#"
format = 1
title  = "answers"
[backend]
base = "https://lms.example"
errors = [{{ when = "body.code == 'gone'", is = "missing" }}]
[user]
id     = "lms.id"
gone   = "lms.left == true"
refuse = {{ create = "no", update = "no", delete = "no" }}
{more}
[user.find]
"id eq"       = {{ get = "/users/{{value}}" }}
"userName eq" = {{ get = "/users", query = {{ login = "{{value}}" }}, objects = "{objects}" }}
[user.attributes]
userName = "login"
"name.familyName" = "profile.last"
roles = {{ read = "roles", from_lms = "value | map({{value: item.name}})" }}
"#
    );
    let source = Source::read("answers.toml", &text, &Shipped);
    let plan = source.and_then(|it| it.compile()).unwrap_or_else(|faults| panic!("{faults:?}"));
    Arc::new(plan).settle(&Map::new()).unwrap()
}

/// Reads what a request asks for; `read` makes a reply of each call.
fn outcome(site: &Arc<Site>, line: &str, read: &dyn Fn(&Call) -> Reply) -> Outcome {
    let told = |failure: Failure| (format!("{:?}", failure.kind), failure.detail.clone());
    let request = Request::read(&site.plan, line, None).unwrap();
    let mut run = request.runs(site, None, &moment()).map_err(told)?.remove(0);
    let mut next = run.start();
    loop {
        match next {
            Next::Call(call) => next = run.next(Ok(read(&call))),
            Next::Done(done) => {
                let done = done.map_err(told)?;
                let all = done.resources().map(|it| Value::Object(it.attributes().clone()));
                return Ok(all.collect());
            }
        }
    }
}

fn either_way(site: &Arc<Site>, line: &str, status: u16, text: &str) -> (Outcome, Outcome) {
    let whole = outcome(site, line, &|_| Reply::read(status, &[], text.as_bytes()));
    let part = |call: &Call| {
        assert!(call.wanted.is_some(), "nothing is left out of {line}");
        Reply::read_for(call.wanted.as_deref(), (status, [], text.as_bytes()))
    };
    (whole, outcome(site, line, &part))
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        any::<Option<bool>>().prop_map(|it| json!(it)),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "[a-z@.\u{e9}\"\\\\]{0,6}".prop_map(Value::String),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        let key = select(vec!["id", "name", "last", "users", "code", "x"]);
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..3).prop_map(Value::Array),
            proptest::collection::vec((key, inner), 0..3)
                .prop_map(|all| all.into_iter().map(|(key, it)| (key.to_owned(), it)).collect()),
        ]
    })
}

fn person() -> impl Strategy<Value = Value> {
    let key = select(vec![
        "id",
        "login",
        "profile",
        "roles",
        "left",
        "secret",
        "username",
        "email",
        "firstname",
        "customfields",
        "suspended",
        "code",
        "users",
        "errorcode",
        "profileimageurl",
    ]);
    let more = proptest::collection::vec((key, value()), 0..8);
    (1..9u8, any::<bool>(), more).prop_map(|(id, left, more)| {
        let known = [("id".to_owned(), json!(id)), ("left".to_owned(), json!(left))];
        let mut person = Map::from_iter(known);
        person.extend(more.into_iter().map(|(key, value)| (key.to_owned(), value)));
        Value::Object(person)
    })
}

/// What an LMS may answer, at its best and otherwise.
fn text() -> impl Strategy<Value = String> {
    let people = || proptest::collection::vec(prop_oneof![8 => person(), 1 => value()], 0..4);
    prop_oneof![
        4 => people().prop_map(|all| json!(all).to_string()),
        4 => (people(), value(), any::<bool>()).prop_map(|(all, more, coded)| {
            let code = coded.then_some("gone");
            json!({ "users": all, "warnings": more, "code": code }).to_string()
        }),
        2 => person().prop_map(|one| one.to_string()),
        2 => value().prop_map(|one| one.to_string()),
        1 => Just("{\"users\": {\"id\": 1, \"login\": \"a\", \"x\": 2}}".to_owned()),
        1 => Just("[{\"id\": 1, \"login\": \"a\", \"login\": \"b\"}]".to_owned()),
        1 => select(vec!["", " ", "[{]", "[1] 2", "<html>", "[{\"id\": 1}", "nonsense"])
            .prop_map(str::to_owned),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn what_nobody_looks_at_is_not_missed(
        text in text(),
        status in select(vec![200, 200, 200, 404, 500]),
        list in select(vec!["body", "body.users", "body.users | where(item.code != null)"]),
        line in select(vec!["GET /Users/1", "GET /Users?filter=userName eq \"a\""]),
    ) {
        let site = site("", list);
        let (whole, part) = either_way(&site, line, status, &text);
        prop_assert_eq!(whole, part);
    }

    #[test]
    fn nor_by_moodle(text in text(), line in select(vec![
        "GET /Users/1", "GET /Users", "GET /Users?filter=userName eq \"a\"",
        "GET /Users?filter=emails[type eq \"work\"].value eq \"a@b.example\"",
    ])) {
        let (whole, part) = either_way(&MOODLE, line, 200, &text);
        prop_assert_eq!(whole, part);
    }
}

#[test]
fn only_what_is_looked_at_is_kept() {
    let line = "GET /Users?filter=userName eq \"a\"";
    let text = r#"{"users": [{"id": 1, "login": "a", "secret": 1, "profile": {"last": "B", "x": 2}}], "warnings": [{"secret": 2}]}"#;
    let read = |call: &Call| Reply::read_for(call.wanted.as_deref(), (200, [], text.as_bytes()));
    outcome(&site("", "body.users").at_length(), line, &|call| {
        let reply = read(call);
        let person = json!({"id": 1, "login": "a", "profile": {"last": "B", "x": 2}});
        assert_eq!(*reply.body(), json!({"users": [person], "warnings": [{"secret": 2}]}));
        reply
    })
    .unwrap();
}

#[test]
fn where_anything_may_be_looked_at_nothing_is_left_out() {
    for (more, objects) in [
        (
            "errors = [{ when = \"body.users | any(item.bad == true)\", is = \"poisoned\" }]",
            "body.users",
        ),
        ("errors = [{ when = \"body[0].bad == true\", is = \"poisoned\" }]", "body"),
        ("protected = \"lms == null\"", "body"),
        ("", "body.users | where(item == 1)"),
        ("", "body.pages[0].users"),
    ] {
        let calls = |call: &Call| {
            assert!(call.wanted.is_none(), "{more} {objects}");
            Reply::json(200, json!({"users": []}))
        };
        let _ = outcome(&site(more, objects), "GET /Users?filter=userName eq \"a\"", &calls);
    }
}
