//! Requests at the same time: an LMS that is ill leaves places to those who ask another.

use std::sync::Arc;

use super::raw::{exchange, request};
use super::{House, Options};
use matricula::api;
use matricula::sandbox::{Fault, Latch};
use tokio::task::JoinSet;

/// A gateway of eight places whose LMS answers nobody until that is released.
async fn hanging() -> (Arc<House>, Latch) {
    let api = api::Config { concurrency: 8, ..api::Config::default() };
    let house = Arc::new(House::with(Options { api, ..Options::default() }).await);
    let latch = Latch::new();
    house.lms.faults().always(None, Fault::Held(latch.clone()));
    (house, latch)
}

fn asking(house: &Arc<House>, requests: u32) -> JoinSet<u16> {
    let mut asking = JoinSet::new();
    for number in 0..requests {
        let house = Arc::clone(house);
        asking.spawn(async move { house.get(&format!("/Users/{}", 1000 + number)).await.status });
    }
    asking
}

async fn head_of(house: &House, path: &str) -> String {
    let text = request(house, &format!("GET {path}"), "Connection: close\r\n", "");
    exchange(house, &text).await.0
}

#[tokio::test]
async fn an_lms_that_hangs_leaves_places_to_other_tenants() {
    let (house, latch) = hanging().await;
    house.beside("/other/scim/v2");
    let mut asking = asking(&house, 8);
    for _ in 0..4 {
        let refused = asking.join_next().await.unwrap().unwrap();
        assert_eq!(refused, 503, "nobody takes more places than he leaves");
    }
    house.in_flight(4).await;
    let other = head_of(&house, "/other/scim/v2/ServiceProviderConfig").await;
    assert!(other.starts_with("http/1.1 200"), "{other}");
    latch.release();
    assert!(asking.join_all().await.iter().all(|status| *status == 404));
}

#[tokio::test]
async fn a_tenant_that_is_alone_has_all_places() {
    let (house, latch) = hanging().await;
    let asking = asking(&house, 8);
    house.in_flight(8).await;
    let one_more = head_of(&house, "/demo/scim/v2/ServiceProviderConfig").await;
    assert!(one_more.starts_with("http/1.1 503"), "{one_more}");
    assert!(one_more.contains("\r\nretry-after: "), "{one_more}");
    latch.release();
    assert!(asking.join_all().await.iter().all(|status| *status == 404));
}
