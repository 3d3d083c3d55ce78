//! A change: what is asked for against what is there, as a record to send.

use std::sync::Arc;

use serde_json::Value;

use super::seek::Then;
use super::task::{Task, missing};
use super::{Goal, Machine};
use crate::call::{Failure, Kind};
use crate::mapping::expr::Expr;
use crate::mapping::lower::Lower;
use crate::mapping::plan::KindPlan;
use crate::scim::{Outcome, Resource};

impl Machine {
    /// What each attribute holds afterwards.
    fn outcomes(&self, kind: &KindPlan) -> Vec<(usize, Outcome)> {
        let Goal::Change(change) = &self.goal else { return Vec::new() };
        let each = kind.attributes.iter().enumerate();
        each.map(|(index, attribute)| (index, change.edits.outcome(&attribute.slot.place)))
            .filter(|(_, outcome)| *outcome != Outcome::Untouched)
            .collect()
    }

    pub(super) fn lower_change(&mut self) -> Result<(), Failure> {
        let Some(kind) = self.kind.clone() else { return Ok(()) };
        let outcomes = self.outcomes(&kind);
        let depends = outcomes.iter().any(|(_, outcome)| *outcome == Outcome::Unknown)
            || derives(&kind, &outcomes);
        let Goal::Change(change) = &self.goal else { return Ok(()) };
        let loaded = self.vars.get("object").is_some();
        if depends && !loaded && change.known.is_none() {
            let id = self.vars.get("id").cloned().unwrap_or_default();
            self.tasks.push_front(Task::LowerChange);
            return self.seek(super::ask::BY_ID, &[id], Then::Load);
        }
        let current = self.current(&kind);
        let (outcomes, after) = match &current {
            Some(current) => {
                let after = applied(&change.edits, &kind, current)?;
                (differences(&kind, current, &after, &outcomes), Some(after))
            }
            None => (outcomes, None),
        };
        let record = {
            let listed = self.vars.names();
            Lower { kind: &kind, scope: listed.scope() }.change(&outcomes, after.as_ref())?
        };
        self.put_record(record);
        if let Some(after) = after {
            self.put_whole(&kind, &after)?;
        }
        Ok(())
    }

    /// The resource as it is: loaded in this run, or as it is remembered.
    fn current(&self, kind: &Arc<KindPlan>) -> Option<Resource> {
        if let Some(object) = self.vars.get("object") {
            let listed = self.vars.names();
            return Some(self.site.lift(kind, listed.scope()).resource(object, &|_| true));
        }
        match &self.goal {
            Goal::Change(change) => change.known.clone(),
            Goal::Create(_) | Goal::Delete | Goal::Read(_) | Goal::Session => None,
        }
    }

    /// What replaces the resource as a whole: in the mapping's own fields, and
    /// as the loaded object with the change written into it.
    fn put_whole(&mut self, kind: &Arc<KindPlan>, after: &Resource) -> Result<(), Failure> {
        let current = self.current(kind).unwrap_or_else(|| after.clone());
        let outcomes = differences(kind, &current, after, &self.outcomes(kind));
        let (whole, merged) = {
            let listed = self.vars.names();
            let lower = Lower { kind, scope: listed.scope() };
            let object = self.vars.get("object");
            let merged = object.map(|object| lower.merged(object, &outcomes, after));
            (lower.whole(after)?, merged.transpose()?)
        };
        self.secrets.extend(whole.secrets);
        self.vars.set("whole", Value::Object(whole.fields));
        if let Some(merged) = merged {
            self.vars.set("merged", Value::Object(merged.fields));
        }
        self.vars.set("user", Value::Object(after.attributes().clone()));
        Ok(())
    }

    /// An object was loaded: what hangs on it is known now.
    pub(super) fn loaded(&mut self, object: Value) -> Result<(), Failure> {
        let Some(kind) = self.kind.clone() else { return Ok(()) };
        let (gone, kept) = {
            let listed = self.vars.names();
            let names = [("lms", &object)];
            let scope = listed.scope();
            let scope = scope.with(&names);
            let is = |expr: &Option<Expr>| expr.as_ref().is_some_and(|expr| expr.holds(&scope));
            (is(&kind.gone), is(&kind.protected))
        };
        if gone {
            return Err(missing());
        }
        if kept {
            return Err(Failure::new(Kind::Denied, "this account is not to be touched"));
        }
        self.vars.set("object", object);
        let Goal::Change(change) = &self.goal else { return Ok(()) };
        let edits = change.edits.clone();
        if let Some(current) = self.current(&kind) {
            let after = applied(&edits, &kind, &current)?;
            // Now it is known what really changes, so no more than that is sent.
            let outcomes = differences(&kind, &current, &after, &self.outcomes(&kind));
            let record = {
                let listed = self.vars.names();
                Lower { kind: &kind, scope: listed.scope() }.change(&outcomes, Some(&after))?
            };
            self.put_record(record);
            self.put_whole(&kind, &after)?;
        }
        Ok(())
    }
}

/// Whether a derived field is touched. It reads `user`, which is known only as
/// a whole.
fn derives(kind: &KindPlan, outcomes: &[(usize, Outcome)]) -> bool {
    let mut sources = kind.derived.iter().flat_map(|derived| &derived.from);
    sources.any(|name| {
        outcomes.iter().any(|(index, _)| {
            kind.attributes.get(*index).is_some_and(|attribute| attribute.name == *name)
        })
    })
}

/// The resource after the edits.
fn applied(
    edits: &crate::scim::Edits,
    kind: &KindPlan,
    current: &Resource,
) -> Result<Resource, Failure> {
    let mut after = current.clone();
    edits
        .apply(&kind.resource_type, &mut after)
        .map_err(|error| Failure::new(Kind::Invalid, error.detail()))?;
    Ok(after)
}

/// What really changes, attribute by attribute. What the LMS never shows counts
/// as changed whenever it is set.
fn differences(
    kind: &KindPlan,
    before: &Resource,
    after: &Resource,
    outcomes: &[(usize, Outcome)],
) -> Vec<(usize, Outcome)> {
    let mut found = Vec::new();
    for (index, attribute) in kind.attributes.iter().enumerate() {
        let (old, new) = (attribute.slot.read(before), attribute.slot.read(after));
        let blind = attribute.read.is_none() && attribute.from_lms.is_none();
        let asked = outcomes.iter().any(|(known, _)| *known == index);
        if old == new && !(blind && asked) {
            continue;
        }
        let outcome = new.map_or(Outcome::Cleared, |value| Outcome::Set(value.clone()));
        found.push((index, outcome));
    }
    found
}
