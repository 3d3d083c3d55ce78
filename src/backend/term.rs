//! The time of one call: what is too late to be begun, and what was cut off too early to
//! mean anything.

use std::time::Duration;

use tokio::time::Instant;

/// The time of one call.
#[derive(Clone, Copy, Debug)]
pub(super) struct Term {
    /// When it is over.
    pub end: Instant,
    /// How long it was in the beginning.
    whole: Duration,
}

impl Term {
    pub(super) fn of(started: Instant, whole: Duration) -> Self {
        Self { end: started + whole, whole }
    }

    /// When an attempt begins at the latest. What has waited so long that it would soon
    /// be cut off is not sent: nobody would read the answer, nor know of a write whether
    /// it was done.
    pub(super) fn latest(&self, patience: Duration) -> Instant {
        const LEAST: Duration = Duration::from_secs(2);
        self.end - patience.min(LEAST).min(self.whole / 2)
    }

    /// Whether an attempt that has just ended was cut off, with less than half of the
    /// time that it would have had if it had not waited: no news of the LMS.
    pub(super) fn cut(&self, begun: Instant, patience: Duration) -> bool {
        let given = self.end.saturating_duration_since(begun);
        given < patience.min(self.whole) / 2 && Instant::now() >= self.end
    }
}
