//! What of the file is not shown, even where a fault points at it: secrets,
//! whatever might be one, and how long they are.

use std::ops::Range;

use crate::mapping::source::{Kind, Node};
use crate::mapping::{File, Span};

/// What stands in the place of what is hidden.
const MASK: &str = "***";

/// Names whose values are secrets wherever they appear, also misspelt or in the
/// wrong place. Where a digest belongs, a token is pasted sooner or later.
const SECRETIVE: [&str; 7] = ["token", "tokn", "secret", "passw", "credential", "apikey", "sha256"];

/// The key of a tenant's tokens.
const TOKENS: &str = "tokens";

/// The hidden parts of one file.
#[derive(Clone, Debug, Default)]
pub(super) struct Veil(Vec<Range<usize>>);

/// A line as it may be shown, and the part of it that is meant. Columns are
/// counted in what is shown: counted in the file, they would tell lengths.
pub(super) struct Line {
    pub(super) text: String,
    pub(super) mark: Range<usize>,
}

impl Veil {
    /// Hides every text whose name sounds like a secret.
    pub(super) fn over(root: &Node) -> Self {
        let mut veil = Self::default();
        veil.look(root, false);
        veil
    }

    /// For a file that is no TOML: nobody knows what its values are, so that
    /// nothing is shown but what stands before the first `=` of a line.
    pub(super) fn unread(file: &File) -> Self {
        let mut ranges = Vec::new();
        let mut start = 0;
        let mut inside = false;
        for line in file.text.split_inclusive('\n') {
            let end = start + line.trim_end().len();
            let head = line.trim_start().starts_with('[') && !line.contains(['"', '\'', '=']);
            let shown = match line.find('=') {
                _ if inside => 0,
                Some(equals) => value_of(line, equals),
                None if head => line.len(),
                None => 0,
            };
            ranges.push((start + shown).min(end)..end);
            let fences = line.matches("\"\"\"").count() + line.matches("'''").count();
            inside ^= fences % 2 == 1;
            start += line.len();
        }
        Self(ranges)
    }

    /// Hides every text of a value.
    pub(super) fn hide(&mut self, node: &Node) {
        self.look(node, true);
    }

    fn look(&mut self, node: &Node, secret: bool) {
        match &node.kind {
            Kind::Text(text) if secret || names_somebody(text) => {
                self.0.push(within_quotes(&node.span));
            }
            Kind::Plain(_) if secret => self.0.push(within_quotes(&node.span)),
            Kind::Text(_) | Kind::Plain(_) => {}
            Kind::List(items) => items.iter().for_each(|item| self.look(item, secret)),
            Kind::Table(entries) => {
                for entry in entries {
                    self.look_into(&entry.key, &entry.node, secret);
                }
            }
        }
    }

    fn look_into(&mut self, key: &str, node: &Node, around: bool) {
        if key != TOKENS {
            return self.look(node, is_secret(key, around));
        }
        // A list of tables, in which `token` is the secret; or a mistake.
        for item in node.list().unwrap_or(std::slice::from_ref(node)) {
            self.look(item, item.table().is_none());
        }
    }

    /// The first line of a span.
    pub(super) fn line(&self, span: &Span) -> Line {
        let text = span.file.text.as_str();
        let at = text.floor_char_boundary(span.start);
        let before = text.get(..at).unwrap_or_default();
        let start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let rest = text.get(start..).unwrap_or_default();
        let end = start + rest.find('\n').unwrap_or(rest.len());
        let last = text.ceil_char_boundary(span.end).clamp(at, end.max(at));
        let hidden = self.within(start..end);
        let mut shown = String::new();
        let mut from = start;
        for range in &hidden {
            shown.push_str(text.get(from..range.start).unwrap_or_default());
            shown.push_str(MASK);
            from = range.end;
        }
        shown.push_str(text.get(from..end).unwrap_or_default());
        let mark = moved(at, start, &hidden, 0)..moved(last, start, &hidden, MASK.len());
        Line { text: shown, mark }
    }

    /// What is hidden of a line, in its order.
    fn within(&self, line: Range<usize>) -> Vec<Range<usize>> {
        let clipped = self.0.iter().map(|it| it.start.max(line.start)..it.end.min(line.end));
        let mut hidden: Vec<_> = clipped.filter(|range| !range.is_empty()).collect();
        hidden.sort_by_key(|range| range.start);
        hidden.dedup();
        hidden
    }
}

/// Where a position of the file is in the line as it is shown; `inside` is where
/// one within a mask goes.
fn moved(position: usize, start: usize, hidden: &[Range<usize>], inside: usize) -> usize {
    let mut at = position - start;
    for range in hidden {
        if position >= range.end {
            at = at + MASK.len() - range.len();
        } else if position > range.start {
            at = at + inside - (position - range.start);
        }
    }
    at
}

/// `around` says that the table itself stands where a secret does. Then its keys
/// are the forms of one, which name where it is.
fn is_secret(key: &str, around: bool) -> bool {
    let key = key.to_ascii_lowercase().replace(['_', '-'], "");
    if around {
        return !matches!(key.as_str(), "env" | "file");
    }
    SECRETIVE.iter().any(|word| key.contains(word))
}

/// Whether a text is an address that somebody is named in, with a password or with a
/// token in place of a name, wherever it appears.
fn names_somebody(text: &str) -> bool {
    let rest = text.split_once("://").map_or("", |(_, rest)| rest);
    rest.contains('@') || rest.contains("password=")
}

/// Where the value behind an equals sign begins.
fn value_of(line: &str, equals: usize) -> usize {
    let behind = line.get(equals + 1..).unwrap_or_default();
    line.len() - behind.trim_start().len()
}

fn within_quotes(span: &Span) -> Range<usize> {
    let text = span.file.text.get(span.start..span.end).unwrap_or_default();
    let quoted = text.len() >= 2 && text.starts_with(['"', '\'']);
    if quoted { span.start + 1..span.end - 1 } else { span.start..span.end }
}
