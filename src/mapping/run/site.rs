//! A plan for one installation: its settings filled in.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use serde_json::Value;

use super::task::Task;
use super::{Change, Goal, Machine, Moment, Reading, Run, Want};
use crate::call::{Call, Failure, Kind as FailureKind, Wanted};
use crate::mapping::expr::Scope;
use crate::mapping::lift::Lift;
use crate::mapping::plan::{KindPlan, Members, Plan};
use crate::mapping::ready::Ready;
use crate::mapping::straight::Straight;
use crate::scim::{Kind, Matcher, Operation, Resource, ResourceId};

/// One installation of an LMS.
#[derive(Clone)]
pub struct Site {
    /// The plan.
    pub plan: Arc<Plan>,
    pub(super) settings: Value,
    pub(super) masked: Value,
    /// What follows for each kind of the plan, in its order.
    pub(super) ready: Vec<Ready>,
    /// What is wanted of the objects that each row of each kind finds.
    pub(super) wanted: Vec<Vec<Option<Arc<Wanted>>>>,
    /// How each row of each kind is asked straight, where it can be.
    pub(super) straight: Vec<Vec<Option<Arc<Straight>>>>,
}

/// Settings as they may be shown.
impl fmt::Debug for Site {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Site of {} with {}", self.plan.title, self.masked)
    }
}

/// A question for resources of one type.
#[derive(Clone, Debug, Default)]
pub struct Query {
    /// Which ones; all, when it says nothing.
    pub matcher: Option<Matcher>,
    /// Which attributes are wanted.
    pub want: Want,
    /// How many resources are enough, where the LMS says how many there are: a
    /// client that asks for the first page does not cost all of them.
    pub enough: Option<usize>,
    /// Whether whatever the LMS was asked for is wanted, without being held
    /// against the filter: by a caller that knows more than the LMS, and judges
    /// once it has blended. Rows that are not exact then bring too many, and what
    /// this LMS has no place for is not asked of it; see [`Coverage`].
    ///
    /// [`Coverage`]: super::Coverage
    pub loose: bool,
}

impl Site {
    /// A write on its way. `known` is the resource as the client has written it so
    /// far, by the LMS's ids: edits may mean what only the client has said, and an
    /// LMS that cannot be read says nothing at all.
    pub fn write(
        self: &Arc<Self>,
        operation: &Operation,
        known: Option<Resource>,
        moment: &Moment,
    ) -> Result<Run, Failure> {
        match operation {
            Operation::Create(resource) => self.create(resource, moment),
            Operation::Change { kind, id, edits } => {
                let change = Change { edits: edits.clone(), known };
                self.change(*kind, id, change, moment)
            }
            Operation::Delete { kind, id } => {
                let (plan, native) = self.owner(*kind, id)?;
                allowed(&plan, "delete")?;
                let mut run = Machine::new(self, Some(&plan), Goal::Delete, moment);
                run.vars.set("id", native);
                let steps: Vec<_> = plan.delete.iter().collect();
                run.plan_lookups(&steps, &[]);
                run.tasks.extend(steps.into_iter().cloned().map(Task::Steps));
                Ok(run.into())
            }
        }
    }

    fn create(self: &Arc<Self>, resource: &Resource, moment: &Moment) -> Result<Run, Failure> {
        // The first kind of that type is the one that new resources become.
        let plan = self.plan.kinds_of(resource.kind()).next().ok_or_else(unmapped)?;
        allowed(plan, "create")?;
        let goal = Goal::Create(Box::new(resource.clone()));
        let mut run = Machine::new(self, Some(plan), goal, moment);
        let members = plan.members.iter().flat_map(Members::writes);
        run.plan_lookups(&plan.create.iter().chain(members).collect::<Vec<_>>(), &[]);
        run.tasks.push_back(Task::LowerCreate);
        if plan.look == crate::mapping::plan::Look::Before {
            run.tasks.push_back(Task::Look(None));
        }
        run.tasks.extend(plan.create.iter().cloned().map(Task::Steps));
        run.tasks.push_back(Task::FirstMembers);
        Ok(run.into())
    }

    fn change(
        self: &Arc<Self>,
        kind: Kind,
        id: &ResourceId,
        change: Change,
        moment: &Moment,
    ) -> Result<Run, Failure> {
        let (plan, native) = self.owner(kind, id)?;
        allowed(&plan, "update")?;
        let goal = Goal::Change(Box::new(change));
        let mut run = Machine::new(self, Some(&plan), goal, moment);
        run.vars.set("id", native);
        let members = plan.members.iter().flat_map(|it| it.writes().chain(&it.read));
        run.plan_lookups(&plan.update.iter().chain(members).collect::<Vec<_>>(), &[]);
        run.tasks.push_back(Task::LowerChange);
        run.tasks.push_back(Task::Update);
        run.tasks.push_back(Task::Members);
        Ok(run.into())
    }

    /// Whether somebody else has one of this resource's unique values; for a
    /// create whose answer was lost. What is found comes back as resources.
    pub fn look(self: &Arc<Self>, resource: &Resource, moment: &Moment) -> Result<Run, Failure> {
        let plan = self.plan.kinds_of(resource.kind()).next().ok_or_else(unmapped)?;
        let reading = Reading { proof: true, ..Reading::default() };
        let mut run = Machine::new(self, Some(plan), Goal::Read(reading), moment);
        run.plan_look(plan, resource)?;
        Ok(run.into())
    }

    /// The calls that prove identity and rights, where the mapping has any.
    pub fn probe(self: &Arc<Self>, backend: &str, moment: &Moment) -> Option<Run> {
        let steps = self.plan.backend(backend)?.probe.as_ref()?;
        let mut run = Machine::new(self, None, Goal::Session, moment);
        run.tasks.push_back(Task::Steps(steps.clone()));
        Some(run.into())
    }

    /// Shows a session in a call, as the mapping's login says.
    pub fn sign(&self, call: &mut Call, session: &Value) -> Result<(), Failure> {
        super::render::sign(self, call, session)
    }

    /// Lifts objects of one of the plan's kinds.
    pub(in crate::mapping) fn lift<'a>(
        &'a self,
        kind: &'a Arc<KindPlan>,
        scope: Scope<'a>,
    ) -> Lift<'a> {
        Lift { kind, ready: self.ready(kind), scope }
    }

    /// What follows from the settings for one of the plan's kinds.
    pub(in crate::mapping) fn ready(&self, kind: &KindPlan) -> Cow<'_, Ready> {
        let known = self.place_of(kind).and_then(|place| self.ready.get(place));
        known.map_or_else(|| Cow::Owned(Ready::new(kind, &self.settings)), Cow::Borrowed)
    }

    /// What is wanted of the objects that a row finds.
    pub(super) fn wanted(&self, kind: &KindPlan, row: usize) -> Option<&Arc<Wanted>> {
        self.wanted.get(self.place_of(kind)?)?.get(row)?.as_ref()
    }

    /// How a row is asked straight.
    pub(super) fn straight(&self, kind: &KindPlan, row: usize) -> Option<&Arc<Straight>> {
        self.straight.get(self.place_of(kind)?)?.get(row)?.as_ref()
    }

    /// The same site, asked by the machine alone: for those who look at calls as trees,
    /// and to hold one way against the other.
    pub fn at_length(&self) -> Arc<Self> {
        Arc::new(Self { straight: Vec::new(), ..self.clone() })
    }

    fn place_of(&self, kind: &KindPlan) -> Option<usize> {
        self.plan.kinds.iter().position(|known| std::ptr::eq(known.as_ref(), kind))
    }

    /// The settings of this installation.
    pub(in crate::mapping) fn settings(&self) -> &Value {
        &self.settings
    }

    /// The base address of a backend.
    pub fn base(&self, backend: &str) -> Option<String> {
        super::render::base(self, backend)
    }

    /// How many seconds a session lives, when its login says so.
    pub fn session_life(&self, backend: &str, session: &Value) -> Option<u64> {
        super::render::session_life(self, backend, session)
    }

    /// The kind an id belongs to, and what the LMS calls it.
    pub(super) fn owner(
        &self,
        kind: Kind,
        id: &ResourceId,
    ) -> Result<(Arc<KindPlan>, Value), Failure> {
        let (plan, native) = self.owned(kind, id).ok_or_else(super::task::missing)?;
        Ok((Arc::clone(plan), native))
    }

    /// The kind an id belongs to.
    pub(in crate::mapping) fn kind_by_id(
        &self,
        kind: Kind,
        id: &ResourceId,
    ) -> Option<&Arc<KindPlan>> {
        let mut kinds = self.plan.kinds_of(kind);
        match (kinds.next(), kinds.next()) {
            (only, None) => only,
            _ => self.owned(kind, id).map(|(plan, _)| plan),
        }
    }

    fn owned(&self, kind: Kind, id: &ResourceId) -> Option<(&Arc<KindPlan>, Value)> {
        let kinds = self.plan.kinds_of(kind);
        let fits = kinds.filter_map(|plan| Some((plan, plan.id.decode(id.as_str())?)));
        // The longest prefix wins: an empty one takes every id.
        fits.max_by_key(|(plan, _)| plan.id.prefix.len())
    }
}

pub(super) fn unmapped() -> Failure {
    Failure::new(FailureKind::Unsupported, "this LMS has no such resources")
}

pub(super) fn allowed(plan: &KindPlan, word: &str) -> Result<(), Failure> {
    let refused = plan.refuse.iter().find(|(known, _)| known == word);
    refused.map_or(Ok(()), |(_, says)| Err(Failure::new(FailureKind::Unsupported, says.clone())))
}
