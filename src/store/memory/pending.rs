//! Pending work in memory.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::future::ready;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;

use super::entries::Shelves;
use crate::policy::Reason;
use crate::scim::{Kind, ResourceId};
use crate::store::{ANY_NAME, Batch, Choice, Entries, Pending, Queue, Ready, Tally, Work};

/// The pending work of one tenant.
#[derive(Debug)]
pub(super) struct Waiting {
    shelves: Arc<Shelves>,
    all: Mutex<All>,
}

#[derive(Debug, Default)]
struct All {
    items: BTreeMap<u64, Pending>,
    /// Until when somebody is at it.
    begun: HashMap<u64, Timestamp>,
    last: u64,
    removals: Vec<Timestamp>,
}

impl All {
    fn resources(&self, kind: Kind, which: impl Fn(&Pending) -> bool) -> Vec<ResourceId> {
        let own = self.items.values().filter(|one| one.kind == kind && which(one));
        let ids: BTreeSet<&str> = own.map(|one| one.id.as_str()).collect();
        ids.into_iter().filter_map(ResourceId::parse).collect()
    }
}

impl Waiting {
    pub(super) fn new(shelves: Arc<Shelves>) -> Self {
        Self { shelves, all: Mutex::default() }
    }

    fn all(&self) -> MutexGuard<'_, All> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn done<'a, T: Send + 'a>(value: T) -> Work<'a, T> {
    Box::pin(ready(Ok(value)))
}

impl Queue for Waiting {
    fn is_empty(&self) -> bool {
        self.all().items.is_empty()
    }

    fn write(&self, batch: Batch) -> Work<'_, bool> {
        let mut all = self.all();
        let after = (all.items.len() + batch.add.len()).saturating_sub(batch.done.len());
        if !batch.add.is_empty() && after > batch.most {
            return done(false);
        }
        // The one thing that can fail comes first.
        if let Some(Err(error)) = batch.entry.map(|entry| self.shelves.keep(entry)) {
            return Box::pin(ready(Err(error)));
        }
        let mut released = Vec::new();
        for sequence in batch.done {
            let done = all.items.remove(&sequence);
            released.extend(done.filter(|one| one.released).map(|one| one.sequence));
            all.begun.remove(&sequence);
        }
        for one in batch.change {
            if let Some(known) = all.items.get_mut(&one.sequence) {
                *known = Pending { released: known.released || one.released, ..one };
                let sequence = known.sequence;
                all.begun.remove(&sequence);
            }
        }
        for one in batch.add {
            all.last += 1;
            let sequence = all.last;
            let one = one.instead(&released).into_owned();
            all.items.insert(sequence, Pending { sequence, ..one });
        }
        if let Some((kind, id)) = batch.forget {
            drop(self.shelves.remove(kind, &id));
        }
        done(true)
    }

    fn of<'a>(&'a self, kind: Kind, ids: &'a [ResourceId]) -> Work<'a, Vec<Vec<Pending>>> {
        let all = self.all();
        let of = |id: &ResourceId| {
            let own = all.items.values().filter(|one| one.kind == kind && one.id == *id);
            own.cloned().collect()
        };
        done(ids.iter().map(of).collect())
    }

    fn resources(&self, kind: Kind) -> Work<'_, Vec<ResourceId>> {
        done(self.all().resources(kind, |_| true))
    }

    fn begun(&self, kind: Kind) -> Work<'_, Vec<ResourceId>> {
        done(self.all().resources(kind, |one| one.attempts > 0))
    }

    fn named<'a>(&'a self, kind: Kind, names: &'a [String]) -> Work<'a, Vec<ResourceId>> {
        let gives = |name: &String| name == ANY_NAME || names.contains(name);
        done(self.all().resources(kind, |one| one.names.iter().any(gives)))
    }

    fn page<'a>(&'a self, choice: &'a Choice, after: u64, most: usize) -> Work<'a, Vec<Pending>> {
        let all = self.all();
        let behind = all.items.range(after.saturating_add(1)..).map(|(_, one)| one);
        done(behind.filter(|one| choice.means(one)).take(most).cloned().collect())
    }

    fn begin(&self, ready: Ready) -> Work<'_, Vec<Pending>> {
        let mut all = self.all();
        let mut held = BTreeSet::new();
        let mut found = Vec::new();
        for one in all.items.values() {
            let own = (one.kind, one.id.as_str());
            let free = all.begun.get(&one.sequence).is_none_or(|until| *until <= ready.now);
            let may = one.released || ready.reasons.contains(&one.reason);
            if free && may && one.due <= ready.now && !held.contains(&own) {
                found.push((one.turn, one.sequence));
            }
            if one.reason.blocks() {
                held.insert(own);
            }
        }
        found.sort_unstable();
        let first = found.first().map(|(turn, _)| *turn);
        found.retain(|(turn, _)| Some(*turn) == first);
        found.truncate(ready.most);
        let mut begun = Vec::with_capacity(found.len());
        for (_, sequence) in found {
            all.begun.insert(sequence, ready.until);
            if let Some(one) = all.items.get_mut(&sequence) {
                begun.push(one.clone());
                one.attempts = one.attempts.saturating_add(1);
            }
        }
        done(begun)
    }

    fn release<'a>(&'a self, choice: &'a Choice, now: Timestamp) -> Work<'a, usize> {
        let mut all = self.all();
        let chosen = all.items.values_mut().filter(|one| choice.means(one));
        let released = chosen.map(|one| (one.released, one.due) = (true, one.due.min(now)));
        done(released.count())
    }

    fn tally(&self) -> Work<'_, Vec<Tally>> {
        let all = self.all();
        let mut tallies: BTreeMap<Reason, Tally> = BTreeMap::new();
        for Pending { reason, at, failure, .. } in all.items.values() {
            let fresh = || Tally { reason: *reason, count: 0, failed: 0, oldest: *at };
            let tally = tallies.entry(*reason).or_insert_with(fresh);
            tally.count += 1;
            tally.failed += usize::from(failure.is_some());
            tally.oldest = tally.oldest.min(*at);
        }
        done(tallies.into_values().collect())
    }

    fn removal(&self, now: Timestamp, since: Timestamp, most: usize) -> Work<'_, usize> {
        let mut all = self.all();
        all.removals.retain(|at| *at > since);
        let before = all.removals.len();
        if before < most {
            all.removals.push(now);
        }
        done(before)
    }

    fn no_removal(&self, at: Timestamp) -> Work<'_, ()> {
        let mut all = self.all();
        if let Some(index) = all.removals.iter().position(|known| *known == at) {
            all.removals.swap_remove(index);
        }
        done(())
    }
}
