//! Who is deleted at the end of a time of grace, and who is not.

use std::sync::Arc;
use std::time::Duration;

use matricula::clock::Clock;
use matricula::policy::{Deprovision, Mode, Protect, Reason, Rules};
use matricula::sandbox::{Fault, Latch};
use matricula::scim::{Filter, Kind, Matcher, ResourceId, ResourceType};
use matricula::store::{Choice, Memory, Store};

use super::house::{until, waiting, writes_through};
use super::journey::nina;
use super::policies::{house, suspended};
use super::{House, Options};

/// Long enough to come back within, and short enough to wait for.
const GRACE: Duration = Duration::from_millis(300);

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

/// A person says yes to all that waits for confirmation, and it is done.
async fn confirm(house: &House) {
    let choice = Choice { reason: Some(Reason::Confirm), ..Choice::default() };
    house.pending().release(&choice, Clock::system().now()).await.unwrap();
    house.work_off().await;
}

#[tokio::test]
async fn who_comes_back_and_waits_for_a_person_is_not_deleted() {
    let house = house(Rules { mode: Mode::Confirm, ..after(GRACE) }).await;
    let made = house.post("/Users", nina()).await.id().to_owned();
    let path = format!("/Users/{made}");
    confirm(&house).await;
    assert_eq!(house.delete(&path).await.status, 204);
    confirm(&house).await;
    assert_eq!(suspended(&house, "nina.berg"), Some(true));
    let back = house.post("/Users", nina()).await;
    assert_eq!((back.status, back.id()), (201, made.as_str()), "{back:?}");
    later(GRACE).await;
    house.work_off().await;
    assert_eq!(suspended(&house, "nina.berg"), Some(true), "her account is there");
    confirm(&house).await;
    let read = house.get(&path).await;
    assert_eq!((suspended(&house, "nina.berg"), read.status), (Some(false), 200), "{read:?}");
    assert_eq!(waiting(&house).await, []);
}

#[tokio::test]
async fn who_comes_back_during_an_outage_is_not_deleted() {
    let rules = Rules { outage: true, ..after(GRACE) };
    let mut house = house(rules.clone()).await;
    let made = house.post("/Users", nina()).await.id().to_owned();
    let path = format!("/Users/{made}");
    assert_eq!(house.delete(&path).await.status, 204);
    house.lms.faults().always(None, Fault::Status(503));
    let back = house.post("/Users", nina()).await;
    assert_eq!((back.status, back.id()), (201, made.as_str()), "{back:?}");
    later(GRACE).await;
    house.lms.faults().clear();
    // As some minutes later: nothing is known of the outage any more.
    house.under(rules);
    house.work_off().await;
    let read = house.get(&path).await;
    assert_eq!((suspended(&house, "nina.berg"), read.status), (Some(false), 200), "{read:?}");
}

#[tokio::test]
async fn who_comes_back_while_the_account_is_deleted_has_one_afterwards() {
    let house = Arc::new(house(after(Duration::ZERO)).await);
    let made = house.post("/Users", nina()).await.id().to_owned();
    assert_eq!(house.delete(&format!("/Users/{made}")).await.status, 204);
    let latch = Latch::new();
    house.lms.faults().on("core_user_delete_users", Fault::Held(latch.clone()));
    let round = tokio::spawn({
        let house = Arc::clone(&house);
        async move { house.tenant.round().await.unwrap() }
    });
    latch.arrived(1).await;
    let back = tokio::spawn({
        let house = Arc::clone(&house);
        async move { house.post("/Users", nina()).await }
    });
    // It comes as far as it can come.
    for _ in 0..10_000 {
        if back.is_finished() {
            break;
        }
        tokio::task::yield_now().await;
    }
    latch.release();
    assert_eq!(round.await.unwrap().begun, 1);
    let back = back.await.unwrap();
    assert_eq!(back.status, 201, "{back:?}");
    let read = house.get(&format!("/Users/{}", back.id())).await;
    assert_eq!((suspended(&house, "nina.berg"), read.status), (Some(false), 200), "{read:?}");
}

#[tokio::test]
async fn a_create_that_waits_is_done_whatever_became_of_its_entry() {
    let memory = Memory::new();
    let (entries, pending) = (memory.entries(&"school".into()), memory.pending(&"school".into()));
    let policy = dry(&writes_through());
    let options = Options { entries: Arc::clone(&entries), pending, policy, ..Options::default() };
    let mut house = House::with(options).await;
    let made = house.post("/Users", nina()).await.id().to_owned();
    let id = ResourceId::parse(&made).unwrap();
    entries.remove(Kind::User, &id).await.unwrap();
    house.under(writes_through());
    house.work_off().await;
    let read = house.get(&format!("/Users/{made}")).await;
    assert_eq!((suspended(&house, "nina.berg"), read.status), (Some(false), 200), "{read:?}");
    assert_eq!(read.body["userName"], nina()["userName"]);
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
