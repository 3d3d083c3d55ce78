//! What becomes of failures: objects that wait for another try, and a job that
//! is put into quarantine.

const HOUR: u64 = 60;
const DAY: u64 = 24 * HOUR;

/// An object that failed. Times are minutes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Escrow {
    first: u64,
    tries: u64,
}

impl Escrow {
    /// The first failure.
    pub(crate) fn begin(now: u64) -> Self {
        Self { first: now, tries: 0 }
    }

    /// One more.
    pub(crate) fn again(self) -> Self {
        Self { tries: self.tries + 1, ..self }
    }

    /// 6, 12 and 24 hours after the first failure, then every day.
    pub(crate) fn is_due(self, now: u64) -> bool {
        let wait = match self.tries {
            0 => 6 * HOUR,
            1 => 12 * HOUR,
            more => (more - 1) * DAY,
        };
        now >= self.first + wait
    }

    /// After 28 days nobody tries any more.
    pub(crate) fn is_over(self, now: u64) -> bool {
        now > self.first + 28 * DAY
    }
}

/// What a job has come to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) events: u64,
    pub(crate) failures: u64,
    pub(crate) reference_failures: u64,
}

impl Tally {
    /// Whether so many failures put the job into quarantine. References count
    /// towards one of the rules alone.
    pub(crate) fn is_too_much(self) -> bool {
        let all = self.failures + self.reference_failures;
        let share = self.failures * 100 > self.events * 40;
        all >= 5_000 && (share || self.failures > 40_000 || all > 60_000)
    }
}

/// Why a job goes slow, and its administrator gets mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Quarantine {
    /// 401 or 403.
    Credentials(u16),
    /// No SCIM server, as far as can be seen.
    Incompatible(String),
    /// Too many failures.
    Failures,
    /// More removals in one cycle than the administrator allows.
    StagedRemovals(usize),
}

#[test]
fn a_failed_object_is_tried_less_and_less_often() {
    let mut escrow = Escrow::begin(100);
    for hours in [6, 12, 24, 48, 72] {
        let due = 100 + hours * HOUR;
        assert!(!escrow.is_due(due - 1) && escrow.is_due(due), "{hours} hours");
        escrow = escrow.again();
    }
    assert!(!escrow.is_over(100 + 28 * DAY) && escrow.is_over(101 + 28 * DAY));
}

#[test]
fn quarantine_follows_from_share_and_number() {
    let tally = |events, failures, reference_failures| {
        Tally { events, failures, reference_failures }.is_too_much()
    };
    assert!(!tally(4_999, 4_999, 0));
    assert!(tally(12_499, 5_000, 0));
    assert!(!tally(12_500, 5_000, 0));
    assert!(!tally(200_000, 40_000, 0) && tally(200_000, 40_001, 0));
    assert!(!tally(200_000, 1, 59_999) && tally(200_000, 1, 60_000));
}
