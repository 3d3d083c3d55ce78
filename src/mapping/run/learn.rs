//! Lists of the LMS that an operation needs: which they are, and fetching them.

use std::borrow::Cow;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::ask::BY_ID;
use super::cover::Question;
use super::task::Task;
use super::{Goal, Machine};
use crate::call::{Failure, Kind};
use crate::mapping::expr::{Expr, Pick};
use crate::mapping::plan::{Act, CallPlan, KindPlan, Row, Rule, Step, Steps};

impl Machine {
    /// Fetches the lists that these steps and questions use, with all that is asked on
    /// the way, and nobody has any more.
    pub(super) fn plan_lookups(&mut self, steps: &[&Steps], questions: &[Question]) {
        if self.site.plan.lookups.is_empty() {
            return;
        }
        let mut wanted = Wanted::default();
        if let Some(kind) = self.kind.clone() {
            wanted.kind = Some(kind);
            wanted.attributes();
        }
        for steps in steps {
            wanted.steps(steps);
        }
        for (question, _) in questions {
            wanted.question(question);
        }
        match self.goal {
            Goal::Read(_) => wanted.beside(),
            Goal::Create(_) | Goal::Change(_) => wanted.rivals(),
            Goal::Delete | Goal::Session => {}
        }
        for (index, lookup) in self.site.plan.lookups.iter().enumerate() {
            let fresh = self.vars.lookups.get(&lookup.name).is_some();
            if wanted.names.contains(&lookup.name) && !fresh {
                self.tasks.push_back(Task::Steps(lookup.steps.clone()));
                self.tasks.push_back(Task::Learn(index));
            }
        }
    }

    /// What a lookup's steps fetched becomes names. What is no list is no proof that there
    /// is nothing in it, and would be believed for as long as the list is kept.
    pub(super) fn learn(&mut self, index: usize) -> Result<(), Failure> {
        let site = Arc::clone(&self.site);
        let Some(lookup) = site.plan.lookups.get(index) else { return Ok(()) };
        let entries = self.vars.take("entries");
        let unread = || {
            let says = format!("the LMS answered without the list of {}", lookup.name);
            Failure::new(Kind::Garbled, says)
        };
        let entries = entries.as_ref().and_then(Value::as_array).ok_or_else(unread)?;
        let mut learned = Map::new();
        for item in entries {
            let listed = self.vars.names();
            let names = [("item", item)];
            let scope = listed.scope();
            let scope = scope.with(&names);
            let key = lookup.key.text(&scope);
            let value = lookup.value.eval(&scope).map(Cow::into_owned);
            learned.extend(key.zip(value));
        }
        if learned.is_empty() && !entries.is_empty() {
            return Err(unread());
        }
        if let Value::Object(all) = &mut self.vars.lookups {
            all.insert(lookup.name.clone(), Value::Object(learned.clone()));
        }
        self.done.learned.insert(lookup.name.clone(), Value::Object(learned));
        Ok(())
    }
}

/// Which lists are wanted.
#[derive(Default)]
struct Wanted {
    kind: Option<Arc<KindPlan>>,
    names: Vec<String>,
}

impl Wanted {
    fn expr(&mut self, expr: &Expr) {
        expr.paths(&mut |path| {
            if let ("lookup", Some(Pick::Key(key))) = (path.root.as_str(), path.picks.first()) {
                self.names.push(key.clone());
            }
        });
    }

    fn exprs<'e>(&mut self, exprs: impl IntoIterator<Item = &'e Expr>) {
        exprs.into_iter().for_each(|expr| self.expr(expr));
    }

    /// What is written and read of any resource of the kind.
    fn attributes(&mut self) {
        let Some(kind) = self.kind.clone() else { return };
        for attribute in &kind.attributes {
            self.exprs(attribute.to_lms.iter().chain(&attribute.from_lms).chain(&attribute.when));
            let fields = [&attribute.read, &attribute.create, &attribute.update];
            fields.into_iter().flatten().for_each(|field| self.exprs(field.holes()));
        }
        for derived in &kind.derived {
            self.expr(&derived.value);
            self.exprs(derived.field.holes());
        }
        self.exprs(kind.gone.iter().chain(&kind.protected));
        self.rules(&kind.rules);
    }

    /// What further calls of a read may be.
    fn beside(&mut self) {
        let Some(kind) = self.kind.clone() else { return };
        kind.joins.iter().for_each(|join| self.steps(&join.steps));
        kind.members.iter().flat_map(|it| &it.read).for_each(|steps| self.steps(steps));
    }

    /// What a write may have to read: the resource, and who has its unique values.
    fn rivals(&mut self) {
        let Some(kind) = self.kind.clone() else { return };
        self.question(BY_ID);
        let telling = kind.attributes.iter().filter(|it| it.unique || it.required);
        telling.for_each(|attribute| self.question(&format!("{} eq", attribute.name)));
    }

    fn steps(&mut self, steps: &[Step]) {
        for step in steps {
            self.step(step);
        }
    }

    fn step(&mut self, step: &Step) {
        self.exprs(step.when.iter().chain(&step.each).chain(&step.chunk));
        self.exprs(step.keep.iter().map(|(_, expr)| expr));
        self.rules(&step.rules);
        self.steps(&step.undo);
        match &step.act {
            Act::Call(plan) => self.call(plan),
            Act::Do(inner) => self.steps(inner),
            Act::Find(question, with) => {
                self.expr(with);
                self.question(question);
            }
            Act::Load => self.question(BY_ID),
            Act::Fail(_, says) => self.exprs(says.holes()),
            Act::Keep => {}
        }
    }

    fn question(&mut self, question: &str) {
        let kind = self.kind.clone();
        if let Some(row) = kind.as_ref().and_then(|kind| kind.row(question)) {
            self.row(row);
        }
    }

    fn row(&mut self, row: &Row) {
        let own = [&row.objects, &row.value, &row.possible, &row.many];
        self.exprs(own.into_iter().flatten());
        let paging = row.paging.iter().flat_map(|it| [&it.more, &it.next, &it.total]);
        self.exprs(paging.flatten());
        self.rules(&row.rules);
        row.calls.iter().for_each(|call| self.call(call));
    }

    fn call(&mut self, call: &CallPlan) {
        for tree in call.body.iter().chain(&call.query) {
            tree.visit(&mut |expr| self.expr(expr));
        }
        self.exprs(crate::mapping::template::holes(&call.path));
        call.headers.iter().for_each(|(_, text)| self.exprs(text.holes()));
    }

    fn rules(&mut self, rules: &[Rule]) {
        for rule in rules {
            self.exprs(std::iter::once(&rule.when).chain(&rule.wait));
            rule.says.iter().for_each(|says| self.exprs(says.holes()));
        }
    }
}
