//! What an operation came to.

use std::fmt;

use serde_json::{Map, Value};

use super::{Goal, Machine, Next, Reading};
use crate::call::{Failure, Kind};
use crate::mapping::expr::Fuel;
use crate::mapping::picture::Picture;
use crate::scim::{Matcher, Resource, ResourceId};

/// What an operation came to.
#[derive(Default)]
pub struct Done {
    /// The id of what was created or changed.
    pub id: Option<ResourceId>,
    /// What was read; for a create or a change the LMS's own picture of it,
    /// where a reply showed one.
    pub pictures: Vec<Picture>,
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
    /// What was read, as the LMS shows it.
    pub fn resources(&self) -> impl Iterator<Item = &Resource> {
        self.pictures.iter().map(Picture::resource)
    }
}

/// Counts only: sessions are secrets, resources personal data.
impl fmt::Debug for Done {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (read, calls) = (self.pictures.len(), self.calls);
        write!(out, "Done with {read} resources after {calls} calls")
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

impl Machine {
    pub(super) fn finish(&mut self) -> Next {
        let mut done = std::mem::take(&mut self.done);
        if let Some(failure) = self.failure.take() {
            return Next::Done(Err(failure));
        }
        match &self.goal {
            Goal::Session => done.session = self.vars.kept(),
            Goal::Delete => {}
            Goal::Create(_) => {
                self.written(&mut done);
                if done.id.is_none() {
                    return Next::Done(Err(unnamed()));
                }
            }
            Goal::Change(_) => self.written(&mut done),
            Goal::Read(reading) => {
                let must = reading.must;
                let proof = reading.proof;
                done.pictures = self.read();
                if done.incomplete && done.pictures.is_empty() && proof {
                    return Next::Done(Err(super::seek::unseen()));
                }
                if done.pictures.is_empty() && must && !done.remembered {
                    return Next::Done(Err(super::task::missing()));
                }
            }
        }
        Next::Done(Ok(Box::new(done)))
    }

    fn written(&mut self, done: &mut Done) {
        let Some(kind) = &self.kind else { return };
        let native = self.vars.get("id");
        done.id = native.and_then(|id| kind.id.print_native(id));
        // What was loaded before a change shows what was; only what a step kept
        // on purpose, or what was loaded behind a create, shows what is.
        let fresh = matches!(self.goal, Goal::Create(_)) || self.vars.has_kept("object");
        let Some(object) = self.vars.take("object").filter(|_| fresh) else { return };
        let listed = self.vars.names();
        let lift = self.site.lift(kind, listed.scope());
        let wanted = kind.attributes.iter().map(|attribute| attribute.joins.is_empty());
        let id = lift.id(&object);
        done.id = done.id.take().or_else(|| id.clone());
        let sight = lift.sight(id, (object, &Value::Null), &Some(wanted.collect()));
        done.pictures.push(Picture::from(sight));
    }

    /// What the objects show that were found, one picture each.
    fn read(&mut self) -> Vec<Picture> {
        let objects = std::mem::take(&mut self.objects);
        let (Some(kind), Goal::Read(reading)) = (&self.kind, &self.goal) else {
            return Vec::new();
        };
        let wanted = reading.wanted(kind);
        let mut pictures = Vec::with_capacity(objects.len());
        let listed = self.vars.names();
        for found in objects {
            // Fuel is for one resource: a long list is no mistake.
            let fuel = Fuel::new();
            let lift = self.site.lift(kind, listed.scope_of(&fuel));
            if lift.gone(&found.shown) {
                continue;
            }
            let joins = Value::Object(found.joins);
            let mut sight = lift.sight(Some(found.id), (found.shown, &joins), &wanted);
            sight.members = found.members.map(|members| super::member::show(kind, &members));
            let picture = Picture::from(sight);
            if reading.accepts(&picture) {
                pictures.push(picture);
            }
        }
        pictures
    }
}

/// Somebody may have been made, and nothing says who: he has to be looked for.
pub(super) fn unnamed() -> Failure {
    Failure { lost: true, ..Failure::new(Kind::Garbled, "the LMS gave the new one no id") }
}

impl Reading {
    /// Whether a resource is one of those asked for, as far as that is decided
    /// here: a caller who blends first decides afterwards.
    pub(super) fn accepts(&self, picture: &Picture) -> bool {
        let meant = |matcher: &Matcher| matcher.matches(picture.resource());
        self.loose || self.matcher.as_ref().is_none_or(meant)
    }
}
