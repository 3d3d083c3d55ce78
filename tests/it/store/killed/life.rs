//! The processes as clients know them: who answers now, and how much was done.

use std::sync::{Condvar, Mutex};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use super::super::crash::{Gateway, ask, ordered};

/// The gateways behind one address. Each request goes to the next one that is up.
pub(super) struct Life {
    state: Mutex<State>,
    changed: Condvar,
}

/// Where a process answers: clients, and operators.
type Place = (String, String);

struct State {
    hosts: Vec<Option<Place>>,
    next: usize,
    done: usize,
    over: bool,
}

impl State {
    fn next(&mut self) -> Option<Place> {
        self.next += 1;
        let all = self.hosts.len();
        (0..all).find_map(|more| self.hosts[(self.next + more) % all].clone())
    }
}

impl Life {
    /// So many gateways, none of which is up.
    pub(super) fn of(gateways: usize) -> Self {
        let hosts = vec![None; gateways];
        let state = State { hosts, next: 0, done: 0, over: false };
        Self { state: Mutex::new(state), changed: Condvar::new() }
    }

    /// That one answers here from now on, or nowhere.
    pub(super) fn moved(&self, number: usize, to: Option<&Gateway>) {
        let place = to.map(|gateway| (gateway.host.clone(), gateway.desk.clone()));
        self.state.lock().unwrap().hosts[number] = place;
        self.changed.notify_all();
    }

    /// Waits until so many operations more are done.
    pub(super) fn after(&self, more: usize) {
        let state = self.state.lock().unwrap();
        let until = state.done + more;
        drop(self.changed.wait_while(state, |state| state.done < until).unwrap());
    }

    /// Somebody found something that must not be: nobody has to wait for more.
    pub(super) fn is_spoilt(&self) {
        let mut state = self.state.lock().unwrap();
        (state.done, state.over) = (usize::MAX / 2, true);
        drop(state);
        self.changed.notify_all();
    }

    /// Whether a client found something that must not be, or nothing more is to be seen.
    pub(super) fn is_over(&self) -> bool {
        self.state.lock().unwrap().done >= usize::MAX / 2
    }

    /// Waits until so many operations are done in all: then it is enough.
    pub(super) fn ends_after(&self, all: usize) {
        let state = self.state.lock().unwrap();
        self.changed.wait_while(state, |state| state.done < all).unwrap().over = true;
    }

    /// One more is done; whether there is more to do.
    pub(super) fn goes_on(&self) -> bool {
        let mut state = self.state.lock().unwrap();
        state.done += 1;
        self.changed.notify_all();
        !state.over
    }

    fn place(&self) -> Place {
        let nobody = |state: &mut State| {
            state.hosts.iter().all(Option::is_none) && state.done < usize::MAX / 2
        };
        let mut state = self.changed.wait_while(self.state.lock().unwrap(), nobody).unwrap();
        let next = state.next();
        drop(state);
        next.unwrap_or_else(|| unreachable!("somebody found what must not be"))
    }

    /// One request, for as long as it takes until a process answers it; whether it
    /// had to be sent again.
    pub(super) fn ask(&self, method: &str, path: &str, body: &Value) -> (u16, Value, bool) {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let told = self.told(|(host, _)| ask(host, method, path, &body));
        told.unwrap_or_else(|| unreachable!("{method} {path} is never answered"))
    }

    pub(super) fn found(&self, kind: &str, filter: &str) -> Option<String> {
        let filter = filter.replace(' ', "+").replace('"', "%22");
        let path = format!("/{kind}?filter={filter}");
        let (status, found, _) = self.ask("GET", &path, &Value::Null);
        assert_eq!(status, 200, "{found}");
        assert!(found["totalResults"].as_u64().unwrap() < 2, "twins: {found}");
        found["Resources"][0]["id"].as_str().map(str::to_owned)
    }

    /// As Entra does: it looks, and makes who is not there. Whether it was told that it
    /// made them. An `operator` who drops a delete brings somebody back between the two.
    pub(super) fn made(
        &self,
        (kind, filter): (&str, &str),
        body: &Value,
        operator: bool,
    ) -> (String, bool) {
        for _ in 0..20 {
            if let Some(id) = self.found(kind, filter) {
                return (id, false);
            }
            let (status, made, again) = self.ask("POST", &format!("/{kind}"), body);
            if status == 201 {
                return (made["id"].as_str().unwrap().to_owned(), true);
            }
            // It was made, and the answer died with the process.
            assert!(status == 409 && (again || operator), "{status} {made}");
        }
        unreachable!("{filter} is neither there nor made")
    }

    /// The group of a client.
    pub(super) fn group(&self, number: usize, operator: bool) -> String {
        let name = format!("Group {number}");
        let group = json!({ "displayName": name, "externalId": format!("g-{number}") });
        let filter = format!("displayName eq \"{name}\"");
        self.made(("Groups", &filter), &group, operator).0
    }

    pub(super) fn patch(&self, path: &str, operations: &Value) {
        let body = json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
            "Operations": operations
        });
        let (status, answer, _) = self.ask("PATCH", path, &body);
        assert!(matches!(status, 200 | 204), "{path} {status} {answer}");
    }

    /// The same of an operator.
    pub(super) fn order(&self, method: &str, path: &str) -> Value {
        let told = self.told(|(_, desk)| ordered(desk, method, path));
        let (status, answer, _) =
            told.unwrap_or_else(|| unreachable!("{method} {path} is never answered"));
        assert_eq!(status, 200, "{method} {path} {answer}");
        answer
    }

    fn told(&self, send: impl Fn(&Place) -> Option<(u16, Value)>) -> Option<(u16, Value, bool)> {
        for attempt in 0..1000 {
            let place = self.place();
            match send(&place) {
                // A client comes back later.
                Some((503, _)) => thread::park_timeout(Duration::from_millis(20)),
                Some((status, answer)) => return Some((status, answer, attempt > 0)),
                None => {
                    let known = |state: &mut State| state.hosts.contains(&Some(place.clone()));
                    let state = self.state.lock().unwrap();
                    // Its end is noticed here before the killer has told of it.
                    let wait = Duration::from_millis(50);
                    drop(self.changed.wait_timeout_while(state, wait, known).unwrap());
                }
            }
        }
        None
    }
}

/// What a client writes of one of its people.
pub(super) fn person_of((client, person): (usize, usize), name: &str, version: u64) -> Value {
    json!({
        "userName": name, "externalId": format!("x-{client}-{person}"),
        "title": format!("Title {version}"), "active": true,
        "name": { "givenName": "Zoë", "familyName": format!("Name {version}") },
        "emails": [{ "type": "work", "primary": true, "value": name.to_lowercase() }]
    })
}
