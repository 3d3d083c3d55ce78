//! Processes on one PostgreSQL: they write in turn, and hear of each other.

use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

use jiff::Timestamp;
use matricula::policy::Reason;
use matricula::scim::Kind;
use matricula::store::{
    Batch, Ears, Entry, LmsId, Peers, Pending, Postgres, Ready, Settings, Store, Turn,
};
use serde_json::json;
use tokio::time::timeout;

use super::postgres::{beside, schema_of_its_own, until_it_hears};
use super::suite::{entry, id};

/// One process, and what it heard.
struct Process {
    store: Postgres,
    peers: Arc<dyn Peers>,
    heard: Arc<Heard>,
}

#[derive(Default)]
pub(super) struct Heard {
    words: Mutex<Vec<String>>,
    missed: Mutex<usize>,
}

impl Ears for Heard {
    fn heard(&self, word: &str) {
        self.words.lock().unwrap().push(word.to_owned());
    }

    fn missed(&self) {
        *self.missed.lock().unwrap() += 1;
    }
}

impl Process {
    async fn on(settings: &Settings) -> Self {
        let store = Postgres::open(settings).await.unwrap();
        let heard = Arc::<Heard>::default();
        let ears = Arc::downgrade(&heard) as Weak<dyn Ears>;
        let peers = store.peers(&"school".into(), ears).unwrap();
        let process = Self { store, peers, heard };
        process.until_it_hears().await;
        process
    }

    async fn until_it_hears(&self) {
        until_it_hears(&*self.peers).await;
    }

    fn words(&self) -> Vec<String> {
        self.heard.words.lock().unwrap().clone()
    }
}

async fn two() -> Option<(Process, Process, Settings)> {
    let settings = schema_of_its_own().await?;
    let (one, two) = (Process::on(&settings).await, Process::on(&settings).await);
    Some((one, two, settings))
}

fn word(text: &str) -> Vec<String> {
    vec![text.to_owned()]
}

#[tokio::test]
async fn what_was_told_has_been_heard() {
    let Some((one, two, _)) = two().await else { return };
    for number in 0..200 {
        let (teller, hearer) = if number % 2 == 0 { (&one, &two) } else { (&two, &one) };
        teller.peers.tell(word(&format!("{number}"))).await;
        assert_eq!(hearer.words().last(), Some(&number.to_string()));
        assert_ne!(teller.words().last(), Some(&number.to_string()), "it heard itself");
    }
    let many: Vec<_> = (0..2000).map(|number| format!("many \"{number}\"")).collect();
    one.peers.tell(many.clone()).await;
    assert!(two.words().ends_with(&many));
}

#[tokio::test]
async fn what_cannot_be_told_makes_everything_be_forgotten() {
    let Some((one, two, _)) = two().await else { return };
    one.peers.tell(vec!["x".repeat(9000)]).await;
    one.peers.tell(word("and now")).await;
    assert_eq!(*two.heard.missed.lock().unwrap(), 1);
    assert_eq!(two.words(), ["and now"]);
}

#[tokio::test]
async fn who_writes_the_same_writes_one_after_the_other() {
    let Some((one, two, _)) = two().await else { return };
    let held = one.peers.turn(&[1, 2]).await.unwrap();
    drop(two.peers.turn(&[3, 4]).await.unwrap());
    let mut waiting = two.peers.turn(&[4, 2, 2]);
    assert!(timeout(Duration::from_millis(300), &mut waiting).await.is_err());
    held.end().await;
    let held = waiting.await.unwrap();
    let mut waiting = one.peers.turn(&[4]);
    assert!(timeout(Duration::from_millis(300), &mut waiting).await.is_err());
    drop(held);
    waiting.await.unwrap().end().await;
    two.peers.turn(&[1, 2, 3, 4]).await.unwrap().end().await;
}

#[tokio::test]
async fn other_tenants_write_the_same_at_the_same_time() {
    let Some((one, two, _)) = two().await else { return };
    let deaf = Arc::downgrade(&two.heard) as Weak<dyn Ears>;
    let other = two.store.peers(&"other".into(), deaf).unwrap();
    let _held = one.peers.turn(&[1]).await.unwrap();
    let _other = other.turn(&[1]).await.unwrap();
}

/// Within a process, whoever wants the same has waited before, as the gateway does.
#[tokio::test]
async fn turns_that_overlap_come_to_an_end_and_never_meet() {
    let Some((one, two, _)) = two().await else { return };
    let inside = Arc::new(Mutex::new(std::collections::HashSet::new()));
    let mut tasks = tokio::task::JoinSet::new();
    for peers in [&one.peers, &two.peers] {
        for lane in 0..5_u64 {
            let (peers, inside) = (Arc::clone(peers), Arc::clone(&inside));
            tasks.spawn(async move {
                for round in 0..20_u64 {
                    let keys = [lane, 5 + (lane + round) % 5 * 5 + lane];
                    let held = peers.turn(&keys).await.unwrap();
                    assert!(inside.lock().unwrap().insert(lane), "two are in it");
                    tokio::task::yield_now().await;
                    inside.lock().unwrap().remove(&lane);
                    held.end().await;
                }
            });
        }
    }
    tasks.join_all().await;
}

/// The server ends the lines: nothing is believed until there are new ones, and
/// what was known by then is forgotten.
#[tokio::test]
async fn a_line_that_is_cut_is_not_believed_and_comes_back() {
    let Some((one, two, settings)) = two().await else { return };
    let client = beside(&settings).await;
    let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1";
    client.query(end, &[&settings.schema]).await.unwrap();
    while one.peers.hears() || two.peers.hears() {
        tokio::task::yield_now().await;
    }
    assert!(*one.heard.missed.lock().unwrap() > 0 && *two.heard.missed.lock().unwrap() > 0);
    assert!(!one.store.entries(&"school".into()).all_plain(), "a wrong no costs time");
    one.until_it_hears().await;
    two.until_it_hears().await;
    one.peers.tell(word("again")).await;
    assert_eq!(two.words().last().map(String::as_str), Some("again"));
    let held = one.peers.turn(&[1]).await.unwrap();
    assert!(timeout(Duration::from_millis(300), two.peers.turn(&[1])).await.is_err());
    held.end().await;
}

/// Nobody can be asked whether he heard; but he cannot believe for ever.
#[tokio::test]
async fn who_falls_silent_is_not_waited_for_for_ever() {
    let Some((one, two, _)) = two().await else { return };
    drop(two);
    timeout(Duration::from_secs(8), one.peers.tell(word("hello"))).await.unwrap();
    // What he wrote last, he may not have told.
    assert!(*one.heard.missed.lock().unwrap() > 0);
}

/// It hears what is told from the moment that it is heard of, and says so.
#[tokio::test]
async fn who_is_just_starting_keeps_nobody_waiting() {
    let Some(settings) = schema_of_its_own().await else { return };
    let one = Process::on(&settings).await;
    let starting = tokio::spawn(async move { Process::on(&settings).await });
    while !starting.is_finished() {
        timeout(Duration::from_secs(2), one.peers.tell(word("hello"))).await.unwrap();
    }
    starting.await.unwrap();
}

#[tokio::test]
async fn who_takes_leave_is_not_waited_for() {
    let Some((one, two, _)) = two().await else { return };
    two.store.leave().await.unwrap();
    drop(two);
    timeout(Duration::from_secs(1), one.peers.tell(word("hello"))).await.unwrap();
}

fn waiting() -> Pending {
    let now = Timestamp::from_second(1_800_000_000).unwrap();
    Pending {
        sequence: 0,
        kind: Kind::User,
        id: id("7"),
        operation: json!({}),
        names: Vec::new(),
        turn: Turn::Users,
        reason: Reason::DryRun,
        who: "Entra".to_owned(),
        at: now,
        released: false,
        attempts: 0,
        due: now,
        failure: None,
    }
}

#[tokio::test]
async fn what_a_dead_process_had_begun_is_taken_up_at_once() {
    let Some((one, two, _)) = two().await else { return };
    let school = "school".into();
    let (own, others) = (one.store.pending(&school), two.store.pending(&school));
    let batch = Batch { add: vec![waiting()], most: 9, ..Batch::default() };
    assert!(own.write(batch).await.unwrap());
    let now = Timestamp::from_second(1_800_000_000).unwrap();
    let until = now + Duration::from_hours(1);
    let ready = || Ready { reasons: vec![Reason::DryRun], now, until, most: 9 };
    assert_eq!(own.begin(ready()).await.unwrap().len(), 1);
    assert_eq!(others.begin(ready()).await.unwrap(), []);
    drop((own, one));
    let taken = async {
        loop {
            if let Some(taken) = others.begin(ready()).await.unwrap().pop() {
                return taken;
            }
        }
    };
    let taken = timeout(Duration::from_secs(8), taken).await.unwrap();
    assert_eq!(taken.attempts, 1, "it may have happened");
}

/// Whoever writes it down may end before it can say so.
#[tokio::test]
async fn that_something_waits_is_known_before_it_does() {
    let Some((one, two, _)) = two().await else { return };
    let others = two.store.pending(&"school".into());
    // There is no room for it.
    let batch = Batch { add: vec![waiting()], most: 0, ..Batch::default() };
    assert!(!one.store.pending(&"school".into()).write(batch).await.unwrap());
    assert!(!others.is_empty());
}

#[tokio::test]
async fn what_one_writes_down_the_other_knows_without_asking() {
    let Some((one, two, settings)) = two().await else { return };
    let school = "school".into();
    let (own, others) = (one.store.pending(&school), two.store.pending(&school));
    assert!(own.is_empty() && others.is_empty());
    let batch = Batch { add: vec![waiting()], most: 9, ..Batch::default() };
    assert!(own.write(batch).await.unwrap());
    assert!(!own.is_empty() && !others.is_empty());
    let entries = two.store.entries(&school);
    assert!(entries.all_plain());
    let alias = Entry { lms: LmsId::Other(id("70")), ..entry(Kind::User, "7", &json!({})) };
    one.store.entries(&school).put(alias).await.unwrap();
    assert!(!entries.all_plain());
    let third = Process::on(&settings).await;
    assert!(!third.store.entries(&school).all_plain() && !third.store.pending(&school).is_empty());
    let done = Batch { done: vec![1], ..Batch::default() };
    assert!(others.write(done).await.unwrap());
    assert!(others.is_empty());
    while !own.is_empty() {
        tokio::task::yield_now().await;
    }
}
