//! Tasks: the coarse steps of an operation that no file has to spell out.

use serde_json::{Map, Value};

use super::frame::Frame;
use super::{Goal, Machine, Note, Turn};
use crate::call::{Failure, Kind};
use crate::mapping::expr::{Expr, Pick};
use crate::mapping::lower::{Lower, Record};
use crate::mapping::plan::{Act, Step, Steps};
use crate::mapping::run::seek::Then;

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
    /// Whether a login brought what its calls are to show.
    Pass(usize),
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

impl Machine {
    pub(super) fn begin_task(&mut self) -> Result<Turn, Failure> {
        let Some(task) = self.tasks.pop_front() else { return Ok(Turn::Over) };
        match task {
            Task::Steps(steps) => self.frames.push(Frame::steps(steps)),
            Task::Learn(index) => self.learn(index),
            Task::LowerCreate => self.lower_create()?,
            Task::LowerChange => self.lower_change()?,
            Task::Update => self.begin_update()?,
            Task::Look(otherwise) => self.begin_look(otherwise)?,
            Task::Seek(question, values) => self.seek(&question, &values, Then::Objects)?,
            Task::Joins => self.frames.push(Frame::Joins { at: 0, join: 0, waiting: false }),
            Task::ReadMembers => self.frames.push(Frame::Members { at: 0, waiting: false }),
            Task::FirstMembers => self.first_members()?,
            Task::Members => self.begin_members()?,
            Task::Compare => self.compare()?,
            Task::Pass(backend) => self.has_pass(backend)?,
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
            let scope = listed.scope();
            let record = Lower { kind: &kind, scope }.create(resource)?;
            super::render::whole(&scope)?;
            record
        };
        let user = Value::Object(resource.attributes().clone());
        self.members_fit()?;
        self.put_record(record);
        self.vars.set("user", user);
        Ok(())
    }

    pub(super) fn put_record(&mut self, record: Record) {
        self.secrets.extend(record.secrets);
        self.vars.set("changed", record.changed.into());
        self.vars.set("record", Value::Object(record.fields));
    }

    fn begin_update(&mut self) -> Result<(), Failure> {
        let Some(kind) = self.kind.clone() else { return Ok(()) };
        self.members_fit()?;
        let touched = self.vars.get("changed").and_then(Value::as_array);
        let nothing = touched.is_none_or(Vec::is_empty);
        if let (Some(steps), false) = (&kind.update, nothing) {
            // What the edits had to be held against need not be read a second time.
            let loaded = self.vars.get("object").is_some();
            let at = usize::from(loaded && steps.first().is_some_and(Step::only_loads));
            self.frames.push(Frame::Steps { steps: steps.clone(), at });
        }
        Ok(())
    }
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
