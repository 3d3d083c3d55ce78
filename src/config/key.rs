//! Where a setting stands among the others, and walking there.

use std::fmt;

use figment::value::{Dict, Value};

/// The way to a setting from the root: names, and positions within lists, which
/// are written in brackets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Key(Vec<String>);

impl Key {
    /// One of the settings at the root.
    pub(super) fn of(name: &str) -> Self {
        Self(vec![name.to_owned()])
    }

    /// A setting within this one.
    pub(super) fn then(&self, step: impl Into<String>) -> Self {
        let mut steps = self.0.clone();
        steps.push(step.into());
        Self(steps)
    }

    /// An element of this list.
    pub(super) fn at(&self, position: usize) -> Self {
        self.then(format!("[{position}]"))
    }

    /// A setting several steps further.
    pub(super) fn join(&self, steps: &[String]) -> Self {
        Self(self.0.iter().chain(steps).cloned().collect())
    }

    /// The steps.
    pub(super) fn steps(&self) -> &[String] {
        &self.0
    }

    /// The last step.
    pub(super) fn name(&self) -> &str {
        self.0.last().map_or("", String::as_str)
    }
}

/// As one would write it: `tenants.demo.tokens[0].token`.
impl fmt::Display for Key {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, step) in self.0.iter().enumerate() {
            let dot = if index == 0 || step.starts_with('[') { "" } else { "." };
            write!(out, "{dot}{step}")?;
        }
        Ok(())
    }
}

pub(super) fn position(step: &str) -> Option<usize> {
    step.strip_prefix('[')?.strip_suffix(']')?.parse().ok()
}

/// The value at the end of that way.
pub(super) fn find<'v>(value: &'v Value, steps: &[String]) -> Option<&'v Value> {
    let Some((first, rest)) = steps.split_first() else { return Some(value) };
    let next = match value {
        Value::Dict(_, table) => table.get(first)?,
        Value::Array(_, list) => list.get(position(first)?)?,
        _ => return None,
    };
    find(next, rest)
}

/// The same, to be changed.
pub(super) fn find_mut<'v>(value: &'v mut Value, steps: &[String]) -> Option<&'v mut Value> {
    let Some((first, rest)) = steps.split_first() else { return Some(value) };
    let next = match value {
        Value::Dict(_, table) => table.get_mut(first)?,
        Value::Array(_, list) => list.get_mut(position(first)?)?,
        _ => return None,
    };
    find_mut(next, rest)
}

/// Takes the value at the end of that way out of its table or list.
pub(super) fn take(value: &mut Value, steps: &[String]) -> Option<Value> {
    let (last, before) = steps.split_last()?;
    match find_mut(value, before)? {
        Value::Dict(_, table) => table.remove(last),
        Value::Array(_, elements) => {
            let position = position(last)?;
            (position < elements.len()).then(|| elements.remove(position))
        }
        _ => None,
    }
}

/// A value as the only one at the end of that way.
pub(super) fn planted(steps: &[String], value: Value) -> Dict {
    let mut dict = Dict::new();
    if let Some((first, rest)) = steps.split_first() {
        let inner = if rest.is_empty() { value } else { Value::from(planted(rest, value)) };
        dict.insert(first.clone(), inner);
    }
    dict
}
