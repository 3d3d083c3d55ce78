//! A plan at work: a machine that says which call comes next, is handed the
//! reply, and goes on until it is done. It sends nothing itself, so whoever
//! runs it may be a backend, a test or a person who only wants to look.

mod ask;
mod change;
mod cover;
mod done;
mod examine;
mod frame;
mod glance;
mod judge;
mod learn;
mod login;
mod look;
mod machine;
mod member;
mod moment;
mod names;
mod page;
mod reads;
mod render;
mod seek;
mod settle;
mod site;
mod steps;
mod task;

use std::fmt;

pub use cover::Coverage;
pub use done::{Done, Note};
pub use moment::{Moment, Now};
pub use names::Want;
pub use settle::SettingFault;
pub use site::{Query, Site};

use crate::call::{Call, Failure, Reply};
use glance::Glance;
use machine::{Change, Goal, Machine, Object, Reading, Turn};

/// What comes next.
#[derive(Debug)]
pub enum Next {
    /// This call has to be made.
    Call(Box<Call>),
    /// The operation is over.
    Done(Result<Box<Done>, Failure>),
}

/// One operation on its way.
pub struct Run(Way);

/// How it goes on its way.
enum Way {
    /// With all that a mapping's file may ask for.
    Machine(Box<Machine>),
    /// A question that is asked straight, with one call.
    Glance(Box<Glance>),
}

impl Run {
    /// The first call.
    pub fn start(&mut self) -> Next {
        if let Way::Glance(glance) = &self.0 {
            if let Some(call) = glance.call() {
                return Next::Call(Box::new(call));
            }
            self.0 = Way::Machine(Box::new(glance.unbegun()));
        }
        match &mut self.0 {
            Way::Machine(machine) => machine.start(),
            Way::Glance(_) => Next::Done(Err(task::unanswerable())),
        }
    }

    /// The call after this reply. A call that brought no reply brings a failure.
    pub fn next(&mut self, reply: Result<Reply, Failure>) -> Next {
        if let Way::Glance(glance) = &mut self.0 {
            let reply = match glance.read(reply) {
                Ok(next) => return next,
                Err(reply) => reply,
            };
            // It is not what was expected, so all that may follow has to be at hand.
            self.0 = Way::Machine(Box::new(glance.machine()));
            return self.next(reply);
        }
        match &mut self.0 {
            Way::Machine(machine) => machine.next(reply),
            Way::Glance(_) => Next::Done(Err(task::unanswerable())),
        }
    }

    /// What a reply to the pending call means, without taking it in: whoever
    /// sends calls asks this to know whether to log in again, to wait or to try
    /// once more, before the run is told. A reply that does not say why it
    /// refuses is for the run alone: it looks.
    pub fn judge(&self, reply: &Reply) -> Option<Failure> {
        match &self.0 {
            Way::Machine(machine) => machine.judge(reply),
            Way::Glance(glance) => glance.judge(reply),
        }
    }

    /// The pending call once more, with everything secret masked: for a person
    /// to look at, and for the audit trail.
    pub fn shown(&self) -> Option<Call> {
        match &self.0 {
            Way::Machine(machine) => machine.shown(),
            Way::Glance(glance) => glance.machine().shown(),
        }
    }
}

impl From<Machine> for Run {
    fn from(machine: Machine) -> Self {
        Self(Way::Machine(Box::new(machine)))
    }
}

impl From<Glance> for Run {
    fn from(glance: Glance) -> Self {
        Self(Way::Glance(Box::new(glance)))
    }
}

/// How far it is, not what it carries.
impl fmt::Debug for Run {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Way::Machine(machine) => machine.fmt(out),
            Way::Glance(glance) => glance.fmt(out),
        }
    }
}
