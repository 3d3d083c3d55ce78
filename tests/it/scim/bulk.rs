//! Bulk requests (RFC 7644 §3.7).

use std::collections::HashMap;

use matricula::scim::{
    BulkLimits, BulkRequest, BulkResponse, BulkResult, Error, Kind, Method, Reference, ResourceId,
};
use serde_json::{Value, json};

const LIMITS: BulkLimits = BulkLimits { max_operations: 10, max_payload_size: 1_048_576 };

fn parse(operations: Value) -> BulkRequest {
    BulkRequest::parse(body(operations), LIMITS).unwrap()
}

fn body(operations: Value) -> Value {
    json!({ "schemas": [matricula::scim::BULK_REQUEST], "Operations": operations })
}

fn post(bulk_id: &str) -> Value {
    json!({ "method": "POST", "path": "/Users", "bulkId": bulk_id, "data": { "userName": bulk_id } })
}

fn group_of(bulk_id: &str, members: &[&str]) -> Value {
    let members: Vec<Value> =
        members.iter().map(|name| json!({ "value": format!("bulkId:{name}") })).collect();
    json!({ "method": "POST", "path": "/Groups", "bulkId": bulk_id,
        "data": { "displayName": bulk_id, "members": members } })
}

fn status_of(operation: Value) -> u16 {
    parse(json!([operation])).operations[0].as_ref().unwrap_err().error.status()
}

#[test]
fn a_creation_is_read() {
    let request = parse(json!([post("a")]));
    let operation = request.operations[0].as_ref().unwrap();
    assert_eq!((operation.method, operation.kind), (Method::Post, Kind::User));
    assert_eq!(operation.bulk_id.as_deref(), Some("a"));
    assert!(operation.target.is_none());
    assert_eq!(operation.data, json!({ "userName": "a" }));
}

#[test]
fn a_change_of_an_existing_resource_is_read() {
    let request = parse(json!([{ "method": "PATCH", "path": "/Groups/g-17",
        "version": "W/\"1\"", "data": { "Operations": [] } }]));
    let operation = request.operations[0].as_ref().unwrap();
    assert_eq!((operation.method, operation.kind), (Method::Patch, Kind::Group));
    assert_eq!(operation.version.as_deref(), Some("W/\"1\""));
    let Some(Reference::Id(id)) = &operation.target else { unreachable!("an id") };
    assert_eq!(id.as_str(), "g-17");
}

#[test]
fn a_removal_needs_no_data() {
    let request = parse(json!([{ "method": "DELETE", "path": "/Users/u-1" }]));
    assert_eq!(request.operations[0].as_ref().unwrap().method, Method::Delete);
}

#[test]
fn methods_are_read_in_any_case() {
    let request = parse(json!([{ "method": "delete", "path": "/Users/u-1" }]));
    assert_eq!(request.operations[0].as_ref().unwrap().method, Method::Delete);
}

#[test]
fn the_limit_of_errors_is_read() {
    let mut body = body(json!([post("a")]));
    body["failOnErrors"] = json!(1);
    assert_eq!(BulkRequest::parse(body, LIMITS).unwrap().fail_on_errors, Some(1));
    assert_eq!(parse(json!([post("a")])).fail_on_errors, None);
}

#[test]
fn too_many_operations_are_too_large() {
    let operations: Value = (0..11).map(|number| post(&number.to_string())).collect();
    assert_eq!(BulkRequest::parse(body(operations), LIMITS).unwrap_err().status(), 413);
}

#[test]
fn a_body_without_operations_is_refused() {
    assert_eq!(BulkRequest::parse(json!({}), LIMITS).unwrap_err().status(), 400);
    assert_eq!(BulkRequest::parse(json!([]), LIMITS).unwrap_err().status(), 400);
}

#[test]
fn a_creation_without_a_name_is_refused_alone() {
    let operations = json!([{ "method": "POST", "path": "/Users", "data": {} }, post("a")]);
    let request = parse(operations);
    assert_eq!(request.operations[0].as_ref().unwrap_err().error.status(), 400);
    assert!(request.operations[1].is_ok());
}

#[test]
fn an_unknown_method_is_refused_alone() {
    assert_eq!(status_of(json!({ "method": "GET", "path": "/Users/u-1" })), 400);
}

#[test]
fn an_unknown_endpoint_is_refused_alone() {
    let status = status_of(json!({ "method": "DELETE", "path": "/Printers/1" }));
    assert!(matches!(status, 400 | 404), "{status}");
}

#[test]
fn a_removal_of_a_whole_endpoint_is_refused() {
    let status = status_of(json!({ "method": "DELETE", "path": "/Users" }));
    assert!((400..500).contains(&status), "{status}");
}

#[test]
fn a_creation_at_an_id_is_refused() {
    let status =
        status_of(json!({ "method": "POST", "path": "/Users/u-1", "bulkId": "a", "data": {} }));
    assert!((400..500).contains(&status), "{status}");
}

// Order.

#[test]
fn operations_without_references_keep_their_order() {
    let (order, stuck) = parse(json!([post("a"), post("b"), post("c")])).order();
    assert_eq!(order, [0, 1, 2]);
    assert!(stuck.is_empty());
}

#[test]
fn a_forward_reference_waits_for_what_it_names() {
    let (order, stuck) = parse(json!([group_of("g", &["a"]), post("a")])).order();
    assert_eq!(order, [1, 0]);
    assert!(stuck.is_empty());
}

#[test]
fn a_reference_in_a_path_waits_for_what_it_names() {
    let patch =
        json!({ "method": "PATCH", "path": "/Users/bulkId:a", "data": { "Operations": [] } });
    let (order, _) = parse(json!([patch, post("a")])).order();
    assert_eq!(order, [1, 0]);
}

#[test]
fn operations_that_wait_for_each_other_come_out_with_a_conflict() {
    let request = parse(json!([group_of("a", &["b"]), group_of("b", &["a"]), post("c")]));
    let (order, stuck) = request.order();
    assert_eq!(order, [2]);
    assert_eq!(stuck.len(), 2);
    assert!(stuck.iter().all(|(_, error)| error.status() == 409));
}

#[test]
fn a_reference_to_nothing_comes_out_with_an_error() {
    let (order, stuck) = parse(json!([group_of("g", &["nobody"])])).order();
    let resolved = order.first().map(|_| {
        let operation = parse(json!([group_of("g", &["nobody"])])).operations.remove(0).unwrap();
        operation.resolved(&HashMap::new()).is_err()
    });
    assert!(stuck.len() == 1 || resolved == Some(true));
}

// Resolution.

fn ids(name: &str, id: &str) -> HashMap<String, ResourceId> {
    HashMap::from([(name.to_owned(), ResourceId::parse(id).unwrap())])
}

#[test]
fn a_reference_in_a_value_becomes_the_id() {
    let operation = parse(json!([group_of("g", &["a"])])).operations.remove(0).unwrap();
    let resolved = operation.resolved(&ids("a", "u-1")).unwrap();
    assert_eq!(resolved.data["members"], json!([{ "value": "u-1" }]));
}

#[test]
fn a_reference_in_a_path_becomes_the_id() {
    let patch =
        json!({ "method": "PATCH", "path": "/Users/bulkId:a", "data": { "Operations": [] } });
    let operation = parse(json!([patch, post("a")])).operations.remove(0).unwrap();
    let resolved = operation.resolved(&ids("a", "u-1")).unwrap();
    let Some(Reference::Id(id)) = resolved.target else { unreachable!("an id") };
    assert_eq!(id.as_str(), "u-1");
}

#[test]
fn a_reference_that_cannot_be_resolved_is_a_conflict() {
    let operation = parse(json!([group_of("g", &["a"])])).operations.remove(0).unwrap();
    assert_eq!(operation.resolved(&HashMap::new()).unwrap_err().status(), 409);
}

// The answer.

#[test]
fn an_answer_tells_the_status_of_each_operation_as_text() {
    let response = BulkResponse::new(vec![BulkResult {
        method: Some(Method::Post),
        bulk_id: Some("a".to_owned()),
        location: Some("https://gw.example/v2/Users/u-1".to_owned()),
        version: Some("W/\"1\"".to_owned()),
        status: 201,
        response: None,
    }]);
    let expected = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkResponse"],
        "Operations": [{
            "method": "POST", "bulkId": "a", "location": "https://gw.example/v2/Users/u-1",
            "version": "W/\"1\"", "status": "201",
        }],
    });
    assert_eq!(serde_json::to_value(response).unwrap(), expected);
}

#[test]
fn a_failed_operation_carries_its_error() {
    let response = BulkResponse::new(vec![BulkResult {
        method: Some(Method::Post),
        bulk_id: Some("a".to_owned()),
        location: None,
        version: None,
        status: 409,
        response: Some(Error::uniqueness("`userName` is taken.")),
    }]);
    let operation = &serde_json::to_value(response).unwrap()["Operations"][0];
    assert_eq!(operation["status"], "409");
    assert_eq!(operation["response"]["scimType"], "uniqueness");
    assert!(operation.get("location").is_none());
}

#[test]
fn operations_on_one_resource_keep_their_order_while_one_of_them_waits() {
    let waiting = json!({ "method": "PATCH", "path": "/Groups/7", "data": { "Operations": [
        { "op": "add", "path": "members", "value": [{ "value": "bulkId:a" }] }
    ] } });
    let last = json!({ "method": "DELETE", "path": "/Groups/7" });
    let (order, stuck) = parse(json!([waiting, last, post("a")])).order();
    assert!(stuck.is_empty());
    assert_eq!(order, [2, 0, 1]);
}
