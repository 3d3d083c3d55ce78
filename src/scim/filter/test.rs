//! Evaluation of a filter on a resource: no allocation for the common cases,
//! and no lookup by anything but the name of the schema.

use super::Operator;
use super::matcher::{Matcher, Operand, instant};
use crate::scim::caseless::{fold, same};
use crate::scim::place::Place;
use crate::scim::resource::Resource;
use serde_json::{Map, Number, Value};
use std::cmp::Ordering;

impl Matcher {
    /// Whether a resource is one of those the filter asks for.
    pub fn matches(&self, resource: &Resource) -> bool {
        if !self.asks_for_schemas() {
            return self.holds(resource.attributes());
        }
        // The list of schemas is no part of a resource until somebody asks.
        let mut attributes = resource.attributes().clone();
        let extensions = attributes.keys().filter(|name| name.contains(':')).cloned();
        let core = resource.kind().core_urn().to_owned();
        let schemas = std::iter::once(core).chain(extensions).map(Value::String).collect();
        attributes.insert("schemas".to_owned(), Value::Array(schemas));
        self.holds(&attributes)
    }

    fn asks_for_schemas(&self) -> bool {
        match self {
            Self::Compare(place, ..) | Self::Present(place) => place.attr.name.is("schemas"),
            Self::All(matchers) | Self::Any(matchers) => {
                matchers.iter().any(Self::asks_for_schemas)
            }
            Self::Not(matcher) => matcher.asks_for_schemas(),
        }
    }

    /// Whether one element of a multi-valued attribute is meant.
    pub(in crate::scim) fn accepts(&self, element: &Value) -> bool {
        match element {
            Value::Object(parts) => self.holds(parts),
            // An element that is no object is its own `value`.
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::String(_)
            | Value::Array(_) => {
                self.holds(&Map::from_iter([("value".to_owned(), element.clone())]))
            }
        }
    }

    fn holds(&self, object: &Map<String, Value>) -> bool {
        match self {
            Self::Compare(place, operator, operand) => compare(place, *operator, operand, object),
            Self::Present(place) => place.any(object, is_set),
            Self::All(matchers) => matchers.iter().all(|matcher| matcher.holds(object)),
            Self::Any(matchers) => matchers.iter().any(|matcher| matcher.holds(object)),
            Self::Not(matcher) => !matcher.holds(object),
        }
    }
}

impl Operand {
    /// Whether a value is this one.
    pub fn is(&self, value: &Value) -> bool {
        holds(value, Operator::Eq, self)
    }

    /// Whether a text is this one.
    pub fn is_text(&self, text: &str) -> bool {
        match self {
            Self::Text { value, folded: None } => text == value,
            Self::Text { value, folded: Some(_) } => same(text, value),
            Self::Number(_) | Self::Boolean(_) | Self::Instant { .. } => false,
        }
    }
}

/// RFC 7644 §3.4.2.2, `pr`: a value that is not empty; for a complex one, at
/// least one part.
fn is_set(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(elements) => !elements.is_empty(),
        Value::Object(parts) => parts.values().any(is_set),
        Value::Bool(_) | Value::Number(_) => true,
    }
}

fn compare(
    place: &Place,
    operator: Operator,
    operand: &Operand,
    object: &Map<String, Value>,
) -> bool {
    if operator == Operator::Ne {
        // What is not there equals nothing. Of several values one that
        // differs is enough, as with every other operator.
        let mut seen = false;
        let differs = place.any(object, |value| {
            seen = true;
            !holds(value, Operator::Eq, operand)
        });
        return differs || !seen;
    }
    place.any(object, |value| holds(value, operator, operand))
}

fn holds(value: &Value, operator: Operator, operand: &Operand) -> bool {
    match (value, operand) {
        (Value::String(text), Operand::Text { value, folded: None }) => {
            text_holds(text, operator, value)
        }
        (Value::String(text), Operand::Text { value, folded: Some(folded) }) => {
            if operator == Operator::Eq {
                same(text, value)
            } else {
                text_holds(&fold(text), operator, folded)
            }
        }
        (Value::Bool(one), Operand::Boolean(other)) => one == other,
        (Value::Number(one), Operand::Number(other)) => {
            number_order(one, other).is_some_and(|order| ordered(order, operator))
        }
        (Value::String(text), Operand::Instant { at, .. }) => {
            instant(text).is_some_and(|one| ordered(one.cmp(at), operator))
        }
        _ => false,
    }
}

fn text_holds(text: &str, operator: Operator, wanted: &str) -> bool {
    match operator {
        Operator::Eq => text == wanted,
        Operator::Co => text.contains(wanted),
        Operator::Sw => text.starts_with(wanted),
        Operator::Ew => text.ends_with(wanted),
        Operator::Ne | Operator::Gt | Operator::Ge | Operator::Lt | Operator::Le => {
            ordered(text.cmp(wanted), operator)
        }
    }
}

/// Whole numbers compare exactly, also where a float could not hold them.
fn number_order(one: &Number, other: &Number) -> Option<Ordering> {
    match (one.as_i64(), other.as_i64()) {
        (Some(one), Some(other)) => Some(one.cmp(&other)),
        _ => one.as_f64()?.partial_cmp(&other.as_f64()?),
    }
}

fn ordered(order: Ordering, operator: Operator) -> bool {
    match operator {
        Operator::Eq => order.is_eq(),
        Operator::Ne => order.is_ne(),
        Operator::Gt => order.is_gt(),
        Operator::Ge => order.is_ge(),
        Operator::Lt => order.is_lt(),
        Operator::Le => order.is_le(),
        Operator::Co | Operator::Sw | Operator::Ew => false,
    }
}
