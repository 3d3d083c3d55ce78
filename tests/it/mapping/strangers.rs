//! An LMS that answers with something else than it was asked for: about others, without
//! an id, with a table where a text belongs. Nothing is concluded from that.

use matricula::call::{Kind, Reply};
use matricula::mapping::{Done, Picture};
use serde_json::{Value, json};

use super::people::site;
use super::support::{talk, written};

/// Whom this LMS finds by an id depends on a parameter, which it may pass over.
const BY_PARAMETER: &str = r#"
format = 1
title  = "by parameter"
[backend]
base = "https://lms.example"
[user]
id         = "lms.id"
attributes = { userName = "login", title = "job" }
find   = { "id eq" = { get = "/users", query = { id = "{values}" }, many = "2", objects = "body.items" } }
create = { post = "/users", body = "{record}", keep = { id = "body.id" } }
update = [{ load = true }, { put = "/users/{id}", body = "{merged}" }]
delete = [{ load = true }, { delete = "/users/{id}" }]
"#;

fn people(ids: &[&str]) -> Reply {
    let one = |id: &&str| json!({ "id": id, "login": format!("l{id}"), "job": "x", "note": id });
    Reply::json(200, json!({ "items": ids.iter().map(one).collect::<Vec<_>>() }))
}

fn ids(done: &Done) -> Vec<String> {
    let ids = done.pictures.iter().filter_map(Picture::id);
    ids.map(|id| id.as_str().to_owned()).collect()
}

fn promoted() -> Value {
    json!({ "Operations": [{ "op": "replace", "path": "title", "value": "y" }] })
}

#[test]
fn what_is_written_back_is_never_what_was_read_of_another() {
    let site = written(BY_PARAMETER);
    let request = || ("PATCH /Users/7", promoted());
    let (said, done) = talk(&site, request(), |_| people(&["1", "7"]));
    assert_eq!(said[1], r#"PUT /users/7 {"id":"7","job":"y","login":"l7","note":"7"}"#);
    assert!(done.is_ok());
    let (said, done) = talk(&site, request(), |_| people(&["1", "2"]));
    assert_eq!((said.len(), done.unwrap_err().kind), (1, Kind::Garbled));
}

#[test]
fn nobody_is_deleted_because_others_were_shown() {
    let (said, done) =
        talk(&written(BY_PARAMETER), ("DELETE /Users/7", json!(null)), |_| people(&["1"]));
    assert_eq!((said.len(), done.unwrap_err().kind), (1, Kind::Garbled));
}

#[test]
fn others_than_who_was_asked_for_do_not_say_that_he_is_gone() {
    for site in [written(BY_PARAMETER), site("mappings/minimal-rest.toml", &json!({}))] {
        let read = |answer: Reply| talk(&site, ("GET /Users/7", json!(null)), |_| answer.clone()).1;
        let one = Reply::json(200, json!({ "items": [{ "id": "8" }], "id": "8" }));
        assert_eq!(read(one).unwrap_err().kind, Kind::Garbled);
    }
    let read = |ids: &[&str]| {
        talk(&written(BY_PARAMETER), ("GET /Users/7", json!(null)), |_| people(ids)).1
    };
    assert_eq!(ids(&read(&["1", "7", "9"]).unwrap()), ["7"]);
    assert_eq!(read(&[]).unwrap_err().kind, Kind::Missing);
}

#[test]
fn moodle_may_show_others_too() {
    let moodle = site("mappings/moodle.toml", &json!({}));
    let read = |found: Value| {
        talk(&moodle, ("GET /Users/7", json!(null)), |_| Reply::json(200, found.clone())).1
    };
    let one = |id: u64| json!({ "id": id, "username": format!("l{id}"), "email": "a@b.example" });
    assert_eq!(ids(&read(json!([one(2), one(7)])).unwrap()), ["7"]);
    assert_eq!(read(json!([one(2)])).unwrap_err().kind, Kind::Garbled);
    assert_eq!(read(json!([])).unwrap_err().kind, Kind::Missing);
}

const IN_TWO: &str = r#"
format = 1
title  = "in two steps"
[backend]
base = "https://lms.example"
[user]
id         = "lms.id"
attributes = { userName = "login", active = { lms = "on", create = false } }
find   = { "id eq" = { get = "/users/{value}" } }
update = { put = "/users/{id}", body = "{record}" }
delete = { delete = "/users/{id}" }
[[user.create]]
post = "/users"
body = "{record}"
keep = { id = "body.id" }
[[user.create]]
post = "/off"
body = { id = "{id}" }
"#;

#[test]
fn a_create_that_names_nobody_goes_no_further_and_is_lost() {
    let request = || ("POST /Users", json!({ "userName": "eva", "active": false }));
    for body in [
        json!({}),
        json!({ "id": null }),
        json!({ "id": "" }),
        json!({ "id": { "value": 7 } }),
        json!([]),
        json!("ok"),
        json!({ "error": "try again" }),
    ] {
        let (said, done) = talk(&written(IN_TWO), request(), |_| Reply::json(200, body.clone()));
        let failure = done.unwrap_err();
        assert_eq!((said.len(), failure.kind, failure.lost), (1, Kind::Garbled, true), "{body}");
    }
    let (said, done) = talk(&written(IN_TWO), request(), |_| Reply::json(200, json!({ "id": 7 })));
    assert_eq!(said[1], r#"POST /off {"id":7}"#);
    assert_eq!(done.unwrap().id.unwrap().as_str(), "7");
}

#[test]
fn a_table_or_a_list_is_no_text() {
    let site = site("mappings/minimal-rest.toml", &json!({}));
    for odd in [json!({ "value": "eva" }), json!(["eva"]), json!({})] {
        let (_, done) = talk(&site, ("GET /Users/7", json!(null)), |_| {
            let fields = json!({ "id": "7", "login": odd, "first_name": odd, "active": odd });
            Reply::json(200, fields)
        });
        let done = done.unwrap();
        let shown = done.pictures[0].resource().attributes();
        assert_eq!(shown.keys().collect::<Vec<_>>(), ["id"], "{odd}");
    }
}
