//! Sessions: what the mapping says of them, and how they are shown in calls.

use matricula::call::{Call, Encoding, Kind, Method, Reply, Safety, Target};
use serde_json::{Map, json};

use super::support::{compile, talk, written};

const FOLDER: &str = "tests/it/mapping/scenarios";

#[test]
fn a_single_use_refresh_token_is_declared_durable_and_exclusive() {
    let plan = compile(&format!("{FOLDER}/13-brightspace-refresh.toml"), &[]).unwrap();
    let login = plan.backend("main").unwrap().login.as_ref().unwrap();
    assert_eq!(login.durable, ["refresh"]);
    assert!(login.exclusive);
}

#[test]
fn a_session_is_shown_as_the_mapping_says_and_lives_as_long_as_it_says() {
    let plan = compile(&format!("{FOLDER}/13-brightspace-refresh.toml"), &[]).unwrap();
    let mut settings = Map::new();
    for name in ["base_url", "client_id", "client_secret", "refresh_token"] {
        settings.insert(name.into(), json!("x"));
    }
    let site = plan.settle(&settings).unwrap();
    let session = json!({"token": "t2", "refresh": "second", "seconds": 3600});
    let mut call = Call {
        backend: "main".into(),
        method: Method::Get,
        target: Target::new(),
        headers: Vec::new(),
        body: None,
        encoding: Encoding::Json(None),
        safety: Safety::Read,
        patience: None,
        wanted: None,
        ready: None,
    };
    site.sign(&mut call, &session).unwrap();
    assert_eq!(call.headers, [("Authorization".to_owned(), "Bearer t2".to_owned())]);
    let life = |seconds: serde_json::Value| {
        site.session_life("main", &json!({"token": "t2", "refresh": "second", "seconds": seconds}))
    };
    for (seconds, wanted) in [
        (json!(3600), Some(3600)),
        (json!("3600"), Some(3600)),
        (json!(3600.0), Some(3600)),
        (json!(-1.0), None),
        (json!("soon"), None),
        (json!(null), None),
    ] {
        assert_eq!(life(seconds.clone()), wanted, "{seconds}");
    }
}

/// A login that brings nothing to show would have all calls made by nobody.
#[test]
fn a_login_that_brings_no_token_has_failed() {
    let text = r#"
format = 1
title  = "sessions"
[backend]
base = "https://lms.example"
[backend.login]
steps   = { post = "/token", keep = { token = "body.access_token", seconds = "body.expires_in" } }
life    = "session.seconds"
SHOWN
[user]
id         = "lms.id"
refuse     = { create = "no", update = "no", delete = "no" }
attributes = { userName = "login" }
find       = { "id eq" = { get = "/users/{value}" } }
"#;
    for shown in [
        r#"headers = { Authorization = "Bearer {session.token}" }"#,
        r#"query = { token = "{session.token}" }"#,
        r#"body = { auth = { token = "{session.token}" } }"#,
    ] {
        let site = written(&text.replace("SHOWN", shown));
        let login = |reply: serde_json::Value| {
            talk(&site, ("LOGIN main", json!(null)), |_| Reply::json(200, reply.clone())).1
        };
        for reply in [
            json!({}),
            json!({ "error": "invalid_grant" }),
            json!({ "access_token": null }),
            json!({ "access_token": "" }),
            json!("ok"),
        ] {
            assert_eq!(login(reply).unwrap_err().kind, Kind::Garbled, "{shown}");
        }
        assert_eq!(login(json!({ "access_token": "T" })).unwrap().session["token"], "T");
    }
}
