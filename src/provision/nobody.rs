//! Whether nobody is really nobody. An LMS goes on answering when the account of our
//! token loses a right, and shows less: to a client that would be people who are gone,
//! of whom it would delete none and create all (rule 2 of the house).

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::ledger::Ledger;
use super::names::account;
use super::read::missing_is_nobody;
use super::{Deed, Depth, Error, Tenant};
use crate::call::{Failure, Kind as FailureKind};
use crate::scim::{Kind, Matcher, ResourceId};
use crate::store::{Among, Entry, looks_up};

/// So many others are asked for. Some may have been deleted in the LMS long ago, which
/// nobody has told us: so those come first whom it showed lately, and the rest are taken
/// from all over.
const WITNESSES: usize = 8;

/// They are taken from so many.
const AMONG: usize = 2000;

/// So many are remembered whom the LMS showed last.
const LATELY: usize = 4;

/// Whom the LMS showed last of those whom we know, people and groups apart.
#[derive(Debug, Default)]
pub(super) struct Shown([Mutex<VecDeque<ResourceId>>; 2]);

impl Shown {
    /// The LMS shows this account.
    pub(super) fn note(&self, kind: Kind, account: &ResourceId) {
        let mut lately = self.of(kind);
        if lately.front() != Some(account) {
            lately.retain(|known| known != account);
            lately.push_front(account.clone());
            lately.truncate(LATELY);
        }
    }

    fn of(&self, kind: Kind) -> MutexGuard<'_, VecDeque<ResourceId>> {
        let [users, groups] = &self.0;
        let lately = if kind == Kind::User { users } else { groups };
        lately.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Tenant {
    /// The LMS does not show an account. Where it is known to have been there, the LMS is
    /// believed only if it shows any of the others that are.
    pub(super) async fn is_really_gone(
        self: &Arc<Self>,
        kind: Kind,
        gone: &ResourceId,
    ) -> Result<(), Error> {
        let owners = self.ledger.entries.of_lms(kind, std::slice::from_ref(gone)).await?;
        if !owners.iter().flatten().any(|entry| account(entry) == Some(gone)) {
            return Ok(());
        }
        let lately: Vec<_> = self.shown.of(kind).iter().cloned().collect();
        let mut others = self.ledger.others(kind, gone).await?;
        others.splice(0..0, lately.into_iter().filter(|id| id != gone));
        if others.is_empty() || self.shows_any(kind, &others).await? {
            return Ok(());
        }
        let says = "the LMS shows nobody of those whom it is known to have: the account of its \
                    token seems to have lost the right to see them; if they were all deleted \
                    there on purpose, begin with a new store";
        Err(Error::lms(Deed::Read)(Failure::new(FailureKind::Denied, says)))
    }

    async fn shows_any(self: &Arc<Self>, kind: Kind, ids: &[ResourceId]) -> Result<bool, Error> {
        let failed = Error::lms(Deed::Read);
        if self.rides_along(kind) {
            let shown = self.several(kind, ids, Depth::Lean).await;
            return missing_is_nobody(shown).map(|shown| !shown.is_empty()).map_err(failed);
        }
        for id in ids {
            let shown = missing_is_nobody(self.by_id(kind, id, Depth::Lean).await);
            if shown.map_err(Error::lms(Deed::Read))?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Those whom a filter means by the words of their clients, where that can be looked
    /// up: what is hidden of them, the LMS does not find them by.
    pub(super) async fn known_by(
        &self,
        kind: Kind,
        matcher: &Matcher,
    ) -> Result<Vec<ResourceId>, Error> {
        if !looks_up(matcher) {
            return Ok(Vec::new());
        }
        let among = Among::Present;
        Ok(self.ledger.entries.find(kind, among, Some(matcher), WITNESSES).await?)
    }
}

impl Ledger {
    /// Some accounts that the LMS is known to have, other than that one.
    async fn others(&self, kind: Kind, than: &ResourceId) -> Result<Vec<ResourceId>, Error> {
        let all = self.entries.find(kind, Among::Present, None, AMONG).await?;
        let apart = (all.len() / (WITNESSES + 1)).max(1);
        let ids: Vec<_> = all.into_iter().step_by(apart).collect();
        let entries = self.entries.several(kind, &ids).await?;
        let accounts = entries.iter().flatten().filter_map(|entry: &Arc<Entry>| account(entry));
        Ok(accounts.filter(|id| *id != than).take(WITNESSES).cloned().collect())
    }
}
