//! Accounts that were there before the gateway was.

use std::sync::Arc;

use matricula::policy::{Deprovision, Rules};
use matricula::provision::Match;
use matricula::sandbox::{Fault, Latch, Person};
use matricula::scim::{Kind, ResourceId};
use matricula::store::{Entries, Memory, Store};
use serde_json::{Value, json};

use super::house::{dry, until, writes_through};
use super::journey::person;
use super::replicas::one_and_two;
use super::{House, Options};

async fn matching(config: fn(&mut matricula::provision::Config)) -> (House, Arc<dyn Entries>) {
    let entries = Memory::new().entries(&"school".into());
    let options = Options { config, entries: Arc::clone(&entries), ..Options::default() };
    (House::with(options).await, entries)
}

fn by_every_key(config: &mut matricula::provision::Config) {
    config.matching = vec![Match::ExternalId, Match::UserName, Match::Emails];
}

async fn by_all_keys() -> (House, Arc<dyn Entries>) {
    matching(by_every_key).await
}

/// An account that nobody has provisioned.
async fn account(house: &House, entries: &Arc<dyn Entries>, body: Value) -> String {
    let made = house.post("/Users", body).await;
    assert_eq!(made.status, 201, "{made:?}");
    entries.remove(Kind::User, &ResourceId::parse(made.id()).unwrap()).await.unwrap();
    house.forget_answers();
    made.id().to_owned()
}

fn with(name: &str, changes: &Value) -> Value {
    let mut body = person(name);
    for (key, value) in changes.as_object().unwrap() {
        body[key] = value.clone();
    }
    body
}

fn email(value: &str) -> Value {
    json!([{ "type": "work", "primary": true, "value": value }])
}

#[tokio::test]
async fn who_is_there_is_a_conflict_unless_told_otherwise() {
    let (house, entries) = matching(|_| ()).await;
    account(&house, &entries, person("Nina.Berg")).await;
    let refused = house.post("/Users", person("Nina.Berg")).await;
    assert_eq!((refused.status, &refused.body["scimType"]), (409, &json!("uniqueness")));
}

#[tokio::test]
async fn an_account_by_the_same_name_is_taken_over() {
    let (house, entries) = by_all_keys().await;
    let id = account(&house, &entries, person("Nina.Berg")).await;
    let people = house.lms.people().len();
    let title = json!({ "title": "Dean", "name": { "givenName": "Nina", "familyName": "Hofer" } });
    let body = with("NINA.berg", &title);
    let made =
        house.post("/Users", with("NINA.berg", &json!({ "externalId": "x-Nina.Berg" }))).await;
    assert_eq!((made.status, made.id()), (201, id.as_str()), "{made:?}");
    assert_eq!(made.body["userName"], body["userName"], "as it was sent");
    assert_eq!(made.body["meta"].get("created"), None, "nobody knows when");
    assert_eq!(house.lms.people().len(), people);
    // From now on it is one like any other.
    let again = house.post("/Users", with("other", &json!({ "externalId": "x-Nina.Berg" }))).await;
    assert_eq!(again.status, 409, "{again:?}");
}

async fn dry_by_all_keys() -> House {
    let config = |config: &mut matricula::provision::Config| {
        config.matching = vec![Match::ExternalId, Match::UserName, Match::Emails];
    };
    House::with(Options { config, policy: dry(), ..Options::default() }).await
}

/// Somebody whom an administrator has made.
fn made_by_hand(house: &House, name: &str, number: &str) -> String {
    let email = format!("{name}@elsewhere.example");
    let person = Person::new(&format!("{name}@hoch.example"), "Nina", "Berg", &email);
    let person = Person { idnumber: number.to_owned(), ..person };
    house.lms.with(|moodle| moodle.people.insert(person).unwrap()).to_string()
}

#[tokio::test]
async fn in_a_dry_run_who_is_there_waits_to_be_taken_over_and_has_the_id_at_once() {
    let mut house = dry_by_all_keys().await;
    let id = made_by_hand(&house, "nina.berg", "x-Nina.Berg");
    let people = house.lms.people();
    let body = with("Nina.Hofer", &json!({ "externalId": "x-Nina.Berg", "title": "Dean" }));
    let made = house.post("/Users", body.clone()).await;
    assert_eq!((made.status, made.id()), (201, id.as_str()), "{made:?}");
    assert_eq!(made.body["userName"], body["userName"]);
    assert_eq!(house.lms.people(), people, "the LMS hears nothing");
    let twin = house.post("/Users", body.clone()).await;
    assert_eq!(twin.status, 409, "{twin:?}");

    house.under(writes_through());
    assert_eq!(house.work_off().await, 1);
    let after = house.lms.people();
    assert_eq!(after.len(), people.len());
    assert!(after.iter().any(|it| it.username == "nina.hofer@hoch.example"));
    let read = house.get(&format!("/Users/{id}")).await;
    assert_eq!((read.status, &read.body["userName"]), (200, &body["userName"]));
}

#[tokio::test]
async fn who_came_while_a_create_waited_is_taken_over_under_the_id_that_was_told() {
    let mut house = dry_by_all_keys().await;
    let made = house.post("/Users", person("eva")).await;
    let other = house.post("/Users", person("Nina.Hofer")).await;
    assert_eq!((made.status, other.status), (201, 201));
    // The one has the name, which Moodle checks; the other the number, which it does not.
    made_by_hand(&house, "eva", "");
    made_by_hand(&house, "nina.berg", "x-Nina.Hofer");
    house.under(writes_through());
    let people = house.lms.people().len();
    house.work_off().await;
    assert_eq!(house.lms.people().len(), people, "nobody is there twice");
    for one in [&made, &other] {
        let read = house.get(&format!("/Users/{}", one.id())).await;
        assert_eq!((read.status, &read.body["userName"]), (200, &one.body["userName"]));
        let found = house.find("Users", &format!("userName eq {}", one.body["userName"])).await;
        assert_eq!(found.body["Resources"][0]["id"], json!(one.id()));
        assert_eq!(found.body["totalResults"], json!(1));
    }
    assert_eq!(house.work_off().await, 0);
}

#[tokio::test]
async fn what_the_lms_does_not_check_makes_no_twin() {
    let (house, entries) = by_all_keys().await;
    let id = account(&house, &entries, person("Nina.Berg")).await;
    let people = house.lms.people().len();
    let renamed = with("Nina.Hofer", &json!({ "externalId": "x-Nina.Berg", "title": "Dean" }));
    let made = house.post("/Users", renamed.clone()).await;
    assert_eq!((made.status, made.id()), (201, id.as_str()), "{made:?}");
    assert_eq!(house.lms.people().len(), people);
    let read = house.get(&format!("/Users/{id}")).await;
    for name in ["userName", "emails", "title", "externalId"] {
        assert_eq!(read.body[name], renamed[name], "{name}");
    }
}

#[tokio::test]
async fn an_account_with_the_same_address_is_taken_over_though_the_names_differ() {
    let (house, entries) = by_all_keys().await;
    let mut before = with("old.name", &json!({ "emails": email("Nina.Berg@hoch.example") }));
    before.as_object_mut().unwrap().remove("externalId");
    let id = account(&house, &entries, before).await;
    let made = house.post("/Users", person("Nina.Berg")).await;
    assert_eq!((made.status, made.id()), (201, id.as_str()), "{made:?}");
    assert_eq!(made.body["userName"], person("Nina.Berg")["userName"]);
}

#[tokio::test]
async fn an_account_with_another_external_id_is_anothers() {
    let (house, entries) = by_all_keys().await;
    account(&house, &entries, with("Nina.Berg", &json!({ "externalId": "another" }))).await;
    assert_eq!(house.post("/Users", person("Nina.Berg")).await.status, 409);
}

#[tokio::test]
async fn keys_that_mean_two_accounts_are_refused_by_name() {
    let (house, entries) = by_all_keys().await;
    account(&house, &entries, person("Nina.Berg")).await;
    account(&house, &entries, person("Ada.Weil")).await;
    let people = house.lms.people();
    let both = with("Nina.Berg", &json!({ "externalId": "x-Ada.Weil" }));
    let refused = house.post("/Users", both).await;
    let detail = refused.body["detail"].as_str().unwrap();
    assert_eq!((refused.status, &refused.body["scimType"]), (409, &json!("uniqueness")));
    assert!(detail.contains("externalId") && detail.contains("userName"), "{detail}");
    let names =
        |people: Vec<Person>| -> Vec<String> { people.into_iter().map(|it| it.username).collect() };
    assert_eq!(names(house.lms.people()), names(people), "nobody was touched");
}

#[tokio::test]
async fn two_accounts_with_one_key_are_refused_by_name() {
    let (house, entries) = by_all_keys().await;
    for name in ["Nina.Berg", "Ada.Weil"] {
        let made = house.post("/Users", person(name)).await;
        let same = json!([{ "op": "replace", "path": "externalId", "value": "x-1" }]);
        assert_eq!(house.patch(&format!("/Users/{}", made.id()), same).await.status, 204);
        entries.remove(Kind::User, &ResourceId::parse(made.id()).unwrap()).await.unwrap();
    }
    house.forget_answers();
    let refused = house.post("/Users", with("Third", &json!({ "externalId": "x-1" }))).await;
    assert_eq!(refused.status, 409, "{refused:?}");
    assert!(refused.body["detail"].as_str().unwrap().contains("Several accounts"), "{refused:?}");
}

#[tokio::test]
async fn a_disabled_account_stays_so_unless_the_client_says_otherwise() {
    let (house, entries) = by_all_keys().await;
    let id = account(&house, &entries, with("Nina.Berg", &json!({ "active": false }))).await;
    let mut body = person("Nina.Berg");
    body.as_object_mut().unwrap().remove("active");
    let made = house.post("/Users", body).await;
    assert_eq!((made.status, made.id(), &made.body["active"]), (201, id.as_str(), &json!(false)));
}

/// Where the LMS has no place for the client's own identifier, the entry knows it.
#[tokio::test]
async fn the_account_of_somebody_who_is_gone_is_not_given_to_another() {
    let config = |config: &mut matricula::provision::Config| {
        config.matching = vec![Match::ExternalId, Match::UserName];
    };
    let settings = vec![("external_id", json!(""))];
    let policy = Rules { deprovision: Deprovision::Disable, ..writes_through() };
    let house = House::with(Options { config, settings, policy, ..Options::default() }).await;
    let old = house.post("/Users", person("m.mueller")).await;
    assert_eq!(old.status, 201, "{old:?}");
    assert_eq!(house.delete(&format!("/Users/{}", old.id())).await.status, 204);
    let other = with("m.mueller", &json!({ "externalId": "x-somebody-else" }));
    let made = house.post("/Users", other).await;
    assert_eq!(made.status, 409, "{made:?}");
    let back = house.post("/Users", person("m.mueller")).await;
    assert_eq!((back.status, back.id()), (201, old.id()), "{back:?}");
}

/// The first is told to the LMS while the second comes, by another key.
#[tokio::test]
async fn two_who_mean_one_account_by_different_keys_do_not_both_take_it_over() {
    for house in one_and_two(Options { config: by_every_key, ..Options::default() }).await {
        let before = Person::new("p@hoch.example", "Pia", "P", "shared@hoch.example");
        house.lms.with(|moodle| moodle.people.insert(before).unwrap());
        let latch = Latch::new();
        house.lms.faults().on("core_user_update_users", Fault::Held(latch.clone()));
        let post = |body: Value| {
            let house = Arc::clone(&house);
            tokio::spawn(async move { house.post("/Users", body).await })
        };
        let one = post(person("p"));
        latch.arrived(1).await;
        let two = post(with("q", &json!({ "emails": email("shared@hoch.example") })));
        // As far as it comes: the LMS has refused it, and shown whose address it is.
        until(|| house.lms.calls().of("core_user_get_users") == 3).await;
        assert!(!two.is_finished(), "it waits for whoever is at that account");
        latch.release();
        let (one, two) = (one.await.unwrap(), two.await.unwrap());
        assert_eq!((one.status, two.status), (201, 409), "{one:?} {two:?}");
    }
}
