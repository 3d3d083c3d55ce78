//! What a case expected against what result.

use serde_json::Value;

use super::Case;
use super::play::Came;
use crate::mapping::run::Note;
use crate::scim::Resource;

/// Compares everything a case says.
pub(super) fn compare(case: &Case, result: &Came, problems: &mut Vec<String>) {
    failure(case, result, problems);
    if let Some(wanted) = &case.gives {
        given(wanted, &result.done.resources().collect::<Vec<_>>(), problems);
    }
    if let Some(wanted) = &case.ids {
        let mut found: Vec<Value> = result.done.resources().filter_map(id).collect();
        if found.is_empty() {
            found.extend(result.done.id.as_ref().map(|id| Value::from(id.as_str())));
        }
        problems.extend(differs(wanted, &Value::Array(found), "ids"));
    }
    if let Some(wanted) = &case.session {
        problems.extend(differs(wanted, &Value::Object(result.done.session.clone()), "session"));
    }
    if let Some(wanted) = &case.notes {
        let found: Vec<Value> = result.done.notes.iter().map(note).collect();
        problems.extend(differs(wanted, &Value::Array(found), "notes"));
    }
    let flags = [
        ("incomplete", case.incomplete, result.done.incomplete),
        ("remembered", case.remembered, result.done.remembered),
    ];
    for (name, wanted, found) in flags {
        if wanted != found {
            problems.push(format!("`{name}`: expected {wanted}, got {found}"));
        }
    }
}

fn failure(case: &Case, result: &Came, problems: &mut Vec<String>) {
    let found = match (&result.failure, &result.refused) {
        (Some(failure), _) => Some(serde_json::json!({
            "is": failure.kind.as_str(),
            "attribute": failure.attribute,
            "says": failure.detail,
            "wait": match failure.retry {
                crate::call::Retry::After(pause) => Some(pause.as_secs()),
                crate::call::Retry::Never | crate::call::Retry::Later
                    | crate::call::Retry::Login => None,
            },
        })),
        (None, Some(error)) => Some(serde_json::json!({
            "is": "refused",
            "status": error.status(),
            "says": error.detail(),
        })),
        (None, None) => None,
    };
    match (&case.fails, found) {
        (None, None) => {}
        (None, Some(found)) => problems.push(format!("it failed: {found}")),
        (Some(wanted), None) => problems.push(format!("it should have failed with {wanted}")),
        (Some(wanted), Some(found)) => {
            // A case says what matters to it.
            for (key, value) in wanted.as_object().into_iter().flatten() {
                let got = found.get(key).unwrap_or(&Value::Null);
                problems.extend(differs(value, got, &format!("fails.{key}")));
            }
            if let Some(word) =
                wanted.as_str().filter(|word| found.get("is") != Some(&(*word).into()))
            {
                problems.push(format!("expected it to fail with `{word}`, got {found}"));
            }
        }
    }
}

fn given(wanted: &Value, resources: &[&Resource], problems: &mut Vec<String>) {
    let show = |resource: &Resource| Value::Object(resource.attributes().clone());
    match wanted {
        Value::Array(items) => {
            let found: Vec<Value> = resources.iter().map(|it| show(it)).collect();
            problems.extend(differs(&Value::Array(items.clone()), &Value::Array(found), "gives"));
        }
        wanted => match resources {
            [only] => problems.extend(differs(wanted, &show(only), "gives")),
            others => problems.push(format!("expected one resource, got {}", others.len())),
        },
    }
}

fn id(resource: &Resource) -> Option<Value> {
    Some(Value::from(resource.id()?.as_str()))
}

fn note(note: &Note) -> Value {
    Value::String(match note {
        Note::Unreadable(value) => format!("unreadable: {value}"),
        Note::NotTakenBack(why) => format!("not taken back: {why}"),
        Note::TakenBack => "taken back".to_owned(),
    })
}

/// Where two values differ first, in words.
pub(super) fn differs(wanted: &Value, found: &Value, at: &str) -> Option<String> {
    match (wanted, found) {
        (Value::Object(wanted), Value::Object(found)) => {
            for (key, value) in wanted {
                let inner = format!("{at}.{key}");
                match found.get(key) {
                    Some(found) => {
                        if let Some(text) = differs(value, found, &inner) {
                            return Some(text);
                        }
                    }
                    None => return Some(format!("`{inner}` is missing; expected {value}")),
                }
            }
            let extra = found.keys().find(|key| !wanted.contains_key(*key))?;
            let value = found.get(extra).unwrap_or(&Value::Null);
            Some(format!("`{at}.{extra}` is {value} and was not expected"))
        }
        (Value::Array(wanted), Value::Array(found)) => {
            if wanted.len() != found.len() {
                let (more, less) = (found.len(), wanted.len());
                return Some(format!("`{at}` has {more} items, expected {less}: {found:?}"));
            }
            let pairs = wanted.iter().zip(found).enumerate();
            pairs.into_iter().find_map(|(index, (wanted, found))| {
                differs(wanted, found, &format!("{at}[{index}]"))
            })
        }
        (wanted, found) if wanted == found => None,
        (wanted, found) => Some(format!("`{at}`: expected {wanted}, got {found}")),
    }
}
