//! A line for people: `time level request{id=…}: target: message name=value`.

use super::lines::{ROOM, name_of, write_time};
use crate::behalf;
use jiff::Timestamp;
use std::fmt::{self, Write};
use tracing::field::{Field, Visit};
use tracing::{Event, Level};

pub(super) fn line(event: &Event<'_>, at: Timestamp) -> String {
    let about = event.metadata();
    let mut line = String::with_capacity(ROOM);
    write_time(at, &mut line);
    line.push_str(match *about.level() {
        Level::ERROR => " ERROR ",
        Level::WARN => "  WARN ",
        Level::INFO => "  INFO ",
        Level::DEBUG => " DEBUG ",
        Level::TRACE => " TRACE ",
    });
    behalf::named(|id| line.extend(["request{id=", id, "}: "]));
    line.extend([about.target(), ":"]);
    event.record(&mut Fields(&mut line));
    printable(line)
}

/// A value with line ends in it would pass for lines of our own, and one that controls
/// a terminal for what the terminal has to say.
fn printable(line: String) -> String {
    // All of it, since to look at many bytes in one step is cheaper than to stop early.
    let odd = line.bytes().fold(false, |odd, byte| odd | !(b' '..0x7f).contains(&byte));
    if !odd {
        return line;
    }
    let mut shown = String::with_capacity(line.len() + 16);
    for character in line.chars() {
        // Into memory, writing does not fail.
        let _ = match character {
            '\n' => shown.write_str("\\n"),
            '\r' => shown.write_str("\\r"),
            '\t' => shown.write_char(character),
            '\0'..' ' | '\x7f' => write!(shown, "\\x{:02x}", u32::from(character)),
            '\u{80}'..='\u{9f}' => write!(shown, "\\u{{{:x}}}", u32::from(character)),
            other => shown.write_char(other),
        };
    }
    shown
}

/// Writes fields, each behind a space.
struct Fields<'l>(&'l mut String);

impl Fields<'_> {
    /// A field whose value needs no formatting.
    fn plain(&mut self, field: &Field, value: &str) {
        self.0.extend([" ", name_of(field), "=", value]);
    }
}

impl Visit for Fields<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        let escaped = |byte: u8| !matches!(byte, b' '..=b'~') || matches!(byte, b'"' | b'\\');
        if field.name() == "message" {
            self.0.extend([" ", value]);
        } else if value.bytes().any(escaped) {
            self.record_debug(field, &value);
        } else {
            self.0.extend([" ", name_of(field), "=\"", value, "\""]);
        }
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.plain(field, itoa::Buffer::new().format(value));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.plain(field, itoa::Buffer::new().format(value));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.plain(field, if value { "true" } else { "false" });
    }

    fn record_error(&mut self, field: &Field, value: &(dyn std::error::Error + 'static)) {
        self.record_debug(field, &format_args!("{value}"));
        let causes = std::iter::successors(value.source(), |cause| cause.source());
        let causes: Vec<String> = causes.map(ToString::to_string).collect();
        if !causes.is_empty() {
            self.0.extend([" ", name_of(field), ".sources=[", &causes.join(", "), "]"]);
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        // The message comes first and has no name.
        match field.name() {
            "message" => self.0.push(' '),
            _ => self.plain(field, ""),
        }
        // Into memory, that fails only where the value itself does.
        let _ = write!(self.0, "{value:?}");
    }
}
