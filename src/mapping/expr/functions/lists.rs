//! Functions over lists.

use serde_json::Value;

use super::{made, plain_text};

fn items(value: &Value) -> Option<&Vec<Value>> {
    value.as_array()
}

pub(in super::super) fn first(value: &Value, _: &[Value]) -> Option<Value> {
    items(value)?.first().cloned()
}

pub(in super::super) fn last(value: &Value, _: &[Value]) -> Option<Value> {
    items(value)?.last().cloned()
}

pub(in super::super) fn rest(value: &Value, _: &[Value]) -> Option<Value> {
    Some(items(value)?.iter().skip(1).cloned().collect())
}

pub(in super::super) fn count(value: &Value, _: &[Value]) -> Option<Value> {
    let count = match value {
        Value::Array(items) => items.len(),
        Value::Object(fields) => fields.len(),
        Value::String(text) => text.chars().count(),
        Value::Null | Value::Bool(_) | Value::Number(_) => return None,
    };
    Some(Value::from(count))
}

#[expect(clippy::unnecessary_wraps, reason = "every function has the same shape")]
pub(in super::super) fn list(value: &Value, _: &[Value]) -> Option<Value> {
    Some(if value.is_array() { value.clone() } else { Value::Array(vec![value.clone()]) })
}

pub(in super::super) fn join(value: &Value, arguments: &[Value]) -> Option<Value> {
    let separator = plain_text(arguments.first()?)?;
    let parts: Vec<String> =
        items(value)?.iter().filter_map(plain_text).filter(|part| !part.is_empty()).collect();
    made(parts.join(&separator))
}

pub(in super::super) fn unique(value: &Value, _: &[Value]) -> Option<Value> {
    let mut seen = std::collections::BTreeSet::new();
    let once = |item: &&Value| seen.insert(item.to_string());
    Some(items(value)?.iter().filter(once).cloned().collect())
}

pub(in super::super) fn sort(value: &Value, _: &[Value]) -> Option<Value> {
    let mut sorted = items(value)?.clone();
    sorted.sort_by(|left, right| match (left.as_f64(), right.as_f64()) {
        (Some(left), Some(right)) => left.total_cmp(&right),
        _ => left.to_string().cmp(&right.to_string()),
    });
    Some(Value::Array(sorted))
}

pub(in super::super) fn flatten(value: &Value, _: &[Value]) -> Option<Value> {
    let mut flat = Vec::new();
    for item in items(value)? {
        match item {
            Value::Array(inner) => flat.extend(inner.iter().cloned()),
            Value::Null => {}
            Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => {
                flat.push(item.clone());
            }
        }
    }
    Some(Value::Array(flat))
}

/// One value or a list of them, as a list.
fn listed(value: &Value) -> Vec<Value> {
    value.as_array().cloned().unwrap_or_else(|| vec![value.clone()])
}

pub(in super::super) fn with(value: &Value, arguments: &[Value]) -> Option<Value> {
    let mut all = items(value)?.clone();
    for item in listed(arguments.first()?) {
        if !all.contains(&item) {
            all.push(item);
        }
    }
    Some(Value::Array(all))
}

pub(in super::super) fn without(value: &Value, arguments: &[Value]) -> Option<Value> {
    let gone = listed(arguments.first()?);
    if let Value::Object(fields) = value {
        let keep = |(key, _): &(&String, &Value)| !gone.iter().any(|g| g.as_str() == Some(key));
        let kept = fields.iter().filter(keep).map(|(key, item)| (key.clone(), item.clone()));
        return Some(Value::Object(kept.collect()));
    }
    Some(items(value)?.iter().filter(|item| !gone.contains(item)).cloned().collect())
}
