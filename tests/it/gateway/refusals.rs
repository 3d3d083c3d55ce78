//! What an LMS will never take is refused for good, by name, and before it is asked:
//! "try again later" would be tried for ever.

use super::House;
use super::journey::person;
use serde_json::json;

#[tokio::test]
async fn what_is_too_long_is_no_passing_trouble() {
    let house = House::open().await;
    let path = format!("/Users/{}", house.post("/Users", person("otto")).await.id());
    let street = r#"addresses[type eq "work"].streetAddress"#;
    let most = [("nickName", 255), ("name.middleName", 255), (street, 255), ("timezone", 100)];
    for (place, most) in most {
        for (length, status) in [(most, 204), (most + 1, 400)] {
            let value = "x".repeat(length);
            let edit = json!([{ "op": "replace", "path": place, "value": value }]);
            let done = house.patch(&path, edit).await;
            assert_eq!(done.status, status, "{place} of {length}: {done:?}");
        }
    }
}

#[tokio::test]
async fn the_state_of_an_account_is_refused_by_name() {
    let house = House::open().await;
    let path = format!("/Users/{}", house.post("/Users", person("otto")).await.id());
    let gone = json!([{ "op": "remove", "path": "active" }]);
    let done = house.patch(&path, gone).await;
    assert_eq!(done.status, 400, "{done:?}");
    assert!(done.body["detail"].as_str().unwrap().contains("`active`"), "{done:?}");
}

#[tokio::test]
async fn a_name_that_is_blank_is_refused_by_name() {
    let house = House::open().await;
    for name in ["givenName", "familyName"] {
        let mut body = person("otto");
        body["name"][name] = json!(" ");
        let done = house.post("/Users", body).await;
        assert_eq!((done.status, &done.body["scimType"]), (400, &json!("invalidValue")));
        assert!(done.body["detail"].as_str().unwrap().contains(name), "{done:?}");
    }
}

#[tokio::test]
async fn a_member_whom_nobody_knows_is_no_passing_trouble_of_a_new_group() {
    let house = House::open().await;
    let id = house.post("/Users", person("otto")).await.id().to_owned();
    let group = |members: &[&str]| {
        let members: Vec<_> = members.iter().map(|id| json!({ "value": id })).collect();
        json!({ "displayName": "1a", "members": members })
    };
    for _ in 0..2 {
        let done = house.post("/Groups", group(&[&id, "99999"])).await;
        assert_eq!(
            (done.status, &done.body["scimType"]),
            (400, &json!("invalidValue")),
            "{done:?}"
        );
    }
    // What was made is no twin's: the next attempt takes it up.
    assert_eq!(house.post("/Groups", group(&[&id])).await.status, 201);
    assert_eq!(house.lms.cohorts().len(), 1);
}
