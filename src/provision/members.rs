//! Members of whom waiting work speaks: who has an account, who will have one, and
//! who is no more.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use super::cache::Depth;
use super::names::{OURS, Wanted, account, listen, of_kind};
use super::rivals::{is_create, is_delete};
use super::{Error, Tenant};
use crate::mapping::Picture;
use crate::scim::{Edits, Kind, ResourceId, Standing};
use crate::store::Entry;

impl Tenant {
    /// Edits of members who have accounts, and the rest.
    pub(super) async fn members_now(
        &self,
        kind: Kind,
        edits: &Edits,
    ) -> Result<(Edits, Edits), Error> {
        if kind == Kind::User || self.all_plain() {
            return Ok((edits.clone(), Edits::default()));
        }
        let mut wanted = Wanted::new();
        let _ = edits.named(&["members"], &mut listen(&mut wanted));
        let ids = of_kind(&wanted, Kind::User);
        let entries = self.ledger.entries.several(Kind::User, &ids).await?;
        let gone = ids.iter().zip(&entries).filter(|(_, entry)| is_gone(entry.as_ref()));
        let gone: Vec<_> = gone.map(|(id, _)| id.clone()).collect();
        let back = self.coming_back(Kind::User, &gone).await?;
        let mut known = HashMap::with_capacity(ids.len());
        for (id, entry) in ids.iter().zip(entries) {
            let standing = match entry.as_deref() {
                Some(entry) if account(entry).is_some() => Standing::There,
                Some(entry) if entry.gone.is_none() => Standing::Waits,
                Some(_) if back.contains(id.as_str()) => Standing::Waits,
                Some(_) => Standing::Nobody,
                // It was one of ours, and was dropped.
                None if id.as_str().starts_with(OURS) => Standing::Nobody,
                None => Standing::There,
            };
            known.insert(id.as_str(), standing);
        }
        Ok(edits.members_apart(|id| known.get(id).copied().unwrap_or(Standing::There)))
    }

    /// Those of some who are gone who come back by a create that waits.
    pub(super) async fn coming_back(
        &self,
        kind: Kind,
        gone: &[ResourceId],
    ) -> Result<BTreeSet<String>, Error> {
        if gone.is_empty() || self.is_clear() {
            return Ok(BTreeSet::new());
        }
        let queued = self.ledger.pending.of(kind, gone).await?;
        let back = gone.iter().zip(queued).filter(|(_, queued)| queued.iter().any(is_create));
        Ok(back.map(|(id, _)| id.as_str().to_owned()).collect())
    }

    /// Those whom clients do not know any more: they are deleted, or will be, or were never
    /// made.
    pub(super) async fn left_among(&self, ids: &[ResourceId]) -> Result<BTreeSet<String>, Error> {
        let entries = self.ledger.entries.several(Kind::User, ids).await?;
        let waiting = self.ledger.pending.of(Kind::User, ids).await?;
        let mut left = BTreeSet::new();
        for ((id, entry), waiting) in ids.iter().zip(entries).zip(waiting) {
            let waiting = || waiting.iter().filter(|one| one.reason.blocks());
            let ours = entry.is_none() && id.as_str().starts_with(OURS);
            let gone = is_gone(entry.as_ref()) && !waiting().any(is_create);
            if ours || gone || waiting().any(is_delete) {
                left.insert(id.as_str().to_owned());
            }
        }
        Ok(left)
    }

    /// The same edits without members whom the LMS does not know any more: whoever was
    /// deleted meanwhile belongs nowhere. Nothing, where it knows all of them.
    pub(super) async fn members_left(
        self: &Arc<Self>,
        kind: Kind,
        edits: &Edits,
    ) -> Result<Option<Edits>, Error> {
        let mut wanted = Wanted::new();
        let _ = edits.named(&["members"], &mut listen(&mut wanted));
        let ids = of_kind(&wanted, Kind::User);
        if kind == Kind::User || ids.is_empty() {
            return Ok(None);
        }
        let names = self.ledger.lms_names(wanted).await?;
        let found = self.by_ids(Kind::User, &ids, Depth::Lean).await?;
        let found: BTreeSet<_> = found.iter().filter_map(Picture::id).collect();
        let there = |id: &str| names.of(Kind::User, id).is_some_and(|id| found.contains(&id));
        if ids.iter().all(|id| there(id.as_str())) {
            return Ok(None);
        }
        let standing = |id: &str| if there(id) { Standing::There } else { Standing::Nobody };
        Ok(Some(edits.members_apart(standing).0))
    }
}

pub(super) fn is_gone(entry: Option<&Arc<Entry>>) -> bool {
    entry.is_some_and(|entry| entry.gone.is_some())
}
