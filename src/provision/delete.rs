//! Deleting what is there, or disabling it so that it can come back.

use std::sync::Arc;

use super::read::missing;
use super::ruling::{Origin, Ruling};
use super::settle::Kept;
use super::turns::Key;
use super::words::memorable;
use super::{Deed, Depth, Error, Tenant};
use crate::call::Kind as FailureKind;
use crate::policy::{Decision, Reason, Then};
use crate::scim::{Conditions, Edits, Kind, Operation, ResourceId};
use crate::store::Entry;

impl Tenant {
    pub(super) async fn deleted(
        self: &Arc<Self>,
        (kind, id): (Kind, &ResourceId),
        conditions: &Conditions,
        origin: &Origin,
    ) -> Result<(), Error> {
        let _turn = self.ledger.turn(&[Key::Id(kind, id.clone())]).await?;
        self.permitted(kind, id, conditions).await?;
        let asked = Operation::Delete { kind, id: id.clone() };
        let Ruling { decision, counted } = self.rule(asked, origin).await?;
        let done = match decision {
            Decision::Apply(Operation::Delete { .. }, _) => self.end((kind, id), origin).await,
            Decision::Apply(Operation::Change { edits, .. }, then) => {
                self.bury((kind, id), (&edits, then), origin).await
            }
            Decision::Apply(..) => Err(Error::CutOff),
            Decision::Defer(reason) => {
                self.defer_delete((kind, id), (reason, origin.who()), None).await?;
                return self.makes_way(kind, id).await;
            }
            Decision::Refuse(error) => return Err(error.into()),
        };
        if let Err(error) = &done {
            self.not_removed(counted, error).await;
        }
        match done {
            Err(error) if self.waits_out(&error) => {
                self.defer_delete((kind, id), (Reason::Outage, origin.who()), counted).await
            }
            done => done,
        }
    }

    /// The account that a write is about.
    pub(super) async fn account_for(
        &self,
        (kind, id): (Kind, &ResourceId),
        origin: &Origin,
    ) -> Result<Option<ResourceId>, Error> {
        match origin {
            Origin::Client(_) => self.lms_id(kind, id).await,
            // Its client may have been told long ago that it is gone.
            Origin::Queue(_) => self.account_of(kind, id).await,
        }
    }

    /// Deletes an account.
    pub(super) async fn end(
        &self,
        (kind, id): (Kind, &ResourceId),
        origin: &Origin,
    ) -> Result<(), Error> {
        let account = self.account_for((kind, id), origin).await?;
        let Some(account) = account else {
            if let Origin::Queue(_) = origin {
                self.is_no_more((kind, id), origin).await?;
            }
            return Err(missing(kind, id).into());
        };
        let operation = Operation::Delete { kind, id: account };
        let run = self.lms.write(&operation, None);
        let run = run.map_err(Error::lms(Deed::Delete))?;
        let outcome = self.drive(run, kind, Deed::Delete).await;
        self.ledger.epochs.written(kind, Some(id));
        match outcome {
            Ok(_) => self.is_no_more((kind, id), origin).await,
            // The answer of an earlier attempt was lost: it was that one.
            Err(failure) if failure.kind == FailureKind::Missing && failure.lost => {
                self.is_no_more((kind, id), origin).await
            }
            Err(failure) if failure.kind == FailureKind::Missing => {
                self.is_no_more((kind, id), origin).await?;
                Err(missing(kind, id).into())
            }
            Err(failure) => Err(Error::lms(Deed::Delete)(failure)),
        }
    }

    /// Disables an account that is gone for its client, and remembers it, so that it
    /// can come back.
    pub(super) async fn bury(
        self: &Arc<Self>,
        (kind, id): (Kind, &ResourceId),
        (edits, then): (&Edits, Then),
        origin: &Origin,
    ) -> Result<(), Error> {
        let view = match origin {
            Origin::Client(_) => Some(self.get(kind, id, Depth::Lean, false).await?),
            // For the client it is gone already.
            Origin::Queue(_) => self.in_lms(kind, id, Depth::Lean).await?,
        };
        let Some(view) = view else {
            self.is_no_more((kind, id), origin).await?;
            return Err(missing(kind, id).into());
        };
        match self.change_account((kind, id), edits).await {
            Ok(()) => {}
            Err(Error::Lms { failure, .. }) if failure.kind == FailureKind::Missing => {
                self.is_no_more((kind, id), origin).await?;
                return Err(missing(kind, id).into());
            }
            Err(error) => return Err(error),
        }
        let now = self.clock.now();
        let entry = self.ledger.entries.get(kind, id).await?;
        let entry =
            entry.map_or_else(|| Entry::plain(kind, id.clone(), now), |it| Entry::clone(&it));
        let (gone, sent) = (Some(now), memorable(&view.resource()));
        let entry = Entry { gone, sent, modified: now, ..entry };
        self.settle((kind, id), Kept::new(Some(entry), then), origin).await?;
        self.ledger.epochs.left();
        Ok(())
    }

    async fn is_no_more(
        &self,
        (kind, id): (Kind, &ResourceId),
        origin: &Origin,
    ) -> Result<(), Error> {
        self.settle((kind, id), Kept::nothing(), origin).await?;
        if kind == Kind::User {
            self.ledger.epochs.left();
        }
        Ok(())
    }
}
