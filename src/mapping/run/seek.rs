//! A question to the `find` table: in batches, page by page, with guards
//! against pages that never end and records that spoil their neighbours.

use std::collections::{HashSet, VecDeque};

use serde_json::{Value, json};

use super::done::Note;
use super::glance::{mistaken, nameless};
use super::{Goal, Machine, Turn};
use crate::call::{Call, Failure, Kind, Reply};
use crate::mapping::expr::{Scope, plain_text};
use crate::mapping::plan::{CallPlan, KindPlan, Row};
use crate::mapping::run::frame::{Frame, Pending};
use crate::scim::ResourceId;

/// What becomes of the objects that a question finds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Then {
    /// They are what was read.
    Objects,
    /// They are `found`, for a step, which also keeps values.
    Found,
    /// The first is `object`; none is a failure.
    Load,
    /// They tell whether a unique value is taken.
    Look,
}

/// A question under way.
#[derive(Debug)]
pub(super) struct Seek {
    row: usize,
    pub(super) then: Then,
    /// Values still to be asked for; an empty batch asks for everything.
    batches: VecDeque<Vec<Value>>,
    /// Which of the row's calls is next.
    call: usize,
    pub(super) page: Page,
    pub(super) objects: Vec<Found>,
    seen: HashSet<ResourceId>,
    /// Whose ids were asked for, where it is a question for ids.
    asked: HashSet<ResourceId>,
    pub(super) total: Option<u64>,
    pub(super) incomplete: bool,
    /// Whether what is found has the value that was asked for.
    exact: bool,
    started: bool,
}

/// An object that was found.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) id: ResourceId,
    pub(super) object: Value,
}

/// A page of an answer.
#[derive(Clone, Debug, Default)]
pub(super) struct Page {
    pub(super) index: u64,
    pub(super) cursor: Option<Value>,
    pub(super) address: Option<String>,
    pub(super) got: u64,
    /// How many empty ones were before it, one behind the other.
    pub(super) empty: u64,
}

impl Seek {
    pub(super) fn new(row: usize, then: Then, batches: VecDeque<Vec<Value>>) -> Self {
        Self {
            row,
            then,
            batches,
            call: 0,
            page: Page::default(),
            objects: Vec::new(),
            seen: HashSet::new(),
            asked: HashSet::new(),
            total: None,
            incomplete: false,
            exact: true,
            started: false,
        }
    }

    pub(super) fn row<'k>(&self, kind: &'k KindPlan) -> Option<&'k Row> {
        kind.rows.get(self.row)
    }

    pub(super) fn plan<'k>(&self, kind: &'k KindPlan) -> Option<&'k CallPlan> {
        self.row(kind)?.calls.get(self.call)
    }

    fn batch(&self) -> &[Value] {
        self.batches.front().map_or(&[], Vec::as_slice)
    }

    /// The values that only this question knows: what is asked, which page.
    pub(super) fn values(&self, row: &Row) -> [Value; 3] {
        let first = row.paging.as_ref().map_or(1, |paging| paging.first);
        let size = row.paging.as_ref().map_or(0, |paging| paging.size);
        let mut page = json!({
            "number": first + self.page.index,
            "offset": first + self.page.got,
            "size": size,
        });
        if let (Some(cursor), Value::Object(fields)) = (&self.page.cursor, &mut page) {
            fields.insert("cursor".to_owned(), cursor.clone());
        }
        let batch = self.batch().to_vec();
        [batch.first().cloned().unwrap_or(Value::Null), Value::Array(batch), page]
    }

    /// How many were found.
    pub(super) fn have(&self) -> u64 {
        u64::try_from(self.objects.len()).unwrap_or(u64::MAX)
    }

    /// How many there are, where the LMS says so and that can be true.
    pub(super) fn counted(&self) -> Option<u64> {
        self.total.filter(|total| *total >= self.have())
    }

    pub(super) fn next_call(&mut self, row: &Row) {
        self.page = Page::default();
        if row.calls.len() > 1 {
            // What it counted were its own.
            self.total = None;
        }
        self.call += 1;
        if self.call >= row.calls.len() {
            self.call = 0;
            self.batches.pop_front();
        }
    }

    /// Takes the objects of a page in; each only once, whatever the LMS repeats. An
    /// LMS that passes over what it is asked for shows others than those whose ids were
    /// asked for: that says nothing of those.
    pub(super) fn take_in(
        &mut self,
        kind: &KindPlan,
        found: Vec<Value>,
        scope: &Scope<'_>,
    ) -> Result<u64, Failure> {
        let (mut fresh, mut meant, some) = (0, self.asked.is_empty(), !found.is_empty());
        for object in found {
            let id = kind.id.encode(&object, scope).ok_or_else(nameless)?;
            if !self.asked.is_empty() && !self.asked.contains(&id) {
                continue;
            }
            meant = true;
            if self.seen.insert(id.clone()) {
                self.objects.push(Found { id, object });
                fresh += 1;
            }
        }
        if some && !meant { Err(mistaken()) } else { Ok(fresh) }
    }
}

impl Row {
    /// Whether it is the question for one resource by its id.
    pub(super) fn asks_for_ids(&self) -> bool {
        self.question == super::ask::BY_ID
    }

    /// A value as this row asks for it; nothing when nobody can have it.
    pub(super) fn prepared(&self, value: &Value, scope: &Scope<'_>) -> Option<Value> {
        let names = [("value", value)];
        let scope = scope.with(&names);
        let made = match &self.value {
            Some(expr) => expr.eval(&scope)?.into_owned(),
            None => value.clone(),
        };
        let names = [("value", &made)];
        let possible = self.possible.as_ref().is_none_or(|expr| expr.holds(&scope.with(&names)));
        possible.then_some(made)
    }

    /// All of them, each once.
    pub(super) fn all_prepared(&self, values: &[Value], scope: &Scope<'_>) -> Vec<Value> {
        let mut known = HashSet::with_capacity(values.len());
        let made = values.iter().filter_map(|value| self.prepared(value, scope));
        made.filter(|made| known.insert(made.clone())).collect()
    }
}

impl Machine {
    /// Begins a question.
    pub(super) fn seek(
        &mut self,
        question: &str,
        values: &[Value],
        then: Then,
    ) -> Result<(), Failure> {
        let kind = self.kind.clone().ok_or_else(super::task::unanswerable)?;
        let place = |row: &Row| row.question.eq_ignore_ascii_case(question);
        let index = kind.rows.iter().position(place).ok_or_else(super::task::unanswerable)?;
        let row = kind.rows.get(index).ok_or_else(super::task::unanswerable)?;
        let batches = if question == super::ask::ALL {
            VecDeque::from([Vec::new()])
        } else {
            self.batches(row, values)
        };
        let mut seek = Seek::new(index, then, batches);
        seek.exact = row.exact;
        if row.asks_for_ids() {
            seek.asked = values.iter().filter_map(|id| kind.id.print_native(id)).collect();
        }
        self.frames.push(Frame::Seek(Box::new(seek)));
        Ok(())
    }

    /// Values as the LMS wants them, without those that nobody can have.
    fn batches(&self, row: &Row, values: &[Value]) -> VecDeque<Vec<Value>> {
        let listed = self.vars.names();
        let scope = listed.scope();
        let ready = row.all_prepared(values, &scope);
        let many = row.many.as_ref().and_then(|many| many.eval(&scope)?.as_u64()).unwrap_or(1);
        let size = usize::try_from(many).unwrap_or(1).max(1);
        ready.chunks(size).map(<[Value]>::to_vec).collect()
    }

    /// The next call of the question on top, or what it came to.
    pub(super) fn turn_seek(&mut self, seek: Box<Seek>) -> Result<Turn, Failure> {
        if seek.batches.is_empty() {
            return self.sought(*seek);
        }
        self.frames.push(Frame::Seek(seek));
        Ok(Turn::Wait(Pending::Seek))
    }

    pub(super) fn render_seek(&self, masked: bool) -> Result<Call, Failure> {
        let (Some(kind), Some(Frame::Seek(seek))) = (&self.kind, self.frames.last()) else {
            return Err(super::task::unanswerable());
        };
        let row = seek.row(kind).ok_or_else(super::task::unanswerable)?;
        let plan = seek.plan(kind).ok_or_else(super::task::unanswerable)?;
        let [value, values, page] = seek.values(row);
        let names = [("value", &value), ("values", &values), ("page", &page)];
        let listed = if masked { self.vars.masked() } else { self.vars.names() };
        let scope = listed.scope();
        let call = super::render::followed(&self.site, plan, &seek.page, &scope.with(&names))?;
        // Steps may look at anything of what they find.
        let read = matches!((&self.goal, &seek.then), (Goal::Read(_), Then::Objects));
        let wanted = self.site.wanted(kind, seek.row).filter(|_| read);
        Ok(Call { wanted: wanted.cloned(), ..call })
    }

    /// Takes the reply to a question in.
    pub(super) fn receive_seek(&mut self, reply: Result<Reply, Failure>) -> Result<(), Failure> {
        let (Some(kind), Some(Frame::Seek(mut seek))) = (self.kind.clone(), self.frames.pop())
        else {
            return Err(super::task::unanswerable());
        };
        let row = seek.row(&kind).ok_or_else(super::task::unanswerable)?;
        let read = match reply {
            Ok(reply) => self.read_page(&kind, row, &seek, reply),
            // Whoever sends calls may have judged the reply before us. A spoilt
            // one is theirs to ask for again, one by one: they know who asked.
            Err(failure) if failure.kind == Kind::Missing => Err(failure),
            Err(failure) => return Err(failure),
        };
        match read {
            Ok(read) => self.next_page(&kind, row, &mut seek, read)?,
            Err(failure) => self.missed(row, &mut seek, failure)?,
        }
        self.frames.push(Frame::Seek(seek));
        Ok(())
    }

    /// Nobody there is an answer; a spoilt answer is asked for in halves.
    fn missed(&mut self, row: &Row, seek: &mut Seek, failure: Failure) -> Result<(), Failure> {
        match failure.kind {
            Kind::Missing => seek.next_call(row),
            Kind::Poisoned if seek.batch().len() > 1 => {
                let batch = seek.batches.pop_front().unwrap_or_default();
                let (left, right) = batch.split_at(batch.len() / 2);
                seek.batches.push_front(right.to_vec());
                seek.batches.push_front(left.to_vec());
                seek.page = Page::default();
                seek.call = 0;
                seek.started = true;
            }
            Kind::Poisoned if seek.started => {
                let value = seek.batch().first().and_then(plain_text).unwrap_or_default();
                self.done.notes.push(Note::Unreadable(value));
                seek.next_call(row);
            }
            _ => return Err(failure),
        }
        Ok(())
    }

    /// What a question came to.
    fn sought(&mut self, seek: Seek) -> Result<Turn, Failure> {
        let row = self.kind.as_ref().and_then(|kind| seek.row(kind));
        let brief = row.is_some_and(|row| row.brief);
        if seek.then == Then::Objects {
            self.done.incomplete |= seek.incomplete;
            self.done.total = seek.counted().or(self.done.total);
        }
        if brief {
            return self.read_again(&seek);
        }
        match seek.then {
            Then::Objects => self.add_objects(seek.objects),
            // Steps take them for all there are.
            Then::Found if seek.incomplete => return Err(unseen()),
            Then::Found => {
                let objects = seek.objects.into_iter().map(|found| found.object);
                self.vars.set("found", objects.collect());
            }
            Then::Load => {
                let nobody = if seek.incomplete { unseen } else { super::task::missing };
                let found = seek.objects.into_iter().next().ok_or_else(nobody)?;
                self.loaded(found.object)?;
            }
            Then::Look => {
                self.looked(&seek.objects, seek.exact)?;
                if seek.incomplete {
                    return Err(unseen());
                }
            }
        }
        self.after_find();
        Ok(Turn::Again)
    }

    /// Abridged objects are read once more, as many in one call as can be.
    fn read_again(&mut self, seek: &Seek) -> Result<Turn, Failure> {
        let ids: Vec<Value> = {
            let kind = self.kind.as_ref().ok_or_else(super::task::unanswerable)?;
            let ids = seek.objects.iter().map(|found| &found.id);
            ids.filter_map(|id| kind.id.decode(id.as_str())).collect()
        };
        self.seek(super::ask::BY_ID, &ids, seek.then.clone())?;
        if let Some(Frame::Seek(again)) = self.frames.last_mut() {
            // What these ids came of is no better for being read in full.
            again.incomplete = seek.incomplete;
            again.exact = seek.exact;
        }
        Ok(Turn::Again)
    }
}

/// Nobody found is no proof where the LMS has not shown all.
pub(super) fn unseen() -> Failure {
    Failure::new(Kind::Garbled, "the LMS could not show all there are")
}
