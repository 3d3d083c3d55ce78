//! Bulk requests that take longer than a request may take: they end in time, and tell
//! what was done, what was not, and what nobody knows yet.

use std::time::Duration;

use super::journey::{nina, person};
use super::{Answer, House, Options};
use crate::server::held;
use matricula::api;
use matricula::sandbox::{Fault, Latch};
use serde_json::{Value, json};
use tokio::time::advance;

/// A hundred seconds for a request, and more for the LMS: so nothing but the request's own
/// time ends anything.
fn options() -> Options {
    Options {
        api: api::Config { deadline: Duration::from_secs(100), ..api::Config::default() },
        patience: Duration::from_mins(10),
        backend: |settings| {
            settings.timing.attempt = Duration::from_mins(10);
            settings.timing.whole = Duration::from_mins(10);
        },
        ..Options::default()
    }
}

/// A group, somebody whom the LMS keeps waiting, and what comes after.
fn operations() -> Value {
    json!([
        { "method": "POST", "path": "/Groups", "bulkId": "g", "data": { "displayName": "Choir" } },
        { "method": "POST", "path": "/Users", "bulkId": "n", "data": nina() },
        { "method": "DELETE", "path": "/Users/4711" },
        { "method": "BREW", "path": "/Users", "bulkId": "b" },
        { "method": "POST", "path": "/Users", "bulkId": "o", "data": person("otto") }
    ])
}

async fn bulk(house: &House) -> Answer {
    // As many as there would be if what time took away were an error of the client's.
    let body = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],
        "failOnErrors": 3,
        "Operations": operations()
    });
    house.post("/Bulk", body).await
}

/// What was said of each operation.
fn told(answer: &Answer) -> Vec<(&str, &str)> {
    assert_eq!(answer.status, 200, "{answer:?}");
    let each = answer.body["Operations"].as_array().unwrap().iter();
    each.map(|it| {
        let detail = it["response"]["detail"].as_str();
        (it["status"].as_str().unwrap(), detail.unwrap_or_default())
    })
    .collect()
}

/// The request, while the LMS holds its second operation for so long, or for ever.
async fn with_the_second_held(house: &House, seconds: u64, release: bool) -> (Answer, Latch) {
    let latch = Latch::new();
    house.lms.faults().on("core_user_create_users", Fault::Held(latch.clone()));
    let pass = async {
        latch.arrived(1).await;
        advance(Duration::from_secs(seconds)).await;
        if release {
            latch.release();
        }
    };
    let (answer, ()) = tokio::join!(bulk(house), pass);
    (answer, latch)
}

#[tokio::test(start_paused = true)]
async fn what_was_done_in_time_is_told_and_nothing_more_is_begun() {
    let scene = async {
        let house = House::with(options()).await;
        // Past the deadline itself: it must not cut this off.
        let (answer, latch) = with_the_second_held(&house, 101, false).await;
        let [made, under_way, removal, odd, create] = told(&answer)[..] else {
            panic!("{answer:?}")
        };
        assert_eq!(made, ("201", ""));
        assert!(under_way.0 == "503" && under_way.1.contains("not known yet"), "{under_way:?}");
        for left in [removal, create] {
            assert!(left.0 == "503" && left.1.contains("Send it again"), "{left:?}");
        }
        assert_eq!(odd.0, "400", "what cannot be read is said as ever");
        let named = |index: usize, name: &str| answer.body["Operations"][index][name].clone();
        assert_eq!((named(4, "method"), named(4, "bulkId")), (json!("POST"), json!("o")));
        assert_eq!(named(2, "location"), json!(format!("{}/Users/4711", house.base)));
        latch.release();
        house.at_rest().await;
        let people = house.lms.people().len();
        let again = house.post("/Users", nina()).await;
        assert_eq!((again.status, house.lms.people().len()), (201, people), "{again:?}");
    };
    held(scene).await;
}

#[tokio::test(start_paused = true)]
async fn what_ends_late_is_told_and_is_the_last() {
    let scene = async {
        let house = House::with(options()).await;
        let (answer, _) = with_the_second_held(&house, 91, true).await;
        let statuses: Vec<_> = told(&answer).into_iter().map(|(status, _)| status).collect();
        assert_eq!(statuses, ["201", "201", "503", "400", "503"], "{answer:?}");
        assert_eq!(house.lms.calls().of("core_user_create_users"), 1);
    };
    held(scene).await;
}

#[tokio::test(start_paused = true)]
async fn before_the_last_tenth_everything_is_begun() {
    let scene = async {
        let house = House::with(options()).await;
        let (answer, _) = with_the_second_held(&house, 89, true).await;
        let statuses: Vec<_> = told(&answer).into_iter().map(|(status, _)| status).collect();
        assert_eq!(statuses, ["201", "201", "404", "400", "201"], "{answer:?}");
    };
    held(scene).await;
}
