//! `/ServiceProviderConfig`, `/ResourceTypes` and `/Schemas` (RFC 7644 §4), as
//! the validators and authentik read them.

use matricula::scim::{
    AuthenticationScheme, BulkLimits, Capabilities, Discovery, ENTERPRISE_USER, GROUP,
    ResourceType, USER,
};
use serde_json::{Value, json};

const BASE: &str = "https://gw.example/scim/v2/t/acme";

fn capabilities(bulk: Option<BulkLimits>) -> Capabilities {
    Capabilities {
        documentation_uri: Some("https://gw.example/docs".to_owned()),
        patch: true,
        bulk,
        filter_max_results: Some(200),
        change_password: false,
        sort: false,
        etag: true,
        authentication: vec![AuthenticationScheme::bearer()],
    }
}

/// All documents of a tenant with everything.
struct Documents {
    config: Value,
    types: Vec<Value>,
    schemas: Vec<Value>,
}

fn documents() -> Documents {
    let (user, group) = (ResourceType::user(), ResourceType::group());
    let capabilities = capabilities(None);
    let resource_types = [&user, &group];
    let discovery =
        Discovery { base_url: BASE, capabilities: &capabilities, resource_types: &resource_types };
    Documents {
        config: discovery.service_provider_config(),
        types: discovery.resource_types(),
        schemas: discovery.schemas(),
    }
}

fn config() -> Value {
    documents().config
}

fn schema(id: &str) -> Value {
    Discovery::named(documents().schemas, id).unwrap()
}

fn attribute(schema: &Value, name: &str) -> Value {
    let attributes = schema["attributes"].as_array().unwrap();
    attributes.iter().find(|attribute| attribute["name"] == name).cloned().unwrap()
}

fn part(attribute: &Value, name: &str) -> Value {
    let parts = attribute["subAttributes"].as_array().unwrap();
    parts.iter().find(|part| part["name"] == name).cloned().unwrap()
}

/// Whether a document holds a null anywhere.
fn has_null(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(list) => list.iter().any(has_null),
        Value::Object(map) => map.values().any(has_null),
        _ => false,
    }
}

// The configuration.

#[test]
fn the_configuration_has_every_section() {
    let config = config();
    for section in ["patch", "bulk", "filter", "changePassword", "sort", "etag"] {
        assert!(config[section]["supported"].is_boolean(), "{section}");
    }
    assert_eq!(config["schemas"], json!([matricula::scim::SERVICE_PROVIDER_CONFIG]));
    assert!(config["authenticationSchemes"].is_array());
}

#[test]
fn bulk_that_is_not_offered_still_has_its_numbers() {
    let expected = json!({ "supported": false, "maxOperations": 0, "maxPayloadSize": 0 });
    assert_eq!(config()["bulk"], expected);
}

#[test]
fn bulk_that_is_offered_tells_its_limits() {
    let capabilities =
        capabilities(Some(BulkLimits { max_operations: 100, max_payload_size: 1_048_576 }));
    let discovery = Discovery { base_url: BASE, capabilities: &capabilities, resource_types: &[] };
    let expected = json!({ "supported": true, "maxOperations": 100, "maxPayloadSize": 1_048_576 });
    assert_eq!(discovery.service_provider_config()["bulk"], expected);
}

#[test]
fn filters_tell_how_many_results_there_can_be() {
    assert_eq!(config()["filter"], json!({ "supported": true, "maxResults": 200 }));
}

#[test]
fn an_authentication_scheme_tells_type_name_and_description() {
    let scheme = &config()["authenticationSchemes"][0];
    assert_eq!(scheme["type"], "oauthbearertoken");
    assert!(scheme["name"].is_string() && scheme["description"].is_string());
}

#[test]
fn the_configuration_is_where_it_says() {
    assert_eq!(config()["meta"]["location"], format!("{BASE}/ServiceProviderConfig"));
    assert_eq!(config()["meta"]["resourceType"], "ServiceProviderConfig");
}

// Resource types.

#[test]
fn there_are_users_and_groups() {
    let types = documents().types;
    let endpoints: Vec<&Value> = types.iter().map(|document| &document["endpoint"]).collect();
    assert_eq!(endpoints, ["/Users", "/Groups"]);
}

#[test]
fn the_enterprise_extension_belongs_to_users() {
    let types = documents().types;
    assert_eq!(types[0]["schema"], USER);
    let expected = json!([{ "schema": ENTERPRISE_USER, "required": false }]);
    assert_eq!(types[0]["schemaExtensions"], expected);
}

#[test]
fn a_resource_type_is_where_it_says() {
    let types = documents().types;
    assert_eq!(types[1]["id"], "Group");
    assert_eq!(types[1]["name"], "Group");
    assert_eq!(types[1]["meta"]["location"], format!("{BASE}/ResourceTypes/Group"));
    assert_eq!(types[1]["meta"]["resourceType"], "ResourceType");
}

#[test]
fn a_resource_type_is_found_by_name() {
    let group = Discovery::named(documents().types, "Group");
    assert_eq!(group.unwrap()["schema"], GROUP);
    assert!(Discovery::named(documents().types, "Printer").is_none());
}

// Schemas.

#[test]
fn there_is_one_schema_for_users_groups_and_the_extension() {
    let schemas = documents().schemas;
    let mut ids: Vec<&str> = schemas.iter().filter_map(|schema| schema["id"].as_str()).collect();
    ids.sort_unstable();
    assert_eq!(ids, [GROUP, USER, ENTERPRISE_USER]);
}

#[test]
fn a_schema_is_found_in_any_case() {
    let found = Discovery::named(documents().schemas, &USER.to_uppercase());
    assert_eq!(found.unwrap()["id"], USER);
}

#[test]
fn a_schema_is_where_it_says() {
    assert_eq!(schema(USER)["meta"]["location"], format!("{BASE}/Schemas/{USER}"));
    assert_eq!(schema(USER)["meta"]["resourceType"], "Schema");
}

#[test]
fn documents_are_lists_with_every_number() {
    let list = Discovery::list(&documents().schemas);
    assert_eq!(list["schemas"], json!(["urn:ietf:params:scim:api:messages:2.0:ListResponse"]));
    assert_eq!(list["totalResults"], json!(3));
    assert_eq!(list["itemsPerPage"], json!(3));
    assert_eq!(list["startIndex"], json!(1));
    assert_eq!(list["Resources"].as_array().unwrap().len(), 3);
}

#[test]
fn no_document_holds_a_null() {
    assert!(!has_null(&config()));
    assert!(!documents().types.iter().any(has_null));
    assert!(!documents().schemas.iter().any(has_null));
}

#[test]
fn the_login_name_is_required_and_unique_and_has_no_case() {
    let name = attribute(&schema(USER), "userName");
    assert_eq!(name["required"], json!(true));
    assert_eq!(name["uniqueness"], "server");
    assert_eq!(name["caseExact"], json!(false));
}

#[test]
fn the_identifier_of_the_client_is_listed_for_users_and_groups() {
    for id in [USER, GROUP] {
        assert_eq!(attribute(&schema(id), "externalId")["caseExact"], json!(true));
    }
}

#[test]
fn labels_of_slots_are_published() {
    let user = schema(USER);
    for (name, labels) in [
        ("emails", ["work", "home", "other"].as_slice()),
        ("phoneNumbers", &["work", "mobile", "fax"]),
        ("addresses", &["work", "home", "other"]),
    ] {
        let values = part(&attribute(&user, name), "type")["canonicalValues"].clone();
        for label in labels {
            assert!(values.as_array().unwrap().contains(&json!(label)), "{name}: {label}");
        }
    }
}

#[test]
fn no_labels_of_roles_are_published() {
    let label = part(&attribute(&schema(USER), "roles"), "type");
    assert!(label.get("canonicalValues").is_none_or(|values| values == &json!([])));
}

#[test]
fn the_manager_is_one_complex_attribute() {
    let manager = attribute(&schema(ENTERPRISE_USER), "manager");
    assert_eq!(manager["type"], "complex");
    assert_eq!(manager["multiValued"], json!(false));
    assert_eq!(part(&manager, "value")["name"], "value");
}

#[test]
fn members_are_a_list_of_immutable_references() {
    let members = attribute(&schema(GROUP), "members");
    assert_eq!(members["multiValued"], json!(true));
    assert_eq!(part(&members, "value")["mutability"], "immutable");
}

#[test]
fn a_password_is_written_and_never_returned() {
    let password = attribute(&schema(USER), "password");
    assert_eq!(password["mutability"], "writeOnly");
    assert_eq!(password["returned"], "never");
}

#[test]
fn the_groups_of_a_user_are_read_only() {
    assert_eq!(attribute(&schema(USER), "groups")["mutability"], "readOnly");
}

#[test]
fn what_every_resource_has_is_listed_nowhere() {
    let user = schema(USER);
    let attributes = user["attributes"].as_array().unwrap();
    for name in ["id", "meta", "schemas"] {
        assert!(attributes.iter().all(|attribute| attribute["name"] != name), "{name}");
    }
}
