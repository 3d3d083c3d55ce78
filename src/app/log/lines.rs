//! From an event to its line.
//!
//! Each request writes one, so this is on the way of everything: a line is put
//! together in one buffer, without the formatter where a value needs none.

use super::outlet::Outlet;
use super::{json, text};
use crate::clock::{self, Clock};
use crate::config::Format;
use jiff::Timestamp;
use std::sync::Arc;
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

/// Writes a line for each event, and hands it to the outlet.
pub(super) struct Lines {
    pub(super) format: Format,
    pub(super) clock: Clock,
    pub(super) outlet: Arc<Outlet>,
}

impl<S: Subscriber> Layer<S> for Lines {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut line = match self.format {
            Format::Text => text::line(event, self.clock.now()).into_bytes(),
            Format::Json => json::line(event, self.clock.now()),
        };
        line.push(b'\n');
        self.outlet.put(&line);
    }
}

/// Most lines fit.
pub(super) const ROOM: usize = 512;

/// The time of a line: to the microsecond.
pub(super) fn write_time(at: Timestamp, line: &mut String) {
    clock::write(at, 6, line);
}

/// The name of a field: a raw identifier loses its mark.
pub(super) fn name_of(field: &tracing::field::Field) -> &'static str {
    field.name().strip_prefix("r#").unwrap_or(field.name())
}
