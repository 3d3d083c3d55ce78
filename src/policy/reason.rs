//! Why work waits.

use std::fmt;

/// Why an operation waits instead of being done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Reason {
    /// The tenant runs dry.
    DryRun,
    /// Each write waits for a person's word.
    Confirm,
    /// There were too many removals in a short time.
    Guard,
    /// A new account waits, disabled, for a person's approval.
    Approval,
    /// The LMS was not available.
    Outage,
    /// A disabled account is deleted once its time of grace is over.
    Grace,
    /// Something that has to be done before it waits itself.
    Order,
}

impl Reason {
    /// All there are.
    pub const ALL: [Self; 7] = [
        Self::DryRun,
        Self::Confirm,
        Self::Guard,
        Self::Approval,
        Self::Outage,
        Self::Grace,
        Self::Order,
    ];

    /// Its word, in answers, metrics and the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::DryRun => "dry-run",
            Self::Confirm => "confirm",
            Self::Guard => "guard",
            Self::Approval => "approval",
            Self::Outage => "outage",
            Self::Grace => "grace",
            Self::Order => "order",
        }
    }

    /// The reason of that word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == word)
    }

    /// Whether later writes of the same resource have to wait, too. What waits
    /// beside a resource that lives on does not hold it up.
    pub const fn blocks(self) -> bool {
        !matches!(self, Self::Approval | Self::Grace)
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}
