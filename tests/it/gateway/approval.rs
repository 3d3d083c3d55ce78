//! What waits is done as it was said last, however the worker and a client meet.

use std::sync::Arc;

use matricula::clock::Clock;
use matricula::policy::{Activation, Mode, Reason, Rules};
use matricula::sandbox::{Fault, Latch};
use matricula::scim::Kind;
use matricula::store::Choice;
use serde_json::json;

use super::House;
use super::house::{waiting, writes_through};
use super::journey::nina;
use super::policies::{active, house, suspended};

/// An account that waits, disabled, for a person's approval.
async fn unapproved() -> (Arc<House>, String) {
    let rules = Rules { activation: Activation::Manual, ..writes_through() };
    let house = Arc::new(house(rules).await);
    let made = house.post("/Users", nina()).await;
    assert_eq!(suspended(&house, "nina.berg"), Some(true));
    let path = format!("/Users/{}", made.id());
    (house, path)
}

async fn approve(house: &House) {
    let choice = Choice { reason: Some(Reason::Approval), ..Choice::default() };
    assert_eq!(house.pending().release(&choice, Clock::system().now()).await.unwrap(), 1);
}

/// The client disables the account, and has the turn until the latch is open.
async fn disabling(house: &Arc<House>, path: &str) -> (Latch, tokio::task::JoinHandle<u16>) {
    let latch = Latch::new();
    house.lms.faults().on("core_user_get_users_by_field", Fault::Held(latch.clone()));
    let (house, path) = (Arc::clone(house), path.to_owned());
    let change = tokio::spawn(async move { house.patch(&path, active(false)).await.status });
    latch.arrived(1).await;
    (latch, change)
}

#[tokio::test]
async fn an_approval_that_was_begun_does_what_the_client_said_last() {
    let (house, path) = unapproved().await;
    let (latch, change) = disabling(&house, &path).await;
    approve(&house).await;
    let round = tokio::spawn({
        let house = Arc::clone(&house);
        async move { house.tenant.round().await.unwrap() }
    });
    while house.pending().begun(Kind::User).await.unwrap().is_empty() {
        tokio::task::yield_now().await;
    }
    latch.release();
    assert_eq!(change.await.unwrap(), 204);
    assert_eq!(round.await.unwrap().begun, 1);
    house.work_off().await;
    let kept = house.get(&path).await.body["active"].clone();
    assert_eq!((suspended(&house, "nina.berg"), kept), (Some(true), json!(false)));
    assert_eq!(waiting(&house).await, [], "it is approved, all the same");
}

#[tokio::test]
async fn a_persons_yes_outlives_what_the_client_says_meanwhile() {
    let (house, path) = unapproved().await;
    let (latch, change) = disabling(&house, &path).await;
    approve(&house).await;
    latch.release();
    assert_eq!(change.await.unwrap(), 204);
    assert!(waiting(&house).await[0].released);
    assert_eq!(house.work_off().await, 1);
    assert_eq!(house.patch(&path, active(true)).await.status, 204);
    assert_eq!(suspended(&house, "nina.berg"), Some(false), "an account like any other");
}

/// The LMS is told nothing by it, and is asked whether the account is there.
#[tokio::test]
async fn what_is_said_of_an_account_that_is_not_approved_is_done_though_a_delete_waits_behind() {
    let rules = Rules { activation: Activation::Manual, ..writes_through() };
    let mut house = house(rules.clone()).await;
    let path = format!("/Users/{}", house.post("/Users", nina()).await.id());
    house.under(Rules { mode: Mode::DryRun, ..rules.clone() });
    assert_eq!(house.patch(&path, active(false)).await.status, 204);
    assert_eq!(house.delete(&path).await.status, 204);
    let tenant = house.under(rules);
    let round = tenant.round().await.unwrap();
    assert_eq!((round.begun, round.failed), (1, 0), "{:?}", waiting(&house).await);
    house.work_off().await;
    assert_eq!((suspended(&house, "nina.berg"), waiting(&house).await), (None, Vec::new()));
}
