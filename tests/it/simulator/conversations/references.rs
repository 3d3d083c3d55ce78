//! Conversations 7 and 8: managers and roles.

use serde_json::{Value, json};

use crate::simulator::dialect::{Change, difference, operation, roles};
use crate::simulator::directory::Person;
use crate::simulator::house::House;
use crate::simulator::profile::{Manager, Profile, Roles};
use crate::simulator::target::{ENTERPRISE, MANAGER};
use crate::simulator::worker::Worker;

use super::{join, person, tune, worker};

async fn manages(worker: &mut Worker, id: &str, manager: Option<&str>, words: &str) {
    let now = person(worker, id).await;
    let is = now[ENTERPRISE].get("manager").map(|manager| &manager["value"]);
    assert_eq!(is, manager.map(Value::from).as_ref(), "{}: {words}", worker.profile.name);
}

/// Conversation 7: who has only PUT names the manager there; the plugin for Keycloak never
/// does, and here does as those.
pub(crate) async fn a_manager_is_understood_in_every_spelling(house: &House, profile: Profile) {
    let mut worker = worker(house, profile);
    let nina = join(&mut worker, &Person::complete("Nina.Berg", "Nina", "Berg")).await;
    let ada = join(&mut worker, &Person::new("Ada", "Ada", "Meier")).await;
    let bob = join(&mut worker, &Person::new("Bob", "Bob", "Meier")).await;
    // In its own way: set, changed, cleared, and cleared once more.
    for (manager, new) in [(Some(&ada), true), (Some(&bob), false), (None, false), (None, false)] {
        let manager = manager.map(String::as_str);
        worker.manage(&nina, manager, new).await.must(&[200, 204], "a manager");
        manages(&mut worker, &nina, manager, "in its own way").await;
    }
    if matches!(worker.profile.manager, Manager::Put | Manager::None) {
        return;
    }
    let list = json!([{ "$ref": format!("{}/Users/{bob}", house.base), "value": bob }]);
    let sub = format!("{MANAGER}.value");
    let spellings = [
        ("add", MANAGER, json!(ada), Some(&ada)),
        ("replace", MANAGER, json!(bob), Some(&bob)),
        ("replace", MANAGER, json!(""), None),
        ("add", sub.as_str(), json!(ada), Some(&ada)),
        ("replace", MANAGER, json!({ "value": "" }), None),
        ("add", "manager", list, Some(&bob)),
        ("replace", MANAGER, json!({ "value": ada }), Some(&ada)),
        ("replace", MANAGER, Value::Null, None),
    ];
    for (word, path, value, manager) in spellings {
        let operation = operation(&worker.profile, word, path, &value);
        let answer = worker.patch("Users", &nina, &json!([operation])).await;
        answer.must(&[200, 204], &operation.to_string());
        let manager = manager.map(String::as_str);
        manages(&mut worker, &nina, manager, &operation.to_string()).await;
    }
    let now = person(&mut worker, &nina).await;
    assert_eq!(now[ENTERPRISE]["department"], "Math \\ Science", "lost with the manager");
}

fn teacher() -> Person {
    let mut nina = Person::complete("Nina.Berg", "Nina", "Berg");
    nina.roles = vec![("teacher", "Teacher")];
    nina
}

/// Conversation 8: the functions are Entra's. Who has only PUT sends the list; on demand
/// no roles are written, but those that a cycle wrote must stay.
pub(crate) async fn roles_come_from_every_function(house: &House, profile: Profile) {
    let mut worker = worker(house, profile);
    if !worker.profile.update.is_patch() {
        return by_put(&mut worker).await;
    }
    if worker.profile.name == "entra-pod" {
        return on_demand(&mut worker).await;
    }
    for (alias, as_text) in [("Single", false), ("Single.Text", true)] {
        tune(&mut worker, |profile| {
            (profile.roles, profile.primary_as_text) = (Some(Roles::Single), as_text);
        });
        single(&mut worker, alias).await;
    }
    tune(&mut worker, |profile| profile.roles = Some(Roles::Complex));
    several(&mut worker, "Complex", &["student", "teacher"]).await;
    tune(&mut worker, |profile| profile.roles = Some(Roles::Assertive));
    several(&mut worker, "Assertive", &["student"]).await;
}

async fn single(worker: &mut Worker, alias: &str) {
    let mut nina = Person::new(alias, "Nina", "Berg");
    nina.roles = vec![("teacher", "Teacher"), ("student", "Student")];
    let id = join(worker, &nina).await;
    let now = person(worker, &id).await;
    assert_eq!(now["roles"].as_array().map(Vec::len), Some(1), "{now}");
    assert_eq!(
        (&now["roles"][0]["value"], &now["roles"][0]["primary"]),
        (&json!("teacher"), &json!(true))
    );
    nina.roles = vec![("student", "Student")];
    let changes = difference(&worker.profile, &nina, &now);
    assert_eq!(changes.len(), 1, "{changes:?}");
    worker.update(&id, &changes).await.must(&[200, 204], "the one role");
    let now = person(worker, &id).await;
    assert_eq!(now["roles"][0]["value"], "student");
    assert_eq!(difference(&worker.profile, &nina, &now), []);
}

/// What is left of teacher when only student is wanted is the function's own.
async fn several(worker: &mut Worker, alias: &str, left: &[&str]) {
    let mut nina = Person::new(alias, "Nina", "Berg");
    nina.roles = teacher().roles;
    let id = join(worker, &nina).await;
    nina.roles = vec![("student", "Student")];
    let before = person(worker, &id).await;
    let operation = roles(&worker.profile, &nina, &before).expect("something to write");
    worker.patch("Users", &id, &json!([operation])).await.must(&[200, 204], "roles");
    let now = person(worker, &id).await;
    let mut held: Vec<_> = now["roles"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|role| role["value"].as_str())
        .collect();
    held.sort_unstable();
    assert_eq!(held, left, "{alias} in {now}");
    let student = now["roles"].as_array().into_iter().flatten().find(|it| it["value"] == "student");
    assert_eq!(student.map(|role| &role["display"]), Some(&json!("Student")), "{now}");
    assert_eq!(roles(&worker.profile, &nina, &now), None, "{alias}: nothing is left to write");
}

async fn by_put(worker: &mut Worker) {
    let id = join(worker, &Person::new("Nina.Berg", "Nina", "Berg")).await;
    for roles in [
        json!([{ "value": "teacher", "display": "Teacher" }]),
        json!([{ "value": "student", "display": "Student", "primary": true }, { "value": "guest" }]),
    ] {
        super::change(worker, &id, &[Change::replace("roles", roles)]).await;
    }
}

async fn on_demand(worker: &mut Worker) {
    tune(worker, |profile| profile.roles = Some(Roles::Assertive));
    let id = join(worker, &teacher()).await;
    tune(worker, |profile| profile.roles = None);
    super::change(worker, &id, &[Change::replace("title", "Professor")]).await;
    let now = person(worker, &id).await;
    assert_eq!(now["roles"][0]["value"], "teacher", "{now}");
}
