//! An LMS that is ill never looks like an LMS without people: whatever it
//! answers instead of a list or an object is a failure, and none that says
//! "not there".

use std::sync::Arc;
use std::time::Duration;

use matricula::call::{Failure, Kind, Reply, Retry};
use matricula::mapping::{Moment, Next, Plan, Request};
use serde_json::{Map, Value, json};

use super::support::{shipped, talk, written};

const HTML: &[u8] = b"<!DOCTYPE html><html><body>Back soon</body></html>";

/// Answers every call of a request alike; what came of it.
fn asked(plan: &Arc<Plan>, line: &str, reply: &Reply) -> Result<usize, Failure> {
    let mut settings = Map::new();
    settings.insert("base_url".into(), json!("https://lms.example"));
    settings.insert("token".into(), json!("T"));
    let site = plan.settle(&settings).unwrap();
    let moment = Moment { now: "2026-11-21T10:00:00Z".into(), lookups: Map::new() };
    let request = Request::read(plan, line, None).unwrap();
    let mut found = 0;
    for mut run in request.runs(&site, None, &moment)? {
        let mut next = run.start();
        loop {
            match next {
                Next::Call(_) => next = run.next(Ok(reply.clone())),
                Next::Done(done) => {
                    found += done?.pictures.len();
                    break;
                }
            }
        }
    }
    Ok(found)
}

fn sick() -> Vec<(&'static str, Reply)> {
    let bytes = |status, bytes| Reply::read(status, &[], bytes);
    vec![
        ("another object", bytes(200, b"{\"ok\": true}")),
        ("null", bytes(200, b"null")),
        ("nothing at all", bytes(200, b"")),
        ("false", bytes(200, b"false")),
        ("a word", bytes(200, b"maintenance")),
        ("half an answer", bytes(200, b"{\"items\": [{\"id\"")),
        ("a page", bytes(200, HTML)),
        ("a proxy's own not found", bytes(404, HTML)),
        ("an error", bytes(500, b"{}")),
        ("an error with a page", bytes(503, HTML)),
        ("too busy", bytes(429, b"{}")),
        ("logged out", bytes(401, b"{}")),
        ("no rights", bytes(403, b"{}")),
    ]
}

#[test]
fn no_sick_answer_is_an_empty_list() {
    for mapping in ["mappings/minimal-rest.toml", "mappings/moodle.toml"] {
        let plan = shipped(mapping);
        for line in [
            "GET /Users",
            r#"GET /Users?filter=userName eq "eva""#,
            "GET /Groups",
            r#"GET /Groups?filter=displayName eq "1A""#,
        ] {
            for (what, reply) in sick() {
                match asked(&plan, line, &reply) {
                    Ok(found) => panic!("{mapping}, {line}, {what}: {found} found"),
                    Err(failure) => assert_ne!(failure.kind, Kind::Missing, "{line}, {what}"),
                }
            }
        }
    }
}

#[test]
fn no_sick_answer_is_a_missing_user() {
    for mapping in ["mappings/minimal-rest.toml", "mappings/moodle.toml"] {
        let plan = shipped(mapping);
        for line in ["GET /Users/7", "GET /Groups/7"] {
            for (what, reply) in sick() {
                let failure = asked(&plan, line, &reply).unwrap_err();
                assert_ne!(failure.kind, Kind::Missing, "{mapping}, {line}, {what}");
            }
        }
    }
}

#[test]
fn an_odd_word_on_when_to_come_back_is_passed_over() {
    let plan = shipped("mappings/minimal-rest.toml");
    for (word, wanted) in
        [("nan", false), ("inf", false), ("-inf", false), ("soon", false), ("7", true)]
    {
        let busy = Reply::read(429, &[("retry-after", word)], b"{}");
        let failure = asked(&plan, "GET /Users/7", &busy).unwrap_err();
        assert_eq!(failure.kind, Kind::Throttled, "{word}");
        assert_eq!(matches!(failure.retry, Retry::After(_)), wanted, "{word}");
    }
}

/// What is written is not done because something answers 200.
#[test]
fn no_sick_answer_is_the_success_of_a_write() {
    let blocked = json!({ "Operations": [{ "op": "replace", "path": "active", "value": false }] });
    let joined =
        json!({ "Operations": [{ "op": "add", "path": "members", "value": [{ "value": "4" }] }] });
    for (mapping, more) in
        [("mappings/minimal-rest.toml", None), ("mappings/moodle.toml", Some("nothing at all"))]
    {
        let site = super::people::site(mapping, &json!({}));
        let vague = ["a word", "half an answer", "a page", "a proxy's own not found"];
        let vague = |what: &str| vague.contains(&what) || more == Some(what);
        for (line, body) in [
            ("PATCH /Users/7", blocked.clone()),
            ("DELETE /Users/7", json!(null)),
            ("PATCH /Groups/7", joined.clone()),
            ("DELETE /Groups/7", json!(null)),
        ] {
            for (what, reply) in sick().into_iter().filter(|(what, _)| vague(what)) {
                let (_, done) = talk(&site, (line, body.clone()), |_| reply.clone());
                match done {
                    Ok(_) => panic!("{mapping}, {line}: {what} is a success"),
                    Err(failure) => assert_ne!(failure.kind, Kind::Missing, "{line}, {what}"),
                }
            }
        }
    }
}

/// Headers are texts; so are the numbers of many a body.
#[test]
fn a_rule_says_how_long_to_wait_by_whatever_the_lms_says() {
    let text = r#"
format = 1
title  = "busy"
[backend]
base   = "https://lms.example"
errors = [{ when = "status == 503", is = "unavailable", wait = "headers['x-wait'] ?? body.wait" }]
[user]
id         = "lms.id"
refuse     = { create = "no", update = "no", delete = "no" }
attributes = { userName = "login" }
find       = { "id eq" = { get = "/users/{value}" } }
"#;
    let site = written(text);
    let wait = |reply: Reply| {
        let (_, done) = talk(&site, ("GET /Users/7", json!(null)), |_| reply.clone());
        done.unwrap_err().retry
    };
    let seven = Retry::After(Duration::from_secs(7));
    let body = |wait: Value| Reply::json(503, json!({ "wait": wait }));
    assert_eq!(wait(body(json!(null)).with_headers(&[("x-wait", " 7 ")])), seven);
    assert_eq!(wait(body(json!(7))), seven);
    assert_eq!(wait(body(json!("7.0"))), seven);
    let late = body(json!("soon")).with_headers(&[("retry-after", "7")]);
    assert_eq!(wait(late), seven);
}
