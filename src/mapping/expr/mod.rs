//! The small language inside a mapping file: paths, comparisons, a choice and a
//! closed list of functions.
//!
//! Every expression is total: what is not there is *absent*, and a function that
//! cannot do anything with its input yields absent. There are no loops but over
//! lists, no definitions, and every evaluation is bounded by [`Fuel`].

mod check;
mod eval;
mod fields;
mod functions;
mod lex;
mod needs;
mod parse;
mod pattern;
mod table;
mod take;

#[cfg(test)]
mod tests;

pub use check::{Misuse, Names};
pub use eval::{Fuel, Scope, truthy};
pub use functions::{link, plain_text};
pub use parse::{Mistake, parse, parse_hole};
pub use pattern::Pattern;
pub use table::{FUNCTIONS, Function};

use serde_json::Value;

/// A compiled expression.
#[derive(Clone, Debug)]
pub enum Expr {
    /// A literal.
    Plain(Value),
    /// A name and what is picked from it.
    Path(Path),
    /// A list.
    List(Vec<Expr>),
    /// An object; an absent value leaves its key out.
    Object(Vec<(String, Expr)>),
    /// `not a`
    Not(Box<Expr>),
    /// `a and b`
    And(Box<Expr>, Box<Expr>),
    /// `a or b`
    Or(Box<Expr>, Box<Expr>),
    /// `a == b` and its kin.
    Compare(Comparison, Box<Expr>, Box<Expr>),
    /// `a ?? b`: the second when the first is absent or null.
    Else(Box<Expr>, Box<Expr>),
    /// `a ? b : c`
    Choice(Box<Expr>, Box<Expr>, Box<Expr>),
    /// `a | function(b, c)`
    Pipe(Box<Pipe>),
}

/// A name and what is picked from it.
#[derive(Clone, Debug)]
pub struct Path {
    /// The name.
    pub root: String,
    /// The picks, outermost first.
    pub picks: Vec<Pick>,
    /// Where the path stands within the expression.
    pub at: (usize, usize),
}

/// One pick from a value.
#[derive(Clone, Debug)]
pub enum Pick {
    /// `.key`
    Key(String),
    /// `[0]`, counted from the end when negative.
    Index(i64),
    /// `[expression]`
    Of(Expr),
}

/// A function applied to an input.
#[derive(Clone, Debug)]
pub struct Pipe {
    /// What flows in.
    pub input: Expr,
    /// The function.
    pub function: &'static Function,
    /// Its arguments.
    pub arguments: Vec<Expr>,
    /// The pattern, compiled, of a function that takes one.
    pub pattern: Option<Pattern>,
}

/// How two values are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// `==`
    Equal,
    /// `!=`
    Unequal,
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `>`
    More,
    /// `>=`
    AtLeast,
    /// `in`: an element of a list, a key of an object, a part of a text.
    In,
}

impl Expr {
    /// Visits every path, those within other paths too.
    pub fn paths(&self, visit: &mut dyn FnMut(&Path)) {
        match self {
            Self::Plain(_) => {}
            Self::Path(path) => {
                visit(path);
                for pick in &path.picks {
                    if let Pick::Of(inner) = pick {
                        inner.paths(visit);
                    }
                }
            }
            Self::List(items) => items.iter().for_each(|item| item.paths(visit)),
            Self::Object(fields) => fields.iter().for_each(|(_, item)| item.paths(visit)),
            Self::Not(inner) => inner.paths(visit),
            Self::And(a, b) | Self::Or(a, b) | Self::Compare(_, a, b) | Self::Else(a, b) => {
                a.paths(visit);
                b.paths(visit);
            }
            Self::Choice(a, b, c) => {
                a.paths(visit);
                b.paths(visit);
                c.paths(visit);
            }
            Self::Pipe(pipe) => {
                pipe.input.paths(visit);
                pipe.arguments.iter().for_each(|argument| argument.paths(visit));
            }
        }
    }

    /// Whether it looks at nothing behind other names.
    pub fn mentions_only(&self, names: &[&str]) -> bool {
        let mut only = true;
        self.paths(&mut |path| only &= names.contains(&path.root.as_str()));
        only
    }

    /// Whether the expression mentions that name.
    pub fn mentions(&self, root: &str) -> bool {
        let mut found = false;
        self.paths(&mut |path| found |= path.root == root);
        found
    }
}
