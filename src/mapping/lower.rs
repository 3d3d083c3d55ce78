//! A resource on its way to the LMS: SCIM values to the LMS's own fields.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::expr::{Expr, Scope, plain_text};
use super::field::Field;
use super::plan::{Attribute, Check, Derived, KindPlan, Policy};
use crate::call::{Failure, Kind};
use crate::scim::{Outcome, Resource};

/// What is sent: fields of the LMS, and the SCIM attributes they come from.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Record {
    /// The fields.
    pub(super) fields: Map<String, Value>,
    /// The attributes that are in it.
    pub(super) changed: Vec<String>,
    /// Values that may never be shown.
    pub(super) secrets: Vec<String>,
}

/// Which of an attribute's two write fields is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Moment {
    Create,
    Update,
}

/// Lowers resources of one kind.
pub(super) struct Lower<'a> {
    pub(super) kind: &'a KindPlan,
    pub(super) scope: Scope<'a>,
}

impl Lower<'_> {
    /// Everything a create sends.
    pub(super) fn create(&self, resource: &Resource) -> Result<Record, Failure> {
        let mut record = Record::default();
        let user = Value::Object(resource.attributes().clone());
        for attribute in &self.kind.attributes {
            let given = (attribute.value(resource), attribute.lacking(&attribute.absent), &user);
            self.put(attribute, Moment::Create, given, &mut record)?;
        }
        self.derive(&user, &mut record, |_| true);
        Ok(record)
    }

    /// What a change sends: only what it touches. `after` is the resource as it
    /// will be, where that is known.
    pub(super) fn change(
        &self,
        outcomes: &[(usize, Outcome)],
        after: Option<&Resource>,
    ) -> Result<Record, Failure> {
        self.change_of(Record::default(), outcomes, after)
    }

    /// An object of the LMS with a change written into it: what no attribute
    /// maps stays as it is.
    pub(super) fn merged(
        &self,
        object: &Value,
        outcomes: &[(usize, Outcome)],
        after: &Resource,
    ) -> Result<Record, Failure> {
        let fields = object.as_object().cloned().unwrap_or_default();
        self.change_of(Record { fields, ..Record::default() }, outcomes, Some(after))
    }

    fn change_of(
        &self,
        mut record: Record,
        outcomes: &[(usize, Outcome)],
        after: Option<&Resource>,
    ) -> Result<Record, Failure> {
        let user = after.map_or_else(
            || Value::Object(Map::new()),
            |resource| Value::Object(resource.attributes().clone()),
        );
        for (index, outcome) in outcomes {
            let Some(attribute) = self.kind.attributes.get(*index) else { continue };
            let value = match outcome {
                Outcome::Untouched | Outcome::Unknown => continue,
                Outcome::Set(value) => Some(value),
                Outcome::Cleared => None,
            };
            let given = (value, attribute.lacking(&attribute.cleared), &user);
            self.put(attribute, Moment::Update, given, &mut record)?;
            if !attribute.kept {
                record.changed.push(attribute.name.clone());
            }
        }
        let touched = record.changed.clone();
        self.derive(&user, &mut record, |derived| {
            derived.from.iter().any(|name| touched.contains(name))
        });
        Ok(record)
    }

    /// Every field a full replacement sends: of the resource as it will be, where `held`
    /// tells what the LMS will hold of each attribute.
    pub(super) fn whole(
        &self,
        after: &Resource,
        held: impl Fn(usize, &Attribute) -> Option<Value>,
    ) -> Result<Record, Failure> {
        let mut record = Record::default();
        let user = Value::Object(after.attributes().clone());
        for (index, attribute) in self.kind.attributes.iter().enumerate() {
            let found = held(index, attribute);
            let given = (found.as_ref(), &attribute.absent, &user);
            self.put(attribute, Moment::Update, given, &mut record)?;
        }
        self.derive(&user, &mut record, |_| true);
        Ok(record)
    }

    /// Whether a change of this attribute gets to the LMS here.
    pub(super) fn reaches(&self, attribute: &Attribute) -> bool {
        let field = attribute.update.as_ref();
        attribute.via.is_some() || field.is_some_and(|field| field.fill(&self.scope).is_some())
    }

    fn put(
        &self,
        attribute: &Attribute,
        moment: Moment,
        (found, policy, user): (Option<&Value>, &Policy, &Value),
        record: &mut Record,
    ) -> Result<(), Failure> {
        let Some(field) = field_of(attribute, moment) else { return Ok(()) };
        let Some(place) = field.fill(&self.scope) else { return Ok(()) };
        let names = [("user", user)];
        // An invented one stands for whatever was not to be written.
        let anyway = moment == Moment::Create && *policy == Policy::Invent;
        let written = |when: &Expr| when.holds(&self.scope.with(&names));
        if !anyway && !attribute.when.as_ref().is_none_or(written) {
            return Ok(());
        }
        let Some(value) = found.filter(|value| !value.is_null()) else {
            if let Some(value) = absent(attribute, policy, moment)? {
                place.write(&mut record.fields, value);
            }
            return Ok(());
        };
        if let Some(lowered) = self.value(attribute, value, user)? {
            if attribute.secret {
                record.secrets.extend(plain_text(&lowered));
            }
            place.write(&mut record.fields, lowered);
        }
        Ok(())
    }

    /// One value in the LMS's words; nothing when it is to be left out.
    pub(super) fn value(
        &self,
        attribute: &Attribute,
        value: &Value,
        user: &Value,
    ) -> Result<Option<Value>, Failure> {
        let mut value = Cow::Borrowed(value);
        if let Some(values) = &attribute.values {
            match values.lower(&value) {
                Some(lowered) => value = Cow::Owned(lowered.clone()),
                None if values.drop => return Ok(None),
                None => {
                    let known: Vec<_> =
                        values.pairs.iter().filter_map(|(scim, _)| plain_text(scim)).collect();
                    let says = format!("`{}` can be {}", attribute.name, known.join(", "));
                    return Err(Failure::new(Kind::Invalid, says).on(&attribute.name));
                }
            }
        }
        if let Some(expr) = &attribute.to_lms {
            let names = [("value", value.as_ref()), ("user", user)];
            let scope = self.scope.with(&names);
            let made = expr.eval(&scope).map(Cow::into_owned);
            let Some(made) = made else { return Ok(None) };
            value = Cow::Owned(made);
        }
        match &attribute.check {
            Some(check) => checked(attribute, check, value.into_owned()),
            None => Ok(Some(value.into_owned())),
        }
    }

    /// Writes the fields that are made of several attributes.
    pub(super) fn derive(
        &self,
        user: &Value,
        record: &mut Record,
        wanted: impl Fn(&Derived) -> bool,
    ) {
        for derived in self.kind.derived.iter().filter(|derived| wanted(derived)) {
            let names = [("user", user)];
            let value = derived.value.eval(&self.scope.with(&names)).map(Cow::into_owned);
            let place = derived.field.fill(&self.scope);
            if let (Some(place), Some(value)) = (place, value) {
                place.write(&mut record.fields, value);
            }
        }
    }
}

impl Attribute {
    /// Where it is written, be it by a change or by a create alone.
    pub(super) fn written(&self) -> Option<&Field> {
        self.update.as_ref().or(self.create.as_ref())
    }

    /// What is done without a value. Where several places may have one that the LMS
    /// needs, none of them can be asked for by name before it is lowered.
    fn lacking<'a>(&self, policy: &'a Policy) -> &'a Policy {
        match policy {
            Policy::Omit | Policy::Null | Policy::Empty if self.may_come_otherwise() => {
                &Policy::Refuse
            }
            policy => policy,
        }
    }
}

fn field_of(attribute: &Attribute, moment: Moment) -> Option<&Field> {
    match moment {
        Moment::Create => attribute.create.as_ref(),
        Moment::Update => attribute.update.as_ref(),
    }
}

fn absent(
    attribute: &Attribute,
    policy: &Policy,
    moment: Moment,
) -> Result<Option<Value>, Failure> {
    match policy {
        Policy::Omit => Ok(None),
        Policy::Null => Ok(Some(Value::Null)),
        Policy::Empty => Ok(Some(Value::String(String::new()))),
        Policy::Send(value) => Ok(Some(value.clone())),
        // Who has one keeps it.
        Policy::Invent if moment == Moment::Update => Ok(None),
        // Whoever sends a create has put one there before.
        Policy::Refuse | Policy::Invent => {
            let says = format!("the LMS cannot do without `{}`", attribute.name);
            Err(Failure::new(Kind::Invalid, says).on(&attribute.name))
        }
    }
}

fn checked(attribute: &Attribute, check: &Check, value: Value) -> Result<Option<Value>, Failure> {
    let Some(text) = plain_text(&value) else { return Ok(Some(value)) };
    let length = u64::try_from(text.chars().count()).unwrap_or(u64::MAX);
    let fits = check.pattern.as_ref().is_none_or(|pattern| pattern.is_match(&text))
        && check.most.is_none_or(|most| length <= most)
        && check.least.is_none_or(|least| length >= least);
    if fits {
        return Ok(Some(value));
    }
    if check.drop {
        return Ok(None);
    }
    let says = check.says.clone().unwrap_or_else(|| match (check.most, check.least) {
        (Some(most), _) if length > most => {
            format!("`{}` may have at most {most} characters", attribute.name)
        }
        (_, Some(least)) if length < least => {
            format!("`{}` needs at least {least} characters", attribute.name)
        }
        _ => format!("the LMS does not take this value for `{}`", attribute.name),
    });
    Err(Failure::new(Kind::Invalid, says).on(&attribute.name))
}
