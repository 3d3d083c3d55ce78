//! What an answer holds, wherever in it the objects are: taken out of it where
//! they are a part of it, and found all the same where they are not.

use std::sync::Arc;

use matricula::call::{Call, Failure, Kind, Reply};
use matricula::mapping::{Next, Picture, Request, Shipped, Site, Source};
use serde_json::{Map, Value, json};

use super::echo::odd;
use super::people::moment;
use super::support::{talk, written};

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

/// What a list in pages of two comes to, where `answer` says what is on which page or
/// behind which cursor: the ids, whether that is all, and how many there are.
fn in_pages(
    page: &str,
    answer: impl Fn(u64) -> Value,
) -> Result<(Vec<String>, bool, Option<u64>), Kind> {
    let more = format!(
        ", query = {{ number = '{{page.number}}', cursor = '{{page.cursor}}' }}, page = {{ {page} }}"
    );
    let number = |call: &str, name: &str| {
        let value = call.split(['?', '&']).find_map(|pair| pair.strip_prefix(name))?;
        value.parse::<u64>().ok()
    };
    let (_, done) = talk(&site("body.items", &more), ("GET /Users", json!(null)), |call| {
        let at = number(call, "cursor=").or(number(call, "number=")).unwrap();
        Reply::json(200, answer(at))
    });
    let done = done.map_err(|failure| failure.kind)?;
    Ok((ids(&done.pictures), done.incomplete, done.total))
}

fn two(page: u64) -> Value {
    json!([{ "id": format!("a{page}") }, { "id": format!("b{page}") }])
}

#[test]
fn a_count_that_is_too_small_does_not_cut_a_list_off() {
    for total in [json!(0), json!(1), json!(3)] {
        let (ids, incomplete, told) =
            in_pages("by = 'number', size = 2, total = 'body.total'", |page| {
                let items = if page <= 3 { two(page) } else { json!([]) };
                json!({ "items": items, "total": total })
            })
            .unwrap();
        assert_eq!((ids.len(), incomplete, told), (6, false, None), "{total}");
    }
    let right = |page| json!({ "items": two(page), "total": 4 });
    let (ids, incomplete, told) =
        in_pages("by = 'number', size = 2, total = 'body.total'", right).unwrap();
    assert_eq!((ids.len(), incomplete, told), (4, false, Some(4)));
}

#[test]
fn an_empty_page_that_leads_on_is_not_the_last() {
    let page = "by = 'cursor', size = 2, next = 'body.next'";
    let (ids, incomplete, _) = in_pages(page, |at| {
        let items = if at == 3 { two(at) } else { json!([]) };
        json!({ "items": items, "next": if at < 4 { json!(at + 1) } else { json!(null) } })
    })
    .unwrap();
    assert_eq!((ids.len(), incomplete), (2, false));
    // One that leads on and on comes to an end, and is no proof.
    let (ids, incomplete, _) = in_pages(page, |at| json!({ "items": [], "next": at + 1 })).unwrap();
    assert_eq!((ids.len(), incomplete), (0, true));
}

#[test]
fn a_list_that_ends_while_the_lms_says_there_is_more_is_incomplete() {
    let circle = |at| json!({ "items": two(at), "next": (at + 1) % 3 });
    let (ids, incomplete, _) =
        in_pages("by = 'cursor', size = 2, next = 'body.next'", circle).unwrap();
    assert_eq!((ids.len(), incomplete), (6, true));
    let empty = |page| json!({ "items": if page == 1 { two(1) } else { json!([]) }, "more": true });
    let (ids, incomplete, _) =
        in_pages("by = 'number', size = 2, more = 'body.more'", empty).unwrap();
    assert_eq!((ids.len(), incomplete), (2, true));
    // The page before once more is how some say that it was the last.
    let last = |_| json!({ "items": two(1) });
    let (ids, incomplete, _) = in_pages("by = 'number', size = 2", last).unwrap();
    assert_eq!((ids.len(), incomplete), (2, false));
}

#[test]
fn an_empty_cursor_is_none() {
    for none in [json!(null), json!(""), json!(false)] {
        let asked = std::cell::Cell::new(0);
        let (ids, ..) = in_pages("by = 'cursor', size = 2, next = 'body.next'", |at| {
            asked.set(asked.get() + 1);
            json!({ "items": two(at), "next": none })
        })
        .unwrap();
        assert_eq!((ids.len(), asked.get()), (2, 1), "{none}");
    }
}

#[test]
fn what_one_of_several_lists_counts_is_not_how_many_there_are() {
    let text = r#"
format = 1
title  = "two lists"
[backend]
base = "https://lms.example"
[user]
id         = "lms.id"
refuse     = { create = "no", update = "no", delete = "no" }
attributes = { userName = "login" }
[user.find]
"id eq" = { get = "/users/{value}" }
"*"     = { union = [{ get = "/on/{page.number}" }, { get = "/off/{page.number}" }], objects = "body.items", page = { by = "number", size = 2, total = "body.total" } }
"#;
    let (said, done) = talk(&written(text), ("GET /Users?count=1", json!(null)), |call| {
        let items = json!([{ "id": format!("{call}a") }, { "id": format!("{call}b") }]);
        Reply::json(
            200,
            json!({ "items": items, "total": if call.contains("on") { 4 } else { 2 } }),
        )
    });
    let done = done.unwrap();
    assert_eq!((said.len(), done.pictures.len(), done.total), (3, 6, None));
}
