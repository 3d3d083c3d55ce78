//! Queries, pages, order and list answers (RFC 7644 §3.4.2).

use matricula::scim::{
    Page, Parameters, Path, Projection, Query, Resource, ScimType, Shown, Sort, list_response,
};
use serde_json::{Value, json};

use super::{resource, user, user_type};

fn page(start_index: i64, count: i64) -> Page {
    Page::new(Some(start_index), Some(count))
}

// Pages.

#[test]
fn counting_starts_at_one() {
    assert_eq!(page(1, 5).window(11), 0..5);
}

#[test]
fn a_second_page_starts_after_the_first() {
    assert_eq!(page(6, 5).window(11), 5..10);
    assert_eq!(page(11, 5).window(11), 10..11);
}

#[test]
fn a_start_below_one_is_one() {
    assert_eq!(page(0, 5).window(11), 0..5);
    assert_eq!(page(-7, 5).window(11), 0..5);
    assert_eq!(page(-7, 5).start_index, 1);
}

#[test]
fn a_negative_count_is_none_at_all() {
    assert_eq!(page(1, -1).window(11), 0..0);
    assert_eq!(page(1, -1).count, Some(0));
}

#[test]
fn a_count_of_zero_holds_nothing() {
    assert_eq!(page(1, 0).window(11), 0..0);
}

#[test]
fn without_a_count_all_of_the_rest_is_meant() {
    assert_eq!(Page::new(Some(3), None).window(11), 2..11);
    assert_eq!(Page::default().window(11), 0..11);
}

#[test]
fn a_page_beyond_the_end_is_empty() {
    assert!(page(100, 5).window(11).is_empty());
    assert!(page(i64::MAX, i64::MAX).window(11).is_empty());
}

#[test]
fn the_server_may_give_fewer() {
    assert_eq!(page(1, 500).at_most(100).window(1_000), 0..100);
    assert_eq!(Page::default().at_most(100).window(1_000), 0..100);
}

#[test]
fn the_server_never_gives_more() {
    assert_eq!(page(1, 5).at_most(100).window(1_000), 0..5);
}

#[test]
fn pages_are_read_from_text() {
    assert_eq!(Page::parse(Some("6"), Some("5")).unwrap().window(11), 5..10);
    assert_eq!(Page::parse(None, None).unwrap().window(11), 0..11);
}

#[test]
fn a_page_that_is_no_number_is_refused() {
    assert_eq!(Page::parse(Some("first"), None).unwrap_err().status(), 400);
    assert_eq!(Page::parse(None, Some("5.5")).unwrap_err().status(), 400);
}

// The answer.

fn answer(total: usize, page: Page, people: &[Value]) -> Value {
    let resource_type = user_type();
    let projection = Projection::parse(&resource_type, None, None).unwrap();
    let resources: Vec<Resource> = people.iter().map(resource).collect();
    let text = list_response(total, page, &resources, |resource, out| {
        serde_json::to_writer(out, &Shown::new(resource, &resource_type, &projection)).unwrap();
    });
    serde_json::from_slice(&text).unwrap()
}

#[test]
fn nothing_found_is_an_empty_list_and_never_null() {
    let expected = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
        "totalResults": 0, "startIndex": 1, "itemsPerPage": 0, "Resources": [],
    });
    assert_eq!(answer(0, Page::default(), &[]), expected);
}

#[test]
fn an_answer_tells_all_matches_and_those_it_holds() {
    let answer = answer(11, page(6, 5), &[user(json!({})), user(json!({}))]);
    assert_eq!(answer["totalResults"], json!(11));
    assert_eq!(answer["itemsPerPage"], json!(2));
    assert_eq!(answer["startIndex"], json!(6));
    assert_eq!(answer["Resources"].as_array().unwrap().len(), 2);
}

#[test]
fn a_count_of_zero_still_tells_the_total() {
    let answer = answer(11, page(1, 0), &[]);
    assert_eq!(answer["totalResults"], json!(11));
    assert_eq!(answer["itemsPerPage"], json!(0));
}

#[test]
fn a_page_beyond_the_end_tells_its_start() {
    let answer = answer(11, page(100, 5), &[]);
    assert_eq!(answer["startIndex"], json!(100));
    assert_eq!(answer["totalResults"], json!(11));
    assert_eq!(answer["Resources"], json!([]));
}

// Order.

fn sorted(by: &str, order: Option<&str>, people: &[Value]) -> Vec<String> {
    let sort = Sort::parse(&user_type(), by, order).unwrap();
    let mut resources: Vec<Resource> = people.iter().map(resource).collect();
    sort.sort(&mut resources);
    resources.iter().map(|resource| resource.id().unwrap().as_str().to_owned()).collect()
}

fn titled(id: &str, title: &str) -> Value {
    user(json!({ "id": id, "title": title }))
}

#[test]
fn ascending_is_the_default() {
    let people = [titled("1", "b"), titled("2", "a")];
    assert_eq!(sorted("title", None, &people), ["2", "1"]);
    assert_eq!(sorted("title", Some("ascending"), &people), ["2", "1"]);
}

#[test]
fn descending_turns_the_order_round() {
    assert_eq!(
        sorted("title", Some("descending"), &[titled("1", "a"), titled("2", "b")]),
        ["2", "1"]
    );
}

#[test]
fn an_unknown_order_is_refused() {
    assert_eq!(Sort::parse(&user_type(), "title", Some("sideways")).unwrap_err().status(), 400);
}

#[test]
fn an_unknown_attribute_to_sort_by_is_refused() {
    assert_eq!(Sort::parse(&user_type(), "shoeSize", None).unwrap_err().status(), 400);
}

#[test]
fn missing_values_come_last_when_ascending() {
    let people = [user(json!({ "id": "1" })), titled("2", "z")];
    assert_eq!(sorted("title", None, &people), ["2", "1"]);
}

#[test]
fn missing_values_come_first_when_descending() {
    let people = [titled("2", "z"), user(json!({ "id": "1" }))];
    assert_eq!(sorted("title", Some("descending"), &people), ["1", "2"]);
}

#[test]
fn case_does_not_order_where_it_does_not_matter() {
    assert_eq!(sorted("title", None, &[titled("1", "B"), titled("2", "a")]), ["2", "1"]);
}

#[test]
fn case_orders_where_it_matters() {
    let people = [
        user(json!({ "id": "1", "externalId": "a" })),
        user(json!({ "id": "2", "externalId": "B" })),
    ];
    assert_eq!(sorted("externalId", None, &people), ["2", "1"]);
}

#[test]
fn a_list_sorts_by_its_primary_element() {
    let person = |id: &str, first: &str, primary: &str| {
        user(json!({ "id": id, "emails": [
            { "value": first }, { "value": primary, "primary": true },
        ] }))
    };
    let people = [person("1", "a@x", "z@x"), person("2", "y@x", "b@x")];
    assert_eq!(sorted("emails", None, &people), ["2", "1"]);
    assert_eq!(sorted("emails.value", None, &people), ["2", "1"]);
}

#[test]
fn a_list_without_a_primary_element_sorts_by_the_first() {
    let person = |id: &str, first: &str| {
        user(json!({ "id": id, "emails": [{ "value": first }, { "value": "a@x" }] }))
    };
    assert_eq!(sorted("emails", None, &[person("1", "z@x"), person("2", "b@x")]), ["2", "1"]);
}

#[test]
fn a_part_can_be_sorted_by() {
    let person = |id: &str, name: &str| user(json!({ "id": id, "name": { "familyName": name } }));
    assert_eq!(sorted("name.familyName", None, &[person("1", "z"), person("2", "b")]), ["2", "1"]);
}

#[test]
fn instants_sort_as_instants() {
    let person =
        |id: &str, created: &str| user(json!({ "id": id, "meta": { "created": created } }));
    let people = [person("1", "2026-01-01T00:30:00Z"), person("2", "2026-01-01T01:00:00+01:00")];
    assert_eq!(sorted("meta.created", None, &people), ["2", "1"]);
}

#[test]
fn equals_are_ordered_by_id_so_that_pages_fit_together() {
    let people = [titled("b", "same"), titled("a", "same"), titled("c", "SAME")];
    assert_eq!(sorted("title", None, &people), ["a", "b", "c"]);
}

// Queries.

fn query(pairs: &[(&str, &str)]) -> Result<Query, Option<ScimType>> {
    Parameters::from_pairs(pairs.iter().copied())
        .and_then(|parameters| parameters.bind(&user_type()))
        .map_err(|error| error.scim_type())
}

#[test]
fn a_query_without_parameters_asks_for_everybody() {
    let query = query(&[]).unwrap();
    assert!(query.filter.is_none() && query.sort.is_none());
    assert_eq!(query.page.window(3), 0..3);
}

#[test]
fn the_query_of_okta_is_read() {
    let pairs = [("filter", r#"userName eq "a@b""#), ("startIndex", "1"), ("count", "100")];
    let query = query(&pairs).unwrap();
    assert!(query.filter.unwrap().matches(&resource(&json!({ "userName": "A@B" }))));
    assert_eq!(query.page.count, Some(100));
}

#[test]
fn parameters_are_read_in_any_case() {
    assert_eq!(query(&[("STARTINDEX", "6"), ("Count", "5")]).unwrap().page.window(11), 5..10);
}

#[test]
fn the_switch_of_entra_is_passed_over() {
    assert!(query(&[("aadOptscim062020", "")]).is_ok());
}

#[test]
fn a_filter_that_cannot_be_read_is_refused_and_not_dropped() {
    assert_eq!(
        query(&[("filter", "userName is nina")]).unwrap_err(),
        Some(ScimType::InvalidFilter)
    );
}

#[test]
fn a_filter_on_an_unknown_attribute_is_refused_and_not_dropped() {
    let pairs = [("filter", r#"shoeSize eq "41""#)];
    assert_eq!(query(&pairs).unwrap_err(), Some(ScimType::InvalidFilter));
}

#[test]
fn an_empty_filter_is_not_everybody() {
    assert_eq!(query(&[("filter", "")]).unwrap_err(), Some(ScimType::InvalidFilter));
}

#[test]
fn a_filter_sees_attributes_that_are_not_shown() {
    let query = query(&[("filter", r#"externalId eq "a-1""#), ("attributes", "userName")]).unwrap();
    let person = user(json!({ "externalId": "a-1" }));
    assert!(query.filter.unwrap().matches(&resource(&person)));
    let place = user_type().place(&Path::parse("externalId", &[]).unwrap()).unwrap();
    assert!(!query.projection.includes(&place));
}

#[test]
fn a_search_body_is_read() {
    let body = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"],
        "attributes": ["userName", "name.familyName"],
        "filter": r#"userName sw "nina""#,
        "sortBy": "userName", "sortOrder": "descending",
        "startIndex": 1, "count": 10,
    });
    let query = Parameters::from_body(body).unwrap().bind(&user_type()).unwrap();
    assert!(query.filter.is_some() && query.sort.is_some() && query.projection.is_named());
    assert_eq!(query.page.count, Some(10));
}

#[test]
fn a_search_body_may_exclude_attributes() {
    let body = json!({ "excludedAttributes": ["emails"] });
    let query = Parameters::from_body(body).unwrap().bind(&user_type()).unwrap();
    let place = user_type().place(&Path::parse("emails", &[]).unwrap()).unwrap();
    assert!(!query.projection.includes(&place));
}

#[test]
fn a_search_body_that_is_no_object_is_refused() {
    assert_eq!(Parameters::from_body(json!([])).unwrap_err().status(), 400);
}

#[test]
fn attributes_and_exclusions_do_not_go_together_in_a_query() {
    assert!(query(&[("attributes", "userName"), ("excludedAttributes", "emails")]).is_err());
}
