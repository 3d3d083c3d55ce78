//! The `find` table: which question is answered by which call.

use super::Compiler;
use super::step::Purpose;
use crate::mapping::expr::Names;
use crate::mapping::fault::{Fault, Span};
use crate::mapping::plan::{CallPlan, Paging, Row, Strategy};
use crate::mapping::source::{Entry, Fields, Node};
use crate::mapping::template::holes;
use crate::scim::{Operator, ResourceType};

/// The question that reads one resource by its id.
pub(super) const BY_ID: &str = "id eq";
/// The question for everything.
pub(super) const ALL: &str = "*";

impl Compiler {
    /// The canonical form of a question, or a fault.
    pub(super) fn question(
        &mut self,
        text: &str,
        span: &Span,
        around: &ResourceType,
    ) -> Option<String> {
        if text == ALL {
            return Some(ALL.to_owned());
        }
        let Some((path, operator)) = text.rsplit_once(' ') else {
            let fault = Fault::new(span, format!("`{text}` is no question"));
            let hint = "write a path and an operator, as in \"userName eq\", or \"*\" for all";
            self.faults.push(fault.hint(hint));
            return None;
        };
        let Some(operator) = Operator::parse(operator) else {
            let span = span.within(path.len() + 1, operator.len());
            let fault = Fault::new(&span, format!("`{operator}` is no operator of SCIM"));
            self.faults.push(fault.hint("operators are eq, co, sw, ew, ne, gt, ge, lt, le"));
            return None;
        };
        let slot = self.slot(path.trim(), span, around)?;
        Some(format!("{} {}", slot.place, operator.as_str()))
    }

    /// A table of rows, each question once.
    pub(super) fn rows(&mut self, table: &[Entry], around: &ResourceType) -> Vec<Row> {
        let mut rows: Vec<Row> = Vec::with_capacity(table.len());
        for entry in table {
            let Some(row) = self.row(entry, around) else { continue };
            if rows.iter().any(|known| known.question.eq_ignore_ascii_case(&row.question)) {
                let message =
                    format!("`{}` and another key are both `{}`", entry.key, row.question);
                let fault = Fault::new(&entry.span, message).label("asked twice");
                self.faults.push(fault.hint("leave one of them; case does not tell them apart"));
            }
            rows.push(row);
        }
        rows
    }

    fn row(&mut self, entry: &Entry, around: &ResourceType) -> Option<Row> {
        let question = self.question(&entry.key, &entry.span, around)?;
        let what = format!("the answer to `{}`", entry.key);
        let mut fields = Fields::open(&entry.node, &what, &mut self.faults)?;
        let names = self.names();
        let asked = names.and(&["value"]);
        let value = fields.take("value").and_then(|node| self.expr(node, &asked));
        let possible = fields.take("possible").and_then(|node| self.expr(node, &asked));
        let many = fields.take("many").and_then(|node| self.expr(node, &names));
        let paging = fields.take("page").and_then(|node| self.paging(node));
        let before = self.faults.len();
        let calls = self.row_calls(&mut fields, &names, &question);
        let told = self.faults.len() > before;
        let reply = names.and(&["value", "values", "status", "headers", "format", "body"]);
        let objects = fields.take("objects").and_then(|node| self.expr(node, &reply));
        let exact = fields.take("exact").is_none_or(|node| node.truth() != Some(false));
        let row = Row {
            question,
            calls,
            objects,
            value,
            possible,
            many,
            exact,
            brief: fields.flag("brief", &mut self.faults),
            rules: self.rules(fields.many("errors"), &names.and(&["value", "values"])),
            paging,
        };
        if row.many.is_some() && !told && !row.calls.iter().any(names_values) {
            let message = format!("{what} says `many`, and no call of it names `values`");
            let fault = Fault::new(fields.span(), message);
            self.faults
                .push(fault.hint("write \"{values}\": `{value}` is the first of them alone"));
        }
        if row.calls.is_empty() && !told {
            let fault = Fault::new(fields.span(), format!("{what} makes no call"));
            self.faults.push(fault.hint("add get = \"/path\", or query or body"));
        }
        fields.close(&what, &mut self.faults);
        Some(row)
    }

    /// One call, or several whose objects are united.
    fn row_calls(
        &mut self,
        fields: &mut Fields<'_>,
        names: &Names,
        question: &str,
    ) -> Vec<CallPlan> {
        let mut names = names.clone();
        if question != ALL {
            names = names.and(&["value", "values"]);
        }
        let page = ["number", "offset", "size", "cursor"].map(str::to_owned);
        names.add_closed("page", page.to_vec());
        let purpose = Purpose::read(0);
        let mut calls = Vec::new();
        for node in fields.many("union") {
            let Some(mut inner) = Fields::open(node, "a call of `union`", &mut self.faults) else {
                continue;
            };
            calls.extend(self.call(&mut inner, &names, &purpose).ok().flatten());
            inner.close("a call of `union`", &mut self.faults);
        }
        calls.extend(self.call(fields, &names, &purpose).ok().flatten());
        calls
    }

    fn paging(&mut self, node: &Node) -> Option<Paging> {
        let mut fields = Fields::open(node, "`page`", &mut self.faults)?;
        let by = fields.take("by");
        if by.is_none() {
            let fault =
                Fault::new(fields.span(), "`page` does not say how pages follow each other");
            self.faults.push(fault.hint("add by = \"number\", \"offset\", \"cursor\" or \"link\""));
        }
        let known = [
            ("number", Strategy::Number),
            ("offset", Strategy::Offset),
            ("cursor", Strategy::Cursor),
            ("link", Strategy::Link),
        ];
        let strategy = by.and_then(|node| self.one_of(node, &known));
        // An offset says how many come before, and before the first there is nobody.
        let first = u64::from(strategy != Some(Strategy::Offset));
        let names =
            self.names().and(&["status", "headers", "format", "body", "page", "objects", "value"]);
        let (more, next, total) = (fields.take("more"), fields.take("next"), fields.take("total"));
        let paging = Paging {
            strategy: strategy?,
            size: fields.number("size", &mut self.faults).unwrap_or(100).max(1),
            first: fields.number("first", &mut self.faults).unwrap_or(first),
            more: more.and_then(|node| self.expr(node, &names)),
            next: next.and_then(|node| self.expr(node, &names)),
            total: total.and_then(|node| self.expr(node, &names)),
            reach: fields.number("reach", &mut self.faults),
            most: fields.number("most", &mut self.faults).unwrap_or(2000),
        };
        if paging.strategy == Strategy::Cursor && paging.next.is_none() {
            let fault =
                Fault::new(fields.span(), "paging by cursor does not say where the cursor is");
            self.faults.push(fault.hint("add next = \"body.paging.cursor\""));
        }
        fields.close("`page`", &mut self.faults);
        Some(paging)
    }
}

/// Whether a call asks for all values of its batch.
fn names_values(call: &CallPlan) -> bool {
    let mut named = false;
    let trees = call.body.iter().chain(&call.query);
    trees.for_each(|tree| tree.visit(&mut |expr| named |= expr.mentions("values")));
    named || holes(&call.path).any(|expr| expr.mentions("values"))
}
