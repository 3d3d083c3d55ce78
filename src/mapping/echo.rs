//! The echo of a resource: what the LMS would show of it if it held exactly what
//! writing it gives. What differs from the echo was changed by somebody else.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::expr::{Fuel, Scope};
use super::lift::Lift;
use super::lower::{Lower, Record};
use super::picture::Shown;
use super::plan::{Attribute, KindPlan};
use super::ready::{Ready, Spot};
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
        let echo = Echo::new((self, kind), sent, moment);
        let mut home = Map::new();
        for (index, attribute) in kind.attributes.iter().enumerate() {
            if let Some(value) = echo.told(index) {
                attribute.slot.write(&mut home, value.into_owned());
            }
        }
        Resource::from_attributes(kind.kind, home)
    }

    /// A resource as the LMS would spell it, with what the LMS has no place for.
    pub fn spelt(&self, sent: &Resource, moment: &Moment) -> Resource {
        let mut attributes = sent.attributes().clone();
        attributes.extend(self.echo(sent, moment).into_attributes());
        Resource::from_attributes(sent.kind(), attributes)
    }

    /// The kind that a resource is of.
    pub(super) fn kind_of(&self, resource: &Resource) -> Option<&Arc<KindPlan>> {
        let id = resource.id();
        let owner = id.and_then(|id| self.kind_by_id(resource.kind(), &id));
        owner.or_else(|| self.plan.kinds_of(resource.kind()).next())
    }
}

impl Attribute {
    /// Whether the LMS is both told and asked, so that its answer says
    /// something about what it was told.
    pub(super) fn is_two_way(&self) -> bool {
        let told = self.create.is_some() || self.update.is_some() || self.via.is_some();
        told && (self.read.is_some() || self.from_lms.is_some()) && !self.secret
    }
}

/// An echo, worked out as far as it is asked for.
pub(super) struct Echo<'a> {
    site: &'a Site,
    kind: &'a Arc<KindPlan>,
    ready: Cow<'a, Ready>,
    sent: &'a Resource,
    moment: &'a Moment,
    around: OnceCell<Around>,
    /// What depends on several attributes is worked out for all of them.
    all: OnceCell<Vec<Option<Value>>>,
}

/// What expressions see beside the settings.
#[derive(Default)]
struct Around {
    now: Value,
    lookups: Value,
    user: Value,
}

impl<'a> Echo<'a> {
    pub(super) fn new(
        (site, kind): (&'a Site, &'a Arc<KindPlan>),
        sent: &'a Resource,
        moment: &'a Moment,
    ) -> Self {
        let ready = site.ready(kind);
        Self { site, kind, ready, sent, moment, around: OnceCell::new(), all: OnceCell::new() }
    }

    /// What the LMS would show of one attribute.
    pub(super) fn told(&self, index: usize) -> Option<Cow<'_, Value>> {
        let attribute = self.kind.attributes.get(index).filter(|it| it.is_two_way())?;
        if self.ready.is_alone(index) && attribute.source(self.sent).is_none() {
            return None;
        }
        let around = self.around.get_or_init(|| self.around());
        let names =
            [("settings", self.site.settings()), ("now", &around.now), ("lookup", &around.lookups)];
        let fuel = Fuel::new();
        let scope = Scope::new(&names, &fuel);
        let lift = Lift { kind: self.kind, ready: Cow::Borrowed(&self.ready), scope };
        if self.ready.is_alone(index) {
            let lowered = self.lowered(scope, attribute, &around.user)?;
            if matches!(self.ready.spot(index, attribute, &scope), Spot::Off) {
                return None;
            }
            return value(lift.meaning(attribute, Some(Cow::Owned(lowered)), &[])).map(Cow::Owned);
        }
        let all = self.all.get_or_init(|| self.all(&lift, &around.user));
        all.get(index)?.as_ref().map(Cow::Borrowed)
    }

    /// Only what is mentioned is laid out.
    fn around(&self) -> Around {
        let wanted = self.ready.mentions;
        let or_nothing =
            |wanted: bool, make: &dyn Fn() -> Value| if wanted { make() } else { Value::Null };
        Around {
            now: or_nothing(wanted.now, &|| Value::String(self.moment.now.to_string())),
            lookups: or_nothing(wanted.lookups, &|| Value::Object(self.moment.lookups.clone())),
            user: or_nothing(wanted.user, &|| Value::Object(self.sent.attributes().clone())),
        }
    }

    fn all(&self, lift: &Lift<'_>, user: &Value) -> Vec<Option<Value>> {
        let mut record = Record::default();
        let mut written = Vec::new();
        for attribute in &self.kind.attributes {
            let lowered = if !attribute.is_two_way() {
                None
            } else if attribute.via.is_some() {
                // Its field is made of several; one that was not sent comes of
                // the others.
                Some(Value::Null)
            } else {
                let lowered = self.lowered(lift.scope, attribute, user);
                if let Some(value) = &lowered {
                    hold(attribute, value.clone(), (&mut record.fields, lift.scope));
                }
                lowered
            };
            written.push(lowered);
        }
        Lower { kind: self.kind, scope: lift.scope }.derive(user, &mut record, |_| true);
        let object = Value::Object(record.fields);
        let each = self.kind.attributes.iter().zip(written).enumerate();
        each.map(|(index, (attribute, lowered))| {
            if attribute.joins.is_empty() {
                return lowered
                    .and_then(|_| value(lift.shown(index, attribute, (&object, &Value::Null))));
            }
            // What further calls would show cannot be worked out; but an LMS that
            // loses nothing shows the value that it was told.
            let kept = lowered.filter(|_| !attribute.lossy);
            kept.and_then(|lowered| attribute.meant(Cow::Owned(lowered)))
        })
        .collect()
    }

    /// What is written for an attribute; nothing where the LMS has no place for
    /// it, be it for a setting, a condition or the value itself.
    fn lowered(&self, scope: Scope<'_>, attribute: &Attribute, user: &Value) -> Option<Value> {
        let value = attribute.value(self.sent)?;
        attribute.written().and_then(|field| field.fill(&scope))?;
        let names = [("user", user)];
        if attribute.when.as_ref().is_some_and(|when| !when.holds(&scope.with(&names))) {
            return None;
        }
        Lower { kind: self.kind, scope }.value(attribute, value, user).ok().flatten()
    }
}

/// Puts a value where the LMS would show it. An LMS may show elsewhere what it
/// was told here; an expression alone does not tell where it reads.
fn hold(
    attribute: &Attribute,
    value: Value,
    (object, scope): (&mut Map<String, Value>, Scope<'_>),
) {
    let field = attribute.read.as_ref().or(attribute.written());
    if let Some(place) = field.and_then(|field| field.fill(&scope)) {
        place.write(object, value);
    }
}

fn value(shown: Shown) -> Option<Value> {
    match shown {
        Shown::Value(value) => Some(value),
        Shown::Empty | Shown::Hidden => None,
    }
}
