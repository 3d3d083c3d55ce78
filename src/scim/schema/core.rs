//! The schemas of RFC 7643 §4, with what the clients of this field expect of
//! them: `externalId` listed, canonical types published, none on `roles`.

use super::{Attribute, Mutability, Returned, Schema, Type, Uniqueness};
use crate::scim::name::{AttrName, ENTERPRISE_USER, GROUP, SchemaUri, USER};
use std::sync::Arc;

/// An attribute with the defaults of RFC 7643 §2.2. Only for names that are
/// written in this file; a test parses every one of them.
fn attribute(name: &'static str, kind: Type, description: &str) -> Attribute {
    Attribute {
        name: AttrName::known(name),
        kind,
        multi_valued: false,
        description: description.to_owned(),
        required: false,
        case_exact: false,
        mutability: Mutability::ReadWrite,
        returned: Returned::Default,
        uniqueness: Uniqueness::None,
        canonical_values: Vec::new(),
        reference_types: Vec::new(),
        sub_attributes: Vec::new(),
        offered: true,
        filterable: true,
        declared: true,
    }
}

fn string(name: &'static str, description: &str) -> Attribute {
    attribute(name, Type::String, description)
}

fn exact(name: &'static str, description: &str) -> Attribute {
    Attribute { case_exact: true, ..string(name, description) }
}

fn boolean(name: &'static str, description: &str) -> Attribute {
    attribute(name, Type::Boolean, description)
}

fn complex(name: &'static str, description: &str, subs: Vec<Attribute>) -> Attribute {
    let sub_attributes = subs.into_iter().map(Arc::new).collect();
    Attribute { sub_attributes, ..attribute(name, Type::Complex, description) }
}

fn reference(name: &'static str, types: &[&str], description: &str) -> Attribute {
    let reference_types = types.iter().map(ToString::to_string).collect();
    Attribute { case_exact: true, reference_types, ..attribute(name, Type::Reference, description) }
}

impl Attribute {
    /// An attribute that no schema knows and a tenant keeps as sent.
    pub(in crate::scim) fn unknown(name: AttrName, kind: Type) -> Self {
        let unknown = attribute("unknown", kind, "").unfiltered();
        Self { name, offered: false, declared: false, case_exact: true, ..unknown }
    }

    /// The parts that elements of an unknown attribute most likely have.
    pub(in crate::scim) fn customary_parts() -> Vec<Arc<Self>> {
        let labels = vec![string("value", ""), string("display", ""), string("type", "")];
        let parts = labels.into_iter().chain([boolean("primary", "")]);
        parts.map(|part| Arc::new(Self { offered: false, ..part })).collect()
    }

    fn required(self) -> Self {
        Self { required: true, ..self }
    }

    fn unique(self) -> Self {
        Self { uniqueness: Uniqueness::Server, ..self }
    }

    fn many(self) -> Self {
        Self { multi_valued: true, ..self }
    }

    fn read_only(self) -> Self {
        Self { mutability: Mutability::ReadOnly, ..self }
    }

    fn immutable(self) -> Self {
        Self { mutability: Mutability::Immutable, ..self }
    }

    fn unfiltered(self) -> Self {
        Self { filterable: false, ..self }
    }

    fn suggesting(self, values: &[&str]) -> Self {
        Self { canonical_values: values.iter().map(ToString::to_string).collect(), ..self }
    }

    fn returned(self, returned: Returned) -> Self {
        Self { returned, ..self }
    }
}

/// The four sub-attributes of most multi-valued attributes (RFC 7643 §2.4).
fn plural(name: &'static str, description: &str, value: Attribute, types: &[&str]) -> Attribute {
    let subs = vec![
        value,
        string("display", "Name for people").unfiltered(),
        string("type", "Label").suggesting(types),
        boolean("primary", "Whether this is the preferred one"),
    ];
    complex(name, description, subs).many()
}

fn schema(id: &str, name: &str, description: &str, attributes: Vec<Attribute>) -> Schema {
    Schema {
        id: SchemaUri::known(id),
        name: name.to_owned(),
        description: description.to_owned(),
        attributes: attributes.into_iter().map(Arc::new).collect(),
    }
}

/// What every resource has (RFC 7643 §3.1) and no schema document lists.
pub(super) fn common() -> Vec<Arc<Attribute>> {
    let instant = |name, about| attribute(name, Type::DateTime, about).read_only();
    let meta = vec![
        exact("resourceType", "Kind of the resource").read_only(),
        instant("created", "When the resource came to be"),
        instant("lastModified", "When the resource last changed"),
        reference("location", &["uri"], "URL of the resource").read_only(),
        exact("version", "Entity tag").read_only(),
    ];
    let schemas = Attribute {
        case_exact: true,
        ..attribute("schemas", Type::Reference, "Schemas in use").many().read_only()
    };
    [
        schemas.returned(Returned::Always),
        exact("id", "The gateway's identifier").read_only().unique().returned(Returned::Always),
        complex("meta", "About the resource itself", meta).read_only(),
    ]
    .map(Arc::new)
    .to_vec()
}

fn external_id() -> Attribute {
    exact("externalId", "The client's identifier")
}

/// The core User.
pub(super) fn user() -> Schema {
    let mut attributes = person();
    attributes.extend(contact());
    attributes.extend(belonging());
    schema(USER, "User", "Account of a person", attributes)
}

fn person() -> Vec<Attribute> {
    vec![
        string("userName", "Login name").required().unique(),
        external_id(),
        complex(
            "name",
            "Parts of the name",
            vec![
                string("formatted", "Full name"),
                string("familyName", "Last name"),
                string("givenName", "First name"),
                string("middleName", "Middle name"),
                string("honorificPrefix", "Title before the name"),
                string("honorificSuffix", "Title after the name"),
            ],
        ),
        string("displayName", "Name shown to others"),
        string("nickName", "Casual name"),
        reference("profileUrl", &["external"], "Profile page"),
        string("title", "Job title"),
        string("userType", "Relation to the organisation"),
        string("preferredLanguage", "Language, as in Accept-Language"),
        string("locale", "Formats of dates and numbers"),
        string("timezone", "Time zone"),
        boolean("active", "Whether the account may be used"),
        Attribute {
            mutability: Mutability::WriteOnly,
            ..exact("password", "Initial password").unfiltered().returned(Returned::Never)
        },
    ]
}

fn contact() -> Vec<Attribute> {
    let value = |about| string("value", about);
    vec![
        plural("emails", "E-mail addresses", value("Address"), &["work", "home", "other"]),
        plural(
            "phoneNumbers",
            "Telephone numbers",
            value("Number"),
            &["work", "home", "mobile", "fax", "pager", "other"],
        ),
        plural("ims", "Instant messaging addresses", value("Address"), &[]),
        plural(
            "photos",
            "Pictures",
            reference("value", &["external"], "URL of the picture"),
            &["photo", "thumbnail"],
        ),
        complex(
            "addresses",
            "Postal addresses",
            vec![
                string("formatted", "Whole address"),
                string("streetAddress", "Street and number"),
                string("locality", "Town"),
                string("region", "State or region"),
                string("postalCode", "Postal code"),
                string("country", "Country, ISO 3166-1 alpha-2"),
                string("type", "Label").suggesting(&["work", "home", "other"]),
                boolean("primary", "Whether this is the preferred one"),
            ],
        )
        .many(),
    ]
}

fn belonging() -> Vec<Attribute> {
    let groups = vec![
        exact("value", "Id of the group").read_only(),
        reference("$ref", &["Group"], "URL of the group").read_only(),
        string("display", "Name of the group").read_only(),
        string("type", "How the person belongs").suggesting(&["direct", "indirect"]).read_only(),
    ];
    let certificate = Attribute {
        kind: Type::Binary,
        case_exact: true,
        ..string("value", "DER certificate in Base64").unfiltered()
    };
    vec![
        complex("groups", "Groups the person belongs to", groups).many().read_only(),
        plural("entitlements", "Entitlements", string("value", "Entitlement"), &[]),
        // No canonical types: Microsoft's validation would read them as slots.
        plural("roles", "Roles in the LMS", string("value", "Role key"), &[]),
        plural("x509Certificates", "Certificates", certificate, &[]),
    ]
}

/// The enterprise extension of User.
pub(super) fn enterprise_user() -> Schema {
    let manager = vec![
        exact("value", "Id of the manager"),
        reference("$ref", &["User"], "URL of the manager").read_only(),
        string("displayName", "Name of the manager").read_only(),
    ];
    schema(
        ENTERPRISE_USER,
        "EnterpriseUser",
        "What an organisation says of a person",
        vec![
            string("employeeNumber", "Number within the organisation"),
            string("costCenter", "Cost centre"),
            string("organization", "Organisation"),
            string("division", "Division"),
            string("department", "Department"),
            complex("manager", "The person's manager", manager),
        ],
    )
}

/// The core Group.
pub(super) fn group() -> Schema {
    let members = vec![
        exact("value", "Id of the member").immutable(),
        reference("$ref", &["User", "Group"], "URL of the member").read_only(),
        string("type", "What the member is").suggesting(&["User", "Group"]).immutable(),
        string("display", "Name of the member").read_only(),
    ];
    schema(
        GROUP,
        "Group",
        "Group of people",
        vec![
            // Entra finds groups by this name, so two cannot share it.
            string("displayName", "Name of the group").required().unique(),
            external_id(),
            complex("members", "Who belongs to the group", members).many(),
        ],
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_written_here_is_a_name() {
        for attribute in [user(), enterprise_user(), group()]
            .iter()
            .flat_map(|schema| schema.attributes.clone())
            .chain(common())
        {
            for name in std::iter::once(&attribute).chain(&attribute.sub_attributes) {
                assert!(AttrName::parse(name.name.as_str()).is_some(), "{}", name.name);
            }
        }
    }

    #[test]
    fn the_core_schemas_keep_the_rules_of_declared_ones() {
        for schema in [user(), enterprise_user(), group()] {
            assert!(schema.faults().is_empty(), "{:?}", schema.faults());
            assert!(SchemaUri::parse(schema.id.as_str()).is_some());
        }
    }

    #[test]
    fn case_matters_where_the_rfc_says_so() {
        let user = user();
        let exact = |name: &str| user.attribute(name).unwrap().case_exact;
        assert!(!exact("userName") && !exact("displayName") && exact("externalId"));
        assert!(!user.attribute("emails").unwrap().sub("value").unwrap().case_exact);
    }
}
