//! Life and readiness, with the clock stopped.

use super::{Answer, Operators, Scripted, healthy};
use http::StatusCode;
use matricula::admin::{Breaker, LastFailure, TenantHealth};
use matricula::server::Phase;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::{Instant, advance, sleep};

fn asked(operators: &Operators) -> usize {
    *operators.gateway.asked.borrow()
}

fn tenants(answer: &Answer) -> Value {
    answer.json().get("tenants").cloned().unwrap()
}

#[tokio::test(start_paused = true)]
async fn readiness_ends_with_the_first_stage_of_the_drain_and_life_does_not() {
    let operators = Operators::of(Scripted::default());
    for (phase, status, word) in [
        (Phase::Serving, StatusCode::OK, "serving"),
        (Phase::Leaving, StatusCode::SERVICE_UNAVAILABLE, "leaving"),
        (Phase::Draining, StatusCode::SERVICE_UNAVAILABLE, "draining"),
    ] {
        operators.shutdown.advance(phase);
        let ready = operators.get("/ready").await;
        assert_eq!(ready.status, status);
        assert_eq!(ready.json()["phase"], word);
        assert_eq!(ready.json()["ready"], phase == Phase::Serving);
        assert_eq!(operators.get("/live").await.status, StatusCode::OK);
    }
}

#[tokio::test(start_paused = true)]
async fn an_lms_that_is_down_is_told_and_leaves_us_ready() {
    let at = "2026-11-20T10:00:00Z".parse().unwrap();
    let reason = "connection refused".to_owned();
    let down = TenantHealth {
        reachable: Some(false),
        breaker: Breaker::Open,
        last_failure: Some(LastFailure { at, reason }),
        ..healthy("school")
    };
    let operators =
        Operators::of(Scripted { health: vec![down, healthy("demo")], ..Scripted::default() });
    let ready = operators.get("/ready").await;
    assert_eq!(ready.status, StatusCode::OK);
    assert_eq!(
        tenants(&ready),
        json!([
            {
                "tenant": "school",
                "reachable": false,
                "breaker": "open",
                "lastSuccess": null,
                "lastFailure": { "at": "2026-11-20T10:00:00Z", "reason": "connection refused" },
            },
            {
                "tenant": "demo",
                "reachable": true,
                "breaker": "closed",
                "lastSuccess": null,
                "lastFailure": null,
            },
        ])
    );
}

#[tokio::test(start_paused = true)]
async fn a_storm_of_probes_asks_once() {
    let operators = Operators::of(Scripted::held());
    let storm = futures(&operators, 50);
    let go = async {
        tokio::task::yield_now().await;
        operators.gateway.go.add_permits(50);
    };
    let (answers, ()) = tokio::join!(storm, go);
    assert_eq!(asked(&operators), 1);
    assert!(answers.iter().all(|answer| tenants(answer)[0]["reachable"] == true));
    advance(Duration::from_millis(1999)).await;
    operators.get("/ready").await;
    assert_eq!(asked(&operators), 1);
    advance(Duration::from_millis(1)).await;
    operators.get("/ready").await;
    assert_eq!(asked(&operators), 2);
}

/// So many probes at a time.
async fn futures(operators: &Operators, number: usize) -> Vec<Answer> {
    let mut answers = Vec::new();
    let mut waiting: Vec<_> = (0..number).map(|_| Box::pin(operators.get("/ready"))).collect();
    std::future::poll_fn(|context| {
        waiting.retain_mut(|probe| match probe.as_mut().poll(context) {
            std::task::Poll::Ready(answer) => {
                answers.push(answer);
                false
            }
            std::task::Poll::Pending => true,
        });
        if waiting.is_empty() { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await;
    answers
}

#[tokio::test(start_paused = true)]
async fn a_slow_lms_holds_no_probe_and_its_answer_is_kept_for_the_next() {
    let operators = Operators::of(Scripted::held());
    let start = Instant::now();
    let first = operators.get("/ready").await;
    assert_eq!(start.elapsed().as_millis(), 500);
    assert_eq!((first.status, tenants(&first)), (StatusCode::OK, Value::Null));
    assert_eq!(first.json()["checkedSecondsAgo"], Value::Null);
    operators.gateway.go.add_permits(1);
    let second = operators.get("/ready").await;
    assert_eq!(tenants(&second)[0]["tenant"], "demo");
    assert_eq!(asked(&operators), 1);
}

#[tokio::test(start_paused = true)]
async fn while_nothing_new_is_known_the_old_is_told_with_its_age() {
    let operators = Operators::of(Scripted::held());
    operators.gateway.go.add_permits(1);
    operators.get("/ready").await;
    advance(Duration::from_mins(1)).await;
    let late = operators.get("/ready").await;
    assert_eq!(tenants(&late)[0]["tenant"], "demo");
    assert_eq!(late.json()["checkedSecondsAgo"], 60.5);
}

#[tokio::test(start_paused = true)]
async fn an_lms_that_never_answers_is_given_up_and_asked_again() {
    let operators = Operators::of(Scripted::held());
    operators.get("/ready").await;
    operators.get("/ready").await;
    assert_eq!(asked(&operators), 1);
    sleep(Duration::from_secs(5)).await;
    operators.get("/ready").await;
    assert_eq!(asked(&operators), 2);
    assert_eq!(*operators.gateway.answered.borrow(), 0);
}
