//! What became of a create whose answer was lost, on either side: looking for
//! it, and finishing what it began.

use std::sync::Arc;

use serde_json::Value;

use super::doubt::Print;
use super::turns::Key;
use super::{Deed, Depth, Error, Tenant, View};
use crate::call::{Failure, Kind as FailureKind};
use crate::mapping::Picture;
use crate::scim::{Act, Edit, Edits, Kind, Operation, Resource, ResourceId};

impl Tenant {
    /// What was created for exactly this request, if its client has not heard of
    /// it: told once, for after that it is a duplicate like any other.
    pub(super) async fn owed(
        self: &Arc<Self>,
        kind: Kind,
        print: &Print,
    ) -> Result<Option<Arc<View>>, Error> {
        let Some(id) = self.ledger.doubts.owed(print) else { return Ok(None) };
        match self.get(kind, &id, Depth::Whole, true).await {
            Ok(view) => Ok(Some(view)),
            // Gone again meanwhile: then this is a create like any other.
            Err(Error::Scim(error)) if error.status() == 404 => Ok(None),
            Err(error) => {
                self.ledger.doubts.unheard(*print, id);
                Err(error)
            }
        }
    }

    /// What an earlier create left behind whose answer was lost.
    pub(super) async fn in_doubt(
        &self,
        resource: &Resource,
        keys: &[Key],
        heir: Option<&ResourceId>,
    ) -> Result<Option<Picture>, Error> {
        if !self.ledger.doubts.cover(keys) {
            return Ok(None);
        }
        let found = self.look(resource, heir).await?;
        if found.is_some() {
            self.metrics.resolved("adopted_later");
        }
        Ok(found)
    }

    /// Who has the unique values of a resource: the one that we made, or nobody.
    /// Somebody who differs in anything that a create writes at once is another,
    /// and the create a duplicate. So is the account of another than the `heir`: whom a
    /// client has told us of already is no leftover, be they alike to the LMS.
    pub(super) async fn look(
        &self,
        resource: &Resource,
        heir: Option<&ResourceId>,
    ) -> Result<Option<Picture>, Error> {
        let found = self.left_behind(resource).await.map_err(looked)?;
        let Some((picture, later)) = found else { return Ok(None) };
        if let Some(account) = picture.id()
            && self.is_provisioned((resource.kind(), &account), heir).await?
        {
            return Err(looked(duplicate()));
        }
        self.finished(picture, later).await.map(Some).map_err(looked)
    }

    /// Whether an account has somebody who is there for clients, and is not this one.
    pub(super) async fn is_provisioned(
        &self,
        (kind, account): (Kind, &ResourceId),
        heir: Option<&ResourceId>,
    ) -> Result<bool, Error> {
        let owners = self.ledger.entries.of_lms(kind, std::slice::from_ref(account)).await?;
        let mut others = owners.into_iter().flatten().filter(|it| Some(&it.id) != heir);
        Ok(others.any(|it| it.gone.is_none() && it.lms_id() == Some(account)))
    }

    /// What a create has left behind, and what it has not come to.
    async fn left_behind(&self, resource: &Resource) -> Result<Option<(Picture, Edits)>, Failure> {
        let moment = self.lms.moment();
        let run = self.lms.site().look(resource, &moment)?;
        let mut found = self.drive(run, resource.kind(), Deed::Look).await?.pictures;
        let Some(picture) = found.pop() else { return Ok(None) };
        let later = self.later(resource, &picture);
        let mut expected = self.lms.site().echo(resource, &moment);
        if let Some(resource_type) = self.resource_type(resource.kind()) {
            // What is left out makes no difference; nothing of it can be refused.
            let _ = cleared(&later).apply(resource_type, &mut expected);
        }
        if !found.is_empty() || !agrees(&expected, picture.resource()) {
            return Err(duplicate());
        }
        Ok(Some((picture, later)))
    }

    /// What a create of this resource writes only after the resource is there,
    /// and what the LMS does not show yet: an LMS may have come half of the way, and the
    /// client may have thought better of the members.
    fn later(&self, resource: &Resource, picture: &Picture) -> Edits {
        let Some(plan) = self.plan(resource.kind()) else { return Edits::default() };
        let attributes = plan.attributes.iter().filter(|it| it.create.is_none());
        let attributes = attributes.filter(|it| it.update.is_some()).filter_map(|attribute| {
            let value = attribute.value(resource)?;
            let held = attribute.slot.read(picture.resource());
            let act = Act::Set(value.clone());
            (held != Some(value)).then(|| Edit { place: attribute.slot.place.clone(), act })
        });
        let members = plan.resource_type.members().filter(|it| it.attr.offered);
        let members = members.map(|place| {
            let all = resource.attributes().get("members").cloned();
            let all = all.unwrap_or_else(|| Vec::<()>::new().into());
            Edit { place, act: Act::Set(all) }
        });
        attributes.chain(members).collect()
    }

    /// Writes what is missing to one that a create has left half-made.
    async fn finished(&self, picture: Picture, later: Edits) -> Result<Picture, Failure> {
        let (Some(id), false) = (picture.id(), later.is_empty()) else { return Ok(picture) };
        let mut resource = picture.into_resource();
        let kind = resource.kind();
        if let Some(resource_type) = self.resource_type(kind) {
            let applied = later.apply(resource_type, &mut resource);
            applied.map_err(|error| Failure::new(FailureKind::Invalid, error.detail()))?;
        }
        let change = Operation::Change { kind, id, edits: later };
        let run = self.lms.write(&change, None)?;
        self.drive(run, kind, Deed::Change).await?;
        Ok(Picture::from(resource))
    }
}

fn duplicate() -> Failure {
    let words = "another account in the LMS has a value that only one may have";
    Failure::new(FailureKind::Duplicate, words)
}

/// What came of looking, and of doing the rest. A duplicate is what the create came to,
/// and so is what the LMS will never take.
fn looked(failure: Failure) -> Error {
    match failure.kind {
        FailureKind::Duplicate | FailureKind::Invalid => Error::lms(Deed::Create)(failure),
        _ => Error::lms(Deed::Look)(failure),
    }
}

fn cleared(edits: &Edits) -> Edits {
    edits.iter().map(|edit| Edit { place: edit.place.clone(), act: Act::Clear }).collect()
}

/// Whether an account is the one that a create made: it shows everything that
/// was written, as far as it shows anything.
fn agrees(expected: &Resource, shown: &Resource) -> bool {
    expected
        .attributes()
        .iter()
        .all(|(name, value)| shown.attributes().get(name).is_none_or(|held| same(value, held)))
}

/// Equal as far as both say something.
fn same(wanted: &Value, held: &Value) -> bool {
    use Value::{Array, Object};
    match (wanted, held) {
        (Object(wanted), Object(held)) => {
            wanted.iter().all(|(name, value)| held.get(name).is_none_or(|other| same(value, other)))
        }
        (Array(wanted), Array(held)) => {
            wanted.iter().all(|value| held.iter().any(|other| same(value, other)))
        }
        _ => wanted == held,
    }
}
