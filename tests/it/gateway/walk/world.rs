//! A gateway, its LMS, and what a client believes of both.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use http::Method;
use jiff::Timestamp;
use matricula::clock::{Clock, Hand};
use matricula::policy::Rules;
use matricula::provision::Ledger;
use matricula::sandbox::Person;
use matricula::scim::{Kind, ResourceId};
use matricula::store::{Entries, Entry, Key, Memory, Queue, Store, Trail};
use serde_json::Value;

use super::known::{Group, Known, Slot};
use super::rules;
use super::step::{Dice, GROUPS, PEOPLE};
use crate::gateway::{Answer, House, Options};

/// What is wrong, in words.
pub(super) type Found = Result<(), String>;

/// A write as it was sent.
pub(super) type Sent = (Method, String, Option<Value>);

/// Everything of one walk.
pub(super) struct World {
    pub house: House,
    pub hand: Hand,
    pub clock: Clock,
    pub entries: Arc<dyn Entries>,
    pub queue: Arc<dyn Queue>,
    pub trail: Arc<dyn Trail>,
    pub key: Key,
    pub rules: Rules,
    pub ledger: Arc<Ledger>,
    pub slots: Vec<Slot>,
    pub people: BTreeMap<String, Known>,
    pub cohorts: Vec<Option<String>>,
    pub groups: BTreeMap<String, Group>,
    /// The LMS as it was, and whose accounts there were, the last one last.
    pub before: BTreeMap<i64, Person>,
    pub owners: BTreeMap<i64, Vec<String>>,
    /// Accounts that somebody else than the gateway made, or touched since.
    pub foreign: BTreeSet<i64>,
    pub by_hand: BTreeSet<i64>,
    /// Whether the token lacks a right, and whether only the LMS knows what it hides then.
    pub hidden: bool,
    pub minimal: bool,
    /// Whose removal a person has approved of.
    pub approved: BTreeSet<String>,
    /// When removals were done without that.
    pub removals: Vec<Timestamp>,
    /// The external ids of creates of which nobody heard.
    pub lost: BTreeSet<String>,
    /// When DELETE was last said to delete at once.
    pub deletes: Option<Timestamp>,
    pub last: Option<Sent>,
    /// Whether the worker is at it while the next request comes.
    pub busy: bool,
    pub log: Vec<String>,
}

impl World {
    pub(super) async fn new(seed: u64) -> Self {
        let mut dice = Dice::new(seed ^ 0x5eed);
        let (clock, hand) = Clock::by_hand("2026-01-05T08:00:00Z".parse().unwrap());
        let (memory, school) = (Memory::new(), "school".into());
        let (entries, queue) = (memory.entries(&school), memory.pending(&school));
        let key = Key::fresh().unwrap();
        let trail = memory.trail(&key);
        let rules = rules::first(&mut dice);
        let (config, minimal) = rules::config(&mut dice);
        let ledger = Ledger::new(Arc::clone(&entries), Arc::clone(&queue));
        let options = Options {
            entries: Arc::clone(&entries),
            pending: Arc::clone(&queue),
            trail: Arc::clone(&trail),
            policy: rules.clone(),
            config,
            clock: clock.clone(),
            ledger: Some(Arc::clone(&ledger)),
            backend: |backend| {
                backend.breaker.failures = u32::MAX;
                backend.retry.pause = Duration::ZERO;
                // Reading the authorities of this machine takes longer than a walk.
                backend.trust.system = false;
            },
            ..Options::default()
        };
        let log = vec![told(&rules, minimal)];
        let mut world = Self {
            house: House::with(options).await,
            hand,
            clock,
            entries,
            queue,
            trail,
            key,
            rules,
            ledger,
            slots: (0..usize::try_from(PEOPLE).unwrap()).map(Slot::new).collect(),
            people: BTreeMap::new(),
            cohorts: vec![None; usize::try_from(GROUPS).unwrap()],
            groups: BTreeMap::new(),
            before: BTreeMap::new(),
            owners: BTreeMap::new(),
            foreign: BTreeSet::new(),
            by_hand: BTreeSet::new(),
            hidden: false,
            minimal,
            approved: BTreeSet::new(),
            removals: Vec::new(),
            lost: BTreeSet::new(),
            deletes: None,
            last: None,
            busy: false,
            log,
        };
        world.before = world.accounts();
        world.foreign = world.before.keys().copied().collect();
        world
    }

    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(super) fn say(&mut self, words: impl Into<String>) {
        self.log.push(words.into());
    }

    /// Everybody in the LMS, deleted or not.
    pub(super) fn accounts(&self) -> BTreeMap<i64, Person> {
        let all = |it: &Person| (it.id, it.clone());
        self.house.lms.with(|moodle| moodle.people.all().map(all).collect())
    }

    /// Whether an answer may be that the LMS cannot be asked.
    pub(super) fn is_ill(&self) -> bool {
        self.hidden || self.house.lms.faults().left() > 0
    }

    pub(super) async fn entry(&self, kind: Kind, id: &str) -> Option<Arc<Entry>> {
        self.entries.get(kind, &ResourceId::parse(id)?).await.unwrap()
    }

    /// The number of somebody's account.
    pub(super) async fn account(&self, kind: Kind, id: &str) -> Option<i64> {
        match self.entry(kind, id).await {
            Some(entry) => entry.lms_id()?.as_str().parse().ok(),
            None => id.parse().ok(),
        }
    }

    /// Sends a request; what no answer may be is a fault.
    pub(super) async fn ask(&mut self, sent: &Sent) -> Result<Answer, String> {
        self.hand.advance(Duration::from_millis(7));
        let ill = self.is_ill();
        let (method, path, body) = sent.clone();
        let asking = self.house.send(method.clone(), &path, body.clone(), &[]);
        let answer = if std::mem::take(&mut self.busy) {
            tokio::join!(self.house.work_off(), asking).1
        } else {
            asking.await
        };
        let told = &answer.body;
        let body = body.map(|body| body.to_string()).unwrap_or_default();
        let shown = if told.is_null() { String::new() } else { told.to_string() };
        self.log.push(format!("    {method} {path} {body}\n      {} {shown}", answer.status));
        if method != Method::GET {
            self.last = Some(sent.clone());
        }
        let detail = told["detail"].as_str().unwrap_or_default();
        match answer.status {
            200..=299 | 404 | 409 | 403 | 400 => {}
            502 | 503 if ill => {}
            // All whom it knew are gone, which nobody can tell from a right that is.
            503 if detail.contains("shows nobody") && self.has_erased() => {}
            status => return Err(format!("{status} while the LMS is well: {detail}")),
        }
        Ok(answer)
    }

    pub(super) fn has_erased(&self) -> bool {
        self.people.values().any(|known| known.erased)
    }

    pub(super) async fn get(&mut self, path: String) -> Result<Answer, String> {
        self.ask(&(Method::GET, path, None)).await
    }
}

/// The rules of a walk in a line.
fn told(rules: &Rules, minimal: bool) -> String {
    format!(
        "{:?} {:?} guard {:?} outage {} protect {} {:?} minimal {minimal}",
        rules.mode,
        rules.deprovision,
        rules.guard.map(|it| it.removals),
        rules.outage,
        !rules.protect.is_empty(),
        rules.activation,
    )
}
