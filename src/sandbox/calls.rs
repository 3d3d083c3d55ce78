//! Counting: how many calls of which function came, and how many at once.

use std::collections::BTreeMap;

use tokio::sync::watch;

/// The count of calls, faults included.
#[derive(Clone, Debug)]
pub struct Calls(watch::Sender<Tally>);

#[derive(Debug, Default)]
struct Tally {
    by_function: BTreeMap<String, u64>,
    running: usize,
    most: usize,
}

impl Default for Calls {
    fn default() -> Self {
        Self(watch::Sender::new(Tally::default()))
    }
}

impl Calls {
    /// How many calls of that function came.
    pub fn of(&self, function: &str) -> u64 {
        self.0.borrow().by_function.get(function).copied().unwrap_or_default()
    }

    /// How many calls came.
    pub fn total(&self) -> u64 {
        self.0.borrow().by_function.values().sum()
    }

    /// How many calls came, by function.
    pub fn by_function(&self) -> BTreeMap<String, u64> {
        self.0.borrow().by_function.clone()
    }

    /// How many ran at once, at most.
    pub fn most_at_once(&self) -> usize {
        self.0.borrow().most
    }

    /// Begins to count anew.
    pub fn reset(&self) {
        self.0.send_modify(|tally| {
            tally.by_function.clear();
            tally.most = tally.running;
        });
    }

    /// Waits until that many calls have come.
    pub async fn arrived(&self, total: u64) {
        let enough = |tally: &Tally| tally.by_function.values().sum::<u64>() >= total;
        let _ = self.0.subscribe().wait_for(enough).await;
    }

    /// Waits until none is under way.
    pub async fn settled(&self) {
        let _ = self.0.subscribe().wait_for(|tally| tally.running == 0).await;
    }

    pub(super) fn begin(&self, function: &str) -> Running {
        self.0.send_modify(|tally| {
            *tally.by_function.entry(function.to_owned()).or_default() += 1;
            tally.running += 1;
            tally.most = tally.most.max(tally.running);
        });
        Running(self.clone())
    }
}

/// A call that is under way.
#[derive(Debug)]
pub(super) struct Running(Calls);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.0.send_modify(|tally| tally.running -= 1);
    }
}
