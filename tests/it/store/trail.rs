//! The trail and the notes of every store, and what happens to a trail in which
//! somebody has a hand.

use std::sync::Arc;

use jiff::Timestamp;
use matricula::secret::Secret;
use matricula::store::{
    Break, Changed, Ends, Key, Link, Outcome, Proof, Record, Store, Trail, Wanted,
};
use serde_json::json;

use super::suite::{House, every_store};

every_store! { [memory locked sqlite postgres] [
    what_was_recorded_is_read_word_by_word_and_holds
    records_at_a_time_make_one_chain
    what_is_wanted_is_found
    what_is_old_goes_and_the_rest_holds
    what_a_wrong_clock_wrote_keeps_nothing_and_takes_nothing_along
    a_lost_key_begins_a_new_chain_behind_the_old_one
    a_note_is_kept_once_and_put_again
] }

fn key() -> Key {
    Key::of(&Secret::new("the key of the school's store"))
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

pub(super) fn record(second: i64) -> Record {
    Record {
        at: at(second),
        tenant: Some("school".to_owned()),
        who: "entra".to_owned(),
        request: Some("4f1c".to_owned()),
        operation: "user.change".to_owned(),
        resource: Some("7".to_owned()),
        name: None,
        decision: "apply".to_owned(),
        reason: None,
        calls: Vec::new(),
        changes: vec![Changed {
            attribute: "title".to_owned(),
            act: "set".to_owned(),
            before: None,
            value: Some(json!("ä \u{0} \"quoted\"")),
            count: None,
        }],
        outcome: Outcome::Done,
        status: None,
        detail: None,
    }
}

fn all() -> Wanted {
    Wanted { most: usize::MAX, ..Wanted::default() }
}

fn proven(key: &Key, ends: &Ends, links: &[Link]) -> Result<u64, Break> {
    let mut proof = Proof::begin(key, ends)?;
    for link in links.iter().filter(|link| link.seq > proof_start(ends)) {
        proof.next(link)?;
    }
    proof.end()
}

fn proof_start(ends: &Ends) -> u64 {
    ends.anchor.as_ref().map_or(0, |anchor| anchor.seq)
}

async fn check(trail: &Arc<dyn Trail>) -> Result<u64, Break> {
    proven(&key(), &trail.ends().await.unwrap(), &trail.links(&all()).await.unwrap())
}

async fn what_was_recorded_is_read_word_by_word_and_holds(house: House) {
    let trail = house.store.trail(&key());
    assert_eq!(check(&trail).await, Ok(0));
    assert_eq!(trail.append(record(1)).await.unwrap(), 1);
    assert_eq!(trail.append(record(2)).await.unwrap(), 2);
    let links = trail.links(&all()).await.unwrap();
    let records: Vec<_> = links.iter().map(|link| link.record().unwrap()).collect();
    assert_eq!(records, [record(1), record(2)]);
    assert_eq!(check(&trail).await, Ok(2));
    let stranger = Key::of(&Secret::new("the key of somebody else"));
    let ends = trail.ends().await.unwrap();
    assert_eq!(proven(&stranger, &ends, &links), Err(Break::End("head")));
}

async fn records_at_a_time_make_one_chain(house: House) {
    let trail = house.store.trail(&key());
    let mut tasks = tokio::task::JoinSet::new();
    for second in 0..200 {
        let trail = Arc::clone(&trail);
        tasks.spawn(async move { trail.append(record(second)).await.unwrap() });
    }
    let mut numbers = tasks.join_all().await;
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=200).collect::<Vec<_>>());
    assert_eq!(check(&trail).await, Ok(200));
}

async fn what_is_wanted_is_found(house: House) {
    let trail = house.store.trail(&key());
    let named = Record { name: Some("nina".to_owned()), resource: None, ..record(2) };
    let refused = Record { outcome: Outcome::Refused, ..record(3) };
    let elsewhere = Record { tenant: None, ..record(4) };
    for record in [record(1), named, refused, elsewhere, record(5)] {
        trail.append(record).await.unwrap();
    }
    let text = |text: &str| Some(text.to_owned());
    for (wanted, expected) in [
        (all(), vec![1, 2, 3, 4, 5]),
        (Wanted { after: 3, ..all() }, vec![4, 5]),
        (Wanted { tenant: text("school"), ..all() }, vec![1, 2, 3, 5]),
        (Wanted { resource: text("7"), ..all() }, vec![1, 3, 4, 5]),
        (Wanted { resource: text("nina"), ..all() }, vec![2]),
        (Wanted { outcome: Some(Outcome::Refused), ..all() }, vec![3]),
        (Wanted { since: Some(at(2)), until: Some(at(4)), ..all() }, vec![2, 3]),
        (Wanted { most: 2, ..all() }, vec![1, 2]),
        (Wanted { most: 2, latest: true, ..all() }, vec![4, 5]),
        (Wanted { resource: text("x' OR 1=1 --"), ..all() }, vec![]),
    ] {
        let found = trail.links(&wanted).await.unwrap();
        let found: Vec<_> = found.iter().map(|link| link.seq).collect();
        assert_eq!(found, expected, "{wanted:?}");
    }
}

async fn what_is_old_goes_and_the_rest_holds(house: House) {
    let trail = house.store.trail(&key());
    for second in 1..=9 {
        trail.append(record(second)).await.unwrap();
    }
    assert_eq!(trail.prune(at(5)..=at(9), 3).await.unwrap(), 3);
    assert_eq!(trail.prune(at(5)..=at(9), 3).await.unwrap(), 1);
    assert_eq!(trail.prune(at(5)..=at(9), 3).await.unwrap(), 0);
    assert_eq!(check(&trail).await, Ok(9));
    assert_eq!(trail.links(&all()).await.unwrap().len(), 5);
    assert_eq!(trail.prune(at(100)..=at(200), 100).await.unwrap(), 5);
    assert_eq!(check(&trail).await, Ok(9));
    assert_eq!(trail.append(record(101)).await.unwrap(), 10);
    assert_eq!(check(&trail).await, Ok(10));
}

async fn what_a_wrong_clock_wrote_keeps_nothing_and_takes_nothing_along(house: House) {
    let trail = house.store.trail(&key());
    // It went ahead, then right, ahead again for longer, and then back.
    for second in [900, 1, 2, 901, 902, 903, 904, 3, 4, 50, 905, 51, 5, 52] {
        trail.append(record(second)).await.unwrap();
    }
    assert_eq!(trail.prune(at(40)..=at(60), 2).await.unwrap(), 3);
    assert_eq!(check(&trail).await, Ok(14));
    assert_eq!(trail.prune(at(40)..=at(60), 2).await.unwrap(), 6);
    assert_eq!(trail.prune(at(40)..=at(60), 9).await.unwrap(), 0, "the next is not old");
    assert_eq!(check(&trail).await, Ok(14));
    assert_eq!(trail.prune(at(52)..=at(60), 9).await.unwrap(), 4);
    let left = trail.links(&all()).await.unwrap();
    assert_eq!(left.iter().map(|link| link.seq).collect::<Vec<_>>(), [14]);
    assert_eq!(check(&trail).await, Ok(14));
}

async fn a_lost_key_begins_a_new_chain_behind_the_old_one(house: House) {
    let lost = house.store.trail(&Key::fresh().unwrap());
    lost.append(record(1)).await.unwrap();
    lost.append(record(2)).await.unwrap();
    let trail = house.store.trail(&key());
    assert_eq!(check(&trail).await, Err(Break::End("head")));
    trail.restart().await.unwrap();
    assert_eq!(trail.append(record(3)).await.unwrap(), 3);
    assert_eq!(check(&trail).await, Ok(3));
    assert_eq!(trail.links(&all()).await.unwrap().len(), 3, "the old ones can still be read");
    assert_eq!(trail.prune(at(2)..=at(3), 9).await.unwrap(), 1);
    assert_eq!(check(&trail).await, Ok(3));
}

async fn a_note_is_kept_once_and_put_again(house: House) {
    let notes = house.store.notes();
    assert_eq!(notes.get("a").await.unwrap(), None);
    assert_eq!(notes.keep("a", "first").await.unwrap(), "first");
    assert_eq!(notes.keep("a", "second").await.unwrap(), "first");
    notes.put("a", "third").await.unwrap();
    assert_eq!(notes.get("a").await.unwrap().as_deref(), Some("third"));
    assert_eq!(notes.get("b").await.unwrap(), None);
}

/// Nine records, and what is read of them.
async fn nine() -> (Ends, Vec<Link>) {
    let trail = matricula::store::Memory::new().trail(&key());
    for second in 1..=9 {
        trail.append(record(second)).await.unwrap();
    }
    (trail.ends().await.unwrap(), trail.links(&all()).await.unwrap())
}

#[tokio::test]
async fn whatever_is_done_to_a_record_shows_and_where() {
    let (ends, links) = nine().await;
    let with = |change: &dyn Fn(&mut Vec<Link>)| {
        let mut links = links.clone();
        change(&mut links);
        proven(&key(), &ends, &links)
    };
    assert_eq!(with(&|_| ()), Ok(9));
    let altered = with(&|links| links[4].body = links[4].body.replace("entra", "okta"));
    assert_eq!(altered, Err(Break::Altered(5)));
    assert_eq!(with(&|links| drop(links.remove(4))), Err(Break::Missing(5)));
    assert_eq!(with(&|links| drop(links.remove(0))), Err(Break::Missing(1)));
    assert_eq!(with(&|links| links.truncate(7)), Err(Break::Cut(7, 9)));
    assert_eq!(with(&|links| links.swap(2, 3)), Err(Break::Missing(3)));
    let renumbered = with(&|links| {
        links.remove(4);
        links.iter_mut().skip(4).for_each(|link| link.seq -= 1);
    });
    assert_eq!(renumbered, Err(Break::Altered(5)));
    let copied = with(&|links| links[4] = Link { seq: 5, ..links[3].clone() });
    assert_eq!(copied, Err(Break::Altered(5)));
}

#[tokio::test]
async fn ends_that_others_set_show() {
    let (ends, links) = nine().await;
    let mut cut = ends.clone();
    let head = cut.head.as_mut().unwrap();
    (head.seq, head.digest) = (7, links[6].digest);
    assert_eq!(proven(&key(), &cut, &links[..7]), Err(Break::End("head")));
    let mut moved = ends.clone();
    moved.anchor = ends.head.clone();
    assert_eq!(proven(&key(), &moved, &links), Err(Break::End("anchor")), "a head is no anchor");
    let none = Ends { head: None, ..ends };
    assert_eq!(proven(&key(), &none, &links), Err(Break::Headless));
}
