//! What is tried again, what never is, and when it ends.

use std::time::Duration;

use super::support::{
    Act, Greeting, Lms, create, fine, gateway, json, put, raw, read_call, settings,
};
use matricula::backend::{Access, Errand};
use matricula::call::{Kind, Retry};
use serde_json::json;
use tokio::time::Instant;

fn unavailable() -> Act {
    json(503, &json!({ "error": "down" }))
}

#[tokio::test(start_paused = true)]
async fn a_read_meets_503_then_is_answered() {
    let lms = Lms::saying(vec![unavailable(), unavailable(), fine()]);
    let reply = gateway(&lms, &settings(), Access::Open).call(&read_call()).await.unwrap();
    assert_eq!(reply.body()["fine"], true);
    assert_eq!(lms.count(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_repeatable_write_is_repeated() {
    let lms = Lms::saying(vec![Act::Drop, fine()]);
    gateway(&lms, &settings(), Access::Open).call(&put()).await.unwrap();
    assert_eq!(lms.count(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_create_is_never_sent_twice() {
    let html = Act::Say(raw(200, "Content-Type: text/html\r\n", "<html>maintenance</html>"));
    let bad = [
        Act::Drop,
        Act::Hang,
        unavailable(),
        json(502, &json!(null)),
        json(500, &json!(null)),
        html,
        Act::SayAndClose("HTTP/1.1 201 X\r\nContent-Length: 100\r\n\r\n{\"id\":".into()),
        Act::Say("nonsense\r\n\r\n".into()),
    ];
    for act in bad {
        let lms = Lms::saying(vec![act.clone(), fine()]);
        let outcome = gateway(&lms, &settings(), Access::Open).call(&create()).await;
        let failure = outcome.unwrap_err();
        assert_eq!(lms.count(), 1, "{act:?}");
        assert!(failure.lost, "{act:?}: the LMS may have created it");
    }
}

#[tokio::test(start_paused = true)]
async fn a_create_that_met_no_connection_is_tried_again() {
    let welcome = |number| if number < 2 { Greeting::Refuse } else { Greeting::Welcome };
    let lms = Lms::saying(vec![fine()]).met_by(welcome);
    gateway(&lms, &settings(), Access::Open).call(&create()).await.unwrap();
    assert_eq!((lms.connections(), lms.count()), (3, 1));
}

#[tokio::test(start_paused = true)]
async fn a_create_that_is_throttled_is_sent_again_when_the_lms_says() {
    let throttled = Act::Say(raw(429, "Retry-After: 2\r\n", ""));
    let lms = Lms::saying(vec![throttled, fine()]);
    let start = Instant::now();
    gateway(&lms, &settings(), Access::Open).call(&create()).await.unwrap();
    let took = start.elapsed();
    assert_eq!(lms.count(), 2);
    assert!((2.0..3.0).contains(&took.as_secs_f64()), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn a_retry_after_date_is_held_against_the_clock() {
    let date = "Retry-After: Sat, 21 Nov 2026 12:00:20 GMT\r\n";
    let lms = Lms::saying(vec![Act::Say(raw(503, date, "")), fine()]);
    let gateway = gateway(&lms, &settings(), Access::Open);
    gateway.hand.advance(Duration::from_secs(5));
    let start = Instant::now();
    gateway.call(&read_call()).await.unwrap();
    assert!((15.0..16.0).contains(&start.elapsed().as_secs_f64()));
}

#[tokio::test(start_paused = true)]
async fn a_wait_beyond_the_deadline_is_told_and_not_waited_for() {
    let lms = Lms::saying(vec![Act::Say(raw(429, "Retry-After: 120\r\n", ""))]);
    let gateway = gateway(&lms, &settings(), Access::Open);
    let start = Instant::now();
    let failure = gateway.call(&read_call()).await.unwrap_err();
    assert_eq!(failure.kind, Kind::Throttled);
    assert!(matches!(failure.retry, Retry::After(wait) if wait >= Duration::from_mins(2)));
    assert!(start.elapsed() < Duration::from_secs(1));
    // And nobody else asks meanwhile: the word goes for the whole LMS.
    let failure = gateway.call(&read_call()).await.unwrap_err();
    assert_eq!(failure.kind, Kind::Throttled);
    assert_eq!(lms.count(), 1);
}

#[tokio::test(start_paused = true)]
async fn attempts_end_at_their_number() {
    let lms = Lms::saying(vec![unavailable()]);
    let mut settings = settings();
    settings.retry.attempts = 3;
    let failure = gateway(&lms, &settings, Access::Open).call(&read_call()).await.unwrap_err();
    assert_eq!((lms.count(), failure.kind), (3, Kind::Unavailable));
    assert!(!failure.lost, "a read leaves nothing behind");
}

#[tokio::test(start_paused = true)]
async fn the_whole_deadline_holds_over_all_attempts() {
    let lms = Lms::saying(vec![Act::Hang]);
    let mut settings = settings();
    settings.timing.attempt = Duration::from_secs(4);
    settings.timing.whole = Duration::from_secs(10);
    settings.retry.attempts = 50;
    let start = Instant::now();
    gateway(&lms, &settings, Access::Open).call(&read_call()).await.unwrap_err();
    let took = start.elapsed().as_secs_f64();
    assert!((8.0..=10.1).contains(&took), "{took}");
}

#[tokio::test(start_paused = true)]
async fn a_caller_s_own_deadline_goes_first() {
    let lms = Lms::saying(vec![Act::Hang]);
    let gateway = gateway(&lms, &settings(), Access::Open);
    let start = Instant::now();
    let until = Some(start + Duration::from_secs(2));
    let errand = Errand { operation: "user.test", judge: &super::support::judge, until };
    let failure = gateway.backend.call(&create(), &errand).await.unwrap_err();
    assert!(failure.lost);
    assert!(start.elapsed() <= Duration::from_millis(2_010));
}

#[tokio::test(start_paused = true)]
async fn the_budget_ends_retries() {
    let lms = Lms::saying(vec![unavailable()]);
    let mut settings = settings();
    settings.retry.reserve = 5;
    settings.retry.share = 10;
    settings.breaker.failures = 1_000;
    let gateway = gateway(&lms, &settings, Access::Open);
    for _ in 0..100 {
        gateway.call(&read_call()).await.unwrap_err();
    }
    // Five in hand and a tenth of each of a hundred calls.
    let retries = lms.count() - 100;
    assert!((13..=15).contains(&retries), "{retries} retries");
    assert_eq!(gateway.backend.health().budget, 0);
    assert!(gateway.metric("matricula_lms_retry_budget_exhausted_total") > 80.0);
}

#[tokio::test(start_paused = true)]
async fn a_write_lost_once_stays_lost_whatever_follows() {
    let lms = Lms::saying(vec![Act::Drop]).met_by(|number| match number {
        0 => Greeting::Welcome,
        _ => Greeting::Refuse,
    });
    let failure = gateway(&lms, &settings(), Access::Open).call(&put()).await.unwrap_err();
    assert_eq!(lms.count(), 1);
    assert!(failure.lost, "the last attempt was refused, but the first arrived");
}

#[tokio::test(start_paused = true)]
async fn what_the_lms_refuses_is_not_tried_again() {
    for status in [400, 403, 404, 409, 500, 501] {
        let lms = Lms::saying(vec![json(status, &json!({}))]);
        gateway(&lms, &settings(), Access::Open).call(&read_call()).await.unwrap_err();
        assert_eq!(lms.count(), 1, "{status}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_refusal_in_the_lms_s_own_words_proves_that_nothing_happened() {
    for status in [400, 401, 403, 404, 409, 422, 429] {
        let lms = Lms::saying(vec![json(status, &json!({}))]);
        let outcome = gateway(&lms, &settings(), Access::Open).call(&create()).await;
        assert!(!outcome.unwrap_err().lost, "{status}");
    }
}
