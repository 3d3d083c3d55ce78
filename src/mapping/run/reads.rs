//! Reads of a site on their way: asked straight where they can be.

use std::sync::Arc;

use serde_json::Value;

use super::cover::{Cover, Question};
use super::glance::Glance;
use super::site::{allowed, unmapped};
use super::{Goal, Machine, Moment, Query, Reading, Run, Site, Want};
use crate::call::Failure;
use crate::mapping::expr::{Fuel, Scope};
use crate::mapping::plan::KindPlan;
use crate::scim::{Kind, ResourceId};

impl Site {
    /// One resource on its way. An id that nothing can have is missing at once.
    pub fn get(
        self: &Arc<Self>,
        kind: Kind,
        id: &ResourceId,
        want: Want,
        moment: &Moment,
    ) -> Result<Run, Failure> {
        let (plan, native) = self.owner(kind, id)?;
        allowed(&plan, "read")?;
        let reading = Reading { want, must: true, ..Reading::default() };
        Ok(self.reading(&plan, vec![(super::ask::BY_ID.to_owned(), vec![native])], reading, moment))
    }

    /// Several resources by their ids, where those are of one kind; whom nobody knows is
    /// left out.
    pub fn several(
        self: &Arc<Self>,
        kind: Kind,
        ids: &[ResourceId],
        want: Want,
        moment: &Moment,
    ) -> Result<Run, Failure> {
        let plan = self.plan.kinds_of(kind).next().ok_or_else(unmapped)?;
        allowed(plan, "read")?;
        let natives = ids.iter().filter_map(|id| plan.id.decode(id.as_str())).collect();
        let reading = Reading { want, loose: true, ..Reading::default() };
        let question = vec![(super::ask::BY_ID.to_owned(), natives)];
        Ok(self.reading(plan, question, reading, moment))
    }

    /// Resources on their way, one run for each kind of that type.
    pub fn find(
        self: &Arc<Self>,
        kind: Kind,
        query: &Query,
        moment: &Moment,
    ) -> Result<Vec<Run>, Failure> {
        let mut runs = Vec::new();
        for plan in self.plan.kinds_of(kind) {
            allowed(plan, "read")?;
            let reading = Reading {
                want: query.want.clone(),
                matcher: query.matcher.clone(),
                must: false,
                loose: query.loose,
                proof: false,
                enough: query.enough.filter(|_| query.matcher.is_none()),
            };
            let questions = self.questions(plan, &reading, moment)?;
            runs.push(self.reading(plan, questions, reading, moment));
        }
        if runs.is_empty() { Err(unmapped()) } else { Ok(runs) }
    }

    fn questions(
        &self,
        plan: &KindPlan,
        reading: &Reading,
        moment: &Moment,
    ) -> Result<Vec<Question>, Failure> {
        let matcher = reading.matcher.as_ref();
        let fuel = Fuel::new();
        let settings = ("settings", self.settings());
        if !self.ready(plan).looks_around {
            let names = [settings];
            let cover = Cover { kind: plan, scope: Scope::new(&names, &fuel) };
            return cover.questions(matcher, reading.loose);
        }
        let now = Value::String(moment.now.to_string());
        let lookups = Value::Object(moment.lookups.clone());
        let names = [settings, ("now", &now), ("lookup", &lookups)];
        Cover { kind: plan, scope: Scope::new(&names, &fuel) }.questions(matcher, reading.loose)
    }

    /// A read by these questions.
    fn reading(
        self: &Arc<Self>,
        plan: &Arc<KindPlan>,
        questions: Vec<Question>,
        reading: Reading,
        moment: &Moment,
    ) -> Run {
        if let [(question, values)] = questions.as_slice()
            && let Some(glance) = Glance::new(self, plan, (question, values), (&reading, moment))
        {
            return glance.into();
        }
        let mut machine = Machine::new(self, Some(plan), Goal::Read(reading), moment);
        if plan.remembered {
            machine.done.remembered = true;
        } else {
            machine.plan_questions(questions);
        }
        machine.into()
    }
}
