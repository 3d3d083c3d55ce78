//! What an expression cannot be true without. Most rules about a reply name one
//! field that only failures have, and need not be evaluated where it is not.

use serde_json::Value;

use super::table::Takes;
use super::{Comparison, Expr, Pick};

impl Expr {
    /// A key of what is behind a name: where that lacks it, this is not true.
    pub fn needs_of(&self, root: &str) -> Option<&str> {
        match self {
            Self::And(one, other) => one.needs_of(root).or_else(|| other.needs_of(root)),
            Self::Or(one, other) => {
                one.needs_of(root).filter(|key| other.needs_of(root) == Some(key))
            }
            Self::Compare(how, one, other) => compared(*how, one, other, root),
            other => other.nothing_without(root),
        }
    }

    /// A key without which there is no value here.
    fn nothing_without(&self, root: &str) -> Option<&str> {
        match self {
            Self::Path(path) if path.root == root => match path.picks.first()? {
                Pick::Key(key) => Some(key),
                Pick::Index(_) | Pick::Of(_) => None,
            },
            // What may take anything may make something of nothing.
            Self::Pipe(pipe) => match pipe.function.takes {
                Takes::Value(_) | Takes::Pattern(_) | Takes::Each(_) => {
                    pipe.input.nothing_without(root)
                }
                Takes::Anything(_) => None,
            },
            _ => None,
        }
    }
}

/// No value is compared as null.
fn compared<'e>(how: Comparison, one: &'e Expr, other: &'e Expr, root: &str) -> Option<&'e str> {
    let left = || one.nothing_without(root);
    let right = || other.nothing_without(root);
    match how {
        Comparison::Equal => match (one, other) {
            (_, Expr::Plain(value)) if !value.is_null() => left(),
            (Expr::Plain(value), _) if !value.is_null() => right(),
            _ => None,
        },
        Comparison::In => match other {
            Expr::Plain(Value::Array(items)) if items.contains(&Value::Null) => None,
            Expr::Plain(_) => left(),
            _ => right(),
        },
        // Nothing is neither more nor less than anything.
        Comparison::Less | Comparison::AtMost | Comparison::More | Comparison::AtLeast => {
            left().or_else(right)
        }
        Comparison::Unequal => None,
    }
}
