//! How a piece of work that waits is shown.

use std::io::{self, Write};

use serde_json::Value;

/// Its number in the list.
pub(super) fn number(item: &Value) -> Option<u64> {
    item.get("sequence").and_then(Value::as_u64)
}

/// On one line: what is to be done with whom, why it waits, and what came of it.
pub(super) fn brief(item: &Value, out: &mut dyn Write) -> io::Result<()> {
    let (kind, id, reason) = (text(item, "kind"), text(item, "id"), text(item, "reason"));
    let operation = item.get("operation").and_then(Value::as_object);
    let (deed, told) = operation.and_then(|it| it.iter().next()).unzip();
    let name = told.and_then(|it| ["userName", "displayName"].iter().find_map(|key| it.get(key)));
    let whom = name.and_then(Value::as_str).map(|name| format!(" {name}")).unwrap_or_default();
    let deed = deed.map_or("", String::as_str);
    let number = number(item).unwrap_or_default();
    let state = failure(item).unwrap_or_else(|| {
        let released = item.get("released").and_then(Value::as_bool).unwrap_or_default();
        if released { "released".to_owned() } else { format!("since {}", text(item, "at")) }
    });
    line(out, &format!("{number}  {deed} {kind} {id}{whom}  {reason}  {state}"))
}

/// In full, with the first call that it would make.
pub(super) fn show(item: &Value, out: &mut dyn Write) -> io::Result<()> {
    let operation = item.get("operation").cloned().unwrap_or_default();
    let (kind, id, reason) = (text(item, "kind"), text(item, "id"), text(item, "reason"));
    let (number, at, who) = (number(item).unwrap_or_default(), text(item, "at"), text(item, "who"));
    line(out, &format!("{number}. {kind} {id}: {reason}, since {at} by {who}"))?;
    line(out, &format!("   {operation}"))?;
    if let Some(failure) = failure(item) {
        line(out, &format!("   {failure}"))?;
    }
    let call = item.get("call").cloned().unwrap_or_default();
    for (word, lead) in [("fails", "it would fail: "), ("waits", "it waits ")] {
        if let Some(words) = call.get(word).and_then(Value::as_str) {
            line(out, &format!("   {lead}{words}"))?;
        }
    }
    if let (Some(method), Some(target)) = (call.get("method"), call.get("target")) {
        let plain = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        line(out, &format!("   {} {}", plain(method), plain(target)))?;
        for field in call.get("body").and_then(Value::as_array).into_iter().flatten() {
            line(out, &format!("     {}", plain(field)))?;
        }
    }
    Ok(())
}

fn failure(item: &Value) -> Option<String> {
    let words = item.get("failure").and_then(Value::as_str)?;
    let attempts = item.get("attempts").and_then(Value::as_u64).unwrap_or_default();
    Some(format!("failed {attempts} times, next {}: {words}", text(item, "due")))
}

fn text<'v>(item: &'v Value, name: &str) -> &'v str {
    item.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// Clients and the LMS chose some of the words: they make no second line, and do not speak
/// to a terminal.
pub(super) fn line(out: &mut dyn Write, words: &str) -> io::Result<()> {
    let words: String = words.chars().map(|it| if it.is_control() { ' ' } else { it }).collect();
    writeln!(out, "{words}")
}
