//! Tasks: the coarse steps of an operation that no file has to spell out.

use serde_json::Value;

use super::frame::Frame;
use super::{Goal, Machine, Note, Turn};
use crate::call::{Failure, Kind};
use crate::mapping::lower::{Lower, Record};
use crate::mapping::plan::{Step, Steps};
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
            Task::Learn(index) => self.learn(index)?,
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
