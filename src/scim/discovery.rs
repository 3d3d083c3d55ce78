//! `/ServiceProviderConfig`, `/ResourceTypes` and `/Schemas` (RFC 7644 §4),
//! made from what a tenant's gateway really does.

use super::schema::{ResourceType, Schema};
use serde_json::{Value, json};

/// The schema of [`Discovery::service_provider_config`].
pub const SERVICE_PROVIDER_CONFIG: &str =
    "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig";
/// The schema of a resource type document.
pub const RESOURCE_TYPE: &str = "urn:ietf:params:scim:schemas:core:2.0:ResourceType";
/// The schema of a schema document.
pub const SCHEMA: &str = "urn:ietf:params:scim:schemas:core:2.0:Schema";

/// What the gateway can do for one tenant.
#[expect(clippy::struct_excessive_bools, reason = "the sections of the document are")]
#[derive(Clone, Debug, Default)]
pub struct Capabilities {
    /// Where people read on.
    pub documentation_uri: Option<String>,
    /// Whether PATCH is understood.
    pub patch: bool,
    /// The limits of bulk requests, where they are offered.
    pub bulk: Option<BulkLimits>,
    /// The most results one answer holds; nothing where filters are refused.
    pub filter_max_results: Option<usize>,
    /// Whether a password can be set.
    pub change_password: bool,
    /// Whether lists can be sorted.
    pub sort: bool,
    /// Whether entity tags are given and heeded.
    pub etag: bool,
    /// How clients prove who they are.
    pub authentication: Vec<AuthenticationScheme>,
}

/// How much one bulk request may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BulkLimits {
    /// Operations.
    pub max_operations: usize,
    /// Bytes.
    pub max_payload_size: usize,
}

/// One way to prove who is speaking.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthenticationScheme {
    /// `oauthbearertoken`, `oauth2`, `httpbasic` …
    pub kind: String,
    /// A name for people.
    pub name: String,
    /// What it asks of the client.
    pub description: String,
    /// Where it is specified.
    pub spec_uri: Option<String>,
}

impl AuthenticationScheme {
    /// A token in the Authorization header (RFC 6750).
    pub fn bearer() -> Self {
        Self {
            kind: "oauthbearertoken".to_owned(),
            name: "Bearer token".to_owned(),
            description: "A token in the Authorization header".to_owned(),
            spec_uri: Some("https://www.rfc-editor.org/info/rfc6750".to_owned()),
        }
    }
}

/// The documents of one tenant.
#[derive(Clone, Copy, Debug)]
pub struct Discovery<'a> {
    /// The absolute URL of the tenant, without a slash at its end.
    pub base_url: &'a str,
    /// What the gateway can do.
    pub capabilities: &'a Capabilities,
    /// The kinds of resources there are.
    pub resource_types: &'a [&'a ResourceType],
}

impl Discovery<'_> {
    /// The document at `/ServiceProviderConfig`. Every section is there, with
    /// its numbers: authentik takes one that lacks a section for a server that
    /// can do nothing.
    pub fn service_provider_config(&self) -> Value {
        let can = self.capabilities;
        let supported = |supported: bool| json!({ "supported": supported });
        let (operations, payload) =
            can.bulk.map_or((0, 0), |bulk| (bulk.max_operations, bulk.max_payload_size));
        let mut document = json!({
            "schemas": [SERVICE_PROVIDER_CONFIG],
            "patch": supported(can.patch),
            "bulk": {
                "supported": can.bulk.is_some(),
                "maxOperations": operations,
                "maxPayloadSize": payload
            },
            "filter": {
                "supported": can.filter_max_results.is_some(),
                "maxResults": can.filter_max_results.unwrap_or(0)
            },
            "changePassword": supported(can.change_password),
            "sort": supported(can.sort),
            "etag": supported(can.etag),
            "authenticationSchemes": self.authentication_schemes(),
            "meta": {
                "resourceType": "ServiceProviderConfig",
                "location": format!("{}/ServiceProviderConfig", self.base_url)
            }
        });
        // Null is unwelcome in every discovery document.
        if let (Some(uri), Some(document)) = (&can.documentation_uri, document.as_object_mut()) {
            document.insert("documentationUri".to_owned(), json!(uri));
        }
        document
    }

    fn authentication_schemes(&self) -> Vec<Value> {
        let schemes = self.capabilities.authentication.iter().enumerate();
        let document = |(index, scheme): (usize, &AuthenticationScheme)| {
            let mut document = json!({
                "type": scheme.kind,
                "name": scheme.name,
                "description": scheme.description,
                "primary": index == 0
            });
            if let (Some(uri), Some(document)) = (&scheme.spec_uri, document.as_object_mut()) {
                document.insert("specUri".to_owned(), json!(uri));
            }
            document
        };
        schemes.map(document).collect()
    }

    /// The documents at `/ResourceTypes`.
    pub fn resource_types(&self) -> Vec<Value> {
        self.resource_types.iter().map(|resource_type| self.resource_type(resource_type)).collect()
    }

    /// The documents at `/Schemas`: of each schema, what the tenant offers.
    pub fn schemas(&self) -> Vec<Value> {
        let mut seen = Vec::new();
        for resource_type in self.resource_types {
            let extensions = offered_extensions(resource_type).map(|(schema, _)| schema);
            for schema in std::iter::once(resource_type.core()).chain(extensions) {
                if !seen.iter().any(|known: &&Schema| known.id == schema.id) {
                    seen.push(schema);
                }
            }
        }
        seen.into_iter().map(|schema| self.schema(schema)).collect()
    }

    /// The one document of `documents` with that `id`, in any case.
    pub fn named(documents: Vec<Value>, id: &str) -> Option<Value> {
        let is_it = |document: &Value| {
            document.get("id").and_then(Value::as_str).is_some_and(|it| it.eq_ignore_ascii_case(id))
        };
        documents.into_iter().find(is_it)
    }

    /// The list that holds `documents`; discovery knows no pages.
    pub fn list(documents: &[Value]) -> Value {
        json!({
            "schemas": [super::list::LIST_RESPONSE],
            "totalResults": documents.len(),
            "startIndex": 1,
            "itemsPerPage": documents.len(),
            "Resources": documents
        })
    }

    fn resource_type(&self, resource_type: &ResourceType) -> Value {
        let name = resource_type.kind().as_str();
        let extension = |(schema, required): (&Schema, bool)| json!({ "schema": schema.id, "required": required });
        let extensions: Vec<_> = offered_extensions(resource_type).map(extension).collect();
        let mut document = json!({
            "schemas": [RESOURCE_TYPE],
            "id": name,
            "name": name,
            "endpoint": resource_type.kind().endpoint(),
            "description": resource_type.description(),
            "schema": resource_type.core().id,
            "meta": {
                "resourceType": "ResourceType",
                "location": format!("{}/ResourceTypes/{name}", self.base_url)
            }
        });
        if let (false, Some(document)) = (extensions.is_empty(), document.as_object_mut()) {
            document.insert("schemaExtensions".to_owned(), Value::Array(extensions));
        }
        document
    }

    fn schema(&self, schema: &Schema) -> Value {
        let offered: Vec<_> = schema.attributes.iter().filter(|known| known.offered).collect();
        json!({
            "schemas": [SCHEMA],
            "id": schema.id,
            "name": schema.name,
            "description": schema.description,
            "attributes": offered,
            "meta": {
                "resourceType": "Schema",
                "location": format!("{}/Schemas/{}", self.base_url, schema.id)
            }
        })
    }
}

/// An extension nothing of which is offered does not exist for clients.
fn offered_extensions(resource_type: &ResourceType) -> impl Iterator<Item = (&Schema, bool)> {
    let offered = |schema: &Schema| schema.attributes.iter().any(|attribute| attribute.offered);
    let extensions = resource_type.extensions().iter();
    extensions
        .map(|extension| (&extension.schema, extension.required))
        .filter(move |(schema, _)| offered(schema))
}
