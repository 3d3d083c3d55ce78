//! Work that waits for some, and others of the same name; and what is read while it is
//! done.

use std::sync::Arc;
use std::time::Duration;

use matricula::clock::Clock;
use matricula::policy::{Deprovision, Mode, Reason, Rules};
use matricula::sandbox::{Fault, Latch, Person};
use matricula::store::Ready;
use serde_json::{Value, json};

use super::house::{deleted_by_hand, dry, waiting, writes_through};
use super::journey::{nina, person};
use super::policies::suspended;
use super::{House, Options};

/// A process begins what is ready, and dies.
async fn begun_and_left(house: &House) -> usize {
    let now = Clock::system().now();
    let until = now - Duration::from_secs(1);
    let ready = Ready { reasons: vec![Reason::DryRun], now, until, most: 9 };
    house.pending().begin(ready).await.unwrap().len()
}

fn members(group: &super::Answer) -> Vec<&str> {
    let listed = group.body["members"].as_array().unwrap();
    listed.iter().map(|it| it["value"].as_str().unwrap()).collect()
}

const NINA: &str = r#"userName eq "nina.berg@hoch.example""#;

#[tokio::test]
async fn who_leaves_makes_room_for_whoever_comes_by_the_same_name() {
    let mut house = House::open().await;
    let first = house.post("/Users", nina()).await.id().to_owned();
    house.under(dry());
    assert_eq!(house.delete(&format!("/Users/{first}")).await.status, 204);
    let second = house.post("/Users", nina()).await;
    assert_eq!(second.status, 201, "{second:?}");
    house.under(writes_through());
    assert_eq!(house.work_off().await, 2);
    assert_eq!(waiting(&house).await, []);
    assert_eq!(house.find("Users", NINA).await.body["Resources"][0]["id"], second.body["id"]);
    assert_eq!(house.get(&format!("/Users/{first}")).await.status, 404);
    assert_eq!(house.lms.calls().of("core_user_delete_users"), 1);
}

/// No client of ours has made that account.
#[tokio::test]
async fn so_does_who_was_there_before() {
    let mut house = House::with(Options { policy: dry(), ..Options::default() }).await;
    let person = Person::new("nina.berg@hoch.example", "Nina", "Berg", "nina@elsewhere.example");
    let first = house.lms.with(|moodle| moodle.people.insert(person)).unwrap();
    assert_eq!(house.delete(&format!("/Users/{first}")).await.status, 204);
    house.under(writes_through());
    let second = house.post("/Users", nina()).await;
    assert_eq!(second.status, 201, "{second:?}");
    assert_eq!(waiting(&house).await.last().unwrap().reason, Reason::Order);
    assert_eq!(house.work_off().await, 2);
    assert_eq!(house.find("Users", NINA).await.body["Resources"][0]["id"], second.body["id"]);
    assert_eq!(house.get(&format!("/Users/{first}")).await.status, 404);
}

#[tokio::test]
async fn who_comes_while_another_of_that_name_is_yet_to_leave_waits() {
    let mut house = House::open().await;
    let first = house.post("/Users", nina()).await.id().to_owned();
    house.under(dry());
    assert_eq!(house.delete(&format!("/Users/{first}")).await.status, 204);
    house.under(writes_through());
    let second = house.post("/Users", nina()).await;
    assert_eq!(second.status, 201, "{second:?}");
    assert_eq!(waiting(&house).await.last().unwrap().reason, Reason::Order);
    assert_eq!(house.work_off().await, 2);
    assert_eq!(house.find("Users", NINA).await.body["Resources"][0]["id"], second.body["id"]);
}

/// The LMS has the account, and nobody has written down whose it is.
#[tokio::test]
async fn who_was_made_by_a_process_that_died_is_shown_once() {
    let mut house = House::with(Options { policy: dry(), ..Options::default() }).await;
    let id = house.post("/Users", nina()).await.id().to_owned();
    assert_eq!(begun_and_left(&house).await, 1);
    let (name, address) = ("nina.berg@hoch.example", "Nina.Berg@hoch.example");
    let made =
        Person { idnumber: "x-Nina.Berg".to_owned(), ..Person::new(name, "Nina", "Berg", address) };
    house.lms.with(|moodle| moodle.people.insert(made)).unwrap();
    let found = house.find("Users", NINA).await;
    assert_eq!(found.body["totalResults"], 1, "{found:?}");
    assert_eq!(found.body["Resources"][0]["id"], json!(id));
    let all = house.get("/Users").await;
    let shown = all.body["Resources"].as_array().unwrap().iter();
    assert_eq!(shown.filter(|it| it["externalId"] == "x-Nina.Berg").count(), 1, "{all:?}");
    assert_eq!(house.delete(&format!("/Users/{id}")).await.status, 204);
    assert_eq!(house.find("Users", NINA).await.body["totalResults"], 0);
    house.under(writes_through());
    house.work_off().await;
    assert_eq!(waiting(&house).await, []);
    assert!(house.lms.people().iter().all(|it| it.username != name));
}

/// The account that is there is no leftover of the create that was begun.
#[tokio::test]
async fn who_comes_back_otherwise_than_before_is_brought_back_though_that_was_begun_before() {
    let rules = Rules { deprovision: Deprovision::Disable, ..writes_through() };
    let mut house = House::with(Options { policy: rules.clone(), ..Options::default() }).await;
    let first = house.post("/Users", nina()).await.id().to_owned();
    house.under(Rules { mode: Mode::DryRun, ..rules.clone() });
    assert_eq!(house.delete(&format!("/Users/{first}")).await.status, 204);
    let mut body = nina();
    body["name"]["familyName"] = json!("Bergmann");
    let back = house.post("/Users", body).await;
    assert_eq!((back.status, begun_and_left(&house).await), (201, 2), "{back:?}");
    house.under(rules);
    house.work_off().await;
    assert_eq!(waiting(&house).await, []);
    assert_eq!(suspended(&house, "nina.berg"), Some(false));
    let read = house.get(&format!("/Users/{}", back.id())).await;
    assert_eq!(read.body["name"]["familyName"], json!("Bergmann"), "{read:?}");
    assert_eq!(house.lms.calls().of("core_user_create_users"), 1);
}

#[tokio::test]
async fn members_who_are_no_more_are_left_out_when_the_rest_is_told() {
    let mut house = House::open().await;
    let mut ids = Vec::new();
    for name in ["eva", "nina", "zoe"] {
        ids.push(house.post("/Users", person(name)).await.id().to_owned());
    }
    let group = house.post("/Groups", json!({ "displayName": "Math" })).await.id().to_owned();
    let path = format!("/Groups/{group}");
    house.under(dry());
    let all: Vec<Value> = ids.iter().map(|id| json!({ "value": id })).collect();
    let add = json!([{ "op": "add", "path": "members", "value": all }]);
    assert_eq!(house.patch(&path, add).await.status, 204);
    // One leaves by us, and one by the hand of somebody.
    assert_eq!(house.delete(&format!("/Users/{}", ids[0])).await.status, 204);
    deleted_by_hand(&house, &ids[1]);
    house.under(writes_through());
    house.work_off().await;
    assert_eq!(waiting(&house).await, []);
    assert_eq!(members(&house.get(&path).await), [&ids[2]]);
}

/// Somebody may be about to do the piece that was there before, as it was.
#[tokio::test]
async fn members_that_are_added_to_others_wait_in_a_piece_of_their_own() {
    let house = House::with(Options { policy: dry(), ..Options::default() }).await;
    let group = house.post("/Groups", json!({ "displayName": "Math" })).await.id().to_owned();
    let mut pieces = Vec::new();
    for name in ["eva", "nina"] {
        let id = house.post("/Users", person(name)).await.id().to_owned();
        let add = json!([{ "op": "add", "path": "members", "value": [{ "value": id }] }]);
        assert_eq!(house.patch(&format!("/Groups/{group}"), add).await.status, 204);
        let of_members =
            waiting(&house).await.into_iter().filter(|it| it.operation.get("change").is_some());
        pieces.push(of_members.collect::<Vec<_>>());
    }
    assert_eq!((pieces[0].len(), pieces[1].len()), (1, 1), "{pieces:?}");
    assert_ne!(pieces[0][0].sequence, pieces[1][0].sequence);
}

/// The LMS is read before, and what waits is looked for afterwards.
#[tokio::test]
async fn who_is_read_while_it_is_done_is_not_missed_between_the_two() {
    let mut house = House::with(Options { policy: dry(), ..Options::default() }).await;
    let id = house.post("/Users", nina()).await.id().to_owned();
    house.under(writes_through());
    let house = Arc::new(house);
    let latch = Latch::new();
    house.lms.faults().on("core_user_get_users_by_field", Fault::HeldAfter(latch.clone()));
    let asking = tokio::spawn({
        let house = Arc::clone(&house);
        async move { house.find("Users", NINA).await }
    });
    latch.arrived(1).await;
    assert_eq!(house.work_off().await, 1);
    latch.release();
    let found = asking.await.unwrap();
    assert_eq!(found.body["totalResults"], 1, "{found:?}");
    assert_eq!(found.body["Resources"][0]["id"], json!(id));
}
