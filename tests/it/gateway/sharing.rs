//! Two gateways on one store: what the one writes, the other shows at once, though
//! each keeps what it has read.

use serde_json::json;

use super::journey::person;
use super::{Options, replicas};

#[tokio::test]
async fn whoever_asks_next_sees_what_was_written() {
    let Some(house) = replicas(Options::default()).await else { return };
    let made = house.post("/Users", person("nina")).await;
    assert_eq!(made.status, 201, "{made:?}");
    let path = format!("/Users/{}", made.id());
    for round in 0..20 {
        // Both have read it, and keep it.
        for _ in 0..2 {
            assert_eq!(house.get(&path).await.status, 200);
        }
        let edit = json!([{ "op": "replace", "path": "name.givenName", "value": format!("Nina {round}") }]);
        assert_eq!(house.patch(&path, edit).await.status, 204);
        for _ in 0..2 {
            let read = house.get(&path).await;
            assert_eq!(read.body["name"]["givenName"], json!(format!("Nina {round}")));
        }
    }
    let calls = house.lms.calls().total();
    for _ in 0..10 {
        house.get(&path).await;
    }
    assert_eq!(house.lms.calls().total(), calls, "nothing is kept at all");
    assert_eq!(house.delete(&path).await.status, 204);
    for _ in 0..2 {
        assert_eq!(house.get(&path).await.status, 404);
    }
}
