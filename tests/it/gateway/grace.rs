//! Who is deleted at the end of a time of grace, and who is not.

use std::time::Duration;

use matricula::clock::Clock;
use matricula::policy::{Deprovision, Mode, Protect, Rules};
use matricula::scim::{Filter, Matcher, ResourceType};

use super::guard::waiting;
use super::house::{until, writes_through};
use super::journey::nina;
use super::policies::{house, suspended};

fn after(grace: Duration) -> Rules {
    Rules { deprovision: Deprovision::DeleteAfter(grace), ..writes_through() }
}

fn dry(rules: &Rules) -> Rules {
    Rules { mode: Mode::DryRun, ..rules.clone() }
}

async fn later(by: Duration) {
    let over = Clock::system().now() + by;
    until(|| Clock::system().now() > over).await;
}

#[tokio::test]
async fn a_protected_account_is_not_deleted() {
    let grace = Duration::from_millis(20);
    let mut house = house(after(grace)).await;
    let made = house.post("/Users", nina()).await.id().to_owned();
    assert_eq!(house.delete(&format!("/Users/{made}")).await.status, 204);
    let user = ResourceType::user();
    let filter = Filter::parse(r#"userName eq "nina.berg@hoch.example""#, user.urns()).unwrap();
    let protect = Protect::new(vec![Matcher::bind(&filter, &user).unwrap()]);
    house.under(Rules { protect, ..after(grace) });
    later(grace).await;
    house.work_off().await;
    assert_eq!(suspended(&house, "nina.berg"), Some(true), "nobody touches her account");
    let left = waiting(&house).await;
    assert!(left[0].failure.as_ref().unwrap().contains("protected"), "{left:?}");
}

#[tokio::test]
async fn the_end_of_a_grace_is_over_though_the_account_went_over_to_another() {
    let grace = Duration::from_millis(20);
    let mut house = house(after(grace)).await;
    let made = house.post("/Users", nina()).await.id().to_owned();
    house.under(dry(&after(grace)));
    assert_eq!(house.delete(&format!("/Users/{made}")).await.status, 204);
    let again = house.post("/Users", nina()).await;
    assert_eq!(again.status, 201, "{again:?}");
    house.under(after(grace));
    house.work_off().await;
    later(grace).await;
    house.work_off().await;
    assert_eq!(suspended(&house, "nina.berg"), Some(false));
    assert_eq!(waiting(&house).await, []);
}
