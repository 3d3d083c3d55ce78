//! A client that goes away in the midst of a write: the write is finished, and
//! the client's next attempt is told what came of it.

use super::House;
use super::journey::{nina, person};
use super::raw::{Raw, request};
use matricula::sandbox::{Fault, Latch};
use serde_json::{Value, json};

/// Begins a request, and goes away when the LMS is at work on it.
async fn begin_and_leave(house: &House, function: &str, line: &str, body: &Value) -> Latch {
    let latch = Latch::new();
    house.lms.faults().on(function, Fault::Held(latch.clone()));
    let mut raw = Raw::to(house).await;
    let kind = "Content-Type: application/scim+json\r\n";
    raw.say(&request(house, line, kind, &body.to_string())).await;
    latch.arrived(1).await;
    drop(raw);
    house.in_flight(0).await;
    latch
}

/// The LMS goes on, and the gateway takes in what it says.
async fn go_on(house: &House, latch: &Latch) {
    latch.release();
    house.lms.calls().settled().await;
    house.at_rest().await;
}

#[tokio::test]
async fn a_create_is_finished_and_told_to_the_next_attempt_once() {
    let house = House::open().await;
    let line = "POST /demo/scim/v2/Users";
    let latch = begin_and_leave(&house, "core_user_create_users", line, &nina()).await;
    go_on(&house, &latch).await;
    assert_eq!(house.lms.people().len(), 3);
    let told = house.post("/Users", nina()).await;
    assert_eq!(told.status, 201, "{told:?}");
    assert_eq!(told.body["title"], nina()["title"]);
    assert_eq!(house.lms.calls().of("core_user_create_users"), 1);
    let read = house.get(&format!("/Users/{}", told.id())).await;
    assert_eq!(read.body["userName"], nina()["userName"]);
    let again = house.post("/Users", nina()).await;
    assert_eq!(again.status, 409, "{again:?}");
}

#[tokio::test]
async fn a_second_attempt_waits_for_the_first_that_nobody_waits_for() {
    let house = House::open().await;
    let line = "POST /demo/scim/v2/Users";
    let latch = begin_and_leave(&house, "core_user_create_users", line, &nina()).await;
    let again = async {
        house.in_flight(1).await;
        latch.release();
    };
    let (told, ()) = tokio::join!(house.post("/Users", nina()), again);
    assert_eq!(told.status, 201, "{told:?}");
    assert_eq!(house.lms.calls().of("core_user_create_users"), 1);
}

#[tokio::test]
async fn what_nobody_was_told_is_still_to_be_told_after_an_outage() {
    let house = House::open().await;
    let line = "POST /demo/scim/v2/Users";
    let latch = begin_and_leave(&house, "core_user_create_users", line, &nina()).await;
    go_on(&house, &latch).await;
    house.lms.faults().always(None, Fault::Status(503));
    let ill = house.post("/Users", nina()).await;
    assert_eq!(ill.status, 503, "{ill:?}");
    house.lms.faults().clear();
    let told = house.post("/Users", nina()).await;
    assert_eq!(told.status, 201, "{told:?}");
}

#[tokio::test]
async fn who_is_deleted_before_the_client_comes_back_is_created_anew() {
    let house = House::open().await;
    let line = "POST /demo/scim/v2/Users";
    let latch = begin_and_leave(&house, "core_user_create_users", line, &nina()).await;
    go_on(&house, &latch).await;
    let found = house.find("Users", r#"externalId eq "x-Nina.Berg""#).await;
    let first = found.body["Resources"][0]["id"].as_str().unwrap().to_owned();
    assert_eq!(house.delete(&format!("/Users/{first}")).await.status, 204);
    let made = house.post("/Users", nina()).await;
    assert_eq!(made.status, 201, "{made:?}");
    assert_ne!(made.id(), first);
}

#[tokio::test]
async fn another_resource_than_the_one_that_was_left_is_a_duplicate() {
    let house = House::open().await;
    let line = "POST /demo/scim/v2/Users";
    let latch = begin_and_leave(&house, "core_user_create_users", line, &nina()).await;
    go_on(&house, &latch).await;
    let mut other = nina();
    other["name"]["givenName"] = json!("Nora");
    let refused = house.post("/Users", other).await;
    assert_eq!(refused.status, 409, "{refused:?}");
}

#[tokio::test]
async fn a_change_is_finished_and_seen() {
    let house = House::open().await;
    let id = house.post("/Users", person("otto")).await.id().to_owned();
    let path = format!("/Users/{id}");
    assert_eq!(house.get(&path).await.body["title"], json!("Lecturer"));
    let edits = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
        "Operations": [
            { "op": "replace", "path": "name.familyName", "value": "Tal" },
            { "op": "replace", "path": "title", "value": "Dean" }
        ]
    });
    let line = format!("PATCH /demo/scim/v2{path}");
    let latch = begin_and_leave(&house, "core_user_update_users", &line, &edits).await;
    go_on(&house, &latch).await;
    let read = house.get(&path).await;
    assert_eq!(read.body["name"]["familyName"], json!("Tal"));
    assert_eq!(read.body["title"], json!("Dean"));
}

#[tokio::test]
async fn a_delete_is_finished_and_seen() {
    let house = House::open().await;
    let id = house.post("/Users", person("otto")).await.id().to_owned();
    let path = format!("/Users/{id}");
    assert_eq!(house.get(&path).await.status, 200);
    let line = format!("DELETE /demo/scim/v2{path}");
    let latch = begin_and_leave(&house, "core_user_delete_users", &line, &json!({})).await;
    go_on(&house, &latch).await;
    assert_eq!(house.get(&path).await.status, 404);
    let found = house.find("Users", r#"userName eq "otto@hoch.example""#).await;
    assert_eq!(found.body["totalResults"], json!(0));
}

#[tokio::test]
async fn a_write_whose_turn_has_not_come_is_not_done_when_its_client_has_left() {
    let house = House::open().await;
    let id = house.post("/Users", person("otto")).await.id().to_owned();
    let line = format!("PATCH /demo/scim/v2/Users/{id}");
    let named = |name: &str| {
        json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
            "Operations": [{ "op": "replace", "path": "name.familyName", "value": name }]
        })
    };
    let latch = begin_and_leave(&house, "core_user_update_users", &line, &named("First")).await;
    let kind = "Content-Type: application/scim+json\r\n";
    for name in ["Second", "Third"] {
        let mut raw = Raw::to(&house).await;
        raw.say(&request(&house, &line, kind, &named(name).to_string())).await;
        house.in_flight(1).await;
        drop(raw);
        house.in_flight(0).await;
    }
    go_on(&house, &latch).await;
    assert_eq!(house.lms.calls().of("core_user_update_users"), 1);
    let read = house.get(&format!("/Users/{id}")).await;
    assert_eq!(read.body["name"]["familyName"], json!("First"));
}
