//! Evaluating an expression: total, bounded, borrowing where it can.

use std::borrow::Cow;
use std::cell::Cell;

use serde_json::{Map, Value};

use super::functions::{LONGEST, as_text, plain_text};
use super::table::{Each, Takes};
use super::{Comparison, Expr, Path, Pick, Pipe};

/// How much one rendering may cost. Running dry makes everything absent, a text that
/// grows too long is absent itself, and both are remembered, so that the caller refuses
/// the result instead of using it.
#[derive(Debug)]
pub struct Fuel {
    left: Cell<u32>,
    cut: Cell<bool>,
}

impl Fuel {
    /// Enough for any honest mapping with thousands of members.
    const FULL: u32 = 4_000_000;

    /// A full tank.
    pub fn new() -> Self {
        Self::of(Self::FULL)
    }

    /// A tank of that size.
    pub fn of(amount: u32) -> Self {
        Self { left: Cell::new(amount), cut: Cell::new(false) }
    }

    /// Whether it ran dry, or something was too long.
    pub fn dry(&self) -> bool {
        self.left.get() == 0 || self.cut.get()
    }

    fn burn(&self) -> bool {
        let left = self.left.get().saturating_sub(1);
        self.left.set(left);
        left > 0
    }
}

impl Default for Fuel {
    fn default() -> Self {
        Self::new()
    }
}

/// The names an expression sees. Scopes chain, the inner one first.
#[derive(Clone, Copy, Debug)]
pub struct Scope<'v> {
    up: Option<&'v Scope<'v>>,
    names: &'v [(&'v str, &'v Value)],
    fuel: &'v Fuel,
}

impl<'v> Scope<'v> {
    /// A scope with these names.
    pub fn new(names: &'v [(&'v str, &'v Value)], fuel: &'v Fuel) -> Self {
        Self { up: None, names, fuel }
    }

    /// A scope with further names in front of this one's.
    pub fn with<'n>(&'n self, names: &'n [(&'n str, &'n Value)]) -> Scope<'n>
    where
        'v: 'n,
    {
        Scope { up: Some(self), names, fuel: self.fuel }
    }

    /// The value behind a name.
    pub fn get(&self, name: &str) -> Option<&'v Value> {
        let own = self.names.iter().find(|(known, _)| *known == name).map(|(_, value)| *value);
        own.or_else(|| self.up?.get(name))
    }

    /// Whether an evaluation in this scope was cut short.
    pub fn dry(&self) -> bool {
        self.fuel.dry()
    }
}

/// Whether a value counts as true: absent, null, false, 0, '' and what has no
/// items do not.
pub fn truthy(value: Option<&Value>) -> bool {
    value.is_some_and(|value| match value {
        Value::Bool(truth) => *truth,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::Null | Value::String(_) | Value::Array(_) | Value::Object(_) => truthy_size(value),
    })
}

/// Whether there is anything in a value: false and 0 are something.
pub(super) fn truthy_size(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(_) | Value::Number(_) => true,
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(fields) => !fields.is_empty(),
    }
}

type Found<'v> = Option<Cow<'v, Value>>;

impl Expr {
    /// The value of the expression, absent when there is none.
    pub fn eval<'v>(&'v self, scope: &Scope<'v>) -> Found<'v> {
        if !scope.fuel.burn() {
            return None;
        }
        match self {
            Self::Plain(value) => Some(Cow::Borrowed(value)),
            Self::Path(path) => path.eval(scope),
            Self::List(items) => {
                let items = items.iter().filter_map(|item| item.eval(scope));
                Some(Cow::Owned(items.map(Cow::into_owned).collect()))
            }
            Self::Object(fields) => {
                let fields = fields
                    .iter()
                    .filter_map(|(key, item)| Some((key.clone(), item.eval(scope)?.into_owned())));
                Some(Cow::Owned(Value::Object(fields.collect::<Map<_, _>>())))
            }
            Self::Not(_) | Self::And(..) | Self::Or(..) | Self::Compare(..) => {
                Some(Cow::Owned(Value::Bool(self.is_true(scope))))
            }
            Self::Else(left, right) => {
                left.eval(scope).filter(|value| !value.is_null()).or_else(|| right.eval(scope))
            }
            Self::Choice(condition, yes, no) => {
                if condition.holds(scope) {
                    yes.eval(scope)
                } else {
                    no.eval(scope)
                }
            }
            Self::Pipe(pipe) => pipe.eval(scope),
        }
    }

    /// Whether the expression counts as true.
    pub fn holds(&self, scope: &Scope<'_>) -> bool {
        scope.fuel.burn() && self.is_true(scope)
    }

    fn is_true(&self, scope: &Scope<'_>) -> bool {
        match self {
            Self::Not(inner) => !inner.holds(scope),
            Self::And(left, right) => left.holds(scope) && right.holds(scope),
            Self::Or(left, right) => left.holds(scope) || right.holds(scope),
            Self::Compare(how, left, right) => {
                // The scope is copied so that its lifetime can be as short as this call.
                let scope = *scope;
                let (left, right) = (left.eval(&scope), right.eval(&scope));
                compare(*how, left.as_deref(), right.as_deref())
            }
            other => {
                let scope = *scope;
                truthy(other.eval(&scope).as_deref())
            }
        }
    }

    /// The value of the expression as a text.
    pub fn text(&self, scope: &Scope<'_>) -> Option<String> {
        let scope = *scope;
        plain_text(self.eval(&scope)?.as_ref())
    }
}

impl Path {
    fn eval<'v>(&'v self, scope: &Scope<'v>) -> Found<'v> {
        let mut value = scope.get(&self.root)?;
        for pick in &self.picks {
            value = match pick {
                Pick::Key(key) => value.get(key)?,
                Pick::Index(index) => at(value, *index)?,
                Pick::Of(inner) => {
                    let key = inner.eval(scope)?;
                    match key.as_i64() {
                        Some(index) if value.is_array() => at(value, index)?,
                        _ => value.get(plain_text(&key)?)?,
                    }
                }
            };
        }
        Some(Cow::Borrowed(value))
    }
}

fn at(value: &Value, index: i64) -> Option<&Value> {
    let items = value.as_array()?;
    let forward = usize::try_from(index).ok();
    let backward = || items.len().checked_sub(usize::try_from(index.unsigned_abs()).ok()?);
    items.get(forward.or_else(backward)?)
}

impl Pipe {
    fn eval<'v>(&'v self, scope: &Scope<'v>) -> Found<'v> {
        let input = self.input.eval(scope);
        if let Takes::Each(each) = self.function.takes {
            return self.each(each, input.as_deref()?, scope).map(Cow::Owned);
        }
        let arguments: Option<Vec<Value>> = self
            .arguments
            .iter()
            .map(|argument| argument.eval(scope).map(Cow::into_owned))
            .collect();
        let arguments = arguments?;
        let there = || input.as_deref().filter(|value| !value.is_null());
        let made = match self.function.takes {
            Takes::Value(run) => run(there()?, &arguments),
            Takes::Anything(run) => return run(input.as_deref(), &arguments).map(Cow::Owned),
            Takes::Pattern(run) => run(&as_text(there()?)?, self.pattern.as_ref()?, &arguments),
            Takes::Each(_) => None,
        };
        let long = made.as_ref().and_then(Value::as_str).is_some_and(|it| it.len() > LONGEST);
        if long {
            scope.fuel.cut.set(true);
        }
        made.filter(|_| !long).map(Cow::Owned)
    }

    fn each(&self, each: Each, input: &Value, scope: &Scope<'_>) -> Option<Value> {
        let items = input.as_array()?;
        let body = self.arguments.first()?;
        let holds = |item: &Value| body.holds(&scope.with(&[("item", item)]));
        Some(match each {
            Each::Where => items.iter().filter(|item| holds(item)).cloned().collect(),
            Each::Any => Value::Bool(items.iter().any(holds)),
            Each::All => Value::Bool(items.iter().all(holds)),
            Each::Map => items
                .iter()
                .filter_map(|item| {
                    let names = [("item", item)];
                    let inner = scope.with(&names);
                    body.eval(&inner).map(Cow::into_owned)
                })
                .collect(),
        })
    }
}

fn compare(how: Comparison, left: Option<&Value>, right: Option<&Value>) -> bool {
    let null = Value::Null;
    let (left, right) = (left.unwrap_or(&null), right.unwrap_or(&null));
    let ordered = |wanted: fn(std::cmp::Ordering) -> bool| order(left, right).is_some_and(wanted);
    match how {
        Comparison::Equal => same(left, right),
        Comparison::Unequal => !same(left, right),
        Comparison::Less => ordered(std::cmp::Ordering::is_lt),
        Comparison::AtMost => ordered(std::cmp::Ordering::is_le),
        Comparison::More => ordered(std::cmp::Ordering::is_gt),
        Comparison::AtLeast => ordered(std::cmp::Ordering::is_ge),
        Comparison::In => within(left, right),
    }
}

fn same(left: &Value, right: &Value) -> bool {
    match (left.as_f64(), right.as_f64()) {
        (Some(a), Some(b)) if left.is_f64() || right.is_f64() => a.total_cmp(&b).is_eq(),
        _ => left == right,
    }
}

fn order(left: &Value, right: &Value) -> Option<std::cmp::Ordering> {
    match (left.as_f64(), right.as_f64()) {
        (Some(left), Some(right)) => Some(left.total_cmp(&right)),
        _ => Some(left.as_str()?.cmp(right.as_str()?)),
    }
}

fn within(needle: &Value, hay: &Value) -> bool {
    match hay {
        Value::Array(items) => items.iter().any(|item| same(item, needle)),
        Value::Object(fields) => needle.as_str().is_some_and(|key| fields.contains_key(key)),
        Value::String(text) => needle.as_str().is_some_and(|part| text.contains(part)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}
