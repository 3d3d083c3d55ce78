//! Where a value stands in the LMS's own object: `profile.phones[kind=work].no`.
//!
//! Unlike an expression such a path works both ways: it can be read and written.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::expr::{Expr, Fuel, Pick, Scope};
use super::template::{Part, Text};

/// A path within an object of the LMS.
#[derive(Clone, Debug)]
pub struct Field {
    /// As written, for messages.
    pub written: String,
    /// The steps, outermost first.
    steps: Vec<FieldStep>,
    /// The filled path, where there is no hole: nearly always.
    fixed: Option<Filled>,
}

/// One step of such a path.
#[derive(Clone, Debug)]
pub enum FieldStep {
    /// A key.
    Key(Text),
    /// The entry of a list whose `key` is `value`; writing adds it.
    Entry(String, Text),
}

/// A path whose holes are filled.
#[derive(Clone, Debug, PartialEq)]
pub struct Filled {
    steps: Vec<FilledStep>,
}

#[derive(Clone, Debug, PartialEq)]
enum FilledStep {
    Key(String),
    Entry(String, Value),
}

impl Field {
    /// A path of these steps.
    pub fn new(written: &str, steps: Vec<FieldStep>) -> Self {
        let texts = || steps.iter().map(FieldStep::text);
        let plain = texts().all(|text| matches!(text.parts.as_slice(), [Part::Written(_)]));
        let fuel = Fuel::new();
        let fixed = plain.then(|| filled(&steps, &Scope::new(&[], &fuel))).flatten();
        Self { written: written.to_owned(), steps, fixed }
    }

    /// Fills the holes; nothing when one of them is absent, which is how a
    /// setting that is not set switches an attribute off.
    pub fn fill(&self, scope: &Scope<'_>) -> Option<Cow<'_, Filled>> {
        match &self.fixed {
            Some(fixed) => Some(Cow::Borrowed(fixed)),
            None => filled(&self.steps, scope).map(Cow::Owned),
        }
    }

    /// Whether the settings alone say which one it is.
    pub(super) fn follows_from_settings(&self) -> bool {
        self.holes().all(|hole| hole.mentions_only(&["settings"]))
    }

    /// Whether there may be such a field, as far as the settings say. What the LMS itself
    /// names is there, whoever has asked for it yet.
    pub(super) fn may_exist(&self, scope: &Scope<'_>) -> bool {
        if self.follows_from_settings() {
            self.fill(scope).is_some()
        } else {
            !self.is_switched_off(scope)
        }
    }

    /// Whether something that a hole needs is not set: then there is no such field,
    /// whatever the LMS would say.
    fn is_switched_off(&self, scope: &Scope<'_>) -> bool {
        let unset = |expr: &Expr| expr.mentions_only(&["settings"]) && expr.eval(scope).is_none();
        let picked = |hole: &Expr| {
            let Expr::Path(path) = hole else { return false };
            path.picks.iter().any(|pick| matches!(pick, Pick::Of(inner) if unset(inner)))
        };
        self.holes().any(|hole| unset(hole) || picked(hole))
    }

    /// Whether that name fills a hole.
    pub(super) fn mentions(&self, name: &str) -> bool {
        self.holes().any(|hole| hole.mentions(name))
    }

    /// The holes of its texts.
    pub(super) fn holes(&self) -> impl Iterator<Item = &Expr> {
        self.steps.iter().flat_map(|step| step.text().holes())
    }

    /// The first key, when it has no hole.
    pub fn head(&self) -> Option<&str> {
        match self.steps.first()? {
            FieldStep::Key(Text { parts }) => match parts.as_slice() {
                [Part::Written(key)] => Some(key),
                _ => None,
            },
            FieldStep::Entry(..) => None,
        }
    }
}

impl FieldStep {
    fn text(&self) -> &Text {
        match self {
            Self::Key(text) | Self::Entry(_, text) => text,
        }
    }
}

fn filled(steps: &[FieldStep], scope: &Scope<'_>) -> Option<Filled> {
    let steps = steps.iter().map(|step| {
        let text = step.text().render(scope).filter(|text| !text.is_empty())?;
        Some(match step {
            FieldStep::Key(_) => FilledStep::Key(text),
            FieldStep::Entry(key, _) => FilledStep::Entry(key.clone(), Value::String(text)),
        })
    });
    Some(Filled { steps: steps.collect::<Option<_>>()? })
}

impl Filled {
    /// The key, where the path is no more than that.
    pub(super) fn key(&self) -> Option<&str> {
        match self.steps.as_slice() {
            [FilledStep::Key(key)] => Some(key),
            _ => None,
        }
    }

    /// The first key.
    pub(super) fn head(&self) -> Option<&str> {
        match self.steps.first()? {
            FilledStep::Key(key) => Some(key),
            FilledStep::Entry(..) => None,
        }
    }

    /// The value at this path.
    pub fn read<'v>(&self, object: &'v Value) -> Option<&'v Value> {
        read(&self.steps, object)
    }

    /// The same, of what is behind the first key.
    pub(super) fn below<'v>(&self, first: &'v Value) -> Option<&'v Value> {
        read(self.steps.get(1..)?, first)
    }

    /// Puts a value at this path, making what is missing on the way.
    pub fn write(&self, object: &mut Map<String, Value>, value: Value) {
        let Some((FilledStep::Key(first), rest)) = self.steps.split_first() else { return };
        let mut at = object.entry(first.clone()).or_insert(Value::Null);
        for step in rest {
            let next = match step {
                FilledStep::Key(key) => step_into(at, key),
                FilledStep::Entry(key, wanted) => entry_of(at, key, wanted),
            };
            let Some(next) = next else { return };
            at = next;
        }
        *at = value;
    }
}

fn read<'v>(steps: &[FilledStep], value: &'v Value) -> Option<&'v Value> {
    steps.iter().try_fold(value, |value, step| match step {
        FilledStep::Key(key) => value.get(key),
        FilledStep::Entry(key, wanted) => value.as_array()?.iter().find(|entry| {
            entry.get(key).is_some_and(|found| found == wanted || alike(found, wanted))
        }),
    })
}

/// A number and the text of the same digits: ids come in both.
fn alike(found: &Value, wanted: &Value) -> bool {
    found.as_number().is_some_and(|number| wanted.as_str() == Some(number.to_string().as_str()))
}

fn step_into<'v>(at: &'v mut Value, key: &str) -> Option<&'v mut Value> {
    if !at.is_object() {
        *at = Value::Object(Map::new());
    }
    Some(at.as_object_mut()?.entry(key.to_owned()).or_insert(Value::Null))
}

fn entry_of<'v>(at: &'v mut Value, key: &str, wanted: &Value) -> Option<&'v mut Value> {
    if !at.is_array() {
        *at = Value::Array(Vec::new());
    }
    let items = at.as_array_mut()?;
    let known = items.iter().position(|item| item.get(key) == Some(wanted));
    if known.is_none() {
        items.push(Value::Object(Map::from_iter([(key.to_owned(), wanted.clone())])));
    }
    match known {
        Some(index) => items.get_mut(index),
        None => items.last_mut(),
    }
}
