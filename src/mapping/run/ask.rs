//! Reading, as tasks: by an id, by the questions that cover a filter, by unique
//! values.

use std::collections::VecDeque;

use serde_json::Value;

use super::cover::Question;
use super::frame::Probe;
use super::task::Task;
use super::{Goal, Machine, Reading, Want};
use crate::call::{Failure, Kind};
use crate::mapping::expr::plain_text;
use crate::mapping::lift::Wanted;
use crate::mapping::plan::{Attribute, KindPlan};
use crate::scim::{Filter, Literal, Matcher, Operator, Resource};

/// The question that reads by id.
pub(super) const BY_ID: &str = "id eq";
/// The question for everything.
pub(super) const ALL: &str = "*";

impl Machine {
    /// The tasks of asking these questions, one after the other.
    pub(super) fn plan_questions(&mut self, questions: Vec<Question>) {
        self.plan_lookups(&[], &questions);
        self.tasks.extend(questions.into_iter().map(|(text, values)| Task::Seek(text, values)));
        self.tasks.push_back(Task::Joins);
        self.tasks.push_back(Task::ReadMembers);
    }

    /// The tasks of looking for anybody with a resource's unique values.
    pub(super) fn plan_look(
        &mut self,
        kind: &KindPlan,
        resource: &Resource,
    ) -> Result<(), Failure> {
        let probes = telling_values(kind, |attribute| attribute.value(resource).cloned());
        if probes.is_empty() {
            return Err(Failure::new(Kind::Unsupported, "nothing unique can be looked up here"));
        }
        // A loose question finds others too: they are compared like any answer, with what
        // the LMS would make of the values.
        let spelt = self.site.spelt(resource, &self.vars.moment());
        let wanted = probes.iter().filter_map(|probe| {
            let attribute = kind.attribute(&probe.attribute)?;
            let value = Literal::Quoted(plain_text(attribute.value(&spelt)?)?);
            Some(Filter::Compare(attribute.slot.place.to_path(), Operator::Eq, value))
        });
        let filter = Filter::any(wanted.collect());
        if let Goal::Read(reading) = &mut self.goal {
            reading.matcher = Matcher::bind(&filter, &kind.resource_type).ok();
        }
        let asked = probes.into_iter().map(|probe| (probe.question, vec![probe.value]));
        let asked: Vec<Question> = asked.collect();
        self.plan_lookups(&[], &asked);
        self.tasks.extend(asked.into_iter().map(|(text, values)| Task::Seek(text, values)));
        self.tasks.push_back(Task::Joins);
        Ok(())
    }

    /// Whether the members of groups are wanted.
    pub(super) fn wants_members(&self) -> bool {
        let (Some(kind), Goal::Read(reading)) = (&self.kind, &self.goal) else { return false };
        let Some(attribute) = kind.resource_type.core().attribute("members") else { return false };
        let Some(place) = kind.resource_type.members() else { return false };
        let asked = reading.matcher.as_ref().is_some_and(|matcher| matcher.names(&place));
        attribute.offered && (asked || reading.want.has(&place))
    }
}

impl Reading {
    /// The attributes that are needed.
    pub(super) fn wanted(&self, kind: &KindPlan) -> Wanted {
        let all = matches!(self.want, Want::All);
        (!all).then(|| kind.attributes.iter().map(|attribute| self.needs(attribute)).collect())
    }

    /// Whether an attribute is needed: asked for, or named by the filter.
    pub(super) fn needs(&self, attribute: &Attribute) -> bool {
        let place = &attribute.slot.place;
        self.want.has(place) || self.matcher.as_ref().is_some_and(|known| known.names(place))
    }
}

/// Unique values as questions that the table answers.
pub(super) fn unique_values(
    kind: &KindPlan,
    value: impl Fn(&Attribute) -> Option<Value>,
) -> VecDeque<Probe> {
    values(kind, value, |attribute| attribute.unique)
}

/// The same for one that has none of them: then what it cannot do without, for
/// an LMS may make something unique of that.
pub(super) fn telling_values(
    kind: &KindPlan,
    value: impl Fn(&Attribute) -> Option<Value>,
) -> VecDeque<Probe> {
    let unique = unique_values(kind, &value);
    if unique.is_empty() { values(kind, value, |attribute| attribute.required) } else { unique }
}

fn values(
    kind: &KindPlan,
    value: impl Fn(&Attribute) -> Option<Value>,
    meant: impl Fn(&Attribute) -> bool,
) -> VecDeque<Probe> {
    let probe = |attribute: &Attribute| {
        let question = format!("{} eq", attribute.name);
        kind.row(&question)?;
        Some(Probe { attribute: attribute.name.clone(), question, value: value(attribute)? })
    };
    kind.attributes.iter().filter(|attribute| meant(attribute)).filter_map(probe).collect()
}
