//! What an identity provider does on an ordinary day.

use super::House;
use serde_json::{Value, json};

pub(super) fn nina() -> Value {
    person("Nina.Berg")
}

pub(super) fn person(name: &str) -> Value {
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "userName": format!("{name}@Hoch.example"),
        "externalId": format!("x-{name}"),
        "active": true,
        "displayName": "Nina Berg",
        "title": "Lecturer",
        "name": { "givenName": "Nina", "familyName": "Berg" },
        "emails": [{ "type": "work", "primary": true, "value": format!("{name}@hoch.example") }],
        "phoneNumbers": [{ "type": "work", "value": "+41 44 000 00 00" }]
    })
}

#[tokio::test]
async fn a_person_is_made_found_renamed_disabled_and_deleted() {
    let house = House::open().await;
    let none = house.find("Users", r#"userName eq "nina.berg@hoch.example""#).await;
    assert_eq!((none.status, &none.body["totalResults"]), (200, &json!(0)));
    let made = house.post("/Users", nina()).await;
    assert_eq!(made.status, 201, "{made:?}");
    let id = made.id().to_owned();
    let location = format!("{}/Users/{id}", house.base);
    assert_eq!(made.header("location"), Some(location.as_str()));
    assert_eq!(made.body["meta"]["location"], json!(location));
    let read = house.get(&format!("/Users/{id}")).await;
    assert_eq!(read.status, 200);
    for name in ["userName", "externalId", "displayName", "title", "emails", "phoneNumbers"] {
        assert_eq!(read.body[name], nina()[name], "{name}");
    }
    let rename = json!([{ "op": "Replace", "path": "name.familyName", "value": "Berg-Hofer" }]);
    let renamed = house.patch(&format!("/Users/{id}"), rename).await;
    assert_eq!(renamed.status, 204, "{renamed:?}");
    let disable = json!([{ "op": "Replace", "path": "active", "value": "False" }]);
    assert_eq!(house.patch(&format!("/Users/{id}"), disable).await.status, 204);
    let found = house.find("Users", r#"userName eq "NINA.berg@hoch.example""#).await;
    assert_eq!(found.body["totalResults"], json!(1), "{found:?}");
    let shown = &found.body["Resources"][0];
    assert_eq!(shown["active"], json!(false));
    assert_eq!(shown["name"]["familyName"], json!("Berg-Hofer"));
    assert_eq!(shown["userName"], nina()["userName"]);
    assert_eq!(house.delete(&format!("/Users/{id}")).await.status, 204);
    let gone = house.get(&format!("/Users/{id}")).await;
    assert_eq!(gone.status, 404, "{gone:?}");
    assert_eq!(house.delete(&format!("/Users/{id}")).await.status, 404);
}

#[tokio::test]
async fn a_group_is_made_filled_emptied_and_deleted() {
    let house = House::open().await;
    let made = house.post("/Users", nina()).await;
    let nina = made.id().to_owned();
    let group = json!({ "displayName": "Math 1A", "externalId": "g-1", "members": [] });
    let group = house.post("/Groups", group).await;
    assert_eq!(group.status, 201, "{group:?}");
    let path = format!("/Groups/{}", group.id());
    let add =
        json!([{ "op": "Add", "path": "members", "value": [{ "$ref": null, "value": nina }] }]);
    assert_eq!(house.patch(&path, add).await.status, 204);
    let read = house.get(&path).await;
    assert_eq!(read.body["members"][0]["value"], json!(nina), "{read:?}");
    let lean = house.get(&format!("{path}?excludedAttributes=members")).await;
    assert!(lean.body.get("members").is_none());
    assert_eq!(lean.header("etag"), read.header("etag"));
    let remove = json!([{ "op": "Remove", "path": "members", "value": [{ "value": nina }] }]);
    assert_eq!(house.patch(&path, remove).await.status, 204);
    assert_eq!(house.get(&path).await.body["members"], json!([]));
    assert_eq!(house.delete(&path).await.status, 204);
    assert_eq!(house.get(&path).await.status, 404);
}
