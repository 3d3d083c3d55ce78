//! Which address or number is meant, where a client says so by something that the LMS
//! knows nothing of.

use super::House;
use super::journey::nina;
use matricula::sandbox::Person;
use serde_json::{Value, json};

/// What Moodle holds of somebody.
fn held(house: &House, path: &str, what: impl FnOnce(&Person) -> String) -> String {
    let id: i64 = path.trim_start_matches("/Users/").parse().unwrap();
    let mut held = String::new();
    house.lms.with(|moodle| moodle.people.edit(id, |person| held = what(person)).unwrap());
    held
}

fn email(house: &House, path: &str) -> String {
    held(house, path, |person| person.email.clone())
}

async fn made(house: &House, body: Value) -> String {
    let made = house.post("/Users", body).await;
    assert_eq!(made.status, 201, "{made:?}");
    format!("/Users/{}", made.id())
}

async fn replaced(house: &House, path: &str, what: &str, value: &str) {
    let edit = json!([{ "op": "replace", "path": what, "value": value }]);
    let done = house.patch(path, edit).await;
    assert_eq!(done.status, 204, "{what}: {done:?}");
}

async fn removed(house: &House, path: &str, what: &str) {
    let done = house.patch(path, json!([{ "op": "remove", "path": what }])).await;
    assert_eq!(done.status, 204, "{what}: {done:?}");
}

#[tokio::test]
async fn the_primary_address_can_be_replaced() {
    let house = House::open().await;
    let path = made(&house, nina()).await;
    replaced(&house, &path, "emails[primary eq true].value", "new@hoch.example").await;
    assert_eq!(email(&house, &path), "new@hoch.example");
}

#[tokio::test]
async fn the_primary_work_address_can_be_replaced() {
    let house = House::open().await;
    let path = made(&house, nina()).await;
    let primary = r#"emails[type eq "work" and primary eq true].value"#;
    replaced(&house, &path, primary, "new@hoch.example").await;
    assert_eq!(email(&house, &path), "new@hoch.example");
}

#[tokio::test]
async fn the_primary_address_can_be_replaced_after_the_lms_was_edited() {
    let house = House::open().await;
    let path = made(&house, nina()).await;
    let id: i64 = path.trim_start_matches("/Users/").parse().unwrap();
    let edited = |person: &mut Person| "edited@hoch.example".clone_into(&mut person.email);
    house.lms.with(|moodle| moodle.people.edit(id, edited).unwrap());
    replaced(&house, &path, "emails[primary eq true].value", "new@hoch.example").await;
    assert_eq!(email(&house, &path), "new@hoch.example");
}

#[tokio::test]
async fn one_of_two_work_numbers_can_be_removed() {
    let house = House::open().await;
    let two = json!([{ "type": "work", "value": "1" }, { "type": "work", "value": "2" }]);
    let mut body = nina();
    body["phoneNumbers"] = two;
    let path = made(&house, body).await;
    removed(&house, &path, r#"phoneNumbers[value eq "1"]"#).await;
    let read = house.get(&path).await;
    assert_eq!(read.body["phoneNumbers"], json!([{ "type": "work", "value": "2" }]));
    assert_eq!(held(&house, &path, |person| person.phone1.clone()), "2");
}

#[tokio::test]
async fn one_of_two_work_addresses_can_be_removed() {
    let house = House::open().await;
    let mut body = nina();
    body["emails"] = json!([
        { "type": "work", "value": "a@hoch.example" },
        { "type": "work", "value": "b@hoch.example", "primary": true }
    ]);
    let path = made(&house, body).await;
    removed(&house, &path, r#"emails[value eq "a@hoch.example"]"#).await;
    assert_eq!(email(&house, &path), "b@hoch.example");
}
