//! In which order it is done what waits for one person.

use std::time::Duration;

use matricula::clock::Clock;
use matricula::policy::{Deprovision, Guard, Rules};
use matricula::sandbox::Fault;
use matricula::store::Choice;
use serde_json::{Value, json};

use super::House;
use super::house::{waiting, writes_through};
use super::journey::{nina, person};
use super::policies::{active, house, suspended};

/// Nina has another's name by a write that waited, and that the LMS refuses.
async fn refused(rules: Rules, edits: Value) -> (House, String) {
    let rules = Rules { outage: true, ..rules };
    let mut house = house(rules.clone()).await;
    assert_eq!(house.post("/Users", person("eva")).await.status, 201);
    let path = format!("/Users/{}", house.post("/Users", nina()).await.id());
    house.lms.faults().always(None, Fault::Status(503));
    assert_eq!(house.patch(&path, edits).await.status, 204);
    house.lms.faults().clear();
    // As some minutes later: nothing is known of the outage any more.
    house.under(rules);
    (house, path)
}

fn as_eva() -> Value {
    json!([{ "op": "replace", "value": { "userName": "eva@hoch.example", "active": true } }])
}

/// As some hours later: all is tried again.
async fn tried_again(house: &House) {
    house.pending().release(&Choice::default(), Clock::system().now()).await.unwrap();
    house.work_off().await;
}

#[tokio::test]
async fn a_write_that_is_refused_does_not_hold_up_a_disabling() {
    let (house, path) = refused(writes_through(), as_eva()).await;
    house.work_off().await;
    assert_eq!(house.patch(&path, active(false)).await.status, 204);
    house.work_off().await;
    assert_eq!(suspended(&house, "nina.berg"), Some(true), "{:?}", waiting(&house).await);
    assert_eq!(house.get(&path).await.body["active"], json!(false));
    // Eva leaves, so the name is free: nobody is enabled by what was said before.
    let eva = house.find("Users", r#"externalId eq "x-eva""#).await;
    let eva = format!("/Users/{}", eva.body["Resources"][0]["id"].as_str().unwrap());
    assert_eq!(house.delete(&eva).await.status, 204);
    tried_again(&house).await;
    assert_eq!((suspended(&house, "eva"), waiting(&house).await), (Some(true), vec![]));
}

#[tokio::test]
async fn a_disabling_that_waited_already_is_not_held_up_either() {
    let (house, path) = refused(writes_through(), as_eva()).await;
    let nickname = json!({ "active": false, "nickName": "Ni" });
    let nickname = json!([{ "op": "replace", "value": nickname }]);
    assert_eq!(house.patch(&path, nickname).await.status, 204);
    assert_eq!(waiting(&house).await.len(), 2);
    house.work_off().await;
    assert_eq!(suspended(&house, "nina.berg"), Some(true), "{:?}", waiting(&house).await);
    let left: Vec<_> = waiting(&house).await.into_iter().map(|it| it.failure.is_some()).collect();
    assert_eq!(left, [true, false], "the name, and in its order what else was said");
}

#[tokio::test]
async fn whoever_is_disabled_with_a_name_that_is_refused_is_disabled() {
    let both = json!({ "userName": "eva@hoch.example", "active": false });
    let both = json!([{ "op": "replace", "value": both }]);
    let (house, _) = refused(writes_through(), both).await;
    house.work_off().await;
    assert_eq!(suspended(&house, "nina.berg"), Some(true), "{:?}", waiting(&house).await);
    assert_eq!(waiting(&house).await.len(), 1, "the name");
}

#[tokio::test]
async fn a_write_that_is_refused_does_not_hold_up_a_delete() {
    let rules = Rules { deprovision: Deprovision::Disable, ..writes_through() };
    let (house, path) = refused(rules, as_eva()).await;
    house.work_off().await;
    assert_eq!(house.delete(&path).await.status, 204);
    house.work_off().await;
    assert_eq!((suspended(&house, "nina.berg"), waiting(&house).await), (Some(true), vec![]));
    assert_eq!(house.get(&path).await.status, 404);
}

#[tokio::test]
async fn a_disabling_that_goes_first_is_counted_like_any_other() {
    let guard = Some(Guard { removals: 1, within: Duration::from_mins(40) });
    let (house, path) = refused(Rules { guard, ..writes_through() }, as_eva()).await;
    house.work_off().await;
    let first = format!("/Users/{}", house.post("/Users", person("first")).await.id());
    assert_eq!(house.patch(&first, active(false)).await.status, 204);
    assert_eq!(house.patch(&path, active(false)).await.status, 204);
    house.work_off().await;
    assert_eq!(suspended(&house, "nina.berg"), Some(false), "it is held");
    tried_again(&house).await;
    assert_eq!(suspended(&house, "nina.berg"), Some(true), "{:?}", waiting(&house).await);
}

#[tokio::test]
async fn whoever_is_enabled_again_behind_a_refused_write_is_enabled() {
    let (house, path) = refused(writes_through(), as_eva()).await;
    house.work_off().await;
    for last in [false, true] {
        assert_eq!(house.patch(&path, active(last)).await.status, 204);
        house.work_off().await;
        assert_eq!(suspended(&house, "nina.berg"), Some(!last), "{:?}", waiting(&house).await);
        assert_eq!(house.get(&path).await.body["active"], json!(last));
    }
}

#[tokio::test]
async fn of_what_waited_the_last_word_counts() {
    let (house, path) = refused(writes_through(), as_eva()).await;
    for last in [false, true] {
        assert_eq!(house.patch(&path, active(last)).await.status, 204);
    }
    for _ in 0..3 {
        tried_again(&house).await;
    }
    assert_eq!(suspended(&house, "nina.berg"), Some(false), "{:?}", waiting(&house).await);
}

/// What it waits for may never come: nobody may approve of that.
#[tokio::test]
async fn a_name_that_is_not_free_yet_does_not_hold_up_a_disabling() {
    let guard = Some(Guard { removals: 0, within: Duration::from_mins(40) });
    let mut house = house(Rules { guard, ..writes_through() }).await;
    let eva = format!("/Users/{}", house.post("/Users", person("eva")).await.id());
    let nina = format!("/Users/{}", house.post("/Users", nina()).await.id());
    assert_eq!(house.delete(&eva).await.status, 204);
    house.under(writes_through());
    assert_eq!(house.patch(&nina, as_eva()).await.status, 204);
    assert_eq!(house.patch(&nina, active(false)).await.status, 204);
    house.work_off().await;
    assert_eq!(suspended(&house, "nina.berg"), Some(true), "{:?}", waiting(&house).await);
    assert_eq!(house.get(&nina).await.body["active"], json!(false));
    assert_eq!(waiting(&house).await.len(), 2, "the delete that is held, and the name");
    tried_again(&house).await;
    tried_again(&house).await;
    assert_eq!((suspended(&house, "eva"), waiting(&house).await), (Some(true), vec![]));
}
