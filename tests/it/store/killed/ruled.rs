//! A client of a school with rules: what it said, and what its people are for.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use super::Dice;
use super::life::{Life, person_of};

/// People of each client.
const PEOPLE: usize = 20;

/// What is done with a person by others than the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// The operator approves of whatever is asked.
    Ordinary,
    /// The same, and the client never disables or deletes.
    Safe,
    /// The operator drops what the guard holds.
    Kept,
    /// The operator never approves of the account.
    Unapproved,
}

impl Fate {
    /// The fate of a person, by the number at the end of the first part of the name.
    pub(super) fn of(person: usize) -> Self {
        match person % 4 {
            0 => Self::Ordinary,
            1 => Self::Safe,
            2 => Self::Kept,
            _ => Self::Unapproved,
        }
    }

    /// The same by a user name, if it is one of a client's people.
    pub(super) fn of_name(name: &str) -> Option<Self> {
        let (number, _) = name.strip_prefix("person.")?.split_once('@')?;
        Some(Self::of(number.rsplit_once('.')?.1.parse().ok()?))
    }
}

/// Who is who, for the operator and the watcher.
#[derive(Default)]
pub(super) struct Register {
    /// Each id that a client was told, and its name.
    pub names: Mutex<HashMap<String, String>>,
    /// Whose accounts were made by a process that died over it.
    pub orphans: Mutex<HashSet<String>>,
    /// Whose accounts were approved of.
    pub approved: Mutex<HashSet<String>>,
}

/// What a client said last of somebody.
struct Said {
    id: String,
    version: u64,
    active: bool,
    /// Whether a member of the group; nothing, where it was not said since they came.
    member: Option<bool>,
}

/// One client, and what it said.
pub(super) struct Ruled {
    life: Arc<Life>,
    register: Arc<Register>,
    number: usize,
    dice: Dice,
    group: String,
    people: BTreeMap<usize, Said>,
}

/// Whoever waits for more of a client that has failed would wait for ever.
impl Drop for Ruled {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.life.is_spoilt();
        }
    }
}

impl Ruled {
    pub(super) fn new(life: Arc<Life>, register: Arc<Register>, number: usize) -> Self {
        let dice = Dice(u64::try_from(number).unwrap() + 20_261_130);
        let (people, group) = (BTreeMap::new(), String::new());
        let mut new = Self { life, register, number, dice, group, people };
        new.group = new.life.group(number, true);
        new
    }

    fn name(&self, person: usize) -> String {
        format!("person.{}.{person}@hoch.example", self.number)
    }

    fn body(&self, person: usize, version: u64) -> Value {
        let name = self.name(person);
        person_of((self.number, person), &name, version)
    }

    pub(super) fn step(&mut self, version: u64) {
        let person = usize::try_from(self.dice.below(PEOPLE as u64)).unwrap();
        if !self.people.contains_key(&person) {
            return self.comes(person, version);
        }
        let safe = Fate::of(person) == Fate::Safe;
        match self.dice.below(10) {
            0..4 => self.write(person, version),
            4..6 => self.turn_over(person),
            6..9 if !safe => self.switch(person),
            9 if !safe => self.delete(person),
            _ => self.shows(person),
        }
        self.nobody_touches_the_protected();
    }

    fn comes(&mut self, person: usize, version: u64) {
        let name = self.name(person);
        let filter = format!("userName eq \"{name}\"");
        let (id, told) = self.life.made(("Users", &filter), &self.body(person, version), true);
        // Its account was made by a process that died before it could write that down, and
        // is one like any that was there before: there is nothing to approve of.
        if !told && !id.starts_with("mat-") {
            self.register.orphans.lock().unwrap().insert(name.clone());
        }
        self.register.names.lock().unwrap().insert(id.clone(), name);
        let said = Said { id, version, active: true, member: None };
        self.people.insert(person, said);
        // Whoever was made by a request that nobody answered is told everything.
        if !told {
            self.says_active(person, true);
        }
        self.write(person, version);
    }

    fn write(&mut self, person: usize, version: u64) {
        let operations = json!([
            { "op": "Replace", "path": "name.familyName", "value": format!("Name {version}") },
            { "op": "Replace", "path": "title", "value": format!("Title {version}") }
        ]);
        self.life.patch(&format!("/Users/{}", self.people[&person].id), &operations);
        self.people.get_mut(&person).unwrap().version = version;
        self.shows(person);
    }

    fn switch(&mut self, person: usize) {
        let active = !self.people[&person].active;
        self.says_active(person, active);
        self.shows(person);
    }

    fn says_active(&mut self, person: usize, active: bool) {
        let operations = json!([{ "op": "Replace", "path": "active", "value": active }]);
        self.life.patch(&format!("/Users/{}", self.people[&person].id), &operations);
        self.people.get_mut(&person).unwrap().active = active;
    }

    fn delete(&mut self, person: usize) {
        let path = format!("/Users/{}", self.people[&person].id);
        let (status, answer, again) = self.life.ask("DELETE", &path, &Value::Null);
        assert!(status == 204 || (status == 404 && again), "{path} {status} {answer}");
        self.people.remove(&person);
        if Fate::of(person) != Fate::Kept {
            let (status, answer, _) = self.life.ask("GET", &path, &Value::Null);
            assert_eq!(status, 404, "{answer}");
        }
    }

    fn turn_over(&mut self, person: usize) {
        let said = self.people.get_mut(&person).unwrap();
        let member = said.member != Some(true);
        said.member = Some(member);
        let op = if member { "Add" } else { "Remove" };
        let operations = json!([{ "op": op, "path": "members", "value": [{ "value": said.id }] }]);
        self.life.patch(&format!("/Groups/{}", self.group), &operations);
    }

    /// The accounts that no rule lets anybody touch are refused each time.
    fn nobody_touches_the_protected(&mut self) {
        if self.dice.below(8) > 0 {
            return;
        }
        let id = self.life.found("Users", "userName eq \"protected@hoch.example\"").unwrap();
        let (status, answer, _) = self.life.ask("DELETE", &format!("/Users/{id}"), &Value::Null);
        assert_eq!(status, 403, "{answer}");
    }

    /// Who is there is as it was last written.
    fn shows(&self, person: usize) {
        let Said { id, version, active, .. } = &self.people[&person];
        let (status, read, _) = self.life.ask("GET", &format!("/Users/{id}"), &Value::Null);
        assert_eq!((status, read["id"].as_str()), (200, Some(id.as_str())), "{read}");
        assert_eq!(read["name"]["familyName"], json!(format!("Name {version}")), "{read}");
        assert_eq!(read["title"], json!(format!("Title {version}")), "{read}");
        if Fate::of(person) != Fate::Kept {
            assert_eq!(read["active"], json!(active), "{read}");
        }
    }

    /// What is there is what was said: whoever is there, by name, and whether the client
    /// wants them active.
    pub(super) fn agrees(&self) -> BTreeMap<String, Option<bool>> {
        let mut told = BTreeMap::new();
        for person in 0..PEOPLE {
            let name = self.name(person);
            let found = self.life.found("Users", &format!("userName eq \"{name}\""));
            let said = self.people.get(&person);
            let kept = Fate::of(person) == Fate::Kept;
            if !(kept && said.is_none()) {
                assert_eq!(found, said.map(|said| said.id.clone()), "{name}");
            }
            if said.is_some() {
                self.shows(person);
            }
            if let Some(said) = said.filter(|_| !kept) {
                told.insert(name, Some(said.active));
            } else if kept && found.is_some() {
                told.insert(name, None);
            }
        }
        self.the_group_agrees();
        told
    }

    fn the_group_agrees(&self) {
        let (_, read, _) = self.life.ask("GET", &format!("/Groups/{}", self.group), &Value::Null);
        let listed = read["members"].as_array().cloned().unwrap_or_default();
        for (person, Said { id, member, .. }) in &self.people {
            let Some(member) = member else { continue };
            let is = listed.iter().any(|it| it["value"] == json!(id));
            assert_eq!(is, *member, "{} in {read}", self.name(*person));
        }
    }
}
