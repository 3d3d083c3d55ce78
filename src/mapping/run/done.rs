//! What an operation came to.

use std::fmt;

use serde_json::{Map, Value};

use super::{Goal, Next, Object, Run};
use crate::mapping::lift::Lift;
use crate::scim::{Resource, ResourceId};

/// What an operation came to.
#[derive(Default)]
pub struct Done {
    /// The id of what was created or changed.
    pub id: Option<ResourceId>,
    /// What was read; for a create or a change the LMS's own picture of it,
    /// where a reply showed one.
    pub resources: Vec<Resource>,
    /// How many there are, where the LMS says so.
    pub total: Option<u64>,
    /// Whether there are more that could not be reached.
    pub incomplete: bool,
    /// Whether the LMS cannot be read and the gateway's memory has to answer.
    pub remembered: bool,
    /// Lists fetched on the way, to be kept as long as their mapping says.
    pub learned: Map<String, Value>,
    /// What a login kept: the session.
    pub session: Map<String, Value>,
    /// How many calls were made.
    pub calls: u32,
    /// What else is worth telling.
    pub notes: Vec<Note>,
}

/// Counts only: sessions are secrets, resources personal data.
impl fmt::Debug for Done {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (resources, calls) = (self.resources.len(), self.calls);
        write!(out, "Done with {resources} resources after {calls} calls")
    }
}

/// Something that happened on the way and is no failure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Note {
    /// The LMS cannot show this one; the value that was asked for.
    Unreadable(String),
    /// A half-made thing could not be taken back.
    NotTakenBack(String),
    /// A half-made thing was taken back.
    TakenBack,
}

impl Run {
    pub(super) fn finish(&mut self) -> Next {
        let mut done = std::mem::take(&mut self.done);
        if let Some(failure) = self.failure.take() {
            return Next::Done(Err(failure));
        }
        match &self.goal {
            Goal::Session => done.session = self.vars.kept(),
            Goal::Delete => {}
            Goal::Create(_) | Goal::Change(_) => self.written(&mut done),
            Goal::Read(reading) => {
                done.resources = self.read(reading);
                if done.resources.is_empty() && reading.must && !done.remembered {
                    return Next::Done(Err(super::task::missing()));
                }
            }
        }
        Next::Done(Ok(Box::new(done)))
    }

    fn written(&self, done: &mut Done) {
        let Some(kind) = &self.kind else { return };
        let scope = self.vars.names();
        let scope = scope.scope();
        let native = self.vars.get("id");
        done.id = native.and_then(|id| kind.id.print_native(id));
        // What was loaded before a change shows what was; only what a step kept
        // on purpose, or what was loaded behind a create, shows what is.
        let fresh = matches!(self.goal, Goal::Create(_)) || self.vars.has_kept("object");
        if let Some(object) = self.vars.get("object").filter(|_| fresh) {
            let lift = Lift { kind, scope };
            let resource =
                lift.resource(object, &Value::Null, &|attribute| attribute.joins.is_empty());
            done.id = done.id.take().or_else(|| resource.id());
            done.resources.push(resource);
        }
    }

    fn read(&self, reading: &super::Reading) -> Vec<Resource> {
        let lifted = self.objects.iter().filter_map(|object| self.lifted(object, reading));
        let fits = |resource: &Resource| {
            reading.matcher.as_ref().is_none_or(|matcher| matcher.matches(resource))
        };
        lifted.filter(fits).collect()
    }

    fn lifted(&self, found: &Object, reading: &super::Reading) -> Option<Resource> {
        let kind = self.kind.as_ref()?;
        let names = self.vars.names();
        let scope = names.scope();
        let over = [("lms", &found.shown)];
        if kind.gone.as_ref().is_some_and(|gone| gone.holds(&scope.with(&over))) {
            return None;
        }
        let joins = Value::Object(found.joins.clone());
        let lift = Lift { kind, scope };
        let resource = lift.resource(&found.shown, &joins, &|attribute| reading.needs(attribute));
        Some(match &found.members {
            Some(members) => super::member::show(kind, resource, members),
            None => resource,
        })
    }
}
