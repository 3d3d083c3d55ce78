//! The time of day, handed to whoever needs it: the only place that reads it.
//!
//! Spans and waits are not its business: they run on tokio's time, which tests
//! pause.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use jiff::Timestamp;

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

#[cfg(test)]
mod tests {
    use super::Clock;
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
}
