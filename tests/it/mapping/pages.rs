//! What an answer holds, wherever in it the objects are: taken out of it where
//! they are a part of it, and found all the same where they are not.

use std::sync::Arc;

use matricula::call::{Call, Failure, Kind, Reply};
use matricula::mapping::{Next, Picture, Request, Shipped, Site, Source};
use serde_json::{Map, Value, json};

use super::echo::odd;
use super::people::moment;

/// A mapping whose list is found by this expression, with this beside it.
fn site(objects: &str, more: &str) -> Arc<Site> {
    let text = format!(
        r#"
format = 1
title  = "lists"
[settings]
words = {{ about = "many words", default = [] }}
[backend]
base = "https://lms.example"
[user]
id     = "lms.id"
refuse = {{ create = "no", update = "no", delete = "no" }}
attributes = {{ userName = "login", title = {{ read = "job", from_lms = "(settings.words | where(item == value) | first) ?? value" }} }}
[user.find]
"id eq"       = {{ get = "/users/{{value}}" }}
"userName eq" = {{ get = "/users", query = {{ login = "{{value}}" }} }}
"title eq"    = {{ get = "/users", query = {{ job = "{{value}}" }} }}
"*"           = {{ get = "/users", objects = "{objects}"{more} }}
"#
    );
    let source = Source::read("lists.toml", &text, &Shipped);
    let plan = Arc::new(source.and_then(|it| it.compile()).unwrap());
    let words: Vec<Value> = (0..20_000).map(Value::from).collect();
    plan.settle(&Map::from_iter([("words".to_owned(), Value::Array(words))])).unwrap()
}

fn ask(
    site: &Arc<Site>,
    line: &str,
    reply: impl Fn(&Call) -> Value,
) -> Result<Vec<Picture>, Failure> {
    let request = Request::read(&site.plan, line, None).unwrap();
    let mut run = request.runs(site, None, &moment())?.remove(0);
    let mut next = run.start();
    loop {
        match next {
            Next::Call(call) => next = run.next(Ok(Reply::json(200, reply(&call)))),
            Next::Done(done) => return done.map(|done| done.pictures),
        }
    }
}

fn ids(pictures: &[Picture]) -> Vec<String> {
    pictures.iter().filter_map(Picture::id).map(|id| id.as_str().to_owned()).collect()
}

fn found(objects: &str, body: &Value) -> Result<Vec<String>, Failure> {
    Ok(ids(&ask(&site(objects, ""), "GET /Users", |_| body.clone())?))
}

#[test]
fn objects_are_found_wherever_they_are() {
    let body = json!({
        "deep": {"items": [{"id": "a", "kind": 1}, {"id": "b", "kind": 2}]},
        "none": null, "wanted": 2,
    });
    let all = ["a".to_owned(), "b".to_owned()];
    let cases = [
        ("body.deep.items", &all[..]),
        ("body.none ?? body.deep.items", &all[..]),
        ("body.lost ?? body.deep.items", &all[..]),
        ("body.deep.items ?? []", &all[..]),
        ("body.none ?? []", &[]),
        ("body.deep.items | where(item.kind == 2)", &all[1..]),
        ("body.deep.items | where(item.kind == body.wanted)", &all[1..]),
        ("body.deep.items | where(status == 200)", &all[..]),
        ("status == 200 ? body.deep.items : []", &all[..]),
        ("(body.none ?? body.deep.items) | where(item.id != 'b')", &all[..1]),
        ("body.deep.items | map(item)", &all[..]),
    ];
    for (objects, wanted) in cases {
        assert_eq!(found(objects, &body).unwrap(), wanted, "{objects}");
    }
    for objects in ["body.lost", "body.none", "body.wanted", "body.wanted | where(true)"] {
        assert_eq!(found(objects, &body).unwrap_err().kind, Kind::Garbled, "{objects}");
    }
}

#[test]
fn pages_may_be_counted_by_the_objects_that_came() {
    let page = ", page = { by = 'offset', first = 0, size = 2, more = '(objects | count) == 2' }";
    let site = site("body.items", page);
    let calls = std::cell::Cell::new(0);
    let pages = [json!([{"id": "a"}, {"id": "b"}]), json!([{"id": "c"}])];
    let pictures = ask(&site, "GET /Users", |_| {
        let page = pages.get(calls.replace(calls.get() + 1)).cloned();
        json!({"items": page.unwrap()})
    });
    assert_eq!((ids(&pictures.unwrap()).len(), calls.get()), (3, 2));
}

/// Where pages begin, if the mapping does not say it.
#[test]
fn the_first_of_all_is_on_the_first_page() {
    for (by, parameter, wanted) in [("number", "number", "1"), ("offset", "offset", "0")] {
        let page = format!(
            ", query = {{ from = '{{page.{parameter}}}' }}, page = {{ by = '{by}', size = 2 }}"
        );
        let asked = std::cell::RefCell::new(Vec::new());
        let found = ask(&site("body", &page), "GET /Users", |call| {
            asked.borrow_mut().push(call.target.query()[0].1.clone());
            json!([{"id": "a"}])
        });
        assert_eq!((found.unwrap().len(), asked.into_inner()), (1, vec![wanted.to_owned()]));
    }
}

#[test]
fn who_is_found_by_two_questions_is_one() {
    let line = r#"GET /Users?filter=userName eq "eva" or title eq "Dr""#;
    let reply = |_: &Call| json!([{"id": "a", "login": "eva", "job": "Dr"}]);
    assert_eq!(ids(&ask(&site("body", ""), line, reply).unwrap()), ["a"]);
}

#[test]
fn a_long_list_does_not_run_out_of_fuel() {
    let site = site("body", "");
    let people: Vec<Value> = (0..100).map(|id| json!({"id": id.to_string(), "job": 19})).collect();
    let pictures = ask(&site, "GET /Users", |_| Value::Array(people.clone())).unwrap();
    let untitled = |it: &&Picture| it.resource().attributes().get("title").is_none();
    assert_eq!((pictures.len(), pictures.iter().filter(untitled).count()), (100, 0));
}

#[test]
fn what_nobody_asked_for_is_not_shown() {
    let object = json!({"id": 1, "login": "eva", "full": "Eva Smit", "title": "Dr"});
    let site = odd(&json!({}));
    let answer = |call: &Call| {
        if call.target.path() == "/roles" { json!([]) } else { object.clone() }
    };
    let pictures = ask(&site, "GET /Users/1?attributes=userName", answer).unwrap();
    let shown = pictures[0].resource().attributes();
    assert_eq!(shown.keys().collect::<Vec<_>>(), ["id", "userName"]);
}
