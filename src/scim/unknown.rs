//! Attributes that no schema knows: kept under the name the client gave them,
//! where the tenant's rules say so, and never without end.

use super::error::Error;
use super::filter::Matcher;
use super::name::{AttrName, SchemaUri};
use super::path::Path;
use super::place::Place;
use super::resource::Resource;
use super::schema::{Attribute, ResourceType, Type};
use super::syntax::longest_registered;
use serde_json::Value;
use std::sync::Arc;

/// What no schema knows is kept, but not without end.
pub(super) const MOST_UNKNOWN: usize = 256;

impl ResourceType {
    /// Refuses a resource with more unknown attributes than anybody means.
    pub(super) fn bound_unknown(&self, resource: &Resource) -> Result<(), Error> {
        let unknown = self.unknown_places(resource).len();
        if unknown <= MOST_UNKNOWN {
            return Ok(());
        }
        Err(Error::invalid_value(format!(
            "More than {MOST_UNKNOWN} attributes are unknown here; no more of them are kept."
        )))
    }

    /// The places of everything in a resource that no schema knows.
    pub(super) fn unknown_places(&self, resource: &Resource) -> Vec<Place> {
        let mut places = Vec::new();
        let unknown = |urn: Option<&SchemaUri>, name| {
            let name = AttrName::parse(name).filter(|_| self.attribute(urn, name).is_none())?;
            Some(Place::of(urn, &Arc::new(Attribute::unknown(name, Type::Any))))
        };
        for (key, value) in resource.attributes() {
            match (SchemaUri::parse(key), value) {
                (Some(urn), Value::Object(members)) => {
                    places.extend(members.keys().filter_map(|name| unknown(Some(&urn), name)));
                }
                _ => places.extend(unknown(None, key)),
            }
        }
        places
    }

    /// A key that is the URN of a schema nobody registered.
    pub(super) fn unknown_schema(&self, key: &str, value: &Value) -> Option<SchemaUri> {
        let unknown = value.is_object() && longest_registered(key, self.urns()).is_none();
        SchemaUri::parse(key).filter(|_| unknown)
    }

    /// A place for an attribute that no schema knows, made from the shape of its
    /// path, so that it can be kept under the name the client gave it.
    pub(super) fn kept(&self, path: &Path) -> Result<Option<Place>, Error> {
        // Half of the path is known, so the rest is a mistake and not a surprise.
        let known = self.attribute(path.schema.as_ref(), path.attr.as_str());
        if let Some((schema, attribute)) = known {
            let Some(sub) = path.sub.as_ref().filter(|_| attribute.kind == Type::Complex) else {
                return self.place(path).map(Some);
            };
            let whole = self.place(&Path { sub: None, ..path.clone() })?;
            let sub = Arc::new(Attribute::unknown(sub.clone(), Type::Any));
            return Ok(Some(Place { sub: Some(sub), schema: schema.cloned(), ..whole }));
        }
        let kind =
            if path.filter.is_some() || path.sub.is_some() { Type::Complex } else { Type::Any };
        let mut attribute = Attribute::unknown(path.attr.clone(), kind);
        attribute.multi_valued = path.filter.is_some();
        attribute.sub_attributes = Attribute::customary_parts();
        if let Some(sub) = path.sub.as_ref().filter(|sub| attribute.sub(sub.as_str()).is_none()) {
            attribute.sub_attributes.push(Arc::new(Attribute::unknown(sub.clone(), Type::Any)));
        }
        if attribute.kind == Type::Any {
            attribute.sub_attributes.clear();
        }
        let attribute = Arc::new(attribute);
        let element = match &path.filter {
            Some(filter) => Some(Box::new(Matcher::of_elements(&attribute, filter)?)),
            None => None,
        };
        let sub = path.sub.as_ref().and_then(|sub| attribute.sub(sub.as_str()).cloned());
        Ok(Some(Place { schema: path.schema.clone(), attr: attribute, element, sub }))
    }
}
