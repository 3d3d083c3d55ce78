//! Lists that are fetched and kept: fetched for whatever names one, and believed only
//! where they are lists.

use matricula::call::{Kind, Reply};
use serde_json::{Value, json};

use super::support::{talk, written};

const ROLES: &str = r#"
format = 1
title  = "roles"
[backend]
base = "https://lms.example"
[lookup.roles]
steps = { get = "/roles", keep = { entries = "body.items" } }
key   = "item.name"
value = "item.id"
[user]
id         = "lms.id"
attributes = { userName = "login", title = { lms = "job", TITLE } }
find   = { "id eq" = { get = "/users/{value}" }, "*" = { get = "/users", query = { role = "{ROLE}" } } }
create = { post = "/CREATE/users", body = "{record}", keep = { id = "body.id" } }
update = { patch = "/users/{id}", headers = { X-Role = "HEADER" }, body = "{record}" }
delete = { delete = "/users/{id}" }
[group]
id         = "lms.id"
attributes = { displayName = "name" }
find   = { "id eq" = { get = "/groups/{value}" } }
update = { patch = "/groups/{id}", body = "{record}" }
refuse = { create = "no", delete = "no" }
members = { read = { get = "/groups/{id}/users", keep = { members = "body" } }, add = { each = "added", put = "/MEMBERS/{item}" } }
"#;

/// The mapping with the list named in one place alone.
fn named_in(place: &str, how: &str) -> std::sync::Arc<matricula::mapping::Site> {
    let (mut text, mut found) = (ROLES.to_owned(), false);
    for (name, calm) in [
        ("TITLE", "required = false"),
        ("{ROLE}", "all"),
        ("CREATE", "plain"),
        ("HEADER", "none"),
        ("MEMBERS", "members"),
    ] {
        found |= name == place;
        text = text.replace(name, if name == place { how } else { calm });
    }
    assert!(found);
    written(&text)
}

fn lms(roles: &Value) -> impl Fn(&str) -> Reply {
    let roles = roles.clone();
    move |call: &str| match call {
        "GET /roles" => Reply::json(200, roles.clone()),
        _ => Reply::json(200, json!({ "id": "1", "login": "a" })),
    }
}

fn good() -> Value {
    json!({ "items": [{ "name": "Learner", "id": 5 }] })
}

const LEARNER: &str = "{lookup.roles['Learner']}";

fn promoted() -> Value {
    json!({ "Operations": [{ "op": "replace", "path": "title", "value": "Learner" }] })
}

fn joined() -> Value {
    json!({ "Operations": [{ "op": "add", "path": "members", "value": [{ "value": "4" }] }] })
}

#[test]
fn a_list_is_fetched_wherever_it_is_named() {
    let created = json!({ "userName": "a" });
    for (place, how, request, wanted) in [
        ("{ROLE}", LEARNER, ("GET /Users", json!(null)), "GET /users?role=5"),
        ("CREATE", LEARNER, ("POST /Users", created), "POST /5/users {\"login\":\"a\"}"),
        ("HEADER", LEARNER, ("PATCH /Users/1", promoted()), "PATCH /users/1 {\"job\":\"Learner\"}"),
        ("MEMBERS", LEARNER, ("PATCH /Groups/1", joined()), "PUT /5/4"),
        (
            "TITLE",
            "write = 'role{lookup.roles[\"Learner\"]}'",
            ("PATCH /Users/1", promoted()),
            "PATCH /users/1 {\"role5\":\"Learner\"}",
        ),
    ] {
        let (said, done) = talk(&named_in(place, how), request, lms(&good()));
        assert_eq!(said, ["GET /roles", wanted], "{place}");
        assert!(done.is_ok(), "{place}: {done:?}");
    }
}

#[test]
fn what_is_no_list_is_neither_kept_nor_written_without() {
    let site = named_in("TITLE", "to_lms = 'lookup.roles[value]'");
    for roles in [
        json!({ "error": "busy" }),
        json!({ "items": null }),
        json!({ "items": {} }),
        json!({ "items": [{ "title": "Learner" }] }),
        json!("busy"),
    ] {
        let (said, done) = talk(&site, ("PATCH /Users/1", promoted()), lms(&roles));
        assert_eq!((said.len(), done.unwrap_err().kind), (1, Kind::Garbled), "{roles}");
    }
    let (_, done) = talk(&site, ("PATCH /Users/1", promoted()), lms(&json!({ "items": [] })));
    assert!(done.is_ok(), "an empty list is one");
}

#[test]
fn a_list_that_is_not_there_says_nothing_of_the_person() {
    let site = named_in("TITLE", "to_lms = 'lookup.roles[value]'");
    for status in [400, 404, 409] {
        let (said, done) =
            talk(&site, ("PATCH /Users/1", promoted()), |_| Reply::json(status, json!({})));
        assert_eq!((said.len(), done.unwrap_err().kind), (1, Kind::Garbled), "{status}");
    }
}
