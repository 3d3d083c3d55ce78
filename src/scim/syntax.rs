//! A cursor over the text of a path or a filter, and the error that says where
//! it stopped. Everything here is linear in the text, and bounded.

use super::name::{AttrName, SchemaUri};
use std::fmt;

/// The longest path or filter that is read at all.
pub const LONGEST_TEXT: usize = 16 * 1024;
/// How deep brackets, parentheses and `not` may nest.
pub const DEEPEST: usize = 32;
/// How many comparisons one filter may hold.
pub const MOST_TERMS: usize = 512;

/// Why a text is no path or filter, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyntaxError {
    /// The byte the parser stood at.
    pub at: usize,
    /// The same place counted in characters from 1, as a person counts.
    pub character: usize,
    /// What was expected there, and what was found.
    pub problem: String,
}

impl fmt::Display for SyntaxError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "at character {}: {}", self.character, self.problem)
    }
}

impl std::error::Error for SyntaxError {}

pub(super) type Parsed<T> = Result<T, SyntaxError>;

/// Where we stand in a text.
#[derive(Debug)]
pub(super) struct Cursor<'a> {
    text: &'a str,
    at: usize,
    /// The schemas whose URNs may stand before an attribute.
    pub(super) urns: &'a [SchemaUri],
    depth: usize,
    terms: usize,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(text: &'a str, urns: &'a [SchemaUri]) -> Parsed<Self> {
        let cursor = Self { text, at: 0, urns, depth: 0, terms: 0 };
        if text.len() > LONGEST_TEXT {
            return Err(cursor.error(format!(
                "{} bytes are more than the {LONGEST_TEXT} this gateway reads",
                text.len()
            )));
        }
        Ok(cursor)
    }

    pub(super) fn position(&self) -> usize {
        self.at
    }

    pub(super) fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    pub(super) fn advance(&mut self, bytes: usize) {
        self.at += bytes;
    }

    /// Goes back to a place that was left a word ago, never further.
    pub(super) fn rewind(&mut self, at: usize) {
        self.at = at;
    }

    pub(super) fn skip_spaces(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start().len();
    }

    /// Takes `expected` if it comes next.
    pub(super) fn eat(&mut self, expected: char) -> bool {
        let found = self.peek() == Some(expected);
        if found {
            self.at += expected.len_utf8();
        }
        found
    }

    /// Takes everything up to white space or punctuation of the grammar.
    pub(super) fn word(&mut self) -> &'a str {
        let rest = self.rest();
        let ends = |c: char| c.is_whitespace() || "()[]\",".contains(c);
        let word = rest.find(ends).map_or(rest, |end| rest.get(..end).unwrap_or(rest));
        self.at += word.len();
        word
    }

    /// Enters one more level of nesting.
    pub(super) fn deepen(&mut self) -> Parsed<()> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(self.error(format!("nests deeper than {DEEPEST} levels")));
        }
        Ok(())
    }

    pub(super) fn surface(&mut self) {
        self.depth -= 1;
    }

    /// Counts one more comparison.
    pub(super) fn count_term(&mut self) -> Parsed<()> {
        self.terms += 1;
        if self.terms > MOST_TERMS {
            return Err(self.error(format!("holds more than {MOST_TERMS} comparisons")));
        }
        Ok(())
    }

    pub(super) fn error(&self, problem: impl Into<String>) -> SyntaxError {
        self.error_at(self.at, problem)
    }

    pub(super) fn error_at(&self, at: usize, problem: impl Into<String>) -> SyntaxError {
        let before = self.text.get(..at).unwrap_or(self.text);
        SyntaxError { at, character: before.chars().count() + 1, problem: problem.into() }
    }

    /// "expected this, found that", with what stands at the cursor.
    pub(super) fn expected(&self, what: &str) -> SyntaxError {
        let rest = self.rest();
        let found = rest.split_whitespace().next().unwrap_or_default();
        let shown: String = found.chars().take(40).collect();
        if rest.is_empty() {
            self.error(format!("expected {what}, but the text ends here"))
        } else {
            self.error(format!("expected {what}, found `{shown}`"))
        }
    }
}

/// A word of a path, taken apart: the schema it names, and `attr` or
/// `attr.sub` if any.
pub(super) struct Qualified<'a> {
    pub(super) schema: Option<SchemaUri>,
    pub(super) local: Option<&'a str>,
}

/// Splits `urn:…:User:name.familyName` into schema and attribute.
///
/// The longest registered URN wins, since `2.0` holds a dot and URNs may be
/// prefixes of each other. Without one the last colon separates, so that an
/// unknown schema is reported as such.
pub(super) fn qualify<'a>(word: &'a str, urns: &[SchemaUri]) -> Option<Qualified<'a>> {
    if let Some((urn, rest)) = longest_registered(word, urns) {
        return Some(Qualified { schema: Some(urn.clone()), local: rest });
    }
    match word.rsplit_once(':') {
        Some((urn, local)) => {
            Some(Qualified { schema: Some(SchemaUri::parse(urn)?), local: Some(local) })
        }
        None => Some(Qualified { schema: None, local: Some(word) }),
    }
}

/// The longest registered URN that a word begins with, and what follows it.
pub(super) fn longest_registered<'u, 'a>(
    word: &'a str,
    urns: &'u [SchemaUri],
) -> Option<(&'u SchemaUri, Option<&'a str>)> {
    let tail_after = |urn: &SchemaUri| {
        let (head, tail) = word.split_at_checked(urn.as_str().len())?;
        if !urn.is(head) {
            return None;
        }
        match tail.chars().next() {
            None => Some(None),
            // The dot is what the retired `customappsso` job of Entra sends.
            Some(':' | '.') => Some(tail.get(1..)),
            Some(_) => None,
        }
    };
    urns.iter()
        .filter_map(|urn| Some((urn, tail_after(urn)?)))
        .max_by_key(|(urn, _)| urn.as_str().len())
}

/// Splits `attr.sub` and parses both names.
pub(super) fn names(local: &str) -> Option<(AttrName, Option<AttrName>)> {
    match local.split_once('.') {
        Some((attr, sub)) => Some((AttrName::parse(attr)?, Some(AttrName::parse(sub)?))),
        None => Some((AttrName::parse(local)?, None)),
    }
}
