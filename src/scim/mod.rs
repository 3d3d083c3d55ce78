//! SCIM 2.0 as values: RFC 7643 and 7644, and what Entra, Okta, authentik and
//! Keycloak do beside them. Pure: no IO, no clock, no async.
//!
//! A request goes through the room from left to right:
//!
//! ```text
//! text ─► Path, Filter ─► Place, Matcher ─┐
//!                                         ├─► Operation: Create, Change{id, Edits}, Delete
//! JSON ─► create, replace, patch ─────────┘
//! Resource ─► Projection ─► the answer, or a list of them
//! ```
//!
//! Left of the arrows is grammar, which knows no schema; right of them
//! everything has been held against a [`ResourceType`], which is what one
//! tenant's LMS can do. Whatever is wrong comes out as an [`Error`].

mod apart;
mod apply;
mod bulk;
mod caseless;
mod discovery;
mod edit;
mod elements;
mod error;
mod etag;
mod filter;
mod intake;
mod kept;
mod list;
mod name;
mod naming;
mod operation;
mod outcome;
mod pairs;
mod patch;
mod path;
mod place;
mod projection;
mod query;
mod reference;
mod resource;
mod rules;
mod schema;
mod shown;
mod slot;
mod syntax;
mod unknown;
mod value;
mod work;
mod written;

pub use apart::Standing;
pub use bulk::{
    BULK_REQUEST, BULK_RESPONSE, BulkOperation, BulkRequest, BulkResponse, BulkResult, Method,
    Reference, Rejected,
};
pub use caseless::fold;
pub use discovery::{
    AuthenticationScheme, BulkLimits, Capabilities, Discovery, RESOURCE_TYPE, SCHEMA,
    SERVICE_PROVIDER_CONFIG,
};
pub use edit::{Act, Edit, Edits};
pub use error::{ERROR, Error, ScimType};
pub use etag::{Conditions, ETag};
pub use filter::{Filter, Literal, Matcher, Operand, Operator};
pub use intake::parse_json;
pub use list::{LIST_RESPONSE, Page, Sort, list_response};
pub use name::{AttrName, ENTERPRISE_USER, GROUP, ResourceId, SchemaUri, USER};
pub use naming::{Naming, Nobody};
pub use operation::Operation;
pub use outcome::{Delta, Outcome};
pub use pairs::{Pair, Pairs};
pub use patch::{MOST_OPERATIONS, PATCH_OP};
pub use path::{Path, Target};
pub use place::Place;
pub use projection::Projection;
pub use query::{Parameters, Query, SEARCH_REQUEST};
pub use reference::is_to_group;
pub use resource::Resource;
pub use rules::{Rules, Unknown};
pub use schema::{
    Attribute, Extension, Kind, Mutability, Offer, ResourceType, Returned, Schema, Type, Uniqueness,
};
pub use shown::{Shown, location};
pub use syntax::{DEEPEST, LONGEST_TEXT, MOST_TERMS, SyntaxError};
pub use written::{Dates, Writing, Written, key_of, write_json};
