//! What an operation came to.

use std::fmt;

use serde_json::{Map, Value};

use super::{Goal, Next, Object, Reading, Run};
use crate::mapping::lift::{Empty, Lift, Picture};
use crate::scim::{Resource, ResourceId};

/// What an operation came to.
#[derive(Default)]
pub struct Done {
    /// The id of what was created or changed.
    pub id: Option<ResourceId>,
    /// What was read; for a create or a change the LMS's own picture of it,
    /// where a reply showed one.
    pub resources: Vec<Resource>,
    /// What is shown to be empty in each of them.
    empty: Vec<Empty>,
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

impl Done {
    /// Takes out what was read, with all that is known of it: to be blended with
    /// what a client sent.
    pub fn pictures(&mut self) -> impl Iterator<Item = Picture> + use<> {
        let resources = std::mem::take(&mut self.resources).into_iter();
        let empty = std::mem::take(&mut self.empty).into_iter();
        let empty = empty.chain(std::iter::repeat_with(Empty::default));
        resources.zip(empty).map(|(resource, empty)| Picture { resource, empty })
    }

    fn put(&mut self, picture: Picture) {
        self.resources.push(picture.resource);
        self.empty.push(picture.empty);
    }
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
                self.read(reading).for_each(|picture| done.put(picture));
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
            let picture =
                lift.picture(object, &Value::Null, &|attribute| attribute.joins.is_empty());
            done.id = done.id.take().or_else(|| picture.resource.id());
            done.put(picture);
        }
    }

    fn read<'r>(&'r self, reading: &'r Reading) -> impl Iterator<Item = Picture> + 'r {
        let lifted = self.objects.iter().filter_map(|object| self.lifted(object, reading));
        lifted.filter(|picture| reading.accepts(&picture.resource))
    }

    fn lifted(&self, found: &Object, reading: &Reading) -> Option<Picture> {
        let kind = self.kind.as_ref()?;
        let names = self.vars.names();
        let scope = names.scope();
        let over = [("lms", &found.shown)];
        if kind.gone.as_ref().is_some_and(|gone| gone.holds(&scope.with(&over))) {
            return None;
        }
        let joins = Value::Object(found.joins.clone());
        let lift = Lift { kind, scope };
        let mut picture = lift.picture(&found.shown, &joins, &|attribute| reading.needs(attribute));
        if let Some(members) = &found.members {
            picture.resource = super::member::show(kind, picture.resource, members);
        }
        Some(picture)
    }
}

impl Reading {
    /// Whether a resource is one of those asked for, as far as that is decided
    /// here: a caller who blends first decides afterwards.
    fn accepts(&self, resource: &Resource) -> bool {
        self.loose || self.matcher.as_ref().is_none_or(|matcher| matcher.matches(resource))
    }
}
