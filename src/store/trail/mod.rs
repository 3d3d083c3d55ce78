//! The trail: every write, what was decided about it and what came of it, in a chain
//! that shows whether anybody had a hand in it.

mod chain;
mod record;

use std::ops::RangeInclusive;

use jiff::Timestamp;

pub use chain::{Break, End, Ends, Link, Proof};
pub(super) use chain::{NOTHING, Side, end, link};
pub use record::{Called, Changed, Outcome, Record};

use super::Work;

/// The trail of a whole store: one, whatever the tenant, so that nothing can be taken
/// out of it unseen.
pub trait Trail: Send + Sync {
    /// Puts a record at the end; its number, once it is there to stay.
    fn append(&self, record: Record) -> Work<'_, u64>;

    /// Those that are wanted, in their order.
    fn links<'a>(&'a self, wanted: &'a Wanted) -> Work<'a, Vec<Link>>;

    /// Where it begins and ends.
    fn ends(&self) -> Work<'_, Ends>;

    /// Takes away what is older than all these times, up to the first record that is of
    /// one of them, and seals where it begins now; how many. What is of a later time was
    /// written while a clock was wrong: it keeps nothing, and goes with what is behind
    /// it. At most `most` others at a time: nobody else can write meanwhile.
    fn prune(&self, kept: RangeInclusive<Timestamp>, most: usize) -> Work<'_, usize>;

    /// Ends the chain here and begins another with this trail's key, for the old key
    /// is lost: what was recorded can be read, and not be proven any more.
    fn restart(&self) -> Work<'_, ()>;
}

/// Which records somebody wants to see.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Those with a greater number.
    pub after: u64,
    /// Of this tenant.
    pub tenant: Option<String>,
    /// About the resource with this id, or of this name.
    pub resource: Option<String>,
    /// With this outcome.
    pub outcome: Option<Outcome>,
    /// Not before.
    pub since: Option<Timestamp>,
    /// Before.
    pub until: Option<Timestamp>,
    /// So many at most: the first ones, or the last ones.
    pub most: usize,
    /// Whether the last ones are wanted.
    pub latest: bool,
}

impl Wanted {
    /// Whether a record is one of them, but for its number.
    pub fn fits(&self, record: &Record) -> bool {
        let named = |name: &String| {
            record.resource.as_ref() == Some(name) || record.name.as_ref() == Some(name)
        };
        self.tenant.as_ref().is_none_or(|it| record.tenant.as_ref() == Some(it))
            && self.resource.as_ref().is_none_or(named)
            && self.outcome.is_none_or(|it| record.outcome == it)
            && self.since.is_none_or(|it| record.at >= it)
            && self.until.is_none_or(|it| record.at < it)
    }
}
