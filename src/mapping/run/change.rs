//! A change: what is asked for against what is there, as a record to send.

use std::sync::Arc;

use serde_json::Value;

use super::seek::Then;
use super::task::{Task, missing};
use super::{Goal, Machine};
use crate::call::{Failure, Kind};
use crate::mapping::expr::Expr;
use crate::mapping::lower::Lower;
use crate::mapping::picture::{Picture, Shown};
use crate::mapping::plan::{Attribute, KindPlan};
use crate::scim::{Edits, Outcome, Resource};

impl Machine {
    /// What each attribute holds afterwards.
    fn outcomes(&self, kind: &KindPlan) -> Vec<(usize, Outcome)> {
        let Goal::Change(change) = &self.goal else { return Vec::new() };
        let each = kind.attributes.iter().enumerate();
        each.map(|(index, attribute)| (index, attribute.outcome(&change.edits)))
            .filter(|(_, outcome)| *outcome != Outcome::Untouched)
            .collect()
    }

    pub(super) fn lower_change(&mut self) -> Result<(), Failure> {
        let Some(kind) = self.kind.clone() else { return Ok(()) };
        if let Some(present) = self.present(&kind) {
            return self.put_change(&kind, &present);
        }
        let outcomes = self.outcomes(&kind);
        let depends = outcomes.iter().any(|(_, outcome)| *outcome == Outcome::Unknown)
            || derives(&kind, &outcomes);
        if depends {
            let id = self.vars.get("id").cloned().unwrap_or_default();
            self.tasks.push_front(Task::LowerChange);
            return self.seek(super::ask::BY_ID, &[id], Then::Load);
        }
        let record = {
            let listed = self.vars.names();
            Lower { kind: &kind, scope: listed.scope() }.change(&outcomes, None)?
        };
        self.put_record(record);
        Ok(())
    }

    /// The resource as it is: loaded in this run, or as it is remembered.
    fn present(&self, kind: &Arc<KindPlan>) -> Option<Present> {
        let Goal::Change(change) = &self.goal else { return None };
        let Some(object) = self.vars.get("object") else {
            let known = change.known.as_ref().filter(|_| kind.remembered);
            return known.map(|known| Present {
                resource: known.clone(),
                shown: Vec::new(),
                worded: true,
            });
        };
        // What further calls would tell is not known here.
        let wanted = kind.attributes.iter().map(|attribute| attribute.joins.is_empty()).collect();
        let listed = self.vars.names();
        let lift = self.site.lift(kind, listed.scope());
        let sight = lift.sight(lift.id(object), (object.clone(), &Value::Null), &Some(wanted));
        let shown = sight.shown.clone();
        let picture = Picture::from(sight);
        let resource = match &change.known {
            Some(sent) => self.site.blend(sent, &picture, &self.vars.moment()).into_resource(),
            None => picture.into_resource(),
        };
        Some(Present { resource, shown, worded: change.known.is_some() })
    }

    /// What really changes, now that it is known: so no more than that is sent. What
    /// replaces the resource as a whole is the same in the mapping's own fields, and
    /// as the loaded object with the change written into it.
    fn put_change(&mut self, kind: &Arc<KindPlan>, present: &Present) -> Result<(), Failure> {
        let Goal::Change(change) = &self.goal else { return Ok(()) };
        let after = applied(&change.edits, kind, &present.resource)?;
        let (record, whole, merged) = {
            let listed = self.vars.names();
            let lower = Lower { kind, scope: listed.scope() };
            let outcomes = differences(&lower, present, &after, &change.edits);
            let changes = |index| outcomes.iter().any(|(changed, _)| *changed == index);
            let object = self.vars.get("object");
            let merged = object.map(|object| lower.merged(object, &outcomes, &after));
            let held = |index, attribute: &Attribute| {
                let kept = || present.held(index, attribute, &after);
                if changes(index) { attribute.value(&after) } else { kept() }.cloned()
            };
            let whole = lower.whole(&after, held)?;
            (lower.change(&outcomes, Some(&after))?, whole, merged.transpose()?)
        };
        self.put_record(record);
        self.secrets.extend(whole.secrets);
        self.vars.set("whole", Value::Object(whole.fields));
        if let Some(merged) = merged {
            self.vars.set("merged", Value::Object(merged.fields));
        }
        self.vars.set("user", Value::Object(after.into_attributes()));
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
        match self.present(&kind) {
            Some(present) => self.put_change(&kind, &present),
            None => Ok(()),
        }
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
fn applied(edits: &Edits, kind: &KindPlan, current: &Resource) -> Result<Resource, Failure> {
    let mut after = current.clone();
    edits
        .apply(&kind.resource_type, &mut after)
        .map_err(|error| Failure::new(Kind::Invalid, error.detail()))?;
    Ok(after)
}

/// What really changes, attribute by attribute. What the LMS does not show may be
/// anything, so it counts as changed whenever it is asked for.
fn differences(
    lower: &Lower<'_>,
    present: &Present,
    after: &Resource,
    edits: &Edits,
) -> Vec<(usize, Outcome)> {
    let mut found = Vec::new();
    for (index, attribute) in lower.kind.attributes.iter().enumerate() {
        let (old, new) = (attribute.value(&present.resource), attribute.value(after));
        let asked = edits.outcome(&attribute.slot.place) != Outcome::Untouched;
        let settled = if asked {
            old == new && !present.may_differ(index, attribute, lower)
        } else {
            old == new || present.is_unknown(index)
        };
        if settled {
            continue;
        }
        let outcome = new.map_or(Outcome::Cleared, |value| Outcome::Set(value.clone()));
        found.push((index, outcome));
    }
    found
}

/// A resource before a change.
struct Present {
    /// In the client's own words, where those are known and still true: edits may mean
    /// what only the client has said, such as which address is the primary one.
    resource: Resource,
    /// What the LMS shows of it, attribute by attribute; nothing, where it was not asked.
    shown: Vec<Shown>,
    /// Whether the client's words are known.
    worded: bool,
}

impl Present {
    /// What the LMS holds of an attribute that stays as it is.
    fn held<'a>(
        &'a self,
        index: usize,
        attribute: &Attribute,
        after: &'a Resource,
    ) -> Option<&'a Value> {
        match self.shown.get(index) {
            Some(Shown::Value(held)) => Some(held),
            Some(Shown::Empty) => None,
            Some(Shown::Hidden) if !self.worded => attribute.slot.read(after),
            Some(Shown::Hidden) | None => attribute.value(after),
        }
    }

    /// Whether nobody knows what is there, so that what stands in another place may be
    /// of no account.
    fn is_unknown(&self, index: usize) -> bool {
        !self.worded && self.shown.get(index) == Some(&Shown::Hidden)
    }

    /// Whether the LMS may hold something else than is known of it.
    fn may_differ(&self, index: usize, attribute: &Attribute, lower: &Lower<'_>) -> bool {
        let blind = attribute.read.is_none() && attribute.from_lms.is_none();
        let hidden = self.shown.get(index) == Some(&Shown::Hidden);
        blind || (hidden && lower.reaches(attribute))
    }
}
