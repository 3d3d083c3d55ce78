//! Who is made again: while the delete is held, while the LMS is away, and once more a
//! year later.

use std::time::Duration;

use matricula::clock::Clock;
use matricula::policy::{Deprovision, Guard, Mode, Reason, Rules};
use matricula::sandbox::Fault;
use matricula::store::Choice;
use serde_json::json;

use super::House;
use super::house::{waiting, writes_through};
use super::journey::{nina, person};
use super::policies::house;

const NINA: &str = r#"userName eq "nina.berg@hoch.example""#;

/// Of all whose delete was asked for, Nina alone is still there; and by which id.
async fn held() -> (House, String) {
    let guard = Some(Guard { removals: 1, within: Duration::from_mins(40) });
    let house = house(Rules { guard, ..writes_through() }).await;
    let first = house.post("/Users", person("first")).await.id().to_owned();
    let id = house.post("/Users", nina()).await.id().to_owned();
    for id in [&first, &id] {
        assert_eq!(house.delete(&format!("/Users/{id}")).await.status, 204);
    }
    assert_eq!(ninas(&house), [false], "it is held");
    assert_eq!(house.get(&format!("/Users/{id}")).await.status, 404);
    (house, id)
}

/// Her accounts, and whether they are disabled.
fn ninas(house: &House) -> Vec<bool> {
    let people = house.lms.people().into_iter();
    let own = people.filter(|it| it.username == "nina.berg@hoch.example" && !it.deleted);
    own.map(|it| it.suspended).collect()
}

/// As hours later: what failed is tried again, several times.
async fn later(house: &House) {
    for _ in 0..3 {
        house.work_off().await;
        house.pending().release(&Choice::default(), Clock::system().now()).await.unwrap();
    }
}

async fn drop_held(house: &House) -> usize {
    let choice = Choice { reason: Some(Reason::Guard), ..Choice::default() };
    house.tenant.drop_waiting(&choice).await.unwrap()
}

#[tokio::test]
async fn who_is_made_again_while_the_delete_is_held_was_never_gone() {
    let (house, before) = held().await;
    let again = house.post("/Users", nina()).await;
    assert_eq!((again.status, again.id()), (201, before.as_str()), "{again:?}");
    assert_eq!(waiting(&house).await, []);
    assert_eq!(house.find("Users", NINA).await.body["totalResults"], 1);
    let rename = json!([{ "op": "replace", "path": "nickName", "value": "Ni" }]);
    assert_eq!(house.patch(&format!("/Users/{before}"), rename).await.status, 204);
    assert!(house.lms.people().iter().any(|it| it.alternatename == "Ni"));
    assert_eq!(ninas(&house), [false]);
}

#[tokio::test]
async fn so_is_who_is_made_again_otherwise_than_before() {
    let (house, before) = held().await;
    let mut other = nina();
    other["userName"] = json!("Nina.Hofer@Hoch.example");
    other["phoneNumbers"] = json!([{ "type": "work", "value": "+41 44 111 11 11" }]);
    let again = house.post("/Users", other).await;
    assert_eq!((again.status, again.id()), (201, before.as_str()), "{again:?}");
    assert_eq!(drop_held(&house).await, 0, "there is nothing to say no to");
    assert_eq!(waiting(&house).await, []);
    let names = house.lms.people().into_iter().map(|it| it.username);
    assert_eq!(
        names.filter(|it| it.starts_with("nina")).collect::<Vec<_>>(),
        ["nina.hofer@hoch.example"]
    );
}

/// Nothing waits for the LMS to have it that way, and yet it waits for a person.
#[tokio::test]
async fn so_is_who_is_made_again_in_a_dry_run() {
    let (mut house, before) = held().await;
    house.under(Rules { mode: Mode::DryRun, ..writes_through() });
    let again = house.post("/Users", nina()).await;
    assert_eq!((again.status, again.id()), (201, before.as_str()), "{again:?}");
    assert_eq!(house.find("Users", NINA).await.body["totalResults"], 1);
    house.under(writes_through());
    house.work_off().await;
    assert_eq!((waiting(&house).await, ninas(&house)), (vec![], vec![false]));
    assert_eq!(house.get(&format!("/Users/{before}")).await.status, 200);
}

/// It would be done without being counted.
/// Her delete waits for a person when she comes again, and is held after that.
#[tokio::test]
async fn who_came_again_before_the_delete_was_held_gets_the_account_if_that_is_dropped() {
    let guard = Some(Guard { removals: 1, within: Duration::from_mins(40) });
    let rules = Rules { guard, ..writes_through() };
    let mut house = house(rules.clone()).await;
    let first = house.post("/Users", person("first")).await.id().to_owned();
    let before = house.post("/Users", nina()).await.id().to_owned();
    assert_eq!(house.delete(&format!("/Users/{first}")).await.status, 204);
    house.under(Rules { mode: Mode::Confirm, ..rules.clone() });
    assert_eq!(house.delete(&format!("/Users/{before}")).await.status, 204);
    let again = house.post("/Users", nina()).await;
    assert_eq!(again.status, 201, "{again:?}");
    assert_ne!(again.id(), before);
    house.under(rules);
    house.work_off().await;
    assert_eq!(drop_held(&house).await, 1);
    later(&house).await;
    assert_eq!(waiting(&house).await, []);
    assert_eq!(ninas(&house), [false]);
    let path = format!("/Users/{}", again.id());
    assert_eq!(house.get(&path).await.body["active"], json!(true));
    assert_eq!(house.get(&format!("/Users/{before}")).await.status, 404);
    let rename = json!([{ "op": "replace", "path": "nickName", "value": "Ni" }]);
    assert_eq!(house.patch(&path, rename).await.status, 204);
    later(&house).await;
    assert!(house.lms.people().iter().any(|it| it.alternatename == "Ni"));
}

#[tokio::test]
async fn who_is_made_again_disabled_is_held_as_before() {
    let (house, before) = held().await;
    let mut disabled = nina();
    disabled["active"] = json!(false);
    let again = house.post("/Users", disabled).await;
    assert_eq!(again.status, 201, "{again:?}");
    assert_ne!(again.id(), before);
    assert_eq!(ninas(&house), [false]);
}

#[tokio::test]
async fn another_person_of_that_name_waits_for_her_to_leave() {
    let (house, before) = held().await;
    let mut another = nina();
    another["externalId"] = json!("x-somebody-else");
    let made = house.post("/Users", another).await;
    assert_eq!(made.status, 201, "{made:?}");
    assert_ne!(made.id(), before);
    assert_eq!(waiting(&house).await.len(), 2, "her delete, and the create behind it");
}

#[tokio::test]
async fn a_create_that_waited_is_not_given_the_account_of_another() {
    let rules = Rules { outage: true, ..writes_through() };
    let mut house = house(rules.clone()).await;
    let there = house.post("/Users", nina()).await.id().to_owned();
    house.lms.faults().always(None, Fault::Status(503));
    let twin = house.post("/Users", nina()).await;
    assert_eq!(twin.status, 201, "{twin:?}");
    house.lms.faults().clear();
    house.under(rules);
    later(&house).await;
    let told: Vec<_> = waiting(&house).await.into_iter().map(|it| it.failure.is_some()).collect();
    assert_eq!(told, [true], "it says why it waits");
    // The client takes the second one away again.
    assert_eq!(house.delete(&format!("/Users/{}", twin.id())).await.status, 204);
    later(&house).await;
    assert_eq!(house.get(&format!("/Users/{there}")).await.status, 200);
    assert_eq!(ninas(&house), [false], "the first has an account");
}

/// Of two who had the same words, one has left the account to the other.
#[tokio::test]
async fn who_was_made_again_while_it_waited_can_come_back_later() {
    let rules = Rules { deprovision: Deprovision::Disable, ..writes_through() };
    let mut house = house(rules.clone()).await;
    let made = house.post("/Users", nina()).await.id().to_owned();
    house.under(Rules { mode: Mode::DryRun, ..rules.clone() });
    assert_eq!(house.delete(&format!("/Users/{made}")).await.status, 204);
    let again = house.post("/Users", nina()).await;
    assert_eq!(again.status, 201, "{again:?}");
    house.under(rules);
    house.work_off().await;
    let path = format!("/Users/{}", again.id());
    assert_eq!(house.get(&path).await.status, 200);
    assert_eq!(house.delete(&path).await.status, 204);
    let back = house.post("/Users", nina()).await;
    assert_eq!((back.status, back.id()), (201, again.id()), "{back:?}");
    assert_eq!(ninas(&house), [false]);
}

#[tokio::test]
async fn who_cannot_be_made_again_is_deleted_as_before() {
    let (house, id) = held().await;
    house.lms.faults().always(Some("core_user_update_users"), Fault::Status(503));
    let again = house.post("/Users", nina()).await;
    assert_eq!(again.status, 503, "{again:?}");
    house.lms.faults().clear();
    assert_eq!(house.get(&format!("/Users/{id}")).await.status, 404, "the delete is held again");
    let left: Vec<_> = waiting(&house).await.into_iter().map(|it| it.reason).collect();
    assert_eq!(left, [Reason::Guard]);
    let again = house.post("/Users", nina()).await;
    assert_eq!((again.status, again.id(), waiting(&house).await), (201, id.as_str(), vec![]));
}
