//! The ceiling on calls, the queue before it, and rates.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::support::{Act, Lms, fine, gateway, once, raw, read_call, settings};
use matricula::backend::{Access, Rate, Settings};
use matricula::call::{Kind, Retry};
use tokio::task::JoinSet;
use tokio::time::Instant;

fn slow() -> Act {
    Act::Late(Duration::from_secs(1), raw(200, "", "{}"))
}

fn bounded(concurrency: usize, queue: usize) -> Settings {
    let mut settings = settings();
    settings.limits.concurrency = concurrency;
    settings.limits.queue = queue;
    settings
}

#[tokio::test(start_paused = true)]
async fn the_ceiling_holds_for_calls_and_connections() {
    let lms = Lms::saying(vec![slow()]);
    let gateway = gateway(&lms, &bounded(3, 100), Access::Open);
    let mut calls = JoinSet::new();
    for _ in 0..30 {
        let gateway = gateway.clone();
        calls.spawn(async move { gateway.call(&read_call()).await });
    }
    while let Some(outcome) = calls.join_next().await {
        outcome.unwrap().unwrap();
    }
    assert_eq!((lms.count(), lms.most()), (30, 3));
    assert!(lms.connections() <= 3, "{} connections", lms.connections());
}

#[tokio::test(start_paused = true)]
async fn a_full_queue_refuses_at_once_and_says_when_to_come_back() {
    let lms = Lms::saying(vec![slow()]);
    let gateway = gateway(&lms, &bounded(1, 2), Access::Open);
    let mut calls = JoinSet::new();
    for _ in 0..5 {
        let gateway = gateway.clone();
        calls.spawn(async move {
            let start = Instant::now();
            (gateway.call(&read_call()).await, start.elapsed())
        });
    }
    let outcomes = calls.join_all().await;
    let refused: Vec<_> = outcomes.iter().filter(|(outcome, _)| outcome.is_err()).collect();
    assert_eq!(refused.len(), 2);
    for (outcome, took) in refused {
        let failure = outcome.as_ref().unwrap_err();
        assert_eq!(failure.kind, Kind::Unavailable);
        assert!(matches!(failure.retry, Retry::After(_)));
        assert_eq!(*took, Duration::ZERO);
    }
}

#[tokio::test(start_paused = true)]
async fn whoever_leaves_frees_slot_and_place() {
    let lms = Lms::saying(vec![Act::Hang, Act::Hang, fine()]);
    let gateway = gateway(&lms, &bounded(1, 1), Access::Open);
    let first = tokio::spawn({
        let gateway = gateway.clone();
        async move { gateway.call(&read_call()).await }
    });
    let second = tokio::spawn({
        let gateway = gateway.clone();
        async move { gateway.call(&read_call()).await }
    });
    tokio::time::advance(Duration::from_millis(10)).await;
    assert_eq!((gateway.backend.health().running, gateway.backend.health().waiting), (1, 1));
    second.abort();
    assert!(second.await.is_err());
    assert_eq!(gateway.backend.health().waiting, 0);
    first.abort();
    assert!(first.await.is_err());
    assert_eq!(gateway.backend.health().running, 0);
    assert!(gateway.metric("matricula_lms_calls_running").abs() < f64::EPSILON);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_cannot_have_a_slot_in_time_is_refused() {
    let lms = Lms::saying(vec![Act::Hang]);
    let mut settings = bounded(1, 10);
    settings.timing.attempt = Duration::from_mins(1);
    settings.timing.whole = Duration::from_secs(3);
    let gateway = gateway(&lms, &settings, Access::Open);
    let mut patient = read_call();
    patient.patience = Some(Duration::from_mins(1));
    let first = tokio::spawn({
        let gateway = gateway.clone();
        async move { gateway.call(&patient).await }
    });
    tokio::time::advance(Duration::from_millis(10)).await;
    let failure = gateway.call(&read_call()).await.unwrap_err();
    assert_eq!(failure.kind, Kind::Unavailable);
    assert_eq!(lms.count(), 1);
    first.abort();
}

#[tokio::test(start_paused = true)]
async fn a_rate_spreads_calls() {
    let lms = Lms::saying(vec![fine()]);
    let mut settings = settings();
    settings.limits.rates = vec![Rate { calls: 2, span: Duration::from_secs(1) }];
    let gateway = gateway(&lms, &settings, Access::Open);
    let start = Instant::now();
    for _ in 0..9 {
        gateway.call(&read_call()).await.unwrap();
    }
    let took = start.elapsed().as_secs_f64();
    assert!((4.0..4.1).contains(&took), "{took}");
}

#[tokio::test(start_paused = true)]
async fn a_rate_that_leaves_no_moment_before_the_deadline_is_throttled() {
    let lms = Lms::saying(vec![fine()]);
    let mut settings = settings();
    settings.limits.rates = vec![Rate { calls: 1, span: Duration::from_hours(1) }];
    let gateway = gateway(&lms, &settings, Access::Open);
    gateway.call(&read_call()).await.unwrap();
    let failure = gateway.call(&read_call()).await.unwrap_err();
    assert_eq!(failure.kind, Kind::Throttled);
    assert_eq!(lms.count(), 1);
}

/// 429 with `Retry-After` holds back everybody: also those who wait for their moment.
#[tokio::test(start_paused = true)]
async fn whoever_waits_for_the_rate_hears_of_retry_after() {
    let begin = Instant::now();
    let times = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&times);
    let lms = Lms::new(move |asked| {
        seen.lock().unwrap().push(begin.elapsed().as_secs());
        if asked.number == 0 { Act::Say(raw(429, "Retry-After: 20\r\n", "{}")) } else { fine() }
    });
    let mut settings = once();
    settings.limits.rates = vec![Rate { calls: 10, span: Duration::from_secs(10) }];
    let gateway = gateway(&lms, &settings, Access::Open);
    let mut calls = JoinSet::new();
    for _ in 0..8 {
        let gateway = gateway.clone();
        calls.spawn(async move { gateway.call(&read_call()).await.is_ok() });
    }
    let fine = calls.join_all().await.into_iter().filter(|fine| *fine).count();
    assert_eq!((fine, times.lock().unwrap().clone()), (7, vec![0, 20, 21, 22, 23, 24, 25, 26]));
}
