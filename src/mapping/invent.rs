//! Passwords that nobody knows, for an LMS that makes nobody without one.

use std::borrow::Cow;

use serde_json::Value;

use super::expr::{Fuel, Scope};
use super::plan::{Attribute, Policy};
use super::run::Site;
use crate::scim::Resource;

impl Site {
    /// What a create tells the LMS: with a new password, where that cannot do without and
    /// the client gave none, or one that is not to be written.
    pub fn with_password<'a, E>(
        &self,
        resource: &'a Resource,
        invent: impl FnOnce() -> Result<String, E>,
    ) -> Result<Cow<'a, Resource>, E> {
        let kind = self.plan.kinds_of(resource.kind()).next();
        let mut attributes = kind.iter().flat_map(|kind| &kind.attributes);
        let Some(attribute) = attributes.find(|it| self.wants_one(it, resource)) else {
            return Ok(Cow::Borrowed(resource));
        };
        let mut attributes = resource.attributes().clone();
        attributes.insert(attribute.name.clone(), invent()?.into());
        Ok(Cow::Owned(Resource::from_attributes(resource.kind(), attributes)))
    }

    fn wants_one(&self, attribute: &Attribute, resource: &Resource) -> bool {
        if attribute.absent != Policy::Invent {
            return false;
        }
        let user = Value::Object(resource.attributes().clone());
        let (names, fuel) = ([("settings", self.settings()), ("user", &user)], Fuel::new());
        let written = |when: &super::expr::Expr| when.holds(&Scope::new(&names, &fuel));
        attribute.value(resource).is_none() || !attribute.when.as_ref().is_none_or(written)
    }
}
