//! A question to the `find` table: in batches, page by page, with guards
//! against pages that never end and records that spoil their neighbours.

use std::collections::{BTreeSet, VecDeque};

use serde_json::{Value, json};

use super::done::Note;
use super::{Goal, Run, Turn};
use crate::call::{Call, Failure, Kind, Reply};
use crate::mapping::expr::{Scope, plain_text};
use crate::mapping::plan::{CallPlan, KindPlan, Paging, Row, Strategy};
use crate::mapping::run::frame::{Frame, Pending};
use crate::mapping::run::judge::{Judged, Seen, judge};

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
    page: Page,
    pub(super) objects: Vec<Value>,
    seen: BTreeSet<String>,
    total: Option<u64>,
    incomplete: bool,
    started: bool,
}

/// A page of an answer.
#[derive(Clone, Debug, Default)]
pub(super) struct Page {
    pub(super) index: u64,
    pub(super) cursor: Option<Value>,
    pub(super) address: Option<String>,
    got: u64,
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
            seen: BTreeSet::new(),
            total: None,
            incomplete: false,
            started: false,
        }
    }

    fn row<'k>(&self, kind: &'k KindPlan) -> Option<&'k Row> {
        kind.rows.get(self.row)
    }

    fn plan<'k>(&self, kind: &'k KindPlan) -> Option<&'k CallPlan> {
        self.row(kind)?.calls.get(self.call)
    }

    fn batch(&self) -> &[Value] {
        self.batches.front().map_or(&[], Vec::as_slice)
    }

    /// The values that only this question knows: what is asked, which page.
    fn values(&self, row: &Row) -> [Value; 3] {
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

    fn next_call(&mut self, row: &Row) {
        self.page = Page::default();
        self.call += 1;
        if self.call >= row.calls.len() {
            self.call = 0;
            self.batches.pop_front();
        }
    }

    /// Takes the objects of a page in; each only once, whatever the LMS repeats.
    fn take_in(&mut self, kind: &KindPlan, found: Vec<Value>, scope: &Scope<'_>) -> u64 {
        let mut fresh = 0;
        for object in found {
            let id = kind.id.encode(&object, scope);
            let key = id.map_or_else(|| object.to_string(), |id| id.as_str().to_owned());
            if self.seen.insert(key) {
                self.objects.push(object);
                fresh += 1;
            }
        }
        fresh
    }
}

/// Bases that count from one keep counting from one.
fn advance(page: &mut Page, got: u64, next: Option<Value>, paging: &Paging) {
    page.index += 1;
    page.got += got;
    match paging.strategy {
        Strategy::Link => page.address = next.as_ref().and_then(plain_text),
        Strategy::Number | Strategy::Offset | Strategy::Cursor => page.cursor = next,
    }
}

impl Run {
    /// Begins a question.
    pub(super) fn seek(
        &mut self,
        question: &str,
        values: Vec<Value>,
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
        self.frames.push(Frame::Seek(Box::new(Seek::new(index, then, batches))));
        Ok(())
    }

    /// Values as the LMS wants them, without those that nobody can have.
    fn batches(&self, row: &Row, values: Vec<Value>) -> VecDeque<Vec<Value>> {
        let listed = self.vars.names();
        let scope = listed.scope();
        let mut ready = Vec::new();
        for value in values {
            let names = [("value", &value)];
            let scope = scope.with(&names);
            let made = match &row.value {
                Some(expr) => expr.eval(&scope).map(std::borrow::Cow::into_owned),
                None => Some(value.clone()),
            };
            let Some(made) = made else { continue };
            let names = [("value", &made)];
            let possible = row.possible.as_ref().is_none_or(|expr| expr.holds(&scope.with(&names)));
            if possible && !ready.contains(&made) {
                ready.push(made);
            }
        }
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
        super::render::followed(&self.site, plan, &seek.page, &scope.with(&names))
    }

    /// Takes the reply to a question in.
    pub(super) fn receive_seek(&mut self, reply: Result<Reply, Failure>) -> Result<(), Failure> {
        let (Some(kind), Some(Frame::Seek(mut seek))) = (self.kind.clone(), self.frames.pop())
        else {
            return Err(super::task::unanswerable());
        };
        let row = seek.row(&kind).ok_or_else(super::task::unanswerable)?;
        let read = self.read_page(&kind, row, &seek, &reply?);
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

    fn read_page(
        &self,
        kind: &KindPlan,
        row: &Row,
        seek: &Seek,
        reply: &Reply,
    ) -> Result<Read, Failure> {
        let [value, values, page] = seek.values(row);
        let asked = [("value", &value), ("values", &values), ("page", &page)];
        let listed = self.vars.names();
        let scope = listed.scope();
        let scope = scope.with(&asked);
        let reading = Seen::of(reply);
        let names = reading.names();
        let scope = scope.with(&names);
        match self.seek_judged(kind, row, seek, (reply, &scope)) {
            Judged::Fine => {}
            Judged::Bad(failure) | Judged::Unclear(failure) => return Err(failure),
        }
        let found = match &row.objects {
            Some(expr) => expr.eval(&scope).map(std::borrow::Cow::into_owned),
            None => Some(reply.body().clone()),
        };
        let objects = match found {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::Array(items)) => items,
            Some(object @ Value::Object(_)) => vec![object],
            Some(Value::Bool(_) | Value::Number(_) | Value::String(_)) => {
                return Err(Failure::new(Kind::Garbled, "the LMS answered with no object"));
            }
        };
        let list = Value::Array(objects);
        let page_names = [("objects", &list)];
        let scope = scope.with(&page_names);
        let paging = row.paging.as_ref();
        let whole = |expr: &Option<crate::mapping::expr::Expr>| {
            expr.as_ref().and_then(|expr| expr.eval(&scope).map(std::borrow::Cow::into_owned))
        };
        let next = match paging {
            Some(Paging { strategy: Strategy::Link, next: None, .. }) => link(reply),
            Some(paging) => whole(&paging.next),
            None => None,
        };
        let more = paging.and_then(|paging| paging.more.as_ref().map(|more| more.holds(&scope)));
        let total = paging.and_then(|paging| whole(&paging.total));
        let total =
            total.and_then(|total| total.as_u64().or_else(|| plain_text(&total)?.parse().ok()));
        let Value::Array(objects) = list else { return Err(super::task::unanswerable()) };
        Ok(Read { objects, next: next.filter(|next| !next.is_null()), more, total })
    }

    fn seek_judged(
        &self,
        kind: &KindPlan,
        row: &Row,
        seek: &Seek,
        (reply, scope): (&Reply, &Scope<'_>),
    ) -> Judged {
        let backend = seek.plan(kind).and_then(|plan| self.site.plan.backends.get(plan.backend));
        let rules = row.rules.iter().chain(&kind.rules);
        judge(reply, scope, rules.chain(backend.iter().flat_map(|backend| &backend.rules)))
    }

    /// What a reply to the question on top means, without taking it in.
    pub(super) fn judge_seek(&self, reply: &Reply) -> Judged {
        let (Some(kind), Some(Frame::Seek(seek))) = (&self.kind, self.frames.last()) else {
            return Judged::Fine;
        };
        let Some(row) = seek.row(kind) else { return Judged::Fine };
        let [value, values, page] = seek.values(row);
        let asked = [("value", &value), ("values", &values), ("page", &page)];
        let listed = self.vars.names();
        let scope = listed.scope();
        let scope = scope.with(&asked);
        let reading = Seen::of(reply);
        let names = reading.names();
        self.seek_judged(kind, row, seek, (reply, &scope.with(&names)))
    }

    fn next_page(
        &mut self,
        kind: &KindPlan,
        row: &Row,
        seek: &mut Seek,
        read: Read,
    ) -> Result<(), Failure> {
        let got = u64::try_from(read.objects.len()).unwrap_or(u64::MAX);
        let fresh = {
            let listed = self.vars.names();
            seek.take_in(kind, read.objects, &listed.scope())
        };
        let Some(paging) = &row.paging else {
            seek.next_call(row);
            return Ok(());
        };
        seek.total = read.total.or(seek.total);
        let same_cursor = read.next.is_some()
            && (read.next == seek.page.cursor
                || read.next.as_ref().and_then(plain_text) == seek.page.address);
        let ended = match (paging.strategy, read.more) {
            (_, Some(more)) => !more,
            (Strategy::Cursor | Strategy::Link, None) => read.next.is_none(),
            (Strategy::Number | Strategy::Offset, None) => match seek.total {
                Some(total) => seek.page.got + got >= total,
                None => got < paging.size,
            },
        };
        if !ended && self.has_enough(seek) {
            seek.next_call(row);
            return Ok(());
        }
        // A page that brings nothing new is the last one, whatever it claims.
        let stuck = fresh == 0 || same_cursor;
        if !ended && seek.page.index + 1 >= paging.most {
            return Err(Failure::new(Kind::Garbled, "the LMS's pages do not end"));
        }
        if ended || stuck {
            let have = u64::try_from(seek.objects.len()).unwrap_or(u64::MAX);
            let short = seek.total.is_some_and(|total| have < total);
            let cut = paging.reach.is_some_and(|reach| have >= reach || !ended);
            seek.incomplete |= short || cut;
            seek.next_call(row);
        } else {
            advance(&mut seek.page, got, read.next, paging);
        }
        Ok(())
    }

    fn has_enough(&self, seek: &Seek) -> bool {
        let Goal::Read(reading) = &self.goal else { return false };
        let enough = reading.enough.is_some_and(|enough| seek.objects.len() >= enough);
        enough && seek.total.is_some() && seek.then == Then::Objects
    }

    /// What a question came to.
    fn sought(&mut self, seek: Seek) -> Result<Turn, Failure> {
        let brief = self.kind.as_ref().and_then(|kind| seek.row(kind)).is_some_and(|row| row.brief);
        if seek.then == Then::Objects {
            self.done.incomplete |= seek.incomplete;
            self.done.total = seek.total.or(self.done.total);
        }
        if brief {
            return self.read_again(&seek);
        }
        match seek.then {
            Then::Objects => self.add_objects(seek.objects),
            Then::Found => self.vars.set("found", Value::Array(seek.objects)),
            Then::Load => {
                let object = seek.objects.into_iter().next().ok_or_else(super::task::missing)?;
                self.loaded(object)?;
            }
            Then::Look => self.looked(&seek.objects)?,
        }
        self.after_find();
        Ok(Turn::Again)
    }

    /// Abridged objects are read once more, as many in one call as can be.
    fn read_again(&mut self, seek: &Seek) -> Result<Turn, Failure> {
        let ids: Vec<Value> = {
            let kind = self.kind.as_ref().ok_or_else(super::task::unanswerable)?;
            let listed = self.vars.names();
            let scope = listed.scope();
            let ids = seek.objects.iter().filter_map(|object| kind.id.encode(object, &scope));
            ids.filter_map(|id| kind.id.decode(id.as_str())).collect()
        };
        self.seek(super::ask::BY_ID, ids, seek.then.clone())?;
        Ok(Turn::Again)
    }
}

/// A page as read.
struct Read {
    objects: Vec<Value>,
    next: Option<Value>,
    more: Option<bool>,
    total: Option<u64>,
}

/// The address of the next page in a `Link` header.
fn link(reply: &Reply) -> Option<Value> {
    let header = Value::String(reply.header("link")?.to_owned());
    crate::mapping::expr::link(&header, "next")
}
