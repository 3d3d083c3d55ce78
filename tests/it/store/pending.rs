//! What every store does with work that waits.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use matricula::policy::Reason;
use matricula::scim::{Kind, ResourceId};
use matricula::store::{
    Batch, Choice, Key, Locked, Memory, Pending, Queue, Ready, Sqlite, Store, Turn,
};
use serde_json::json;

use super::suite::{entry, id};

/// A store, and what has to stay for it to stay.
struct House {
    queue: Arc<dyn Queue>,
    others: Arc<dyn Queue>,
    store: Box<dyn Store>,
    _folder: Option<tempfile::TempDir>,
}

impl House {
    fn of(store: impl Store + 'static, folder: Option<tempfile::TempDir>) -> Self {
        let queue = |name: &str| store.pending(&name.into());
        let (queue, others) = (queue("school"), queue("other"));
        Self { queue, others, store: Box::new(store), _folder: folder }
    }

    async fn add(&self, items: Vec<Pending>) {
        assert!(
            self.queue.write(Batch { add: items, most: 1000, ..Batch::default() }).await.unwrap()
        );
    }

    async fn begin(&self, reasons: &[Reason], now: Timestamp) -> Vec<u64> {
        let until = now + Duration::from_mins(1);
        let ready = Ready { reasons: reasons.to_vec(), now, until, most: 100 };
        let begun = self.queue.begin(ready).await.unwrap();
        begun.iter().map(|one| one.sequence).collect()
    }

    async fn all(&self) -> Vec<Pending> {
        self.queue.page(&Choice::default(), 0, 1000).await.unwrap()
    }
}

async fn memory() -> Option<House> {
    Some(House::of(Memory::new(), None))
}

async fn locked() -> Option<House> {
    let (store, key) = (Arc::new(Memory::new()), Key::fresh().unwrap());
    Some(House::of(Locked::new(store, &key).unwrap(), None))
}

async fn sqlite() -> Option<House> {
    let folder = tempfile::tempdir().unwrap();
    let store = Sqlite::open(&folder.path().join("matricula.db")).unwrap();
    Some(House::of(store, Some(folder)))
}

/// Where a server is named; else there is nothing to be shown.
async fn postgres() -> Option<House> {
    let settings = super::postgres::schema_of_its_own().await?;
    Some(House::of(super::postgres::joined(&settings).await, None))
}

macro_rules! every_store {
    ($($store:ident)*) => { $(every_store! { @mod $store [
        what_waits_is_read_word_by_word_and_in_order
        of_each_resource_its_own_work_comes
        what_failed_is_chosen_by_that
        a_batch_happens_as_a_whole
        what_a_person_released_stays_released
        one_too_many_is_not_taken_and_changes_nothing
        only_what_is_ready_is_begun_and_by_one_alone
        a_resource_waits_for_its_earlier_work
        what_waits_beside_a_resource_holds_nothing_up
        users_come_before_groups_before_members
        who_died_at_it_is_followed_by_another
        a_person_releases_what_is_chosen_and_no_more
        work_that_is_done_is_gone_and_the_queue_knows_when_it_is_empty
        tallies_count_by_reason
        removals_are_counted_up_to_the_most_and_within_the_span
        one_tenant_does_not_see_another
    ] })* };
    (@mod $store:ident [$($fact:ident)*]) => {
        mod $store {
            $(
                #[tokio::test]
                async fn $fact() {
                    if let Some(house) = super::$store().await {
                        super::$fact(house).await;
                    }
                }
            )*
        }
    };
}
every_store! { memory locked sqlite }
every_store! { postgres }

const NOTHING: [u64; 0] = [];

pub(super) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).unwrap()
}

pub(super) fn item(kind: Kind, name: &str, reason: Reason) -> Pending {
    Pending {
        sequence: 0,
        kind,
        id: id(name),
        operation: json!({ "delete": name }),
        names: Vec::new(),
        turn: if kind == Kind::User { Turn::Users } else { Turn::Groups },
        reason,
        who: "Entra".to_owned(),
        at: at(0),
        released: false,
        attempts: 0,
        due: at(0),
        failure: None,
    }
}

pub(super) fn user(name: &str) -> Pending {
    item(Kind::User, name, Reason::DryRun)
}

fn names(items: &[Pending]) -> Vec<&str> {
    items.iter().map(|one| one.id.as_str()).collect()
}

async fn what_waits_is_read_word_by_word_and_in_order(house: House) {
    let strange = Pending {
        operation: json!({ "create": { "userName": "Åsa \u{0} \"x\"", "password": "s3cret" } }),
        turn: Turn::Members,
        reason: Reason::Guard,
        who: "the \"token\"".to_owned(),
        at: "2026-03-04T09:15:27.123456Z".parse().unwrap(),
        released: true,
        attempts: 3,
        due: at(77),
        failure: Some("the LMS said no".to_owned()),
        names: vec!["\u{e5}sa".to_owned(), "\"x\"".to_owned()],
        ..user("9")
    };
    house.add(vec![user("7"), strange.clone()]).await;
    house.add(vec![user("8")]).await;
    let all = house.all().await;
    assert_eq!(names(&all), ["7", "9", "8"]);
    assert!(all[0].sequence < all[1].sequence && all[1].sequence < all[2].sequence);
    assert_eq!(all[1], Pending { sequence: all[1].sequence, ..strange });
    let second = house.queue.page(&Choice::default(), all[0].sequence, 1).await.unwrap();
    assert_eq!(names(&second), ["9"]);
    let shown = format!("{:?}", all[1]);
    assert!(!shown.contains("s3cret"), "{shown}");
}

async fn of_each_resource_its_own_work_comes(house: House) {
    let group = item(Kind::Group, "7", Reason::Confirm);
    house.add(vec![user("7"), user("8"), group, user("7")]).await;
    let of = house.queue.of(Kind::User, &[id("8"), id("nobody"), id("7")]).await.unwrap();
    assert_eq!(of.iter().map(Vec::len).collect::<Vec<_>>(), [1, 0, 2]);
    assert!(of[2][0].sequence < of[2][1].sequence);
    let mut users = house.queue.resources(Kind::User).await.unwrap();
    users.sort();
    assert_eq!(users, [id("7"), id("8")]);
    assert_eq!(house.queue.begun(Kind::User).await.unwrap(), []);
    let choice = Choice { reason: Some(Reason::Confirm), ..Choice::default() };
    assert_eq!(house.queue.page(&choice, 0, 9).await.unwrap().len(), 1);
    let choice = Choice { id: Some(id("7")), kind: Some(Kind::User), ..Choice::default() };
    assert_eq!(house.queue.page(&choice, 0, 9).await.unwrap().len(), 2);
}

async fn what_failed_is_chosen_by_that(house: House) {
    let failed = |name: &str, reason| Pending {
        failure: Some("no".to_owned()),
        ..item(Kind::User, name, reason)
    };
    let (guard, dry) = (Reason::Guard, Reason::DryRun);
    house.add(vec![user("1"), failed("2", dry), failed("3", guard), user("4")]).await;
    let choice = Choice { failed: true, ..Choice::default() };
    assert_eq!(names(&house.queue.page(&choice, 0, 9).await.unwrap()), ["2", "3"]);
    let held = Choice { reason: Some(guard), ..choice };
    assert_eq!(names(&house.queue.page(&held, 0, 9).await.unwrap()), ["3"]);
    assert_eq!(house.queue.release(&held, at(1)).await.unwrap(), 1);
    let one = Choice { id: Some(id("1")), kind: Some(Kind::User), failed: true, ..held };
    assert_eq!(names(&house.queue.page(&one, 0, 9).await.unwrap()), [""; 0]);
}

async fn a_batch_happens_as_a_whole(house: House) {
    let entries = house.store.entries(&"school".into());
    let nina = entry(Kind::User, "7", &json!({ "userName": "nina" }));
    let batch =
        Batch { entry: Some(nina.clone()), add: vec![user("7")], most: 9, ..Batch::default() };
    assert!(house.queue.write(batch).await.unwrap());
    assert_eq!(*entries.get(Kind::User, &id("7")).await.unwrap().unwrap(), nina);
    let first = house.all().await.remove(0);
    let changed =
        Pending { operation: json!({ "delete": "x" }), attempts: 2, due: at(5), ..first.clone() };
    let gone = Pending { sequence: 999, ..first.clone() };
    let batch = Batch {
        change: vec![changed.clone(), gone],
        add: vec![user("8")],
        most: 9,
        ..Batch::default()
    };
    assert!(house.queue.write(batch).await.unwrap());
    let all = house.all().await;
    assert_eq!((all.len(), &all[0]), (2, &changed));
    let batch = Batch {
        done: vec![first.sequence],
        forget: Some((Kind::User, id("7"))),
        ..Batch::default()
    };
    assert!(house.queue.write(batch).await.unwrap());
    assert_eq!(names(&house.all().await), ["8"]);
    assert_eq!(entries.get(Kind::User, &id("7")).await.unwrap(), None);
}

async fn what_a_person_released_stays_released(house: House) {
    house.add(vec![user("1"), user("2"), user("3")]).await;
    // As somebody knows them who does not hear of it.
    let all = house.all().await;
    let choice = Choice::default();
    assert_eq!(house.queue.release(&choice, at(1)).await.unwrap(), 3);
    let batch = Batch {
        change: vec![Pending { operation: json!({ "delete": "x" }), ..all[0].clone() }],
        done: vec![all[1].sequence, all[2].sequence],
        add: vec![Pending { attempts: 0, ..all[1].clone() }, user("3")],
        most: 9,
        ..Batch::default()
    };
    assert!(house.queue.write(batch).await.unwrap());
    let all = house.all().await;
    let released: Vec<_> = all.iter().map(|one| (one.id.as_str(), one.released)).collect();
    assert_eq!(released, [("1", true), ("2", true), ("3", false)], "the last one is another");
    assert_eq!(house.begin(&[], at(2)).await.len(), 2);
}

async fn one_too_many_is_not_taken_and_changes_nothing(house: House) {
    house.add(vec![user("1"), user("2")]).await;
    let entries = house.store.entries(&"school".into());
    let nina = entry(Kind::User, "3", &json!({ "userName": "nina" }));
    let batch = Batch { entry: Some(nina), add: vec![user("3")], most: 2, ..Batch::default() };
    assert!(!house.queue.write(batch.clone()).await.unwrap());
    assert_eq!(house.all().await.len(), 2);
    assert_eq!(entries.get(Kind::User, &id("3")).await.unwrap(), None);
    let first = house.all().await[0].sequence;
    assert!(house.queue.write(Batch { done: vec![first], ..batch }).await.unwrap());
    assert_eq!(names(&house.all().await), ["2", "3"]);
}

async fn only_what_is_ready_is_begun_and_by_one_alone(house: House) {
    let later = Pending { due: at(100), ..user("2") };
    house.add(vec![user("1"), later, item(Kind::User, "3", Reason::Guard)]).await;
    assert_eq!(house.begin(&[], at(10)).await, NOTHING);
    let begun = house.begin(&[Reason::DryRun], at(10)).await;
    assert_eq!(begun.len(), 1);
    assert_eq!(house.queue.begun(Kind::User).await.unwrap(), [id("1")]);
    assert_eq!(house.begin(&[Reason::DryRun], at(11)).await, NOTHING);
    assert_eq!(house.begin(&[Reason::DryRun], at(100)).await.len(), 2, "its time has come");
}

async fn a_resource_waits_for_its_earlier_work(house: House) {
    let released = Pending { released: true, ..user("1") };
    house.add(vec![user("1"), released, user("2")]).await;
    assert_eq!(house.begin(&[], at(1)).await, NOTHING, "it is not the first");
    let first = house.begin(&[Reason::DryRun], at(1)).await;
    assert_eq!(first.len(), 2);
    assert!(house.queue.write(Batch { done: first, ..Batch::default() }).await.unwrap());
    assert_eq!(house.begin(&[], at(1)).await.len(), 1);
}

async fn what_waits_beside_a_resource_holds_nothing_up(house: House) {
    house.add(vec![item(Kind::User, "1", Reason::Approval), user("1")]).await;
    house.add(vec![item(Kind::User, "2", Reason::Grace), user("2")]).await;
    assert_eq!(house.begin(&[Reason::DryRun], at(1)).await.len(), 2);
}

async fn users_come_before_groups_before_members(house: House) {
    let members = Pending { turn: Turn::Members, ..item(Kind::Group, "m", Reason::DryRun) };
    let group = item(Kind::Group, "g", Reason::DryRun);
    house.add(vec![members, group, user("1"), user("2")]).await;
    for expected in [vec!["1", "2"], vec!["g"], vec!["m"], vec![]] {
        let begun = house.begin(&[Reason::DryRun], at(1)).await;
        let all = house.all().await;
        let named: Vec<_> = all.iter().filter(|it| begun.contains(&it.sequence)).cloned().collect();
        assert_eq!(names(&named), expected);
        assert!(house.queue.write(Batch { done: begun, ..Batch::default() }).await.unwrap());
    }
}

/// One process at a time has the file, so nobody has to be waited for.
#[tokio::test]
async fn a_file_that_is_opened_again_is_worked_on_at_once() {
    let house = sqlite().await.unwrap();
    house.add(vec![user("1")]).await;
    let first = house.begin(&[Reason::DryRun], at(10)).await;
    assert_eq!(first.len(), 1);
    assert_eq!(house.begin(&[Reason::DryRun], at(10)).await, NOTHING);
    let House { queue, others, store, _folder: folder } = house;
    drop((queue, others, store));
    let path = folder.as_ref().unwrap().path().join("matricula.db");
    let again = House::of(Sqlite::open(&path).unwrap(), folder);
    assert_eq!(again.begin(&[Reason::DryRun], at(10)).await, first);
    assert_eq!(again.all().await[0].attempts, 2, "it may have happened");
}

async fn who_died_at_it_is_followed_by_another(house: House) {
    house.add(vec![user("1")]).await;
    let first = house.begin(&[Reason::DryRun], at(0)).await;
    assert_eq!(house.begin(&[Reason::DryRun], at(59)).await, NOTHING);
    assert_eq!(house.begin(&[Reason::DryRun], at(61)).await, first);
    assert_eq!(house.all().await[0].attempts, 2, "it may have happened");
}

async fn a_person_releases_what_is_chosen_and_no_more(house: House) {
    let later = Pending { due: at(500), ..item(Kind::User, "1", Reason::Guard) };
    house.add(vec![later, item(Kind::User, "2", Reason::Guard), user("3")]).await;
    let choice = Choice { reason: Some(Reason::Guard), ..Choice::default() };
    assert_eq!(house.queue.release(&choice, at(1)).await.unwrap(), 2);
    assert_eq!(house.begin(&[], at(1)).await.len(), 2, "at once");
    let one = Choice { id: Some(id("3")), kind: Some(Kind::User), ..Choice::default() };
    assert_eq!(house.queue.release(&one, at(1)).await.unwrap(), 1);
    assert_eq!(house.begin(&[], at(1)).await.len(), 1);
    let nobody = Choice { sequence: Some(4711), ..Choice::default() };
    assert_eq!(house.queue.release(&nobody, at(1)).await.unwrap(), 0);
}

async fn work_that_is_done_is_gone_and_the_queue_knows_when_it_is_empty(house: House) {
    assert!(house.queue.is_empty());
    house.add(vec![user("1"), user("2")]).await;
    assert!(!house.queue.is_empty() && house.others.is_empty());
    for one in house.all().await {
        assert!(!house.queue.is_empty());
        let done = Batch { done: vec![one.sequence], ..Batch::default() };
        assert!(house.queue.write(done).await.unwrap());
    }
    assert!(house.queue.is_empty());
    house.add(vec![user("1")]).await;
    assert!(!house.queue.is_empty());
}

async fn tallies_count_by_reason(house: House) {
    let old = Pending { at: at(-50), failure: Some("no".to_owned()), ..user("2") };
    house.add(vec![user("1"), old, item(Kind::Group, "1", Reason::Guard)]).await;
    let mut tallies = house.queue.tally().await.unwrap();
    tallies.sort_by_key(|tally| tally.reason);
    let told: Vec<_> =
        tallies.iter().map(|it| (it.reason, it.count, it.failed, it.oldest)).collect();
    assert_eq!(told, [(Reason::DryRun, 2, 1, at(-50)), (Reason::Guard, 1, 0, at(0))]);
}

async fn removals_are_counted_up_to_the_most_and_within_the_span(house: House) {
    let span = Duration::from_mins(1);
    for (second, before) in [(0, 0), (10, 1), (20, 2), (30, 2), (59, 2), (61, 1), (62, 2)] {
        let counted = house.queue.removal(at(second), at(second) - span, 2).await.unwrap();
        assert_eq!(counted, before, "{second}");
    }
    house.queue.no_removal(at(61)).await.unwrap();
    assert_eq!(house.queue.removal(at(63), at(63) - span, 2).await.unwrap(), 1);
    assert_eq!(house.others.removal(at(63), at(3), 2).await.unwrap(), 0);
}

async fn one_tenant_does_not_see_another(house: House) {
    house.add(vec![user("1")]).await;
    assert!(house.others.page(&Choice::default(), 0, 9).await.unwrap().is_empty());
    assert_eq!(house.others.resources(Kind::User).await.unwrap(), Vec::<ResourceId>::new());
    let sequence = house.all().await[0].sequence;
    let batch = Batch { done: vec![sequence], ..Batch::default() };
    assert!(house.others.write(batch).await.unwrap());
    assert_eq!(house.others.release(&Choice::default(), at(1)).await.unwrap(), 0);
    assert_eq!(house.all().await.len(), 1);
}
