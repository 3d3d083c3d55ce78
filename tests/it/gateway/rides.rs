//! Lookups beyond the LMS's slots share calls; nobody suffers for another.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use super::house::until;
use super::journey::person;
use super::raw::{Raw, request};
use super::{Answer, House, Options};
use crate::server::{held, settle};
use matricula::sandbox::{Fault, Latch, Person};
use serde_json::json;
use tokio::task::JoinSet;
use tokio::time::{Instant, advance};

const BY_FIELD: &str = "core_user_get_users_by_field";

/// A house whose LMS takes one call at a time.
async fn narrow() -> Arc<House> {
    let backend = |settings: &mut matricula::backend::Settings| settings.limits.concurrency = 1;
    Arc::new(House::with(Options { backend, ..Options::default() }).await)
}

/// Takes the only slot, until the latch is released.
async fn occupied(house: &Arc<House>) -> (Latch, tokio::task::JoinHandle<Answer>) {
    let latch = Latch::new();
    house.lms.calls().reset();
    house.lms.faults().on(BY_FIELD, Fault::Held(latch.clone()));
    let first = Arc::clone(house);
    let first = tokio::spawn(async move { first.get("/Users/3").await });
    latch.arrived(1).await;
    (latch, first)
}

/// Asks all of these while the slot is taken; the answers in order.
async fn together(house: &Arc<House>, paths: &[String]) -> Vec<Answer> {
    let (latch, first) = occupied(house).await;
    let mut asking = JoinSet::new();
    let answered = Arc::new(AtomicU32::new(0));
    for (index, path) in paths.iter().cloned().enumerate() {
        let (house, answered) = (Arc::clone(house), Arc::clone(&answered));
        asking.spawn(async move {
            let answer = house.get(&path).await;
            answered.fetch_add(1, Ordering::SeqCst);
            (index, answer)
        });
    }
    // Some need not wait for the LMS to know that it has nobody like that.
    let all = f64::from(u32::try_from(paths.len()).unwrap() + 1);
    let waiting = || house.measured("matricula_scim_requests_in_flight");
    until(|| waiting() + f64::from(answered.load(Ordering::SeqCst)) >= all).await;
    latch.release();
    let mut answers = asking.join_all().await;
    assert_eq!(first.await.unwrap().status, 200);
    answers.sort_by_key(|(index, _)| *index);
    answers.into_iter().map(|(_, answer)| answer).collect()
}

async fn people(house: &House, count: usize) -> Vec<String> {
    let mut ids = Vec::new();
    for index in 0..count {
        ids.push(house.post("/Users", person(&format!("p{index}"))).await.id().to_owned());
    }
    ids
}

#[tokio::test]
async fn most_slots_are_kept_from_lookups_that_can_share_a_call() {
    let backend = |settings: &mut matricula::backend::Settings| settings.limits.concurrency = 8;
    let house = House::with(Options { backend, ..Options::default() }).await;
    let house = Arc::new(house);
    let ids = people(&house, 20).await;
    house.lms.calls().reset();
    let latch = Latch::new();
    house.lms.faults().always(Some(BY_FIELD), Fault::Held(latch.clone()));
    let mut asking = JoinSet::new();
    for id in ids {
        let house = Arc::clone(&house);
        asking.spawn(async move { house.get(&format!("/Users/{id}")).await.status });
    }
    house.in_flight(20).await;
    latch.arrived(2).await;
    house.lms.faults().clear();
    latch.release();
    assert_eq!(asking.join_all().await, [200; 20]);
    // Two go alone, and whoever comes meanwhile goes with the next.
    assert!(house.lms.calls().total() <= 4, "{:?}", house.lms.calls().by_function());
}

#[tokio::test]
async fn reads_by_id_that_wait_share_one_call() {
    let house = narrow().await;
    let ids = people(&house, 20).await;
    let paths: Vec<_> = ids.iter().map(|id| format!("/Users/{id}")).collect();
    let answers = together(&house, &paths).await;
    for (id, answer) in ids.iter().zip(&answers) {
        assert_eq!((answer.status, answer.id()), (200, id.as_str()), "{answer:?}");
    }
    assert_eq!(house.lms.calls().total(), 2, "{:?}", house.lms.calls().by_function());
}

/// Where the LMS has no place for an attribute, whoever has the value is known to us, and
/// asked for by id.
#[tokio::test]
async fn whom_we_know_by_a_filter_is_found_while_others_are_read() {
    let house = narrow().await;
    let ids = people(&house, 3).await;
    let title = json!([{ "op": "replace", "path": "title", "value": "Dean" }]);
    assert_eq!(house.patch(&format!("/Users/{}", ids[0]), title).await.status, 204);
    let mut paths: Vec<_> = ids[1..].iter().map(|id| format!("/Users/{id}")).collect();
    paths.push("/Users?filter=title+eq+%22Dean%22".to_owned());
    let answers = together(&house, &paths).await;
    for (id, answer) in ids[1..].iter().zip(&answers) {
        assert_eq!((answer.status, answer.id()), (200, id.as_str()), "{answer:?}");
    }
    assert_eq!(answers[2].body["totalResults"], json!(1), "{:?}", answers[2]);
    assert_eq!(answers[2].body["Resources"][0]["id"], json!(ids[0]));
}

#[tokio::test]
async fn filters_that_wait_share_one_call_and_find_their_own() {
    let house = narrow().await;
    let ids = people(&house, 10).await;
    let filter = |name: &str| format!("/Users?filter=userName+eq+%22{name}%40HOCH.example%22");
    let mut paths: Vec<_> = (0..10).map(|index| filter(&format!("p{index}"))).collect();
    paths.push(filter("nobody"));
    let answers = together(&house, &paths).await;
    for (id, answer) in ids.iter().zip(&answers) {
        assert_eq!(answer.body["Resources"][0]["id"], json!(id), "{answer:?}");
        assert_eq!(answer.body["totalResults"], json!(1));
    }
    assert_eq!(answers[10].body["totalResults"], json!(0));
    assert_eq!(house.lms.calls().total(), 2, "{:?}", house.lms.calls().by_function());
}

#[tokio::test]
async fn different_questions_do_not_share_a_call() {
    let house = narrow().await;
    let ids = people(&house, 2).await;
    let paths = [
        format!("/Users/{}", ids[0]),
        "/Users?filter=userName+eq+%22p1%40hoch.example%22".to_owned(),
        "/Users?filter=externalId+eq+%22x-p0%22".to_owned(),
    ];
    let answers = together(&house, &paths).await;
    assert_eq!(answers[0].id(), ids[0]);
    assert_eq!(answers[1].body["Resources"][0]["id"], json!(ids[1]));
    assert_eq!(answers[2].body["Resources"][0]["id"], json!(ids[0]));
    assert_eq!(house.lms.calls().total(), 4);
}

#[tokio::test]
async fn an_account_that_spoils_answers_spoils_only_its_own() {
    let house = narrow().await;
    let ids = people(&house, 5).await;
    let bad = spoiler(&house);
    let mut paths: Vec<_> = ids.iter().map(|id| format!("/Users/{id}")).collect();
    paths.insert(2, format!("/Users/{bad}"));
    let answers = together(&house, &paths).await;
    let statuses: Vec<_> = answers.iter().map(|answer| answer.status).collect();
    assert_eq!(statuses, [200, 200, 502, 200, 200, 200]);
    assert!(answers[2].header("retry-after").is_some());
    // Nor is it taken for missing when it is asked for again.
    assert_eq!(house.get(&paths[2]).await.status, 502);
}

#[tokio::test]
async fn ids_that_nobody_can_have_spoil_no_shared_call() {
    let house = narrow().await;
    let ids = people(&house, 3).await;
    let mut paths: Vec<_> = ids.iter().map(|id| format!("/Users/{id}")).collect();
    let odd = ["abc", "0", "-1", "99999999999999999999", "1%20or%201", "12abc", "%00", "4711"];
    paths.extend(odd.iter().map(|id| format!("/Users/{id}")));
    let answers = together(&house, &paths).await;
    for (path, answer) in paths.iter().zip(&answers) {
        let known = ids.iter().any(|id| path.ends_with(&format!("/{id}")));
        assert_eq!(answer.status, if known { 200 } else { 404 }, "{path}: {answer:?}");
    }
}

#[tokio::test]
async fn an_illness_is_told_to_all_who_ride() {
    let house = narrow().await;
    let ids = people(&house, 4).await;
    let paths: Vec<_> = ids.iter().map(|id| format!("/Users/{id}")).collect();
    let (latch, first) = occupied(&house).await;
    house.lms.faults().always(Some(BY_FIELD), Fault::Page);
    let mut asking = JoinSet::new();
    for path in paths.clone() {
        let house = Arc::clone(&house);
        asking.spawn(async move { house.get(&path).await });
    }
    house.in_flight(5).await;
    latch.release();
    for answer in asking.join_all().await {
        assert_eq!(answer.status, 503, "{answer:?}");
        assert!(answer.header("retry-after").is_some());
    }
    assert_eq!(first.await.unwrap().status, 200);
    house.lms.faults().clear();
    for path in &paths {
        assert_eq!(house.get(path).await.status, 200);
    }
}

#[tokio::test]
async fn who_leaves_does_not_stop_those_who_ride_along() {
    let house = narrow().await;
    let ids = people(&house, 3).await;
    let (latch, first) = occupied(&house).await;
    let mut leaver = Raw::to(&house).await;
    leaver.say(&request(&house, &format!("GET /demo/scim/v2/Users/{}", ids[0]), "", "")).await;
    house.in_flight(2).await;
    let mut asking = JoinSet::new();
    for id in &ids[1..] {
        let (house, id) = (Arc::clone(&house), id.clone());
        asking.spawn(async move { house.get(&format!("/Users/{id}")).await.status });
    }
    house.in_flight(4).await;
    drop(leaver);
    house.in_flight(3).await;
    latch.release();
    assert_eq!(asking.join_all().await, [200, 200]);
    assert_eq!(first.await.unwrap().status, 200);
}

/// With the same time for the LMS as a request has that goes alone.
#[tokio::test(start_paused = true)]
async fn who_rides_waits_for_the_lms_no_longer_than_who_goes_alone() {
    held(async {
        let backend = |settings: &mut matricula::backend::Settings| {
            settings.limits.concurrency = 1;
            settings.timing.attempt = Duration::from_mins(10);
            settings.timing.whole = Duration::from_mins(10);
        };
        let patience = Duration::from_secs(20);
        let house = House::with(Options { backend, patience, ..Options::default() }).await;
        let house = Arc::new(house);
        let ids = people(&house, 3).await;
        let (_latch, first) = occupied(&house).await;
        house.lms.faults().always(Some(BY_FIELD), Fault::Held(Latch::new()));
        let mut riding = JoinSet::new();
        for id in ids {
            let house = Arc::clone(&house);
            riding.spawn(async move { house.get(&format!("/Users/{id}")).await });
        }
        house.in_flight(4).await;
        let begun = Instant::now();
        while !riding.is_empty() && begun.elapsed() < 3 * patience {
            advance(Duration::from_secs(1)).await;
            settle().await;
            while let Some(answer) = riding.try_join_next() {
                let answer = answer.unwrap();
                assert_eq!(answer.status, 503, "{answer:?}");
                assert!(answer.header("retry-after").is_some());
                assert!(begun.elapsed() < patience + Duration::from_secs(3));
            }
        }
        assert!(riding.is_empty(), "some were never answered");
        assert_eq!(first.await.unwrap().status, 503);
    })
    .await;
}

/// A person whom Moodle cannot show: she spoils the answer of all who ride with her.
fn spoiler(house: &House) -> String {
    // Made when the site allowed such names; it does not any more.
    let bad = Person::new("bad+name", "B", "N", "bad@hoch.example");
    house.lms.with(|moodle| moodle.people.insert(bad).unwrap()).to_string()
}

#[tokio::test]
async fn who_spoils_the_answer_of_many_is_found_by_halves() {
    let house = narrow().await;
    let mut ids = people(&house, 63).await;
    ids.insert(40, spoiler(&house));
    let paths: Vec<_> = ids.iter().map(|id| format!("/Users/{id}")).collect();
    let answers = together(&house, &paths).await;
    for (index, answer) in answers.iter().enumerate() {
        assert_eq!(answer.status, if index == 40 { 502 } else { 200 }, "{index}");
    }
    // The one that took the slot, all together, and twice as many as there are halves.
    assert_eq!(house.lms.calls().total(), 2 + 2 * 6);
}

#[tokio::test]
async fn nobody_is_looked_for_who_has_left_when_an_answer_is_spoilt() {
    let house = narrow().await;
    let mut ids = people(&house, 6).await;
    ids.push(spoiler(&house));
    let (latch, first) = occupied(&house).await;
    let ride = Latch::new();
    house.lms.faults().on(BY_FIELD, Fault::Held(ride.clone()));
    let mut riders = Vec::new();
    for id in &ids {
        let mut rider = Raw::to(&house).await;
        rider.say(&request(&house, &format!("GET /demo/scim/v2/Users/{id}"), "", "")).await;
        riders.push(rider);
    }
    house.in_flight(8).await;
    latch.release();
    ride.arrived(1).await;
    assert_eq!(first.await.unwrap().status, 200);
    riders.truncate(1);
    house.in_flight(1).await;
    ride.release();
    assert!(riders[0].head().await.starts_with("http/1.1 200"));
    house.at_rest().await;
    assert_eq!(house.lms.calls().total(), 3, "{:?}", house.lms.calls().by_function());
}
