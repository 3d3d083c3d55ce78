//! A login at an LMS that is ill, or has had enough of logins: told to all who need it,
//! and counted as the one attempt that it was.

use std::time::Duration;

use super::login::session;
use super::support::{Act, Gateway, Lms, fine, gateway, json, raw, read_call, settings};
use matricula::backend::{Access, GrantKind, State};
use matricula::call::{Failure, Kind, Reply, Retry};
use serde_json::json;
use tokio::task::JoinSet;
use tokio::time::advance;

/// An LMS whose first answers to a login are these; then it grants, and answers.
fn granting_after(acts: Vec<Act>) -> (Lms, Gateway) {
    let lms = Lms::new(move |asked| match asked.path.as_str() {
        "/base/token" => acts.get(asked.number).cloned().unwrap_or_else(granted),
        _ => fine(),
    });
    let access = Access::Session(session(GrantKind::Client));
    let gateway = gateway(&lms, &settings(), access);
    (lms, gateway)
}

fn granted() -> Act {
    json(200, &json!({ "access_token": "t", "expires_in": 3600 }))
}

fn too_many(seconds: u32) -> Act {
    Act::Say(raw(429, &format!("Retry-After: {seconds}\r\n"), "slow down"))
}

async fn together(gateway: &Gateway, calls: usize) -> Vec<Result<Reply, Failure>> {
    let mut calling = JoinSet::new();
    for _ in 0..calls {
        let gateway = gateway.clone();
        calling.spawn(async move { gateway.call(&read_call()).await });
    }
    calling.join_all().await
}

#[tokio::test(start_paused = true)]
async fn one_login_that_breaks_off_is_one_failure_however_many_wait_for_it() {
    let (lms, gateway) = granting_after(vec![Act::Drop]);
    for outcome in together(&gateway, 10).await {
        outcome.unwrap();
    }
    assert_eq!(gateway.backend.health().breaker, State::Closed, "it failed once");
    assert_eq!(lms.count_of("/base/token"), 2);
}

#[tokio::test(start_paused = true)]
async fn a_login_that_is_throttled_waits_as_long_as_the_lms_says() {
    let (lms, gateway) = granting_after(vec![too_many(120)]);
    for pause in [0, 5, 60] {
        advance(Duration::from_secs(pause)).await;
        let failure = gateway.call(&read_call()).await.unwrap_err();
        assert_eq!(failure.kind, Kind::Throttled);
        let Retry::After(wait) = failure.retry else { panic!("{failure:?}") };
        assert!(wait > Duration::from_secs(50), "{wait:?}");
    }
    assert_eq!(lms.count(), 1, "it has said when to come back");
    advance(Duration::from_mins(1)).await;
    gateway.call(&read_call()).await.unwrap();
    assert_eq!(lms.count(), 3);
}
