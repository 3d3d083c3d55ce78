//! The account of our token loses a right in the LMS, which goes on answering and shows
//! less than there is (rule 2).

use matricula::policy::{Deprovision, Rules};
use matricula::sandbox::{Person, Right};
use serde_json::json;

use super::house::{deleted_by_hand, writes_through};
use super::journey::{nina, person};
use super::{House, Options};

/// Nina and Otto, and a token that has just lost a right.
async fn without(right: Right) -> (House, String) {
    let policy = Rules { deprovision: Deprovision::Disable, ..writes_through() };
    let house = House::with(Options { policy, ..Options::default() }).await;
    let id = house.post("/Users", nina()).await.id().to_owned();
    assert_eq!(house.post("/Users", person("otto")).await.status, 201);
    house.lms.with(|moodle| {
        for token in moodle.tokens.values_mut() {
            token.rights.retain(|it| *it != right);
        }
    });
    house.forget_answers();
    (house, format!("/Users/{id}"))
}

const BY_NAME: &str = r#"userName eq "nina.BERG@hoch.example""#;
const BY_ADDRESS: &str = r#"emails[type eq "work"].value eq "nina.berg@hoch.example""#;

fn is_enabled(house: &House, name: &str) -> bool {
    house.lms.people().iter().any(|it| it.username.starts_with(name) && !it.suspended)
}

#[tokio::test]
async fn who_is_not_shown_is_neither_gone_nor_deleted() {
    let (house, path) = without(Right::ViewDetails).await;
    let read = house.get(&path).await;
    assert_eq!(read.status, 503, "{read:?}");
    assert!(read.body["detail"].as_str().unwrap().contains("right"), "{read:?}");
    let deleted = house.delete(&path).await;
    assert!(deleted.status == 503 && is_enabled(&house, "nina"), "{deleted:?}");
    let off = json!([{ "op": "replace", "path": "active", "value": false }]);
    let changed = house.patch(&path, off).await;
    assert_eq!(changed.status == 204, !is_enabled(&house, "nina"), "{changed:?}");
}

#[tokio::test]
async fn who_is_not_found_is_not_nobody() {
    let nina = r#"externalId eq "x-Nina.Berg""#;
    for (right, status) in
        [(Right::ViewDetails, 503), (Right::ViewAllDetails, 200), (Right::ViewIdentity, 200)]
    {
        let (house, _) = without(right).await;
        for filter in [nina, BY_NAME, BY_ADDRESS] {
            let found = house.find("Users", filter).await;
            assert_eq!(found.status, status, "{right:?} {filter} {found:?}");
            if status == 200 {
                assert_eq!(found.body["totalResults"], json!(1), "{right:?} {filter}");
            }
        }
    }
}

#[tokio::test]
async fn who_is_called_otherwise_by_now_is_not_found_by_what_they_were_called() {
    let house = House::open().await;
    let id = house.post("/Users", nina()).await.id().to_owned();
    let renamed = |nina: &mut Person| nina.username = "nina.maier@hoch.example".to_owned();
    house.lms.with(|moodle| moodle.people.edit(id.parse().unwrap(), renamed)).unwrap();
    house.forget_answers();
    for (name, total) in [("Nina.Berg", 0), ("nina.maier", 1)] {
        let found = house.find("Users", &format!(r#"userName eq "{name}@hoch.example""#)).await;
        assert_eq!((found.status, &found.body["totalResults"]), (200, &json!(total)), "{name}");
    }
}

#[tokio::test]
async fn who_alone_is_not_shown_is_gone() {
    let house = House::open().await;
    let id = house.post("/Users", nina()).await.id().to_owned();
    assert_eq!(house.post("/Users", person("otto")).await.status, 201);
    deleted_by_hand(&house, &id);
    house.forget_answers();
    assert_eq!(house.get(&format!("/Users/{id}")).await.status, 404);
    let found = house.find("Users", r#"externalId eq "x-Nina.Berg""#).await;
    assert_eq!((found.status, &found.body["totalResults"]), (200, &json!(0)));
}

#[tokio::test]
async fn whoever_was_never_there_costs_no_second_look() {
    let (house, _) = without(Right::ViewDetails).await;
    let before = house.lms.calls().total();
    assert_eq!(house.get("/Users/99").await.status, 404);
    assert_eq!(house.lms.calls().total() - before, 1);
}

/// Whoever was deleted in the LMS stays known until a client deletes them here, too.
#[tokio::test]
async fn however_many_are_gone_who_is_shown_lately_speaks_for_the_lms() {
    let house = House::open().await;
    let mut ids = Vec::new();
    for number in 0..30 {
        ids.push(house.post("/Users", person(&format!("p{number}"))).await.id().to_owned());
    }
    let last = ids.remove(19);
    for id in &ids {
        deleted_by_hand(&house, id);
    }
    house.forget_answers();
    assert_eq!(house.get(&format!("/Users/{last}")).await.status, 200);
    for id in &ids {
        assert_eq!(house.get(&format!("/Users/{id}")).await.status, 404, "{id}");
    }
}

/// The account was brought back; that it cannot be read now is no word about it.
#[tokio::test]
async fn who_comes_back_and_is_not_shown_is_there() {
    let policy = Rules { deprovision: Deprovision::Disable, ..writes_through() };
    let house = House::with(Options { policy, ..Options::default() }).await;
    let path = format!("/Users/{}", house.post("/Users", nina()).await.id());
    assert_eq!(house.delete(&path).await.status, 204);
    let rights = |keep: fn(Right) -> bool| {
        let rights: Vec<_> = Right::FULL.iter().copied().filter(|right| keep(*right)).collect();
        house.lms.with(|moodle| {
            moodle.tokens.values_mut().for_each(|token| token.rights.clone_from(&rights));
        });
        house.forget_answers();
    };
    rights(|right| right != Right::ViewDetails);
    let back = house.post("/Users", nina()).await;
    assert_eq!((back.status, format!("/Users/{}", back.id())), (201, path.clone()), "{back:?}");
    assert_eq!(back.body["userName"], nina()["userName"]);
    assert!(is_enabled(&house, "nina"));
    rights(|_| true);
    assert_eq!(house.get(&path).await.status, 200);
}
