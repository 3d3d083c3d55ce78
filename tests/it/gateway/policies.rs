//! The rules of a tenant, from the client's side and from the LMS's.

use std::time::Duration;

use matricula::clock::Clock;
use matricula::policy::{Activation, Deprovision, Guard, Mode, Protect, Reason, Rules};
use matricula::sandbox::{Fault, Person};
use matricula::scim::{Filter, Matcher, ResourceType};
use matricula::store::Choice;
use serde_json::{Value, json};

use super::house::writes_through;
use super::journey::{nina, person};
use super::privacy::{heard, listen};
use super::{House, Options};

pub(super) async fn house(policy: Rules) -> House {
    House::with(Options { policy, ..Options::default() }).await
}

pub(super) fn active(value: bool) -> Value {
    json!([{ "op": "replace", "path": "active", "value": value }])
}

fn account(house: &House, name: &str) -> Option<Person> {
    let username = format!("{name}@hoch.example").to_lowercase();
    house.lms.people().into_iter().find(|it| it.username == username && !it.deleted)
}

pub(super) fn suspended(house: &House, name: &str) -> Option<bool> {
    account(house, name).map(|account| account.suspended)
}

async fn release(house: &House, reason: Option<Reason>) -> usize {
    let choice = Choice { reason, ..Choice::default() };
    let released = house.pending().release(&choice, Clock::system().now()).await.unwrap();
    assert_eq!(house.work_off().await, released);
    released
}

#[tokio::test]
async fn a_confirmed_write_waits_for_a_persons_word() {
    let house = house(Rules { mode: Mode::Confirm, ..writes_through() }).await;
    let made = house.post("/Users", nina()).await;
    assert_eq!((made.status, house.work_off().await), (201, 0));
    assert_eq!(account(&house, "nina.berg"), None);
    assert_eq!(release(&house, None).await, 1);
    assert!(account(&house, "nina.berg").is_some());
    let path = format!("/Users/{}", made.id());
    assert_eq!(house.patch(&path, active(false)).await.status, 204);
    assert_eq!(house.get(&path).await.body["active"], json!(false));
    assert_eq!(suspended(&house, "nina.berg"), Some(false));
    release(&house, Some(Reason::Confirm)).await;
    assert_eq!(suspended(&house, "nina.berg"), Some(true));
}

#[tokio::test]
async fn a_new_account_waits_disabled_and_its_client_reads_what_it_wrote() {
    let house = house(Rules { activation: Activation::Manual, ..writes_through() }).await;
    let made = house.post("/Users", nina()).await;
    assert_eq!((made.status, &made.body["active"]), (201, &json!(true)), "{made:?}");
    let path = format!("/Users/{}", made.id());
    assert_eq!(suspended(&house, "nina.berg"), Some(true));
    assert_eq!(house.work_off().await, 0);
    // What it writes meanwhile is written, but nobody is let in by it.
    let both = json!([{ "op": "replace", "value": { "active": true, "nickName": "Ni" } }]);
    assert_eq!(house.patch(&path, both).await.status, 204);
    let there = account(&house, "nina.berg").unwrap();
    assert_eq!((there.suspended, there.alternatename.as_str()), (true, "Ni"));
    for value in [false, true] {
        assert_eq!(house.patch(&path, active(value)).await.status, 204);
        assert_eq!(house.get(&path).await.body["active"], json!(value));
        assert_eq!(suspended(&house, "nina.berg"), Some(true));
    }
    assert_eq!(
        house.find("Users", "active eq true and userName eq \"nina.berg@hoch.example\"").await.body
            ["totalResults"],
        1
    );
    assert_eq!(release(&house, Some(Reason::Approval)).await, 1);
    assert_eq!(suspended(&house, "nina.berg"), Some(false));
    assert_eq!(house.patch(&path, active(false)).await.status, 204);
    assert_eq!(suspended(&house, "nina.berg"), Some(true), "it is an account like any other");
}

/// The approval came to wait after that, and is of what was said before.
#[tokio::test]
async fn what_a_client_said_of_a_new_account_is_shown_though_it_waits_for_two_persons() {
    let rules = Rules { mode: Mode::Confirm, activation: Activation::Manual, ..writes_through() };
    let house = house(rules).await;
    let made = house.post("/Users", nina()).await;
    let path = format!("/Users/{}", made.id());
    let create = super::house::waiting(&house).await[0].sequence;
    assert_eq!(house.patch(&path, active(false)).await.status, 204);
    let choice = Choice { sequence: Some(create), ..Choice::default() };
    house.pending().release(&choice, Clock::system().now()).await.unwrap();
    assert_eq!(house.work_off().await, 1);
    assert_eq!(suspended(&house, "nina.berg"), Some(true));
    assert_eq!(house.get(&path).await.body["active"], json!(false));
    release(&house, Some(Reason::Confirm)).await;
    assert_eq!(house.get(&path).await.body["active"], json!(false));
}

#[tokio::test]
async fn who_was_deleted_is_disabled_and_comes_back_as_the_same() {
    let house = house(Rules { deprovision: Deprovision::Disable, ..writes_through() }).await;
    let made = house.post("/Users", nina()).await;
    let path = format!("/Users/{}", made.id());
    assert_eq!(house.delete(&path).await.status, 204);
    assert_eq!((house.get(&path).await.status, house.delete(&path).await.status), (404, 404));
    let found = house.find("Users", r#"userName eq "nina.berg@hoch.example""#).await;
    assert_eq!(found.body["totalResults"], json!(0));
    let before = account(&house, "nina.berg").unwrap();
    assert!(before.suspended);
    let again = house.post("/Users", nina()).await;
    assert_eq!((again.status, again.id()), (201, made.id()), "{again:?}");
    let after = account(&house, "nina.berg").unwrap();
    assert_eq!((after.id, after.suspended), (before.id, false));
    assert_eq!(house.lms.calls().of("core_user_create_users"), 1);
}

#[tokio::test]
async fn who_does_not_come_back_in_time_is_deleted() {
    let grace = Duration::from_millis(20);
    let house =
        house(Rules { deprovision: Deprovision::DeleteAfter(grace), ..writes_through() }).await;
    let (nina, eva) =
        (house.post("/Users", nina()).await, house.post("/Users", person("eva")).await);
    for one in [&nina, &eva] {
        assert_eq!(house.delete(&format!("/Users/{}", one.id())).await.status, 204);
    }
    assert_eq!(house.post("/Users", person("eva")).await.status, 201);
    assert_eq!(suspended(&house, "nina.berg"), Some(true));
    let over = Clock::system().now() + grace;
    super::house::until(|| Clock::system().now() > over).await;
    house.work_off().await;
    assert_eq!(account(&house, "nina.berg"), None);
    assert_eq!(suspended(&house, "eva"), Some(false));
    assert_eq!(house.get(&format!("/Users/{}", eva.id())).await.status, 200);
    let anew = house.post("/Users", super::journey::nina()).await;
    assert_eq!(anew.status, 201, "{anew:?}");
}

#[tokio::test]
async fn an_accident_disables_no_more_than_the_guard_lets_through() {
    listen();
    let guard = Some(Guard { removals: 50, within: Duration::from_mins(40) });
    let house = house(Rules { guard, ..writes_through() }).await;
    let mut ids = Vec::new();
    for number in 0..200 {
        ids.push(house.post("/Users", person(&format!("p{number}"))).await.id().to_owned());
    }
    for id in &ids {
        let path = format!("/Users/{id}");
        assert_eq!(house.patch(&path, active(false)).await.status, 204);
        assert_eq!(
            house.get(&path).await.body["active"],
            json!(false),
            "the client is told it was done"
        );
    }
    let disabled = || house.lms.people().iter().filter(|it| it.suspended).count();
    assert_eq!((disabled(), house.work_off().await), (50, 0));
    house.tenant.measure().await;
    assert!((house.measured("matricula_pending") - 150.0).abs() < 0.5);
    assert!((house.measured("matricula_guard_held_total") - 150.0).abs() < 0.5);
    assert_eq!(heard().matches("too many removals in a short time").count(), 150);
    // Whoever is enabled again is not disabled by what was held.
    let (back, others) = ids.split_last().unwrap();
    assert_eq!(house.patch(&format!("/Users/{back}"), active(true)).await.status, 204);
    assert_eq!(release(&house, Some(Reason::Guard)).await, 149);
    assert_eq!(disabled(), 199);
    assert_eq!(house.get(&format!("/Users/{back}")).await.body["active"], json!(true));
    assert_eq!(house.get(&format!("/Users/{}", others[198])).await.body["active"], json!(false));
}

#[tokio::test]
async fn a_removal_that_the_lms_did_not_do_is_not_counted() {
    let guard = Some(Guard { removals: 1, within: Duration::from_mins(40) });
    let house = house(Rules { guard, ..writes_through() }).await;
    let made = house.post("/Users", nina()).await;
    let path = format!("/Users/{}", made.id());
    for _ in 0..2 {
        let missing = house.delete("/Users/4711").await;
        assert_eq!(missing.status, 404);
    }
    assert_eq!(house.delete(&path).await.status, 204);
    assert_eq!(account(&house, "nina.berg"), None, "it was the first that counts");
}

#[tokio::test]
async fn a_protected_account_is_left_alone() {
    let user = ResourceType::user();
    let filter = Filter::parse(r#"userName eq "admin""#, user.urns()).unwrap();
    let protect = Protect::new(vec![Matcher::bind(&filter, &user).unwrap()]);
    let house = house(Rules { protect, ..writes_through() }).await;
    let calls = house.lms.calls().of("core_user_update_users");
    for answer in [house.patch("/Users/2", active(false)).await, house.delete("/Users/2").await] {
        assert_eq!(answer.status, 403, "{answer:?}");
        assert!(answer.body["detail"].as_str().unwrap().contains("protected"), "{answer:?}");
    }
    assert_eq!(house.lms.calls().of("core_user_update_users"), calls);
    assert_eq!(house.get("/Users/2").await.status, 200);
    assert_eq!(house.post("/Users", nina()).await.status, 201);
}

#[tokio::test]
async fn what_is_written_during_an_outage_is_done_after_it_in_order() {
    let house = house(Rules { outage: true, ..writes_through() }).await;
    let made = house.post("/Users", nina()).await;
    let path = format!("/Users/{}", made.id());
    for _ in 0..4 {
        house.lms.faults().on("core_user_update_users", Fault::Status(503));
    }
    for name in ["Ni", "Na"] {
        let rename = json!([{ "op": "replace", "path": "nickName", "value": name }]);
        let answer = house.patch(&path, rename).await;
        assert_eq!(answer.status, 204, "{answer:?}");
    }
    assert_eq!(house.get(&path).await.body["nickName"], json!("Na"));
    assert_eq!(account(&house, "nina.berg").unwrap().alternatename, "");
    house.lms.faults().clear();
    assert!(release(&house, None).await >= 1);
    house.work_off().await;
    assert_eq!(account(&house, "nina.berg").unwrap().alternatename, "Na");
}

#[tokio::test]
async fn one_too_many_is_refused_and_told_what_to_do() {
    let house = house(Rules { mode: Mode::DryRun, pending: 1, ..writes_through() }).await;
    assert_eq!(house.post("/Users", nina()).await.status, 201);
    let refused = house.post("/Users", person("eva")).await;
    assert_eq!(refused.status, 503, "{refused:?}");
    assert!(refused.body["detail"].as_str().unwrap().contains("matricula pending"), "{refused:?}");
    let found = house.find("Users", r#"externalId eq "x-eva""#).await;
    assert_eq!(found.body["totalResults"], json!(0), "nothing is left of it");
}
