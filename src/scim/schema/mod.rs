//! Schemas (RFC 7643 §7): which attributes there are and how each behaves.
//!
//! A schema is a value. The core ones come from [`core`]; a tenant's mapping
//! declares more at run time, and says of each attribute whether the LMS
//! offers it, so that discovery tells the truth.

pub(super) mod core;
mod offer;
mod resource_type;

pub use offer::Offer;
pub use resource_type::{Extension, Kind, ResourceType};

use super::name::{AttrName, SchemaUri};
use serde::ser::SerializeMap;
use serde::{Deserialize, Serialize, Serializer};
use std::sync::Arc;

/// One schema document.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Schema {
    /// Its URI.
    pub id: SchemaUri,
    /// A short name for people.
    pub name: String,
    /// What it describes.
    #[serde(default)]
    pub description: String,
    /// Its attributes, in the order in which discovery shows them.
    pub attributes: Vec<Arc<Attribute>>,
}

impl Schema {
    /// The attribute of that name, in any case.
    pub fn attribute(&self, name: &str) -> Option<&Arc<Attribute>> {
        self.attributes.iter().find(|attribute| attribute.name.is(name))
    }

    /// Every rule a declared schema breaks: names twice, complex attributes
    /// within complex ones, sub-attributes where none can be.
    pub fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        twice(&self.attributes, &mut faults);
        for attribute in &self.attributes {
            attribute.faults(&mut faults);
        }
        faults
    }
}

/// What values an attribute takes (RFC 7643 §2.3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Type {
    /// Text.
    #[default]
    String,
    /// True or false.
    Boolean,
    /// A number with a fraction.
    Decimal,
    /// A whole number.
    Integer,
    /// An instant, RFC 3339 with a zone.
    DateTime,
    /// Base64.
    Binary,
    /// A URI.
    Reference,
    /// An object of sub-attributes.
    Complex,
    /// Whatever was sent: an attribute no schema knows, kept by setting.
    #[serde(skip)]
    Any,
}

/// Who may write an attribute, and when.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Mutability {
    /// Anybody, at any time.
    #[default]
    ReadWrite,
    /// The gateway only.
    ReadOnly,
    /// Once, while it has no value.
    Immutable,
    /// Written, never shown.
    WriteOnly,
}

/// When an attribute is part of an answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Returned {
    /// Always, whatever was asked for.
    Always,
    /// Never.
    Never,
    /// Unless excluded.
    #[default]
    Default,
    /// Only when named.
    Request,
}

/// Among whom a value must be unique.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Uniqueness {
    /// Nobody.
    #[default]
    None,
    /// All resources of the tenant.
    Server,
    /// Everybody in the world.
    Global,
}

/// One attribute and its characteristics (RFC 7643 §2.2, with its defaults).
#[expect(clippy::struct_excessive_bools, reason = "the characteristics are the RFC's")]
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Attribute {
    /// Its name; answers use this spelling.
    pub name: AttrName,
    /// What values it takes.
    #[serde(default, rename = "type")]
    pub kind: Type,
    /// Whether it holds a list.
    #[serde(default)]
    pub multi_valued: bool,
    /// What it means.
    #[serde(default)]
    pub description: String,
    /// Whether a resource without it is refused.
    #[serde(default)]
    pub required: bool,
    /// Whether case matters when it is compared.
    #[serde(default)]
    pub case_exact: bool,
    /// Who may write it.
    #[serde(default)]
    pub mutability: Mutability,
    /// When it is part of an answer.
    #[serde(default)]
    pub returned: Returned,
    /// Among whom its value must be unique.
    #[serde(default)]
    pub uniqueness: Uniqueness,
    /// Values that clients should use. Others are accepted.
    #[serde(default)]
    pub canonical_values: Vec<String>,
    /// What a reference may point at.
    #[serde(default)]
    pub reference_types: Vec<String>,
    /// The parts of a complex attribute.
    #[serde(default)]
    pub sub_attributes: Vec<Arc<Attribute>>,
    /// Whether the tenant's LMS (or the gateway for it) has this attribute.
    /// What is not offered is not shown in discovery and is handled as unknown.
    #[serde(skip, default = "yes")]
    pub offered: bool,
    /// Whether filters may name it.
    #[serde(skip, default = "yes")]
    pub filterable: bool,
    /// Whether a schema declares it. One that none does is kept as sent.
    #[serde(skip, default = "yes")]
    pub(in crate::scim) declared: bool,
}

fn yes() -> bool {
    true
}

impl Attribute {
    /// The sub-attribute of that name, in any case.
    pub fn sub(&self, name: &str) -> Option<&Arc<Self>> {
        self.sub_attributes.iter().find(|sub| sub.name.is(name))
    }

    /// Whether elements are told apart by their `value` alone. Such an
    /// attribute points at other resources: the members of a group.
    pub fn identified_by_value(&self) -> bool {
        self.multi_valued
            && self.sub("value").is_some_and(|value| value.mutability == Mutability::Immutable)
    }

    /// Whether this is one reference with what goes along with it, such as
    /// `manager`. A new value makes its companions stale, so it is set whole.
    pub fn is_single_reference(&self) -> bool {
        self.kind == Type::Complex && !self.multi_valued && self.sub("$ref").is_some()
    }

    fn faults(&self, faults: &mut Vec<String>) {
        let complex = self.kind == Type::Complex;
        if complex == self.sub_attributes.is_empty() {
            let name = &self.name;
            faults.push(if complex {
                format!("`{name}` is complex and has no sub-attributes")
            } else {
                format!("`{name}` has sub-attributes and is not complex")
            });
        }
        twice(&self.sub_attributes, faults);
        for sub in self.sub_attributes.iter().filter(|sub| sub.kind == Type::Complex) {
            faults.push(format!(
                "`{}.{}` is complex within a complex attribute",
                self.name, sub.name
            ));
        }
    }
}

fn twice(attributes: &[Arc<Attribute>], faults: &mut Vec<String>) {
    let mut seen = std::collections::HashSet::new();
    for attribute in attributes {
        if !seen.insert(&attribute.name) {
            faults.push(format!("`{}` is declared twice", attribute.name));
        }
    }
}

/// The document of discovery: only what is offered, and of each attribute only
/// the characteristics that mean something for its type.
impl Serialize for Attribute {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        let textual = matches!(self.kind, Type::String | Type::Reference | Type::Binary);
        let mut map = out.serialize_map(None)?;
        map.serialize_entry("name", &self.name)?;
        map.serialize_entry("type", &self.kind)?;
        map.serialize_entry("multiValued", &self.multi_valued)?;
        map.serialize_entry("description", &self.description)?;
        map.serialize_entry("required", &self.required)?;
        if textual {
            map.serialize_entry("caseExact", &self.case_exact)?;
        }
        if !self.canonical_values.is_empty() {
            map.serialize_entry("canonicalValues", &self.canonical_values)?;
        }
        map.serialize_entry("mutability", &self.mutability)?;
        map.serialize_entry("returned", &self.returned)?;
        if textual || matches!(self.kind, Type::Integer | Type::Decimal) {
            map.serialize_entry("uniqueness", &self.uniqueness)?;
        }
        if !self.reference_types.is_empty() {
            map.serialize_entry("referenceTypes", &self.reference_types)?;
        }
        if self.kind == Type::Complex {
            let subs: Vec<_> = self.sub_attributes.iter().filter(|sub| sub.offered).collect();
            map.serialize_entry("subAttributes", &subs)?;
        }
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_declared_schema_gets_the_defaults_of_the_rfc() {
        let schema: Schema = serde_json::from_value(serde_json::json!({
            "id": "urn:ietf:params:scim:schemas:extension:Hoch:2.0:User",
            "name": "Hoch",
            "attributes": [{ "name": "costUnit" }, { "name": "grade", "type": "integer" }]
        }))
        .unwrap();
        let unit = schema.attribute("COSTUNIT").unwrap();
        assert_eq!((unit.kind, unit.mutability), (Type::String, Mutability::ReadWrite));
        assert!(schema.faults().is_empty());
    }

    #[test]
    fn a_declared_schema_is_told_every_rule_it_breaks() {
        let schema: Schema = serde_json::from_value(serde_json::json!({
            "id": "urn:x:y",
            "name": "x",
            "attributes": [
                { "name": "a" },
                { "name": "A" },
                { "name": "b", "type": "complex" },
                { "name": "c", "subAttributes": [{ "name": "d" }] },
                { "name": "e", "type": "complex", "subAttributes": [
                    { "name": "f", "type": "complex", "subAttributes": [{ "name": "g" }] }
                ] }
            ]
        }))
        .unwrap();
        assert_eq!(schema.faults().len(), 4, "{:?}", schema.faults());
    }
}
