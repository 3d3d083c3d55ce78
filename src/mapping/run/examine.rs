//! Examinations: what a mapping asks of an installation before it is trusted.

use std::sync::Arc;

use serde_json::Value;

use super::task::Task;
use super::{Goal, Machine, Moment, Run, Site};

impl Site {
    /// An examination of a backend on its way, by its place in the mapping. It
    /// sees as `needed` what the whole mapping asks that backend for.
    pub fn examine(self: &Arc<Self>, backend: &str, number: usize, moment: &Moment) -> Option<Run> {
        let index = self.plan.backends.iter().position(|it| &*it.name == backend)?;
        let examination = self.plan.backends.get(index)?.doctor.get(number)?;
        let mut run = Machine::new(self, None, Goal::Session, moment);
        run.vars.set("needed", self.plan.asked(index).into_iter().map(Value::from).collect());
        run.tasks.push_back(Task::Steps(Arc::clone(&examination.steps)));
        Some(run.into())
    }
}
