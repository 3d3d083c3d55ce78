//! Whoever is made again while their delete is held was never gone: what was held goes,
//! and the same resource stays, under the id that it had.

use std::sync::Arc;

use super::cache::Depth;
use super::matching::Match;
use super::rivals::is_delete;
use super::{Error, Tenant};
use crate::policy::Reason;
use crate::scim::{Kind, Operation, Resource, ResourceId};
use crate::store::{Among, Batch, Entry, Pending};

/// More that share a key are no match.
const MOST: usize = 16;

/// Somebody who is made again and was never gone.
pub(super) struct Stays {
    pub entry: Entry,
    /// Whether nobody has to approve of the account any more.
    pub approved: bool,
    /// What was held, and what waited behind that.
    held: Vec<Pending>,
}

impl Tenant {
    /// Those whose delete is held and who may be meant by a create.
    pub(super) async fn held_back(&self, resource: &Resource) -> Result<Vec<ResourceId>, Error> {
        let kind = resource.kind();
        if self.is_clear() || kind != Kind::User || self.may_not_stay(resource) {
            return Ok(Vec::new());
        }
        let tallies = self.ledger.pending.tally().await?;
        if !tallies.iter().any(|it| it.reason == Reason::Guard && it.count > 0) {
            return Ok(Vec::new());
        }
        let mut ids = self.ledger.pending.named(kind, &self.names_of(resource)).await?;
        let own = Match::ExternalId;
        if let Some(value) = own.value(resource)
            && let Some(matcher) = self.equals(kind, own.path(), value)
        {
            let entries = &self.ledger.entries;
            ids.append(&mut entries.find(kind, Among::Present, Some(&matcher), MOST).await?);
        }
        ids.sort_unstable();
        ids.dedup();
        let queued = self.ledger.pending.of(kind, &ids).await?;
        let held = ids.into_iter().zip(queued).filter(|(_, queued)| is_held(queued));
        Ok(held.map(|(id, _)| id).collect())
    }

    /// Whoever is protected is refused, and whoever is made disabled is a removal again.
    fn may_not_stay(&self, resource: &Resource) -> bool {
        let active = resource.attributes().get("active").and_then(serde_json::Value::as_bool);
        active == Some(false) || self.config.policy.protect.covers(resource).is_some()
    }

    /// Who of these a create means, and one alone may be meant. What was held of theirs
    /// waits no more.
    pub(super) async fn stays(
        self: &Arc<Self>,
        resource: &Resource,
        held: &[ResourceId],
    ) -> Result<Option<Stays>, Error> {
        let kind = resource.kind();
        let mut meant = Vec::new();
        for id in held {
            // Somebody may have released it while nobody had the turn.
            let queued = self.ledger.pending.of(kind, std::slice::from_ref(id)).await?;
            let queued: Vec<Pending> = queued.into_iter().flatten().collect();
            if is_held(&queued)
                && let Some(entry) = self.same_as(resource, id).await?
            {
                meant.push((entry, queued));
            }
        }
        let Some((entry, queued)) = meant.pop().filter(|_| meant.is_empty()) else {
            return Ok(None);
        };
        let approved = queued.iter().all(|one| one.reason != Reason::Approval);
        let held: Vec<_> = queued.into_iter().filter(|one| one.reason.blocks()).collect();
        let done = held.iter().map(|one| one.sequence).collect();
        self.wait(Batch { done, ..Batch::default() }).await?;
        self.ledger.epochs.written(kind, Some(&entry.id));
        self.ledger.epochs.left();
        Ok(Some(Stays { entry, approved, held }))
    }

    /// The create came to nothing: what was held of theirs is held again.
    pub(super) async fn held_again(&self, stays: Stays) {
        let (kind, id) = (stays.entry.sent.kind(), &stays.entry.id);
        let batch = Batch { add: stays.held, most: usize::MAX, ..Batch::default() };
        if let Err(error) = self.ledger.pending.write(batch).await {
            tracing::error!(%error, %id, "a held removal is lost: its create failed, too");
        }
        self.ledger.epochs.written(kind, Some(id));
        self.ledger.epochs.left();
    }

    /// The entry of somebody whose delete will never be done, while the same person waits
    /// to come again under another id: that one was given before the delete was held, and
    /// is the one that their client knows. The account is for whoever comes.
    pub(super) async fn given_up(&self, entry: Option<&Entry>) -> Result<Option<Entry>, Error> {
        let Some(entry) = entry.filter(|it| it.gone.is_none() && it.lms_id().is_some()) else {
            return Ok(None);
        };
        let (kind, keys) = (entry.sent.kind(), Match::usual(entry.sent.kind()));
        for key in keys {
            let value = key.value(&entry.sent);
            let matcher = value.and_then(|value| self.equals(kind, key.path(), value));
            let Some(matcher) = matcher else { continue };
            // Whoever comes back once more does so by an id that is gone.
            for among in [Among::Unborn, Among::Gone] {
                let ids = self.ledger.entries.find(kind, among, Some(&matcher), MOST).await?;
                let queued = self.ledger.pending.of(kind, &ids).await?;
                let mut made = queued.iter().flatten().filter_map(|one| self.made_by(one));
                if made.any(|new| Match::same(keys, &entry.sent, &new)) {
                    return Ok(Some(entry.buried(self.clock.now(), true)));
                }
            }
        }
        Ok(None)
    }

    /// Whom a piece of work makes, if it does.
    fn made_by(&self, one: &Pending) -> Option<Resource> {
        match self.resource_type(one.kind)?.operation(one.operation.clone()) {
            Ok(Operation::Create(resource)) => Some(resource),
            Ok(Operation::Change { .. } | Operation::Delete { .. }) | Err(_) => None,
        }
    }

    /// The entry of somebody who is there, if a create means the same person.
    async fn same_as(
        self: &Arc<Self>,
        resource: &Resource,
        id: &ResourceId,
    ) -> Result<Option<Entry>, Error> {
        let kind = resource.kind();
        let known = self.ledger.entries.get(kind, id).await?;
        let entry = match known {
            Some(known) => Entry::clone(&known),
            None => self.entry_of(kind, id, self.clock.now()).await?,
        };
        if entry.gone.is_some() || entry.lms_id().is_none() || entry.id != *id {
            return Ok(None);
        }
        let same = |words: &Resource| Match::same(Match::usual(kind), words, resource);
        if same(&entry.sent) {
            return Ok(Some(entry));
        }
        // Not everybody was written by a client.
        let view = self.in_lms(kind, id, Depth::Lean).await?;
        Ok(view.filter(|view| same(&view.resource())).map(|_| entry))
    }
}

/// Whether somebody is deleted by what the guard holds, or what waits behind that.
fn is_held(queued: &[Pending]) -> bool {
    let mut waiting = queued.iter().filter(|one| one.reason.blocks());
    let first = waiting.clone().next();
    first.is_some_and(|one| one.reason == Reason::Guard)
        && waiting.clone().next_back().is_some_and(is_delete)
        && waiting.all(|one| !one.released)
}
