//! The HTTP face: what is refused and how, before anything is asked of an LMS.

use super::journey::{nina, person};
use super::raw::{Raw, authority, exchange, request};
use super::{Answer, House, Options};
use crate::server::http::http2;
use http::Method;
use http_body_util::{BodyExt, Empty};
use matricula::api;
use matricula::store::{Digest, Scope, Token};
use serde_json::{Value, json};

async fn knock(house: &House, method: Method, path: &str, headers: &[(&str, &str)]) -> Answer {
    house.send(method, path, None, headers).await
}

fn is_scim_error(answer: &Answer, status: u16) {
    assert_eq!(answer.status, status, "{answer:?}");
    assert_eq!(answer.header("content-type"), Some("application/scim+json"), "{answer:?}");
    assert_eq!(answer.body["schemas"][0], json!("urn:ietf:params:scim:api:messages:2.0:Error"));
    assert_eq!(answer.body["status"], json!(status.to_string()), "{answer:?}");
    assert!(answer.body["detail"].as_str().is_some_and(|it| it.len() > 8), "{answer:?}");
}

fn token(title: &str, scope: Scope, expires: Option<&str>) -> Token {
    let expires = expires.map(|text| text.parse().unwrap());
    Token { title: title.to_owned(), digest: Digest::of(title), scope, expires, from: Vec::new() }
}

#[tokio::test]
async fn without_the_right_token_nobody_is_answered() {
    let house = House::open().await;
    let right = format!("Bearer {}", house.token);
    let longer = format!("{right}x");
    let huge = format!("Bearer {}", "x".repeat(5000));
    let basic = format!("Basic {}", house.token);
    for odd in ["", "Bearer", "Bearer ", "Bearer wrong", &longer, &basic, &house.token, &huge] {
        let answer = knock(&house, Method::GET, "/Users", &[("authorization", odd)]).await;
        is_scim_error(&answer, 401);
        let challenge = answer.header("www-authenticate").unwrap();
        assert!(challenge.starts_with("Bearer"), "{challenge}");
        assert!(!answer.body.to_string().contains(&house.token), "the token is told");
    }
    let (head, _) = exchange(
        &house,
        "GET /demo/scim/v2/Users HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    )
    .await;
    assert!(head.starts_with("http/1.1 401"), "{head}");
    assert!(head.contains("www-authenticate: bearer"), "{head}");
    assert_eq!(house.lms.calls().total(), 0);
}

#[tokio::test]
async fn the_scheme_of_a_token_is_known_in_any_case() {
    let house = House::open().await;
    for scheme in ["bearer", "BEARER", "Bearer  "] {
        let value = format!("{scheme} {}", house.token);
        let answer =
            knock(&house, Method::GET, "/Users?count=1", &[("authorization", &value)]).await;
        assert_eq!(answer.status, 200, "{scheme}");
    }
}

#[tokio::test]
async fn an_expired_token_is_no_token() {
    let late = token("late", Scope::default(), Some("2020-01-01T00:00:00Z"));
    let fresh = token("fresh", Scope::default(), Some("2999-01-01T00:00:00Z"));
    let house = House::with(Options { tokens: vec![late, fresh], ..Options::default() }).await;
    let ask = async |name: &str| {
        let value = format!("Bearer {name}");
        knock(&house, Method::GET, "/Users?count=1", &[("authorization", &value)]).await
    };
    let refused = ask("late").await;
    is_scim_error(&refused, 401);
    assert!(refused.body["detail"].as_str().unwrap().contains("expired"));
    assert_eq!(ask("fresh").await.status, 200);
}

#[tokio::test]
async fn a_token_does_what_it_was_made_for() {
    let all = Scope::default();
    let tokens = vec![
        token("reader", Scope { write: false, ..all }, None),
        token("users", Scope { groups: false, ..all }, None),
    ];
    let house = House::with(Options { tokens, ..Options::default() }).await;
    let ask = async |name: &str, method: Method, path: &str, body: Option<Value>| {
        let value = format!("Bearer {name}");
        house.send(method, path, body, &[("authorization", &value)]).await
    };
    let search =
        json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"], "count": 1 });
    for (path, body) in [("/Users?count=1", None), ("/Users/.search", Some(search.clone()))] {
        let method = if body.is_some() { Method::POST } else { Method::GET };
        assert_eq!(ask("reader", method, path, body).await.status, 200, "{path}");
    }
    let bulk = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],
        "Operations": [{ "method": "POST", "path": "/Groups", "bulkId": "g", "data": { "displayName": "G" } }]
    });
    for (method, path, body) in [
        (Method::POST, "/Users", Some(nina())),
        (Method::PUT, "/Users/4", Some(nina())),
        (Method::PATCH, "/Users/4", Some(json!({}))),
        (Method::DELETE, "/Users/4", None),
        (Method::POST, "/Bulk", Some(bulk.clone())),
    ] {
        let refused = ask("reader", method, path, body).await;
        is_scim_error(&refused, 403);
        assert!(refused.body["detail"].as_str().unwrap().contains("reader"), "{refused:?}");
    }
    is_scim_error(&ask("users", Method::GET, "/Groups", None).await, 403);
    is_scim_error(
        &ask("users", Method::POST, "/Groups", Some(json!({ "displayName": "G" }))).await,
        403,
    );
    let mixed = ask("users", Method::POST, "/Bulk", Some(bulk)).await;
    assert_eq!(mixed.body["Operations"][0]["status"], json!("403"), "{mixed:?}");
    assert_eq!(ask("users", Method::GET, "/Users?count=1", None).await.status, 200);
    assert!(house.lms.cohorts().is_empty());
}

#[tokio::test]
async fn a_method_that_an_address_does_not_know_is_told_those_it_knows() {
    let house = House::open().await;
    for (method, path, known) in [
        ("DELETE", "/Users", "GET, HEAD, POST, OPTIONS"),
        ("PUT", "/Groups", "GET, HEAD, POST, OPTIONS"),
        ("POST", "/Users/4", "GET, HEAD, PUT, PATCH, DELETE, OPTIONS"),
        ("GET", "/Bulk", "POST, OPTIONS"),
        ("GET", "/.search", "POST, OPTIONS"),
        ("POST", "/Schemas", "GET, HEAD, OPTIONS"),
        ("BREW", "/Users", "GET, HEAD, POST, OPTIONS"),
        ("TRACE", "/Users/4", "GET, HEAD, PUT, PATCH, DELETE, OPTIONS"),
    ] {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let answer = knock(&house, method.clone(), path, &[]).await;
        is_scim_error(&answer, 405);
        assert_eq!(answer.header("allow"), Some(known), "{method} {path}");
    }
    let options = knock(&house, Method::OPTIONS, "/Users", &[]).await;
    assert_eq!((options.status, options.header("allow")), (204, Some("GET, HEAD, POST, OPTIONS")));
    assert_eq!(house.lms.calls().total(), 0);
}

#[tokio::test]
async fn what_is_not_there_is_a_scim_error_too() {
    let house = House::open().await;
    for path in [
        "/Nothing",
        "/Users/4/5",
        "/users",
        "/Users/4/.search",
        "/Schemas/urn:none",
        "/ResourceTypes/X",
    ] {
        is_scim_error(&knock(&house, Method::GET, path, &[]).await, 404);
    }
    let elsewhere = request(&house, "GET /other/scim/v2/Users", "Connection: close\r\n", "");
    let (head, body) = exchange(&house, &elsewhere).await;
    assert!(head.starts_with("http/1.1 404") && head.contains("application/scim+json"), "{head}");
    assert!(body.contains("Tenant URL"), "{body}");
    is_scim_error(&knock(&house, Method::GET, "/Me", &[]).await, 501);
    is_scim_error(&house.patch("/Me", json!([])).await, 501);
}

#[tokio::test]
async fn slashes_at_the_end_and_double_ones_mean_nothing() {
    let house = House::open().await;
    let id = house.post("/Users/", nina()).await.id().to_owned();
    for path in [
        format!("/Users/{id}/"),
        format!("//Users//{id}"),
        format!("/Users/{id}/?attributes=userName"),
        format!("/Users/%3{id}"),
    ] {
        let answer = house.get(&path).await;
        assert_eq!((answer.status, &answer.body["id"]), (200, &json!(id)), "{path}: {answer:?}");
        let location = answer.body["meta"]["location"].as_str();
        assert!(location.is_none_or(|it| it == format!("{}/Users/{id}", house.base)), "{answer:?}");
    }
    let found = house.get("/Users/?filter=userName+eq+%22nina.berg%40hoch.example%22").await;
    assert_eq!(found.body["totalResults"], json!(1));
}

#[tokio::test]
async fn queries_are_read_in_every_spelling() {
    let house = House::open().await;
    let mut body = nina();
    body["userName"] = json!("a_b@hoch.example");
    body["emails"][0]["value"] = json!("a+b@hoch.example");
    let id = house.post("/Users", body).await.id().to_owned();
    for query in [
        "filter=userName+eq+%22a_b%40hoch.example%22",
        "filter=userName%20eq%20%22a_b@hoch.example%22",
        "filter=username%20EQ%20%22A_B%40HOCH.example%22&aadOptscim062020",
        "aadOptscim062020&filter=emails%5Btype+eq+%22work%22%5D.value+eq+%22a%2Bb%40hoch.example%22",
        "filter=emails[type+eq+%22work%22].value+eq+%22a%2Bb@hoch.example%22",
        "filter=userName+eq+a_b@hoch.example",
        "startIndex=1&count=10&filter=externalId+eq+%22x-Nina.Berg%22",
    ] {
        // hyper's client would not send some of these.
        let line = format!("GET /demo/scim/v2/Users?{query}");
        let (head, body) =
            exchange(&house, &request(&house, &line, "Connection: close\r\n", "")).await;
        assert!(head.starts_with("http/1.1 200"), "{query}: {head}{body}");
        let body: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(body["Resources"][0]["id"], json!(id), "{query}: {body}");
    }
    for query in [
        "filter=userName+eq+%22%FF%22",
        "filter=userName+xx+%22a%22",
        "filter=nothing+eq+%22a%22",
        "filter=",
    ] {
        let answer = house.get(&format!("/Users?{query}")).await;
        assert_eq!(answer.status, 400, "{query}: {answer:?}");
    }
}

#[tokio::test]
async fn a_body_is_taken_up_to_its_limit() {
    let config = api::Config { body: 2000, ..api::Config::default() };
    let house = House::with(Options { api: config, ..Options::default() }).await;
    let mut large = nina();
    large["title"] = json!("x".repeat(3000));
    is_scim_error(&house.post("/Users", large.clone()).await, 413);
    let text = large.to_string();
    let (host, token) = (authority(&house), &house.token);
    let mut raw = Raw::to(&house).await;
    raw.say(&format!(
        "POST /demo/scim/v2/Users HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\n\
         Transfer-Encoding: chunked\r\n\r\n{:x}\r\n{text}\r\n0\r\n\r\n",
        text.len()
    ))
    .await;
    let head = raw.head().await;
    assert!(head.starts_with("http/1.1 413"), "{head}");
    let mut announced = Raw::to(&house).await;
    announced
        .say(&format!(
            "POST /demo/scim/v2/Users HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\n\
             Content-Length: 104857600\r\n\r\n{{"
        ))
        .await;
    let head = announced.head().await;
    assert!(head.starts_with("http/1.1 413"), "{head}");
    assert_eq!(house.post("/Users", nina()).await.status, 201);
}

#[tokio::test]
async fn bodies_are_json_by_any_of_its_names() {
    let house = House::open().await;
    let send = async |headers: &[(&str, &str)], name: &str| {
        house.send(Method::POST, "/Users", Some(person(name)), headers).await
    };
    let kinds = [
        "application/scim+json; charset=utf-8",
        "application/json",
        "Application/JSON;charset=UTF-8",
    ];
    for (index, kind) in kinds.into_iter().enumerate() {
        let answer = send(&[("content-type", kind)], &format!("p{index}")).await;
        assert_eq!(answer.status, 201, "{kind}: {answer:?}");
    }
    for kind in ["text/xml", "application/x-www-form-urlencoded", "multipart/form-data"] {
        is_scim_error(&send(&[("content-type", kind)], "no").await, 415);
    }
    is_scim_error(&send(&[("content-encoding", "gzip")], "no").await, 415);
    for body in ["", "{", "[]", "null", "{\"a\":1}x", "\u{feff}"] {
        let text = request(&house, "POST /demo/scim/v2/Users", "Connection: close\r\n", body);
        let (head, body) = exchange(&house, &text).await;
        assert!(head.starts_with("http/1.1 400"), "{head}");
        assert!(body.contains("invalidSyntax") || body.contains("invalidValue"), "{body}");
    }
}

#[tokio::test]
async fn head_answers_as_get_does_without_a_body() {
    let house = House::open().await;
    let path = format!("/Users/{}", house.post("/Users", nina()).await.id());
    let get = house.get(&path).await;
    let head = knock(&house, Method::HEAD, &path, &[]).await;
    assert_eq!((head.status, &head.body), (200, &Value::Null));
    for name in ["etag", "content-type", "content-length"] {
        assert_eq!(head.header(name), get.header(name), "{name}");
    }
    assert_eq!(knock(&house, Method::HEAD, "/Users/4711", &[]).await.status, 404);
}

#[tokio::test]
async fn head_over_http_2_has_no_body_whatever_the_answer() {
    let house = House::open().await;
    let base = format!("{}/ServiceProviderConfig", house.base);
    let length =
        house.get("/ServiceProviderConfig").await.header("content-length").map(str::to_owned);
    let socket = tokio::net::TcpStream::connect(authority(&house)).await.unwrap();
    let mut sender = http2(socket).await;
    for (token, status) in [(house.token.as_str(), 200), ("wrong", 401)] {
        let request = http::Request::head(&base).header("authorization", format!("Bearer {token}"));
        let answer = sender.send_request(request.body(Empty::new()).unwrap()).await.unwrap();
        assert_eq!(answer.status(), status);
        let told = answer.headers().get("content-length").unwrap().to_str().unwrap().to_owned();
        assert!(status != 200 || Some(&told) == length.as_ref(), "{told}");
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        assert!(body.is_empty(), "{status}: {body:?}");
    }
}

#[tokio::test]
async fn a_request_names_its_host_once() {
    let house = House::open().await;
    let ask = async |version: &str, hosts: &str, token: &str| {
        let line = format!("GET /demo/scim/v2/ServiceProviderConfig {version}\r\n");
        let rest = format!("Authorization: Bearer {token}\r\nConnection: close\r\n\r\n");
        exchange(&house, &format!("{line}{hosts}{rest}")).await
    };
    let (token, wrong) = (house.token.as_str(), "wrong");
    let twice = "Host: a\r\nHost: a\r\n";
    let odd = [
        ("HTTP/1.1", "", token),
        ("HTTP/1.1", "", wrong),
        ("HTTP/1.1", twice, token),
        ("HTTP/1.0", twice, token),
    ];
    for (version, hosts, token) in odd {
        let (head, body) = ask(version, hosts, token).await;
        assert!(head.contains(" 400 ") && head.contains("application/scim+json"), "{head}");
        let body: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(body["schemas"][0], json!("urn:ietf:params:scim:api:messages:2.0:Error"));
        assert!(body["detail"].as_str().unwrap().contains("`Host`"), "{body}");
    }
    assert!((house.measured("matricula_scim_requests_total") - 4.0).abs() < 0.5);
    assert!(house.measured("matricula_access_denied_total").abs() < 0.5);
    for (version, hosts) in
        [("HTTP/1.1", "Host: a\r\n"), ("HTTP/1.0", ""), ("HTTP/1.0", "Host: a\r\n")]
    {
        let (head, _) = ask(version, hosts, token).await;
        assert!(head.contains(" 200 "), "{version} {hosts}: {head}");
    }
}

#[tokio::test]
async fn long_answers_are_compressed_for_those_who_ask() {
    let house = House::open().await;
    let ask = |accept: &str| {
        let headers = format!("Connection: close\r\nAccept-Encoding: {accept}\r\n");
        request(&house, "GET /demo/scim/v2/Schemas", &headers, "")
    };
    let (packed, _) = exchange(&house, &ask("gzip")).await;
    assert!(
        packed.contains("content-encoding: gzip") && packed.contains("vary: accept-encoding"),
        "{packed}"
    );
    let (plain, body) = exchange(&house, &ask("identity")).await;
    assert!(!plain.contains("content-encoding"), "{plain}");
    assert!(body.contains("urn:ietf:params:scim:schemas:core:2.0:User"));
    let short = request(
        &house,
        "GET /demo/scim/v2/Me",
        "Connection: close\r\nAccept-Encoding: gzip\r\n",
        "",
    );
    assert!(!exchange(&house, &short).await.0.contains("content-encoding"));
}

#[tokio::test]
async fn a_request_keeps_its_id_unless_that_is_hostile() {
    let house = House::open().await;
    let ask = async |id: &str| {
        let answer = knock(&house, Method::GET, "/Me", &[("x-request-id", id)]).await;
        answer.header("x-request-id").unwrap().to_owned()
    };
    assert_eq!(ask("abc-123_4.5:6").await, "abc-123_4.5:6");
    for hostile in ["", "a b", "a\"b", "<script>", "a,b", &"x".repeat(129), "ä"] {
        let given = ask(hostile).await;
        assert!(given != hostile && given.len() == 16, "{hostile}: {given}");
    }
    let own = knock(&house, Method::GET, "/Me", &[]).await;
    let other = knock(&house, Method::GET, "/Me", &[]).await;
    assert_ne!(own.header("x-request-id"), other.header("x-request-id"));
}

#[tokio::test]
async fn whom_a_client_pretends_to_speak_to_is_not_repeated() {
    let house = House::open().await;
    let id = house.post("/Users", nina()).await.id().to_owned();
    let host = authority(&house).to_owned();
    let forwarded = [
        ("x-forwarded-host", "evil.example"),
        ("x-forwarded-proto", "https"),
        ("forwarded", "host=evil.example;proto=https"),
        ("x-forwarded-prefix", "/evil"),
    ];
    let answer = knock(&house, Method::GET, &format!("/Users/{id}"), &forwarded).await;
    let location = format!("http://{host}/demo/scim/v2/Users/{id}");
    assert_eq!(answer.body["meta"]["location"], json!(location));
    for host in ["evil.example/x", "user@evil.example", "a\"b", "<script>", ""] {
        let token = &house.token;
        let text = format!(
            "GET /demo/scim/v2/Users/{id} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\n\
             Connection: close\r\n\r\n"
        );
        let (head, body) = exchange(&house, &text).await;
        let refused = head.starts_with("http/1.1 400");
        assert!(
            refused || body.contains("\"http://localhost/demo/scim/v2/"),
            "{host}: {head}{body}"
        );
    }
}

#[tokio::test]
async fn the_address_that_clients_know_can_be_set() {
    let config = api::Config {
        public_url: Some("https://scim.hoch.example/".to_owned()),
        ..api::Config::default()
    };
    let house = House::with(Options { api: config, ..Options::default() }).await;
    let made = house.post("/Users", nina()).await;
    let location = format!("https://scim.hoch.example/demo/scim/v2/Users/{}", made.id());
    assert_eq!(made.header("location"), Some(location.as_str()));
    assert_eq!(made.body["meta"]["location"], json!(location));
}
