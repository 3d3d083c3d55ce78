//! The echo of a resource: what the LMS would show of it if it held exactly what
//! writing it gives. What differs from the echo was changed by somebody else.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::expr::{Fuel, Scope};
use super::lift::{Lift, Shown};
use super::lower::{Lower, Record};
use super::plan::{Attribute, KindPlan, Slot};
use super::run::{Moment, Site};
use crate::scim::Resource;

impl Site {
    /// What the LMS would show if it held what writing this resource gives:
    /// each value there and back, those left out that the LMS has no place for.
    ///
    /// Where there are several kinds of groups, the resource's id tells which
    /// one it is; without an id it is of the kind that new ones become.
    pub fn echo(&self, sent: &Resource, moment: &Moment) -> Resource {
        let Some(kind) = self.kind_of(sent) else { return Resource::new(sent.kind()) };
        let (now, lookups) =
            (Value::String(moment.now.clone()), Value::Object(moment.lookups.clone()));
        let names = [("settings", self.settings()), ("now", &now), ("lookup", &lookups)];
        let fuel = Fuel::new();
        Echo { kind, scope: Scope::new(&names, &fuel) }.of(sent)
    }

    /// The kind that a resource is of.
    pub(super) fn kind_of(&self, resource: &Resource) -> Option<&KindPlan> {
        let id = resource.id();
        let owner = id.and_then(|id| self.kind_by_id(resource.kind(), &id));
        let first = || self.plan.kinds_of(resource.kind()).next();
        owner.or_else(first).map(AsRef::as_ref)
    }
}

impl Attribute {
    /// Whether the LMS is both told and asked, so that its answer says
    /// something about what it was told.
    pub(super) fn is_two_way(&self) -> bool {
        let told = self.create.is_some() || self.update.is_some() || self.via.is_some();
        told && (self.read.is_some() || self.from_lms.is_some()) && !self.secret
    }

    /// The slot that a resource's value for this attribute stands in: its own,
    /// or another that a create takes it from.
    pub(super) fn source(&self, resource: &Resource) -> Option<&Slot> {
        std::iter::once(&self.slot).chain(&self.or).find(|slot| slot.read(resource).is_some())
    }
}

struct Echo<'a> {
    kind: &'a KindPlan,
    scope: Scope<'a>,
}

impl Echo<'_> {
    fn of(&self, sent: &Resource) -> Resource {
        let lower = Lower { kind: self.kind, scope: self.scope };
        let user = Value::Object(sent.attributes().clone());
        let mut record = Record::default();
        let mut written = Vec::new();
        for attribute in self.kind.attributes.iter().filter(|attribute| attribute.is_two_way()) {
            if attribute.via.is_some() {
                // Its field is made of several; one that was not sent comes of
                // the others.
                written.push((attribute, Value::Null));
            } else if let Some(value) = self.lowered(&lower, attribute, (sent, &user)) {
                self.hold(attribute, value.clone(), &mut record.fields);
                written.push((attribute, value));
            }
        }
        lower.derive(&user, &mut record, |_| true);
        let object = Value::Object(record.fields);
        let mut home = Map::new();
        for (attribute, lowered) in written {
            if let Some(value) = self.lifted(attribute, lowered, &object) {
                attribute.slot.write(&mut home, value);
            }
        }
        Resource::from_attributes(self.kind.kind, home)
    }

    /// What is written for an attribute; nothing where the LMS has no place for
    /// it, be it for a setting, a condition or the value itself.
    fn lowered(
        &self,
        lower: &Lower<'_>,
        attribute: &Attribute,
        (sent, user): (&Resource, &Value),
    ) -> Option<Value> {
        let value = attribute.source(sent)?.read(sent)?;
        attribute.written().and_then(|field| field.fill(&self.scope))?;
        let names = [("user", user)];
        if attribute.when.as_ref().is_some_and(|when| !when.holds(&self.scope.with(&names))) {
            return None;
        }
        lower.value(attribute, value, user).ok().flatten()
    }

    /// Puts a value where the LMS would show it. An LMS may show elsewhere what
    /// it was told here; an expression alone does not tell where it reads.
    fn hold(&self, attribute: &Attribute, value: Value, object: &mut Map<String, Value>) {
        let field = attribute.read.as_ref().or(attribute.written());
        if let Some(place) = field.and_then(|field| field.fill(&self.scope)) {
            place.write(object, value);
        }
    }

    fn lifted(&self, attribute: &Attribute, lowered: Value, object: &Value) -> Option<Value> {
        let lift = Lift { kind: self.kind, scope: self.scope };
        if attribute.joins.is_empty() {
            return match lift.shown(attribute, object, &Value::Null) {
                Shown::Value(value) => Some(value),
                Shown::Empty | Shown::Hidden => None,
            };
        }
        // What further calls would show cannot be worked out; but an LMS that
        // loses nothing shows the value that it was told.
        (!attribute.lossy).then(|| attribute.meant(Cow::Owned(lowered))).flatten()
    }
}
