//! Who may ask for what, and how.

use super::{Operators, Scripted, TOKEN};
use http::{Method, StatusCode};
use matricula::server::Body;

#[tokio::test]
async fn the_index_names_every_page_that_answers() {
    let operators = Operators::of(Scripted::default());
    let index = operators.get("/").await;
    assert_eq!(index.status, StatusCode::OK);
    for path in ["/", "/live", "/ready", "/metrics"] {
        assert!(index.text.contains(&format!(" {path} ")), "{}", index.text);
        assert_eq!(operators.get(path).await.status, StatusCode::OK, "{path}");
    }
    let mut lines = index.text.lines().map(|line| line.split_whitespace().take(2));
    assert!(lines.any(|words| words.eq(["POST", "/reload"])), "{}", index.text);
}

#[tokio::test]
async fn a_wrong_method_is_told_the_right_ones() {
    let operators = Operators::of(Scripted::default());
    let purge = Method::from_bytes(b"PURGE").unwrap();
    for (method, path, allow) in [
        (Method::GET, "/reload", "POST"),
        (Method::POST, "/metrics", "GET, HEAD"),
        (Method::DELETE, "/", "GET, HEAD"),
        (purge, "/live", "GET, HEAD"),
    ] {
        let answer = operators.ask(method, path, &[]).await;
        assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{path}");
        assert_eq!(answer.header("allow"), allow);
    }
}

#[tokio::test]
async fn a_page_that_is_not_there_is_not_found_in_the_words_asked_for() {
    let operators = Operators::of(Scripted::default());
    let answer = operators.get("/metric").await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    assert_eq!(answer.text, "404 Not Found: no such page; GET / lists them\n");
    let accept = [("accept", "text/html, application/json;q=0.9")];
    let answer = operators.ask(Method::GET, "/metric", &accept).await;
    assert_eq!(answer.json()["status"], 404);
}

#[tokio::test]
async fn with_a_token_only_probes_are_answered_without_it() {
    let operators = Operators::locked();
    for (path, status) in [
        ("/live", StatusCode::OK),
        ("/ready", StatusCode::OK),
        ("/", StatusCode::UNAUTHORIZED),
        ("/metrics", StatusCode::UNAUTHORIZED),
        ("/nothing", StatusCode::UNAUTHORIZED),
    ] {
        assert_eq!(operators.get(path).await.status, status, "{path}");
    }
    let refusal = operators.ask(Method::POST, "/reload", &[]).await;
    assert_eq!(refusal.status, StatusCode::UNAUTHORIZED);
    assert!(refusal.header("www-authenticate").starts_with("Bearer "));
    assert!(!refusal.text.contains(TOKEN));
}

#[tokio::test]
async fn the_token_opens_everything() {
    let operators = Operators::locked();
    let token = format!("Bearer {TOKEN}");
    for (method, path) in [
        (Method::GET, "/"),
        (Method::HEAD, "/metrics"),
        (Method::GET, "/ready"),
        (Method::POST, "/reload"),
    ] {
        let answer = operators.ask(method, path, &[("authorization", &token)]).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
    }
}

#[tokio::test]
async fn a_probe_without_the_token_learns_whether_and_not_why() {
    let operators = Operators::locked();
    assert!(operators.get("/ready").await.json().get("tenants").is_none());
    let token = format!("Bearer {TOKEN}");
    let shown = operators.ask(Method::GET, "/ready", &[("authorization", &token)]).await;
    assert_eq!(shown.json()["tenants"][0]["tenant"], "demo");
}

#[tokio::test]
async fn a_page_in_a_browser_cannot_order_a_reload() {
    let operators = Operators::of(Scripted::default());
    for header in [("origin", "http://evil.example"), ("sec-fetch-site", "cross-site")] {
        let answer = operators.ask(Method::POST, "/reload", &[header]).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{header:?}");
    }
}

#[tokio::test]
async fn a_body_is_overlooked_while_it_is_small() {
    let operators = Operators::of(Scripted::default());
    for (length, status) in
        [(16 * 1024, StatusCode::OK), (16 * 1024 + 1, StatusCode::PAYLOAD_TOO_LARGE)]
    {
        let request = http::Request::post("/reload").body(Body::from(vec![b'x'; length]));
        assert_eq!(operators.send(request.unwrap()).await.status, status, "{length}");
    }
}
