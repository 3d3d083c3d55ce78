//! What a User or a Group of one tenant is: its core schema and extensions,
//! and how a path finds its attribute in them.

use super::{Attribute, Schema, core};
use crate::scim::error::Error;
use crate::scim::filter::Matcher;
use crate::scim::name::{AttrName, ENTERPRISE_USER, GROUP, SchemaUri, USER};
use crate::scim::path::Path;
use crate::scim::place::Place;
use std::fmt;
use std::sync::Arc;

/// The two kinds of resource that clients of this field provision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// A person's account.
    User,
    /// A group of people.
    Group,
}

impl Kind {
    /// The kind of that name, to the letter.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::User, Self::Group].into_iter().find(|kind| kind.as_str() == name)
    }

    /// The name, as in `meta.resourceType`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::User => "User",
            Self::Group => "Group",
        }
    }

    /// The URI of the core schema.
    pub fn core_urn(self) -> &'static str {
        match self {
            Self::User => USER,
            Self::Group => GROUP,
        }
    }

    /// The path below the tenant's base URL.
    pub fn endpoint(self) -> &'static str {
        match self {
            Self::User => "/Users",
            Self::Group => "/Groups",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

/// An extension of a resource type.
#[derive(Clone, Debug)]
pub struct Extension {
    /// Its schema.
    pub schema: Schema,
    /// Whether every resource must have it.
    pub required: bool,
}

/// One kind of resource as a tenant knows it.
#[derive(Clone, Debug)]
pub struct ResourceType {
    pub(super) kind: Kind,
    pub(super) description: String,
    pub(super) common: Vec<Arc<Attribute>>,
    pub(super) core: Schema,
    pub(super) extensions: Vec<Extension>,
    pub(super) urns: Vec<SchemaUri>,
    pub(super) required: Vec<Place>,
}

impl ResourceType {
    /// A User with every attribute of RFC 7643 and the enterprise extension.
    pub fn user() -> Self {
        let mut user = Self::bare(Kind::User, "Account in the LMS", core::user());
        user.urns.push(SchemaUri::known(ENTERPRISE_USER));
        user.extensions.push(Extension { schema: core::enterprise_user(), required: false });
        user
    }

    /// A Group with every attribute of RFC 7643.
    pub fn group() -> Self {
        Self::bare(Kind::Group, "Group in the LMS", core::group())
    }

    fn bare(kind: Kind, description: &str, core: Schema) -> Self {
        let urns = vec![core.id.clone()];
        let required = core.attributes.iter().filter(|attribute| attribute.required);
        let required = required.map(|attribute| Place::of(None, attribute)).collect();
        let description = description.to_owned();
        let (common, extensions) = (core::common(), Vec::new());
        Self { kind, description, common, core, extensions, urns, required }
    }

    /// The same type with one more extension, or what is wrong with it.
    pub fn with_extension(mut self, schema: Schema, required: bool) -> Result<Self, Vec<String>> {
        let mut faults = schema.faults();
        if self.urns.contains(&schema.id) {
            faults.push(format!("schema `{}` is declared twice", schema.id));
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        self.urns.push(schema.id.clone());
        self.extensions.push(Extension { schema, required });
        Ok(self)
    }

    /// The same type with other words for people.
    pub fn described(self, description: impl Into<String>) -> Self {
        Self { description: description.into(), ..self }
    }

    /// Which kind this is.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Words for people.
    pub fn description(&self) -> &str {
        &self.description
    }

    /// The core schema.
    pub fn core(&self) -> &Schema {
        &self.core
    }

    /// The extensions, in the order of their declaration.
    pub fn extensions(&self) -> &[Extension] {
        &self.extensions
    }

    /// The URNs that may stand before an attribute.
    pub fn urns(&self) -> &[SchemaUri] {
        &self.urns
    }

    /// What a resource must have. More than the `required` attributes: a
    /// mapping may need one element, such as the work address.
    pub fn required(&self) -> &[Place] {
        &self.required
    }

    /// `schemas`, `id` and `meta`, which no schema document lists.
    pub fn common(&self) -> &[Arc<Attribute>] {
        &self.common
    }

    /// The place of the attribute `members`; users have none.
    pub fn members(&self) -> Option<Place> {
        let members = self.core.attributes.iter().find(|attribute| attribute.name.is("members"));
        members.map(|attribute| Place::of(None, attribute))
    }

    /// Every attribute of every schema, as a place.
    pub fn attributes(&self) -> impl Iterator<Item = Place> + '_ {
        let core = self.core.attributes.iter().map(|attribute| Place::of(None, attribute));
        core.chain(self.extensions.iter().flat_map(|extension| {
            let urn = Some(&extension.schema.id);
            extension.schema.attributes.iter().map(move |attribute| Place::of(urn, attribute))
        }))
    }

    /// The extension of that URI.
    pub fn extension(&self, urn: &str) -> Option<&Extension> {
        self.extensions.iter().find(|extension| extension.schema.id.is(urn))
    }

    /// The attribute a name means, and the extension it stands in.
    ///
    /// A name without a schema that only one extension knows means that one:
    /// Entra's documentation shows `manager` so.
    pub fn attribute(
        &self,
        schema: Option<&SchemaUri>,
        name: &str,
    ) -> Option<(Option<&SchemaUri>, &Arc<Attribute>)> {
        let own = |name| {
            let common = || self.common.iter().find(|attribute| attribute.name.is(name));
            Some((None, self.core.attribute(name).or_else(common)?))
        };
        match schema {
            Some(urn) if self.core.id == *urn => own(name),
            Some(urn) => {
                let schema = &self.extension(urn.as_str())?.schema;
                Some((Some(&schema.id), schema.attribute(name)?))
            }
            None => own(name).or_else(|| self.extended(name)),
        }
    }

    fn extended(&self, name: &str) -> Option<(Option<&SchemaUri>, &Arc<Attribute>)> {
        let mut found = self.extensions.iter().filter_map(|extension| {
            Some((Some(&extension.schema.id), extension.schema.attribute(name)?))
        });
        let first = found.next();
        if found.next().is_none() { first } else { None }
    }

    /// Holds a path against the schemas.
    ///
    /// ```
    /// use matricula::scim::{Path, ResourceType};
    ///
    /// let user = ResourceType::user();
    /// let path = Path::parse(r#"EMAILS[Type eq "work"].Value"#, user.urns()).unwrap();
    /// let place = user.place(&path).unwrap();
    /// assert_eq!(place.to_string(), r#"emails[type eq "work"].value"#);
    /// ```
    pub fn place(&self, path: &Path) -> Result<Place, Error> {
        let (schema, attribute) =
            self.attribute(path.schema.as_ref(), path.attr.as_str()).ok_or_else(|| {
                let kind = self.kind;
                Error::invalid_path(format!("`{path}`: {kind} has no such attribute here"))
            })?;
        let sub = match &path.sub {
            Some(sub) => Some(sub_attribute(attribute, sub, path)?),
            None => None,
        };
        let element = match &path.filter {
            Some(_) if !attribute.multi_valued => {
                let detail = format!(
                    "`{path}`: `{attribute}` has no elements to choose from",
                    attribute = attribute.name
                );
                return Err(Error::invalid_path(detail));
            }
            Some(filter) => Some(Box::new(Matcher::of_elements(attribute, filter)?)),
            None => None,
        };
        Ok(Place { schema: schema.cloned(), attr: Arc::clone(attribute), element, sub })
    }
}

fn sub_attribute(
    attribute: &Arc<Attribute>,
    name: &AttrName,
    path: &Path,
) -> Result<Arc<Attribute>, Error> {
    attribute.sub(name.as_str()).cloned().ok_or_else(|| {
        Error::invalid_path(format!("`{path}`: `{}` has no part `{name}` here", attribute.name))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(text: &str) -> Result<String, String> {
        let user = ResourceType::user();
        let path = Path::parse(text, user.urns()).map_err(|error| error.to_string())?;
        user.place(&path).map(|place| place.to_string()).map_err(|error| error.to_string())
    }

    #[test]
    fn names_come_out_in_the_spelling_of_the_schema() {
        assert_eq!(place("USERNAME").unwrap(), "userName");
        assert_eq!(place("Name.GIVENname").unwrap(), "name.givenName");
        assert_eq!(
            place("URN:IETF:params:scim:schemas:core:2.0:User:userName").unwrap(),
            "userName"
        );
    }

    #[test]
    fn a_name_that_only_an_extension_knows_is_found_there() {
        assert_eq!(place("manager").unwrap(), format!("{ENTERPRISE_USER}:manager"));
    }

    #[test]
    fn what_no_schema_knows_is_refused_by_name() {
        for text in ["shoeSize", "name.shoeSize", r#"title[type eq "work"]"#, "urn:x:y:z"] {
            assert!(place(text).unwrap_err().contains("invalidPath"), "{text}");
        }
    }

    #[test]
    fn an_extension_is_declared_once() {
        let again = ResourceType::user().with_extension(core::enterprise_user(), false);
        assert_eq!(again.unwrap_err().len(), 1);
    }
}
