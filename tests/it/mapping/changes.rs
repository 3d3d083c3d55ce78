//! Changes, where what is to be sent depends on what is there, or on where else a value
//! may stand.

use std::sync::Arc;

use matricula::call::{Call, Reply};
use matricula::mapping::{Next, Request, Shipped, Site, Source};
use matricula::scim::{Kind, Resource};
use serde_json::{Map, Value, json};

use super::people::moment;

/// A plain LMS with one attribute of people, or several, and one way to change them.
fn site(attributes: &str, update: &str) -> Arc<Site> {
    let text = format!(
        r#"
format = 1
title  = "a plain LMS"
[backend]
base = "https://lms.example"
[user]
id     = "lms.id"
join   = {{ more = {{ get = "/users/{{id}}/more", keep = {{ result = "body" }} }} }}
create = {{ post = "/users", body = "{{record}}", keep = {{ id = "body.id" }} }}
update = {update}
delete = {{ delete = "/users/{{id}}" }}
[user.find]
"id eq" = {{ get = "/users/{{value}}" }}
[user.attributes]
"userName" = "login"
{attributes}
"#
    );
    let source = Source::read("plain.toml", &text, &Shipped);
    let plan = source.and_then(|it| it.compile()).unwrap_or_else(|faults| panic!("{faults:?}"));
    Arc::new(plan).settle(&Map::new()).unwrap()
}

/// What is sent to an LMS that shows everybody so.
fn sent(site: &Arc<Site>, (line, body): (&str, Value), known: &Value, shown: &Value) -> Vec<Value> {
    let request = Request::read(&site.plan, line, Some(body)).unwrap();
    let known = known.as_object().cloned();
    let known = known.map(|fields| Resource::from_attributes(Kind::User, fields));
    let mut made: Vec<Call> = Vec::new();
    for mut run in request.runs(site, known, &moment()).unwrap() {
        let mut next = run.start();
        loop {
            match next {
                Next::Done(done) => {
                    done.unwrap();
                    break;
                }
                Next::Call(call) => {
                    made.push(*call);
                    next = run.next(Ok(Reply::json(200, shown.clone())));
                }
            }
        }
    }
    made.into_iter().filter_map(|call| call.body).collect()
}

fn patch(operation: &Value) -> (&'static str, Value) {
    ("PATCH /Users/7", json!({ "Operations": [operation] }))
}

const PLAINLY: &str = r#"{ patch = "/users/{id}", body = "{record}" }"#;
const LOADING: &str = r#"[{ load = true }, { patch = "/users/{id}", body = "{record}" }]"#;
const WHOLE: &str = r#"[{ load = true }, { put = "/users/{id}", body = "{whole}" }]"#;

const EITHER: &str =
    r#"'emails[type eq "work"].value' = { lms = "mail", or = ['emails[type eq "other"].value'] }"#;

fn eva() -> Value {
    json!({ "userName": "eva", "emails": [{ "type": "other", "value": "eva@x.example" }] })
}

/// The same with an address for work, which is the one that counts.
fn with_work(other: &str) -> Value {
    let emails = json!([
        { "type": "other", "value": other }, { "type": "work", "value": "eva@x.example" }
    ]);
    json!({ "userName": "eva", "emails": emails })
}

fn shown() -> Value {
    json!({ "id": "7", "login": "eva", "mail": "eva@x.example" })
}

#[test]
fn what_was_created_from_another_place_can_be_put_from_there() {
    for update in [PLAINLY, LOADING] {
        let site = site(EITHER, update);
        let created = sent(&site, ("POST /Users", eva()), &Value::Null, &shown());
        assert_eq!(created[0]["mail"], json!("eva@x.example"));
        for known in [Value::Null, eva()] {
            let put = sent(&site, ("PUT /Users/7", eva()), &known, &shown());
            let kept = |body: &Value| body.get("mail").is_none_or(|it| it == "eva@x.example");
            assert!(put.iter().all(kept), "{put:?}");
        }
    }
}

#[test]
fn a_patch_reaches_what_was_taken_from_another_place() {
    let change = patch(&json!({
        "op": "replace", "path": "emails[type eq \"other\"].value", "value": "new@x.example"
    }));
    for update in [PLAINLY, LOADING] {
        let site = site(EITHER, update);
        let told = sent(&site, change.clone(), &eva(), &shown());
        assert_eq!(told, [json!({ "mail": "new@x.example" })]);
        // The LMS's own address is that for work, as far as anybody knows.
        assert!(sent(&site, change.clone(), &Value::Null, &shown()).is_empty());
        let both = with_work("eva@x.example");
        assert!(sent(&site, change.clone(), &both, &shown()).is_empty());
    }
}

#[test]
fn another_place_takes_over_when_the_own_one_is_cleared() {
    let both = with_work("other@x.example");
    let gone = patch(&json!({ "op": "remove", "path": "emails[type eq \"work\"]" }));
    let site = site(EITHER, PLAINLY);
    let told = sent(&site, gone.clone(), &both, &shown());
    assert_eq!(told, [json!({ "mail": "other@x.example" })]);
    assert_eq!(sent(&site, gone, &Value::Null, &shown()), [json!({ "mail": "" })]);
}

#[test]
fn what_is_required_may_come_from_another_place() {
    let site = site(&EITHER.replace("\"mail\",", "\"mail\", required = true,"), PLAINLY);
    let created = sent(&site, ("POST /Users", eva()), &Value::Null, &shown());
    assert_eq!(created[0]["mail"], json!("eva@x.example"));
    let nobody = json!({ "userName": "eva" });
    for (line, body) in [("POST /Users", nobody.clone()), ("PUT /Users/7", nobody)] {
        let request = Request::read(&site.plan, line, Some(body)).unwrap();
        let mut run = request.runs(&site, None, &moment()).unwrap().remove(0);
        let Next::Done(Err(failure)) = run.start() else { panic!("{line} without an address") };
        assert!(failure.detail.contains("emails[type eq \"work\"].value"), "{failure}");
    }
    let emails = site.plan.kinds_of(Kind::User).next().unwrap().resource_type.core();
    assert!(emails.attribute("emails").unwrap().required, "as /Schemas tells it");
}

#[test]
fn what_the_lms_hides_can_be_cleared_where_the_update_loads() {
    let attributes = r#"
"nickName" = "nick"
"title"    = { write = "title", from_lms = "joins.more.title" }
"#;
    let site = site(attributes, LOADING);
    // The nickname is not shown to us, and the title by a further call alone.
    let shown = json!({ "id": "7", "login": "eva" });
    for (path, field) in [("nickName", "nick"), ("title", "title")] {
        let gone = patch(&json!({ "op": "remove", "path": path }));
        let told = sent(&site, gone, &Value::Null, &shown);
        assert_eq!(told, [json!({ field: "" })], "{path}");
    }
    let held = json!({ "id": "7", "login": "eva", "nick": "" });
    let gone = patch(&json!({ "op": "remove", "path": "nickName" }));
    assert!(sent(&site, gone, &Value::Null, &held).is_empty(), "it is empty already");
}

#[test]
fn what_the_lms_holds_in_other_words_stays_where_all_of_it_is_replaced() {
    let attributes = r#"
"nickName" = "nick"
"title"    = { lms = "title", check = { most = 2, drop = true } }
"#;
    let site = site(attributes, WHOLE);
    let known = json!({ "userName": "eva", "nickName": "e", "title": "Professor" });
    let shown = json!({ "id": "7", "login": "eva", "nick": "e", "title": "Dr" });
    let change = patch(&json!({ "op": "replace", "path": "nickName", "value": "evi" }));
    let told = sent(&site, change, &known, &shown);
    assert_eq!(told, [json!({ "login": "eva", "nick": "evi", "title": "Dr" })]);
}
