//! A tenant that runs dry: clients are answered in full, and the LMS hears nothing.
//! The switch to sync does it all, once, and ids stay.

use matricula::policy::{Deprovision, Mode, Rules};
use matricula::sandbox::Person;
use serde_json::{Value, json};

use super::house::{dry, writes_through};
use super::journey::{nina, person};
use super::{House, Options};

async fn dry_house() -> House {
    House::with(Options { policy: dry(), ..Options::default() }).await
}

fn written(house: &House) -> u64 {
    let calls = house.lms.calls().by_function();
    let reads = ["_get_", "_search_", "site_info"];
    calls.iter().filter(|(name, _)| !reads.iter().any(|it| name.contains(it))).map(|(_, n)| n).sum()
}

fn ids(listed: &super::Answer) -> Vec<&str> {
    let all = listed.body["Resources"].as_array().unwrap();
    all.iter().map(|it| it["id"].as_str().unwrap()).collect()
}

fn group(name: &str, members: &[&str]) -> Value {
    let members: Vec<_> = members.iter().map(|id| json!({ "value": id })).collect();
    json!({ "displayName": name, "externalId": format!("g-{name}"), "members": members })
}

fn members(group: &Value) -> Vec<String> {
    let listed = group["members"].as_array().cloned().unwrap_or_default();
    let mut ids: Vec<_> =
        listed.iter().map(|it| it["value"].as_str().unwrap().to_owned()).collect();
    ids.sort();
    ids
}

fn insert(house: &House, name: &str) -> String {
    let email = format!("{name}@hoch.example");
    let person = Person::new(&email, "Old", name, &email);
    house.lms.with(|moodle| moodle.people.insert(person).unwrap()).to_string()
}

#[tokio::test]
async fn who_is_created_is_read_found_and_listed_though_the_lms_has_nobody() {
    let house = dry_house().await;
    let staff = house.lms.people().len();
    let made = house.post("/Users", nina()).await;
    assert_eq!(made.status, 201, "{made:?}");
    let id = made.id().to_owned();
    assert_eq!(made.header("location").unwrap(), format!("{}/Users/{id}", house.base));
    for name in ["userName", "title", "active", "emails", "externalId", "phoneNumbers"] {
        assert_eq!(made.body[name], nina()[name], "{name}");
    }
    let read = house.get(&format!("/Users/{id}")).await;
    assert_eq!((read.status, &read.body), (200, &made.body));
    for filter in [
        r#"userName eq "NINA.berg@hoch.example""#,
        r#"externalId eq "x-Nina.Berg""#,
        r#"emails[type eq "work"].value eq "nina.berg@hoch.example""#,
        r#"title eq "Lecturer""#,
        &format!(r#"id eq "{id}""#),
    ] {
        let found = house.find("Users", filter).await;
        assert_eq!(ids(&found), [&id], "{filter}");
    }
    let nobody = house.find("Users", r#"userName eq "nobody@hoch.example""#).await;
    assert_eq!(nobody.body["totalResults"], json!(0));
    let all = house.get("/Users").await;
    assert!(ids(&all).contains(&id.as_str()));
    assert_eq!(all.body["totalResults"], json!(ids(&all).len()));
    assert_eq!((written(&house), house.lms.people().len()), (0, staff));
}

#[tokio::test]
async fn changes_and_deletes_are_seen_by_the_client_alone() {
    let house = dry_house().await;
    let old = insert(&house, "old");
    let gone = insert(&house, "gone");
    let path = format!("/Users/{old}");
    let rename = json!([
        { "op": "replace", "path": "userName", "value": "New@hoch.example" },
        { "op": "replace", "path": "active", "value": "False" },
        { "op": "add", "path": "title", "value": "Dean" },
    ]);
    assert_eq!(house.patch(&path, rename).await.status, 204);
    let read = house.get(&path).await;
    assert_eq!(read.body["userName"], json!("New@hoch.example"), "{read:?}");
    assert_eq!((&read.body["active"], &read.body["title"]), (&json!(false), &json!("Dean")));
    assert_eq!(ids(&house.find("Users", r#"userName eq "new@hoch.example""#).await), [&old]);
    let before = house.find("Users", r#"userName eq "old@hoch.example""#).await;
    assert_eq!(before.body["totalResults"], json!(0), "{before:?}");
    assert_eq!(ids(&house.find("Users", r#"title eq "dean""#).await), [&old]);
    let gone = format!("/Users/{gone}");
    assert_eq!(house.delete(&gone).await.status, 204);
    assert_eq!((house.get(&gone).await.status, house.delete(&gone).await.status), (404, 404));
    assert_eq!(
        house.patch(&gone, json!([{ "op": "add", "path": "title", "value": "x" }])).await.status,
        404
    );
    let listed = house.get("/Users").await;
    assert!(!ids(&listed).iter().any(|id| gone.ends_with(id)));
    assert_eq!(written(&house), 0);
    assert!(house.lms.people().iter().any(|it| it.username == "old@hoch.example" && !it.suspended));
}

#[tokio::test]
async fn what_the_lms_would_refuse_is_refused() {
    let house = dry_house().await;
    let old = insert(&house, "old");
    assert_eq!(house.post("/Users", nina()).await.status, 201);
    let taken = |answer: &super::Answer| {
        assert_eq!(
            (answer.status, &answer.body["scimType"]),
            (409, &json!("uniqueness")),
            "{answer:?}"
        );
    };
    taken(&house.post("/Users", nina()).await);
    taken(&house.post("/Users", person("old")).await);
    let rename =
        json!([{ "op": "replace", "path": "userName", "value": "NINA.BERG@hoch.example" }]);
    taken(&house.patch(&format!("/Users/{old}"), rename).await);
    let mut mail = person("other");
    mail["emails"][0]["value"] = json!("no address");
    let refused = house.post("/Users", mail).await;
    assert_eq!(refused.status, 400, "{refused:?}");
    let missing =
        house.patch("/Users/4711", json!([{ "op": "add", "path": "title", "value": "x" }])).await;
    assert_eq!(missing.status, 404);
    // Who is renamed frees the name.
    let rename = json!([
        { "op": "replace", "path": "userName", "value": "elder@hoch.example" },
        { "op": "replace", "path": "emails[type eq \"work\"].value", "value": "elder@hoch.example" },
    ]);
    assert_eq!(house.patch(&format!("/Users/{old}"), rename).await.status, 204);
    assert_eq!(house.post("/Users", person("old")).await.status, 201);
    taken(&house.post("/Users", person("elder")).await);
    assert_eq!(written(&house), 0);
}

#[tokio::test]
async fn who_was_made_and_deleted_dry_leaves_nothing() {
    let house = dry_house().await;
    let made = house.post("/Users", nina()).await;
    let path = format!("/Users/{}", made.id());
    assert_eq!(house.delete(&path).await.status, 204);
    assert_eq!(house.get(&path).await.status, 404);
    assert_eq!(house.find("Users", r#"externalId eq "x-Nina.Berg""#).await.body["totalResults"], 0);
    assert_eq!(house.post("/Users", nina()).await.status, 201);
}

#[tokio::test]
async fn the_switch_does_it_all_once_and_ids_stay() {
    let mut house = dry_house().await;
    let staff = house.lms.people().len();
    let old = insert(&house, "old");
    let (eva, nina) =
        (house.post("/Users", person("eva")).await, house.post("/Users", nina()).await);
    let math = house.post("/Groups", group("Math", &[nina.id(), &old])).await;
    assert_eq!(math.status, 201, "{math:?}");
    let path = format!("/Groups/{}", math.id());
    let add = json!([{ "op": "add", "path": "members", "value": [{ "value": eva.id() }] }]);
    assert_eq!(house.patch(&path, add).await.status, 204);
    let title = json!([{ "op": "replace", "path": "nickName", "value": "Evi" }]);
    assert_eq!(house.patch(&format!("/Users/{}", eva.id()), title).await.status, 204);
    let before = house.get(&path).await;
    let mut expected = vec![eva.id().to_owned(), nina.id().to_owned(), old.clone()];
    expected.sort();
    assert_eq!(members(&before.body), expected);
    assert_eq!(
        house.find("Groups", &format!(r#"members eq "{}""#, eva.id())).await.body["totalResults"],
        1
    );
    assert_eq!(written(&house), 0);

    house.under(writes_through());
    assert!(house.work_off().await >= 5);
    assert_eq!(house.lms.people().len(), staff + 3);
    assert_eq!(house.lms.calls().of("core_user_create_users"), 2);
    assert!(house.lms.people().iter().any(|it| it.alternatename == "Evi"));
    for one in [&eva, &nina] {
        let read = house.get(&format!("/Users/{}", one.id())).await;
        assert_eq!((read.status, &read.body["userName"]), (200, &one.body["userName"]));
    }
    assert_eq!(members(&house.get(&path).await.body), expected);
    assert_eq!(house.work_off().await, 0, "nothing is done twice");
    house.under(dry());
    assert_eq!(house.delete(&format!("/Users/{old}")).await.status, 204);
    expected.retain(|id| *id != old);
    assert_eq!(
        members(&house.get(&path).await.body),
        expected,
        "whoever is gone is nobody's member"
    );
    house.under(writes_through());
    assert_eq!(house.work_off().await, 1);
    assert_eq!(members(&house.get(&path).await.body), expected);
    let found = house.find("Users", r#"userName eq "eva@hoch.example""#).await;
    assert_eq!(ids(&found), [eva.id()]);
    assert_eq!(house.delete(&format!("/Users/{}", eva.id())).await.status, 204);
    assert_eq!(house.lms.people().len(), staff + 1);
}

#[tokio::test]
async fn what_fails_stays_with_its_reason_and_holds_up_nobody_else() {
    let mut house = dry_house().await;
    let (eva, nina) =
        (house.post("/Users", person("eva")).await, house.post("/Users", nina()).await);
    let both = house.post("/Groups", group("Math", &[eva.id(), nina.id()])).await;
    // Somebody makes the same account by hand meanwhile.
    insert(&house, "eva");
    house.under(writes_through());
    house.work_off().await;
    let path = format!("/Groups/{}", both.id());
    let read = house.get(&path).await;
    let mut expected = [eva.id().to_owned(), nina.id().to_owned()];
    expected.sort();
    assert_eq!(members(&read.body), expected, "the client is told what it wrote");
    assert_eq!(house.get(&format!("/Users/{}", eva.id())).await.status, 200);
    let cohort = house.lms.calls().of("core_cohort_add_cohort_members");
    assert_eq!(cohort, 1, "whoever is there is a member already");
}

#[tokio::test]
async fn whoever_is_deleted_and_made_again_is_one_account() {
    let rules = Rules { deprovision: Deprovision::Disable, ..writes_through() };
    let dry = Rules { mode: Mode::DryRun, ..rules.clone() };
    let mut house = House::with(Options { policy: dry, ..Options::default() }).await;
    let old = insert(&house, "old");
    let staff = house.lms.people().len();
    assert_eq!(house.delete(&format!("/Users/{old}")).await.status, 204);
    let made = house.post("/Users", person("old")).await;
    assert_eq!(made.status, 201, "{made:?}");
    let path = format!("/Users/{}", made.id());
    assert_eq!(house.get(&path).await.body["active"], json!(true));
    house.under(rules);
    house.work_off().await;
    assert_eq!(house.work_off().await, 0, "nothing waits any more");
    let read = house.get(&path).await;
    assert_eq!((read.status, &read.body["active"]), (200, &json!(true)), "{read:?}");
    assert_eq!(house.lms.people().len(), staff);
    let one = house.lms.people().into_iter().find(|it| it.username == "old@hoch.example").unwrap();
    assert!(!one.suspended && one.firstname == read.body["name"]["givenName"], "{one:?}");
    let found = house.find("Users", r#"userName eq "old@hoch.example""#).await;
    assert_eq!(ids(&found), [made.id()]);
    assert_eq!(house.get(&format!("/Users/{old}")).await.status, 404);
    assert_eq!(house.delete(&path).await.status, 204);
    assert!(house.lms.people().iter().any(|it| it.username == "old@hoch.example" && it.suspended));
    assert_eq!(house.post("/Users", person("old")).await.id(), made.id());
}
