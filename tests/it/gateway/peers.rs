//! What other gateways were seen to get wrong, or reported for, and what this
//! one does instead.
//!
//! Not here, because they need what the gateway does not have yet: the limit on
//! removals and its approval, previews in dry-run, the queue of an outage, the
//! audit, warnings ahead of a token's end (all want a store that outlives the
//! process), several instances that hear of each other's writes, and the
//! slowing of addresses that guess tokens. `illness` has the faults of an LMS
//! with every operation; here each is met once.

use std::sync::Arc;

use super::journey::{nina, person};
use super::raw::Raw;
use super::{Answer, House, Options};
use matricula::sandbox::{Fault, Person};
use matricula::scim::Rules;
use matricula::store::{Digest, Scope, Token};
use serde_json::{Value, json};
use tokio::task::JoinSet;

/// What a client must read of an LMS that is ill.
#[track_caller]
fn is_told_to_come_back(answer: &Answer) {
    assert!(matches!(answer.status, 502 | 503), "{answer:?}");
    let pause: u32 = answer.header("retry-after").expect("Retry-After").parse().unwrap();
    assert!(pause >= 1, "{answer:?}");
    assert_eq!(answer.body["status"], json!(answer.status.to_string()));
    assert_eq!(answer.header("content-type"), Some("application/scim+json"));
}

async fn member(house: &House, name: &str) -> String {
    let made = house.post("/Users", person(name)).await;
    assert_eq!(made.status, 201, "{made:?}");
    made.id().to_owned()
}

#[tokio::test]
async fn an_account_is_not_gone_because_its_lms_is_ill() {
    let house = House::open().await;
    for (status, name) in [(500, "nina"), (503, "otto")] {
        let path = format!("/Users/{}", member(&house, name).await);
        house.lms.faults().always(None, Fault::Status(status));
        is_told_to_come_back(&house.get(&path).await);
        house.lms.faults().clear();
        assert_eq!(house.get(&path).await.status, 200, "kept as missing after {status}");
    }
}

#[tokio::test]
async fn an_lms_that_is_ill_is_no_fault_of_the_request() {
    let house = House::open().await;
    let path = format!("/Users/{}", member(&house, "nina").await);
    house.lms.faults().always(None, Fault::Status(503));
    let edit = json!([{ "op": "replace", "path": "active", "value": false }]);
    for answer in [
        house.find("Users", r#"userName eq "nina@hoch.example""#).await,
        house.post("/Users", person("otto")).await,
        house.patch(&path, edit).await,
        house.delete(&path).await,
    ] {
        is_told_to_come_back(&answer);
    }
}

#[tokio::test]
async fn a_maintenance_page_is_no_success_and_no_empty_list() {
    let house = House::open().await;
    let path = format!("/Users/{}", member(&house, "nina").await);
    house.lms.faults().always(None, Fault::Page);
    let edit = json!([{ "op": "replace", "path": "active", "value": false }]);
    for answer in [
        house.find("Users", r#"userName eq "nina@hoch.example""#).await,
        house.get("/Users").await,
        house.post("/Users", person("otto")).await,
        house.patch(&path, edit).await,
        house.delete(&path).await,
    ] {
        is_told_to_come_back(&answer);
    }
}

#[tokio::test]
async fn an_inactive_account_is_made_inactive() {
    let house = House::open().await;
    let mut body = nina();
    body["active"] = json!(false);
    let made = house.post("/Users", body).await;
    assert_eq!((made.status, &made.body["active"]), (201, &json!(false)), "{made:?}");
    let held = house.lms.people().into_iter().find(|it| it.id.to_string() == made.id()).unwrap();
    assert!(held.suspended);
}

#[tokio::test]
async fn an_account_that_cannot_be_made_inactive_is_taken_back() {
    let house = House::open().await;
    let mut body = nina();
    body["active"] = json!(false);
    let before = house.lms.people();
    house
        .lms
        .faults()
        .always(Some("core_user_update_users"), Fault::Exception("accessexception".into()));
    let refused = house.post("/Users", body.clone()).await;
    assert!(refused.status >= 400, "{refused:?}");
    assert_eq!(house.lms.people(), before);
    house.lms.faults().clear();
    let made = house.post("/Users", body).await;
    assert_eq!((made.status, &made.body["active"]), (201, &json!(false)), "{made:?}");
}

#[tokio::test]
async fn an_unknown_attribute_is_kept_and_told_truthfully() {
    let house = House::open().await;
    let path = format!("/Users/{}", member(&house, "nina").await);
    let edit = json!([{ "op": "replace", "path": "shoeSize", "value": "44" }]);
    let answer = house.patch(&path, edit).await;
    assert!(answer.status < 300, "{answer:?}");
    assert_eq!(house.get(&path).await.body["shoeSize"], json!("44"));
}

#[tokio::test]
async fn an_unknown_attribute_is_refused_where_that_is_set() {
    let rules = Rules { unknown: matricula::scim::Unknown::Reject, ..Rules::default() };
    let house = House::with(Options { rules, ..Options::default() }).await;
    let mut body = nina();
    body.as_object_mut().unwrap().remove("title");
    let path = format!("/Users/{}", house.post("/Users", body).await.id());
    let edit = json!([{ "op": "replace", "path": "shoeSize", "value": "44" }]);
    let answer = house.patch(&path, edit).await;
    assert_eq!(answer.status, 400, "{answer:?}");
    assert!(house.get(&path).await.body.get("shoeSize").is_none());
}

#[tokio::test]
async fn an_invented_operation_changes_nothing() {
    let house = House::open().await;
    let path = format!("/Users/{}", member(&house, "nina").await);
    let edit = json!([{ "op": "frobnicate", "path": "name.givenName", "value": "Eve" }]);
    let answer = house.patch(&path, edit).await;
    assert_eq!((answer.status, &answer.body["scimType"]), (400, &json!("invalidSyntax")));
    assert_eq!(house.get(&path).await.body["name"]["givenName"], json!("Nina"));
}

#[tokio::test]
async fn words_in_a_value_are_no_operators() {
    let house = House::open().await;
    let mut body = nina();
    body["externalId"] = json!("rock and roll or (not) jazz");
    let id = house.post("/Users", body).await.id().to_owned();
    let found = house.find("Users", r#"externalId eq "rock and roll or (not) jazz""#).await;
    assert_eq!(found.body["Resources"][0]["id"], json!(id), "{found:?}");
}

#[tokio::test]
async fn switches_brackets_and_labels_are_understood_in_filters() {
    let house = House::open().await;
    let id = member(&house, "nina").await;
    for filter in [
        r#"active eq true and userName eq "nina@hoch.example""#,
        r#"(userName eq "nina@hoch.example") and (active eq "True")"#,
        r#"emails[type eq "work"].value eq "nina@hoch.example""#,
        r#"emails[type eq "work" and value eq "nina@hoch.example"]"#,
        r#"emails.value eq "NINA@hoch.example""#,
        r#"userName eq "nina@hoch.example" or userName eq "nobody@hoch.example""#,
    ] {
        let found = house.find("Users", filter).await;
        assert_eq!(found.body["totalResults"], json!(1), "{filter}: {found:?}");
        assert_eq!(found.body["Resources"][0]["id"], json!(id), "{filter}");
    }
    let active = house.find("Users", "active eq true").await;
    assert_eq!(active.status, 200, "{active:?}");
    let ids: Vec<_> =
        active.body["Resources"].as_array().unwrap().iter().map(|it| &it["id"]).collect();
    assert!(ids.contains(&&json!(id)), "{active:?}");
}

#[tokio::test]
async fn a_list_costs_calls_by_page_and_shows_everybody_once() {
    let house = House::open().await;
    house.lms.with(|moodle| {
        for index in 0..57 {
            let name = format!("p{index:03}");
            let mail = format!("{name}@hoch.example");
            moodle.people.insert(Person::new(&name, "P", "Q", &mail)).unwrap();
        }
    });
    let all = house.lms.people().len();
    let mut seen = Vec::new();
    for start in (1..=all).step_by(20) {
        let page = house.get(&format!("/Users?startIndex={start}&count=20")).await;
        assert_eq!(page.body["totalResults"], json!(all));
        let shown = page.body["Resources"].as_array().unwrap();
        assert_eq!(page.body["itemsPerPage"], json!(shown.len()));
        seen.extend(shown.iter().map(|it| it["id"].as_str().unwrap().to_owned()));
    }
    let count = seen.len();
    seen.sort_unstable();
    seen.dedup();
    assert_eq!((seen.len(), count), (all, all));
    assert!(house.lms.calls().total() <= 4, "{:?}", house.lms.calls().by_function());
}

#[tokio::test]
async fn a_person_without_a_telephone_is_a_person() {
    let house = House::open().await;
    let mut body = nina();
    body.as_object_mut().unwrap().remove("phoneNumbers");
    let made = house.post("/Users", body).await;
    assert_eq!(made.status, 201, "{made:?}");
    let read = house.get(&format!("/Users/{}", made.id())).await;
    assert_eq!(read.status, 200);
    assert!(read.body.get("phoneNumbers").is_none(), "{read:?}");
}

#[tokio::test]
async fn a_create_that_cannot_be_proved_is_never_a_success() {
    let house = House::open().await;
    house.lms.faults().on("core_user_create_users", Fault::DropAfter);
    house.lms.faults().always(Some("core_user_get_users_by_field"), Fault::Page);
    house.lms.faults().always(Some("core_user_get_users"), Fault::Page);
    let lost = house.post("/Users", nina()).await;
    is_told_to_come_back(&lost);
    assert!(lost.header("location").is_none());
    house.lms.faults().clear();
    let made = house.post("/Users", nina()).await;
    assert_eq!(made.status, 201, "{made:?}");
    let found = house.find("Users", r#"userName eq "nina.berg@hoch.example""#).await;
    assert_eq!(found.body["totalResults"], json!(1));
    assert_eq!(found.body["Resources"][0]["id"], json!(made.id()));
}

#[tokio::test]
async fn wrong_tokens_do_not_slow_the_right_one() {
    let house = House::open().await;
    // From the sixth on, each is late; `access` has the whole of that.
    for _ in 0..6 {
        let wrong = [("authorization", "Bearer mis-pasted")];
        let refused = house.send(http::Method::GET, "/Users", None, &wrong).await;
        assert_eq!(refused.status, 401);
    }
    assert_eq!(house.lms.calls().total(), 0);
    assert_eq!(house.get("/Users?count=1").await.status, 200);
}

#[tokio::test]
async fn a_large_body_without_a_token_is_refused_unread() {
    let house = House::open().await;
    let mut raw = Raw::to(&house).await;
    let head = "POST /demo/scim/v2/Users HTTP/1.1\r\nHost: x\r\nContent-Length: 104857600\r\n\r\n{";
    raw.say(head).await;
    let answer = raw.head().await;
    assert!(answer.starts_with("http/1.1 401"), "{answer}");
}

#[tokio::test]
async fn what_is_read_back_is_what_is_true() {
    let house = House::open().await;
    let path = format!("/Users/{}", member(&house, "nina").await);
    let edit = json!([{ "op": "replace", "path": "name.familyName", "value": "Tal" }]);
    let answer = house.patch(&format!("{path}?attributes=name"), edit).await;
    assert_eq!(answer.body["name"]["familyName"], json!("Tal"), "{answer:?}");
    let bad = json!([{ "op": "replace", "path": "emails[type eq \"work\"].value", "value": "no address" }]);
    let refused = house.patch(&path, bad).await;
    assert_eq!(
        (refused.status, &refused.body["scimType"]),
        (400, &json!("invalidValue")),
        "{refused:?}"
    );
    let read = house.get(&path).await;
    assert_eq!(read.body["emails"][0]["value"], json!("nina@hoch.example"));
}

#[tokio::test]
async fn people_are_the_same_to_a_gateway_that_has_forgotten_everything() {
    let first = House::open().await;
    let id = member(&first, "nina").await;
    let url = first.lms.url();
    let other = super::house::sandbox(&Options::default()).await;
    let second = House::before(other, &url, Options::default()).await;
    for filter in [
        r#"userName eq "Nina@hoch.example""#,
        r#"externalId eq "x-nina""#,
        r#"emails[type eq "work"].value eq "nina@hoch.example""#,
    ] {
        let found = second.find("Users", filter).await;
        assert_eq!(found.body["Resources"][0]["id"], json!(id), "{filter}: {found:?}");
    }
    let again = second.post("/Users", person("nina")).await;
    assert_eq!((again.status, &again.body["scimType"]), (409, &json!("uniqueness")));
}

#[tokio::test]
async fn a_suspended_account_is_still_there() {
    let house = House::open().await;
    let id = member(&house, "nina").await;
    let path = format!("/Users/{id}");
    let edit = json!([{ "op": "replace", "value": { "active": false } }]);
    assert_eq!(house.patch(&path, edit).await.status, 204);
    let read = house.get(&path).await;
    assert_eq!((read.status, &read.body["active"]), (200, &json!(false)));
    for filter in
        [r#"userName eq "nina@hoch.example""#, r#"externalId eq "x-nina""#, "active eq false"]
    {
        let found = house.find("Users", filter).await;
        assert_eq!(found.body["Resources"][0]["id"], json!(id), "{filter}");
    }
}

#[tokio::test]
async fn people_from_before_are_found_and_adopted_by_their_first_write() {
    let house = House::open().await;
    let id = house.lms.with(|moodle| {
        let mut ada = Person::new("ada", "Ada", "Old", "ada@hoch.example");
        ada.idnumber = "x-ada".to_owned();
        moodle.people.insert(ada).unwrap()
    });
    for filter in [
        r#"userName eq "ADA""#,
        r#"externalId eq "x-ada""#,
        r#"emails[type eq "work"].value eq "Ada@Hoch.example""#,
    ] {
        let found = house.find("Users", filter).await;
        assert_eq!(found.body["Resources"][0]["id"], json!(id.to_string()), "{filter}: {found:?}");
    }
    let path = format!("/Users/{id}");
    let edit = json!([
        { "op": "replace", "path": "userName", "value": "Ada" },
        { "op": "add", "path": "title", "value": "Countess" }
    ]);
    assert_eq!(house.patch(&path, edit).await.status, 204);
    let read = house.get(&path).await;
    assert_eq!((&read.body["userName"], &read.body["title"]), (&json!("Ada"), &json!("Countess")));
    assert_eq!(read.body["name"]["familyName"], json!("Old"));
}

#[tokio::test]
async fn members_who_are_added_at_the_same_time_all_become_members() {
    let house = Arc::new(House::open().await);
    let mut ids = Vec::new();
    for index in 0..20 {
        ids.push(member(&house, &format!("m{index}")).await);
    }
    let group = house.post("/Groups", json!({ "displayName": "Choir" })).await;
    let path = format!("/Groups/{}", group.id());
    house.lms.race().turns(20);
    let mut adding = JoinSet::new();
    for id in ids.clone() {
        let (house, path) = (Arc::clone(&house), path.clone());
        adding.spawn(async move {
            let add = json!([{ "op": "add", "path": "members", "value": [{ "value": id }] }]);
            house.patch(&path, add).await.status
        });
    }
    assert!(adding.join_all().await.into_iter().all(|status| status == 204));
    let read = house.get(&path).await;
    assert_eq!(read.body["members"].as_array().unwrap().len(), ids.len(), "{read:?}");
}

#[tokio::test]
async fn a_group_may_be_made_with_an_empty_list_of_members() {
    let house = House::open().await;
    for (name, members) in [("A", json!([])), ("B", Value::Null)] {
        let made = house.post("/Groups", json!({ "displayName": name, "members": members })).await;
        assert_eq!(made.status, 201, "{made:?}");
        assert_eq!(house.get(&format!("/Groups/{}", made.id())).await.status, 200);
    }
}

#[tokio::test]
async fn one_more_member_of_a_large_group_costs_one_call() {
    let house = House::open().await;
    let group = house.post("/Groups", json!({ "displayName": "All" })).await;
    let cohort: i64 = group.id().parse().unwrap();
    house.lms.with(|moodle| {
        for index in 0..4000 {
            let name = format!("p{index}");
            let mail = format!("{name}@hoch.example");
            let id = moodle.people.insert(Person::new(&name, "P", "Q", &mail)).unwrap();
            moodle.cohorts.join(cohort, id);
        }
    });
    let id = member(&house, "nina").await;
    let path = format!("/Groups/{}", group.id());
    for (op, calls) in [("add", 1), ("remove", 1)] {
        house.lms.calls().reset();
        let edit = json!([{ "op": op, "path": "members", "value": [{ "value": id }] }]);
        assert_eq!(house.patch(&path, edit).await.status, 204);
        assert_eq!(house.lms.calls().total(), calls, "{:?}", house.lms.calls().by_function());
    }
    assert_eq!(house.lms.cohorts()[0].members.len(), 4000);
}

#[tokio::test]
async fn an_lms_that_is_down_is_told_without_asking_it_again_and_again() {
    let house = House::open().await;
    house.lms.faults().always(None, Fault::Status(503));
    for _ in 0..4 {
        is_told_to_come_back(&house.get("/Users/7").await);
    }
    let asked = house.lms.calls().total();
    for _ in 0..20 {
        is_told_to_come_back(&house.get("/Users/7").await);
    }
    assert_eq!(house.lms.calls().total(), asked);
}

#[tokio::test]
async fn a_fault_in_the_data_is_told_in_words() {
    let house = House::open().await;
    let with = |name: &str, value: Value| {
        let mut body = nina();
        body[name] = value;
        body
    };
    for (body, word) in [
        (with("emails", json!([])), "email"),
        (with("name", json!({ "givenName": "N" })), "familyName"),
        (with("userName", json!("nina berg")), "username"),
        (with("password", json!("short")), "password"),
        (with("emails", json!([{ "type": "work", "value": "nowhere" }])), "e-mail"),
    ] {
        let refused = house.post("/Users", body).await;
        let detail = refused.body["detail"].as_str().unwrap_or_default().to_owned();
        assert_eq!(refused.status, 400, "{word}: {refused:?}");
        assert!(detail.to_lowercase().contains(&word.to_lowercase()), "{word}: {detail}");
    }
    assert_eq!(house.lms.people().len(), 2, "somebody was made");
}

#[tokio::test]
async fn two_tokens_are_good_at_the_same_time() {
    let next = Token {
        title: "next".to_owned(),
        digest: Digest::of("the-next-token"),
        scope: Scope::default(),
        expires: None,
        from: Vec::new(),
    };
    let house = House::with(Options { tokens: vec![next], ..Options::default() }).await;
    let next = [("authorization", "Bearer the-next-token")];
    assert_eq!(house.send(http::Method::GET, "/Users?count=1", None, &next).await.status, 200);
    assert_eq!(house.get("/Users?count=1").await.status, 200);
}
