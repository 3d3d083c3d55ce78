//! How many calls an operation costs is a promise, so it is a number here.

use std::sync::Arc;

use matricula::call::{Call, Failure, Kind, Reply, Retry};
use matricula::mapping::{Moment, Next, Picture, Plan, Request, Shipped, Site, Source};
use matricula::scim::Operation;
use serde_json::{Map, Value, json};

use super::support::shipped;

fn site(plan: &Arc<Plan>, more: &Value) -> Arc<Site> {
    let mut settings = Map::new();
    settings.insert("base_url".into(), json!("https://moodle.example"));
    settings.insert("token".into(), json!("T"));
    settings.extend(more.as_object().cloned().unwrap_or_default());
    plan.settle(&settings).unwrap()
}

/// Runs a request against an answerer; the calls it made.
fn calls(site: &Arc<Site>, line: &str, body: Value, answer: impl Fn(&Call) -> Value) -> Vec<Call> {
    let request = Request::read(&site.plan, line, Some(body)).unwrap();
    let moment = Moment { now: "2026-11-21T10:00:00Z".into(), lookups: Map::new() };
    let mut made = Vec::new();
    for mut run in request.runs(site, None, &moment).unwrap() {
        let mut next = run.start();
        loop {
            match next {
                Next::Done(done) => {
                    done.unwrap_or_else(|failure| panic!("{line}: {failure}"));
                    break;
                }
                Next::Call(call) => {
                    let reply = answer(&call);
                    made.push(*call);
                    next = run.next(Ok(Reply::json(200, reply)));
                }
            }
        }
    }
    made
}

/// Which function of Moodle's a call asks for.
fn function(call: &Call) -> &str {
    let straight = call.ready.as_ref().and_then(|ready| ready.asks.as_deref());
    straight.unwrap_or_else(|| call.body.as_ref().unwrap()["wsfunction"].as_str().unwrap())
}

/// A Moodle in which everything succeeds.
fn moodle(call: &Call) -> Value {
    match function(call) {
        "core_user_update_users" | "core_cohort_add_cohort_members" => json!({"warnings": []}),
        "core_user_create_users" | "core_user_get_users_by_field" => {
            json!([{"id": 7, "username": "eva"}])
        }
        "core_cohort_get_cohorts" => json!([{"id": 5, "name": "Staff", "idnumber": "G"}]),
        "core_cohort_get_cohort_members" => json!([{"cohortid": 5, "userids": [1, 2]}]),
        _ => Value::Null,
    }
}

fn members(count: u32) -> Value {
    let members: Vec<Value> = (1..=count).map(|id| json!({"value": id.to_string()})).collect();
    json!({"Operations": [{"op": "Add", "path": "members", "value": members}]})
}

fn person(active: bool) -> Value {
    json!({
        "userName": "eva", "active": active, "name": {"givenName": "Eva", "familyName": "Smit"},
        "emails": [{"type": "work", "value": "eva@school.example"}],
    })
}

#[test]
fn moodle_calls_per_operation() {
    let site = site(&shipped("mappings/moodle.toml"), &json!({}));
    let count = |line: &str, body: Value| calls(&site, line, body, moodle).len();
    let patch = |path: &str, value: Value| json!({"Operations": [{"op": "replace", "path": path, "value": value}]});
    assert_eq!(count(r#"GET /Users?filter=userName eq "eva""#, Value::Null), 1);
    assert_eq!(count("GET /Users/7", Value::Null), 1);
    assert_eq!(count("POST /Users", person(true)), 1);
    assert_eq!(count("POST /Users", person(false)), 2);
    assert_eq!(count("PATCH /Users/7", patch("active", json!(false))), 1);
    assert_eq!(
        count("PATCH /Users/7", patch("name", json!({"givenName": "A", "familyName": "B"}))),
        1
    );
    assert_eq!(count("PUT /Users/7", person(true)), 1);
    assert_eq!(count("DELETE /Users/7", Value::Null), 1);
    assert_eq!(count("GET /Groups/5?excludedAttributes=members", Value::Null), 1);
    assert_eq!(count("GET /Groups/5", Value::Null), 2);
    assert_eq!(count("PATCH /Groups/5", members(1)), 1);
    assert_eq!(count("DELETE /Groups/5", Value::Null), 1);
}

#[test]
fn a_value_that_only_the_gateway_keeps_costs_no_call() {
    const LOADING: &str = r#"
format = 1
title  = "reads before it writes"
[backend]
base = "https://lms.example"
[user]
id         = { read = "lms.id", type = "number" }
find       = { "id eq" = { get = "/users/{value}" } }
update     = [{ load = true }, { put = "/users/{id}", body = "{whole}" }]
refuse     = { create = "no", delete = "no" }
attributes = { userName = "login", displayName = { read = "full", kept = true } }
"#;
    let source = Source::read("loading.toml", LOADING, &Shipped);
    let plan = Arc::new(source.and_then(|it| it.compile()).unwrap());
    let site = plan.settle(&Map::new()).unwrap();
    let answer = |_: &Call| json!({"id": 7, "login": "eva", "full": "Eva Smit"});
    let count = |path: &str| {
        let change = json!({"op": "replace", "path": path, "value": "x"});
        calls(&site, "PATCH /Users/7", json!({"Operations": [change]}), answer).len()
    };
    assert_eq!((count("userName"), count("displayName")), (2, 0));
}

#[test]
fn five_hundred_members_are_one_to_three_calls_by_the_limit_of_fields() {
    let plan = shipped("mappings/moodle.toml");
    for (batch, wanted) in [(1000, 1), (250, 2), (200, 3)] {
        let site = site(&plan, &json!({"batch": batch}));
        assert_eq!(calls(&site, "PATCH /Groups/5", members(500), moodle).len(), wanted);
    }
}

#[test]
fn the_default_batch_stays_below_phps_own_limit_of_a_thousand_fields() {
    let site = site(&shipped("mappings/moodle.toml"), &json!({}));
    for call in calls(&site, "PATCH /Groups/5", members(500), moodle) {
        let sent = String::from_utf8(call.encoded().unwrap().unwrap().bytes).unwrap();
        assert!(sent.matches('&').count() < 1000, "{}", sent.matches('&').count());
    }
}

#[test]
fn three_hundred_members_by_put_are_read_compared_and_sent_in_chunks() {
    let site = site(&shipped("mappings/moodle.toml"), &json!({"batch": 100}));
    let listed: Vec<Value> = (2..=301).map(|id| json!({"value": id.to_string()})).collect();
    let body = json!({"Operations": [{"op": "replace", "path": "members", "value": listed}]});
    let made = calls(&site, "PATCH /Groups/5", body, moodle);
    let functions: Vec<_> = made
        .iter()
        .map(|call| call.body.as_ref().unwrap()["wsfunction"].as_str().unwrap())
        .collect();
    // Member 1 goes, 2 stays, 299 are new.
    assert_eq!(
        functions,
        [
            "core_cohort_get_cohort_members",
            "core_cohort_add_cohort_members",
            "core_cohort_add_cohort_members",
            "core_cohort_add_cohort_members",
            "core_cohort_delete_cohort_members",
        ]
    );
}

#[test]
fn a_reply_that_does_not_say_why_is_for_the_run_to_resolve() {
    let site = site(&shipped("mappings/moodle.toml"), &json!({}));
    let moment = Moment { now: "2026-11-21T10:00:00Z".into(), lookups: Map::new() };
    let request = Request::read(&site.plan, "POST /Users", Some(person(true))).unwrap();
    let mut run = request.runs(&site, None, &moment).unwrap().remove(0);
    assert!(matches!(run.start(), Next::Call(_)));
    let unclear = json!({"exception": "x", "errorcode": "invalidparameter"});
    let unclear = Reply::json(200, unclear);
    assert_eq!(run.judge(&unclear), None);
    assert!(matches!(run.next(Ok(unclear)), Next::Call(_)), "it does not look");
}

#[test]
fn nobody_there_is_an_answer_to_a_search_whoever_judged_it() {
    let site = site(&shipped("mappings/moodle.toml"), &json!({}));
    let moment = Moment { now: "2026-11-21T10:00:00Z".into(), lookups: Map::new() };
    let request = Request::read(&site.plan, "GET /Users?filter=userName eq \"eva\"", None).unwrap();
    let mut run = request.runs(&site, None, &moment).unwrap().remove(0);
    assert!(matches!(run.start(), Next::Call(_)));
    let nobody = Failure::new(Kind::Missing, "there is nobody like that");
    let Next::Done(Ok(done)) = run.next(Err(nobody)) else { panic!("no answer") };
    assert!(done.pictures.is_empty());
}

#[test]
fn a_reply_is_judged_before_it_is_taken_in_so_that_a_call_can_be_made_again() {
    let site = site(&shipped("mappings/moodle.toml"), &json!({}));
    let moment = Moment { now: "2026-11-21T10:00:00Z".into(), lookups: Map::new() };
    for (line, body) in [("GET /Users/7", None), ("POST /Users", Some(person(true)))] {
        let request = Request::read(&site.plan, line, body).unwrap();
        let mut run = request.runs(&site, None, &moment).unwrap().remove(0);
        assert!(matches!(run.start(), Next::Call(_)));
        let expired = Reply::json(200, json!({"exception": "x", "errorcode": "invalidtoken"}));
        let failure = run.judge(&expired).unwrap();
        assert_eq!((failure.kind, failure.retry), (Kind::Login, Retry::Login));
        let fine = Reply::json(200, json!([{"id": 7, "username": "eva"}]));
        assert_eq!(run.judge(&fine), None);
        assert!(matches!(run.next(Ok(fine)), Next::Done(Ok(_))));
    }
}

#[test]
fn a_create_whose_answer_was_lost_is_found_by_its_unique_values() {
    let site = site(&shipped("mappings/moodle.toml"), &json!({}));
    let moment = Moment { now: "2026-11-21T10:00:00Z".into(), lookups: Map::new() };
    let Request::Write(Operation::Create(eva)) =
        Request::read(&site.plan, "POST /Users", Some(person(true))).unwrap()
    else {
        panic!("a POST is a create")
    };
    let mut run = site.look(&eva, &moment).unwrap();
    let mut next = run.start();
    let done = loop {
        match next {
            Next::Done(done) => break done.unwrap(),
            // Moodle's search also finds who only looks like it.
            Next::Call(call) => {
                let function = call.body.as_ref().unwrap()["wsfunction"].as_str().unwrap();
                next = run.next(Ok(Reply::json(
                    200,
                    match function {
                        "core_user_get_users" => {
                            json!({"users": [{"id": 9, "email": "evaxsmit@other.example"}]})
                        }
                        _ => json!([{"id": 7, "username": "eva"}]),
                    },
                )));
            }
        }
    };
    let ids: Vec<_> = done.pictures.iter().filter_map(Picture::id).collect();
    assert_eq!(ids.iter().map(matricula::scim::ResourceId::as_str).collect::<Vec<_>>(), ["7"]);
    assert_eq!(done.calls, 2);
}

#[test]
fn what_is_shown_of_a_call_holds_no_secret() {
    let site = site(&shipped("mappings/moodle.toml"), &json!({"token": "s3cret-token"}));
    let mut body = person(true);
    body["password"] = json!("s3cret-password");
    let request = Request::read(&site.plan, "POST /Users", Some(body)).unwrap();
    let moment = Moment { now: "2026-11-21T10:00:00Z".into(), lookups: Map::new() };
    let mut run = request.runs(&site, None, &moment).unwrap().remove(0);
    let Next::Call(call) = run.start() else { panic!("a create makes a call") };
    let words = |call: &Call| format!("{:?} {:?} {}", call.headers, call.body, call.target);
    assert!(words(&call).contains("s3cret-token"));
    let shown = words(&run.shown().unwrap());
    assert!(!shown.contains("s3cret"), "{shown}");
    for debug in [format!("{call:?}"), format!("{run:?}"), format!("{site:?}")] {
        assert!(!debug.contains("s3cret") && !debug.contains("eva@"), "{debug}");
    }
}
