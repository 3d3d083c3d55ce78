//! `kill -9` while what waited is done: at the end all of it was, once, under the ids
//! that were told when nothing was.

#![expect(clippy::indexing_slicing, reason = "a test that finds nothing there should fail")]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::thread;
use std::time::Duration;

use matricula::store::{Sqlite, Store};
use serde_json::{Value, json};

use super::crash::{Gateway, ask, school_with};
use super::killed::{Dice, kills, the_trail_holds};

const PEOPLE: usize = 240;

/// So many are members of the group.
const MEMBERS: usize = 80;

/// Rewrites the mode of the tenant.
fn mode(folder: &Path, from: &str, to: &str) {
    let path = folder.join("config.toml");
    let text = fs::read_to_string(&path).unwrap();
    let (from, to) = (format!("mode = \"{from}\""), format!("mode = \"{to}\""));
    assert!(text.contains(&from), "{text}");
    fs::write(path, text.replace(&from, &to)).unwrap();
}

fn made(gateway: &Gateway, path: &str, body: &Value) -> String {
    let (status, made) = ask(&gateway.host, "POST", path, &body.to_string()).unwrap();
    assert_eq!(status, 201, "{made}");
    made["id"].as_str().unwrap().to_owned()
}

fn person(number: usize) -> Value {
    let address = format!("person.{number}@hoch.example");
    json!({
        "userName": address, "active": true,
        "name": { "givenName": "Zoë", "familyName": format!("Meier {number}") },
        "emails": [{ "type": "work", "value": address }]
    })
}

/// A school that is written dry; the ids that its people and its group were given.
fn written_dry(folder: &Path) -> (Vec<String>, String) {
    mode(folder, "sync", "dry-run");
    let mut gateway = Gateway::start(folder, "");
    let ids: Vec<_> = (0..PEOPLE).map(|number| made(&gateway, "/Users", &person(number))).collect();
    let members: Vec<_> = ids.iter().take(MEMBERS).map(|id| json!({ "value": id })).collect();
    let group = made(&gateway, "/Groups", &json!({ "displayName": "1A", "members": members }));
    gateway.kill();
    (ids, group)
}

/// How much waits, by the file alone.
async fn waiting(folder: &Path) -> usize {
    let store = Sqlite::beside(&folder.join("matricula.db")).unwrap();
    let tally = store.pending(&"school".into()).tally().await.unwrap();
    tally.iter().map(|one| one.count).sum()
}

/// Does it for good, killed again and again.
fn killed_meanwhile(folder: &Path, times: usize) -> Gateway {
    mode(folder, "dry-run", "sync");
    let mut dice = Dice(11);
    for _ in 0..times {
        let mut gateway = Gateway::start(folder, "");
        thread::park_timeout(Duration::from_micros(dice.below(120_000)));
        gateway.kill();
    }
    Gateway::start(folder, "")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_while_it_catches_up_it_does_everything_once() {
    let folder = tempfile::tempdir().unwrap();
    let lms = school_with(folder.path(), "").await;
    let staff = lms.people().len();
    let path = folder.path().to_owned();
    let told = tokio::task::spawn_blocking(move || written_dry(&path)).await.unwrap();
    assert_eq!((lms.people().len(), lms.cohorts().len()), (staff, 0), "nothing is written yet");
    let before = waiting(folder.path()).await;
    assert!(before > PEOPLE);

    let path = folder.path().to_owned();
    let killed = tokio::task::spawn_blocking(move || killed_meanwhile(&path, kills().min(30)));
    let gateway = killed.await.unwrap();
    while waiting(folder.path()).await > 0 {
        tokio::task::spawn_blocking(|| thread::park_timeout(Duration::from_millis(20)))
            .await
            .unwrap();
    }

    let people = lms.people();
    let names: BTreeSet<_> = people.iter().map(|person| person.username.clone()).collect();
    assert_eq!((people.len(), names.len()), (staff + PEOPLE, staff + PEOPLE));
    assert_eq!(lms.cohorts().len(), 1);
    let path = folder.path().to_owned();
    let checked = tokio::task::spawn_blocking(move || {
        let (ids, group) = told;
        for (number, id) in ids.iter().enumerate() {
            let (status, read) = ask(&gateway.host, "GET", &format!("/Users/{id}"), "").unwrap();
            assert_eq!(status, 200, "{read}");
            assert_eq!(read["id"], json!(id));
            assert_eq!(read["userName"], json!(format!("person.{number}@hoch.example")));
        }
        let (_, read) = ask(&gateway.host, "GET", &format!("/Groups/{group}"), "").unwrap();
        let members = read["members"].as_array().unwrap();
        let members: BTreeSet<_> = members.iter().map(|it| it["value"].as_str().unwrap()).collect();
        assert_eq!(members, ids.iter().take(MEMBERS).map(String::as_str).collect());
        drop(gateway);
        the_trail_holds(&path);
    });
    checked.await.unwrap();
}
