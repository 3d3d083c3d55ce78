//! Looking whether unique values are taken: before a create, or after a refusal
//! that does not say why.

use std::collections::VecDeque;

use serde_json::{Map, Value};

use super::frame::{Frame, Probe};
use super::seek::{Found, Then};
use super::{Goal, Machine, Turn};
use crate::call::{Failure, Kind};
use crate::mapping::expr::plain_text;
use crate::mapping::lift::Lift;
use crate::mapping::plan::{Attribute, KindPlan};
use crate::scim::{Outcome, Resource};

impl Machine {
    /// The unique values that this write brings along, as questions.
    fn probes(&self, kind: &KindPlan, refused: bool) -> VecDeque<Probe> {
        match &self.goal {
            Goal::Create(resource) => {
                let value = |attribute: &Attribute| attribute.value(resource).cloned();
                if refused {
                    super::ask::telling_values(kind, value)
                } else {
                    super::ask::unique_values(kind, value)
                }
            }
            Goal::Change(change) => {
                let after = self.vars.get("user").and_then(Value::as_object);
                let after = after.map(|it| Resource::from_attributes(kind.kind, it.clone()));
                super::ask::unique_values(kind, |attribute| {
                    match attribute.outcome(&change.edits) {
                        Outcome::Set(value) => Some(value),
                        Outcome::Unknown => attribute.value(after.as_ref()?).cloned(),
                        Outcome::Untouched | Outcome::Cleared => None,
                    }
                })
            }
            Goal::Delete | Goal::Read(_) | Goal::Session => VecDeque::new(),
        }
    }

    pub(super) fn begin_look(&mut self, otherwise: Option<Failure>) -> Result<(), Failure> {
        let Some(kind) = self.kind.clone() else {
            return otherwise.map_or(Ok(()), Err);
        };
        let probes = self.probes(&kind, otherwise.is_some());
        self.frames.push(Frame::Look { probes, asked: None, otherwise });
        Ok(())
    }

    pub(super) fn turn_look(
        &mut self,
        mut probes: VecDeque<Probe>,
        _asked: Option<Probe>,
        otherwise: Option<Failure>,
    ) -> Result<Turn, Failure> {
        let Some(probe) = probes.pop_front() else {
            return otherwise.map_or(Ok(Turn::Again), Err);
        };
        let (question, value) = (probe.question.clone(), probe.value.clone());
        self.frames.push(Frame::Look { probes, asked: Some(probe), otherwise });
        self.seek(&question, &[value], Then::Look)?;
        Ok(Turn::Again)
    }

    /// Whoever has the value, other than the resource itself, has it first.
    pub(super) fn looked(&mut self, objects: &[Found], exact: bool) -> Result<(), Failure> {
        let Some(kind) = self.kind.clone() else { return Ok(()) };
        let Some(Frame::Look { asked: Some(probe), .. }) = self.frames.last() else {
            return Ok(());
        };
        let own = self.vars.get("id").and_then(|id| kind.id.print_native(id));
        let spelt = if exact { None } else { self.spelt(&kind, probe) };
        let taken = {
            let listed = self.vars.names();
            let lift = self.site.lift(&kind, listed.scope());
            objects.iter().any(|Found { id, object }| {
                let has = exact || has_value(&lift, object, (probe, spelt.as_ref()));
                Some(id) != own.as_ref() && has && !lift.gone(object)
            })
        };
        if !taken {
            return Ok(());
        }
        let says = format!("`{}` is taken by another account in the LMS", probe.attribute);
        Err(Failure::new(Kind::Duplicate, says).on(&probe.attribute))
    }

    /// What the LMS would make of a value that is looked for.
    fn spelt(&self, kind: &KindPlan, probe: &Probe) -> Option<Value> {
        let attribute = kind.attribute(&probe.attribute)?;
        let mut alone = Map::new();
        attribute.slot.write(&mut alone, probe.value.clone());
        let alone = Resource::from_attributes(kind.kind, alone);
        attribute.value(&self.site.spelt(&alone, &self.vars.moment())).cloned()
    }
}

/// Whether an object that a loose question found has the value after all. Case
/// does not count: an LMS that refused the value may have ignored it too.
fn has_value(lift: &Lift<'_>, object: &Value, (probe, spelt): (&Probe, Option<&Value>)) -> bool {
    let Some(attribute) = lift.kind.attribute(&probe.attribute) else { return false };
    let only = |other: &Attribute| other.name == attribute.name;
    let lifted = lift.resource(object, &only);
    let folded = |value: &Value| plain_text(value).map(|text| text.to_lowercase());
    let held = attribute.slot.read(&lifted).and_then(folded);
    held == folded(&probe.value) || (held.is_some() && held == spelt.and_then(folded))
}
