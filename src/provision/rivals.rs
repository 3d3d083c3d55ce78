//! Who shares a unique value with somebody for whom work waits: whoever leaves makes
//! room before another comes, and whoever is made is not two.

use std::collections::HashSet;
use std::sync::Arc;

use serde_json::Value;

use super::cache::Depth;
use super::renames::known_as;
use super::write::unmapped;
use super::{Deed, Error, Tenant, View};
use crate::mapping::Picture;
use crate::mapping::plan::KindPlan;
use crate::scim::{self, Kind, Operation, Resource, ResourceId};
use crate::store::{Among, Entry, LmsId, Pending};

/// More people with one name are no question any more.
const MOST: usize = 16;

impl Tenant {
    /// Refuses unique values that another has, in the LMS or among what waits.
    pub(super) async fn unclaimed(
        self: &Arc<Self>,
        resource: &Resource,
        own: Option<&ResourceId>,
    ) -> Result<(), Error> {
        let kind = resource.kind();
        let plan = self.plan(kind).ok_or_else(|| unmapped(kind))?;
        let unique = plan.attributes.iter().filter(|attribute| attribute.unique);
        let claims: Vec<_> =
            unique.filter_map(|it| Some((it, folded(it.value(resource)?)?))).collect();
        if claims.is_empty() {
            return Ok(());
        }
        let clear = self.is_clear();
        let run = self.lms.site().look(resource, &self.lms.moment());
        let run = run.map_err(Error::lms(Deed::Look))?;
        let found = self.drive(run, kind, Deed::Look).await.map_err(Error::lms(Deed::Look))?;
        let mut others = self.views(kind, found.pictures, (None, Depth::Lean)).await?;
        others.append(&mut self.waiting_named(resource).await?);
        if !clear {
            others = self.still_there(kind, others).await?;
        }
        for other in &others {
            if other.id() == own {
                continue;
            }
            let other = other.resource();
            for (attribute, value) in &claims {
                if attribute.value(&other).and_then(folded).as_ref() == Some(value) {
                    let words = format!("`{}` is taken by another account.", attribute.name);
                    return Err(scim::Error::uniqueness(words).into());
                }
            }
        }
        Ok(())
    }

    /// Those of them who are there now. Whoever left while the LMS was being asked, and
    /// whose entry was gone when that was looked for, seems to be a stranger.
    pub(super) async fn still_there(
        self: &Arc<Self>,
        kind: Kind,
        mut views: Vec<Arc<View>>,
    ) -> Result<Vec<Arc<View>>, Error> {
        let ids: Vec<_> = views.iter().filter_map(|view| view.id().cloned()).collect();
        let entries = self.ledger.entries.several(kind, &ids).await?;
        let unknown = ids.into_iter().zip(entries).filter(|(_, entry)| entry.is_none());
        let unknown: Vec<_> = unknown.map(|(id, _)| id).collect();
        if unknown.is_empty() {
            return Ok(views);
        }
        let found = self.by_ids(kind, &unknown, Depth::Lean).await?;
        let found: HashSet<_> = found.iter().filter_map(Picture::id).collect();
        let gone = |id: &ResourceId| unknown.contains(id) && !found.contains(id);
        views.retain(|view| !view.id().is_some_and(gone));
        Ok(views)
    }

    /// Refuses unique values that another has for whom something waits.
    pub(super) async fn unclaimed_by_waiting(
        self: &Arc<Self>,
        resource: &Resource,
        own: Option<&ResourceId>,
    ) -> Result<(), Error> {
        if self.is_clear() || self.waiting_named(resource).await?.is_empty() {
            return Ok(());
        }
        self.unclaimed(resource, own).await
    }

    /// Those who get one of these unique values by what waits.
    async fn waiting_named(self: &Arc<Self>, resource: &Resource) -> Result<Vec<Arc<View>>, Error> {
        if self.is_clear() {
            return Ok(Vec::new());
        }
        let kind = resource.kind();
        let plan = self.plan(kind).ok_or_else(|| unmapped(kind))?;
        let (mut ids, mut names) = (Vec::new(), Vec::new());
        for attribute in plan.attributes.iter().filter(|attribute| attribute.unique) {
            let value = attribute.value(resource).and_then(|value| value.as_str());
            let Some(value) = value else { continue };
            names.push(known_as(value));
            let Some(matcher) = self.equals(kind, &attribute.name, value) else { continue };
            for among in [Among::Unborn, Among::Gone] {
                let found = self.ledger.entries.find(kind, among, Some(&matcher), MOST).await?;
                ids.extend(found);
            }
        }
        ids.append(&mut self.ledger.pending.named(kind, &names).await?);
        let mut views = Vec::with_capacity(ids.len());
        for id in ids {
            match self.get(kind, &id, Depth::Lean, false).await {
                Ok(view) => views.push(view),
                Err(Error::Scim(error)) if error.status() == 404 => {}
                Err(error) => return Err(error),
            }
        }
        Ok(views)
    }

    /// Whether somebody has a unique value that this gives, and is to leave before: of
    /// all that waits, or of what waits before that place.
    pub(super) async fn is_to_be_left(
        &self,
        operation: &Operation,
        place: Option<u64>,
    ) -> Result<bool, Error> {
        let kind = operation.kind();
        let given = match operation {
            Operation::Create(resource) => Some(resource.clone()),
            Operation::Change { edits, .. } => self.named_by(kind, edits)?,
            Operation::Delete { .. } => None,
        };
        let Some(given) = given else { return Ok(false) };
        // Whoever leaves is written down by the names that become free: there may be many
        // thousands who stay.
        let mut ids = self.ledger.pending.named(kind, &self.names_of(&given)).await?;
        ids.retain(|id| Some(id) != operation.id());
        let queued = self.ledger.pending.of(kind, &ids).await?;
        let before = |one: &Pending| place.is_none_or(|place| one.sequence < place);
        let leaves = |one: &Pending| one.reason.blocks() && is_delete(one) && before(one);
        Ok(queued.iter().flatten().any(leaves))
    }

    /// Those whose create was begun and is not over: the LMS may show them already, by
    /// an id that nobody is to know.
    pub(super) async fn half_made(&self, kind: Kind) -> Result<Vec<Arc<Entry>>, Error> {
        if self.is_clear() {
            return Ok(Vec::new());
        }
        let ids = self.ledger.pending.begun(kind).await?;
        let entries = self.ledger.entries.several(kind, &ids).await?;
        let unborn = entries.into_iter().flatten().filter(|entry| entry.lms == LmsId::None);
        Ok(unborn.collect())
    }
}

/// The values of a resource that only one may have, each with its attribute.
pub(super) fn unique<'a>(
    plan: Option<&'a KindPlan>,
    resource: &'a Resource,
) -> impl Iterator<Item = (&'a str, String)> {
    let attributes = plan.into_iter().flat_map(|plan| &plan.attributes);
    let unique = attributes.filter(|attribute| attribute.unique);
    unique.filter_map(|it| Some((it.name.as_str(), folded(it.value(resource)?)?)))
}

/// A unique value as it is compared.
pub(super) fn folded(value: &Value) -> Option<String> {
    Some(value.as_str()?.trim().to_lowercase()).filter(|text| !text.is_empty())
}

/// Whether somebody leaves by this.
pub(super) fn is_delete(one: &Pending) -> bool {
    one.operation.get("delete").is_some()
}

/// Whether somebody comes by this.
pub(super) fn is_create(one: &Pending) -> bool {
    one.operation.get("create").is_some()
}
