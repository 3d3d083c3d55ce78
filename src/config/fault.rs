//! A mistake in the settings: what is wrong, where it was said, and how to mend
//! it. Values that may be secret are not shown.

use std::fmt;

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};
use serde::Serialize;

use super::veil::Veil;
use crate::mapping;
use crate::mapping::Span;

/// Where a setting was said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// In the file.
    File(Span),
    /// By a variable of the environment or a flag, whose name this is.
    Word(String),
    /// Nowhere: it is the lack of it that is wrong.
    Nowhere,
}

/// One mistake, or something that will be one later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) message: String,
    pub(super) label: String,
    pub(super) hint: Option<String>,
    pub(super) place: Place,
}

impl Fault {
    pub(super) fn new(place: Place, message: impl Into<String>) -> Self {
        Self { message: message.into(), label: String::new(), hint: None, place }
    }

    pub(super) fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    fn paint(&self, level: Level<'_>, veil: &Veil, renderer: &Renderer) -> String {
        let mut group = Group::with_title(level.primary_title(self.message.as_str()));
        match &self.place {
            Place::File(span) => {
                let shown = veil.line(span);
                let mark = AnnotationKind::Primary.span(shown.mark).label(self.label.as_str());
                let snippet = Snippet::source(shown.text).line_start(span.place().0);
                group = group.element(snippet.path(span.file.name.as_str()).annotation(mark));
            }
            Place::Word(origin) => group = group.element(Origin::path(origin.as_str())),
            Place::Nowhere => {}
        }
        if let Some(hint) = &self.hint {
            group = group.element(Level::HELP.message(hint.as_str()));
        }
        renderer.render(&[group])
    }

    fn told(&self, veil: &Veil) -> Told {
        let place = match &self.place {
            Place::File(span) => {
                let shown = veil.line(span);
                let column = shown.text.get(..shown.mark.start).unwrap_or_default().chars().count();
                Some(format!("{}:{}:{}", span.file.name, span.place().0, column + 1))
            }
            Place::Word(origin) => Some(origin.clone()),
            Place::Nowhere => None,
        };
        Told { message: self.message.clone(), place, hint: self.hint.clone() }
    }

    /// The file's come first, in its order.
    fn order(&self) -> (u8, usize) {
        match &self.place {
            Place::File(span) => (0, span.start),
            Place::Word(_) => (1, 0),
            Place::Nowhere => (2, 0),
        }
    }
}

impl From<mapping::Fault> for Fault {
    fn from(fault: mapping::Fault) -> Self {
        let mapping::Fault { message, label, span, hint } = fault;
        Self { message, label, hint, place: Place::File(span) }
    }
}

/// A mistake for machines.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Told {
    /// What is wrong.
    pub message: String,
    /// Where it was said: file, line and column, or variable, or flag. Columns
    /// are counted with secrets hidden.
    pub place: Option<String>,
    /// How to mend it.
    pub hint: Option<String>,
}

impl From<&mapping::Fault> for Told {
    fn from(fault: &mapping::Fault) -> Self {
        Self {
            message: fault.message.clone(),
            place: Some(fault.span.to_string()),
            hint: fault.hint.clone(),
        }
    }
}

/// Everything that is wrong with the settings, mappings included. Displayed as a
/// compiler would, one after the other.
#[derive(Debug)]
pub struct Faults {
    own: Vec<Fault>,
    mappings: Vec<mapping::Fault>,
    veil: Veil,
}

impl Faults {
    pub(super) fn new(own: Vec<Fault>, mappings: Vec<mapping::Fault>, veil: Veil) -> Self {
        let mut sorted: Vec<Fault> = Vec::new();
        for fault in own {
            if !sorted.contains(&fault) {
                sorted.push(fault);
            }
        }
        sorted.sort_by_key(Fault::order);
        Self { own: sorted, mappings, veil }
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.own.len() + self.mappings.len()
    }

    /// All of them, one by one.
    pub fn told(&self) -> Vec<Told> {
        let own = self.own.iter().map(|fault| fault.told(&self.veil));
        own.chain(self.mappings.iter().map(Told::from)).collect()
    }

    /// All of them as text, with colours where a terminal shows them.
    pub fn render(&self, colour: bool) -> String {
        let renderer = renderer(colour);
        let own = self.own.iter().map(|it| it.paint(Level::ERROR, &self.veil, &renderer));
        let mappings = self.mappings.iter().map(|fault| fault.paint(&renderer));
        own.chain(mappings).collect::<Vec<_>>().join("\n\n")
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.render(false))
    }
}

impl std::error::Error for Faults {}

/// What is no mistake yet, but should be known.
#[derive(Debug)]
pub struct Warnings(Faults);

impl Warnings {
    pub(super) fn new(own: Vec<Fault>, veil: Veil) -> Self {
        Self(Faults::new(own, Vec::new(), veil))
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.0.count()
    }

    /// All of them as text, with colours where a terminal shows them.
    pub fn render(&self, colour: bool) -> String {
        let Faults { own, veil, .. } = &self.0;
        let renderer = renderer(colour);
        let drawn = own.iter().map(|it| it.paint(Level::WARNING, veil, &renderer));
        drawn.collect::<Vec<_>>().join("\n\n")
    }

    /// All of them, one by one.
    pub fn told(&self) -> Vec<Told> {
        self.0.told()
    }

    /// Their words alone, for a log.
    pub fn messages(&self) -> impl Iterator<Item = &str> {
        self.0.own.iter().map(|fault| fault.message.as_str())
    }
}

fn renderer(colour: bool) -> Renderer {
    if colour { Renderer::styled() } else { Renderer::plain() }
}
