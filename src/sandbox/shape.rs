//! What a function takes: shapes as tables, and holding a form against one.
//! Whatever is missing, unknown or of another type refuses the whole call.

use super::answer::{Outcome, Trouble};
use super::form::{Array, Node};
use super::rules;
use super::site::Site;

/// The type of a word.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    Int,
    Bool,
    Username,
    /// No `<` anywhere.
    Plain,
    /// Letters, digits, `_` and `-`.
    Name,
    Raw,
    Auth,
    Lang,
}

/// The shape of a parameter.
#[derive(Clone, Copy, Debug)]
pub(super) enum Shape {
    One(Kind),
    Many(&'static Shape),
    Record(&'static [Key]),
}

/// One key of a record.
#[derive(Clone, Copy, Debug)]
pub(super) struct Key {
    pub(super) name: &'static str,
    pub(super) shape: Shape,
    pub(super) required: bool,
}

pub(super) const fn must(name: &'static str, shape: Shape) -> Key {
    Key { name, shape, required: true }
}

pub(super) const fn may(name: &'static str, shape: Shape) -> Key {
    Key { name, shape, required: false }
}

/// Holds the parameters of a call against the keys of a function.
pub(super) fn check(keys: &[Key], given: &Array, site: &Site) -> Outcome<()> {
    for key in keys {
        match given.get(key.name) {
            Some(node) => held(key.shape, node, site).map_err(|inner| within(key.name, &inner))?,
            None if key.required => {
                let name = key.name;
                return Err(Trouble::parameter(format!(
                    "Missing required key in single structure: {name}"
                )));
            }
            None => {}
        }
    }
    let unknown: Vec<_> = given
        .entries()
        .map(|(name, _)| name)
        .filter(|name| keys.iter().all(|key| key.name != *name))
        .collect();
    if unknown.is_empty() {
        return Ok(());
    }
    let names = unknown.join(",");
    Err(Trouble::parameter(format!("Unexpected keys ({names}) detected in parameter array.")))
}

fn within(name: &str, inner: &Trouble) -> Trouble {
    let inner = inner.debug();
    Trouble::parameter(format!("{name} => Invalid parameter value detected: {inner}"))
}

fn held(shape: Shape, node: &Node, site: &Site) -> Outcome<()> {
    match (shape, node) {
        (Shape::One(kind), Node::Text(text)) => word(kind, text, site),
        (Shape::One(_), _) => {
            Err(Trouble::parameter("Scalar type expected, array or object received."))
        }
        (Shape::Many(item), Node::Array(list)) => {
            list.entries().try_for_each(|(_, node)| held(*item, node, site))
        }
        (Shape::Record(keys), Node::Array(record)) => check(keys, record, site),
        (Shape::Many(_) | Shape::Record(_), _) => {
            Err(Trouble::parameter("Only arrays accepted. The bad value is a scalar"))
        }
    }
}

fn word(kind: Kind, text: &str, site: &Site) -> Outcome<()> {
    let (fits, name) = match kind {
        Kind::Int => (text.parse::<i64>().is_ok_and(|number| number.to_string() == text), "int"),
        Kind::Bool => (matches!(text, "0" | "1"), "bool"),
        Kind::Username => (rules::username(text, site), "username"),
        Kind::Plain => (!text.contains('<'), "notags"),
        Kind::Name => (
            text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')),
            "alphanumext",
        ),
        Kind::Raw => (true, "raw"),
        Kind::Auth => (site.knows_auth(text), "auth"),
        Kind::Lang => (text.is_empty() || site.languages.iter().any(|known| known == text), "lang"),
    };
    if fits {
        return Ok(());
    }
    Err(Trouble::parameter(format!(
        "Invalid external api parameter: the value is \"{text}\", \
         the server was expecting \"{name}\" type"
    )))
}
