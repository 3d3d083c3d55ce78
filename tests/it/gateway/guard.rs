//! The guard counts what is taken away from people: each removal, and each once.

use std::time::Duration;

use matricula::policy::{Guard, Reason, Rules};
use matricula::sandbox::Fault;
use matricula::store::{Batch, Choice, Pending};
use serde_json::json;

use super::House;
use super::house::{waiting, writes_through};
use super::journey::{nina, person};
use super::policies::{active, house, suspended};

fn lets_through(removals: usize) -> Rules {
    let guard = Some(Guard { removals, within: Duration::from_mins(40) });
    Rules { guard, ..writes_through() }
}

/// The paths of some people.
async fn people(house: &House, names: &[&str]) -> Vec<String> {
    let mut paths = Vec::new();
    for name in names {
        paths.push(format!("/Users/{}", house.post("/Users", person(name)).await.id()));
    }
    paths
}

fn disabled(house: &House) -> usize {
    house.lms.people().iter().filter(|it| it.suspended).count()
}

#[tokio::test]
async fn a_disabling_that_was_dropped_is_counted_when_it_comes_again() {
    let house = house(lets_through(1)).await;
    let paths = people(&house, &["a", "b", "c", "d", "e"]).await;
    for path in &paths {
        assert_eq!(house.patch(path, active(false)).await.status, 204);
    }
    assert_eq!(disabled(&house), 1);
    let held = Choice { reason: Some(Reason::Guard), ..Choice::default() };
    assert_eq!(house.tenant.drop_waiting(&held).await.unwrap(), 4);
    // The client finds four of them enabled, and says the same in its next cycle.
    let mut again = 0;
    for path in &paths {
        if house.get(path).await.body["active"] == json!(true) {
            again += 1;
            assert_eq!(house.patch(path, active(false)).await.status, 204);
        }
    }
    assert_eq!((again, disabled(&house), waiting(&house).await.len()), (4, 1, 4));
}

#[tokio::test]
async fn whom_an_administrator_enabled_is_counted_when_disabled_again() {
    let house = house(lets_through(1)).await;
    let paths = people(&house, &["a", "b"]).await;
    assert_eq!(house.patch(&paths[0], active(false)).await.status, 204);
    let by_hand = house.lms.people().into_iter().find(|it| it.suspended).unwrap().id;
    house.lms.with(|moodle| moodle.people.edit(by_hand, |it| it.suspended = false)).unwrap();
    assert_eq!(house.patch(&paths[0], active(false)).await.status, 204);
    assert_eq!((disabled(&house), waiting(&house).await.len()), (0, 1), "it is the second");
}

#[tokio::test]
async fn whoever_is_disabled_already_is_not_counted() {
    let house = house(lets_through(1)).await;
    let paths = people(&house, &["a"]).await;
    for _ in 0..3 {
        assert_eq!(house.patch(&paths[0], active(false)).await.status, 204);
    }
    assert_eq!((disabled(&house), waiting(&house).await), (1, vec![]));
}

#[tokio::test]
async fn a_removal_that_waits_for_the_end_of_an_outage_is_counted_once() {
    let rules = Rules { outage: true, ..lets_through(3) };
    let mut house = house(rules.clone()).await;
    let paths = people(&house, &["a", "b", "c"]).await;
    // In Moodle's own words: it certainly did nothing.
    let maintenance = || Fault::Exception("sitemaintenance".to_owned());
    for call in ["core_user_update_users", "core_user_delete_users"] {
        house.lms.faults().always(Some(call), maintenance());
    }
    for path in &paths[..2] {
        assert_eq!(house.patch(path, active(false)).await.status, 204);
    }
    assert_eq!(house.delete(&paths[2]).await.status, 204);
    house.lms.faults().clear();
    // As some minutes later: nothing is known of the outage any more.
    house.under(rules);
    house.work_off().await;
    assert_eq!((disabled(&house), waiting(&house).await), (2, vec![]), "three are let through");
    assert_eq!(suspended(&house, "c"), None);
}

/// The LMS does it, breaks off, and has nobody of that id at the second attempt.
#[tokio::test]
async fn a_delete_whose_answer_was_lost_is_counted() {
    let house = house(lets_through(1)).await;
    let paths = people(&house, &["a", "b"]).await;
    for path in &paths {
        house.lms.faults().on("core_user_delete_users", Fault::DropAfter);
        assert_eq!(house.delete(path).await.status, 204);
    }
    let left = house.lms.people().into_iter().filter(|it| it.idnumber.starts_with("x-"));
    assert_eq!((left.count(), waiting(&house).await.len()), (1, 1), "the second is held");
}

#[tokio::test]
async fn an_enabling_that_is_refused_takes_no_held_disabling_along() {
    let house = house(lets_through(1)).await;
    let paths = people(&house, &["first"]).await;
    let nina = format!("/Users/{}", house.post("/Users", nina()).await.id());
    for path in [&paths[0], &nina] {
        assert_eq!(house.patch(path, active(false)).await.status, 204);
    }
    assert_eq!(waiting(&house).await.len(), 1);
    let taken = json!([{ "op": "replace", "value": {
        "active": true, "userName": "first@hoch.example"
    } }]);
    let refused = house.patch(&nina, taken).await;
    assert_eq!(refused.status, 409, "{refused:?}");
    let shown = house.get(&nina).await.body["active"].clone();
    assert_eq!((waiting(&house).await.len(), shown), (1, json!(false)));
    // What is not refused does.
    assert_eq!(house.patch(&nina, active(true)).await.status, 204);
    let shown = house.get(&nina).await.body["active"].clone();
    assert_eq!((waiting(&house).await, shown), (vec![], json!(true)));
    assert_eq!(suspended(&house, "nina.berg"), Some(false));
}

/// A gateway before the LMS says so in its own words: nobody knows what was done.
#[tokio::test]
async fn a_removal_whose_answer_is_lost_again_and_again_is_counted_once() {
    let guard = Some(Guard { removals: 2, within: Duration::from_mins(40) });
    let rules = Rules { guard, outage: true, ..writes_through() };
    let mut house = house(rules.clone()).await;
    let paths = people(&house, &["a", "b"]).await;
    house.lms.faults().always(Some("core_user_update_users"), Fault::Status(503));
    for path in &paths {
        assert_eq!(house.patch(path, active(false)).await.status, 204);
    }
    for _ in 0..3 {
        house.under(rules.clone());
        house.work_off().await;
        let all = Choice { reason: Some(Reason::Guard), ..Choice::default() };
        assert!(house.pending().page(&all, 0, 9).await.unwrap().is_empty(), "two are allowed");
    }
    house.lms.faults().clear();
    house.under(rules);
    // As hours later: all is tried again.
    let all = house.pending().page(&Choice::default(), 0, 9).await.unwrap();
    let change = all.into_iter().map(|one| Pending { due: one.at, ..one }).collect();
    assert!(house.pending().write(Batch { change, ..Batch::default() }).await.unwrap());
    house.work_off().await;
    let disabled = house.lms.people().into_iter().filter(|it| it.suspended).count();
    assert_eq!((disabled, waiting(&house).await), (2, vec![]));
}
