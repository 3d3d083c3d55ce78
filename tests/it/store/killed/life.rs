//! The processes as clients know them: who answers now, and how much was done.

use std::sync::{Condvar, Mutex};
use std::thread;
use std::time::Duration;

use serde_json::Value;

use super::super::crash::ask;

/// The gateways behind one address. Each request goes to the next one that is up.
pub(super) struct Life {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    hosts: Vec<Option<String>>,
    next: usize,
    done: usize,
    over: bool,
}

impl State {
    fn next(&mut self) -> Option<String> {
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
    pub(super) fn moved(&self, number: usize, host: Option<&str>) {
        self.state.lock().unwrap().hosts[number] = host.map(str::to_owned);
        self.changed.notify_all();
    }

    /// Waits until so many operations more are done.
    pub(super) fn after(&self, more: usize) {
        let state = self.state.lock().unwrap();
        let until = state.done + more;
        drop(self.changed.wait_while(state, |state| state.done < until).unwrap());
    }

    /// A client found something that must not be: nobody has to wait for more.
    pub(super) fn is_spoilt(&self) {
        self.state.lock().unwrap().done = usize::MAX / 2;
        self.changed.notify_all();
    }

    /// Whether there is more to be seen.
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

    fn host(&self) -> String {
        let nobody = |state: &mut State| state.hosts.iter().all(Option::is_none);
        let mut state = self.changed.wait_while(self.state.lock().unwrap(), nobody).unwrap();
        state.next().unwrap()
    }

    /// One request, for as long as it takes until a process answers it; whether it
    /// had to be sent again.
    pub(super) fn ask(&self, method: &str, path: &str, body: &Value) -> (u16, Value, bool) {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        for attempt in 0..1000 {
            let host = self.host();
            match ask(&host, method, path, &body) {
                // A client comes back later.
                Some((503, _)) => thread::park_timeout(Duration::from_millis(20)),
                Some((status, answer)) => return (status, answer, attempt > 0),
                None => {
                    let known = |state: &mut State| state.hosts.contains(&Some(host.clone()));
                    let state = self.state.lock().unwrap();
                    // Its end is noticed here before the killer has told of it.
                    let wait = Duration::from_millis(50);
                    drop(self.changed.wait_timeout_while(state, wait, known).unwrap());
                }
            }
        }
        unreachable!("{method} {path} is never answered");
    }
}
