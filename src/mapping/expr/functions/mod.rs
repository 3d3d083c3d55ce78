//! What the functions do. Each is total: an input it cannot use makes absent.

pub(super) mod lists;
pub(super) mod objects;
pub(super) mod text;
pub(super) mod time;

use std::borrow::Cow;

use serde_json::Value;

/// Longer texts than this come of a mistake or an attack. Whoever evaluates them takes
/// care that nothing is sent without them; a function has to stop soon after.
pub(super) const LONGEST: usize = 256 * 1024;

/// A scalar as a text, a list or object as absent.
pub fn plain_text(value: &Value) -> Option<String> {
    as_text(value).map(Cow::into_owned)
}

/// The same, copied only where it is no text already.
pub(super) fn as_text(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::String(text) => Some(Cow::Borrowed(text)),
        Value::Number(number) => Some(Cow::Owned(number.to_string())),
        Value::Bool(truth) => Some(Cow::Owned(truth.to_string())),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

#[expect(clippy::unnecessary_wraps, reason = "every function has the same shape")]
fn made(text: String) -> Option<Value> {
    Some(Value::String(text))
}

fn argument(arguments: &[Value], index: usize) -> Option<String> {
    plain_text(arguments.get(index)?)
}

fn size(arguments: &[Value], index: usize) -> Option<usize> {
    usize::try_from(arguments.get(index)?.as_i64()?).ok()
}

/// The address of a relation in a `Link` header.
pub fn link(header: &Value, relation: &str) -> Option<Value> {
    objects::link(header, &[Value::from(relation)])
}
