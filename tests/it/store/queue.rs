//! What is remembered of waiting work, so that nobody has to count it or to look through
//! it: it has to be true whatever happens.

use std::sync::Arc;
use std::time::Duration;

use matricula::policy::Reason;
use matricula::scim::{Kind, ResourceId};
use matricula::store::{
    ANY_NAME, Batch, Choice, Memory, Pending, Queue, Ready, Sqlite, Store, Tally, Turn,
};

use super::pending::{at, item, user};
use super::suite::{House, every_store, id};

every_store! { [memory locked sqlite postgres] [
    a_name_finds_whom_work_gives_it
    whatever_happens_it_does_what_memory_does
    much_is_released_as_a_whole
] }

async fn a_name_finds_whom_work_gives_it(house: House) {
    let queue = house.store.pending(&"school".into());
    let gives = |name: &str, names: &[&str]| Pending {
        names: names.iter().map(|name| (*name).to_owned()).collect(),
        ..user(name)
    };
    let group = item(Kind::Group, "g", Reason::DryRun);
    let group = Pending { names: vec!["nina".to_owned()], ..group };
    let add = vec![
        gives("1", &["nina", "nina@hoch.example"]),
        gives("2", &["paul"]),
        gives("1", &["nina"]),
        gives("3", &[]),
        group,
    ];
    assert!(queue.write(Batch { add, most: 9, ..Batch::default() }).await.unwrap());
    let found = async |names: &[&str]| {
        let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut found = queue.named(Kind::User, &names).await.unwrap();
        found.sort();
        found
    };
    assert_eq!(found(&["nina"]).await, [id("1")]);
    assert_eq!(found(&["paul", "nina@hoch.example"]).await, [id("1"), id("2")]);
    assert_eq!(found(&["nobody"]).await, Vec::<ResourceId>::new());
    let others = house.store.pending(&"other".into());
    assert_eq!(others.named(Kind::User, &["nina".into()]).await.unwrap(), Vec::<ResourceId>::new());
    let add = vec![gives("9", &[ANY_NAME])];
    assert!(queue.write(Batch { add, most: 9, ..Batch::default() }).await.unwrap());
    assert_eq!(found(&["nobody"]).await, [id("9")], "it may be any");
    let all = queue.page(&Choice::default(), 0, 9).await.unwrap();
    let done = all.iter().map(|one| one.sequence).collect();
    assert!(queue.write(Batch { done, ..Batch::default() }).await.unwrap());
    assert_eq!(found(&["nina", "paul", "nobody"]).await, Vec::<ResourceId>::new());
}

async fn much_is_released_as_a_whole(house: House) {
    let queue = house.store.pending(&"school".into());
    let held = |number: u64| Pending { reason: Reason::Guard, ..user(&number.to_string()) };
    for first in [0, 500, 1000, 1500, 2000] {
        let mut add: Vec<_> = (first..first + 500).map(held).collect();
        add.push(user("nobody"));
        let batch = Batch { add, most: 9999, ..Batch::default() };
        assert!(queue.write(batch).await.unwrap());
    }
    let choice = Choice { reason: Some(Reason::Guard), ..Choice::default() };
    assert_eq!(queue.release(&choice, at(1)).await.unwrap(), 2500);
    let all = queue.page(&Choice::default(), 0, 9999).await.unwrap();
    assert_eq!(all.iter().filter(|one| one.released).count(), 2500);
    assert_eq!(all.len(), 2505);
}

/// The same work in two stores.
struct Twins {
    seed: u64,
    now: i64,
    own: Arc<dyn Queue>,
    memory: Arc<dyn Queue>,
}

async fn whatever_happens_it_does_what_memory_does(house: House) {
    for seed in 1..=4 {
        let tenant = format!("school-{seed}").into();
        let (own, memory) = (house.store.pending(&tenant), Memory::new().pending(&tenant));
        let mut twins = Twins { seed, now: 0, own, memory };
        let mut first = None;
        for _ in 0..150 {
            twins.step(&mut first).await;
        }
    }
}

impl Twins {
    fn below(&mut self, most: u64) -> u64 {
        self.seed = self.seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(11);
        (self.seed >> 33) % most
    }

    fn one_of<T: Clone>(&mut self, all: &[T]) -> T {
        all[usize::try_from(self.below(all.len() as u64)).unwrap()].clone()
    }

    /// Something happens to both, and both say the same. Numbers in a table are those
    /// of all tenants, so they are told from the first on.
    async fn step(&mut self, first: &mut Option<u64>) {
        match self.below(10) {
            0..=3 => self.add().await,
            4 | 5 => self.begin(first.unwrap_or_default()).await,
            6 => self.end().await,
            7 => self.change().await,
            8 => self.release().await,
            _ => self.now += i64::try_from(self.below(30)).unwrap(),
        }
        let all = self.own.page(&Choice::default(), 0, 1000).await.unwrap();
        let expected = self.memory.page(&Choice::default(), 0, 1000).await.unwrap();
        if first.is_none()
            && let (Some(own), Some(other)) = (all.first(), expected.first())
        {
            *first = Some(own.sequence - other.sequence);
        }
        assert_eq!(less(all, first.unwrap_or_default()), expected);
        assert_eq!(sorted(self.own.tally().await), sorted(self.memory.tally().await));
    }

    async fn add(&mut self) {
        let mut add = Vec::new();
        for _ in 0..=self.below(3) {
            let kind = self.one_of(&[Kind::User, Kind::User, Kind::Group]);
            let name = self.one_of(&["1", "2", "3", "4", "5"]);
            let later = self.one_of(&[0, 0, 0, 9, 60]);
            let (turn, reason) = (self.one_of(&Turn::ALL), self.one_of(&Reason::ALL));
            let (at, due) = (at(self.now), at(self.now + later));
            add.push(Pending { turn, at, due, ..item(kind, name, reason) });
        }
        let batch = Batch { add, most: 40, ..Batch::default() };
        let taken = self.own.write(batch.clone()).await.unwrap();
        assert_eq!(taken, self.memory.write(batch).await.unwrap());
    }

    async fn begin(&mut self, first: u64) {
        let (a, b) = (self.one_of(&Reason::ALL), self.one_of(&Reason::ALL));
        let now = at(self.now);
        let most = usize::try_from(1 + self.below(5)).unwrap();
        let ready = Ready { reasons: vec![a, b], now, until: now + Duration::from_secs(20), most };
        let own = self.own.begin(ready.clone()).await.unwrap();
        assert_eq!(less(own, first), self.memory.begin(ready).await.unwrap());
    }

    /// Any that waits, as either has it.
    async fn any(&mut self) -> Option<(Pending, Pending)> {
        let own = self.own.page(&Choice::default(), 0, 1000).await.unwrap();
        let other = self.memory.page(&Choice::default(), 0, 1000).await.unwrap();
        let both: Vec<_> = own.into_iter().zip(other).collect();
        (!both.is_empty()).then(|| self.one_of(&both))
    }

    async fn end(&mut self) {
        let Some((own, other)) = self.any().await else { return };
        // One that somebody else has done is no harm.
        let batch = |one: u64| Batch { done: vec![one, 1_000_000], ..Batch::default() };
        self.own.write(batch(own.sequence)).await.unwrap();
        self.memory.write(batch(other.sequence)).await.unwrap();
    }

    async fn change(&mut self) {
        let Some((own, other)) = self.any().await else { return };
        let failure = self.one_of(&[None, Some("the LMS said no".to_owned())]);
        let due = at(self.now + self.one_of(&[-10, 0, 15]));
        let reason = self.one_of(&Reason::ALL);
        let batch = |one: Pending| {
            let change = vec![Pending { failure: failure.clone(), due, reason, ..one }];
            Batch { change, ..Batch::default() }
        };
        self.own.write(batch(own)).await.unwrap();
        self.memory.write(batch(other)).await.unwrap();
    }

    async fn release(&mut self) {
        let reason = Some(self.one_of(&Reason::ALL));
        let one = Choice { kind: Some(Kind::User), id: Some(id("1")), ..Choice::default() };
        let choice = self.one_of(&[Choice { reason, ..Choice::default() }, one]);
        let released = self.own.release(&choice, at(self.now)).await.unwrap();
        assert_eq!(released, self.memory.release(&choice, at(self.now)).await.unwrap());
    }
}

/// As if no other tenant had any.
fn less(mut all: Vec<Pending>, others: u64) -> Vec<Pending> {
    for one in &mut all {
        one.sequence -= others;
    }
    all
}

fn sorted(tallies: Result<Vec<Tally>, matricula::store::Error>) -> Vec<Tally> {
    let mut tallies = tallies.unwrap();
    tallies.sort_by_key(|tally| tally.reason);
    tallies
}

/// A command beside a gateway opens the same file, and does not take its work from it.
#[tokio::test]
async fn a_command_beside_leaves_alone_what_is_being_done() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("matricula.db");
    let store = Sqlite::open(&path).unwrap();
    let queue = store.pending(&"school".into());
    let batch = Batch { add: vec![user("1")], most: 9, ..Batch::default() };
    assert!(queue.write(batch).await.unwrap());
    let ready = || Ready { reasons: vec![Reason::DryRun], now: at(1), until: at(100), most: 9 };
    assert_eq!(queue.begin(ready()).await.unwrap().len(), 1);
    let _beside = Sqlite::beside(&path).unwrap();
    assert_eq!(queue.begin(ready()).await.unwrap().len(), 0);
}
