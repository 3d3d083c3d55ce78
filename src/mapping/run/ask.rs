//! A filter becomes a question to the `find` table. What the LMS cannot answer
//! is answered by reading more and holding it against the filter, where the
//! mapping allows that.

use std::collections::VecDeque;

use serde_json::Value;

use super::frame::Probe;
use super::task::Task;
use super::{Goal, Reading, Run};
use crate::call::{Failure, Kind};
use crate::mapping::expr::plain_text;
use crate::mapping::plan::{Attribute, KindPlan};
use crate::scim::{Filter, Literal, Matcher, Operator, Place, Resource};

/// The question that reads by id.
pub(super) const BY_ID: &str = "id eq";
/// The question for everything.
pub(super) const ALL: &str = "*";

type Question = (String, Vec<Value>);

impl Run {
    /// The tasks of reading by one question.
    pub(super) fn plan_read(&mut self, question: &str, values: Vec<Value>) {
        if self.kind.as_ref().is_some_and(|kind| kind.remembered) {
            self.done.remembered = true;
            return;
        }
        self.plan_lookups(std::iter::empty());
        self.tasks.push_back(Task::Seek(question.to_owned(), values));
        self.tasks.push_back(Task::Joins);
        self.tasks.push_back(Task::ReadMembers);
    }

    /// The tasks of answering a filter.
    pub(super) fn plan_query(&mut self) -> Result<(), Failure> {
        let Some(kind) = self.kind.clone() else { return Ok(()) };
        let Goal::Read(Reading { matcher, .. }) = &self.goal else { return Ok(()) };
        let questions = questions(&kind, matcher.as_ref())?;
        if kind.remembered {
            self.done.remembered = true;
            return Ok(());
        }
        self.plan_lookups(std::iter::empty());
        self.tasks.extend(questions.into_iter().map(|(text, values)| Task::Seek(text, values)));
        self.tasks.push_back(Task::Joins);
        self.tasks.push_back(Task::ReadMembers);
        Ok(())
    }

    /// The tasks of looking for anybody with a resource's unique values.
    pub(super) fn plan_look(
        &mut self,
        kind: &KindPlan,
        resource: &Resource,
    ) -> Result<(), Failure> {
        let probes = unique_values(kind, |attribute| attribute.slot.read(resource).cloned());
        if probes.is_empty() {
            return Err(Failure::new(Kind::Unsupported, "nothing unique can be looked up here"));
        }
        // A loose question finds others too: they are compared like any answer.
        let wanted = probes.iter().filter_map(|probe| {
            let place = &kind.attribute(&probe.attribute)?.slot.place;
            let value = Literal::Quoted(plain_text(&probe.value)?);
            Some(Filter::Compare(place.to_path(), Operator::Eq, value))
        });
        let filter = Filter::any(wanted.collect());
        if let Goal::Read(reading) = &mut self.goal {
            reading.matcher = Matcher::bind(&filter, &kind.resource_type).ok();
        }
        let asked = probes.into_iter().map(|probe| Task::Seek(probe.question, vec![probe.value]));
        self.tasks.extend(asked);
        self.tasks.push_back(Task::Joins);
        Ok(())
    }

    /// Whether the members of groups are wanted.
    pub(super) fn wants_members(&self) -> bool {
        let (Some(kind), Goal::Read(reading)) = (&self.kind, &self.goal) else { return false };
        let Some(attribute) = kind.resource_type.core().attribute("members") else { return false };
        let Some(place) = member_place(kind) else { return false };
        let asked = reading.matcher.as_ref().is_some_and(|matcher| names(matcher, &place));
        attribute.offered && (asked || reading.want.has(&place))
    }
}

impl Reading {
    /// Whether an attribute is needed: asked for, or named by the filter.
    pub(super) fn needs(&self, attribute: &Attribute) -> bool {
        let place = &attribute.slot.place;
        self.want.has(place) || self.matcher.as_ref().is_some_and(|known| names(known, place))
    }
}

/// The place of the attribute `members`.
pub(super) fn member_place(kind: &KindPlan) -> Option<Place> {
    let path = crate::scim::Path::parse("members", kind.resource_type.urns()).ok()?;
    kind.resource_type.place(&path).ok()
}

/// Unique values as questions that the table answers.
pub(super) fn unique_values(
    kind: &KindPlan,
    value: impl Fn(&Attribute) -> Option<Value>,
) -> VecDeque<Probe> {
    let unique = kind.attributes.iter().filter(|attribute| attribute.unique);
    let probe = |attribute: &Attribute| {
        let question = format!("{} eq", attribute.name);
        kind.row(&question)?;
        Some(Probe { attribute: attribute.name.clone(), question, value: value(attribute)? })
    };
    unique.filter_map(probe).collect()
}

/// The questions that cover a filter, each with its values.
fn questions(kind: &KindPlan, matcher: Option<&Matcher>) -> Result<Vec<Question>, Failure> {
    let everything = || vec![(ALL.to_owned(), Vec::new())];
    let listable = kind.row(ALL).is_some() || kind.remembered;
    let Some(matcher) = matcher else {
        return if listable { Ok(everything()) } else { Err(refused(kind, "list everybody")) };
    };
    if let Some(found) = covered(kind, matcher) {
        return Ok(found);
    }
    if kind.remembered || (listable && kind.scan) {
        return Ok(everything());
    }
    Err(refused(kind, "answer this filter"))
}

fn refused(kind: &KindPlan, what: &str) -> Failure {
    let known: Vec<&str> = kind.rows.iter().map(|row| row.question.as_str()).collect();
    let says = format!("this LMS cannot {what}; it answers {}", known.join(", "));
    Failure::new(Kind::Unsupported, says).on("filter")
}

/// The questions that find at least everything a filter means.
fn covered(kind: &KindPlan, matcher: &Matcher) -> Option<Vec<Question>> {
    match matcher {
        Matcher::Compare(place, operator, operand) => {
            let question = question(kind, place, *operator)?;
            Some(vec![(question, asked(kind, place, operand.to_value()))])
        }
        // Whatever one part finds, the others only narrow.
        Matcher::All(parts) => parts.iter().find_map(|part| covered(kind, part)),
        Matcher::Any(parts) => {
            let mut all: Vec<Question> = Vec::new();
            for part in parts {
                for (text, values) in covered(kind, part)? {
                    match all.iter_mut().find(|(known, _)| *known == text) {
                        Some((_, known)) => known.extend(values),
                        None => all.push((text, values)),
                    }
                }
            }
            Some(all)
        }
        Matcher::Present(place) => element(kind, place),
        Matcher::Not(_) => None,
    }
}

/// `emails[type eq "work" and value eq "x"]` asks what
/// `emails[type eq "work"].value eq "x"` asks.
fn element(kind: &KindPlan, place: &Place) -> Option<Vec<Question>> {
    let terms = place.slot()?;
    kind.attributes.iter().find_map(|attribute| {
        let slot = &attribute.slot;
        let sub = slot.place.sub.as_ref()?;
        let labelled = slot
            .label
            .iter()
            .all(|(key, value)| terms.iter().any(|(name, wanted)| name.is(key) && wanted == value));
        let (_, value) = terms.iter().find(|(name, _)| *name == sub.name)?;
        let question = format!("{} eq", attribute.name);
        let fits = labelled && slot.place.shares_attribute(place) && kind.row(&question).is_some();
        fits.then(|| vec![(question, vec![value.clone()])])
    })
}

/// The row that answers a comparison.
fn question(kind: &KindPlan, place: &Place, operator: Operator) -> Option<String> {
    let direct = format!("{place} {}", operator.as_str());
    if kind.row(&direct).is_some() {
        return Some(direct);
    }
    // `emails.value` means any address; where the LMS has only one, that one.
    let mut slots = kind.attributes.iter().filter(|attribute| {
        attribute.slot.place.shares_attribute(place)
            && attribute.slot.place.leaf().name == place.leaf().name
    });
    let only = slots.next().filter(|_| slots.next().is_none())?;
    let indirect = format!("{} {}", only.name, operator.as_str());
    (place.element.is_none() && kind.row(&indirect).is_some()).then_some(indirect)
}

/// Ids are asked for as the LMS knows them; other values as they are.
fn asked(kind: &KindPlan, place: &Place, value: Value) -> Vec<Value> {
    if place.schema.is_none() && place.attr.name.is("id") {
        return value.as_str().and_then(|id| kind.id.decode(id)).into_iter().collect();
    }
    if place.attr.name.is("members") {
        let members = kind.members.as_ref();
        let text = value.as_str().unwrap_or_default();
        return members.and_then(|members| members.native(text)).into_iter().collect();
    }
    vec![value]
}

/// Whether a filter names the attribute at a place.
fn names(matcher: &Matcher, place: &Place) -> bool {
    match matcher {
        Matcher::Compare(named, ..) | Matcher::Present(named) => named.shares_attribute(place),
        Matcher::All(parts) | Matcher::Any(parts) => parts.iter().any(|part| names(part, place)),
        Matcher::Not(inner) => names(inner, place),
    }
}
