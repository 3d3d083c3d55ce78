//! From an event to its line.

use super::outlet::Outlet;
use crate::clock::Clock;
use std::borrow::Cow;
use std::fmt;
use std::io::{self, Write};
use std::sync::Arc;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::FormatTime;

/// The time before each line: RFC 3339, UTC, to the microsecond.
pub(super) struct Time(pub(super) Clock);

impl FormatTime for Time {
    fn format_time(&self, out: &mut Writer<'_>) -> fmt::Result {
        write!(out, "{:.6}", self.0.now())
    }
}

/// Hands each event's line to the outlet.
#[derive(Clone)]
pub(super) struct Lines(Arc<Outlet>);

impl Lines {
    pub(super) fn new(outlet: Arc<Outlet>) -> Self {
        Self(outlet)
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

impl Write for Lines {
    /// An event comes in one piece.
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        self.0.put(&one_line(event));
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A value with line ends in it would pass for lines of our own.
fn one_line(event: &[u8]) -> Cow<'_, [u8]> {
    let text = event.strip_suffix(b"\n").unwrap_or(event);
    // Twice, since a search for one byte looks at many of them in one step.
    if !text.contains(&b'\n') && !text.contains(&b'\r') {
        return Cow::Borrowed(event);
    }
    let mut line = Vec::with_capacity(event.len() + 16);
    for byte in text {
        match byte {
            b'\n' => line.extend_from_slice(b"\\n"),
            b'\r' => line.extend_from_slice(b"\\r"),
            other => line.push(*other),
        }
    }
    line.push(b'\n');
    Cow::Owned(line)
}
