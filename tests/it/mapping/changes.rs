//! Changes, where what is to be sent depends on what is there.

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

const LOADING: &str = r#"[{ load = true }, { patch = "/users/{id}", body = "{record}" }]"#;
const WHOLE: &str = r#"[{ load = true }, { put = "/users/{id}", body = "{whole}" }]"#;

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
