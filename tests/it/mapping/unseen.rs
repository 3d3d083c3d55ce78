//! Lists that end before all there are were shown: what a write concludes from one.

use std::sync::Arc;

use matricula::call::{Failure, Kind, Reply};
use matricula::mapping::{Next, Site};
use matricula::scim;
use serde_json::{Value, json};

use super::people::moment;
use super::support::{talk, written};

/// Its pages say that there is more, and are the same one again.
const CUT: &str = r#"
format = 1
title  = "cut off"
[backend]
base = "https://lms.example"
[user]
id         = "lms.id"
look       = "before"
attributes = { userName = { lms = "login", unique = true }, title = "job" }
create     = { post = "/users", body = "{record}", keep = { id = "body.id" } }
update     = [{ find = "userName eq", with = "'x'", keep = { free = "found | empty" } }, { when = "free", patch = "/users/{id}", body = "{record}" }]
delete     = [{ load = true }, { delete = "/users/{id}" }]
[user.find]
"id eq"       = { LOADED }
"userName eq" = { get = "/users", query = { q = "{value}", page = "{page.number}" }, objects = "body.items", exact = false, BRIEF page = { by = "number", size = 2, more = "body.more" } }
[group]
id         = "lms.id"
attributes = { displayName = "name" }
find       = { "id eq" = { get = "/groups/{value}" }, "id ge" = { get = "/members", query = { page = "{page.number}" }, objects = "body.items", page = { by = "number", size = 2, more = "body.more" } } }
update     = { patch = "/groups/{id}", body = "{record}" }
refuse     = { create = "no", delete = "no" }
members    = { read = { find = "id ge", with = "id", keep = { members = "found | map(item.id)" } }, add = { each = "added", put = "/add/{item}" }, remove = { each = "removed", delete = "/remove/{item}" } }
"#;

const PAGED: &str = r#"get = "/users", query = { id = "{value}", page = "{page.number}" }, objects = "body.items", page = { by = "number", size = 2, more = "body.more" }"#;

fn site(brief: bool) -> Arc<Site> {
    let loaded = if brief { r#"get = "/users/{value}""# } else { PAGED };
    let brief = if brief { "brief = true," } else { "" };
    written(&CUT.replace("LOADED", loaded).replace("BRIEF", brief))
}

fn lms(call: &str) -> Reply {
    let other = json!({ "id": "1", "login": "other" });
    if call.starts_with("GET /users/") {
        return Reply::json(200, other);
    }
    let nobody = call.contains("?id=");
    let items = if nobody { json!([]) } else { json!([other]) };
    Reply::json(200, json!({ "items": items, "more": true, "id": "7", "name": "g" }))
}

/// That nothing was written, since it is not known who is there.
fn holds_back(site: &Arc<Site>, request: (&str, Value)) {
    let line = request.0.to_owned();
    let (said, done) = talk(site, request, lms);
    assert!(said.iter().all(|call| call.starts_with("GET")), "{line}: {said:?}");
    assert_eq!(done.unwrap_err().kind, Kind::Garbled, "{line}");
}

fn put(path: &str, value: &Value) -> Value {
    json!({ "Operations": [{ "op": "replace", "path": path, "value": value }] })
}

#[test]
fn nobody_is_made_because_a_list_is_cut_off() {
    for brief in [false, true] {
        holds_back(&site(brief), ("POST /Users", json!({ "userName": "eva" })));
    }
}

/// What is read in full is no better than what a loose question found.
#[test]
fn nobody_is_refused_for_another_who_is_shown_abridged() {
    let whole = |call: &str| {
        let reply = lms(call).into_body();
        let items = reply.get("items").cloned();
        let whole = json!({ "items": items, "more": false });
        Reply::json(200, if call.starts_with("GET /users?") { whole } else { reply })
    };
    let (said, done) = talk(&site(true), ("POST /Users", json!({ "userName": "eva" })), whole);
    assert_eq!(said.last().unwrap(), r#"POST /users {"login":"eva"}"#);
    assert!(done.is_ok(), "{done:?}");
}

#[test]
fn a_step_does_not_take_the_beginning_of_a_list_for_all_of_it() {
    holds_back(&site(false), ("PATCH /Users/7", put("title", &json!("y"))));
    let members = json!([{ "value": "1" }]);
    holds_back(&site(false), ("PATCH /Groups/7", put("members", &members)));
    holds_back(&site(false), ("GET /Groups/7", json!(null)));
}

#[test]
fn who_is_not_in_it_is_not_gone() {
    holds_back(&site(false), ("DELETE /Users/7", json!(null)));
}

#[test]
fn a_lost_create_is_not_proven_to_be_nobody() {
    let attributes = json!({ "userName": "eva" }).as_object().unwrap().clone();
    let eva = scim::Resource::from_attributes(scim::Kind::User, attributes);
    let mut run = site(false).look(&eva, &moment()).unwrap();
    let mut next = run.start();
    let done: Result<_, Failure> = loop {
        match next {
            Next::Done(done) => break done,
            Next::Call(_) => next = run.next(Ok(lms("GET /users"))),
        }
    };
    assert_eq!(done.unwrap_err().kind, Kind::Garbled);
}
