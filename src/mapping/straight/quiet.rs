//! Whether no rule of a mapping has anything to say about a plain success.

use serde_json::{Map, Value};

use crate::mapping::expr::{Fuel, Scope};
use crate::mapping::plan::{KindPlan, Plan, Row, Rule};

/// What rules may look at, so that it is known beforehand what they say. An `item` is
/// one of a list that they look at.
const KNOWN: [&str; 6] = ["settings", "status", "headers", "format", "body", "item"];

/// Whether an answer with nothing in it but a list of objects is a success. What else
/// is in it has to be judged.
pub(super) fn is_quiet(
    (plan, kind, row): (&Plan, &KindPlan, &Row),
    at: Option<&str>,
    settings: &Value,
) -> bool {
    let list = || Value::Array(Vec::new());
    let body = at.map_or_else(list, |at| Value::Object(Map::from_iter([(at.to_owned(), list())])));
    let (status, format) = (Value::from(200), Value::from("json"));
    let names = [("settings", settings), ("status", &status), ("format", &format), ("body", &body)];
    let fuel = Fuel::new();
    let scope = Scope::new(&names, &fuel);
    plan.rules_of(kind, row)
        .all(|rule| rule.when.mentions_only(&KNOWN) && says_nothing(rule, &body, &scope))
}

fn says_nothing(rule: &Rule, body: &Value, scope: &Scope<'_>) -> bool {
    let told = rule.needs.as_ref().is_none_or(|key| body.get(key).is_some());
    !told || !(rule.when.mentions("headers") || rule.when.holds(scope))
}
