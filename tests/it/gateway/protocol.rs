//! Versions, searches, bulk and discovery over the wire.

use super::journey::{nina, person};
use super::{House, Options};
use http::Method;
use serde_json::{Value, json};

const SEARCH: &str = "urn:ietf:params:scim:api:messages:2.0:SearchRequest";

#[tokio::test]
async fn a_version_that_is_still_true_is_not_sent_again() {
    let house = House::open().await;
    let path = format!("/Users/{}", house.post("/Users", nina()).await.id());
    let read = house.get(&path).await;
    let tag = read.header("etag").unwrap().to_owned();
    assert_eq!(read.body["meta"]["version"], json!(tag));
    for seen in [tag.as_str(), "*", &format!("W/\"other\", {tag}")] {
        let same = house.send(Method::GET, &path, None, &[("if-none-match", seen)]).await;
        assert_eq!((same.status, &same.body), (304, &Value::Null), "{seen}");
        assert_eq!(same.header("etag"), Some(tag.as_str()));
    }
    let edit = json!([{ "op": "replace", "path": "title", "value": "Dean" }]);
    assert_eq!(house.patch(&path, edit).await.status, 204);
    let news = house.send(Method::GET, &path, None, &[("if-none-match", &tag)]).await;
    assert_eq!(news.status, 200);
    assert_ne!(news.header("etag"), Some(tag.as_str()));
}

#[tokio::test]
async fn only_the_version_that_was_seen_is_written() {
    let house = House::open().await;
    let path = format!("/Users/{}", house.post("/Users", nina()).await.id());
    let tag = house.get(&path).await.header("etag").unwrap().to_owned();
    let edit = |name: &str| {
        json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
            "Operations": [{ "op": "replace", "path": "name.familyName", "value": name }]
        })
    };
    let write = async |method: Method, body: Option<Value>, tag: &str| {
        house.send(method, &path, body, &[("if-match", tag)]).await.status
    };
    assert_eq!(write(Method::PATCH, Some(edit("Eins")), &tag).await, 204);
    for (method, body) in
        [(Method::PATCH, Some(edit("Zwei"))), (Method::PUT, Some(nina())), (Method::DELETE, None)]
    {
        assert_eq!(write(method.clone(), body, &tag).await, 412, "{method}");
    }
    let read = house.get(&path).await;
    assert_eq!(read.body["name"]["familyName"], json!("Eins"));
    assert_eq!(write(Method::DELETE, None, read.header("etag").unwrap()).await, 204);
}

#[tokio::test]
async fn a_version_that_is_no_text_is_one_that_nothing_has() {
    let house = House::open().await;
    let path = format!("/Users/{}", house.post("/Users", nina()).await.id());
    for odd in ["W/\"stale\u{e9}\"", "\u{e9}"] {
        let refused = house.send(Method::DELETE, &path, None, &[("if-match", odd)]).await;
        assert_eq!(refused.status, 412, "{odd}");
        let read = house.send(Method::GET, &path, None, &[("if-none-match", odd)]).await;
        assert_eq!(read.status, 200, "{odd}");
    }
}

#[tokio::test]
async fn a_read_of_a_version_that_is_over_is_refused() {
    let house = House::open().await;
    let path = format!("/Users/{}", house.post("/Users", nina()).await.id());
    let tag = house.get(&path).await.header("etag").unwrap().to_owned();
    let read = async |tag: &str| house.send(Method::GET, &path, None, &[("if-match", tag)]).await;
    assert_eq!(read(&tag).await.status, 200);
    assert_eq!(read("W/\"other\"").await.status, 412);
}

#[tokio::test]
async fn versions_in_several_lines_are_one_list() {
    let house = House::open().await;
    let path = format!("/Users/{}", house.post("/Users", nina()).await.id());
    let tag = house.get(&path).await.header("etag").unwrap().to_owned();
    let lines =
        |name: &'static str| [(name, "W/\"other\""), (name, "\u{e9}"), (name, tag.as_str())];
    let same = house.send(Method::GET, &path, None, &lines("if-none-match")).await;
    assert_eq!(same.status, 304);
    let gone = house.send(Method::DELETE, &path, None, &lines("if-match")).await;
    assert_eq!(gone.status, 204);
}

#[tokio::test]
async fn a_search_over_all_kinds_is_one_list() {
    let house = House::open().await;
    for name in ["a", "b", "c"] {
        assert_eq!(house.post("/Users", person(name)).await.status, 201);
        assert_eq!(house.post("/Groups", json!({ "displayName": name })).await.status, 201);
    }
    let all = house.lms.people().len() + 3;
    let mut seen = Vec::new();
    for start in (1..=all).step_by(2) {
        let body = json!({ "schemas": [SEARCH], "startIndex": start, "count": 2, "attributes": ["displayName"] });
        let page = house.post("/.search", body).await;
        assert_eq!((page.status, &page.body["totalResults"]), (200, &json!(all)), "{page:?}");
        let shown = page.body["Resources"].as_array().unwrap();
        assert!(shown.len() <= 2);
        seen.extend(shown.iter().map(|it| {
            it["meta"]["location"].to_string() + &it["id"].to_string() + &it["schemas"].to_string()
        }));
    }
    let count = seen.len();
    seen.sort_unstable();
    seen.dedup();
    assert_eq!((seen.len(), count), (all, all));
}

#[tokio::test]
async fn what_one_kind_does_not_know_has_no_value_there() {
    let house = House::open().await;
    assert_eq!(house.post("/Users", person("otto")).await.status, 201);
    assert_eq!(house.post("/Groups", json!({ "displayName": "1a" })).await.status, 201);
    let people = house.get("/Users?count=0").await.body["totalResults"].as_u64().unwrap();
    let enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
    for (filter, found) in [
        (r#"userName eq "otto@hoch.example" or displayName eq "1a""#.to_owned(), 2),
        (r#"userName eq "otto@hoch.example""#.to_owned(), 1),
        (r#"not (userName pr) and displayName eq "1a""#.to_owned(), 1),
        ("userName pr or not (members.value pr)".to_owned(), people + 1),
        (format!(r#"not ({enterprise}:department pr) and displayName eq "1a""#), 1),
        (r#"userName eq "otto@hoch.example" and members.value eq "1""#.to_owned(), 0),
    ] {
        let body = json!({ "schemas": [SEARCH], "filter": filter, "sortBy": "userName" });
        let answer = house.post("/.search", body).await;
        let total = &answer.body["totalResults"];
        assert_eq!((answer.status, total), (200, &json!(found)), "{filter}: {answer:?}");
    }
    // What no kind knows is a mistake, also beside what one of them does.
    for (name, value) in [("filter", "userName pr or nothing eq 1"), ("sortBy", "nothing")] {
        let answer = house.post("/.search", json!({ "schemas": [SEARCH], name: value })).await;
        assert_eq!(answer.status, 400, "{answer:?}");
    }
}

#[tokio::test]
async fn a_search_of_one_kind_is_a_filter_in_a_body() {
    let house = House::open().await;
    let id = house.post("/Users", nina()).await.id().to_owned();
    let body = json!({ "schemas": [SEARCH], "filter": "externalId eq \"x-Nina.Berg\"" });
    let found = house.post("/Users/.search", body.clone()).await;
    assert_eq!(found.body["Resources"][0]["id"], json!(id), "{found:?}");
    let none = house.post("/Groups/.search", body).await;
    assert_eq!((none.status, &none.body["totalResults"]), (200, &json!(0)), "{none:?}");
    let bad =
        house.post("/.search", json!({ "schemas": [SEARCH], "filter": "nothing eq 1" })).await;
    assert_eq!((bad.status, &bad.body["scimType"]), (400, &json!("invalidFilter")));
}

fn bulk(operations: &Value, most: Option<u32>) -> Value {
    let mut body = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],
        "Operations": operations
    });
    if let Some(most) = most {
        body["failOnErrors"] = json!(most);
    }
    body
}

#[tokio::test]
async fn bulk_knows_what_it_has_just_made() {
    let house = House::open().await;
    let choir = json!({ "displayName": "Choir", "members": [{ "value": "bulkId:n" }] });
    let operations = json!([
        { "method": "POST", "path": "/Groups", "bulkId": "g", "data": choir },
        { "method": "POST", "path": "/Users", "bulkId": "n", "data": nina() },
        { "method": "PATCH", "path": "/Users/bulkId:n", "data": {
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
            "Operations": [{ "op": "replace", "path": "title", "value": "Dean" }] } }
    ]);
    let answer = house.post("/Bulk", bulk(&operations, None)).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let statuses: Vec<_> =
        answer.body["Operations"].as_array().unwrap().iter().map(|it| &it["status"]).collect();
    assert_eq!(statuses, ["201", "201", "200"], "{answer:?}");
    let place = |index: usize| {
        let location = answer.body["Operations"][index]["location"].as_str().unwrap();
        location.trim_start_matches(&house.base).to_owned()
    };
    assert_eq!(house.get(&place(1)).await.body["title"], json!("Dean"));
    let members = house.get(&place(0)).await.body["members"].clone();
    assert_eq!(format!("/Users/{}", members[0]["value"].as_str().unwrap()), place(1));
}

#[tokio::test]
async fn bulk_stops_after_as_many_errors_as_it_is_told() {
    let house = House::open().await;
    let bad = |index: usize| json!({ "method": "DELETE", "path": format!("/Users/47{index}") });
    let good = json!({ "method": "POST", "path": "/Users", "bulkId": "n", "data": nina() });
    let operations = json!([bad(1), bad(2), good]);
    let answer = house.post("/Bulk", bulk(&operations, Some(2))).await;
    let done = answer.body["Operations"].as_array().unwrap();
    assert_eq!(done.len(), 2, "{answer:?}");
    assert!(done.iter().all(|it| it["status"] == "404" && it["response"]["status"] == "404"));
    assert_eq!(house.lms.people().len(), 2);
    let answer = house.post("/Bulk", bulk(&operations, Some(3))).await;
    assert_eq!(answer.body["Operations"].as_array().unwrap().len(), 3);
    let many: Vec<_> = (0..1001).map(bad).collect();
    assert_eq!(house.post("/Bulk", bulk(&json!(many), None)).await.status, 413);
}

#[tokio::test]
async fn discovery_tells_what_is_here() {
    let house = House::with(Options { page: 50, ..Options::default() }).await;
    let config = house.get("/ServiceProviderConfig").await.body;
    assert_eq!(config["filter"], json!({ "supported": true, "maxResults": 50 }));
    assert_eq!(config["bulk"]["supported"], json!(true));
    assert_eq!(config["meta"]["location"], json!(format!("{}/ServiceProviderConfig", house.base)));
    assert_eq!(house.get("").await.body, config);
    let types = house.get("/ResourceTypes").await.body;
    let names: Vec<_> = types["Resources"].as_array().unwrap().iter().map(|it| &it["id"]).collect();
    assert_eq!(names, ["User", "Group"]);
    assert_eq!(house.get("/ResourceTypes/User").await.body, types["Resources"][0]);
    let schemas = house.get("/Schemas").await.body;
    for schema in schemas["Resources"].as_array().unwrap() {
        let urn = schema["id"].as_str().unwrap();
        assert_eq!(house.get(&format!("/Schemas/{urn}")).await.body, *schema);
        let attributes = schema["attributes"].as_array().unwrap();
        let names: Vec<_> = attributes.iter().map(|it| it["name"].as_str().unwrap()).collect();
        let expected: &[&str] = match urn.rsplit(':').next() {
            Some("Group") => &["displayName", "externalId", "members"],
            _ if urn.contains("enterprise") => &[
                "employeeNumber",
                "costCenter",
                "organization",
                "division",
                "department",
                "manager",
            ],
            _ => &[
                "userName",
                "externalId",
                "name",
                "displayName",
                "nickName",
                "profileUrl",
                "title",
                "userType",
                "preferredLanguage",
                "locale",
                "timezone",
                "active",
                "password",
                "emails",
                "phoneNumbers",
                "ims",
                "photos",
                "addresses",
                "entitlements",
                "roles",
                "x509Certificates",
            ],
        };
        assert_eq!(names, expected, "{urn}");
    }
    let filtered = house.get("/Schemas?filter=id+eq+%22x%22").await;
    assert_eq!(filtered.status, 403, "{filtered:?}");
    assert_eq!(house.lms.calls().total(), 0);
}

/// Moodle's cohorts hold people, and count apart from them.
#[tokio::test]
async fn a_group_within_a_group_is_not_the_person_with_its_number() {
    let house = House::open().await;
    let otto = house.post("/Users", person("otto")).await.id().to_owned();
    let outer = house.post("/Groups", json!({ "displayName": "outer" })).await.id().to_owned();
    let path = format!("/Groups/{outer}");
    let location = format!("{}/Groups/{otto}", house.base);
    let join = json!([{ "op": "add", "path": "members", "value": [{ "value": otto }] }]);
    for member in
        [json!({ "value": otto, "type": "Group" }), json!({ "value": otto, "$ref": location })]
    {
        let add = json!([{ "op": "add", "path": "members", "value": [member] }]);
        let refused = house.patch(&path, add).await;
        let detail = refused.body["detail"].as_str().unwrap_or_default();
        assert!(refused.status == 400 && detail.contains("cannot be members here"), "{refused:?}");
        assert_eq!(house.get(&path).await.body["members"], json!([]), "{member}");
        assert_eq!(house.patch(&path, join.clone()).await.status, 204);
        let gone = json!([{ "op": "remove", "path": "members", "value": [member] }]);
        assert_eq!(house.patch(&path, gone).await.status, 204);
        let read = house.get(&path).await.body;
        assert_eq!(read["members"][0]["value"], json!(otto), "{member}");
        let all = json!([{ "op": "remove", "path": "members" }]);
        assert_eq!(house.patch(&path, all).await.status, 204);
    }
}
