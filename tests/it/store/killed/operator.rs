//! The operator of a school: approves, releases and drops, whatever dies meanwhile.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use serde_json::Value;

use super::Dice;
use super::life::Life;
use super::ruled::{Fate, Register};

/// An operator at work.
pub(super) struct Operator {
    pub life: Arc<Life>,
    pub register: Arc<Register>,
    /// Whose removals were released, by name.
    pub released: HashSet<String>,
    pub dice: Dice,
}

impl Operator {
    /// Works until the clients have said all that they have to say, and then until
    /// nothing waits but what is never approved of.
    pub(super) fn work(mut self, all_is_said: &AtomicBool) -> HashSet<String> {
        let mut left = 2000;
        while left > 0 && !self.life.is_over() {
            let last = all_is_said.load(Ordering::Acquire);
            let rest = self.round(last);
            if last && rest.is_empty() {
                return self.released;
            }
            left -= usize::from(last);
            if last && left == 0 {
                unreachable!("it waits for ever: {rest:#?}");
            }
            thread::park_timeout(Duration::from_millis(10));
        }
        self.released
    }

    /// Looks at all that waits, and does what it is for; says what still waits.
    fn round(&mut self, last: bool) -> Vec<Value> {
        let told = self.life.order("GET", "/pending?limit=1000");
        let mut rest = Vec::new();
        for item in told["items"].as_array().unwrap() {
            let name =
                self.register.names.lock().unwrap().get(item["id"].as_str().unwrap()).cloned();
            let fate = name.as_deref().and_then(Fate::of_name);
            let never =
                (item["reason"].as_str(), fate) == (Some("approval"), Some(Fate::Unapproved));
            if !never {
                rest.push(item.clone());
            }
            if item["released"] == false {
                self.decide(item, name.as_deref().zip(fate), last);
            }
        }
        rest
    }

    fn decide(&mut self, item: &Value, who: Option<(&str, Fate)>, last: bool) {
        let one = format!("sequence={}", item["sequence"]);
        match (item["reason"].as_str().unwrap(), who) {
            ("confirm", who) => {
                self.released.extend(who.map(|(name, _)| name.to_owned()));
                self.release(&one);
            }
            ("guard", Some((_, Fate::Kept))) => {
                self.life.order("DELETE", &format!("/pending?{one}"));
            }
            ("guard", Some((name, _))) => {
                self.released.insert(name.to_owned());
                self.release(&one);
            }
            // Some are told to go earlier; the rest by the clock, as far as that goes.
            ("grace", _) if last || self.dice.below(50) == 0 => self.release(&one),
            ("approval", Some((name, fate))) if fate != Fate::Unapproved => {
                self.release(&one);
                self.register.approved.lock().unwrap().insert(name.to_owned());
            }
            _ => {}
        }
    }

    fn release(&self, which: &str) {
        self.life.order("POST", &format!("/pending/apply?{which}"));
    }
}
