//! Functions over objects, headers, and over what may not be there.

use serde_json::{Map, Value};

use super::super::eval::truthy_size;
use super::{made, plain_text};

pub(in super::super) fn keys(value: &Value, _: &[Value]) -> Option<Value> {
    Some(value.as_object()?.keys().map(String::as_str).collect())
}

pub(in super::super) fn values(value: &Value, _: &[Value]) -> Option<Value> {
    Some(value.as_object()?.values().cloned().collect())
}

pub(in super::super) fn set(value: &Value, arguments: &[Value]) -> Option<Value> {
    let mut fields = value.as_object()?.clone();
    fields.insert(plain_text(arguments.first()?)?, arguments.get(1)?.clone());
    Some(Value::Object(fields))
}

pub(in super::super) fn over(value: &Value, arguments: &[Value]) -> Option<Value> {
    let mut base = arguments.first()?.clone();
    lay(value, &mut base);
    Some(base)
}

/// Lays one value over another, objects key by key.
fn lay(upper: &Value, base: &mut Value) {
    let (Value::Object(fields), Value::Object(below)) = (upper, &mut *base) else {
        *base = upper.clone();
        return;
    };
    for (key, item) in fields {
        lay(item, below.entry(key.clone()).or_insert(Value::Null));
    }
}

/// `list | upsert('traitKey', 'phone', {…})`
pub(in super::super) fn upsert(value: &Value, arguments: &[Value]) -> Option<Value> {
    let mut items = value.as_array()?.clone();
    let (key, wanted) = (plain_text(arguments.first()?)?, arguments.get(1)?);
    let item = arguments.get(2)?;
    if let Some(known) = items.iter_mut().find(|known| known.get(&key) == Some(wanted)) {
        lay(item, known);
    } else {
        let mut fields = item.as_object().cloned().unwrap_or_else(Map::new);
        fields.insert(key, wanted.clone());
        items.push(Value::Object(fields));
    }
    Some(Value::Array(items))
}

#[expect(clippy::unnecessary_wraps, reason = "every function has the same shape")]
pub(in super::super) fn known(value: Option<&Value>, _: &[Value]) -> Option<Value> {
    Some(Value::Bool(value.is_some()))
}

#[expect(clippy::unnecessary_wraps, reason = "every function has the same shape")]
pub(in super::super) fn empty(value: Option<&Value>, _: &[Value]) -> Option<Value> {
    Some(Value::Bool(value.is_none_or(|value| !truthy_size(value))))
}

pub(in super::super) fn default(value: Option<&Value>, arguments: &[Value]) -> Option<Value> {
    value.filter(|value| truthy_size(value)).or(arguments.first()).cloned()
}

/// The last of that name: who logs in is often told first to forget an old one.
pub(in super::super) fn cookie(value: &Value, arguments: &[Value]) -> Option<Value> {
    let name = plain_text(arguments.first()?)?;
    let text = plain_text(value)?;
    text.lines().rev().find_map(|line| {
        let (found, rest) = line.split_once('=')?;
        let content = rest.split(';').next().unwrap_or_default().trim();
        (found.trim() == name).then(|| made(content.to_owned()))?
    })
}

/// `<https://host/path?page=2>; rel="next", <…>; rel="last"`
pub(in super::super) fn link(value: &Value, arguments: &[Value]) -> Option<Value> {
    let wanted = plain_text(arguments.first()?)?;
    let text = plain_text(value)?;
    text.split('<').skip(1).find_map(|part| {
        let (address, rest) = part.split_once('>')?;
        let is = |word: &str| rest.split([';', ',']).any(|piece| piece.trim() == word);
        let found = is(&format!("rel=\"{wanted}\"")) || is(&format!("rel={wanted}"));
        found.then(|| made(address.to_owned()))?
    })
}
