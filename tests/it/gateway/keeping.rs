//! A tenant that keeps as little as it can of what clients write.

use std::sync::Arc;

use matricula::provision::{Caching, Config, Keep};
use matricula::scim::{Kind, ResourceId};
use matricula::store::{Entries, Memory, Store};
use serde_json::{Value, json};

use super::journey::nina;
use super::{House, Options};

async fn sparing() -> (House, Arc<dyn Entries>) {
    let entries = Memory::new().entries(&"school".into());
    let options = Options {
        config: |config| config.keep = Keep::Minimal,
        entries: Arc::clone(&entries),
        ..Options::default()
    };
    (House::with(options).await, entries)
}

async fn kept(entries: &Arc<dyn Entries>, id: &str) -> Value {
    let entry = entries.get(Kind::User, &ResourceId::parse(id).unwrap()).await.unwrap().unwrap();
    Value::Object(entry.sent.attributes().clone())
}

#[tokio::test]
async fn what_the_lms_says_itself_is_not_kept() {
    let (house, entries) = sparing().await;
    let made = house.post("/Users", nina()).await;
    let path = format!("/Users/{}", made.id());
    // What the LMS shows is seen when it is read.
    let first = house.get(&path).await;
    house.at_rest().await;
    let known = kept(&entries, made.id()).await;
    assert_eq!(known["userName"], nina()["userName"], "Moodle writes it in small letters");
    assert_eq!(known["title"], nina()["title"], "Moodle has no place for it");
    assert!(known.get("name").is_none() && known.get("externalId").is_none(), "{known}");
    house.forget_answers();
    let read = house.get(&path).await;
    for (name, value) in nina().as_object().unwrap() {
        assert_eq!(read.body[name], *value, "{name}");
    }
    assert_eq!(read.body["meta"], first.body["meta"]);
    let change = json!([
        { "op": "replace", "path": "name.familyName", "value": "Hofer" },
        { "op": "add", "path": "emails[type eq \"work\"].value", "value": "Hofer@hoch.example" },
        { "op": "replace", "path": "phoneNumbers[type eq \"work\"].value", "value": "112" }
    ]);
    assert_eq!(house.patch(&path, change).await.status, 204);
    let changed = house.get(&path).await;
    assert_eq!(changed.body["name"]["familyName"], json!("Hofer"));
    assert_eq!(changed.body["emails"][0]["primary"], json!(true));
    assert_eq!(changed.body["emails"][0]["value"], json!("Hofer@hoch.example"));
    assert_eq!(changed.body["phoneNumbers"], json!([{ "type": "work", "value": "112" }]));
    assert_ne!(changed.body["meta"]["version"], read.body["meta"]["version"]);
    house.at_rest().await;
    assert!(!kept(&entries, made.id()).await.to_string().contains("Hofer"));
}

/// By his id and in a list he is written straight from the words of both sides; to hold
/// a filter against him, a resource is made of them.
#[tokio::test]
async fn a_person_is_the_same_whichever_way_he_is_read() {
    let each: [fn(&mut Config); 2] =
        [|config| config.keep = Keep::Full, |config| config.keep = Keep::Minimal];
    for config in each {
        let caching = Caching { bytes: 0, ..Options::default().caching };
        let house = House::with(Options { caching, config, ..Options::default() }).await;
        let made = house.post("/Users", nina()).await;
        let path = format!("/Users/{}", made.id());
        let change = json!([{ "op": "replace", "path": "title", "value": "Professor" }]);
        assert_eq!(house.patch(&path, change).await.status, 204);
        let id: i64 = made.id().parse().unwrap();
        house.lms.with(|moodle| {
            moodle.people.edit(id, |nina| "Basel".clone_into(&mut nina.city)).unwrap();
        });
        house.get(&path).await;
        house.at_rest().await;
        let read = house.get(&path).await;
        assert_eq!(read.body["meta"]["created"], made.body["meta"]["created"]);
        assert!(read.body["meta"]["lastModified"].is_string(), "{read:?}");
        assert_eq!(read.body["addresses"][0]["locality"], json!("Basel"));
        let all = house.get("/Users").await.body["Resources"].take();
        let listed = all.as_array().unwrap().iter().find(|one| one["id"] == made.body["id"]);
        assert_eq!(listed, Some(&read.body));
        for filter in [r#"title eq "Professor""#, r#"userName sw "nina""#] {
            let found = house.find("Users", filter).await.body["Resources"].take();
            assert_eq!(found, json!([read.body]), "{filter}");
        }
    }
}

#[tokio::test]
async fn who_asks_for_a_value_that_is_not_kept_is_understood() {
    let (house, entries) = sparing().await;
    let made = house.post("/Users", nina()).await;
    let path = format!("/Users/{}", made.id());
    assert_eq!(house.get(&path).await.status, 200);
    house.at_rest().await;
    assert!(!kept(&entries, made.id()).await.to_string().contains("+41"));
    let gone = json!([{ "op": "remove", "path": "phoneNumbers[value eq \"+41 44 000 00 00\"]" }]);
    assert_eq!(house.patch(&path, gone).await.status, 204);
    let read = house.get(&path).await;
    assert!(read.body.get("phoneNumbers").is_none(), "{read:?}");
    let known = kept(&entries, made.id()).await;
    assert!(known.get("phoneNumbers").is_none(), "{known}");
}
