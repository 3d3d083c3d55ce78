//! `kill -9` again and again, while clients go on: at the end every person is there
//! once, as the client last wrote it, under the id that it was told.
//!
//! `cargo test` does a little of it. `MATRICULA_TEST_KILLS=200` does it at length, as
//! `.ci/run` does, once for each store.

#![expect(clippy::indexing_slicing, reason = "a test that finds nothing there should fail")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::Duration;

use matricula::sandbox::Sandbox;
use serde_json::{Value, json};

use super::crash::{Gateway, ask, school_with};
use super::postgres::schema_of_its_own;

/// Clients at the same time, each with people and a group of its own.
const CLIENTS: usize = 4;

/// People of each client.
const PEOPLE: usize = 24;

/// Operations for each kill.
const SHARE: usize = 25;

/// How often the process is killed.
#[expect(clippy::disallowed_methods, reason = "the test's own environment, not the program's")]
pub(super) fn kills() -> usize {
    std::env::var("MATRICULA_TEST_KILLS").ok().map_or(6, |text| text.parse().unwrap())
}

/// The same numbers with every run: what follows from them is the same stream of
/// operations, though not the same moments.
pub(super) struct Dice(pub u64);

impl Dice {
    pub(super) fn below(&mut self, most: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % most
    }
}

/// The process as clients know it: where it is, how much was done in all, and whether
/// it is enough.
#[derive(Default)]
struct Life {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    host: String,
    done: usize,
    over: bool,
}

impl Life {
    fn host(&self) -> String {
        let alive = |state: &mut State| state.host.is_empty();
        self.changed.wait_while(self.state.lock().unwrap(), alive).unwrap().host.clone()
    }

    /// One more is done; whether there is more to do.
    fn goes_on(&self) -> bool {
        let mut state = self.state.lock().unwrap();
        state.done += 1;
        self.changed.notify_all();
        !state.over
    }

    /// One request, for as long as it takes until a process answers it; whether it
    /// had to be sent again.
    fn ask(&self, method: &str, path: &str, body: &Value) -> (u16, Value, bool) {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        for attempt in 0..1000 {
            let host = self.host();
            match ask(&host, method, path, &body) {
                // A client comes back later.
                Some((503, _)) => thread::park_timeout(Duration::from_millis(20)),
                Some((status, answer)) => return (status, answer, attempt > 0),
                None => {
                    let same = |state: &mut State| state.host == host;
                    let state = self.state.lock().unwrap();
                    // Its end is noticed here before the killer has told of it.
                    let wait = Duration::from_millis(50);
                    drop(self.changed.wait_timeout_while(state, wait, same).unwrap());
                }
            }
        }
        unreachable!("{method} {path} is never answered");
    }
}

/// What a client believes to be there.
struct Client {
    life: Arc<Life>,
    number: usize,
    dice: Dice,
    people: BTreeMap<usize, (String, u64)>,
    group: String,
    members: BTreeSet<usize>,
}

impl Client {
    fn new(life: Arc<Life>, number: usize) -> Self {
        let dice = Dice(u64::try_from(number).unwrap() + 20_261_121);
        let (people, members) = (BTreeMap::new(), BTreeSet::new());
        let mut new = Self { life, number, dice, people, group: String::new(), members };
        let name = format!("Group {number}");
        let group = json!({ "displayName": name, "externalId": format!("g-{number}") });
        new.group = new.made("Groups", &format!("displayName eq \"{name}\""), &group);
        new
    }

    fn name(&self, person: usize) -> String {
        format!("Person.{}.{person}@Hoch.example", self.number)
    }

    fn body(&self, person: usize, version: u64) -> Value {
        let name = self.name(person);
        json!({
            "userName": name, "externalId": format!("x-{}-{person}", self.number),
            "title": format!("Title {version}"), "active": true,
            "name": { "givenName": "Zoë", "familyName": format!("Name {version}") },
            "emails": [{ "type": "work", "primary": true, "value": name.to_lowercase() }]
        })
    }

    /// As Entra does: it looks, and makes who is not there. What is sent again may
    /// have been done.
    fn made(&self, kind: &str, filter: &str, body: &Value) -> String {
        let filter = filter.replace(' ', "+").replace('"', "%22");
        loop {
            let (status, found, _) =
                self.life.ask("GET", &format!("/{kind}?filter={filter}"), &Value::Null);
            assert_eq!(status, 200, "{found}");
            assert!(found["totalResults"].as_u64().unwrap() < 2, "twins: {found}");
            if let Some(id) = found["Resources"][0]["id"].as_str() {
                return id.to_owned();
            }
            let (status, made, again) = self.life.ask("POST", &format!("/{kind}"), body);
            if status == 201 {
                return made["id"].as_str().unwrap().to_owned();
            }
            // It was made, and the answer died with the process.
            assert!(status == 409 && again, "{status} {made}");
        }
    }

    fn patch(&self, path: &str, operations: &Value) {
        let body = json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
            "Operations": operations
        });
        let (status, answer, _) = self.life.ask("PATCH", path, &body);
        assert!(matches!(status, 200 | 204), "{status} {answer}");
    }

    fn step(&mut self, version: u64) {
        let person = usize::try_from(self.dice.below(PEOPLE as u64)).unwrap();
        let Some((id, _)) = self.people.get(&person).cloned() else {
            let filter = format!("userName eq \"{}\"", self.name(person));
            let id = self.made("Users", &filter, &self.body(person, version));
            // Whoever was made by a request that nobody answered is told everything.
            self.write(&id, version);
            self.people.insert(person, (id, version));
            return;
        };
        match self.dice.below(10) {
            0..5 => {
                self.write(&id, version);
                self.people.insert(person, (id, version));
            }
            5..9 => self.turn_over(person, &id),
            _ => {
                let (status, answer, again) =
                    self.life.ask("DELETE", &format!("/Users/{id}"), &Value::Null);
                assert!(status == 204 || (status == 404 && again), "{status} {answer}");
                self.people.remove(&person);
                self.members.remove(&person);
            }
        }
    }

    fn write(&self, id: &str, version: u64) {
        let operations = json!([
            { "op": "Replace", "path": "name.familyName", "value": format!("Name {version}") },
            { "op": "Replace", "path": "title", "value": format!("Title {version}") }
        ]);
        self.patch(&format!("/Users/{id}"), &operations);
    }

    /// In, if out; out, if in.
    fn turn_over(&mut self, person: usize, id: &str) {
        let op = if self.members.contains(&person) { "Remove" } else { "Add" };
        let operations = json!([{ "op": op, "path": "members", "value": [{ "value": id }] }]);
        self.patch(&format!("/Groups/{}", self.group), &operations);
        if !self.members.remove(&person) {
            self.members.insert(person);
        }
    }

    /// What is there is what was written.
    fn agrees(&self) {
        for person in 0..PEOPLE {
            let filter = format!("userName+eq+%22{}%22", self.name(person));
            let path = format!("/Users?filter={filter}");
            let (_, found, _) = self.life.ask("GET", &path, &Value::Null);
            let expected = usize::from(self.people.contains_key(&person));
            assert_eq!(found["totalResults"], json!(expected), "{}", self.name(person));
            let Some((id, version)) = self.people.get(&person) else { continue };
            let (_, read, _) = self.life.ask("GET", &format!("/Users/{id}"), &Value::Null);
            assert_eq!(read["id"], found["Resources"][0]["id"], "{}", self.name(person));
            assert_eq!(read["name"]["familyName"], json!(format!("Name {version}")));
            assert_eq!(read["title"], json!(format!("Title {version}")));
        }
        let (_, read, _) = self.life.ask("GET", &format!("/Groups/{}", self.group), &Value::Null);
        let listed = read["members"].as_array().cloned().unwrap_or_default();
        let listed: BTreeSet<_> = listed.iter().map(|it| it["value"].as_str().unwrap()).collect();
        let ids = self.members.iter().map(|person| self.people[person].0.as_str());
        assert_eq!(listed, ids.collect(), "the members of group {}", self.number);
    }
}

/// Starts the process, and kills it so many times: each time after some operations
/// were done, and in the midst of others.
fn kill(life: &Life, folder: &Path, times: usize) -> Gateway {
    let mut dice = Dice(7);
    let mut gateway = Gateway::start(folder, "");
    for _ in 0..times {
        let more = usize::try_from(dice.below(2 * SHARE as u64)).unwrap();
        let mut state = life.state.lock().unwrap();
        state.host.clone_from(&gateway.host);
        life.changed.notify_all();
        let until = state.done + more;
        drop(life.changed.wait_while(state, |state| state.done < until).unwrap());
        // Anywhere within a request.
        thread::park_timeout(Duration::from_micros(dice.below(4000)));
        gateway.kill();
        life.state.lock().unwrap().host.clear();
        gateway = Gateway::start(folder, "");
    }
    let mut state = life.state.lock().unwrap();
    state.host.clone_from(&gateway.host);
    life.changed.notify_all();
    let busy = |state: &mut State| state.done < times * SHARE;
    life.changed.wait_while(state, busy).unwrap().over = true;
    gateway
}

fn work(folder: &Path, times: usize) {
    let life = Arc::<Life>::default();
    let mut clients = Vec::new();
    for number in 0..CLIENTS {
        let life = Arc::clone(&life);
        clients.push(thread::spawn(move || {
            let mut client = Client::new(Arc::clone(&life), number);
            let mut step = 0;
            while life.goes_on() {
                step += 1;
                client.step(step);
            }
            client
        }));
    }
    let gateway = kill(&life, folder, times);
    let clients: Vec<_> = clients.into_iter().map(|client| client.join().unwrap()).collect();
    clients.iter().for_each(Client::agrees);
    drop(gateway);
    // And once more from what is on the disk alone.
    let gateway = Gateway::start(folder, "");
    life.state.lock().unwrap().host.clone_from(&gateway.host);
    clients.iter().for_each(Client::agrees);
    the_trail_holds(folder);
}

/// Whatever was being recorded when the process died.
pub(super) fn the_trail_holds(folder: &Path) {
    let mut verify = Command::new(env!("CARGO_BIN_EXE_matricula"));
    verify.args(["audit", "verify", "--json", "--config"]).arg(folder.join("config.toml"));
    let told = verify.output().unwrap();
    let said = String::from_utf8_lossy(&told.stdout).into_owned();
    assert!(told.status.success(), "{said}{}", String::from_utf8_lossy(&told.stderr));
    let proof: Value = serde_json::from_str(&said).unwrap();
    assert!(proof["last"].as_u64().unwrap() > 20, "{proof}");
}

/// Each person has one account, and nobody else has one.
fn nobody_is_there_twice(lms: &Sandbox, staff: usize) {
    let people = lms.people();
    let names: BTreeSet<_> = people.iter().map(|person| person.username.clone()).collect();
    assert_eq!(names.len(), people.len(), "somebody is there twice");
    assert!(people.len() - staff <= CLIENTS * PEOPLE);
    assert_eq!(lms.cohorts().len(), CLIENTS);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whenever_it_is_killed_nobody_is_lost_or_there_twice() {
    let folder = tempfile::tempdir().unwrap();
    let lms = school_with(folder.path(), "").await;
    let staff = lms.people().len();
    let path = folder.path().to_owned();
    tokio::task::spawn_blocking(move || work(&path, kills())).await.unwrap();
    nobody_is_there_twice(&lms, staff);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nor_where_the_store_is_a_postgresql() {
    let Some(settings) = schema_of_its_own().await else { return };
    let folder = tempfile::tempdir().unwrap();
    let url = super::postgres::server().unwrap();
    let schema = &settings.schema;
    let store = format!("[store.postgres]\nurl = \"{url}\"\nschema = \"{schema}\"\n");
    let lms = school_with(folder.path(), &store).await;
    let staff = lms.people().len();
    let path = folder.path().to_owned();
    tokio::task::spawn_blocking(move || work(&path, kills())).await.unwrap();
    nobody_is_there_twice(&lms, staff);
}
