//! A mistake in a mapping file, told so that its author can mend it: what is
//! wrong, where, and what to write instead.

use std::fmt;
use std::sync::Arc;

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};

/// One file of a mapping, as text.
#[derive(Debug, PartialEq, Eq)]
pub struct File {
    /// The name to show.
    pub name: String,
    /// What is in it.
    pub text: String,
}

/// A place within a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// The file.
    pub file: Arc<File>,
    /// First byte.
    pub start: usize,
    /// First byte behind it.
    pub end: usize,
}

impl Span {
    /// Line and column, both from one, columns counted in characters.
    pub fn place(&self) -> (usize, usize) {
        let before = self.file.text.get(..self.start).unwrap_or(&self.file.text);
        let line = before.matches('\n').count() + 1;
        let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
        (line, column)
    }

    /// The part of this span that a token within a one-line text occupies.
    ///
    /// `offset` and `length` count bytes behind the opening quote. Escapes make
    /// that inexact, then the whole text is meant.
    pub fn within(&self, offset: usize, length: usize) -> Self {
        let text = self.file.text.get(self.start..self.end).unwrap_or_default();
        let quote = text.chars().take_while(|c| matches!(c, '"' | '\'')).count();
        let exact = quote == 1 && !text.contains('\\');
        let start = self.start + quote + offset;
        if exact && start + length < self.end {
            Self { file: Arc::clone(&self.file), start, end: start + length.max(1) }
        } else {
            self.clone()
        }
    }
}

impl fmt::Display for Span {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (line, column) = self.place();
        write!(out, "{}:{line}:{column}", self.file.name)
    }
}

/// One mistake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// What is wrong.
    pub message: String,
    /// What is wrong with the marked piece, in a few words.
    pub label: String,
    /// Where.
    pub span: Span,
    /// How to mend it.
    pub hint: Option<String>,
}

impl Fault {
    /// A fault at that place.
    pub fn new(span: &Span, message: impl Into<String>) -> Self {
        Self { message: message.into(), label: String::new(), span: span.clone(), hint: None }
    }

    /// Adds a few words under the marked piece.
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    /// Adds how to mend it.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The fault as a compiler would print it: place, source line, mark, hint.
    pub fn render(&self) -> String {
        self.paint(&Renderer::plain())
    }

    /// The same, drawn by that renderer: in colours, on a terminal.
    pub fn paint(&self, renderer: &Renderer) -> String {
        // A place that was counted in bytes may lie within a character.
        let text = self.span.file.text.as_str();
        let start = text.floor_char_boundary(self.span.start);
        let end = text.ceil_char_boundary(self.span.end.max(start));
        let mark = AnnotationKind::Primary.span(start..end).label(self.label.as_str());
        let snippet = Snippet::source(text).path(self.span.file.name.as_str()).annotation(mark);
        let mut group = Level::ERROR.primary_title(self.message.as_str()).element(snippet);
        if let Some(hint) = &self.hint {
            group = group.element(Level::HELP.message(hint.as_str()));
        }
        renderer.render(&[group])
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: {}", self.span, self.message)
    }
}

/// Longer words are not compared with others.
const LONGEST_WORD: usize = 200;

/// The known word nearest to a mistyped one, when one is near enough.
pub(in crate::mapping) fn nearest<'a>(
    word: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    // Nobody mistypes a word of this length, and comparing costs its square.
    if word.len() > LONGEST_WORD {
        return None;
    }
    let allowed = (word.chars().count() / 3).clamp(1, 3);
    known
        .into_iter()
        .map(|candidate| (distance(word, candidate), candidate))
        .filter(|(steps, _)| *steps <= allowed)
        .min()
        .map(|(_, candidate)| candidate)
}

/// A hint that names the nearest word, or else all of them.
pub fn did_you_mean<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let mut known: Vec<&str> = known.into_iter().collect();
    known.sort_unstable();
    known.dedup();
    if let Some(near) = nearest(word, known.iter().copied()) {
        return Some(format!("did you mean `{near}`?"));
    }
    if known.is_empty() { None } else { Some(format!("known here: {}", known.join(", "))) }
}

/// How many letters have to be added, dropped, changed or swapped with their
/// neighbour, ignoring case.
fn distance(left: &str, right: &str) -> usize {
    let left: Vec<char> = left.to_lowercase().chars().collect();
    let right: Vec<char> = right.to_lowercase().chars().collect();
    let mut before: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (i, a) in left.iter().enumerate() {
        let mut next = vec![i + 1];
        for (j, b) in right.iter().enumerate() {
            let at = |row: &[usize], index: usize| row.get(index).copied().unwrap_or(usize::MAX);
            let change = at(&row, j) + usize::from(a != b);
            let swapped =
                i > 0 && j > 0 && left.get(i - 1) == Some(b) && right.get(j - 1) == Some(a);
            let swap = if swapped { at(&before, j - 1).saturating_add(1) } else { usize::MAX };
            let step = (at(&row, j + 1) + 1).min(at(&next, j) + 1).min(change).min(swap);
            next.push(step);
        }
        before = std::mem::replace(&mut row, next);
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_swap_and_a_forgotten_letter_are_near() {
        assert_eq!(nearest("requried", ["required", "read", "write"]), Some("required"));
        assert_eq!(nearest("usernme", ["username", "lastname"]), Some("username"));
        assert_eq!(nearest("zebra", ["username", "lastname"]), None);
    }

    #[test]
    fn a_place_within_a_character_is_shown_all_the_same() {
        let file = Arc::new(File { name: "m.toml".into(), text: "\u{fffd} = 1\n".into() });
        for (start, end) in [(0, 1), (1, 2), (2, 2), (1, 99), (99, 99)] {
            let span = Span { file: Arc::clone(&file), start, end };
            assert!(Fault::new(&span, "odd").render().contains("odd"));
        }
    }

    #[test]
    fn a_word_without_end_has_no_neighbour() {
        assert_eq!(nearest(&"x".repeat(100_000), ["username"]), None);
    }

    #[test]
    fn a_place_counts_characters_from_one() {
        let file =
            Arc::new(File { name: "m.toml".into(), text: "a = 1\n\u{e9}\u{e9} = 2\n".into() });
        let span = Span { file, start: 11, end: 12 };
        assert_eq!(span.to_string(), "m.toml:2:4");
    }
}
