//! Connections to the LMS: when they are used again, and when they are not.

use std::future::poll_fn;
use std::pin::pin;
use std::time::Duration;

use super::support::{
    Act, Gateway, Greeting, Lms, create, fine, gateway, json, once, raw, read_call, settings,
};
use matricula::backend::Access;
use matricula::call::{Failure, Reply};
use serde_json::json;
use tokio::time::{Instant, timeout};

#[tokio::test(start_paused = true)]
async fn a_pooled_connection_that_the_lms_closed_costs_no_create() {
    let close = Act::SayAndClose(raw(200, "", "{}"));
    let lms = Lms::saying(vec![close, fine()]);
    let gateway = gateway(&lms, &once(), Access::Open);
    gateway.call(&read_call()).await.unwrap();
    gateway.call(&create()).await.unwrap();
    assert_eq!((lms.connections(), lms.count()), (2, 2));
}

#[tokio::test(start_paused = true)]
async fn connections_are_kept_and_given_up_before_the_lms_does() {
    let lms = Lms::saying(vec![fine()]);
    let gateway = gateway(&lms, &settings(), Access::Open);
    gateway.call(&read_call()).await.unwrap();
    tokio::time::advance(Duration::from_secs(3)).await;
    gateway.call(&read_call()).await.unwrap();
    assert_eq!(lms.connections(), 1);
    tokio::time::advance(Duration::from_millis(4_500)).await;
    gateway.call(&read_call()).await.unwrap();
    assert_eq!(lms.connections(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_nobody_needs_is_closed_by_itself() {
    let lms = Lms::saying(vec![fine()]);
    let gateway = gateway(&lms, &settings(), Access::Open);
    gateway.call(&read_call()).await.unwrap();
    tokio::time::sleep(Duration::from_millis(3_900)).await;
    assert_eq!(lms.open(), 1);
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(lms.open(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_is_never_at_rest_ends_all_the_same() {
    let lms = Lms::saying(vec![fine()]);
    let gateway = gateway(&lms, &settings(), Access::Open);
    for _ in 0..12 * 60 {
        gateway.call(&read_call()).await.unwrap();
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    // Its name may lead to another machine by now.
    assert_eq!((lms.connections(), lms.open()), (3, 1));
}

#[tokio::test(start_paused = true)]
async fn the_last_connection_used_is_the_next_so_the_others_can_go() {
    let lms = Lms::new(|_| Act::Late(Duration::from_millis(10), raw(200, "", "{}")));
    let gateway = gateway(&lms, &settings(), Access::Open);
    let call = read_call();
    let _three = tokio::join!(gateway.call(&call), gateway.call(&call), gateway.call(&call));
    assert_eq!((lms.connections(), lms.open()), (3, 3));
    for _ in 0..6 {
        tokio::time::sleep(Duration::from_secs(1)).await;
        gateway.call(&call).await.unwrap();
    }
    assert_eq!((lms.connections(), lms.open()), (3, 1));
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_the_lms_wants_to_close_is_not_used_again() {
    let lms = Lms::saying(vec![Act::Say(raw(200, "Connection: close\r\n", "{}"))]);
    let gateway = gateway(&lms, &settings(), Access::Open);
    gateway.call(&read_call()).await.unwrap();
    gateway.call(&read_call()).await.unwrap();
    tokio::task::yield_now().await;
    assert_eq!((lms.connections(), lms.open()), (2, 0));
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_came_too_late_is_never_another_call_s() {
    let late = Act::Late(Duration::from_secs(2), raw(200, "", r#"{"of":"the first"}"#));
    let lms = Lms::saying(vec![late, json(200, &json!({ "of": "the second" }))]);
    let gateway = gateway(&lms, &once(), Access::Open);
    let mut call = read_call();
    call.patience = Some(Duration::from_secs(1));
    gateway.call(&call).await.unwrap_err();
    tokio::time::sleep(Duration::from_secs(2)).await;
    let reply = gateway.call(&read_call()).await.unwrap();
    assert_eq!((reply.body()["of"].as_str(), lms.connections()), (Some("the second"), 2));
}

#[tokio::test(start_paused = true)]
async fn a_caller_who_leaves_takes_his_connection_along() {
    let lms = Lms::saying(vec![Act::Hang]);
    let gateway = gateway(&lms, &settings(), Access::Open);
    let call = read_call();
    timeout(Duration::from_secs(1), gateway.call(&call)).await.unwrap_err();
    assert_eq!(gateway.backend.health().running, 0);
    // The LMS hangs on, and no other call meets it.
    timeout(Duration::from_secs(1), gateway.call(&call)).await.unwrap_err();
    assert_eq!((lms.connections(), lms.count()), (2, 2));
}

#[tokio::test(start_paused = true)]
async fn a_new_connection_that_is_closed_at_once_takes_no_create_along() {
    let lms = Lms::saying(vec![fine()]).met_by(|number| match number {
        0 => Greeting::Slam,
        _ => Greeting::Welcome,
    });
    let failure = gateway(&lms, &once(), Access::Open).call(&create()).await.unwrap_err();
    assert!(!failure.lost, "{failure:?}");
    let lms = lms.met_by(|number| if number == 1 { Greeting::Slam } else { Greeting::Welcome });
    gateway(&lms, &settings(), Access::Open).call(&create()).await.unwrap();
    assert_eq!((lms.connections(), lms.count()), (3, 1));
}

#[tokio::test(start_paused = true)]
async fn a_long_answer_comes_whole_in_many_pieces() {
    let long = "x".repeat(1_000_000);
    let lms = Lms::saying(vec![json(200, &json!({ "long": long }))]);
    let gateway = gateway(&lms, &once(), Access::Open);
    for _ in 0..2 {
        let reply = gateway.call(&read_call()).await.unwrap();
        assert_eq!(reply.body()["long"].as_str().map(str::len), Some(long.len()));
    }
    assert_eq!(lms.connections(), 1);
}

/// How often a call's task runs until it is over.
async fn turns(gateway: &Gateway) -> (usize, Result<Reply, Failure>) {
    let (call, mut turns) = (read_call(), 0);
    let mut made = pin!(gateway.call(&call));
    let reply = poll_fn(|context| {
        turns += 1;
        made.as_mut().poll(context)
    });
    let reply = reply.await;
    (turns, reply)
}

#[tokio::test(start_paused = true)]
async fn whoever_calls_runs_once_to_ask_and_once_to_be_told() {
    let lms = Lms::saying(vec![fine()]);
    let gateway = gateway(&lms, &settings(), Access::Open);
    gateway.call(&read_call()).await.unwrap();
    for _ in 0..3 {
        let (turns, reply) = turns(&gateway).await;
        reply.unwrap();
        assert_eq!(turns, 2);
    }
    assert_eq!(lms.connections(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_call_whose_task_has_had_its_turn_is_answered_in_the_next() {
    let lms = Lms::saying(vec![fine()]);
    let gateway = gateway(&lms, &settings(), Access::Open);
    gateway.call(&read_call()).await.unwrap();
    let start = Instant::now();
    // Nothing may be waited for that only comes when somebody has a turn left.
    has_had_his_turn().await;
    gateway.call(&read_call()).await.unwrap();
    assert_eq!(start.elapsed(), Duration::ZERO);
}

async fn has_had_his_turn() {
    while tokio::task::coop::has_budget_remaining() {
        tokio::task::coop::consume_budget().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_connection_whose_end_is_seen_too_late_hands_the_call_back() {
    let close = Act::SayAndCloseLate(raw(200, "", "{}"), Duration::from_secs(1));
    let lms = Lms::saying(vec![close, fine()]);
    let gateway = gateway(&lms, &once(), Access::Open);
    gateway.call(&read_call()).await.unwrap();
    tokio::time::sleep(Duration::from_secs(2)).await;
    let start = Instant::now();
    // Without a turn, the end of the connection cannot be seen when it is taken up.
    has_had_his_turn().await;
    gateway.call(&create()).await.unwrap();
    assert_eq!((start.elapsed(), lms.connections()), (Duration::ZERO, 2));
}
