//! Those who are gone for the client and remembered: whoever comes back is the
//! same resource as before.

use std::sync::Arc;

use super::adopt::Taken;
use super::matching::Match;
use super::ruling::Origin;
use super::settle::Kept;
use super::words::memorable;
use super::{Deed, Depth, Error, Tenant, View};
use crate::call::Kind as FailureKind;
use crate::mapping::plan::KindPlan;
use crate::policy::Then;
use crate::scim::{
    Act, Edit, Edits, Filter, Kind, Literal, Matcher, Operation, Operator, Path, Resource,
    ResourceId,
};
use crate::store::{Among, Entry, LmsId};

/// More that share a key are no match.
const MOST: usize = 16;

impl Tenant {
    /// Who of those that are gone is meant by a create: the first key that finds
    /// somebody decides, and one alone may have it. Whoever's account went over to
    /// another is meant only if nobody else is.
    pub(super) async fn gone_before(&self, resource: &Resource) -> Result<Option<Entry>, Error> {
        let entries = &self.ledger.entries;
        if entries.all_plain() {
            return Ok(None);
        }
        let kind = resource.kind();
        let keys = Match::usual(kind);
        for key in keys {
            let Some(value) = key.value(resource) else { continue };
            let Some(matcher) = self.equals(kind, key.path(), value) else { continue };
            let ids = entries.find(kind, Among::Gone, Some(&matcher), MOST).await?;
            let found = entries.several(kind, &ids).await?.into_iter().flatten();
            let mut meant: Vec<_> =
                found.filter(|it| Match::same(keys, &it.sent, resource)).collect();
            if meant.is_empty() {
                continue;
            }
            if meant.len() > 1 {
                meant.retain(|it| it.lms_id().is_some());
            }
            let alone = meant.first().filter(|_| meant.len() == 1);
            return Ok(alone.map(|entry| Entry::clone(entry)));
        }
        Ok(None)
    }

    /// Brings back the account of whom a create means, if it is still there and nobody
    /// else has come back to it.
    pub(super) async fn revived(
        &self,
        (plan, told): (&KindPlan, &Resource),
        entry: &Entry,
    ) -> Result<Option<Taken>, Error> {
        let Some(account) = entry.lms_id().cloned() else { return Ok(None) };
        let kind = told.kind();
        let turn = Some(self.ledger.turn_at(kind, &account).await?);
        if entry.gone.is_some() && self.is_provisioned((kind, &account), None).await? {
            return Ok(None);
        }
        let edits = all_of(plan, told, true);
        let operation = Operation::Change { kind, id: account.clone(), edits };
        let run = self.lms.write(&operation, None);
        let run = run.map_err(Error::lms(Deed::Create))?;
        let outcome = self.drive(run, kind, Deed::Change).await;
        self.ledger.epochs.written(kind, Some(&entry.id));
        match outcome {
            Ok(_) => Ok(Some(Taken { account, turn })),
            // Somebody has deleted it in the LMS meanwhile.
            Err(failure) if failure.kind == FailureKind::Missing => Ok(None),
            Err(failure) => Err(Error::lms(Deed::Create)(failure)),
        }
    }

    /// An account goes over to another resource: whoever had it and is gone is left
    /// without one, so that nothing that is still to be done with them touches it.
    pub(super) async fn left_to(
        &self,
        kind: Kind,
        account: &ResourceId,
        heir: &ResourceId,
    ) -> Result<(), Error> {
        let owners = self.ledger.entries.of_lms(kind, std::slice::from_ref(account)).await?;
        for owner in owners.into_iter().flatten() {
            if owner.gone.is_some() && owner.id != *heir {
                let left = Entry { lms: LmsId::None, ..Entry::clone(&owner) };
                self.ledger.entries.put(left).await?;
                self.ledger.epochs.written(kind, Some(&owner.id));
            }
        }
        Ok(())
    }

    /// Keeps the words of somebody who came back.
    pub(super) async fn back(
        self: &Arc<Self>,
        resource: &Resource,
        (entry, then): (Entry, Then),
        origin: &Origin,
    ) -> Result<Arc<View>, Error> {
        let (sent, modified) = (memorable(resource), self.clock.now());
        let (kind, id, revision) = (resource.kind(), entry.id.clone(), entry.revision + 1);
        let entry = Entry { gone: None, sent, modified, revision, ..entry };
        self.settle((kind, &id), Kept::new(Some(entry.clone()), then), origin).await?;
        self.ledger.epochs.left();
        match self.get(kind, &id, Depth::Whole, true).await {
            Err(Error::Lms { .. } | Error::Scim(_)) => self.as_told(resource, &entry).await,
            shown => shown,
        }
    }

    /// Somebody whom the LMS has just been told of, and does not show: it has lost a right
    /// or fallen ill since. What was done is answered as done, or the client's next attempt
    /// would be a duplicate.
    async fn as_told(&self, resource: &Resource, entry: &Entry) -> Result<Arc<View>, Error> {
        let kind = resource.kind();
        let picture = self.expected(resource, entry.lms_id());
        let names = self.names_in(std::slice::from_ref(&picture)).await?;
        let view = self.view(kind, picture, self.known(Some(entry), &names))?;
        let shown = (Some(Arc::clone(&view)), self.waiting_of(kind, &entry.id).await?);
        let covered = self.overlaid((kind, &entry.id), shown, Depth::Whole).await?;
        Ok(covered.unwrap_or(view))
    }

    /// The matcher for resources with that value.
    pub(super) fn equals(&self, kind: Kind, path: &str, value: &str) -> Option<Matcher> {
        let resource_type = self.resource_type(kind)?;
        let path = Path::parse(path, resource_type.urns()).ok()?;
        let literal = Literal::Quoted(value.to_owned());
        let filter = Filter::Compare(path, Operator::Eq, literal);
        Matcher::bind(&filter, resource_type).ok()
    }
}

/// The entry of a resource that has an account again, or at last.
pub(super) fn with_account(entry: &Entry, account: &ResourceId) -> Entry {
    let same = entry.id == *account;
    let lms = if same { LmsId::Same } else { LmsId::Other(account.clone()) };
    Entry { lms, gone: None, revision: entry.revision + 1, ..entry.clone() }
}

/// All that a resource says, as edits. `back`: it comes back, so it is active unless
/// it says otherwise, and its members are those it names.
pub(super) fn all_of(plan: &KindPlan, resource: &Resource, back: bool) -> Edits {
    let attributes = plan.attributes.iter().filter(|it| it.update.is_some() || it.via.is_some());
    let slots = attributes.filter_map(|attribute| {
        let active = attribute.name == "active";
        let value = attribute.value(resource).cloned();
        let value = value.or_else(|| (back && active).then_some(true.into()))?;
        Some(Edit { place: attribute.slot.place.clone(), act: Act::Set(value) })
    });
    let members = plan.resource_type.members().filter(|place| place.attr.offered);
    let members = members.and_then(|place| {
        let listed = resource.attributes().get("members").cloned();
        let listed = listed.or_else(|| back.then(|| Vec::<()>::new().into()))?;
        Some(Edit { place, act: Act::Set(listed) })
    });
    slots.chain(members).collect()
}
