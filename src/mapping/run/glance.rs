//! A question that is asked straight: one call, one answer. Whatever comes otherwise
//! goes on in the machine.

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use serde_json::Value;

use super::judge::{Judged, Seen, judge};
use super::machine::{Goal, Machine, Reading};
use super::{Done, Moment, Next, Site, Want, render, task};
use crate::call::{self, Call, Failure, Kind, Reply};
use crate::mapping::expr::{Fuel, Scope};
use crate::mapping::picture::Picture;
use crate::mapping::plan::{KindPlan, Row};
use crate::mapping::ready::Ready;
use crate::mapping::straight::Straight;
use crate::scim::ResourceId;

/// One straight question under way.
pub(super) struct Glance {
    site: Arc<Site>,
    kind: Arc<KindPlan>,
    straight: Arc<Straight>,
    row: usize,
    /// The values as they came, and as the LMS is asked for them.
    given: Vec<Value>,
    values: Vec<Value>,
    reading: Reading,
    moment: Moment,
}

impl Glance {
    /// A glance, where the question can be asked so.
    pub(super) fn new(
        site: &Arc<Site>,
        kind: &Arc<KindPlan>,
        (question, values): (&str, &[Value]),
        (reading, moment): (&Reading, &Moment),
    ) -> Option<Self> {
        let same = |row: &Row| row.question.eq_ignore_ascii_case(question);
        let index = kind.rows.iter().position(same)?;
        let straight = site.straight(kind, index)?;
        if !matches!(reading.want, Want::All) {
            return None;
        }
        let made = prepared(site, kind.rows.get(index)?, values);
        let all = question == super::ask::ALL;
        let fits = all || (1..=straight.many).contains(&made.len());
        fits.then(|| Self {
            site: Arc::clone(site),
            kind: Arc::clone(kind),
            straight: Arc::clone(straight),
            row: index,
            given: values.to_vec(),
            values: made,
            reading: reading.clone(),
            moment: moment.clone(),
        })
    }

    fn row(&self) -> Option<&Row> {
        self.kind.rows.get(self.row)
    }

    /// The call; nothing, where its words are not what they should be.
    pub(super) fn call(&self) -> Option<Call> {
        let Straight { form, asks, wanted, .. } = self.straight.as_ref();
        let plan = self.row()?.calls.first()?;
        let null = Value::Null;
        let value = self.values.first().unwrap_or(&null);
        let listed = Value::Array(self.values.clone());
        let names = [("settings", self.site.settings()), ("value", value), ("values", &listed)];
        let fuel = Fuel::new();
        let scope = Scope::new(&names, &fuel);
        let call = match form {
            Some(form) => {
                let ready = call::Ready { bytes: form.write(&self.values)?, asks: asks.clone() };
                let fields = form.fields(self.values.len());
                render::written(&self.site, plan, (ready, fields), &scope)
            }
            None => render::call(&self.site, plan, &scope),
        };
        Some(Call { wanted: Some(Arc::clone(wanted)), ..call.ok()? })
    }

    /// What a reply means.
    pub(super) fn judge(&self, reply: &Reply) -> Option<Failure> {
        match reply.rows().map(|_| self.judged(reply)) {
            Some(Judged::Bad(failure)) => Some(failure),
            Some(Judged::Fine | Judged::Unclear(_)) => None,
            None => self.machine().judge(reply),
        }
    }

    /// Takes the reply in; gives back what is not as expected.
    pub(super) fn read(
        &self,
        reply: Result<Reply, Failure>,
    ) -> Result<Next, Result<Reply, Failure>> {
        let reply = match reply {
            Ok(reply) if reply.rows().is_some() => reply,
            other => return Err(other),
        };
        if let Judged::Bad(failure) | Judged::Unclear(failure) = self.judged(&reply) {
            return Err(Err(failure));
        }
        Ok(Next::Done(self.pictures(reply.into_rows()).and_then(|pictures| {
            if pictures.is_empty() && self.reading.must {
                return Err(task::missing());
            }
            Ok(Box::new(Done { pictures, calls: 1, ..Done::default() }))
        })))
    }

    /// The machine, where it would be now: waiting for the answer.
    pub(super) fn machine(&self) -> Machine {
        let mut machine = self.unbegun();
        machine.start();
        machine
    }

    /// The machine before its first call.
    pub(super) fn unbegun(&self) -> Machine {
        let goal = Goal::Read(self.reading.clone());
        let mut machine = Machine::new(&self.site, Some(&self.kind), goal, &self.moment);
        let question = self.row().map(|row| row.question.clone()).unwrap_or_default();
        machine.plan_questions(vec![(question, self.given.clone())]);
        machine
    }

    /// A list alone is a success. What is beside it was not foreseen.
    fn judged(&self, reply: &Reply) -> Judged {
        let Some(row) = self.row().filter(|_| !reply.body().is_null()) else {
            return Judged::Fine;
        };
        let seen = Seen::of(reply);
        let names = seen.names();
        let settings = [("settings", self.site.settings())];
        let fuel = Fuel::new();
        let scope = Scope::new(&settings, &fuel);
        judge(reply, &scope.with(&names), self.site.plan.rules_of(&self.kind, row))
    }

    /// What the rows show, each object once, whatever the LMS repeats.
    fn pictures(&self, rows: Vec<call::Row>) -> Result<Vec<Picture>, Failure> {
        let ready = self.site.ready(&self.kind);
        let names = [("settings", self.site.settings())];
        let mut roll = self.roll(rows.len());
        let mut pictures = Vec::with_capacity(rows.len());
        for row in rows {
            // Fuel is for one resource: a long list is no mistake.
            let fuel = Fuel::new();
            let scope = Scope::new(&names, &fuel);
            pictures.extend(self.picture((&ready, scope), row, &mut roll)?);
        }
        if roll.others && !roll.meant { Err(mistaken()) } else { Ok(pictures) }
    }

    fn roll(&self, rows: usize) -> Roll {
        let by_id = self.row().is_some_and(Row::asks_for_ids);
        let asked = self.given.iter().filter(|_| by_id);
        Roll {
            asked: asked.filter_map(|id| self.kind.id.print_native(id)).collect(),
            seen: (rows > 1).then(HashSet::new),
            others: false,
            meant: false,
        }
    }

    fn picture(
        &self,
        (ready, scope): (&Ready, Scope<'_>),
        row: call::Row,
        roll: &mut Roll,
    ) -> Result<Option<Picture>, Failure> {
        let lens = &self.straight.lens;
        if !lens.picks(&row, &scope) {
            return Ok(None);
        }
        let id = lens.id(&self.kind, &row).ok_or_else(nameless)?;
        if !roll.takes(&id) || lens.gone(&row, &scope) {
            return Ok(None);
        }
        let picture = Picture::from(lens.sight(&self.kind, (ready, scope), (id, row)));
        Ok(self.reading.accepts(&picture).then_some(picture))
    }
}

/// Who was asked for, and who came.
struct Roll {
    /// Empty where it was no question for ids.
    asked: Vec<ResourceId>,
    /// One that came alone cannot come twice.
    seen: Option<HashSet<ResourceId>>,
    others: bool,
    meant: bool,
}

impl Roll {
    /// Whether that one is meant, and comes for the first time.
    fn takes(&mut self, id: &ResourceId) -> bool {
        if !self.asked.is_empty() && !self.asked.contains(id) {
            self.others = true;
            return false;
        }
        self.meant = true;
        self.seen.as_mut().is_none_or(|seen| seen.insert(id.clone()))
    }
}

/// An object without its id is something else than what was asked for, and no proof
/// that nobody is there.
pub(super) fn nameless() -> Failure {
    Failure::new(Kind::Garbled, "the LMS answered with an object that has no id")
}

/// Others than those whose ids were asked for: nothing is proven about those.
pub(super) fn mistaken() -> Failure {
    Failure::new(Kind::Garbled, "the LMS answered with another than the one it was asked for")
}

/// Values as the LMS wants them, without those that nobody can have.
fn prepared(site: &Site, row: &Row, values: &[Value]) -> Vec<Value> {
    if row.value.is_none() && row.possible.is_none() && values.len() == 1 {
        return values.to_vec();
    }
    let names = [("settings", site.settings())];
    let fuel = Fuel::new();
    row.all_prepared(values, &Scope::new(&names, &fuel))
}

/// How far it is, not what it carries.
impl fmt::Debug for Glance {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Run of {}, asked straight", self.kind.name)
    }
}
