//! Questions that are asked straight: one call, whose words follow from the settings
//! and from what is asked for, and whose answer is a list of objects.
//!
//! Nearly all reads are such, and none of them needs the machine that goes through
//! steps, pages and joins. What does not go as expected is left to it.

mod lens;
mod quiet;
mod words;

use std::sync::Arc;

use serde_json::Value;

use super::expr::{Fuel, Scope};
use super::plan::{KindPlan, Plan, Row};
use super::ready::Ready;
use crate::call::{Form, Wanted};
pub(super) use lens::Lens;

/// A row of the `find` table that is asked straight.
#[derive(Clone, Debug)]
pub(super) struct Straight {
    /// What is wanted of the answer.
    pub(super) wanted: Arc<Wanted>,
    /// The body, where it is a form.
    pub(super) form: Option<Form>,
    /// The function that the call asks for.
    pub(super) asks: Option<Arc<str>>,
    /// How many values one call takes.
    pub(super) many: usize,
    /// What the objects of the answer mean.
    pub(super) lens: Lens,
}

impl Straight {
    /// For each row of a kind, how it is asked straight, where it can be.
    pub(super) fn of_rows(
        plan: &Plan,
        kind: &KindPlan,
        (ready, wanted, settings): (&Ready, &[Option<Arc<Wanted>>], &Value),
    ) -> Vec<Option<Arc<Self>>> {
        let row = |(row, wanted): (&Row, &Option<Arc<Wanted>>)| {
            let wanted = wanted.as_ref()?;
            Self::of(plan, (kind, row), (ready, wanted, settings)).map(Arc::new)
        };
        kind.rows.iter().zip(wanted).map(row).collect()
    }

    fn of(
        plan: &Plan,
        (kind, row): (&KindPlan, &Row),
        (ready, wanted, settings): (&Ready, &Wanted, &Value),
    ) -> Option<Self> {
        let [call] = row.calls.as_slice() else { return None };
        let backend = plan.backends.get(call.backend)?;
        let simple = row.paging.is_none() && !row.brief && !kind.remembered;
        // A login may lay something over the body, which then has to be a tree.
        let laid_over = backend.login.as_ref().is_some_and(|login| login.body.is_some());
        let asked = [&row.value, &row.possible, &row.many];
        let known = asked.into_iter().flatten().all(|it| it.mentions_only(&["settings", "value"]));
        if !simple || laid_over || !known || ready.mentions.lookups {
            return None;
        }
        words::are_known(backend, call).then_some(())?;
        quiet::is_quiet((plan, kind, row), wanted.at(), settings).then_some(())?;
        let names = [("settings", settings)];
        let fuel = Fuel::new();
        let scope = Scope::new(&names, &fuel);
        let many = row.many.as_ref().and_then(|many| many.eval(&scope)?.as_u64()).unwrap_or(1);
        Some(Self {
            wanted: Arc::new(wanted.clone().in_rows()),
            form: words::form(backend, call, &scope),
            asks: words::asks(backend, call, &scope),
            many: usize::try_from(many).unwrap_or(1).max(1),
            lens: Lens::of((kind, row), ready, wanted)?,
        })
    }
}
