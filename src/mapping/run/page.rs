//! One page of an answer: judged, read, and the way to the next one, with
//! guards against pages that never end.

use std::borrow::Cow;

use serde_json::Value;

use super::judge::{Judged, Seen, judge};
use super::seek::{Page, Seek, Then};
use super::{Goal, Machine};
use crate::call::{Failure, Kind, Reply};
use crate::mapping::expr::{Expr, Scope, plain_text, truthy};
use crate::mapping::plan::{KindPlan, Paging, Row, Strategy};
use crate::mapping::run::frame::Frame;

/// Bases that count from one keep counting from one.
fn advance(page: &mut Page, got: u64, next: Option<Value>, paging: &Paging) {
    page.index += 1;
    page.got += got;
    match paging.strategy {
        Strategy::Link => page.address = next.as_ref().and_then(plain_text),
        Strategy::Number | Strategy::Offset | Strategy::Cursor => page.cursor = next,
    }
}

impl Machine {
    pub(super) fn read_page(
        &self,
        kind: &KindPlan,
        row: &Row,
        seek: &Seek,
        reply: Reply,
    ) -> Result<Read, Failure> {
        let [value, values, page] = seek.values(row);
        let asked = [("value", &value), ("values", &values), ("page", &page)];
        let listed = self.vars.names();
        let scope = listed.scope();
        let scope = scope.with(&asked);
        let mut read = {
            let reading = Seen::of(&reply);
            let names = reading.names();
            let scope = scope.with(&names);
            match self.seek_judged(kind, row, seek, (&reply, &scope)) {
                Judged::Fine => {}
                Judged::Bad(failure) | Judged::Unclear(failure) => return Err(failure),
            }
            Read::of(row, &reply, &scope)?
        };
        if row.is_part() {
            let found = row.part(reply.into_body(), &scope);
            read.objects = objects(found)?;
        }
        Ok(read)
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

    pub(super) fn next_page(
        &mut self,
        kind: &KindPlan,
        row: &Row,
        seek: &mut Seek,
        mut read: Read,
    ) -> Result<(), Failure> {
        let got = u64::try_from(read.objects.len()).unwrap_or(u64::MAX);
        let fresh = {
            let listed = self.vars.names();
            seek.take_in(kind, std::mem::take(&mut read.objects), &listed.scope())?
        };
        let Some(paging) = &row.paging else {
            seek.next_call(row);
            return Ok(());
        };
        seek.total = read.total.or(seek.total);
        let so_far = seek.page.got + got;
        let ended = read.is_last(paging, (so_far, got), seek.total);
        if !ended && self.has_enough(seek, row) {
            seek.next_call(row);
            return Ok(());
        }
        if !ended && seek.page.index + 1 >= paging.most {
            return Err(Failure::new(Kind::Garbled, "the LMS's pages do not end"));
        }
        let onward = read.leads_on(&seek.page);
        seek.page.empty = if got == 0 { seek.page.empty + 1 } else { 0 };
        // A page that brings nothing new is the last one, whatever it claims. Only an
        // empty one may lie before others, where it says itself how to reach those.
        let between = got == 0 && onward && seek.page.empty < MOST_EMPTY;
        if !ended && (between || (fresh > 0 && !read.repeats(&seek.page))) {
            advance(&mut seek.page, got, read.next, paging);
            return Ok(());
        }
        let have = seek.have();
        let short = seek.total.is_some_and(|total| have < total);
        let cut = paging.reach.is_some_and(|reach| have >= reach || !ended);
        let more = !ended && (onward || read.more == Some(true));
        seek.incomplete |= short || cut || more;
        seek.next_call(row);
        Ok(())
    }

    /// Whether so many were found as are wanted, and the LMS says how many there are. What
    /// one of several calls says is not that.
    fn has_enough(&self, seek: &Seek, row: &Row) -> bool {
        let Goal::Read(reading) = &self.goal else { return false };
        let enough = reading.enough.is_some_and(|enough| seek.objects.len() >= enough);
        enough && row.calls.len() == 1 && seek.counted().is_some() && seek.then == Then::Objects
    }
}

/// So many empty pages in a row may lie before others.
const MOST_EMPTY: u64 = 20;

/// A page as read.
pub(super) struct Read {
    objects: Vec<Value>,
    next: Option<Value>,
    more: Option<bool>,
    total: Option<u64>,
}

impl Read {
    /// Whether there is no page behind this one, by what the LMS says of it.
    fn is_last(&self, paging: &Paging, (so_far, got): (u64, u64), total: Option<u64>) -> bool {
        match (paging.strategy, self.more, total) {
            (_, Some(more), _) => !more,
            (Strategy::Cursor | Strategy::Link, None, _) => self.next.is_none(),
            // Where more have come than there are, only a page that is not full proves
            // that nobody is behind it.
            (_, None, Some(total)) if so_far <= total => so_far == total,
            (_, None, _) => got < paging.size,
        }
    }

    /// Whether it names the page that it is itself.
    fn repeats(&self, page: &Page) -> bool {
        let address = || self.next.as_ref().and_then(plain_text);
        self.next.is_some() && (self.next == page.cursor || address() == page.address)
    }

    /// Whether it names another page.
    fn leads_on(&self, page: &Page) -> bool {
        self.next.is_some() && !self.repeats(page)
    }

    /// What a page says; its objects too, where they are no mere part of it.
    fn of(row: &Row, reply: &Reply, scope: &Scope<'_>) -> Result<Self, Failure> {
        let objects = match &row.objects {
            Some(expr) if !row.is_part() => objects(expr.eval(&{ *scope }).map(Cow::into_owned))?,
            Some(_) | None => Vec::new(),
        };
        let list = Value::Array(objects);
        let page_names = [("objects", &list)];
        let scope = scope.with(&page_names);
        let paging = row.paging.as_ref();
        let whole = |expr: &Option<Expr>| {
            expr.as_ref().and_then(|expr| expr.eval(&scope).map(Cow::into_owned))
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
        // Some say in words that there is none.
        let next = next.filter(|next| truthy(Some(next)) || next.is_number());
        Ok(Self { objects, next, more, total })
    }
}

impl Row {
    /// Whether the objects are a part of the body, and nobody asks for them
    /// before they are taken out of it.
    fn is_part(&self) -> bool {
        let around =
            |expr: &Expr| ["status", "headers", "format"].iter().any(|it| expr.mentions(it));
        let part =
            self.objects.as_ref().is_none_or(|expr| expr.is_part_of("body") && !around(expr));
        let paging = self.paging.iter().flat_map(|it| [&it.more, &it.next, &it.total]);
        part && !paging.flatten().any(|expr| expr.mentions("objects"))
    }

    fn part(&self, mut body: Value, scope: &Scope<'_>) -> Option<Value> {
        match &self.objects {
            Some(expr) => expr.take(&mut body, scope),
            None => Some(body),
        }
    }
}

/// What was found, as a list of objects.
fn objects(found: Option<Value>) -> Result<Vec<Value>, Failure> {
    match found {
        Some(Value::Array(items)) => Ok(items),
        Some(object @ Value::Object(_)) => Ok(vec![object]),
        // What is not where it belongs is no proof that nobody is there. A
        // mapping whose LMS leaves an empty list out says so: `?? []`.
        None | Some(Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) => {
            let says = "the LMS answered without the objects it was asked for";
            Err(Failure::new(Kind::Garbled, says))
        }
    }
}

/// The address of the next page in a `Link` header.
fn link(reply: &Reply) -> Option<Value> {
    let header = Value::String(reply.header("link")?.to_owned());
    crate::mapping::expr::link(&header, "next")
}
