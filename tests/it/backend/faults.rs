//! Faults of the way to the LMS and back, and what is told of them.

use std::time::Duration;

use super::support::{
    Act, Greeting, Lms, create, fine, gateway, json, once, raw, read_call, settings,
};
use matricula::backend::{Access, Settings, Unopened};
use matricula::call::{Kind, Retry};
use serde_json::json;
use tokio::time::Instant;

#[tokio::test(start_paused = true)]
async fn a_call_arrives_as_it_was_made() {
    let lms = Lms::saying(vec![fine()]);
    let mut call = create();
    call.headers.push(("X-Version".into(), "2".into()));
    call.target.ask("a b", "c&d");
    gateway(&lms, &settings(), Access::Open).call(&call).await.unwrap();
    let asked = &lms.asked()[0];
    assert_eq!(asked.method, "POST");
    assert_eq!(asked.path, "/base/users?a%20b=c%26d");
    assert_eq!(asked.header("host").unwrap(), "lms.test");
    assert_eq!(asked.header("x-version").unwrap(), "2");
    assert_eq!(asked.header("content-type").unwrap(), "application/json");
    assert_eq!(asked.body, r#"{"name":"x"}"#);
}

#[tokio::test(start_paused = true)]
async fn a_refused_connection_leaves_nothing_behind() {
    let lms = Lms::saying(vec![fine()]).met_by(|_| Greeting::Refuse);
    let failure = gateway(&lms, &once(), Access::Open).call(&create()).await.unwrap_err();
    assert_eq!((failure.kind, failure.lost), (Kind::Unavailable, false));
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_is_never_accepted_ends_in_time_and_leaves_nothing_behind() {
    let lms = Lms::saying(vec![fine()]).met_by(|_| Greeting::Ignore);
    let start = Instant::now();
    let failure = gateway(&lms, &once(), Access::Open).call(&create()).await.unwrap_err();
    assert_eq!((failure.kind, failure.lost), (Kind::Unavailable, false));
    assert!((5.0..5.1).contains(&start.elapsed().as_secs_f64()));
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_ends_before_there_is_a_connection_leaves_nothing_behind() {
    let lms = Lms::saying(vec![fine()]).met_by(|number| match number {
        0 => Greeting::Ignore,
        _ => Greeting::Welcome,
    });
    let mut call = create();
    call.patience = Some(Duration::from_secs(2));
    let failure = gateway(&lms, &once(), Access::Open).call(&call).await.unwrap_err();
    assert!(!failure.lost);
    // So it may be tried again, create or not.
    let lms = Lms::saying(vec![fine()]).met_by(|number| match number {
        0 => Greeting::Ignore,
        _ => Greeting::Welcome,
    });
    gateway(&lms, &settings(), Access::Open).call(&call).await.unwrap();
    assert_eq!(lms.count(), 1);
}

#[tokio::test(start_paused = true)]
async fn silence_after_the_write_is_told_as_lost() {
    let lms = Lms::saying(vec![Act::Hang]);
    let start = Instant::now();
    let failure = gateway(&lms, &once(), Access::Open).call(&create()).await.unwrap_err();
    assert_eq!((failure.kind, failure.lost), (Kind::Unavailable, true));
    assert!((15.0..15.1).contains(&start.elapsed().as_secs_f64()));
}

#[tokio::test(start_paused = true)]
async fn a_call_s_own_patience_goes_before_the_default() {
    let late = Act::Late(Duration::from_mins(2), raw(200, "", "{}"));
    let lms = Lms::saying(vec![late]);
    let mut call = read_call();
    call.patience = Some(Duration::from_mins(3));
    gateway(&lms, &once(), Access::Open).call(&call).await.unwrap();
    call.patience = Some(Duration::from_secs(1));
    gateway(&lms, &once(), Access::Open).call(&call).await.unwrap_err();
}

#[tokio::test(start_paused = true)]
async fn a_truncated_answer_is_no_answer() {
    let cut = "HTTP/1.1 200 X\r\nContent-Length: 100\r\n\r\n[]";
    let lms = Lms::saying(vec![Act::SayAndClose(cut.into())]);
    let failure = gateway(&lms, &once(), Access::Open).call(&read_call()).await.unwrap_err();
    assert_eq!((failure.kind, failure.status), (Kind::Unavailable, Some(200)));
}

#[tokio::test(start_paused = true)]
async fn a_body_that_stands_still_ends_in_time() {
    let cut = "HTTP/1.1 200 X\r\nContent-Length: 100\r\n\r\n[]";
    let lms = Lms::saying(vec![Act::Say(cut.into())]);
    let start = Instant::now();
    let failure = gateway(&lms, &once(), Access::Open).call(&read_call()).await.unwrap_err();
    assert_eq!(failure.kind, Kind::Unavailable);
    assert!((15.0..15.1).contains(&start.elapsed().as_secs_f64()));
}

#[tokio::test(start_paused = true)]
async fn an_endless_answer_ends_at_the_limit_and_is_not_asked_for_again() {
    let lms = Lms::saying(vec![Act::Endless]);
    let mut settings = settings();
    settings.limits.answer = 64 * 1024;
    let failure = gateway(&lms, &settings, Access::Open).call(&read_call()).await.unwrap_err();
    assert_eq!((failure.kind, failure.retry), (Kind::Garbled, Retry::Never));
    assert_eq!(lms.count(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_maintenance_page_with_200_is_what_the_judge_says() {
    let page = raw(200, "Content-Type: text/html\r\n", "<html>back soon</html>");
    let lms = Lms::saying(vec![Act::Say(page)]);
    let failure = gateway(&lms, &once(), Access::Open).call(&read_call()).await.unwrap_err();
    assert_eq!(failure.kind, Kind::Unavailable);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_no_http_is_garbled() {
    let lms = Lms::saying(vec![Act::Say("SSH-2.0-OpenSSH\r\n\r\n".into())]);
    let failure = gateway(&lms, &settings(), Access::Open).call(&read_call()).await.unwrap_err();
    assert_eq!(failure.kind, Kind::Garbled);
    assert_eq!(lms.count(), 1);
}

#[tokio::test(start_paused = true)]
async fn what_the_lms_said_stays_out_of_what_the_client_reads() {
    let lms = Lms::saying(vec![json(200, &json!({}))]).met_by(|_| Greeting::Refuse);
    let failure = gateway(&lms, &once(), Access::Open).call(&read_call()).await.unwrap_err();
    assert_eq!(failure.detail, "the LMS cannot be reached");
    assert!(failure.said.unwrap().contains("refused"));
}

#[test]
fn a_base_that_is_no_address_is_refused_at_the_start() {
    let (house, ..) = super::support::house();
    for base in ["", "lms.test", "ftp://lms.test", "http://", "http://lms.test/?a=b"] {
        let settings = Settings::new("lms", base);
        let outcome = matricula::backend::Backend::open(&settings, Access::Open, &house);
        assert!(matches!(outcome, Err(Unopened::Address(_))), "{base}");
    }
}
