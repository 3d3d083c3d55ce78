//! An expression that looks at the fields of an object, told to look at them by name:
//! then there need be no object.

use super::{Expr, Path, Pick, Pipe};
use crate::mapping::expr::table::Takes;

impl Expr {
    /// The same with `root.key` as one name, and the keys; nothing, if more than fields
    /// is looked at.
    pub fn by_fields(&self, root: &str) -> Option<(Self, Vec<String>)> {
        let mut keys = Vec::new();
        let expr = self.renamed(root, &mut keys)?;
        keys.sort_unstable();
        keys.dedup();
        Some((expr, keys))
    }

    fn renamed(&self, root: &str, keys: &mut Vec<String>) -> Option<Self> {
        let mut boxed = |inner: &Self| Some(Box::new(inner.renamed(root, keys)?));
        Some(match self {
            Self::Plain(value) => Self::Plain(value.clone()),
            Self::Path(path) => Self::Path(path.renamed(root, keys)?),
            Self::Not(inner) => Self::Not(boxed(inner)?),
            Self::And(a, b) => Self::And(boxed(a)?, boxed(b)?),
            Self::Or(a, b) => Self::Or(boxed(a)?, boxed(b)?),
            Self::Compare(how, a, b) => Self::Compare(*how, boxed(a)?, boxed(b)?),
            Self::Else(a, b) => Self::Else(boxed(a)?, boxed(b)?),
            Self::Choice(a, b, c) => Self::Choice(boxed(a)?, boxed(b)?, boxed(c)?),
            Self::Pipe(pipe) => Self::Pipe(Box::new(pipe.renamed(root, keys)?)),
            Self::List(_) | Self::Object(_) => return None,
        })
    }
}

impl Path {
    fn renamed(&self, root: &str, keys: &mut Vec<String>) -> Option<Self> {
        let simple = !self.picks.iter().any(|pick| matches!(pick, Pick::Of(_)));
        match (self.root == root, self.picks.split_first()) {
            (false, _) if simple => Some(self.clone()),
            (true, Some((Pick::Key(key), picks))) if simple => {
                keys.push(key.clone());
                let root = format!("{root}.{key}");
                Some(Self { root, picks: picks.to_vec(), at: self.at })
            }
            _ => None,
        }
    }
}

impl Pipe {
    fn renamed(&self, root: &str, keys: &mut Vec<String>) -> Option<Self> {
        // What looks at items has names of its own for them.
        if matches!(self.function.takes, Takes::Each(_)) {
            return None;
        }
        let arguments = self.arguments.iter().map(|it| it.renamed(root, keys));
        Some(Self {
            arguments: arguments.collect::<Option<_>>()?,
            input: self.input.renamed(root, keys)?,
            function: self.function,
            pattern: self.pattern.clone(),
        })
    }
}
