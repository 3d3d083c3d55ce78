//! Ids are for ever, though the LMS may know somebody by another: born before
//! there was an account, or given a new one.

use std::sync::Arc;

use matricula::scim::{Kind, ResourceId};
use matricula::store::{Entries, Entry, LmsId, Memory, Store};
use serde_json::{Value, json};

use super::journey::{nina, person};
use super::{House, Options};

fn id(text: &str) -> ResourceId {
    ResourceId::parse(text).unwrap()
}

fn store() -> (Arc<dyn Entries>, Options) {
    let entries = Memory::new().entries(&"school".into());
    (Arc::clone(&entries), Options { entries, ..Options::default() })
}

/// An account that the LMS knows by its own id, and clients by that one.
async fn call(
    house: &House,
    entries: &Arc<dyn Entries>,
    kind: Kind,
    name: &str,
    body: Value,
) -> String {
    let made = house.post(&format!("/{}s", kind.as_str()), body).await;
    assert_eq!(made.status, 201, "{made:?}");
    let account = id(made.id());
    let known = entries.get(kind, &account).await.unwrap().unwrap();
    entries.remove(kind, &account).await.unwrap();
    let lms = LmsId::Other(account.clone());
    entries.put(Entry { id: id(name), lms, ..Entry::clone(&known) }).await.unwrap();
    house.forget_answers();
    account.to_string()
}

fn only(found: &super::house::Answer) -> &Value {
    assert_eq!(found.body["totalResults"], json!(1), "{found:?}");
    &found.body["Resources"][0]
}

#[tokio::test]
async fn a_person_by_another_name_is_read_found_changed_and_deleted_by_it() {
    let (entries, options) = store();
    let house = House::with(options).await;
    let account = call(&house, &entries, Kind::User, "mat-nina", nina()).await;
    let read = house.get("/Users/mat-nina").await;
    assert_eq!((read.status, read.id()), (200, "mat-nina"), "{read:?}");
    assert_eq!(read.body["userName"], nina()["userName"]);
    assert_eq!(read.body["meta"]["location"], json!(format!("{}/Users/mat-nina", house.base)));
    assert_eq!(
        house.get(&format!("/Users/{account}")).await.status,
        404,
        "nobody was told that id"
    );
    for filter in [
        r#"userName eq "nina.berg@hoch.example""#,
        r#"title eq "Lecturer""#,
        r#"id eq "mat-nina""#,
        r#"id eq "mat-nina" or userName eq "nobody""#,
    ] {
        let found = house.find("Users", filter).await;
        assert_eq!(only(&found)["id"], json!("mat-nina"), "{filter}");
    }
    let found = house.find("Users", &format!(r#"id eq "{account}""#)).await;
    assert_eq!(found.body["totalResults"], json!(0));
    let all = house.get("/Users").await;
    let ids: Vec<_> =
        all.body["Resources"].as_array().unwrap().iter().map(|it| it["id"].clone()).collect();
    assert!(ids.contains(&json!("mat-nina")) && !ids.contains(&json!(account)), "{ids:?}");
    let rename = json!([{ "op": "replace", "path": "name.familyName", "value": "Hofer" }]);
    assert_eq!(house.patch("/Users/mat-nina", rename.clone()).await.status, 204);
    assert_eq!(house.patch(&format!("/Users/{account}"), rename).await.status, 404);
    let person = |people: Vec<matricula::sandbox::Person>| {
        people.into_iter().find(|it| it.id.to_string() == account)
    };
    assert_eq!(person(house.lms.people()).unwrap().lastname, "Hofer");
    assert_eq!(house.get("/Users/mat-nina").await.body["name"]["familyName"], json!("Hofer"));
    assert_eq!(house.delete(&format!("/Users/{account}")).await.status, 404);
    assert_eq!(house.delete("/Users/mat-nina").await.status, 204);
    assert_eq!(house.get("/Users/mat-nina").await.status, 404);
}

#[tokio::test]
async fn members_by_another_name_come_go_and_are_shown_by_it() {
    let (entries, options) = store();
    let house = House::with(options).await;
    let account = call(&house, &entries, Kind::User, "mat-nina", nina()).await;
    let other = house.post("/Users", person("Ada.Weil")).await;
    let members = |ids: &[&str]| -> Value { ids.iter().map(|id| json!({ "value": id })).collect() };
    let group =
        json!({ "displayName": "Math", "externalId": "g-1", "members": members(&["mat-nina"]) });
    let made = house.post("/Groups", group).await;
    assert_eq!(made.status, 201, "{made:?}");
    assert_eq!(made.body["members"][0]["value"], json!("mat-nina"));
    let path = format!("/Groups/{}", made.id());
    let shown = async |expected: &[&str]| {
        let read = house.get(&path).await;
        let listed = read.body["members"].as_array().cloned().unwrap_or_default();
        let mut ids: Vec<_> = listed.iter().map(|it| it["value"].as_str().unwrap()).collect();
        ids.sort_unstable();
        assert_eq!(ids, expected);
    };
    shown(&["mat-nina"]).await;
    let accounts = || house.lms.cohorts().pop().unwrap().members.len();
    assert_eq!(accounts(), 1);
    let found = house.find("Groups", r#"members.value eq "mat-nina""#).await;
    assert_eq!(only(&found)["id"], made.body["id"]);
    let found = house.find("Groups", &format!(r#"members.value eq "{account}""#)).await;
    assert_eq!(found.body["totalResults"], json!(0));
    let gone = json!([{ "op": "remove", "path": "members[value eq \"mat-nina\"]" }]);
    assert_eq!(house.patch(&path, gone).await.status, 204);
    shown(&[]).await;
    let both =
        json!([{ "op": "add", "path": "members", "value": members(&["mat-nina", other.id()]) }]);
    assert_eq!(house.patch(&path, both).await.status, 204);
    let mut ids = ["mat-nina", other.id()];
    ids.sort_unstable();
    shown(&ids).await;
    let gone =
        json!([{ "op": "Remove", "path": "members", "value": members(&["mat-nina", "nobody"]) }]);
    assert_eq!(house.patch(&path, gone).await.status, 204);
    shown(&[other.id()]).await;
    // The LMS's own name for her is nobody's name here.
    let stranger = json!([{ "op": "add", "path": "members", "value": members(&[&account]) }]);
    let refused = house.patch(&path, stranger).await;
    assert_eq!(refused.status, 400, "{refused:?}");
    let gone = json!([{ "op": "remove", "path": "members", "value": members(&[&account]) }]);
    assert_eq!(house.patch(&path, gone).await.status, 204);
    let replaced = json!([{ "op": "replace", "path": "members", "value": members(&["mat-nina"]) }]);
    assert_eq!(house.patch(&path, replaced).await.status, 204);
    shown(&["mat-nina"]).await;
    let cohort = house.lms.cohorts().pop().unwrap();
    assert_eq!(cohort.members.iter().map(ToString::to_string).collect::<Vec<_>>(), [account]);
}

#[tokio::test]
async fn a_group_by_another_name_is_one() {
    let (entries, options) = store();
    let house = House::with(options).await;
    let group = json!({ "displayName": "Math", "externalId": "g-1" });
    call(&house, &entries, Kind::Group, "mat-math", group).await;
    let found = house.find("Groups", r#"displayName eq "math""#).await;
    assert_eq!(only(&found)["id"], json!("mat-math"));
    let nina = house.post("/Users", nina()).await;
    let add = json!([{ "op": "add", "path": "members", "value": [{ "value": nina.id() }] }]);
    assert_eq!(house.patch("/Groups/mat-math", add).await.status, 204);
    assert_eq!(house.lms.cohorts().pop().unwrap().members.len(), 1);
    assert_eq!(house.delete("/Groups/mat-math").await.status, 204);
    assert!(house.lms.cohorts().is_empty());
}

#[tokio::test]
async fn an_id_that_the_lms_gives_again_is_not_another_persons() {
    let (entries, options) = store();
    let house = House::with(options).await;
    let first = house.post("/Users", nina()).await;
    // Clients know somebody by the very id that the next account will get.
    let next = (first.id().parse::<u64>().unwrap() + 1).to_string();
    let known = entries.get(Kind::User, &id(first.id())).await.unwrap().unwrap();
    entries.remove(Kind::User, &known.id).await.unwrap();
    let reborn =
        Entry { id: id(&next), lms: LmsId::Other(known.id.clone()), ..Entry::clone(&known) };
    entries.put(reborn).await.unwrap();
    house.forget_answers();
    let made = house.post("/Users", person("Ada.Weil")).await;
    assert_eq!(made.status, 201, "{made:?}");
    assert_ne!(made.id(), next);
    for (name, shown) in [(next.as_str(), "Nina.Berg"), (made.id(), "Ada.Weil")] {
        let read = house.get(&format!("/Users/{name}")).await;
        assert_eq!(read.body["userName"], json!(format!("{shown}@Hoch.example")));
        assert_eq!(read.id(), name);
    }
    assert_eq!(house.find("Users", r#"title eq "Lecturer""#).await.body["totalResults"], json!(2));
}

/// As a client's DELETE leaves somebody whose account is only disabled.
async fn bury(house: &House, entries: &Arc<dyn Entries>, name: &str, account: bool) {
    let known = entries.get(Kind::User, &id(name)).await.unwrap().unwrap();
    let now = "2026-03-05T00:00:00Z".parse().unwrap();
    entries.put(known.buried(now, account)).await.unwrap();
    house.forget_answers();
}

#[tokio::test]
async fn who_is_gone_is_not_seen_and_comes_back_as_the_same() {
    let (entries, options) = store();
    let house = House::with(options).await;
    let made = house.post("/Users", nina()).await;
    let path = format!("/Users/{}", made.id());
    let group = json!({ "displayName": "Math", "members": [{ "value": made.id() }] });
    let group = house.post("/Groups", group).await;
    let disable = json!([{ "op": "replace", "path": "active", "value": false }]);
    assert_eq!(house.patch(&path, disable.clone()).await.status, 204);
    let people = house.lms.people().len();
    bury(&house, &entries, made.id(), true).await;

    assert_eq!(house.get(&path).await.status, 404);
    assert_eq!(house.patch(&path, disable).await.status, 404);
    assert_eq!(house.delete(&path).await.status, 404);
    for filter in [r#"userName eq "nina.berg@hoch.example""#, r#"title eq "Lecturer""#] {
        let found = house.find("Users", filter).await;
        assert_eq!(found.body["totalResults"], json!(0), "{filter}");
    }
    let all = house.get("/Users").await;
    assert_eq!(all.body["totalResults"], json!(people - 1));
    let read = house.get(&format!("/Groups/{}", group.id())).await;
    assert_eq!(read.body.get("members").and_then(Value::as_array).map_or(0, Vec::len), 0);

    let mut again = nina();
    again["title"] = json!("Professor");
    again["userName"] = json!("Nina.Hofer@Hoch.example");
    let back = house.post("/Users", again).await;
    assert_eq!((back.status, back.id()), (201, made.id()), "{back:?}");
    assert_eq!(back.body["userName"], json!("Nina.Hofer@Hoch.example"));
    assert_eq!(back.body["active"], json!(true));
    assert_eq!(house.lms.people().len(), people);
    let read = house.get(&path).await;
    assert_eq!(read.body["title"], json!("Professor"));
    let account = house.lms.people().into_iter().find(|it| it.id.to_string() == made.id());
    assert!(!account.unwrap().suspended);
    let read = house.get(&format!("/Groups/{}", group.id())).await;
    assert_eq!(read.body["members"][0]["value"], made.body["id"]);
}

#[tokio::test]
async fn who_comes_back_without_an_account_keeps_the_id() {
    let (entries, options) = store();
    let house = House::with(options).await;
    let made = house.post("/Users", nina()).await;
    let known = entries.get(Kind::User, &id(made.id())).await.unwrap().unwrap();
    assert_eq!(house.delete(&format!("/Users/{}", made.id())).await.status, 204);
    entries.put(Entry::clone(&known)).await.unwrap();
    bury(&house, &entries, made.id(), false).await;
    let back = house.post("/Users", nina()).await;
    assert_eq!((back.status, back.id()), (201, made.id()), "{back:?}");
    let read = house.get(&format!("/Users/{}", made.id())).await;
    assert_eq!((read.status, read.id()), (200, made.id()));
    let found = house.find("Users", r#"userName eq "nina.berg@hoch.example""#).await;
    assert_eq!(only(&found)["id"], made.body["id"]);
}

#[tokio::test]
async fn who_only_shares_a_name_with_somebody_gone_is_another() {
    let (entries, options) = store();
    let house = House::with(options).await;
    let made = house.post("/Users", nina()).await;
    bury(&house, &entries, made.id(), true).await;
    let mut other = nina();
    other["externalId"] = json!("another");
    let refused = house.post("/Users", other).await;
    assert_eq!(refused.status, 409, "{refused:?}");
    let entry = entries.get(Kind::User, &id(made.id())).await.unwrap().unwrap();
    assert!(entry.gone.is_some());
}
