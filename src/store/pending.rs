//! Pending work: what clients were told is done, and the LMS does not know yet.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;

use jiff::Timestamp;
use serde_json::Value;

use super::{Entry, Work};
use crate::policy::Reason;
use crate::scim::{Kind, ResourceId};

/// Stands among names for one that nobody can look up.
pub const ANY_NAME: &str = "";

/// An operation that waits.
#[derive(Clone, PartialEq)]
pub struct Pending {
    /// Its place in the order of all; the store gives it.
    pub sequence: u64,
    /// User or Group.
    pub kind: Kind,
    /// Which one, by the id that the client knows.
    pub id: ResourceId,
    /// What is to be done, as [`Operation::to_json`] has it: a secret, for a
    /// password may stand in it.
    ///
    /// [`Operation::to_json`]: crate::scim::Operation::to_json
    pub operation: Value,
    /// When its turn is, where much is done at once.
    pub turn: Turn,
    /// The names that it gives the resource, which the LMS may not know yet, or those
    /// that become free by it; folded.
    /// [`ANY_NAME`] may be any. They are never changed.
    pub names: Vec<String>,
    /// Why it waits.
    pub reason: Reason,
    /// Whose token asked for it.
    pub who: String,
    /// When it was asked for.
    pub at: Timestamp,
    /// Whether a person said that it may be done.
    pub released: bool,
    /// How often it was begun. What was begun and is still here may have
    /// happened.
    pub attempts: u32,
    /// Not before that.
    pub due: Timestamp,
    /// What came of the last attempt.
    pub failure: Option<String>,
}

impl Pending {
    /// The same, asked for when it was counted as a removal, if it was: it may have been
    /// done then, and whoever does it at last finds that count by this time.
    #[must_use]
    pub fn since(self, counted: Option<Timestamp>) -> Self {
        let at = counted.unwrap_or(self.at);
        Self { at, due: at, ..self }
    }

    /// The same, added in the place of work that is done: what a person released of that
    /// stays released, though whoever wrote this knew nothing of it.
    pub(super) fn instead(&self, released: &[u64]) -> Cow<'_, Self> {
        if self.released || !released.contains(&self.sequence) {
            return Cow::Borrowed(self);
        }
        Cow::Owned(Self { released: true, ..self.clone() })
    }

    /// Until when nobody has to think of it; nothing, where it may be due.
    pub(super) fn sleeps_until(&self) -> Option<Timestamp> {
        (self.due > self.at).then_some(self.due)
    }
}

/// Users before groups before their members.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Turn {
    /// Accounts.
    Users,
    /// Groups, as far as they are not their members.
    Groups,
    /// Who belongs to which group.
    Members,
}

impl Turn {
    /// All of them, in order.
    pub const ALL: [Self; 3] = [Self::Users, Self::Groups, Self::Members];
}

/// Neither the person nor the values.
impl fmt::Debug for Pending {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { sequence, kind, id, reason, .. } = self;
        write!(out, "{sequence}: {kind} {id} waits ({reason})")
    }
}

/// Writes that happen together, or not at all.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Batch {
    /// An entry to keep.
    pub entry: Option<Entry>,
    /// An entry to forget.
    pub forget: Option<(Kind, ResourceId)>,
    /// Work that waits from now on. What bears the sequence of work that is done takes
    /// its place.
    pub add: Vec<Pending>,
    /// Work that waits otherwise, by its sequence; what is not there any more
    /// stays away, and what a person released stays released.
    pub change: Vec<Pending>,
    /// Work that waits no more.
    pub done: Vec<u64>,
    /// How much may wait afterwards, where work is added.
    pub most: usize,
}

/// Which of the work that waits.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choice {
    /// This one alone.
    pub sequence: Option<u64>,
    /// Of this kind.
    pub kind: Option<Kind>,
    /// Of this resource.
    pub id: Option<ResourceId>,
    /// For this reason.
    pub reason: Option<Reason>,
    /// Of that only what was tried, and failed.
    pub failed: bool,
}

impl Choice {
    /// Whether it means that one.
    pub fn means(&self, one: &Pending) -> bool {
        self.sequence.is_none_or(|it| it == one.sequence)
            && self.kind.is_none_or(|it| it == one.kind)
            && self.id.as_ref().is_none_or(|it| *it == one.id)
            && self.reason.is_none_or(|it| it == one.reason)
            && (!self.failed || one.failure.is_some())
    }
}

/// Who may be begun now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ready {
    /// What waits for one of these, besides what a person released.
    pub reasons: Vec<Reason>,
    /// It is this late.
    pub now: Timestamp,
    /// Until then nobody else begins it.
    pub until: Timestamp,
    /// So much at once.
    pub most: usize,
}

impl Ready {
    /// The lanes it is looked for in: what a person released is one, what waits for the
    /// same reason another.
    pub(super) fn lanes(&self) -> BTreeSet<&'static str> {
        self.reasons.iter().map(|reason| reason.as_str()).chain(["released"]).collect()
    }
}

/// How much waits for one reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tally {
    /// The reason.
    pub reason: Reason,
    /// So much.
    pub count: usize,
    /// So much of it was tried, and failed.
    pub failed: usize,
    /// Since when the oldest waits.
    pub oldest: Timestamp,
}

/// The pending work of one tenant.
pub trait Queue: Send + Sync {
    /// Whether nothing waits, as far as is known without looking. A wrong no
    /// costs time, a wrong yes must not be.
    fn is_empty(&self) -> bool;

    /// Does all of this, or nothing; says whether there was room for it.
    fn write(&self, batch: Batch) -> Work<'_, bool>;

    /// What waits for each of these resources, in order.
    fn of<'a>(&'a self, kind: Kind, ids: &'a [ResourceId]) -> Work<'a, Vec<Vec<Pending>>>;

    /// The resources for which anything waits, each once.
    fn resources(&self, kind: Kind) -> Work<'_, Vec<ResourceId>>;

    /// Those for which something was begun and is not over, each once.
    fn begun(&self, kind: Kind) -> Work<'_, Vec<ResourceId>>;

    /// Those that may get one of these names by what waits, each once.
    fn named<'a>(&'a self, kind: Kind, names: &'a [String]) -> Work<'a, Vec<ResourceId>>;

    /// What is chosen, in order, behind that place; at most so much.
    fn page<'a>(&'a self, choice: &'a Choice, after: u64, most: usize) -> Work<'a, Vec<Pending>>;

    /// Begins what is ready: of each resource the first, and of all turns the
    /// first that anything is ready in. Whoever gets it is the only one.
    fn begin(&self, ready: Ready) -> Work<'_, Vec<Pending>>;

    /// A person says that what is chosen may be done, at once; says how much that is.
    fn release<'a>(&'a self, choice: &'a Choice, now: Timestamp) -> Work<'a, usize>;

    /// How much waits, by reason.
    fn tally(&self) -> Work<'_, Vec<Tally>>;

    /// How many removals were done since then. Where it is fewer than `most`, one
    /// more is counted, now.
    fn removal(&self, now: Timestamp, since: Timestamp, most: usize) -> Work<'_, usize>;

    /// A removal that was counted at that time did not happen.
    fn no_removal(&self, at: Timestamp) -> Work<'_, ()>;
}
