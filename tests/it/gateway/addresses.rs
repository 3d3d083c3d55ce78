//! Which address or number is meant, where a client says so by something that the LMS
//! knows nothing of.

use super::House;
use super::journey::{nina, person};
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

/// As the default mapping of authentik writes it.
fn labelled_other() -> Value {
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "externalId": "b1f0", "userName": "nina", "active": true,
        "name": { "formatted": "Nina Berg", "givenName": "Nina", "familyName": "Berg" },
        "displayName": "Nina Berg", "photos": [],
        "emails": [{ "value": "nina@hoch.example", "type": "other", "primary": true }]
    })
}

/// As the SCIM plugin of Keycloak writes it.
fn without_a_label() -> Value {
    let mut body = nina();
    body["emails"] = json!([{ "value": "nina@hoch.example", "primary": true }]);
    body
}

#[tokio::test]
async fn the_primary_address_is_the_address_where_none_is_for_work() {
    for body in [labelled_other(), without_a_label()] {
        let house = House::open().await;
        let path = made(&house, body.clone()).await;
        assert_eq!(email(&house, &path), "nina@hoch.example");
        assert_eq!(house.get(&path).await.body["emails"], body["emails"]);
        assert_eq!(house.put(&path, body.clone()).await.status, 200);
        assert_eq!(email(&house, &path), "nina@hoch.example");
        replaced(&house, &path, "emails[primary eq true].value", "new@hoch.example").await;
        assert_eq!(email(&house, &path), "new@hoch.example");
        let mut emails = body["emails"].clone();
        emails[0]["value"] = json!("new@hoch.example");
        assert_eq!(house.get(&path).await.body["emails"], emails);
    }
}

#[tokio::test]
async fn a_private_address_takes_no_place_of_that_for_work() {
    let house = House::open().await;
    let path = made(&house, nina()).await;
    let private = json!([{ "op": "add", "path": "emails", "value": [
        { "type": "home", "value": "nina@home.example", "primary": true }
    ] }]);
    assert_eq!(house.patch(&path, private).await.status, 204);
    replaced(&house, &path, "emails[primary eq true].value", "nina@house.example").await;
    assert_eq!(email(&house, &path), "Nina.Berg@hoch.example");
    let alone = json!([{ "type": "home", "value": "otto@home.example" }]);
    let mut otto = person("otto");
    otto["emails"] = alone;
    let refused = house.post("/Users", otto).await;
    assert_eq!(refused.status, 400, "{refused:?}");
    assert!(refused.body["detail"].as_str().unwrap().contains("emails"), "{refused:?}");
}

#[tokio::test]
async fn the_only_address_cannot_be_taken_away() {
    for body in [nina(), without_a_label()] {
        let house = House::open().await;
        let path = made(&house, body.clone()).await;
        let before = email(&house, &path);
        let bare = body.as_object().unwrap().iter().filter(|(name, _)| *name != "emails");
        let bare: Value = bare.map(|(name, value)| (name.clone(), value.clone())).collect();
        let put = house.put(&path, bare).await;
        assert_eq!(put.status, 400, "{put:?}");
        for what in ["emails", "emails[primary eq true]", "emails[primary eq true].value"] {
            let done = house.patch(&path, json!([{ "op": "remove", "path": what }])).await;
            assert_eq!(done.status, 400, "{what}: {done:?}");
        }
        assert_eq!(email(&house, &path), before);
        assert_eq!(house.get(&path).await.body["emails"], body["emails"]);
    }
}

#[tokio::test]
async fn an_address_that_another_has_is_taken_whatever_its_label() {
    let house = House::open().await;
    made(&house, labelled_other()).await;
    let mut otto = person("otto");
    otto["emails"] = json!([{ "value": "Nina@hoch.example", "type": "other", "primary": true }]);
    let refused = house.post("/Users", otto.clone()).await;
    assert_eq!(refused.status, 409, "{refused:?}");
    otto["emails"][0]["value"] = json!("otto@hoch.example");
    let path = made(&house, otto).await;
    let edit = json!([
        { "op": "replace", "path": "emails[primary eq true].value", "value": "nina@hoch.example" }
    ]);
    let refused = house.patch(&path, edit).await;
    assert_eq!(refused.status, 409, "{refused:?}");
    assert_eq!(email(&house, &path), "otto@hoch.example");
}

/// The address is the account's, so that it is found as one for work; but it is not said
/// to be one.
#[tokio::test]
async fn whoever_has_no_work_address_is_not_found_by_that_label() {
    for body in [labelled_other(), without_a_label()] {
        let house = House::open().await;
        let path = made(&house, body).await;
        let found = async |filter: &str| {
            let answer = house.find("Users", filter).await;
            let listed = answer.body["Resources"].as_array().unwrap().clone();
            listed.iter().any(|one| path.ends_with(&format!("/{}", one["id"].as_str().unwrap())))
        };
        assert!(found(r#"emails[type eq "work"].value eq "nina@hoch.example""#).await);
        assert!(!found(r#"emails.type eq "work""#).await);
        assert!(found("emails.primary eq true").await);
    }
}
