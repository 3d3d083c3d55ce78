//! The machine: tasks, steps and questions, one call after the other, whatever a
//! mapping's file asks for.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::done::{Done, Note};
use super::frame::{Frame, Pending};
use super::judge::Judged;
use super::member::Told;
use super::names::Vars;
use super::task::Task;
use super::{Moment, Next, Site, Want, render};
use crate::call::{Call, Failure, Kind, Reply};
use crate::mapping::plan::{KindPlan, Steps};
use crate::scim::{Edits, Matcher, Resource, ResourceId};

/// More calls than this in one operation come of a mistake.
const MOST_CALLS: u32 = 20_000;

/// What an operation is after.
#[derive(Debug)]
pub(super) enum Goal {
    Create(Box<Resource>),
    Change(Box<Change>),
    Delete,
    Read(Reading),
    Session,
}

#[derive(Debug)]
pub(super) struct Change {
    pub(super) edits: Edits,
    /// The resource as the client has written it, where somebody remembers.
    pub(super) known: Option<Resource>,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Reading {
    pub(super) want: Want,
    /// What the LMS's answers are held against once more.
    pub(super) matcher: Option<Matcher>,
    /// Whether not finding it is a failure.
    pub(super) must: bool,
    /// Whether somebody else will do that.
    pub(super) loose: bool,
    /// Whether finding nobody has to prove that nobody is there.
    pub(super) proof: bool,
    /// How many are enough.
    pub(super) enough: Option<usize>,
}

/// An object of the LMS with what further calls told of it.
#[derive(Debug)]
pub(super) struct Object {
    pub(super) id: ResourceId,
    pub(super) shown: Value,
    pub(super) joins: Map<String, Value>,
    pub(super) members: Option<Value>,
}

/// One operation on its way.
pub(super) struct Machine {
    pub(super) site: Arc<Site>,
    pub(super) kind: Option<Arc<KindPlan>>,
    pub(super) goal: Goal,
    pub(super) vars: Vars,
    pub(super) tasks: VecDeque<Task>,
    pub(super) frames: Vec<Frame>,
    pub(super) pending: Option<Pending>,
    /// What takes back what has been done, the last first.
    pub(super) undo: Vec<Steps>,
    pub(super) failure: Option<Failure>,
    pub(super) objects: Vec<Object>,
    pub(super) done: Done,
    pub(super) secrets: Vec<String>,
    /// Steps that keep values once the question on top is answered.
    pub(super) keeping: Vec<(Steps, usize)>,
    /// Members that are to be told yet.
    pub(super) told: Told,
}

impl Machine {
    pub(super) fn new(
        site: &Arc<Site>,
        kind: Option<&Arc<KindPlan>>,
        goal: Goal,
        moment: &Moment,
    ) -> Self {
        Self {
            site: Arc::clone(site),
            kind: kind.map(Arc::clone),
            goal,
            vars: Vars::new(site, moment),
            tasks: VecDeque::new(),
            frames: Vec::new(),
            pending: None,
            undo: Vec::new(),
            failure: None,
            objects: Vec::new(),
            done: Done::default(),
            secrets: Vec::new(),
            keeping: Vec::new(),
            told: Told::default(),
        }
    }

    /// The first call.
    pub(super) fn start(&mut self) -> Next {
        self.advance()
    }

    /// The call after this reply. A call that brought no reply brings a failure.
    pub(super) fn next(&mut self, reply: Result<Reply, Failure>) -> Next {
        let Some(pending) = self.pending.take() else {
            return Next::Done(Err(Failure::new(Kind::Garbled, "a reply that nobody waits for")));
        };
        if let Err(failure) = self.receive(pending, reply) {
            self.fail(failure);
        }
        self.advance()
    }

    /// What a reply to the pending call means, without taking it in: whoever
    /// sends calls asks this to know whether to log in again, to wait or to try
    /// once more, before the run is told. A reply that does not say why it
    /// refuses is for the run alone: it looks.
    pub(super) fn judge(&self, reply: &Reply) -> Option<Failure> {
        let judged = match self.pending.as_ref()? {
            Pending::Seek => self.judge_seek(reply),
            Pending::Step { steps, index } => self.judged(steps.get(*index)?, reply),
        };
        match judged {
            Judged::Fine | Judged::Unclear(_) => None,
            Judged::Bad(failure) => Some(failure),
        }
    }

    /// The pending call once more, with everything secret masked: for a person
    /// to look at, and for the audit trail.
    pub(super) fn shown(&self) -> Option<Call> {
        let pending = self.pending.as_ref()?;
        let call = self.render_pending(pending, true).ok()?;
        Some(render::without(call, &self.secrets))
    }

    fn advance(&mut self) -> Next {
        loop {
            let step = if self.frames.is_empty() { self.begin_task() } else { self.turn() };
            match step {
                Ok(Turn::Again) => {}
                Ok(Turn::Over) => return self.finish(),
                Ok(Turn::Wait(pending)) => match self.send(pending) {
                    Ok(call) => return Next::Call(Box::new(call)),
                    Err(failure) => self.fail(failure),
                },
                Err(failure) => self.fail(failure),
            }
        }
    }

    fn send(&mut self, pending: Pending) -> Result<Call, Failure> {
        if self.done.calls >= MOST_CALLS {
            return Err(Failure::new(Kind::Garbled, "this operation makes too many calls"));
        }
        let call = self.render_pending(&pending, false)?;
        self.done.calls += 1;
        self.pending = Some(pending);
        Ok(call)
    }

    /// Gives up what was under way and takes back what was done.
    fn fail(&mut self, mut failure: Failure) {
        self.frames.clear();
        self.tasks.clear();
        // Half-made, and nothing here to take it back: it has to be looked for.
        let made = matches!(self.goal, Goal::Create(_)) && self.vars.get("id").is_some();
        failure.lost |= made && self.undo.is_empty();
        if let Some(first) = &mut self.failure {
            // Taking back failed too: that is told, the first cause stays. What
            // was made may still be there.
            first.lost = true;
            self.done.notes.push(Note::NotTakenBack(failure.detail));
        } else {
            self.failure = Some(failure);
        }
        if let Some(steps) = self.undo.pop() {
            self.frames.push(Frame::steps(steps));
            self.tasks.push_back(Task::TakeBack);
        }
    }
}

/// How far it is, not what it carries.
impl fmt::Debug for Machine {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = self.kind.as_ref().map_or("session", |kind| kind.name.as_str());
        write!(out, "Run of {kind} after {} calls", self.done.calls)
    }
}

/// What one turn of the machine came to.
pub(super) enum Turn {
    /// There is more to do.
    Again,
    /// A reply is needed.
    Wait(Pending),
    /// Nothing is left to do.
    Over,
}
