//! The time of day, handed to whoever needs it: the only place that reads it.
//!
//! Spans and waits are not its business: they run on tokio's time, which tests
//! pause.

use std::fmt::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::Offset;

/// Where the time comes from.
#[derive(Clone)]
pub struct Clock(Source);

#[derive(Clone)]
enum Source {
    System,
    Hand(Arc<AtomicI64>),
}

/// The hand of a clock that stands still until it is moved.
#[derive(Clone, Debug)]
pub struct Hand(Arc<AtomicI64>);

impl Clock {
    /// The system's clock.
    pub fn system() -> Self {
        Self(Source::System)
    }

    /// A clock that stands at this time, and the hand that moves it. It knows
    /// whole milliseconds.
    pub fn by_hand(start: Timestamp) -> (Self, Hand) {
        let hand = Arc::new(AtomicI64::new(start.as_millisecond()));
        (Self(Source::Hand(Arc::clone(&hand))), Hand(hand))
    }

    /// The time now.
    pub fn now(&self) -> Timestamp {
        match &self.0 {
            #[expect(clippy::disallowed_methods, reason = "this is the clock that others ask")]
            Source::System => Timestamp::now(),
            Source::Hand(hand) => {
                Timestamp::from_millisecond(hand.load(Ordering::SeqCst)).unwrap_or(Timestamp::MAX)
            }
        }
    }
}

impl Hand {
    /// Moves the time forward.
    pub fn advance(&self, by: Duration) {
        let by = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
        self.0.fetch_add(by, Ordering::SeqCst);
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self.0 {
            Source::System => "Clock(system)",
            Source::Hand(_) => "Clock(by hand)",
        })
    }
}

/// Writes a time in UTC as RFC 3339 wants it, with so many digits behind the second, nine
/// at most. The formatter does the same and knows how to do much else: it takes ten times
/// as long, and each answer and each line of the log has such a time.
pub(crate) fn write(at: Timestamp, decimals: usize, text: &mut String) {
    let time = Offset::UTC.to_datetime(at);
    let Ok(year) = u32::try_from(time.year()) else {
        // Into memory, that does not fail.
        let _ = write!(text, "{at:.decimals$}");
        return;
    };
    let small = |number: i8| u32::from(number.unsigned_abs());
    let parts = [
        (year, 4, '-'),
        (small(time.month()), 2, '-'),
        (small(time.day()), 2, 'T'),
        (small(time.hour()), 2, ':'),
        (small(time.minute()), 2, ':'),
        (small(time.second()), 2, '.'),
    ];
    for (number, digits, behind) in parts {
        const UNITS: [u32; 4] = [1000, 100, 10, 1];
        let units = UNITS.into_iter().skip(UNITS.len() - digits);
        text.extend(units.filter_map(|unit| char::from_digit(number / unit % 10, 10)));
        text.push(behind);
    }
    let nanos = time.subsec_nanosecond().unsigned_abs();
    let units = std::iter::successors(Some(100_000_000), |unit| Some(unit / 10));
    let units = units.take(decimals);
    text.extend(units.filter_map(|unit: u32| char::from_digit(nanos / unit % 10, 10)));
    text.push('Z');
}

#[cfg(test)]
mod tests {
    use super::{Clock, write};
    use jiff::Timestamp;
    use std::time::Duration;

    #[test]
    fn a_clock_by_hand_moves_only_when_it_is_moved() {
        let start = Timestamp::from_second(1_000).unwrap();
        let (clock, hand) = Clock::by_hand(start);
        let other = clock.clone();
        assert_eq!(clock.now(), start);
        hand.advance(Duration::from_secs(5));
        assert_eq!(other.now(), Timestamp::from_second(1_005).unwrap());
    }

    #[test]
    fn the_system_clock_goes() {
        assert!(Clock::system().now() > Timestamp::UNIX_EPOCH);
    }

    #[test]
    fn a_time_is_written_as_the_formatter_would() {
        let written = |at, decimals| {
            let mut text = String::new();
            write(at, decimals, &mut text);
            text
        };
        let (least, most) = (Timestamp::MIN.as_millisecond(), Timestamp::MAX.as_millisecond());
        let step = usize::try_from((most - least) / 5_000).unwrap();
        let odd = [-62_167_219_200_001, -62_167_219_200_000, -1, 0, 999, 951_782_400_000];
        for millisecond in (least..=most).step_by(step).chain(odd) {
            let at = Timestamp::from_millisecond(millisecond).unwrap();
            assert_eq!(written(at, 3), format!("{at:.3}"));
            assert_eq!(written(at, 6), format!("{at:.6}"));
        }
        let at: Timestamp = "2026-11-30T04:05:06.7089012Z".parse().unwrap();
        assert_eq!(
            (&*written(at, 3), format!("{at:.3}")),
            ("2026-11-30T04:05:06.708Z", written(at, 3))
        );
        assert_eq!(
            (&*written(at, 6), format!("{at:.6}")),
            ("2026-11-30T04:05:06.708901Z", written(at, 6))
        );
    }
}
