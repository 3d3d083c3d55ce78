//! Whether an expression uses only names that exist where it stands.

use super::{Expr, Path, Pick};
use crate::mapping::fault::did_you_mean;

/// The names an expression may use, and for some of them the keys behind.
#[derive(Clone, Debug, Default)]
pub struct Names {
    known: Vec<Known>,
}

#[derive(Clone, Debug)]
struct Known {
    name: String,
    keys: Option<Vec<String>>,
}

/// A name or key that does not exist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misuse {
    /// First byte within the expression.
    pub offset: usize,
    /// How many bytes.
    pub length: usize,
    /// What is wrong.
    pub message: String,
    /// How to mend it.
    pub hint: Option<String>,
}

impl Names {
    /// These names, whatever is behind them.
    pub fn of(names: &[&str]) -> Self {
        let mut all = Self::default();
        for name in names {
            all.add(name);
        }
        all
    }

    /// Adds a name with anything behind it.
    pub fn add(&mut self, name: &str) {
        self.known.retain(|known| known.name != name);
        self.known.push(Known { name: name.to_owned(), keys: None });
    }

    /// Adds a name of which the keys are known.
    pub fn add_closed(&mut self, name: &str, keys: Vec<String>) {
        self.known.retain(|known| known.name != name);
        self.known.push(Known { name: name.to_owned(), keys: Some(keys) });
    }

    /// The same with further names.
    pub fn and(&self, names: &[&str]) -> Self {
        let mut all = self.clone();
        for name in names {
            all.add(name);
        }
        all
    }

    /// Whether a name is known.
    pub fn has(&self, name: &str) -> bool {
        self.known.iter().any(|known| known.name == name)
    }

    /// Checks every path of an expression.
    pub fn check(&self, expr: &Expr) -> Vec<Misuse> {
        let mut found = Vec::new();
        let item = expr_has_items(expr);
        expr.paths(&mut |path| {
            if !(path.root == "item" && item) {
                found.extend(self.check_path(path));
            }
        });
        found
    }

    fn check_path(&self, path: &Path) -> Option<Misuse> {
        let (offset, length) = path.at;
        let misuse = |message, hint| Some(Misuse { offset, length, message, hint });
        let Some(known) = self.known.iter().find(|known| known.name == path.root) else {
            let names = self.known.iter().map(|known| known.name.as_str());
            let message = format!("there is no `{}` here", path.root);
            return misuse(message, did_you_mean(&path.root, names));
        };
        let (Some(keys), Some(Pick::Key(key))) = (&known.keys, path.picks.first()) else {
            return None;
        };
        if keys.iter().any(|known| known == key) {
            return None;
        }
        let hint = did_you_mean(key, keys.iter().map(String::as_str));
        misuse(format!("`{}` has no `{key}`", path.root), hint)
    }
}

/// `item` exists only within `map`, `where`, `any` and `all`; which of several
/// it belongs to does not matter for the question whether it may be named.
fn expr_has_items(expr: &Expr) -> bool {
    match expr {
        Expr::Plain(_) | Expr::Path(_) => false,
        Expr::List(items) => items.iter().any(expr_has_items),
        Expr::Object(fields) => fields.iter().any(|(_, item)| expr_has_items(item)),
        Expr::Not(inner) => expr_has_items(inner),
        Expr::And(a, b) | Expr::Or(a, b) | Expr::Compare(_, a, b) | Expr::Else(a, b) => {
            expr_has_items(a) || expr_has_items(b)
        }
        Expr::Choice(a, b, c) => expr_has_items(a) || expr_has_items(b) || expr_has_items(c),
        Expr::Pipe(pipe) => {
            matches!(pipe.function.name, "map" | "where" | "any" | "all")
                || expr_has_items(&pipe.input)
                || pipe.arguments.iter().any(expr_has_items)
        }
    }
}
