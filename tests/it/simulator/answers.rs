//! Every rule of every answer, and an answer that breaks it.

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::client::{Answer, Client, came};
use super::inspection::{Asked, inspect};
use super::profile::{Profile, entra_legacy, keycloak_plugin};
use super::target::ENTERPRISE;

const BASE: &str = "http://gw.example/demo/scim/v2";
const SCIM: (&str, &str) = ("content-type", "application/scim+json;charset=utf-8");

fn asked(method: &str, path: &str) -> Asked {
    Asked { method: method.to_owned(), base: BASE.to_owned(), path: path.to_owned() }
}

fn nina() -> Value {
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User", ENTERPRISE],
        "id": "u-1", "userName": "nina", "active": true,
        "emails": [{ "type": "work", "value": "n@hoch.example", "primary": true }],
        ENTERPRISE: { "department": "Math" },
        "meta": { "resourceType": "User", "location": format!("{BASE}/Users/u-1"),
                  "created": "2026-11-21T10:00:00Z", "version": "W/\"1\"" }
    })
}

fn found(resources: &Value) -> Value {
    json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
            "totalResults": 1, "startIndex": 1, "itemsPerPage": 1, "Resources": resources })
}

fn fault(status: &str) -> Value {
    json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"],
            "status": status, "detail": "There is no such person.", "scimType": "invalidValue" })
}

/// A good answer to GET by id, spoilt.
fn read(spoil: impl FnOnce(&mut Value)) -> Result<Value, String> {
    let mut body = nina();
    spoil(&mut body);
    inspect(&asked("GET", "/Users/u-1"), &came(200, &[SCIM], &body.to_string()))
}

/// A good answer to a filter, spoilt.
fn listed(spoil: impl FnOnce(&mut Value)) -> Result<Value, String> {
    let mut body = found(&json!([nina()]));
    spoil(&mut body);
    inspect(&asked("GET", "//Users?filter=x"), &came(200, &[SCIM], &body.to_string()))
}

/// A good refusal, spoilt.
fn refused(spoil: impl FnOnce(&mut Value)) -> Result<Value, String> {
    let mut body = fault("404");
    spoil(&mut body);
    inspect(&asked("GET", "/Users/u-9"), &came(404, &[SCIM], &body.to_string()))
}

#[track_caller]
fn trips(verdict: Result<Value, String>, words: &str) {
    let fault = verdict.expect_err("a bad answer passed");
    assert!(fault.contains(words), "{fault}");
}

#[test]
fn good_answers_pass() {
    read(|_| {}).unwrap();
    listed(|_| {}).unwrap();
    refused(|_| {}).unwrap();
    inspect(&asked("DELETE", "/Users/u-1"), &came(204, &[], "")).unwrap();
}

#[test]
fn another_content_type_is_seen() {
    let body = nina().to_string();
    let plain = came(200, &[("content-type", "application/json")], &body);
    trips(inspect(&asked("GET", "/Users/u-1"), &plain), "Content-Type");
    trips(inspect(&asked("GET", "/Users/u-1"), &came(200, &[], &body)), "Content-Type");
}

#[test]
fn a_page_for_people_is_seen() {
    let page = came(200, &[SCIM], "<html>Maintenance</html>");
    trips(inspect(&asked("GET", "/Users?filter=x"), &page), "not JSON");
    trips(inspect(&asked("PATCH", "/Users/u-1"), &came(200, &[SCIM], "")), "not JSON");
    trips(inspect(&asked("PATCH", "/Users/u-1"), &came(204, &[SCIM], "{}")), "must be none");
}

#[test]
fn wrong_schemas_are_seen() {
    trips(read(|body| body["schemas"] = json!([ENTERPRISE])), "`schemas`");
    trips(read(|body| body["schemas"] = json!("urn:x")), "`schemas`");
    trips(read(|body| body["urn:hoch:2.0:User"] = json!({})), "not in `schemas`");
    trips(
        read(|body| {
            body.as_object_mut().unwrap().remove(ENTERPRISE);
        }),
        "an extension that is not there",
    );
    trips(listed(|body| body["schemas"] = json!([])), "`schemas`");
    trips(listed(|body| body["Resources"][0]["schemas"] = json!([])), "`schemas`");
    trips(refused(|body| body["schemas"] = json!([])), "`schemas`");
}

#[test]
fn a_status_that_is_no_text_is_seen() {
    trips(refused(|body| body["status"] = json!(404)), "`status`");
    trips(refused(|body| body["status"] = json!("400")), "`status`");
}

#[test]
fn a_refusal_without_words_is_seen() {
    trips(refused(|body| body["detail"] = json!(" ")), "`detail`");
    trips(refused(|body| body["scimType"] = json!("notFound")), "`scimType`");
}

#[test]
fn a_refusal_without_its_headers_is_seen() {
    let get = asked("GET", "/Users/u-1");
    let no = |status: &str| fault(status).to_string();
    trips(inspect(&get, &came(401, &[SCIM], &no("401"))), "WWW-Authenticate");
    trips(inspect(&get, &came(503, &[SCIM], &no("503"))), "no Retry-After");
    trips(inspect(&get, &came(429, &[SCIM], &no("429"))), "no Retry-After");
    let date = ("retry-after", "Sat, 21 Nov 2026 10:00:00 GMT");
    trips(inspect(&get, &came(503, &[SCIM, date], &no("503"))), "whole number");
}

#[test]
fn another_id_than_asked_for_is_seen() {
    trips(read(|body| body["id"] = json!("u-2")), "asked for `u-1`");
    trips(read(|body| body["id"] = json!(1)), "asked for `u-1`");
    trips(listed(|body| body["Resources"][0]["id"] = json!(1)), "an `id` that is text");
}

#[test]
fn a_location_that_leads_elsewhere_is_seen() {
    trips(read(|body| body["meta"]["location"] = json!("/Users/u-1")), "`meta.location`");
    trips(read(|body| body["meta"]["resourceType"] = json!("user")), "`meta.resourceType`");
    let body = nina().to_string();
    let post = asked("POST", "/Users");
    trips(inspect(&post, &came(201, &[SCIM], &body)), "without a Location");
    let elsewhere = ("location", "http://gw.example/demo/scim/v2/Users/u-2");
    trips(inspect(&post, &came(201, &[SCIM, elsewhere], &body)), "Location is not");
    let tag = ("etag", "W/\"2\"");
    trips(inspect(&asked("GET", "/Users/u-1"), &came(200, &[SCIM, tag], &body)), "ETag");
}

#[test]
fn an_instant_without_a_zone_is_seen() {
    trips(read(|body| body["meta"]["created"] = json!("2026-11-21T10:00:00")), "no instant");
}

#[test]
fn a_null_is_seen_wherever_it_is() {
    trips(read(|body| body["title"] = Value::Null), "null at `title`");
    trips(read(|body| body["emails"][0]["display"] = Value::Null), "null at `display`");
    trips(listed(|body| body["Resources"][0]["title"] = Value::Null), "null at `title`");
    trips(listed(|body| body["Resources"] = Value::Null), "null at `Resources`");
}

#[test]
fn a_boolean_as_text_is_seen() {
    trips(read(|body| body["active"] = json!("True")), "`active`");
    trips(read(|body| body["emails"][0]["primary"] = json!("True")), "`primary`");
}

#[test]
fn a_list_of_another_form_is_seen() {
    for name in ["totalResults", "startIndex", "itemsPerPage"] {
        trips(listed(|body| body[name] = json!("1")), name);
        trips(listed(|body| body[name] = json!(1.5)), name);
    }
    trips(listed(|body| body["Resources"] = json!({})), "not an array");
    trips(listed(|body| body["totalResults"] = json!(0)), "more resources");
}

#[test]
fn a_body_that_is_no_object_is_seen() {
    trips(inspect(&asked("GET", "/Me"), &came(200, &[SCIM], "[]")), "not an object");
}

#[test]
fn a_document_of_another_kind_is_seen() {
    let document = |of: &str, spoil: &dyn Fn(&mut Value)| {
        let kind = format!("urn:ietf:params:scim:schemas:core:2.0:{of}");
        let mut one = json!({ "schemas": [kind], "id": "User" });
        spoil(&mut one);
        one
    };
    let config = document("ServiceProviderConfig", &|one| one["schemas"] = json!([]));
    let path = asked("GET", "/ServiceProviderConfig");
    trips(inspect(&path, &came(200, &[SCIM], &config.to_string())), "`schemas`");
    for (of, spoil) in [("Schema", "id"), ("ResourceType", "schemas")] {
        let list = |one: Value| found(&json!([one])).to_string();
        let path = asked("GET", &format!("/{of}s"));
        inspect(&path, &came(200, &[SCIM], &list(document(of, &|_| {})))).unwrap();
        let bad = list(document(of, &|one| one[spoil] = json!([])));
        trips(inspect(&path, &came(200, &[SCIM], &bad)), &format!("`{spoil}`"));
    }
}

#[test]
fn what_must_not_be_shown_is_seen() {
    trips(read(|body| body["password"] = json!("x")), "a password");
    let group = json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "id": "g-1", "members": [],
        "meta": { "resourceType": "Group", "location": format!("{BASE}/Groups/g-1") } });
    let hidden = asked("GET", "/Groups/g-1?excludedAttributes=members");
    trips(inspect(&hidden, &came(200, &[SCIM], &group.to_string())), "excluded");
}

/// Answers the requests of one connection with these, byte for byte.
async fn server(answers: Vec<String>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let here = base.clone();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        for answer in answers {
            let mut heard = vec![0; 4096];
            assert!(stream.read(&mut heard).await.unwrap() > 0);
            stream.write_all(answer.replace("BASE", &here).as_bytes()).await.unwrap();
        }
        // An answer that never comes is one that is waited for.
        std::future::pending::<()>().await;
    });
    base
}

fn wire(status: &str, body: &str) -> String {
    let length = body.replace("BASE", "http://127.0.0.1:00000").len();
    format!(
        "HTTP/1.1 {status}\r\nContent-Type: application/scim+json\r\n\
         Location: BASE/Users/u-1\r\nContent-Length: {length}\r\n\r\n{body}"
    )
}

async fn send(client: &mut Client, method: &str, path: &str) -> Answer {
    client.send(method, path, None).await
}

fn client(base: &str, profile: Profile) -> Client {
    Client::new(base, "token", &profile.into())
}

#[tokio::test]
#[should_panic(expected = "`active` is \"True\", not a boolean")]
async fn a_bad_answer_ends_the_test() {
    let body = nina().to_string().replace(BASE, "BASE").replace("true", "\"True\"");
    let base = server(vec![wire("200 OK", &body)]).await;
    send(&mut client(&base, entra_legacy()), "GET", "/Users/u-1").await;
}

#[tokio::test]
#[should_panic(expected = "the id of a deleted resource came again")]
async fn an_id_that_comes_again_ends_the_test() {
    let body = nina().to_string().replace(BASE, "BASE");
    let gone = "HTTP/1.1 204 No Content\r\n\r\n".to_owned();
    let base = server(vec![gone, wire("201 Created", &body)]).await;
    let mut client = client(&base, entra_legacy());
    send(&mut client, "DELETE", "//Users/u-1").await;
    send(&mut client, "POST", "/Users").await;
}

#[tokio::test(start_paused = true)]
async fn a_client_gives_up_when_its_patience_ends() {
    let base = server(Vec::new()).await;
    let mut client = client(&base, keycloak_plugin());
    let answer = send(&mut client, "GET", "/Users/u-1").await;
    assert_eq!((answer.status, answer.body), (0, json!("gave up waiting")));
    assert_eq!(client.transcript.all()[0].status, 0);
}

#[tokio::test]
async fn a_connection_is_kept_for_the_next_request() {
    let body = nina().to_string().replace(BASE, "BASE");
    let base = server(vec![wire("200 OK", &body), wire("200 OK", &body)]).await;
    let mut client = client(&base, entra_legacy());
    for _ in 0..2 {
        send(&mut client, "GET", "/Users/u-1").await.must(&[200], "the one connection");
    }
}
