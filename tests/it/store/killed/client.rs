//! One client: what it does, and what it believes to be there.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::{Value, json};

use super::Dice;
use super::life::{Life, person_of};

/// People of each client.
pub(super) const PEOPLE: usize = 24;

/// What a client believes to be there.
pub(super) struct Client {
    life: Arc<Life>,
    number: usize,
    dice: Dice,
    people: BTreeMap<usize, (String, u64)>,
    group: String,
    members: BTreeSet<usize>,
    /// How many people it has made, those that are gone again among them.
    pub(super) made: usize,
}

/// Whoever waits for more of a client that has failed would wait for ever.
impl Drop for Client {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.life.is_spoilt();
        }
    }
}

impl Client {
    pub(super) fn new(life: Arc<Life>, number: usize) -> Self {
        let dice = Dice(u64::try_from(number).unwrap() + 20_261_121);
        let (people, members) = (BTreeMap::new(), BTreeSet::new());
        let mut new = Self { life, number, dice, people, group: String::new(), members, made: 0 };
        new.group = new.life.group(number, false);
        new
    }

    fn name(&self, person: usize) -> String {
        format!("Person.{}.{person}@Hoch.example", self.number)
    }

    fn body(&self, person: usize, version: u64) -> Value {
        let name = self.name(person);
        person_of((self.number, person), &name, version)
    }

    pub(super) fn step(&mut self, version: u64) {
        let person = usize::try_from(self.dice.below(PEOPLE as u64)).unwrap();
        let Some((id, _)) = self.people.get(&person).cloned() else {
            let filter = format!("userName eq \"{}\"", self.name(person));
            let (id, _) = self.life.made(("Users", &filter), &self.body(person, version), false);
            self.made += 1;
            // Whoever was made by a request that nobody answered is told everything.
            self.write(&id, version);
            self.people.insert(person, (id, version));
            return;
        };
        match self.dice.below(10) {
            0..5 => {
                self.write(&id, version);
                self.people.insert(person, (id, version));
                // Whoever is asked next has heard of it.
                self.shows(person);
            }
            5..9 => self.turn_over(person, &id),
            _ => self.delete(person, &id),
        }
    }

    fn write(&self, id: &str, version: u64) {
        let operations = json!([
            { "op": "Replace", "path": "name.familyName", "value": format!("Name {version}") },
            { "op": "Replace", "path": "title", "value": format!("Title {version}") }
        ]);
        self.life.patch(&format!("/Users/{id}"), &operations);
    }

    fn delete(&mut self, person: usize, id: &str) {
        let path = format!("/Users/{id}");
        let (status, answer, again) = self.life.ask("DELETE", &path, &Value::Null);
        assert!(status == 204 || (status == 404 && again), "{path} {status} {answer}");
        self.people.remove(&person);
        self.members.remove(&person);
        let (status, answer, _) = self.life.ask("GET", &path, &Value::Null);
        assert_eq!(status, 404, "{answer}");
    }

    /// In, if out; out, if in.
    fn turn_over(&mut self, person: usize, id: &str) {
        let op = if self.members.contains(&person) { "Remove" } else { "Add" };
        let operations = json!([{ "op": op, "path": "members", "value": [{ "value": id }] }]);
        self.life.patch(&format!("/Groups/{}", self.group), &operations);
        if !self.members.remove(&person) {
            self.members.insert(person);
        }
    }

    /// Who is there is as it was last written.
    fn shows(&self, person: usize) {
        let (id, version) = &self.people[&person];
        let (status, read, _) = self.life.ask("GET", &format!("/Users/{id}"), &Value::Null);
        assert_eq!((status, read["id"].as_str()), (200, Some(id.as_str())), "{read}");
        assert_eq!(read["name"]["familyName"], json!(format!("Name {version}")), "{read}");
        assert_eq!(read["title"], json!(format!("Title {version}")), "{read}");
    }

    /// How many people it has.
    pub(super) fn people(&self) -> usize {
        self.people.len()
    }

    /// What is there is what was written.
    pub(super) fn agrees(&self) {
        for person in 0..PEOPLE {
            let filter = format!("userName+eq+%22{}%22", self.name(person));
            let path = format!("/Users?filter={filter}");
            let (_, found, _) = self.life.ask("GET", &path, &Value::Null);
            let expected = usize::from(self.people.contains_key(&person));
            assert_eq!(found["totalResults"], json!(expected), "{} {found}", self.name(person));
            let Some((id, _)) = self.people.get(&person) else { continue };
            assert_eq!(found["Resources"][0]["id"], json!(id), "{}", self.name(person));
            self.shows(person);
        }
        let (_, read, _) = self.life.ask("GET", &format!("/Groups/{}", self.group), &Value::Null);
        let listed = read["members"].as_array().cloned().unwrap_or_default();
        let listed: BTreeSet<_> = listed.iter().map(|it| it["value"].as_str().unwrap()).collect();
        let ids = self.members.iter().map(|person| self.people[person].0.as_str());
        assert_eq!(listed, ids.collect(), "the members of group {}", self.number);
    }
}
