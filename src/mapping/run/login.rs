//! Opening a session.

use std::sync::Arc;

use serde_json::Value;

use super::task::Task;
use super::{Goal, Machine, Moment, Run, Site};
use crate::call::{Failure, Kind};
use crate::mapping::expr::{Expr, Fuel, Scope};
use crate::mapping::plan::Login;

impl Site {
    /// Opening a session of a backend; nothing where it needs none.
    pub fn login(self: &Arc<Self>, backend: &str, session: &Value, moment: &Moment) -> Option<Run> {
        let index = self.plan.backends.iter().position(|known| &*known.name == backend)?;
        let login = self.plan.backends.get(index)?.login.as_ref()?;
        let mut run = Machine::new(self, None, Goal::Session, moment);
        run.vars.set("session", session.clone());
        run.tasks.push_back(Task::Steps(login.steps.clone()));
        run.tasks.push_back(Task::Pass(index));
        Some(run.into())
    }
}

impl Machine {
    /// Whether a login brought what calls are to show. Without it they would be made by
    /// nobody, and many an LMS shows nobody an empty list.
    pub(super) fn has_pass(&self, backend: usize) -> Result<(), Failure> {
        let login = self.site.plan.backends.get(backend).and_then(|it| it.login.as_ref());
        let Some(login) = login else { return Ok(()) };
        let session = Value::Object(self.vars.kept());
        let names = [("session", &session), ("settings", &self.site.settings)];
        let fuel = Fuel::new();
        let scope = Scope::new(&names, &fuel);
        let mut lacks = false;
        login.shows(&mut |expr| {
            lacks |= expr.mentions("session") && !expr.eval(&scope).as_deref().is_some_and(is_told);
        });
        if lacks {
            let says = "logging in to the LMS did not bring what its calls have to show";
            return Err(Failure::new(Kind::Garbled, says));
        }
        Ok(())
    }
}

impl Login {
    /// Visits what is shown of a session.
    fn shows(&self, visit: &mut dyn FnMut(&Expr)) {
        self.headers.iter().flat_map(|(_, text)| text.holes()).for_each(&mut *visit);
        let trees = self.query.iter().chain(&self.body);
        trees.for_each(|tree| tree.visit(visit));
    }
}

fn is_told(value: &Value) -> bool {
    !value.is_null() && value.as_str() != Some("")
}
