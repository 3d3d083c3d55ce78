//! Fields in a line of text: `name=value`, as `tracing-subscriber` writes them.
//!
//! It formats each name and each value by way of `Debug`, which for a request's line
//! costs more than all the rest of logging it. What most fields are, text with nothing
//! to escape in it and whole numbers, is written here; the rest is left to it.

use std::fmt::{self, Write};
use tracing::field::{Field, Visit};
use tracing_subscriber::field::{RecordFields, VisitOutput};
use tracing_subscriber::fmt::FormatFields;
use tracing_subscriber::fmt::format::{DefaultVisitor, Writer};

/// Writes the fields of an event or a span.
pub(super) struct Pairs;

impl<'w> FormatFields<'w> for Pairs {
    fn format_fields<R: RecordFields>(&self, writer: Writer<'w>, fields: R) -> fmt::Result {
        let plain = String::with_capacity(ROOM);
        let mut line = Line { writer, plain, is_empty: true, outcome: Ok(()) };
        fields.record(&mut line);
        line.flush();
        line.outcome
    }
}

/// Most lines fit.
const ROOM: usize = 256;

struct Line<'w> {
    writer: Writer<'w>,
    /// What needs no formatting, until it is written together: on the way to the
    /// writer, each piece costs more than it is long.
    plain: String,
    is_empty: bool,
    outcome: fmt::Result,
}

impl Line<'_> {
    /// A field whose value needs no formatting.
    fn plain(&mut self, name: &str, value: &[&str]) {
        let space = if self.is_empty { "" } else { " " };
        for part in [space, name, "="].iter().chain(value) {
            self.plain.push_str(part);
        }
        self.is_empty = false;
    }

    /// A field as it is always written.
    fn usual(&mut self, record: impl FnOnce(&mut DefaultVisitor<'_>)) {
        self.flush();
        if self.outcome.is_ok() {
            let mut visitor = DefaultVisitor::new(self.writer.by_ref(), self.is_empty);
            record(&mut visitor);
            self.outcome = visitor.finish();
            self.is_empty = false;
        }
    }

    fn flush(&mut self) {
        if self.outcome.is_ok() {
            self.outcome = self.writer.write_str(&self.plain);
        }
        self.plain.clear();
    }
}

impl Visit for Line<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        let escaped = |byte: u8| !matches!(byte, b' '..=b'~') || matches!(byte, b'"' | b'\\');
        if is_ordinary(field) && !value.bytes().any(escaped) {
            self.plain(field.name(), &["\"", value, "\""]);
        } else {
            self.usual(|visitor| visitor.record_str(field, value));
        }
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        if is_ordinary(field) {
            self.plain(field.name(), &[itoa::Buffer::new().format(value)]);
        } else {
            self.usual(|visitor| visitor.record_u64(field, value));
        }
    }

    fn record_error(&mut self, field: &Field, value: &(dyn std::error::Error + 'static)) {
        self.usual(|visitor| visitor.record_error(field, value));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if is_ordinary(field) {
            self.plain(field.name(), &[]);
            self.outcome = self.outcome.and_then(|()| write!(self.plain, "{value:?}"));
        } else {
            self.usual(|visitor| visitor.record_debug(field, value));
        }
    }
}

/// The message has no name in the line, and a raw identifier loses its mark.
fn is_ordinary(field: &Field) -> bool {
    field.name() != "message" && !field.name().starts_with("r#")
}
