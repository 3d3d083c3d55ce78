//! Taking steps.

use std::borrow::Cow;
use std::sync::Arc;

use serde_json::Value;

use super::frame::{Frame, Pending};
use super::judge::{Judged, Seen, judge};
use super::seek::Then;
use super::task::Task;
use super::{Goal, Machine, Turn};
use crate::call::{Call, Failure, Kind, Reply};
use crate::mapping::expr::Expr;
use crate::mapping::plan::{Act, Step, Steps};

impl Machine {
    /// One turn of the innermost frame.
    pub(super) fn turn(&mut self) -> Result<Turn, Failure> {
        let Some(frame) = self.frames.pop() else { return Ok(Turn::Again) };
        match frame {
            Frame::Steps { steps, at } => {
                if at >= steps.len() {
                    return Ok(Turn::Again);
                }
                self.frames.push(Frame::Steps { steps: steps.clone(), at: at + 1 });
                self.begin(&steps, at)
            }
            Frame::Each { steps, index, mut items, name } => {
                let Some(item) = items.pop_front() else {
                    self.vars.take(name);
                    return Ok(Turn::Again);
                };
                self.vars.set(name, item);
                self.frames.push(Frame::Each { steps: steps.clone(), index, items, name });
                self.act(&steps, index)
            }
            Frame::Seek(seek) => self.turn_seek(seek),
            Frame::Look { probes, asked, otherwise } => self.turn_look(probes, asked, otherwise),
            Frame::Joins { at, join, waiting } => Ok(self.turn_joins(at, join, waiting)),
            Frame::Members { at, waiting } => self.turn_members(at, waiting),
        }
    }

    fn begin(&mut self, steps: &Steps, index: usize) -> Result<Turn, Failure> {
        let Some(step) = steps.get(index) else { return Ok(Turn::Again) };
        if step.each.is_none() {
            return self.act(steps, index);
        }
        if !self.holds(step.when.as_ref()) {
            return Ok(Turn::Again);
        }
        let list = step.each.as_ref().and_then(|each| self.value(each));
        let items = match list {
            Some(Value::Array(items)) => items,
            Some(Value::Null) | None => Vec::new(),
            Some(one) => vec![one],
        };
        let size = step.chunk.as_ref().and_then(|chunk| self.value(chunk)?.as_u64());
        let (items, name) = match size.map(|size| usize::try_from(size).unwrap_or(1).max(1)) {
            Some(size) => {
                let chunks = items.chunks(size).map(|chunk| Value::Array(chunk.to_vec()));
                (chunks.collect(), "batch")
            }
            None => (items.into(), "item"),
        };
        self.frames.push(Frame::Each { steps: steps.clone(), index, items, name });
        Ok(Turn::Again)
    }

    fn act(&mut self, steps: &Steps, index: usize) -> Result<Turn, Failure> {
        let Some(step) = steps.get(index) else { return Ok(Turn::Again) };
        if !self.holds(step.when.as_ref()) || self.has_nothing_to_send(step) {
            return Ok(Turn::Again);
        }
        match &step.act {
            Act::Call(_) => Ok(Turn::Wait(Pending::Step { steps: steps.clone(), index })),
            Act::Find(question, with) => {
                let values = match self.value(with) {
                    Some(Value::Array(items)) => items,
                    Some(Value::Null) | None => Vec::new(),
                    Some(one) => vec![one],
                };
                self.keep_after(steps, index);
                self.seek(question, &values, Then::Found)?;
                Ok(Turn::Again)
            }
            Act::Load => {
                let id = self.vars.get("id").cloned().ok_or_else(super::task::missing)?;
                self.keep_after(steps, index);
                self.seek(super::ask::BY_ID, &[id], Then::Load)?;
                Ok(Turn::Again)
            }
            Act::Do(inner) => {
                self.frames.push(Frame::steps(inner.clone()));
                Ok(Turn::Again)
            }
            Act::Fail(kind, says) => {
                let listed = self.vars.names();
                let says = says.render(&listed.scope()).unwrap_or_default();
                Err(Failure::new(*kind, says))
            }
            Act::Keep => {
                self.keep(step, None);
                Ok(Turn::Again)
            }
        }
    }

    /// A call about the record that has nothing of it to say is not made.
    fn has_nothing_to_send(&self, step: &Step) -> bool {
        !step.sends.is_empty() && step.sends.iter().all(|path| self.is_empty(path))
    }

    fn is_empty(&self, path: &Expr) -> bool {
        self.value(path)
            .is_none_or(|value| value.as_object().is_some_and(serde_json::Map::is_empty))
    }

    pub(super) fn value(&self, expr: &Expr) -> Option<Value> {
        let listed = self.vars.names();
        expr.eval(&listed.scope()).map(Cow::into_owned)
    }

    fn holds(&self, condition: Option<&Expr>) -> bool {
        let listed = self.vars.names();
        condition.is_none_or(|when| when.holds(&listed.scope()))
    }

    pub(super) fn render_pending(&self, pending: &Pending, masked: bool) -> Result<Call, Failure> {
        let Pending::Step { steps, index } = pending else { return self.render_seek(masked) };
        let listed = if masked { self.vars.masked() } else { self.vars.names() };
        match steps.get(*index).map(|step| &step.act) {
            Some(Act::Call(plan)) => super::render::call(&self.site, plan, &listed.scope()),
            _ => Err(super::task::unanswerable()),
        }
    }

    pub(super) fn receive(
        &mut self,
        pending: Pending,
        reply: Result<Reply, Failure>,
    ) -> Result<(), Failure> {
        let Pending::Step { steps, index } = pending else { return self.receive_seek(reply) };
        let Some(step) = steps.get(index) else { return Ok(()) };
        let reply = reply.map_err(|failure| self.beside(&steps, failure))?;
        match self.judged(step, &reply) {
            Judged::Fine => {}
            Judged::Bad(failure) => return Err(self.beside(&steps, failure)),
            Judged::Unclear(failure) => {
                self.frames.clear();
                self.tasks.push_front(Task::Look(Some(failure)));
                return Ok(());
            }
        }
        self.keep(step, Some(&reply));
        // A later step may tell it: some LMSs answer a create with nothing.
        let later = steps.iter().skip(index + 1).any(Step::keeps_id);
        if step.keeps_id() && !later {
            self.has_named_it()?;
        }
        if !step.undo.is_empty() {
            self.undo.push(step.undo.clone());
        }
        Ok(())
    }

    /// What a failure means where it is not about the resource at hand: about a list that
    /// is fetched for it, or by HTTP's own 404 about what belongs to one that the LMS has
    /// shown already. That must not look as if the resource were not there.
    fn beside(&self, steps: &Steps, mut failure: Failure) -> Failure {
        let lookups = &self.site.plan.lookups;
        let listed = lookups.iter().any(|lookup| Arc::ptr_eq(&lookup.steps, steps));
        let reads = matches!(self.goal, Goal::Read(_)) && failure.status == Some(404);
        let says_it = match failure.kind {
            Kind::Missing => listed || reads,
            Kind::Invalid | Kind::Duplicate => listed,
            _ => false,
        };
        if says_it {
            failure.kind = Kind::Garbled;
            failure.attribute = None;
            failure.detail = format!("the LMS lacks what belongs to it: {}", failure.detail);
        }
        failure
    }

    /// A create whose reply names nobody may have made somebody: nothing of what follows
    /// would be about him, so he has to be looked for.
    fn has_named_it(&self) -> Result<(), Failure> {
        let (Goal::Create(_), Some(kind)) = (&self.goal, &self.kind) else { return Ok(()) };
        let id = self.vars.get("id").and_then(|id| kind.id.print_native(id));
        id.map(|_| ()).ok_or_else(super::done::unnamed)
    }

    pub(super) fn judged(&self, step: &Step, reply: &Reply) -> Judged {
        let listed = self.vars.names();
        let scope = listed.scope();
        let seen = Seen::of(reply);
        let names = seen.names();
        let Act::Call(plan) = &step.act else { return Judged::Fine };
        let kind_rules = self.kind.iter().flat_map(|kind| &kind.rules);
        let backend = self.site.plan.backends.get(plan.backend);
        let rules = step.rules.iter().chain(kind_rules);
        let rules = rules.chain(backend.iter().flat_map(|backend| &backend.rules));
        judge(reply, &scope.with(&names), rules)
    }

    /// Keeps what a step says of its outcome.
    pub(super) fn keep(&mut self, step: &Step, reply: Option<&Reply>) {
        let seen = reply.map(Seen::of);
        for (name, expr) in &step.keep {
            let value = {
                let listed = self.vars.names();
                let scope = listed.scope();
                match &seen {
                    Some(seen) => {
                        let names = seen.names();
                        let scope = scope.with(&names);
                        expr.eval(&scope).map(Cow::into_owned)
                    }
                    None => expr.eval(&scope).map(Cow::into_owned),
                }
            };
            self.vars.keep(name, value);
        }
    }

    /// What a `find` step keeps can be known only after the question.
    fn keep_after(&mut self, steps: &Steps, index: usize) {
        self.keeping.push((steps.clone(), index));
    }

    pub(super) fn after_find(&mut self) {
        let waiting = self.keeping.pop();
        if let Some((steps, index)) = waiting
            && let Some(step) = steps.get(index)
        {
            self.keep(step, None);
        }
    }
}
