//! What is kept of the LMS's answers: asked once however many want it, never
//! older than our own writes, nothing of failures, and not more than it may be.

use std::sync::Arc;
use std::time::Duration;

use super::journey::person;
use super::moody::Moody;
use super::raw::{Raw, request};
use super::{House, Options};
use http::Method;
use matricula::provision::Caching;
use matricula::sandbox::{Fault, Latch, Person};
use matricula::store::Entries;
use serde_json::json;
use tokio::task::JoinSet;

const BY_FIELD: &str = "core_user_get_users_by_field";

/// A house with one person of whom nothing is cached.
async fn with_otto(options: Options) -> (Arc<House>, String) {
    let house = House::with(options).await;
    let otto = house.post("/Users", person("otto")).await;
    let path = format!("/Users/{}", otto.id());
    house.lms.calls().reset();
    (Arc::new(house), path)
}

/// A call of that function that the LMS keeps back.
fn hold(house: &House, function: &str, after: bool) -> Latch {
    let latch = Latch::new();
    let fault = if after { Fault::HeldAfter(latch.clone()) } else { Fault::Held(latch.clone()) };
    house.lms.faults().on(function, fault);
    latch
}

#[tokio::test]
async fn however_many_ask_for_one_person_the_lms_is_asked_once() {
    let (house, path) = with_otto(Options::default()).await;
    let latch = hold(&house, BY_FIELD, false);
    let mut asking = JoinSet::new();
    for _ in 0..32 {
        let (house, path) = (Arc::clone(&house), path.clone());
        asking.spawn(async move { house.get(&path).await });
    }
    house.in_flight(32).await;
    latch.arrived(1).await;
    assert_eq!(house.lms.calls().total(), 1);
    latch.release();
    assert!(asking.join_all().await.iter().all(|answer| answer.status == 200));
    assert_eq!(house.lms.calls().total(), 1);
    assert_eq!(house.get(&path).await.status, 200);
    assert_eq!(house.lms.calls().total(), 1);
}

#[tokio::test]
async fn however_many_ask_one_question_the_lms_is_asked_once() {
    let (house, _) = with_otto(Options::default()).await;
    let latch = hold(&house, BY_FIELD, false);
    let mut asking = JoinSet::new();
    for _ in 0..16 {
        let house = Arc::clone(&house);
        asking
            .spawn(async move { house.find("Users", r#"userName eq "otto@hoch.example""#).await });
    }
    house.in_flight(16).await;
    latch.release();
    assert!(asking.join_all().await.iter().all(|it| it.body["totalResults"] == json!(1)));
    assert_eq!(house.lms.calls().total(), 1);
}

#[tokio::test]
async fn who_is_named_by_his_id_is_known_from_before() {
    let (house, path) = with_otto(Options::default()).await;
    let id = path.trim_start_matches("/Users/");
    assert_eq!(house.get(&path).await.status, 200);
    for (filter, total) in [
        (format!(r#"id eq "{id}""#), 1),
        (format!(r#"id eq "{id}" and userName eq "OTTO@hoch.example""#), 1),
        (format!(r#"active eq true and id eq "{id}""#), 1),
        (format!(r#"id eq "{id}" and active eq false"#), 0),
    ] {
        let found = house.find("Users", &filter).await;
        assert_eq!(found.body["totalResults"], json!(total), "{filter}: {found:?}");
    }
    assert_eq!(house.lms.calls().total(), 1);
    let nobody = house.find("Users", r#"id eq "4711""#).await;
    assert_eq!((nobody.status, &nobody.body["totalResults"]), (200, &json!(0)));
    house.lms.faults().always(None, Fault::Page);
    assert_eq!(house.find("Users", r#"id eq "4712""#).await.status, 503);
}

#[tokio::test]
async fn others_are_answered_when_the_first_to_ask_goes_away() {
    let (house, path) = with_otto(Options::default()).await;
    let latch = hold(&house, BY_FIELD, false);
    let mut first = Raw::to(&house).await;
    first.say(&request(&house, &format!("GET /demo/scim/v2{path}"), "", "")).await;
    latch.arrived(1).await;
    let second = async {
        house.in_flight(2).await;
        drop(first);
        house.in_flight(1).await;
        latch.release();
    };
    let (answer, ()) = tokio::join!(house.get(&path), second);
    assert_eq!(answer.status, 200, "{answer:?}");
}

#[tokio::test]
async fn that_nobody_is_there_is_remembered_for_a_moment() {
    let (house, _) = with_otto(Options::default()).await;
    for _ in 0..3 {
        assert_eq!(house.get("/Users/4711").await.status, 404);
        let found = house.find("Users", r#"userName eq "nobody""#).await;
        assert_eq!(found.body["totalResults"], json!(0));
    }
    assert_eq!(house.lms.calls().total(), 2, "{:?}", house.lms.calls().by_function());
}

#[tokio::test]
async fn who_was_not_there_is_found_as_soon_as_we_made_him() {
    let (house, _) = with_otto(Options::default()).await;
    let filter = r#"userName eq "nina@hoch.example""#;
    assert_eq!(house.find("Users", filter).await.body["totalResults"], json!(0));
    let next = house.lms.people().last().unwrap().id + 1;
    assert_eq!(house.get(&format!("/Users/{next}")).await.status, 404);
    let made = house.post("/Users", person("nina")).await;
    assert_eq!(made.id(), next.to_string());
    assert_eq!(house.find("Users", filter).await.body["totalResults"], json!(1));
    assert_eq!(house.get(&format!("/Users/{next}")).await.status, 200);
}

#[tokio::test]
async fn our_own_writes_are_seen_at_once() {
    let (house, path) = with_otto(Options::default()).await;
    let by_name = r#"userName eq "otto@hoch.example""#;
    for name in ["Tal", "Au", "Berg"] {
        let edit = json!([{ "op": "replace", "path": "name.familyName", "value": name }]);
        assert_eq!(house.patch(&path, edit).await.status, 204);
        let read = house.get(&path).await;
        assert_eq!(read.body["name"]["familyName"], json!(name));
        let found = house.find("Users", by_name).await;
        assert_eq!(found.body["Resources"][0]["name"]["familyName"], json!(name));
        let listed = house.get("/Users").await.body["Resources"].to_string();
        assert!(listed.contains(&format!(r#""familyName":"{name}""#)), "{listed}");
    }
}

#[tokio::test]
async fn a_deleted_person_is_in_no_group_any_more() {
    let (house, path) = with_otto(Options::default()).await;
    let id = path.trim_start_matches("/Users/");
    let choir = json!({ "displayName": "Choir", "members": [{ "value": id }] });
    let group = format!("/Groups/{}", house.post("/Groups", choir).await.id());
    assert_eq!(house.get(&group).await.body["members"][0]["value"], json!(id));
    assert_eq!(house.delete(&path).await.status, 204);
    assert_eq!(house.get(&group).await.body["members"], json!([]));
}

#[tokio::test]
async fn a_read_that_was_on_its_way_during_a_write_is_not_believed() {
    let (house, path) = with_otto(Options::default()).await;
    let latch = hold(&house, BY_FIELD, true);
    let write = async {
        latch.arrived(1).await;
        let edit = json!([{ "op": "replace", "path": "name.familyName", "value": "Tal" }]);
        let written = house.patch(&path, edit).await;
        latch.release();
        written
    };
    let (early, written) = tokio::join!(house.get(&path), write);
    assert_eq!((early.status, written.status), (200, 204));
    let late = house.get(&path).await;
    assert_eq!(late.body["name"]["familyName"], json!("Tal"));
}

#[tokio::test]
async fn a_question_that_was_on_its_way_during_a_write_is_not_believed() {
    let (house, _) = with_otto(Options::default()).await;
    // Nothing that the store could look up by itself.
    let filter = r#"userName sw "nina@""#;
    let latch = hold(&house, "core_user_get_users", true);
    let write = async {
        latch.arrived(1).await;
        let made = house.post("/Users", person("nina")).await;
        latch.release();
        made
    };
    let (early, made) = tokio::join!(house.find("Users", filter), write);
    assert_eq!((early.body["totalResults"].clone(), made.status), (json!(0), 201));
    assert_eq!(house.find("Users", filter).await.body["totalResults"], json!(1));
}

#[tokio::test]
async fn a_read_between_the_lms_and_the_store_is_not_believed() {
    let store = Arc::new(Moody::default());
    let options = Options { entries: Arc::clone(&store) as Arc<dyn Entries>, ..Options::default() };
    let (house, path) = with_otto(options).await;
    let busy = store.busy.lock().await;
    let read = async {
        house.lms.calls().arrived(1).await;
        house.lms.calls().settled().await;
        let between = house.get(&path).await;
        drop(busy);
        between
    };
    let edit = json!([
        { "op": "replace", "path": "name.familyName", "value": "Tal" },
        { "op": "replace", "path": "title", "value": "Dean" }
    ]);
    let (written, between) = tokio::join!(house.patch(&path, edit), read);
    assert_eq!((written.status, between.status), (204, 200), "{written:?} {between:?}");
    assert_eq!(house.get(&path).await.body["title"], json!("Dean"));
}

#[tokio::test]
async fn who_wants_no_cache_is_answered_by_the_lms() {
    let (house, path) = with_otto(Options::default()).await;
    assert_eq!(house.get(&path).await.status, 200);
    let id: i64 = path.trim_start_matches("/Users/").parse().unwrap();
    house.lms.with(|moodle| {
        moodle.people.edit(id, |person| person.lastname = "Neu".to_owned()).unwrap();
    });
    assert_eq!(house.get(&path).await.body["name"]["familyName"], json!("Berg"));
    for word in ["no-cache", "max-age=0", "No-Cache", "max-age=0, private"] {
        house.lms.calls().reset();
        let fresh = house.send(Method::GET, &path, None, &[("cache-control", word)]).await;
        assert_eq!(fresh.body["name"]["familyName"], json!("Neu"), "{word}");
        assert_eq!(house.lms.calls().total(), 1, "{word}");
    }
    // What was heard from the LMS is what all others are told from now on.
    assert_eq!(house.get(&path).await.body["name"]["familyName"], json!("Neu"));
    assert_eq!(house.lms.calls().total(), 1);
}

#[tokio::test]
async fn nothing_is_kept_of_failures() {
    let backend = |settings: &mut matricula::backend::Settings| settings.breaker.failures = 1000;
    let (house, path) = with_otto(Options { backend, ..Options::default() }).await;
    let filter = r#"userName eq "otto@hoch.example""#;
    house.lms.faults().always(None, Fault::Status(500));
    assert_eq!(house.get(&path).await.status, 503);
    assert_eq!(house.find("Users", filter).await.status, 503);
    house.lms.faults().clear();
    assert_eq!(house.get(&path).await.status, 200);
    assert_eq!(house.find("Users", filter).await.body["totalResults"], json!(1));
}

#[tokio::test]
async fn no_room_keeps_nothing() {
    let caching = Caching { bytes: 0, ..Caching::default() };
    let (house, path) = with_otto(Options { caching, ..Options::default() }).await;
    for calls in 1..=3 {
        assert_eq!(house.get(&path).await.status, 200);
        assert_eq!(house.lms.calls().total(), calls);
    }
}

#[tokio::test]
async fn what_is_kept_weighs_no_more_than_it_may() {
    let bytes = 64 * 1024;
    let caching = Caching { bytes, fresh: Duration::from_hours(1), ..Caching::default() };
    let (house, _) = with_otto(Options { caching, ..Options::default() }).await;
    let ids: Vec<i64> = house.lms.with(|moodle| {
        let person = |index: usize| {
            let name = format!("p{index}");
            let mail = format!("{name}@hoch.example");
            let address = "x".repeat(200);
            Person { address, ..Person::new(&name, "P", "Q", &mail) }
        };
        (0..400).map(|index| moodle.people.insert(person(index)).unwrap()).collect()
    });
    for _ in 0..2 {
        for id in &ids {
            assert_eq!(house.get(&format!("/Users/{id}")).await.status, 200);
        }
    }
    let calls = house.lms.calls().total();
    assert!(calls > 500, "only {calls} calls: all was kept");
    house.tenant.measure().await;
    let kept = house.measured("matricula_cache_bytes");
    assert!(kept > 0.0 && kept <= 65536.0, "{kept}");
}
