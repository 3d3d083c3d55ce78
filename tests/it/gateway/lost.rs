//! Creates whose answer was lost, and an LMS that asks for patience.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::house::{deleted_by_hand, writes_through};
use super::journey::{nina, person};
use super::moody::Moody;
use super::{House, Options};
use matricula::policy::Rules;
use matricula::sandbox::{Fault, Person};
use matricula::store::Entries;
use serde_json::json;

fn hurried() -> Options {
    Options { patience: Duration::from_millis(300), ..Options::default() }
}

#[tokio::test]
async fn a_create_whose_answer_is_lost_is_found_again_at_once() {
    for fault in [Fault::DropAfter, Fault::Half, Fault::StatusAfter(502), Fault::StatusAfter(504)] {
        let house = House::open().await;
        let words = format!("{fault:?}");
        house.lms.faults().on("core_user_create_users", fault);
        let made = house.post("/Users", nina()).await;
        assert_eq!(made.status, 201, "{words}: {made:?}");
        assert_eq!(house.lms.calls().of("core_user_create_users"), 1, "{words}");
        let again = house.post("/Users", nina()).await;
        assert_eq!(again.status, 409, "{words}: {again:?}");
    }
}

#[tokio::test]
async fn a_create_that_was_told_no_id_is_looked_for() {
    for (words, body) in [("no id", "[]"), ("nothing", ""), ("cut off", r#"[{"id":"#)] {
        let house = House::open().await;
        let instead = Fault::Instead(body.to_owned());
        house.lms.faults().on("core_cohort_create_cohorts", instead.clone());
        let made = house.post("/Groups", json!({ "displayName": "Choir" })).await;
        assert_eq!((made.status, house.lms.cohorts().len()), (201, 1), "{words}: {made:?}");
        house.lms.faults().on("core_user_create_users", instead);
        let made = house.post("/Users", nina()).await;
        assert_eq!(made.status, 201, "{words}: {made:?}");
        assert_eq!(house.lms.calls().of("core_user_create_users"), 1, "{words}");
    }
}

#[tokio::test]
async fn an_account_of_somebody_else_is_not_adopted_after_a_lost_create() {
    let house = House::open().await;
    let other = Person::new("nina.berg@hoch.example", "Nora", "Other", "nora@hoch.example");
    house.lms.with(|moodle| moodle.people.insert(other).unwrap());
    house.lms.faults().on("core_user_create_users", Fault::DropBefore);
    for _ in 0..2 {
        let refused = house.post("/Users", nina()).await;
        assert_eq!((refused.status, &refused.body["scimType"]), (409, &json!("uniqueness")));
    }
    let held = house.lms.people();
    assert!(held.iter().any(|it| it.firstname == "Nora"), "{held:?}");
}

/// Where a mapping makes one name of several.
const NAMESAKES: &str = r#"
format  = 1
title   = "names without a domain"
extends = "moodle"
[user.attributes]
userName = { to_lms = "value | lower | split('@') | first" }
'emails[type eq "work"].value' = { to_lms = "value | split('@') | first | suffix('@hoch.example')" }
[user.find."userName eq"]
value = "value | lower | split('@') | first"
"#;

#[tokio::test]
async fn a_namesake_who_came_meanwhile_is_not_what_a_lost_create_left() {
    let settings = vec![("external_id", json!(""))];
    let options = Options { mapping: Some(NAMESAKES), settings, ..Options::default() };
    let house = House::with(options).await;
    let mut other = nina();
    other["externalId"] = json!("x-other");
    for name in ["/userName", "/emails/0/value"] {
        *other.pointer_mut(name).unwrap() = json!("Nina.Berg@other.example");
    }
    house.lms.faults().on("core_user_create_users", Fault::DropBefore);
    assert_eq!(house.post("/Users", other.clone()).await.status, 503);
    let made = house.post("/Users", nina()).await;
    assert_eq!(made.status, 201, "{made:?}");
    let refused = house.post("/Users", other).await;
    assert_eq!((refused.status, &refused.body["scimType"]), (409, &json!("uniqueness")));
    let read = house.get(&format!("/Users/{}", made.id())).await;
    assert_eq!(read.body["userName"], nina()["userName"]);
}

#[tokio::test]
async fn a_create_that_the_lms_gets_to_late_is_not_made_twice() {
    let house = House::with(hurried()).await;
    house.lms.race().hold();
    for _ in 0..2 {
        let lost = house.post("/Users", nina()).await;
        assert_eq!(lost.status, 503, "{lost:?}");
    }
    house.lms.race().free();
    house.lms.calls().settled().await;
    let mut made = house.post("/Users", nina()).await;
    for _ in 0..20 {
        if made.status != 503 {
            break;
        }
        made = house.post("/Users", nina()).await;
    }
    assert_eq!(made.status, 201, "{made:?}");
    let people = house.lms.people();
    assert_eq!(people.iter().filter(|it| it.idnumber == "x-Nina.Berg").count(), 1, "{people:?}");
}

#[tokio::test]
async fn a_lost_create_that_waits_for_the_end_of_an_outage_is_found_again() {
    let rules = Rules { outage: true, ..writes_through() };
    let mut house = House::with(Options { policy: rules.clone(), ..Options::default() }).await;
    house.lms.faults().on("core_cohort_create_cohorts", Fault::DropAfter);
    house.lms.faults().always(None, Fault::Status(503));
    let made = house.post("/Groups", json!({ "displayName": "Choir" })).await;
    assert_eq!((made.status, house.lms.cohorts().len()), (201, 1), "{made:?}");
    house.lms.faults().clear();
    // As a gateway that was started again.
    house.under(rules);
    assert_eq!((house.work_off().await, house.lms.cohorts().len()), (1, 1));
    assert!(house.pending().is_empty());
    assert_eq!(house.get(&format!("/Groups/{}", made.id())).await.status, 200);
}

#[tokio::test]
async fn a_group_that_was_made_without_its_members_is_given_them() {
    let house = House::open().await;
    let otto = house.post("/Users", person("otto")).await.id().to_owned();
    house.lms.faults().always(Some("core_cohort_add_cohort_members"), Fault::LoggedOut);
    let choir = json!({ "displayName": "Choir", "members": [{ "value": otto }] });
    let refused = house.post("/Groups", choir.clone()).await;
    assert_eq!(refused.status, 503, "{refused:?}");
    house.lms.faults().clear();
    let made = house.post("/Groups", choir).await;
    assert_eq!(made.status, 201, "{made:?}");
    let groups = house.lms.cohorts();
    assert_eq!((groups.len(), groups[0].members.len()), (1, 1), "{groups:?}");
}

/// Who made it and was not told may think better of it.
#[tokio::test]
async fn a_lost_group_has_the_members_that_the_next_attempt_names() {
    let house = House::open().await;
    let mut ids = Vec::new();
    for name in ["otto", "eva"] {
        ids.push(house.post("/Users", person(name)).await.id().to_owned());
    }
    for call in ["core_cohort_add_cohort_members", "core_cohort_get_cohort_members"] {
        house.lms.faults().always(Some(call), Fault::DropAfter);
    }
    let choir = |id: &str| json!({ "displayName": "Choir", "members": [{ "value": id }] });
    let refused = house.post("/Groups", choir(&ids[0])).await;
    assert_eq!(refused.status, 503, "{refused:?}");
    house.lms.faults().clear();
    let made = house.post("/Groups", choir(&ids[1])).await;
    assert_eq!(made.status, 201, "{made:?}");
    let groups = house.lms.cohorts();
    let members: Vec<_> = groups[0].members.iter().map(ToString::to_string).collect();
    assert_eq!(members, ids[1..], "{groups:?}");
}

#[tokio::test]
async fn a_group_with_a_member_who_is_gone_is_refused_and_then_made_without() {
    let house = House::open().await;
    let otto = house.post("/Users", person("otto")).await.id().to_owned();
    let eva = house.post("/Users", person("eva")).await.id().to_owned();
    deleted_by_hand(&house, &otto);
    let choir = |ids: &[&String]| {
        let members: Vec<_> = ids.iter().map(|id| json!({ "value": id })).collect();
        json!({ "displayName": "Choir", "members": members })
    };
    for _ in 0..2 {
        let refused = house.post("/Groups", choir(&[&otto, &eva])).await;
        assert_eq!(refused.status, 400, "{refused:?}");
        assert!(refused.body["detail"].as_str().unwrap().contains(&otto), "{refused:?}");
    }
    assert_eq!(house.post("/Groups", choir(&[&eva])).await.status, 201);
    let groups = house.lms.cohorts();
    assert_eq!((groups.len(), groups[0].members.len()), (1, 1), "{groups:?}");
}

#[tokio::test]
async fn a_group_without_an_external_id_is_a_duplicate_of_its_name() {
    let house = House::open().await;
    assert_eq!(house.post("/Groups", json!({ "displayName": "Choir" })).await.status, 201);
    let again = house.post("/Groups", json!({ "displayName": "Choir" })).await;
    assert_eq!((again.status, &again.body["scimType"]), (409, &json!("uniqueness")), "{again:?}");
}

#[tokio::test]
async fn an_lms_that_asks_for_a_second_is_given_it() {
    let house = House::open().await;
    house.lms.faults().next(Fault::TooMany(1));
    let found = house.find("Users", r#"userName eq "nobody""#).await;
    assert_eq!(found.status, 200, "{found:?}");
    assert_eq!(house.lms.calls().total(), 2);
}

#[tokio::test]
async fn an_lms_that_asks_for_a_minute_is_passed_on_to_the_client() {
    let house = House::open().await;
    house.lms.faults().next(Fault::TooMany(60));
    for calls in [1, 1] {
        let refused = house.find("Users", r#"userName eq "nobody""#).await;
        assert_eq!(refused.status, 503, "{refused:?}");
        let pause: u32 = refused.header("retry-after").unwrap().parse().unwrap();
        assert!((55..=90).contains(&pause), "{refused:?}");
        assert_eq!(house.lms.calls().total(), calls, "it was asked in spite of its word");
    }
}

#[tokio::test]
async fn a_store_that_fails_after_a_create_is_503_and_the_retry_gets_the_same_account() {
    let store = Arc::new(Moody::default());
    let entries = Arc::clone(&store) as Arc<dyn Entries>;
    let house = House::with(Options { entries, ..Options::default() }).await;
    store.full.store(true, Ordering::SeqCst);
    let failed = house.post("/Users", nina()).await;
    assert_eq!(failed.status, 503, "{failed:?}");
    assert!(failed.header("retry-after").is_some());
    store.full.store(false, Ordering::SeqCst);
    let made = house.post("/Users", nina()).await;
    assert_eq!(made.status, 201, "{made:?}");
    let read = house.get(&format!("/Users/{}", made.id())).await;
    assert_eq!(read.body["userName"], nina()["userName"]);
    assert_eq!(read.body["title"], nina()["title"]);
    assert_eq!(house.lms.calls().of("core_user_create_users"), 1);
    assert_eq!(house.post("/Users", nina()).await.status, 409);
}
