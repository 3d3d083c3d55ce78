//! What operators order for a tenant: who may, by which method, with which body.

use http::{Method, StatusCode};
use matricula::server::Body;
use serde_json::json;

use super::{Operators, Scripted, TOKEN};

const HEADER: (&str, &str) = ("authorization", "Bearer a-token-of-some-length");

impl Operators {
    async fn order(&self, method: Method, path: &str, body: &'static str) -> super::Answer {
        let request = http::Request::builder().method(method).uri(path);
        let request = request.header("authorization", format!("Bearer {TOKEN}"));
        self.send(request.body(Body::from(body)).unwrap()).await
    }
}

#[tokio::test]
async fn an_order_comes_to_the_gateway_as_it_was_given() {
    let operators = Operators::locked();
    for (method, path, body, order) in [
        (Method::PUT, "scim", "", "SetUp(Object {})"),
        (Method::PUT, "scim", r#"{"title":"x"}"#, r#"SetUp(Object {"title": String("x")})"#),
        (Method::GET, "tokens", "", "Tokens"),
        (Method::POST, "tokens", "{}", "Issue(Object {})"),
        (Method::DELETE, "tokens/7", "", "Revoke(7)"),
    ] {
        let answer = operators.order(method, &format!("/api/tenants/school/{path}"), body).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        assert_eq!(answer.json(), json!({ "tenant": "school", "order": order }));
    }
}

#[tokio::test]
async fn an_order_without_the_token_is_refused_and_nobody_is_asked() {
    let operators = Operators::locked();
    let asked = operators.ask(Method::GET, "/api/tenants/school/tokens", &[]).await;
    assert_eq!(asked.status, StatusCode::UNAUTHORIZED);
    // Without a token to show, whoever reaches the address could make tokens.
    let open = Operators::of(Scripted::default());
    let asked = open.ask(Method::PUT, "/api/tenants/school/scim", &[]).await;
    assert_eq!(asked.status, StatusCode::FORBIDDEN);
    assert!(asked.text.contains("admin.token"), "{}", asked.text);
    assert_eq!(*open.gateway.asked.borrow() + *operators.gateway.asked.borrow(), 0);
}

#[tokio::test]
async fn what_waits_is_chosen_by_the_query_and_never_all_of_it_by_accident() {
    let operators = Operators::locked();
    let desk = "/api/tenants/school/pending";
    for (method, path, words) in [
        (Method::GET, desk.to_owned(), "List(Choice { "),
        (Method::GET, format!("{desk}?reason=guard&after=7&limit=99999"), "Some(Guard)"),
        (Method::GET, format!("{desk}?reason=guard&after=7&limit=99999"), "after: 7, most: 1000"),
        (Method::GET, format!("{desk}?name=eva&brief=true"), r#"name: Some("eva"), brief: true"#),
        (Method::GET, format!("{desk}?failed=true"), "failed: true"),
        (Method::POST, format!("{desk}/apply?failed=true"), "failed: true"),
        (Method::POST, format!("{desk}/apply?sequence=12"), "Apply(Choice { "),
        (Method::POST, format!("{desk}/apply?all=true"), "Apply(Choice { "),
        (Method::DELETE, format!("{desk}?kind=User&resource=a%2Fb"), "a/b"),
    ] {
        let answer = operators.order(method, &path, "").await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.text);
        let told = answer.json();
        assert!(told["errand"].as_str().unwrap().contains(words), "{path}: {told}");
    }
    let asked = *operators.gateway.asked.borrow();
    for (method, path) in [
        (Method::DELETE, desk.to_owned()),
        (Method::DELETE, format!("{desk}?all=yes")),
        (Method::GET, format!("{desk}?failed=1")),
        (Method::POST, format!("{desk}/apply")),
        (Method::POST, format!("{desk}/apply?failed=false")),
        // Whoever believes that only a part is meant is not to do all of it.
        (Method::POST, format!("{desk}/apply?reason=guard&limit=5")),
        (Method::DELETE, format!("{desk}?reason=guard&after=5")),
        (Method::DELETE, format!("{desk}?reason=guard&name=eva")),
        (Method::POST, format!("{desk}/apply?reason=whatever")),
        (Method::DELETE, format!("{desk}?reasons=guard")),
        (Method::DELETE, format!("{desk}?sequence=first")),
    ] {
        let answer = operators.order(method, &path, "").await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{path}: {}", answer.text);
    }
    assert_eq!(*operators.gateway.asked.borrow(), asked, "nobody was asked");
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_in_words() {
    let operators = Operators::locked();
    let scim = "/api/tenants/school/scim";
    let long = Box::leak("x".repeat(20_000).into_boxed_str());
    for (method, path, body, status) in [
        (Method::GET, scim, "", StatusCode::METHOD_NOT_ALLOWED),
        (Method::PUT, scim, "[]", StatusCode::BAD_REQUEST),
        (Method::PUT, scim, "nonsense", StatusCode::BAD_REQUEST),
        (Method::PUT, scim, long, StatusCode::PAYLOAD_TOO_LARGE),
        (Method::DELETE, "/api/tenants/school/tokens", "", StatusCode::METHOD_NOT_ALLOWED),
        (Method::DELETE, "/api/tenants/school/tokens/x", "", StatusCode::NOT_FOUND),
        (Method::GET, "/api/", "", StatusCode::NOT_FOUND),
    ] {
        let answer = operators.order(method, path, body).await;
        assert_eq!(answer.status, status, "{path} {body:.20}");
    }
    let headers = [HEADER, ("origin", "https://elsewhere.example")];
    let answer = operators.ask(Method::PUT, scim, &headers).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    assert_eq!(*operators.gateway.asked.borrow(), 0);
}

/// The methods of `docs/admin-api.yaml`, by path.
fn described() -> Vec<(String, Vec<String>)> {
    let text = std::fs::read_to_string("docs/admin-api.yaml").unwrap();
    let mut found: Vec<(String, Vec<String>)> = Vec::new();
    for line in text.lines() {
        if let Some(path) = line.strip_prefix("  /").and_then(|it| it.strip_suffix(':')) {
            found.push((format!("/{path}"), Vec::new()));
        } else if let Some(word) = line.strip_prefix("    ").and_then(|it| it.strip_suffix(':'))
            && ["get", "put", "post", "delete", "patch"].contains(&word)
        {
            found.last_mut().unwrap().1.push(word.to_uppercase());
        }
    }
    found
}

#[tokio::test]
async fn the_description_names_what_there_is() {
    let operators = Operators::locked();
    let described = described();
    assert_eq!(described.len(), 5);
    for (path, methods) in described {
        let path = path.replace("{tenant}", "school").replace("{id}", "7");
        let refused = operators.order(Method::PATCH, &path, "").await;
        assert_eq!(refused.status, StatusCode::METHOD_NOT_ALLOWED, "{path}");
        let allowed = refused.header("allow").split(", ").filter(|method| *method != "HEAD");
        assert_eq!(allowed.collect::<Vec<_>>(), methods, "{path}");
        for method in methods {
            let path =
                if path.contains("pending") { format!("{path}?all=true") } else { path.clone() };
            let answer = operators.order(method.parse().unwrap(), &path, "").await;
            assert_eq!(answer.status, StatusCode::OK, "{method} {path}");
        }
    }
}
