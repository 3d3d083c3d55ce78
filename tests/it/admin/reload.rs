//! Reloading by an operator's call.

use super::{Operators, Scripted, counted};
use http::{Method, StatusCode};
use serde_json::json;
use std::time::Duration;
use tokio::time::sleep;

const JSON: &[(&str, &str)] = &[("accept", "application/json")];

fn told(reload: Result<&[&str], &[&str]>) -> Operators {
    let owned = |lines: &[&str]| lines.iter().map(ToString::to_string).collect();
    Operators::of(Scripted { reload: reload.map(owned).map_err(owned), ..Scripted::default() })
}

#[tokio::test]
async fn a_reload_tells_what_has_changed() {
    let operators = told(Ok(&["tenant `demo`: mapping", "tenant `new` added"]));
    let text = operators.ask(Method::POST, "/reload", &[]).await;
    assert_eq!(text.status, StatusCode::OK);
    assert_eq!(text.text, "reloaded\ntenant `demo`: mapping\ntenant `new` added\n");
    let json = operators.ask(Method::POST, "/reload", JSON).await;
    assert_eq!(json.json()["changes"][1], "tenant `new` added");
}

#[tokio::test]
async fn a_reload_that_finds_nothing_new_says_so() {
    let answer = told(Ok(&[])).ask(Method::POST, "/reload", &[]).await;
    assert_eq!(answer.text, "reloaded\nnothing has changed\n");
}

#[tokio::test]
async fn a_faulty_configuration_is_refused_with_every_fault() {
    let operators = told(Err(&["config.toml:3: no", "moodle.toml:7: no"]));
    let text = operators.ask(Method::POST, "/reload", &[]).await;
    assert_eq!(text.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(text.text.contains("config.toml:3: no\n\nmoodle.toml:7: no"), "{}", text.text);
    let answer = operators.ask(Method::POST, "/reload", JSON).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(
        answer.json(),
        json!({ "reloaded": false, "faults": ["config.toml:3: no", "moodle.toml:7: no"] })
    );
}

#[tokio::test(start_paused = true)]
async fn reloads_go_one_after_another() {
    let operators = Operators::of(Scripted::held());
    let gateway = &operators.gateway;
    let first = operators.ask(Method::POST, "/reload", &[]);
    let second = operators.ask(Method::POST, "/reload", &[]);
    let watch = async {
        counted(&gateway.asked, 1).await;
        // The clock moves on when nothing else can: the second has had its chance.
        sleep(Duration::from_secs(1)).await;
        assert_eq!(*gateway.asked.borrow(), 1);
        gateway.go.add_permits(2);
    };
    let (first, second, ()) = tokio::join!(first, second, watch);
    assert_eq!((first.status, second.status), (StatusCode::OK, StatusCode::OK));
    assert_eq!(*gateway.asked.borrow(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_reload_that_has_begun_is_finished_when_its_client_leaves() {
    let operators = Operators::of(Scripted::held());
    tokio::select! {
        _ = operators.ask(Method::POST, "/reload", &[]) => unreachable!("it is held"),
        () = counted(&operators.gateway.asked, 1) => {}
    }
    operators.gateway.go.add_permits(1);
    counted(&operators.gateway.answered, 1).await;
}

#[tokio::test]
async fn a_reload_that_panics_is_told_as_what_it_is_and_stops_no_other() {
    let operators = Operators::of(Scripted::held());
    operators.gateway.go.close();
    for _ in 0..2 {
        let answer = operators.ask(Method::POST, "/reload", &[]).await;
        assert_eq!(answer.status, StatusCode::INTERNAL_SERVER_ERROR);
    }
    assert_eq!(*operators.gateway.asked.borrow(), 2);
}
