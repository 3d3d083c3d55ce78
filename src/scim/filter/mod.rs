//! Filters (RFC 7644 §3.4.2.2): the tree as written, and its text.
//!
//! A [`Filter`] knows grammar only. Held against a resource type it becomes a
//! [`Matcher`], which knows which attributes exist and how they compare.

mod matcher;
mod narrow;
pub(super) mod parse;
mod test;

pub(super) use matcher::instant;
pub use matcher::{Matcher, Operand};
pub(super) use narrow::Narrowed;

use super::name::SchemaUri;
use super::path::Path;
use super::syntax::SyntaxError;
use std::fmt;

/// A filter as written.
///
/// ```
/// use matricula::scim::Filter;
///
/// let filter = Filter::parse(r#"userName EQ "Nina" and not (active eq false)"#, &[]).unwrap();
/// assert_eq!(filter.to_string(), r#"userName eq "Nina" and not (active eq false)"#);
///
/// let error = Filter::parse(r#"userName is "Nina""#, &[]).unwrap_err();
/// assert_eq!(error.character, 10);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Filter {
    /// `path op value`
    Compare(Path, Operator, Literal),
    /// `path pr`
    Present(Path),
    /// `path[filter]` alone: some element matches.
    Element(Path),
    /// All of them; two or more, none of them an `All`.
    All(Vec<Filter>),
    /// Any of them; two or more, none of them an `Any`.
    Any(Vec<Filter>),
    /// `not (…)`
    Not(Box<Filter>),
}

/// How an attribute is compared with a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operator {
    /// equal
    Eq,
    /// not equal
    Ne,
    /// contains
    Co,
    /// starts with
    Sw,
    /// ends with
    Ew,
    /// greater than
    Gt,
    /// greater than or equal
    Ge,
    /// less than
    Lt,
    /// less than or equal
    Le,
}

/// A value in a filter, as spelled. What it means depends on the attribute:
/// `"True"` is a boolean for `active` and a word for `displayName`, and Entra
/// writes both without telling which it means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Literal {
    /// A JSON string, unescaped.
    Quoted(String),
    /// `true`, `null`, `42`, or a word without quotes.
    Bare(String),
}

impl Operator {
    const ALL: [(Self, &'static str); 9] = [
        (Self::Eq, "eq"),
        (Self::Ne, "ne"),
        (Self::Co, "co"),
        (Self::Sw, "sw"),
        (Self::Ew, "ew"),
        (Self::Gt, "gt"),
        (Self::Ge, "ge"),
        (Self::Lt, "lt"),
        (Self::Le, "le"),
    ];

    /// The operator of that name, in any case.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, name)| name.eq_ignore_ascii_case(text)).map(|(op, _)| *op)
    }

    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(op, _)| *op == self).map_or("eq", |(_, name)| name)
    }
}

impl Filter {
    /// Reads a whole text as one filter. `urns` are the registered schemas.
    pub fn parse(text: &str, urns: &[SchemaUri]) -> Result<Self, SyntaxError> {
        parse::filter(text, urns)
    }

    /// All of `filters`; flattened, and plain where there is only one.
    pub fn all(filters: Vec<Self>) -> Self {
        let mut flat = Vec::with_capacity(filters.len());
        for filter in filters {
            match filter {
                Self::All(inner) => flat.extend(inner),
                other => flat.push(other),
            }
        }
        alone(flat).unwrap_or_else(Self::All)
    }

    /// Any of `filters`; flattened, and plain where there is only one.
    pub fn any(filters: Vec<Self>) -> Self {
        let mut flat = Vec::with_capacity(filters.len());
        for filter in filters {
            match filter {
                Self::Any(inner) => flat.extend(inner),
                other => flat.push(other),
            }
        }
        alone(flat).unwrap_or_else(Self::Any)
    }
}

/// The one filter of a list of one, or the list back.
fn alone(mut filters: Vec<Filter>) -> Result<Filter, Vec<Filter>> {
    match filters.pop() {
        Some(only) if filters.is_empty() => Ok(only),
        Some(last) => {
            filters.push(last);
            Err(filters)
        }
        None => Err(filters),
    }
}

impl fmt::Display for Filter {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Compare(path, operator, value) => {
                write!(out, "{path} {} {value}", operator.as_str())
            }
            Self::Present(path) => write!(out, "{path} pr"),
            Self::Element(path) => write!(out, "{path}"),
            Self::All(filters) => joined(out, filters, " and "),
            Self::Any(filters) => joined(out, filters, " or "),
            Self::Not(filter) => write!(out, "not ({filter})"),
        }
    }
}

/// `and` binds tighter than `or`, so only an `or` inside an `and` needs its
/// parentheses.
fn joined(out: &mut fmt::Formatter<'_>, filters: &[Filter], word: &str) -> fmt::Result {
    for (index, filter) in filters.iter().enumerate() {
        if index > 0 {
            out.write_str(word)?;
        }
        match filter {
            Filter::Any(_) => write!(out, "({filter})")?,
            Filter::Compare(..)
            | Filter::Present(_)
            | Filter::Element(_)
            | Filter::All(_)
            | Filter::Not(_) => write!(out, "{filter}")?,
        }
    }
    Ok(())
}

impl fmt::Display for Literal {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Quoted(text) => {
                out.write_str(&serde_json::to_string(text).map_err(|_| fmt::Error)?)
            }
            Self::Bare(word) => out.write_str(word),
        }
    }
}
