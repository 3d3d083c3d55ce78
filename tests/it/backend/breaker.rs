//! The breaker: what opens it, what it lets through, what closes it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::support::{
    Act, Gateway, Lms, create, fine, gateway, json, once, raw, read_call, settings,
};
use matricula::backend::{Access, State};
use matricula::call::{Kind, Retry};
use serde_json::json;
use tokio::task::JoinSet;
use tokio::time::{advance, sleep};

/// An LMS with a switch, and a gateway that opens after three failures.
fn switched(down: Act) -> (Lms, Arc<AtomicBool>, Gateway) {
    let switch = Arc::new(AtomicBool::new(false));
    let up = Arc::clone(&switch);
    let lms = Lms::new(move |_| if up.load(Ordering::SeqCst) { fine() } else { down.clone() });
    let mut settings = settings();
    settings.retry.attempts = 1;
    settings.breaker.failures = 3;
    let gateway = gateway(&lms, &settings, Access::Open);
    (lms, switch, gateway)
}

async fn fail(gateway: &Gateway, times: usize) {
    for _ in 0..times {
        gateway.call(&read_call()).await.unwrap_err();
    }
}

#[tokio::test(start_paused = true)]
async fn it_opens_is_probed_and_closes() {
    let (lms, up, gateway) = switched(json(503, &json!({})));
    fail(&gateway, 2).await;
    assert_eq!(gateway.backend.health().breaker, State::Closed);
    fail(&gateway, 1).await;
    assert_eq!(gateway.backend.health().breaker, State::Open);
    assert!((gateway.metric("matricula_lms_breaker_state") - 2.0).abs() < f64::EPSILON);

    let failure = gateway.call(&read_call()).await.unwrap_err();
    assert_eq!(failure.kind, Kind::Unavailable);
    assert!(matches!(failure.retry, Retry::After(wait) if wait <= Duration::from_secs(5)));
    assert_eq!(lms.count(), 3, "an open breaker asks nothing");

    up.store(true, Ordering::SeqCst);
    advance(Duration::from_secs(5)).await;
    assert_eq!(gateway.backend.health().breaker, State::HalfOpen);
    gateway.call(&read_call()).await.unwrap();
    assert_eq!(gateway.backend.health().breaker, State::Closed);
    assert!(gateway.metric("matricula_lms_breaker_state").abs() < f64::EPSILON);
}

#[tokio::test(start_paused = true)]
async fn each_probe_that_fails_doubles_the_pause_up_to_its_longest() {
    let (lms, _, gateway) = switched(json(503, &json!({})));
    fail(&gateway, 3).await;
    let mut asked = 3;
    for pause in [5, 10, 20, 40, 60, 60] {
        advance(Duration::from_secs(pause - 1)).await;
        fail(&gateway, 1).await;
        assert_eq!(lms.count(), asked, "too early, at {pause}");
        advance(Duration::from_secs(1)).await;
        fail(&gateway, 1).await;
        asked += 1;
        assert_eq!(lms.count(), asked, "too late, at {pause}");
    }
}

#[tokio::test(start_paused = true)]
async fn half_open_lets_one_call_through_at_a_time() {
    let (lms, up, gateway) = switched(Act::Late(Duration::from_secs(2), raw(503, "", "")));
    fail(&gateway, 3).await;
    advance(Duration::from_secs(5)).await;
    up.store(false, Ordering::SeqCst);
    let calls = (0..10).map(|_| {
        let gateway = gateway.clone();
        tokio::spawn(async move { gateway.call(&read_call()).await })
    });
    for call in calls.collect::<Vec<_>>() {
        call.await.unwrap().unwrap_err();
    }
    assert_eq!(lms.count(), 4);
}

#[tokio::test(start_paused = true)]
async fn a_probe_whose_caller_leaves_gives_its_place_back() {
    let (lms, up, gateway) = switched(Act::Late(Duration::from_secs(2), raw(503, "", "")));
    fail(&gateway, 3).await;
    advance(Duration::from_secs(5)).await;
    let probe = tokio::spawn({
        let gateway = gateway.clone();
        async move { gateway.call(&create()).await }
    });
    while lms.count() < 4 {
        tokio::task::yield_now().await;
    }
    gateway.call(&read_call()).await.unwrap_err();
    probe.abort();
    assert!(probe.await.is_err());
    up.store(true, Ordering::SeqCst);
    gateway.call(&read_call()).await.unwrap();
    assert_eq!(lms.count(), 5);
}

#[tokio::test(start_paused = true)]
async fn an_lms_that_refuses_or_throttles_is_alive() {
    for status in [400, 401, 403, 404, 409, 429, 500] {
        let (lms, _, gateway) = switched(json(status, &json!({})));
        fail(&gateway, 10).await;
        assert_eq!(gateway.backend.health().breaker, State::Closed, "{status}");
        assert_eq!(lms.count(), 10, "{status}");
    }
}

#[tokio::test(start_paused = true)]
async fn one_answer_between_failures_begins_the_count_anew() {
    let (_, up, gateway) = switched(json(503, &json!({})));
    for _ in 0..4 {
        fail(&gateway, 2).await;
        up.store(true, Ordering::SeqCst);
        gateway.call(&read_call()).await.unwrap();
        up.store(false, Ordering::SeqCst);
    }
    assert_eq!(gateway.backend.health().breaker, State::Closed);
}

#[tokio::test(start_paused = true)]
async fn a_breaker_that_opens_between_attempts_does_not_hide_the_failure() {
    let lms = Lms::saying(vec![Act::Drop]);
    let mut settings = settings();
    settings.breaker.failures = 1;
    let gateway = gateway(&lms, &settings, Access::Open);
    let failure = gateway.call(&super::support::put()).await.unwrap_err();
    assert_eq!(lms.count(), 1);
    assert!(failure.lost, "the first attempt may have arrived");
    assert_eq!(failure.detail, "the LMS broke off before it answered");
}

#[tokio::test(start_paused = true)]
async fn failures_of_calls_from_before_it_opened_do_not_lengthen_the_pause() {
    let (lms, _, gateway) = switched(Act::Late(Duration::from_secs(2), raw(503, "", "")));
    let calls = (0..8).map(|_| {
        let gateway = gateway.clone();
        tokio::spawn(async move { gateway.call(&read_call()).await })
    });
    for call in calls.collect::<Vec<_>>() {
        call.await.unwrap().unwrap_err();
    }
    assert_eq!(lms.count(), 8);
    advance(Duration::from_secs(5)).await;
    assert_eq!(gateway.backend.health().breaker, State::HalfOpen);
}

/// Twice as much is asked for as an LMS does that always answers within a second.
#[tokio::test(start_paused = true)]
async fn our_own_queue_does_not_make_the_lms_look_down() {
    let lms = Lms::saying(vec![Act::Late(Duration::from_secs(1), raw(200, "", "{}"))]);
    let mut settings = once();
    settings.limits.concurrency = 1;
    let gateway = gateway(&lms, &settings, Access::Open);
    let mut calls = JoinSet::new();
    for _ in 0..240 {
        let gateway = gateway.clone();
        calls.spawn(async move { gateway.call(&create()).await });
        sleep(Duration::from_millis(500)).await;
    }
    let outcomes = calls.join_all().await;
    let failures: Vec<_> = outcomes.into_iter().filter_map(Result::err).collect();
    assert!(!failures.is_empty(), "more was asked for than it does");
    for failure in failures {
        assert!(!failure.lost && !failure.detail.contains("is down"), "{failure:?}");
    }
    assert_eq!(gateway.backend.health().breaker, State::Closed);
}

#[tokio::test(start_paused = true)]
async fn being_cut_off_after_a_moment_says_nothing_of_the_lms() {
    let late = |seconds| Act::Late(Duration::from_secs(seconds), raw(200, "", "{}"));
    let lms = Lms::saying(vec![late(12), late(12), late(12), Act::Hang]);
    let mut settings = once();
    settings.limits.concurrency = 1;
    settings.breaker.failures = 1;
    let gateway = gateway(&lms, &settings, Access::Open);
    let mut calls = JoinSet::new();
    for _ in 0..3 {
        let gateway = gateway.clone();
        calls.spawn(async move { gateway.call(&create()).await });
    }
    let outcomes = calls.join_all().await;
    let lost: Vec<_> = outcomes.into_iter().filter_map(Result::err).map(|it| it.lost).collect();
    assert_eq!(lost, [true], "the third had six seconds of fifteen");
    assert_eq!(gateway.backend.health().breaker, State::Closed);
    gateway.call(&create()).await.unwrap_err();
    assert_eq!(gateway.backend.health().breaker, State::Open, "it had all of its time");
}

/// Behind a queue all but the first are cut off early; the LMS has long been silent by then.
#[tokio::test(start_paused = true)]
async fn an_lms_that_hangs_is_left_alone_though_a_queue_cuts_everything_off() {
    let lms = Lms::saying(vec![Act::Hang]);
    let mut settings = once();
    settings.limits.concurrency = 1;
    settings.breaker.failures = 3;
    let gateway = gateway(&lms, &settings, Access::Open);
    let mut calls = JoinSet::new();
    for _ in 0..120 {
        let gateway = gateway.clone();
        calls.spawn(async move { gateway.call(&create()).await });
        sleep(Duration::from_secs(1)).await;
    }
    assert_ne!(gateway.backend.health().breaker, State::Closed);
    assert!(lms.asked().len() < 20, "{}", lms.asked().len());
}
