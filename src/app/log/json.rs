//! A line for programs: one object, its fields beside the message, where log stores
//! look for them.

use super::lines::{ROOM, name_of, write_time};
use crate::behalf;
use jiff::Timestamp;
use serde::Serialize;
use std::fmt;
use tracing::Event;
use tracing::field::{Field, Visit};

pub(super) fn line(event: &Event<'_>, at: Timestamp) -> Vec<u8> {
    let about = event.metadata();
    let mut time = String::new();
    write_time(at, &mut time);
    let mut line = Vec::with_capacity(ROOM);
    line.push(b'{');
    first(&mut line, "timestamp", time);
    pair(&mut line, "level", about.level().as_str());
    event.record(&mut Fields(&mut line));
    pair(&mut line, "target", about.target());
    behalf::named(|id| {
        line.extend_from_slice(b",\"span\":{");
        first(&mut line, "name", "request");
        pair(&mut line, "id", id);
        line.push(b'}');
    });
    line.push(b'}');
    line
}

fn pair(line: &mut Vec<u8>, name: &str, value: impl Serialize) {
    line.push(b',');
    first(line, name, value);
}

fn first(line: &mut Vec<u8>, name: &str, value: impl Serialize) {
    // Text and numbers always are JSON, and memory takes them.
    let _ = serde_json::to_writer(&mut *line, name);
    line.push(b':');
    let _ = serde_json::to_writer(line, &value);
}

struct Fields<'l>(&'l mut Vec<u8>);

impl Visit for Fields<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        pair(self.0, name_of(field), value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        pair(self.0, name_of(field), value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        pair(self.0, name_of(field), value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        pair(self.0, name_of(field), value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        pair(self.0, name_of(field), value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        pair(self.0, name_of(field), format!("{value:?}"));
    }
}
