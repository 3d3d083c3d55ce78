//! `kill -9` again and again, while clients go on: at the end every person is there
//! once, as the client last wrote it, under the id that it was told; and nothing
//! waits that was to be done.
//!
//! `cargo test` does a little of it. `MATRICULA_TEST_KILLS=200` does it at length, as
//! `.ci/run` does.

mod checks;
mod client;
mod killer;
mod life;
mod operator;
mod ruled;
mod watcher;

use std::collections::{BTreeMap, HashSet};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, ScopedJoinHandle};

use matricula::sandbox::Sandbox;
use tempfile::TempDir;

use super::crash::{Gateway, rule, school_with};
use super::postgres::{schema_of_its_own, server};
pub(super) use checks::{Kept, ever, the_trail_holds, until_nothing_waits, waiting};
use client::Client;
use killer::Killer;
use life::Life;
use operator::Operator;
use ruled::{Register, Ruled};
use watcher::Watcher;

/// Clients at the same time, each with people and a group of its own.
const CLIENTS: usize = 4;

/// Operations for each kill.
const SHARE: usize = 25;

/// How often a process is killed.
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

/// How a school is tried.
struct Plan {
    gateways: usize,
    kills: usize,
    /// One of these is the mode of each new process.
    modes: &'static [&'static str],
}

/// What is applied at once, and what waits.
const NOW_AND_THEN: &[&str] = &["sync", "dry-run"];

/// The same, and what waits for a person.
const ALL_MODES: &[&str] = &["sync", "sync", "confirm", "dry-run"];

/// So many removals pass the guard while such a school is tried.
const REMOVALS: usize = 6;

/// An LMS, and the folder of the gateways before it.
pub(super) struct School {
    pub folder: TempDir,
    pub lms: Sandbox,
    pub kept: Kept,
}

impl School {
    pub(super) async fn in_a_file() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let lms = school_with(folder.path(), "").await;
        let kept = Kept::File(folder.path().join("matricula.db"));
        Self { folder, lms, kept }
    }

    /// Where a server is named.
    pub(super) async fn on_a_server() -> Option<Self> {
        let settings = Box::new(schema_of_its_own().await?);
        let folder = tempfile::tempdir().unwrap();
        let (url, schema) = (server()?, &settings.schema);
        let store = format!("[store.postgres]\nurl = \"{url}\"\nschema = \"{schema}\"\n");
        let lms = school_with(folder.path(), &store).await;
        Some(Self { folder, lms, kept: Kept::Server(settings) })
    }

    /// The gateways are killed while clients write; and then all is as it should be.
    async fn dies_often(self, plan: Plan) {
        let staff = (self.lms.people().len(), ever(&self.lms));
        let path = self.folder.path().to_owned();
        let kept = self.kept;
        let work = tokio::task::spawn_blocking(move || work(&path, &kept, &plan));
        let clients = work.await.unwrap();
        let made: usize = clients.iter().map(|client| client.made).sum();
        let people: usize = clients.iter().map(Client::people).sum();
        let expected = (CLIENTS, staff.0 + people, staff.1 + made);
        checks::nobody_is_there_twice(&self.lms, expected);
    }
}

/// More kills of a school under rules take long and prove nothing more.
const MOST: usize = 40;

impl School {
    /// The same under rules, with an operator who decides and an LMS that is watched.
    async fn dies_under_rules(self, plan: Plan) {
        let folder = self.folder.path().to_owned();
        rule(&folder, "guard", &format!("guard = {{ removals = {REMOVALS}, within = \"1h\" }}"));
        let more = "activation = \"manual\"\nprotect = ['userName eq \"protected@hoch.example\"']";
        rule(&folder, "deprovision", &format!("deprovision = {{ delete_after = \"1m\" }}\n{more}"));
        self.lms.with(|moodle| moodle.people.insert(watcher::protected())).unwrap();
        let lms = self.lms;
        let work = tokio::task::spawn_blocking(move || ruled(&folder, &lms, &plan));
        work.await.unwrap();
    }
}

fn ruled(folder: &Path, lms: &Sandbox, plan: &Plan) {
    let life = Arc::new(Life::of(plan.gateways));
    let register = Arc::<Register>::default();
    let (all_is_said, over) = (AtomicBool::new(false), AtomicBool::new(false));
    thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS)
            .map(|number| {
                let (life, register) = (Arc::clone(&life), Arc::clone(&register));
                scope.spawn(move || {
                    let mut client = Ruled::new(Arc::clone(&life), register, number);
                    let mut step = 0;
                    while life.goes_on() {
                        step += 1;
                        client.step(step);
                    }
                    client
                })
            })
            .collect();
        let operator = Operator {
            life: Arc::clone(&life),
            register: Arc::clone(&register),
            released: HashSet::new(),
            dice: Dice(3),
        };
        let operator = scope.spawn(|| operator.work(&all_is_said));
        let watcher =
            scope.spawn(|| Watcher { life: &life, lms, register: &register }.watch(&over));
        let gateways = Killer::new(&life, folder, plan).work();
        let clients: Vec<_> = clients.into_iter().map(ScopedJoinHandle::join).collect();
        all_is_said.store(true, Ordering::Release);
        let released = operator.join();
        over.store(true, Ordering::Release);
        let enabled = watcher.join().unwrap();
        let clients: Vec<_> = clients.into_iter().map(Result::unwrap).collect();
        let released = released.unwrap();
        let said: BTreeMap<_, _> = clients.iter().flat_map(Ruled::agrees).collect();
        watcher::all_is_as_it_was_said((lms, &register), &said, (&enabled, &released), REMOVALS);
        drop(gateways);
    });
    the_trail_holds(folder);
}

fn work(folder: &Path, kept: &Kept, plan: &Plan) -> Vec<Client> {
    let life = Arc::new(Life::of(plan.gateways));
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
    let gateways = Killer::new(&life, folder, plan).work();
    let clients: Vec<_> = clients.into_iter().map(|client| client.join().unwrap()).collect();
    until_nothing_waits(kept);
    clients.iter().for_each(Client::agrees);
    drop(gateways);
    // And once more from what is on the disk alone.
    let gateway = Gateway::start(folder, "");
    for number in 0..plan.gateways {
        life.moved(number, Some(&gateway));
    }
    clients.iter().for_each(Client::agrees);
    the_trail_holds(folder);
    clients
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whenever_it_is_killed_nobody_is_lost_or_there_twice() {
    let plan = Plan { gateways: 1, kills: kills(), modes: &["sync"] };
    School::in_a_file().await.dies_often(plan).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nor_where_the_store_is_a_postgresql() {
    let Some(school) = School::on_a_server().await else { return };
    school.dies_often(Plan { gateways: 1, kills: kills(), modes: &["sync"] }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_waited_meanwhile_is_done_once() {
    let plan = Plan { gateways: 1, kills: kills(), modes: NOW_AND_THEN };
    School::in_a_file().await.dies_often(plan).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_waited_in_a_postgresql_is_done_once() {
    let Some(school) = School::on_a_server().await else { return };
    school.dies_often(Plan { gateways: 1, kills: kills(), modes: NOW_AND_THEN }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_gateways_die_in_turns_and_nobody_is_lost() {
    let Some(school) = School::on_a_server().await else { return };
    school.dies_often(Plan { gateways: 2, kills: kills(), modes: NOW_AND_THEN }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn under_rules_nobody_is_removed_unasked_and_nothing_is_lost() {
    let plan = Plan { gateways: 1, kills: kills().min(MOST), modes: ALL_MODES };
    School::in_a_file().await.dies_under_rules(plan).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nor_is_anybody_where_two_gateways_share_a_postgresql() {
    let Some(school) = School::on_a_server().await else { return };
    let plan = Plan { gateways: 2, kills: kills().min(MOST / 2), modes: ALL_MODES };
    school.dies_under_rules(plan).await;
}
