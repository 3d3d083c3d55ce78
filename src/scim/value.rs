//! One value as a client wrote it, brought into the type of its attribute.
//!
//! Clients write `"True"` for true, one object where a list belongs, a list
//! where one value belongs, and JSON inside of strings. What they mean is
//! plain each time; what is not plain is refused by name.

use super::elements::{Elements, is_primary};
use super::filter::instant;
use super::reference::Told;
use super::rules::{Rules, Unknown};
use super::schema::{Attribute, Mutability, Type};
use serde_json::{Map, Value};

/// A value in its attribute's type; nothing where the client unassigns it
/// (`null`, `""`, `[]`, `{}`: RFC 7643 §2.5), or the words why it is refused.
pub(super) type Typed = Result<Option<Value>, String>;

/// Brings the value of a whole attribute into its type.
pub(super) fn of_attribute(attribute: &Attribute, value: Value, rules: Rules) -> Typed {
    if attribute.multi_valued {
        list(attribute, value, rules)
    } else {
        one(attribute, value, rules)
    }
}

/// Brings one value, or one element of a list, into its type.
pub(super) fn one(attribute: &Attribute, value: Value, rules: Rules) -> Typed {
    if is_unassigned(&value) {
        return Ok(None);
    }
    match (attribute.kind, value) {
        (Type::Any, value) => Ok(without_nulls(value)),
        (Type::Complex, value) => complex(attribute, value, rules),
        // N5: old .NET clients wrap a single value in a list of one.
        (_, Value::Array(elements)) if !rules.strict && elements.len() == 1 => {
            let element = elements.into_iter().next().map_or(Value::Null, unwrapped);
            one(attribute, element, rules)
        }
        (Type::Boolean, value) => boolean(&value).map(|value| Some(Value::Bool(value))),
        (Type::Integer, value @ Value::Number(_)) if value.is_i64() || value.is_u64() => {
            Ok(Some(value))
        }
        (Type::Decimal, value @ Value::Number(_)) => Ok(Some(value)),
        (Type::DateTime, Value::String(text)) if instant(&text).is_some() => {
            Ok(Some(Value::String(text)))
        }
        (Type::String | Type::Reference | Type::Binary, value @ Value::String(_)) => {
            Ok(Some(value))
        }
        (kind, value) => Err(format!("expected {}, got {}", expected(kind), got(&value))),
    }
}

pub(super) fn is_unassigned(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(elements) => elements.is_empty(),
        Value::Object(parts) => parts.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

fn unwrapped(element: Value) -> Value {
    match element {
        Value::Object(mut parts) => parts.remove("value").unwrap_or(Value::Object(parts)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            element
        }
    }
}

/// N4: `"True"`, `"false"` and their like, for boolean attributes only.
fn boolean(value: &Value) -> Result<bool, String> {
    match value {
        Value::Bool(value) => Ok(*value),
        Value::String(text) if text.eq_ignore_ascii_case("true") => Ok(true),
        Value::String(text) if text.eq_ignore_ascii_case("false") => Ok(false),
        other => Err(format!("expected {}, got {}", expected(Type::Boolean), got(other))),
    }
}

fn expected(kind: Type) -> &'static str {
    match kind {
        Type::String => "a string",
        Type::Boolean => "true or false",
        Type::Decimal => "a number",
        Type::Integer => "a whole number",
        Type::DateTime => "a date and time such as 2026-03-04T09:15:27Z",
        Type::Binary => "Base64 in a string",
        Type::Reference => "a URI in a string",
        Type::Complex => "an object",
        Type::Any => "anything",
    }
}

fn got(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => format!("'{}'", text.chars().take(60).collect::<String>()),
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "an object".to_owned(),
    }
}

fn complex(attribute: &Attribute, value: Value, rules: Rules) -> Typed {
    match value {
        Value::Object(parts) => object(attribute, parts, rules),
        Value::Array(elements) if !rules.strict && elements.len() == 1 => {
            one(attribute, elements.into_iter().next().unwrap_or(Value::Null), rules)
        }
        // A reference given as its bare id: `manager`, a member, a role.
        Value::String(text) if attribute.sub("value").is_some() => {
            let parts = json_inside(&text).unwrap_or_else(|| {
                Map::from_iter([("value".to_owned(), Value::String(text.clone()))])
            });
            object(attribute, parts, rules)
        }
        other => Err(format!("expected {}, got {}", expected(Type::Complex), got(&other))),
    }
}

/// The parts of a complex value. Read-only parts (`$ref`, `display` of a
/// member) are the gateway's to say and are passed over, but for what a `$ref`
/// alone tells.
fn object(attribute: &Attribute, parts: Map<String, Value>, rules: Rules) -> Typed {
    let parts = if attribute.name.is("roles") { role(parts) } else { parts };
    let mut typed = Map::new();
    let mut told = Told::default();
    for (name, value) in parts {
        told.hear(&name, &value);
        let Some(sub) = part(attribute, &name) else {
            unknown_part(&mut typed, name, value, rules)?;
            continue;
        };
        if sub.mutability == Mutability::ReadOnly {
            continue;
        }
        let value =
            of_attribute(sub, value, rules).map_err(|why| format!("`{}`: {why}", sub.name))?;
        if let Some(value) = value
            && typed.insert(spelled(name, sub), value).is_some()
        {
            return Err(format!("`{}` is given twice", sub.name));
        }
    }
    if attribute.identified_by_value() {
        told.name_group(&mut typed);
    } else if attribute.is_single_reference() && !typed.contains_key("value") {
        return told.identify(attribute, typed);
    }
    Ok((!typed.is_empty()).then_some(Value::Object(typed)))
}

/// The name in the spelling of the schema, which it mostly is in already.
fn spelled(name: String, attribute: &Attribute) -> String {
    let known = attribute.name.as_str();
    if name == known { name } else { known.to_owned() }
}

/// Microsoft's samples say `displayName` where elements have `display`.
fn part<'a>(attribute: &'a Attribute, name: &str) -> Option<&'a Attribute> {
    let other_word =
        || name.eq_ignore_ascii_case("displayName").then(|| attribute.sub("display")).flatten();
    attribute.sub(name).or_else(other_word).map(AsRef::as_ref)
}

fn unknown_part(
    typed: &mut Map<String, Value>,
    name: String,
    value: Value,
    rules: Rules,
) -> Result<(), String> {
    match rules.unknown {
        Unknown::Keep => {
            if let Some(value) = without_nulls(value) {
                typed.insert(name, value);
            }
            Ok(())
        }
        Unknown::Ignore => Ok(()),
        Unknown::Reject => Err(format!("there is no part `{name}`")),
    }
}

/// Entra's complex role functions send each role as JSON inside of `value`.
fn role(mut parts: Map<String, Value>) -> Map<String, Value> {
    let inside = parts.get("value").and_then(Value::as_str).and_then(json_inside);
    if let Some(inside) = inside {
        parts.remove("value");
        for (name, value) in inside {
            parts.entry(name).or_insert(value);
        }
    }
    parts
}

/// The object that a string spells out, if it is one with a `value`. The `id`
/// beside it is that of Entra's app role and means nothing elsewhere.
fn json_inside(text: &str) -> Option<Map<String, Value>> {
    if !text.starts_with('{') {
        return None;
    }
    let mut inside = serde_json::from_str::<Map<String, Value>>(text).ok()?;
    inside.remove("id");
    inside.contains_key("value").then_some(inside)
}

fn list(attribute: &Attribute, value: Value, rules: Rules) -> Typed {
    if is_unassigned(&value) {
        return Ok(None);
    }
    let elements = match value {
        Value::Array(elements) => elements,
        single if !rules.strict => vec![single],
        other => return Err(format!("expected a list, got {}", got(&other))),
    };
    let mut typed = Vec::with_capacity(elements.len());
    for (index, element) in elements.into_iter().enumerate() {
        let element = one_of(attribute, element, rules)
            .map_err(|why| format!("element {}: {why}", index + 1))?;
        typed.extend(element);
    }
    if typed.iter().filter(|element| is_primary(element)).count() > 1 {
        return Err("more than one element is `primary`".to_owned());
    }
    let typed = Elements::distinct(attribute, typed);
    Ok((!typed.is_empty()).then_some(Value::Array(typed)))
}

fn one_of(attribute: &Attribute, element: Value, rules: Rules) -> Typed {
    let element = one(attribute, element, rules)?;
    let named = element.as_ref().is_some_and(|element| element.get("value").is_some());
    // To pass over such an element would lose a membership without a word, and
    // a list of nothing else would empty the group.
    if attribute.identified_by_value() && !named {
        return Err("it has no `value`".to_owned());
    }
    Ok(element)
}

/// The same value without its nulls; nothing if nothing is left.
fn without_nulls(value: Value) -> Option<Value> {
    match value {
        Value::Null => None,
        Value::Object(parts) => {
            let kept = |(name, value)| Some((name, without_nulls(value)?));
            let parts: Map<_, _> = parts.into_iter().filter_map(kept).collect();
            (!parts.is_empty()).then_some(Value::Object(parts))
        }
        Value::Array(elements) => {
            let elements: Vec<_> = elements.into_iter().filter_map(without_nulls).collect();
            (!elements.is_empty()).then_some(Value::Array(elements))
        }
        Value::Bool(_) | Value::Number(_) | Value::String(_) => Some(value),
    }
}
