//! The time before each line: RFC 3339, UTC, to the microsecond.

use crate::clock::Clock;
use jiff::Timestamp;
use std::sync::{Mutex, PoisonError};

/// Tells the time. A second is written once, however many lines it has.
pub(super) struct Time {
    clock: Clock,
    second: Mutex<(i64, String)>,
}

impl Time {
    pub(super) fn of(clock: &Clock) -> Self {
        Self { clock: clock.clone(), second: Mutex::new((i64::MIN, String::new())) }
    }

    pub(super) fn write(&self, line: &mut String) {
        let now = self.clock.now();
        let mut second = self.second.lock().unwrap_or_else(PoisonError::into_inner);
        let (known, text) = &mut *second;
        if *known != now.as_second() {
            *known = now.as_second();
            *text = Timestamp::from_second(*known).unwrap_or_default().to_string();
        }
        line.push_str(text.strip_suffix('Z').unwrap_or(text));
        drop(second);
        line.push('.');
        let micros = now.subsec_microsecond().unsigned_abs();
        for unit in [100_000, 10_000, 1_000, 100, 10, 1] {
            line.push(char::from_digit(micros / unit % 10, 10).unwrap_or('0'));
        }
        line.push('Z');
    }
}
