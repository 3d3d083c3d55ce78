//! What an identity provider sends in its first cycle, through whatever door; what an
//! LMS holds after it, and what clients are told.
//!
//! `cargo test` does a little of it, `MATRICULA_TEST_KILLS` all of it.

use std::collections::{BTreeMap, BTreeSet};

use matricula::sandbox::{Person, Sandbox};
use serde_json::{Value, json};

use super::journey::person;

/// People, groups, and members of each group.
#[expect(clippy::disallowed_methods, reason = "the test's own environment, not the program's")]
pub(crate) fn size() -> (usize, usize, usize) {
    match std::env::var("MATRICULA_TEST_KILLS") {
        Ok(_) => (2000, 50, 200),
        Err(_) => (150, 10, 30),
    }
}

/// The ids of people and groups, in the order in which they were written.
pub(crate) type Ids = (Vec<String>, Vec<String>);

/// A method, a path and a body; the status, and what was answered.
pub(crate) trait Door: AsyncFn(&'static str, String, Value) -> (u16, Value) {}

impl<D: AsyncFn(&'static str, String, Value) -> (u16, Value)> Door for D {}

async fn made(door: &impl Door, kind: &str, body: Value) -> String {
    let (status, made) = door("POST", format!("/{kind}"), body).await;
    assert_eq!(status, 201, "{made}");
    made["id"].as_str().unwrap().to_owned()
}

async fn changed(door: &impl Door, path: String, operations: Value) {
    let body = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
        "Operations": operations
    });
    let (status, answer) = door("PATCH", path, body).await;
    assert_eq!(status, 204, "{answer}");
}

/// People, groups, who belongs to which, and a few second thoughts.
pub(crate) async fn first_cycle(door: &impl Door) -> Ids {
    let (people, groups, share) = size();
    let (mut users, mut teams) = (Vec::new(), Vec::new());
    for number in 0..people {
        users.push(made(door, "Users", person(&format!("Person.{number}"))).await);
    }
    for number in 0..groups {
        let body = json!({ "displayName": format!("Group {number}"), "externalId": format!("g-{number}") });
        let group = made(door, "Groups", body).await;
        let members: Vec<_> =
            (0..share).map(|one| &users[(number * 7 + one * 3) % people]).collect();
        for some in members.chunks(50) {
            let some: Vec<Value> = some.iter().map(|id| json!({ "value": id })).collect();
            let add = json!([{ "op": "Add", "path": "members", "value": some }]);
            changed(door, format!("/Groups/{group}"), add).await;
        }
        teams.push(group);
    }
    for id in users.iter().step_by(10) {
        let change = json!([
            { "op": "Replace", "path": "name.familyName", "value": "Berg-Hofer" },
            { "op": "Replace", "path": "active", "value": "False" }
        ]);
        changed(door, format!("/Users/{id}"), change).await;
    }
    (users, teams)
}

/// What an LMS holds, but for its ids: people by name, and groups by the names of
/// their members.
pub(crate) type Held = (BTreeMap<String, [String; 5]>, BTreeMap<String, BTreeSet<String>>);

pub(crate) fn held(lms: &Sandbox) -> Held {
    let people = lms.people();
    let names: BTreeMap<_, _> = people.iter().map(|it| (it.id, it.username.clone())).collect();
    let of = |it: &Person| {
        let suspended = it.suspended.to_string();
        [&it.firstname, &it.lastname, &it.email, &it.idnumber, &suspended].map(Clone::clone)
    };
    let held = people.iter().map(|it| (it.username.clone(), of(it))).collect();
    let groups = lms.cohorts().into_iter().map(|cohort| {
        let members = cohort.members.iter().map(|id| names[id].clone()).collect();
        (format!("{} {}", cohort.name, cohort.idnumber), members)
    });
    (held, groups.collect())
}

/// What clients read of everybody: the words, and who belongs to which group.
pub(crate) async fn told(door: &impl Door, (users, teams): &Ids) -> Vec<Value> {
    let mut all = Vec::new();
    for id in users {
        let (status, mut read) = door("GET", format!("/Users/{id}"), Value::Null).await;
        assert_eq!((status, read["id"].as_str()), (200, Some(id.as_str())));
        // Once there is an account, Moodle has a language for it.
        for name in ["meta", "preferredLanguage"] {
            read.as_object_mut().unwrap().remove(name);
        }
        all.push(read);
    }
    for id in teams {
        let (_, read) = door("GET", format!("/Groups/{id}"), Value::Null).await;
        let listed = read["members"].as_array().unwrap();
        let members: BTreeSet<_> = listed.iter().map(|it| it["value"].as_str().unwrap()).collect();
        all.push(json!([id, read["displayName"], members]));
    }
    all
}
