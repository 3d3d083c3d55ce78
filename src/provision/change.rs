//! Changing what is there, from the ruling to what is kept of it.

use std::sync::Arc;

use super::overlay::bare;
use super::read::missing;
use super::ruling::{Origin, Ruling};
use super::settle::Kept;
use super::turns::Key;
use super::witness;
use super::words::memorable;
use super::write::{Change, unmapped};
use super::{Deed, Depth, Error, Tenant, View};
use crate::mapping::plan::KindPlan;
use crate::policy::{self, Decision, Reason, Then};
use crate::scim::{Edits, Kind, Operation, Resource, ResourceId};
use crate::store::Entry;

impl Tenant {
    pub(super) async fn changed(
        self: &Arc<Self>,
        change: Change,
        origin: &Origin,
    ) -> Result<Option<Arc<View>>, Error> {
        let Change { kind, id, edits, conditions, show } = change;
        let plan = self.plan(kind).ok_or_else(|| unmapped(kind))?;
        let _turn = self.ledger.turn(&Key::of_change(plan, &id, &edits)).await?;
        self.permitted(kind, &id, &conditions).await?;
        let lifted = self.lifted_by((kind, &id), &edits).await?;
        let asked = Operation::Change { kind, id: id.clone(), edits: edits.clone() };
        let Ruling { decision, counted } = self.rule(asked, origin).await?;
        let told = (&edits, lifted.as_slice());
        let waits =
            |reason, counted| self.defer_change((kind, &id), told, (reason, origin.who()), counted);
        match decision {
            Decision::Apply(Operation::Change { edits: form, .. }, then) => {
                let done = self.done((kind, &id), told, (&form, then), origin).await;
                if let Err(error) = &done {
                    self.not_removed(counted, error).await;
                }
                match done {
                    Err(error) if self.waits_out(&error) => waits(Reason::Outage, counted).await?,
                    done => done?,
                }
            }
            Decision::Apply(..) => return Err(Error::CutOff),
            Decision::Defer(reason) => {
                waits(reason, None).await?;
                if policy::active(&edits).is_some() {
                    self.makes_way(kind, &id).await?;
                }
            }
            Decision::Refuse(error) => return Err(error.into()),
        }
        match show {
            Some(depth) => self.get(kind, &id, depth, false).await.map(Some),
            None => Ok(None),
        }
    }

    /// Changes an account, and keeps the client's words: `form` is what the LMS is
    /// told of its edits, and what they lift is over with them.
    async fn done(
        self: &Arc<Self>,
        (kind, id): (Kind, &ResourceId),
        (edits, lifted): (&Edits, &[u64]),
        (form, then): (&Edits, Then),
        origin: &Origin,
    ) -> Result<(), Error> {
        let entry = self.ledger.entries.get(kind, id).await?;
        if let Some(entry) = &entry {
            witness::before(&entry.sent, edits);
        }
        let (after, differs) = self.applied(kind, id, edits, entry.as_deref()).await?;
        self.change_known((kind, id), form, entry.as_deref()).await?;
        let members = self.touches_members(kind, edits);
        let unchanged = entry.as_ref().filter(|_| !differs).map(|entry| entry.modified);
        let modified = unchanged.unwrap_or_else(|| self.clock.now());
        let first = || Entry::plain(kind, id.clone(), modified);
        let known = entry.map_or_else(first, |entry| Entry::clone(&entry));
        let revision = known.revision + u64::from(members);
        let entry = Entry { sent: memorable(&after), modified, revision, ..known };
        let kept = Kept { lifted: lifted.to_vec(), ..Kept::new(Some(entry), then) };
        self.settle((kind, id), kept, origin).await
    }

    /// Tells the LMS what changes of an account.
    pub(super) async fn change_account(
        self: &Arc<Self>,
        (kind, id): (Kind, &ResourceId),
        edits: &Edits,
    ) -> Result<(), Error> {
        let entry = self.ledger.entries.get(kind, id).await?;
        self.change_known((kind, id), edits, entry.as_deref()).await
    }

    /// The same, where the entry is at hand.
    async fn change_known(
        self: &Arc<Self>,
        (kind, id): (Kind, &ResourceId),
        edits: &Edits,
        entry: Option<&Entry>,
    ) -> Result<(), Error> {
        let plan = self.plan(kind).ok_or_else(|| unmapped(kind))?;
        let account = self.lms_id(kind, id).await?.ok_or_else(|| missing(kind, id))?;
        let told = self.edits_in_its_ids(plan, edits).await?;
        let known = match entry {
            Some(entry) => Some(self.words_in_its_ids(plan, &entry.sent).await?),
            None => None,
        };
        let operation = Operation::Change { kind, id: account, edits: told };
        self.change_in_lms(operation, id, known).await
    }

    /// What a client has written, as the LMS would have to be told. A manager whom
    /// nobody knows there any more is left out: it is not asked for now.
    async fn words_in_its_ids(&self, plan: &KindPlan, sent: &Resource) -> Result<Resource, Error> {
        match self.in_its_ids(plan, sent).await {
            Ok(told) => Ok(told.into_owned()),
            Err(Error::Scim(_)) => Ok(bare(sent)),
            Err(error) => Err(error),
        }
    }

    async fn change_in_lms(
        self: &Arc<Self>,
        operation: Operation,
        id: &ResourceId,
        known: Option<Resource>,
    ) -> Result<(), Error> {
        let kind = operation.kind();
        let run = self.lms.write(&operation, known);
        let run = run.map_err(Error::lms(Deed::Change))?;
        let outcome = self.drive(run, kind, Deed::Change).await;
        // Whatever came of it: what we knew may be over.
        self.ledger.epochs.written(kind, Some(id));
        let done = outcome.map_err(Error::lms(Deed::Change))?;
        // Nothing of it is the LMS's affair; so nothing has yet shown that this resource is
        // there at all. What waits behind it may say otherwise, and comes later.
        if done.calls == 0 && self.in_lms(kind, id, Depth::Lean).await?.is_none() {
            return Err(missing(kind, id).into());
        }
        Ok(())
    }
}
