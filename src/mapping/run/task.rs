//! Tasks: the coarse steps of an operation that no file has to spell out.

use std::collections::VecDeque;

use serde_json::{Map, Value};

use super::frame::{Frame, Probe};
use super::{Goal, Note, Run, Turn};
use crate::call::{Failure, Kind};
use crate::mapping::expr::{Expr, Pick, plain_text};
use crate::mapping::lift::Lift;
use crate::mapping::lower::{Lower, Record};
use crate::mapping::plan::{Act, KindPlan, Step, Steps};
use crate::mapping::run::seek::Then;
use crate::scim::{Outcome, Resource};

/// One coarse step.
#[derive(Debug)]
pub(super) enum Task {
    /// Steps of the file.
    Steps(Steps),
    /// What a lookup's steps fetched becomes names.
    Learn(usize),
    /// The resource becomes a record.
    LowerCreate,
    /// The edits become a record; the resource is read first if they need it.
    LowerChange,
    /// The steps of a change, if there is anything to change.
    Update,
    /// Whether unique values are taken; then this failure, if there is one.
    Look(Option<Failure>),
    /// A question.
    Seek(String, Vec<Value>),
    /// Further calls for what was read.
    Joins,
    /// Members of the groups that were read.
    ReadMembers,
    /// Members that a create brings along.
    FirstMembers,
    /// Members that a change adds and removes.
    Members,
    /// What is there and what is wanted become what is to be done.
    Compare,
    /// The rest of what has to be taken back.
    TakeBack,
}

/// The resource is not there.
pub(super) fn missing() -> Failure {
    Failure::new(Kind::Missing, "the LMS does not know it")
}

/// The machine was asked something its plan has no answer to.
pub(super) fn unanswerable() -> Failure {
    Failure::new(Kind::Unsupported, "this mapping cannot answer that")
}

impl Run {
    pub(super) fn begin_task(&mut self) -> Result<Turn, Failure> {
        let Some(task) = self.tasks.pop_front() else { return Ok(Turn::Over) };
        match task {
            Task::Steps(steps) => self.frames.push(Frame::steps(steps)),
            Task::Learn(index) => self.learn(index),
            Task::LowerCreate => self.lower_create()?,
            Task::LowerChange => self.lower_change()?,
            Task::Update => self.begin_update(),
            Task::Look(otherwise) => self.begin_look(otherwise)?,
            Task::Seek(question, values) => self.seek(&question, values, Then::Objects)?,
            Task::Joins => self.frames.push(Frame::Joins { at: 0, join: 0, waiting: false }),
            Task::ReadMembers => self.frames.push(Frame::Members { at: 0, waiting: false }),
            Task::FirstMembers => self.first_members()?,
            Task::Members => self.begin_members()?,
            Task::Compare => self.compare()?,
            Task::TakeBack => match self.undo.pop() {
                Some(steps) => {
                    self.frames.push(Frame::steps(steps));
                    self.tasks.push_back(Task::TakeBack);
                }
                None => self.done.notes.push(Note::TakenBack),
            },
        }
        Ok(Turn::Again)
    }

    /// Fetches the lists that these steps use and nobody has any more.
    pub(super) fn plan_lookups<'s>(&mut self, steps: impl Iterator<Item = &'s Step>) {
        let mut wanted = Vec::new();
        for step in steps {
            mentioned(step, &mut wanted);
        }
        if let Some(kind) = &self.kind {
            let exprs = kind
                .attributes
                .iter()
                .flat_map(|attribute| attribute.to_lms.iter().chain(&attribute.from_lms));
            exprs.chain(kind.derived.iter().map(|derived| &derived.value)).for_each(|expr| {
                lookups_of(expr, &mut wanted);
            });
        }
        for (index, lookup) in self.site.plan.lookups.iter().enumerate() {
            let fresh = self.vars.lookups.get(&lookup.name).is_some();
            if wanted.contains(&lookup.name) && !fresh {
                self.tasks.push_back(Task::Steps(lookup.steps.clone()));
                self.tasks.push_back(Task::Learn(index));
            }
        }
    }

    fn learn(&mut self, index: usize) {
        let site = std::sync::Arc::clone(&self.site);
        let Some(lookup) = site.plan.lookups.get(index) else { return };
        let entries = self.vars.take("entries").unwrap_or_default();
        let mut learned = Map::new();
        for item in entries.as_array().into_iter().flatten() {
            let listed = self.vars.names();
            let names = [("item", item)];
            let scope = listed.scope();
            let scope = scope.with(&names);
            let key = lookup.key.text(&scope);
            let value = lookup.value.eval(&scope).map(std::borrow::Cow::into_owned);
            learned.extend(key.zip(value));
        }
        if let Value::Object(all) = &mut self.vars.lookups {
            all.insert(lookup.name.clone(), Value::Object(learned.clone()));
        }
        self.done.learned.insert(lookup.name.clone(), Value::Object(learned));
    }

    fn lower_create(&mut self) -> Result<(), Failure> {
        let (Some(kind), Goal::Create(resource)) = (self.kind.clone(), &self.goal) else {
            return Ok(());
        };
        let record = {
            let listed = self.vars.names();
            Lower { kind: &kind, scope: listed.scope() }.create(resource)?
        };
        let user = Value::Object(resource.attributes().clone());
        self.put_record(record);
        self.vars.set("user", user);
        Ok(())
    }

    fn put_record(&mut self, record: Record) {
        self.secrets.extend(record.secrets);
        self.vars.set("changed", record.changed.into());
        self.vars.set("record", Value::Object(record.fields));
    }

    /// What each attribute holds afterwards.
    fn outcomes(&self, kind: &KindPlan) -> Vec<(usize, Outcome)> {
        let Goal::Change(change) = &self.goal else { return Vec::new() };
        let each = kind.attributes.iter().enumerate();
        each.map(|(index, attribute)| (index, change.edits.outcome(&attribute.slot.place)))
            .filter(|(_, outcome)| *outcome != Outcome::Untouched)
            .collect()
    }

    fn lower_change(&mut self) -> Result<(), Failure> {
        let Some(kind) = self.kind.clone() else { return Ok(()) };
        let outcomes = self.outcomes(&kind);
        let depends = outcomes.iter().any(|(_, outcome)| *outcome == Outcome::Unknown)
            || derives(&kind, &outcomes);
        let Goal::Change(change) = &self.goal else { return Ok(()) };
        let loaded = self.vars.get("object").is_some();
        if depends && !loaded && change.known.is_none() {
            let id = self.vars.get("id").cloned().unwrap_or_default();
            self.tasks.push_front(Task::LowerChange);
            return self.seek(super::ask::BY_ID, vec![id], Then::Load);
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
    fn current(&self, kind: &KindPlan) -> Option<Resource> {
        if let Some(object) = self.vars.get("object") {
            let listed = self.vars.names();
            let lift = Lift { kind, scope: listed.scope() };
            return Some(lift.resource(object, &Value::Null, &|_| true));
        }
        match &self.goal {
            Goal::Change(change) => change.known.clone(),
            Goal::Create(_) | Goal::Delete | Goal::Read(_) | Goal::Session => None,
        }
    }

    /// What replaces the resource as a whole: in the mapping's own fields, and
    /// as the loaded object with the change written into it.
    fn put_whole(&mut self, kind: &KindPlan, after: &Resource) -> Result<(), Failure> {
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

    fn begin_update(&mut self) {
        let Some(kind) = self.kind.clone() else { return };
        let touched = self.vars.get("changed").and_then(Value::as_array);
        let nothing = touched.is_none_or(Vec::is_empty);
        if let (Some(steps), false) = (&kind.update, nothing) {
            self.frames.push(Frame::steps(steps.clone()));
        }
    }

    /// The unique values that this write brings along, as questions.
    fn probes(&self, kind: &KindPlan) -> VecDeque<Probe> {
        match &self.goal {
            Goal::Create(resource) => {
                super::ask::unique_values(kind, |attribute| attribute.slot.read(resource).cloned())
            }
            Goal::Change(change) => super::ask::unique_values(kind, |attribute| {
                match change.edits.outcome(&attribute.slot.place) {
                    Outcome::Set(value) => Some(value),
                    Outcome::Untouched | Outcome::Cleared | Outcome::Unknown => None,
                }
            }),
            Goal::Delete | Goal::Read(_) | Goal::Session => VecDeque::new(),
        }
    }

    fn begin_look(&mut self, otherwise: Option<Failure>) -> Result<(), Failure> {
        let Some(kind) = self.kind.clone() else {
            return otherwise.map_or(Ok(()), Err);
        };
        let probes = self.probes(&kind);
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
        self.seek(&question, vec![value], Then::Look)?;
        Ok(Turn::Again)
    }

    /// Whoever has the value, other than the resource itself, has it first.
    pub(super) fn looked(&mut self, objects: &[Value]) -> Result<(), Failure> {
        let Some(kind) = self.kind.clone() else { return Ok(()) };
        let own = self.vars.get("id").and_then(|id| kind.id.print_native(id));
        let other = {
            let listed = self.vars.names();
            let scope = listed.scope();
            objects.iter().any(|object| {
                let id = kind.id.encode(object, &scope);
                let names = [("lms", object)];
                let gone = kind.gone.as_ref().is_some_and(|gone| gone.holds(&scope.with(&names)));
                id.is_some() && id != own && !gone
            })
        };
        if !other {
            return Ok(());
        }
        if let Some(Frame::Look { asked: Some(probe), .. }) = self.frames.last() {
            let says = format!("`{}` is taken by another account in the LMS", probe.attribute);
            return Err(Failure::new(Kind::Duplicate, says).on(&probe.attribute));
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

fn mentioned(step: &Step, wanted: &mut Vec<String>) {
    let own = step.when.iter().chain(&step.each).chain(step.keep.iter().map(|(_, expr)| expr));
    own.for_each(|expr| lookups_of(expr, wanted));
    match &step.act {
        Act::Call(plan) => {
            for tree in plan.body.iter().chain(&plan.query) {
                tree.visit(&mut |expr| lookups_of(expr, wanted));
            }
        }
        Act::Do(inner) => inner.iter().for_each(|step| mentioned(step, wanted)),
        Act::Find(_, expr) => lookups_of(expr, wanted),
        Act::Load | Act::Fail(..) | Act::Keep => {}
    }
}

fn lookups_of(expr: &Expr, wanted: &mut Vec<String>) {
    expr.paths(&mut |path| {
        if let ("lookup", Some(Pick::Key(key))) = (path.root.as_str(), path.picks.first()) {
            wanted.push(key.clone());
        }
    });
}

/// The text of a value, for questions.
pub(super) fn as_text(value: &Value) -> Option<Value> {
    plain_text(value).map(Value::String)
}
