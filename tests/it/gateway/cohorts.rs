//! Groups that are cohorts in Moodle, which asks every cohort for a name of its own
//! when it is made, and for none afterwards.

use super::House;
use serde_json::json;

#[tokio::test]
async fn two_groups_without_an_external_id_can_be_put() {
    let house = House::open().await;
    for name in ["Alpha", "Beta", "Alpha", "Beta"] {
        let body = json!({ "displayName": name, "members": [] });
        let found = house.find("Groups", &format!("displayName eq {name:?}")).await;
        let id = match found.body["Resources"][0]["id"].as_str() {
            Some(id) => id.to_owned(),
            None => house.post("/Groups", body.clone()).await.id().to_owned(),
        };
        let put = house.put(&format!("/Groups/{id}"), body).await;
        assert_eq!(put.status, 200, "{name}: {put:?}");
    }
}

#[tokio::test]
async fn an_external_id_can_be_taken_away_where_another_cohort_has_none() {
    let house = House::open().await;
    for name in ["a", "b"] {
        let body = json!({ "displayName": name, "externalId": format!("x-{name}") });
        let path = format!("/Groups/{}", house.post("/Groups", body).await.id());
        let gone = json!([{ "op": "remove", "path": "externalId" }]);
        let done = house.patch(&path, gone).await;
        assert_eq!(done.status, 204, "{done:?}");
        assert_eq!(house.get(&path).await.body.get("externalId"), None);
    }
}
