//! What the rows of an answer mean.

use std::borrow::Cow;
use std::sync::Arc;

use serde_json::Value;

use crate::call;
use crate::mapping::expr::{Expr, Pick, Scope, plain_text};
use crate::mapping::lift::Lift;
use crate::mapping::picture::{Shown, Sight};
use crate::mapping::plan::{KindPlan, Row};
use crate::mapping::ready::Ready;
use crate::scim::ResourceId;

/// Where in a row everything stands.
#[derive(Clone, Debug)]
pub(in crate::mapping) struct Lens {
    id: usize,
    /// Attributes that are a field and no more, by their field.
    plain: Vec<(usize, Vec<usize>)>,
    /// Attributes that stand within a field.
    within: Vec<(usize, usize)>,
    /// Whether an object is meant at all.
    picks: Vec<Condition>,
    /// Whether an object is really deleted.
    gone: Option<Condition>,
}

/// Something about a row.
#[derive(Clone, Debug)]
struct Condition {
    expr: Expr,
    /// The fields that it looks at, by the names it knows them by.
    names: Vec<(String, usize)>,
}

impl Lens {
    /// The lens of a row, where everything is somewhere.
    pub(super) fn of(
        (kind, row): (&KindPlan, &Row),
        ready: &Ready,
        wanted: &call::Wanted,
    ) -> Option<Self> {
        let [(_, Expr::Path(id))] = kind.id.parts.as_slice() else { return None };
        let ([Pick::Key(key)], "lms") = (id.picks.as_slice(), id.root.as_str()) else {
            return None;
        };
        let gone = kind.gone.as_ref().map(|gone| Condition::of(gone, "lms", wanted));
        let picks = conditions(row.objects.as_ref()).into_iter();
        let plain = ready.plain.iter();
        let within =
            ready.rest.iter().map(|&index| Some((wanted.index(ready.head_of(index)?)?, index)));
        let made = kind.attributes.iter().filter_map(|attribute| attribute.from_lms.as_ref());
        // An `item` is one of a list that the value is.
        let known = ["settings", "value", "item"];
        made.into_iter().all(|it| it.mentions_only(&known)).then_some(())?;
        Some(Self {
            id: wanted.index(key)?,
            plain: plain
                .map(|(field, own)| Some((wanted.index(field)?, own.clone())))
                .collect::<Option<_>>()?,
            within: within.collect::<Option<_>>()?,
            picks: picks.map(|it| Condition::of(it, "item", wanted)).collect::<Option<_>>()?,
            gone: match gone {
                Some(gone) => Some(gone?),
                None => None,
            },
        })
    }

    /// Whether a row is one of those that were asked for.
    pub(in crate::mapping) fn picks(&self, row: &call::Row, scope: &Scope<'_>) -> bool {
        self.picks.iter().all(|condition| condition.holds(row, scope))
    }

    /// Whether the LMS still shows an object that is really deleted.
    pub(in crate::mapping) fn gone(&self, row: &call::Row, scope: &Scope<'_>) -> bool {
        self.gone.as_ref().is_some_and(|gone| gone.holds(row, scope))
    }

    /// The SCIM id of a row.
    pub(in crate::mapping) fn id(&self, kind: &KindPlan, row: &call::Row) -> Option<ResourceId> {
        kind.id.print_one(&plain_text(row.get(self.id)?.as_ref()?)?)
    }

    /// What a row shows.
    pub(in crate::mapping) fn sight(
        &self,
        kind: &Arc<KindPlan>,
        (ready, scope): (&Ready, Scope<'_>),
        (id, mut row): (ResourceId, call::Row),
    ) -> Sight {
        let lift = Lift { kind, ready: Cow::Borrowed(ready), scope };
        let mut shown = Shown::nothing_of(kind.attributes.len());
        for (field, index) in &self.within {
            let value = row.get(*field).and_then(Option::as_ref);
            let (Some(attribute), Some(place)) =
                (kind.attributes.get(*index), shown.get_mut(*index))
            else {
                continue;
            };
            let raw = value.and_then(|value| ready.below(*index, value));
            *place = lift.meaning(attribute, raw.map(Cow::Borrowed), &[]);
        }
        for (field, attributes) in &self.plain {
            if let Some(value) = row.get_mut(*field).and_then(Option::take) {
                lift.take(attributes.iter().copied(), value, &mut |index, told| {
                    if let Some(place) = shown.get_mut(index) {
                        *place = told;
                    }
                });
            }
        }
        Sight { kind: Arc::clone(kind), id: Some(id), shown, members: None }
    }
}

impl Condition {
    /// A condition on what is behind a name, by its fields.
    fn of(expr: &Expr, root: &str, wanted: &call::Wanted) -> Option<Self> {
        expr.mentions_only(&["settings", root]).then_some(())?;
        let (expr, keys) = expr.by_fields(root)?;
        let named =
            keys.into_iter().map(|key| Some((format!("{root}.{key}"), wanted.index(&key)?)));
        Some(Self { expr, names: named.collect::<Option<_>>()? })
    }

    fn holds(&self, row: &call::Row, scope: &Scope<'_>) -> bool {
        let value = |index: usize| row.get(index)?.as_ref();
        let there = self.names.iter().filter_map(|(name, index)| {
            let value = value(*index)?;
            Some((name.as_str(), value))
        });
        let names: Vec<(&str, &Value)> = there.collect();
        self.expr.holds(&scope.with(&names))
    }
}

/// The conditions by which objects are picked out of a list.
fn conditions(objects: Option<&Expr>) -> Vec<&Expr> {
    let mut all = Vec::new();
    let mut at = objects;
    while let Some(Expr::Pipe(pipe)) = at {
        all.extend(&pipe.arguments);
        at = Some(&pipe.input);
    }
    all
}
