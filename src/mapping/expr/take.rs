//! Taking a part out of a reply instead of copying it: a list of a thousand
//! people is not needed twice.

use serde_json::Value;

use super::table::{Each, Takes};
use super::{Expr, Pick, Scope};

impl Expr {
    /// Whether the value is a part of what is behind a name, some of its items
    /// left out perhaps, and nothing else of that is looked at.
    pub fn is_part_of(&self, root: &str) -> bool {
        match self {
            Self::Path(path) => {
                path.root == root && path.picks.iter().all(|pick| matches!(pick, Pick::Key(_)))
            }
            Self::Else(part, instead) => part.is_part_of(root) && !instead.mentions(root),
            Self::Pipe(pipe) => {
                matches!(pipe.function.takes, Takes::Each(Each::Where))
                    && pipe.input.is_part_of(root)
                    && !pipe.arguments.iter().any(|argument| argument.mentions(root))
            }
            Self::Plain(_)
            | Self::List(_)
            | Self::Object(_)
            | Self::Not(_)
            | Self::And(..)
            | Self::Or(..)
            | Self::Compare(..)
            | Self::Choice(..) => false,
        }
    }

    /// That part, taken out of the whole. The scope need not hold the name.
    pub fn take(&self, whole: &mut Value, scope: &Scope<'_>) -> Option<Value> {
        match self {
            Self::Path(path) => {
                let part = path.picks.iter().try_fold(whole, |at, pick| match pick {
                    Pick::Key(key) => at.get_mut(key),
                    Pick::Index(_) | Pick::Of(_) => None,
                });
                part.map(Value::take)
            }
            Self::Else(part, instead) => {
                let part = part.take(whole, scope).filter(|part| !part.is_null());
                part.or_else(|| Some(instead.eval(&{ *scope })?.into_owned()))
            }
            Self::Pipe(pipe) => {
                let Value::Array(mut items) = pipe.input.take(whole, scope)? else { return None };
                let condition = pipe.arguments.first()?;
                items.retain(|item| condition.holds(&scope.with(&[("item", item)])));
                Some(Value::Array(items))
            }
            other => Some(other.eval(&{ *scope })?.into_owned()),
        }
    }
}
