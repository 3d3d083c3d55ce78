//! Members of groups, and the further calls that objects need.

use std::collections::HashSet;

use serde_json::{Map, Value, json};

use super::frame::Frame;
use super::seek::Found;
use super::task::Task;
use super::{Goal, Machine, Object, Turn};
use crate::call::{Failure, Kind};
use crate::mapping::expr::{plain_text, truthy};
use crate::mapping::lift::native;
use crate::mapping::plan::{KindPlan, Members, Steps};
use crate::scim::{Delta, Resource, ResourceId, is_to_group};

impl Members {
    /// What the LMS calls the member of that SCIM id.
    pub(super) fn native(&self, id: &str) -> Option<Value> {
        native(self.id_type, id.strip_prefix(&self.prefix)?)
    }

    /// Whether there are steps for members that come and for members that go, one by one
    /// or together.
    fn has_steps(&self, come: bool, go: bool) -> bool {
        let each = (!come || self.add.is_some()) && (!go || self.remove.is_some());
        self.change.is_some() || each
    }

    /// Whether these can only be told as the whole list.
    fn takes_whole(&self, come: bool, go: bool) -> bool {
        let singly = self.change.is_some() || (self.add.is_some() && self.has_steps(come, go));
        self.set.is_some() && !singly
    }

    /// Whether there is any way. To pass over those for whom there is none would tell the
    /// client that it is done.
    fn can(&self, come: bool, go: bool) -> Result<(), Failure> {
        if self.set.is_some() || self.has_steps(come, go) {
            return Ok(());
        }
        let what = if self.has_steps(come, false) { "taken out" } else { "added" };
        let says = format!("this LMS has no way for members to be {what}");
        Err(Failure::new(Kind::Unsupported, says).on("members"))
    }
}

/// Whom a write tells to be members, between the question whether they can be and the
/// calls that make them so.
#[derive(Default)]
pub(super) struct Told {
    /// Who comes, as the LMS calls them, each once.
    added: Vec<Value>,
    /// What a change comes to; nothing, where that depends on who is there.
    delta: Option<Delta>,
}

/// Members in SCIM's form. Where there is nobody it is an empty list: that says
/// that there are none, where a missing one says nothing.
pub(super) fn show(kind: &KindPlan, members: &Value) -> Value {
    let prefix = kind.members.as_ref().map_or("", |members| members.prefix.as_str());
    let listed = members.as_array().into_iter().flatten().filter_map(plain_text);
    listed.map(|id| json!({"value": format!("{prefix}{id}"), "type": "User"})).collect()
}

impl Machine {
    pub(super) fn add_objects(&mut self, objects: Vec<Found>) {
        let known: HashSet<ResourceId> =
            self.objects.iter().map(|known| known.id.clone()).collect();
        // One question finds everybody only once already.
        let fresh = objects.into_iter().filter(|found| !known.contains(&found.id));
        self.objects.extend(fresh.map(|found| Object {
            id: found.id,
            shown: found.object,
            joins: Map::new(),
            members: None,
        }));
    }

    /// The joins that the wanted attributes need.
    fn needed_joins(&self, kind: &KindPlan) -> Vec<usize> {
        let Goal::Read(reading) = &self.goal else { return Vec::new() };
        let wanted = kind.attributes.iter().filter(|attribute| reading.needs(attribute));
        let mut needed: Vec<usize> = wanted.flat_map(|attribute| attribute.joins.clone()).collect();
        needed.sort_unstable();
        needed.dedup();
        needed
    }

    pub(super) fn turn_joins(&mut self, at: usize, join: usize, waiting: bool) -> Turn {
        let Some(kind) = self.kind.clone() else { return Turn::Again };
        let needed = self.needed_joins(&kind);
        let plan = needed.get(join).and_then(|index| kind.joins.get(*index));
        if waiting {
            let result = self.vars.take("result").unwrap_or_default();
            if let (Some(object), Some(plan)) = (self.objects.get_mut(at), plan) {
                object.joins.insert(plan.name.clone(), result);
            }
            self.frames.push(Frame::Joins { at, join: join + 1, waiting: false });
            return Turn::Again;
        }
        match (self.objects.get(at), plan) {
            (None, _) => {}
            (Some(_), None) => {
                if !needed.is_empty() {
                    self.frames.push(Frame::Joins { at: at + 1, join: 0, waiting: false });
                }
            }
            (Some(object), Some(plan)) => {
                let object = object.shown.clone();
                self.stand_at(&kind, object);
                self.frames.push(Frame::Joins { at, join, waiting: true });
                self.frames.push(Frame::steps(plan.steps.clone()));
            }
        }
        Turn::Again
    }

    fn stand_at(&mut self, kind: &KindPlan, object: Value) {
        let id = {
            let listed = self.vars.names();
            kind.id.encode(&object, &listed.scope())
        };
        let native = id.and_then(|id| kind.id.decode(id.as_str()));
        self.vars.set("id", native.unwrap_or_default());
        self.vars.set("lms", object);
    }

    pub(super) fn turn_members(&mut self, at: usize, waiting: bool) -> Result<Turn, Failure> {
        let Some(kind) = self.kind.clone() else { return Ok(Turn::Again) };
        let Some(read) = kind.members.as_ref().and_then(|members| members.read.clone()) else {
            return Ok(Turn::Again);
        };
        if waiting {
            self.not_truncated(&kind, false)?;
            let members = self.members_read()?;
            if let Some(object) = self.objects.get_mut(at) {
                object.members = Some(Value::Array(members));
            }
            self.frames.push(Frame::Members { at: at + 1, waiting: false });
            return Ok(Turn::Again);
        }
        let Some(object) = self.objects.get(at).filter(|_| self.wants_members()) else {
            return Ok(Turn::Again);
        };
        let object = object.shown.clone();
        self.stand_at(&kind, object);
        self.frames.push(Frame::Members { at, waiting: true });
        self.frames.push(Frame::steps(read));
        Ok(Turn::Again)
    }

    /// The members that were read. What is no list of ids is no proof that there are
    /// none, or fewer.
    fn members_read(&mut self) -> Result<Vec<Value>, Failure> {
        let is_id = |id: &Value| plain_text(id).is_some_and(|id| !id.is_empty());
        match self.vars.take("members") {
            Some(Value::Array(members)) if members.iter().all(is_id) => Ok(members),
            _ => {
                let says = "the LMS answered without the members it was asked for";
                Err(Failure::new(Kind::Garbled, says))
            }
        }
    }

    /// A list that is cut off must not be taken for the whole of it.
    fn not_truncated(&mut self, kind: &KindPlan, writing: bool) -> Result<(), Failure> {
        let truncated = kind.members.as_ref().and_then(|members| members.truncated.as_ref());
        if !truncated.is_some_and(|expr| truthy(self.value(expr).as_ref())) {
            return Ok(());
        }
        if writing {
            let says =
                "the LMS does not show all members of this group, so they cannot be replaced";
            return Err(Failure::new(Kind::Unsupported, says).on("members"));
        }
        self.done.incomplete = true;
        Ok(())
    }

    /// Whether the members that are told can be members at all. It is asked before
    /// anything is written, so that a group is not made or renamed for nothing; what the
    /// LMS calls them is kept until they are.
    pub(super) fn members_fit(&mut self) -> Result<(), Failure> {
        let Some(kind) = &self.kind else { return Ok(()) };
        let (Some(plan), Some(place)) = (&kind.members, kind.resource_type.members()) else {
            return Ok(());
        };
        self.told = match &self.goal {
            Goal::Create(resource) => Told { added: ids(plan, listed(resource))?, delta: None },
            Goal::Change(change) if change.edits.touch(&place) => {
                let delta = change.edits.delta(&place);
                let added = delta.as_ref().map(|delta| ids(plan, &delta.added)).transpose()?;
                Told { added: added.unwrap_or_default(), delta }
            }
            Goal::Change(_) | Goal::Delete | Goal::Read(_) | Goal::Session => Told::default(),
        };
        let dropped = self.told.delta.as_ref().map(|delta| known_ids(plan, &delta.dropped));
        plan.can(!self.told.added.is_empty(), dropped.is_some_and(|ids| !ids.is_empty()))
    }

    /// Members that come with a new group.
    pub(super) fn first_members(&mut self) -> Result<(), Failure> {
        let added = std::mem::take(&mut self.told).added;
        let kind = self.kind.clone().filter(|_| !added.is_empty());
        let Some(plan) = kind.as_ref().and_then(|kind| kind.members.as_ref()) else {
            return Ok(());
        };
        if let (None, Some(set)) = (&plan.add, &plan.set) {
            self.vars.set("members", Value::Array(added));
            self.tasks.push_back(Task::Steps(set.clone()));
            return Ok(());
        }
        self.put_changes(plan, added, Vec::new())
    }

    /// Members that a change adds or removes.
    pub(super) fn begin_members(&mut self) -> Result<(), Failure> {
        let (Some(kind), Goal::Change(change)) = (self.kind.clone(), &self.goal) else {
            return Ok(());
        };
        let (Some(plan), Some(place)) = (&kind.members, kind.resource_type.members()) else {
            return Ok(());
        };
        if !change.edits.touch(&place) {
            return Ok(());
        }
        let Told { added, delta } = std::mem::take(&mut self.told);
        let Some(delta) = delta else {
            // Which members are meant depends on who they are.
            return self.read_then_compare(plan);
        };
        if delta.replaced {
            if let Some(set) = &plan.set {
                self.vars.set("members", Value::Array(added));
                self.tasks.push_front(Task::Steps(set.clone()));
                return Ok(());
            }
            return self.read_then_compare(plan);
        }
        let removed = known_ids(plan, &delta.dropped);
        if plan.takes_whole(!added.is_empty(), !removed.is_empty()) {
            return self.read_then_compare(plan);
        }
        self.put_changes(plan, added, removed)
    }

    fn read_then_compare(&mut self, plan: &Members) -> Result<(), Failure> {
        let read = plan.read.clone().ok_or_else(super::task::unanswerable)?;
        self.tasks.push_front(Task::Compare);
        self.tasks.push_front(Task::Steps(read));
        Ok(())
    }

    /// What is there and what is wanted become what is to be done.
    pub(super) fn compare(&mut self) -> Result<(), Failure> {
        let (Some(kind), Goal::Change(change)) = (self.kind.clone(), &self.goal) else {
            return Ok(());
        };
        let (Some(plan), edits) = (&kind.members, change.edits.clone()) else { return Ok(()) };
        let Some(place) = kind.resource_type.members() else { return Ok(()) };
        self.not_truncated(&kind, true)?;
        let current = Value::Array(self.members_read()?);
        let before: Vec<String> =
            current.as_array().into_iter().flatten().filter_map(plain_text).collect();
        let shown = Map::from_iter([("members".to_owned(), show(&kind, &current))]);
        let mut group = Resource::from_attributes(kind.kind, shown);
        edits
            .apply(&kind.resource_type, &mut group)
            .map_err(|error| Failure::new(Kind::Invalid, error.detail()))?;
        let after = group.get(&place.whole()).map(|first| vec![first.clone()]);
        let listed = group.attributes().get("members").and_then(Value::as_array).cloned();
        let wanted = ids(plan, &listed.or(after).unwrap_or_default())?;
        let kept: HashSet<String> = wanted.iter().filter_map(plain_text).collect();
        let gone = before.iter().filter(|id| !kept.contains(*id));
        let removed: Vec<Value> = gone.filter_map(|id| native(plan.id_type, id)).collect();
        let had: HashSet<&String> = before.iter().collect();
        let is_new = |id: &&Value| plain_text(id).is_none_or(|id| !had.contains(&id));
        let added: Vec<Value> = wanted.iter().filter(is_new).cloned().collect();
        let whole = plan.takes_whole(!added.is_empty(), !removed.is_empty());
        if let Some(set) = plan.set.as_ref().filter(|_| whole) {
            self.vars.set("members", Value::Array(wanted));
            self.tasks.push_front(Task::Steps(set.clone()));
            return Ok(());
        }
        self.put_changes(plan, added, removed)
    }

    fn put_changes(
        &mut self,
        plan: &Members,
        added: Vec<Value>,
        removed: Vec<Value>,
    ) -> Result<(), Failure> {
        let (some, fewer) = (!added.is_empty(), !removed.is_empty());
        plan.can(some, fewer)?;
        self.vars.set("added", Value::Array(added));
        self.vars.set("removed", Value::Array(removed));
        let steps = |steps: &Option<Steps>, wanted: bool| steps.clone().filter(|_| wanted);
        let parts = match &plan.change {
            Some(change) => vec![steps(&Some(change.clone()), some || fewer)],
            // Who comes first, so that a stranger among them costs nobody his place.
            None => vec![steps(&plan.add, some), steps(&plan.remove, fewer)],
        };
        for part in parts.into_iter().flatten() {
            self.tasks.push_back(Task::Steps(part));
        }
        Ok(())
    }
}

/// The members of a group.
fn listed(group: &Resource) -> &[Value] {
    let members = group.attributes().get("members").and_then(Value::as_array);
    members.map(Vec::as_slice).unwrap_or_default()
}

/// The LMS's ids of members, each once. One that no account can have is refused:
/// leaving it out would tell the client that it is a member now. So is a group, whose
/// id may be that of a person.
fn ids(plan: &Members, elements: &[Value]) -> Result<Vec<Value>, Failure> {
    let mut found = Vec::with_capacity(elements.len());
    let mut known = HashSet::with_capacity(elements.len());
    for element in elements {
        let id = element.get("value").and_then(Value::as_str).unwrap_or_default();
        if is_to_group(element) {
            let says = format!("groups cannot be members here, and `{id}` is one");
            return Err(Failure::new(Kind::Invalid, says).on("members"));
        }
        let Some(native) = plan.native(id) else {
            let says = format!("no account has the id `{id}`");
            return Err(Failure::new(Kind::Invalid, says).on("members"));
        };
        if known.insert(id) {
            found.push(native);
        }
    }
    Ok(found)
}

/// The same for members that go: who cannot exist is no member already, and no group
/// is one.
fn known_ids(plan: &Members, elements: &[Value]) -> Vec<Value> {
    let people = elements.iter().filter(|element| !is_to_group(element));
    people.filter_map(|element| plan.native(element.get("value")?.as_str()?)).collect()
}
