//! Faults by script: what goes wrong, for which function, how many times.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use super::wait::Latch;

/// One thing that goes wrong with a call.
#[derive(Clone, Debug)]
pub enum Fault {
    /// Waits before Moodle sees the call; then all is well.
    Held(Latch),
    /// Moodle does it; the answer waits.
    HeldAfter(Latch),
    /// A page with that status from whatever stands in front. Nothing happened.
    Status(u16),
    /// A page with that status, and yet Moodle did it: a 504.
    StatusAfter(u16),
    /// Moodle does it, and these bytes are all that comes of its answer.
    Instead(String),
    /// 429 with `Retry-After` in seconds.
    TooMany(u32),
    /// A maintenance page for people, with status 200.
    Page,
    /// 200 with an exception of that code. Nothing happened.
    Exception(String),
    /// 200 with `invalidtoken`, as if somebody had revoked the token.
    LoggedOut,
    /// The connection is closed before Moodle sees the call.
    DropBefore,
    /// Moodle does it, and the connection is closed without an answer.
    DropAfter,
    /// Moodle does it, and the connection is closed in the midst of the answer.
    Half,
    /// Moodle does it; the second half of the answer waits.
    Slow(Latch),
}

#[derive(Debug)]
struct Rule {
    function: Option<String>,
    fault: Fault,
    left: u64,
}

/// The script. Each call consumes the first fault that is meant for it.
#[derive(Clone, Debug, Default)]
pub struct Faults(Arc<Mutex<VecDeque<Rule>>>);

impl Faults {
    /// The next call, whatever it asks for.
    pub fn next(&self, fault: Fault) {
        self.push(None, fault, 1);
    }

    /// The next call of that function.
    pub fn on(&self, function: &str, fault: Fault) {
        self.push(Some(function), fault, 1);
    }

    /// The next so many calls, of one function or of any.
    pub fn times(&self, count: u64, function: Option<&str>, fault: Fault) {
        self.push(function, fault, count);
    }

    /// Every call, of one function or of any, until [`Faults::clear`].
    pub fn always(&self, function: Option<&str>, fault: Fault) {
        self.push(function, fault, u64::MAX);
    }

    /// Forgets what has not happened yet.
    pub fn clear(&self) {
        self.lock(VecDeque::clear);
    }

    /// How many faults are still to come; one that is for ever counts as one.
    pub fn left(&self) -> usize {
        self.lock(|rules| rules.len())
    }

    pub(super) fn take(&self, function: &str) -> Option<Fault> {
        self.lock(|rules| {
            let meant = |rule: &Rule| rule.function.as_deref().is_none_or(|name| name == function);
            let at = rules.iter().position(meant)?;
            let rule = rules.get_mut(at)?;
            let fault = rule.fault.clone();
            if rule.left != u64::MAX {
                rule.left -= 1;
            }
            if rule.left == 0 {
                rules.remove(at);
            }
            Some(fault)
        })
    }

    fn push(&self, function: Option<&str>, fault: Fault, left: u64) {
        if left > 0 {
            let function = function.map(ToOwned::to_owned);
            self.lock(|rules| rules.push_back(Rule { function, fault, left }));
        }
    }

    fn lock<T>(&self, act: impl FnOnce(&mut VecDeque<Rule>) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
