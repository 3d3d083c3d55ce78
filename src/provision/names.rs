//! Who is called how. Ids are for ever, accounts are not: whoever had an id before
//! there was an account, or got a new account, is called otherwise in the LMS. What
//! a client names is told to the LMS by its own ids, and the other way round.
//!
//! Where all are called the same, nobody is asked.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use jiff::Timestamp;

use super::ledger::Ledger;
use super::members::is_gone;
use super::{Error, Tenant};
use crate::mapping::Picture;
use crate::mapping::plan::KindPlan;
use crate::scim::{self, Edits, Kind, Matcher, Nobody, Operation, Resource, ResourceId};
use crate::store::{self, Entry, LmsId};

/// Ids and what the other side calls them.
#[derive(Debug, Default)]
pub(super) struct Names(Option<HashMap<(Kind, String), Option<ResourceId>>>);

/// Ids whose names are wanted.
pub(super) type Wanted = BTreeSet<(Kind, String)>;

impl Names {
    /// Whether both sides call everybody the same.
    pub(super) fn are_same(&self) -> bool {
        self.0.is_none()
    }

    /// What the other side calls it; nothing, where nobody is meant.
    pub(super) fn of(&self, kind: Kind, id: &str) -> Option<ResourceId> {
        let Some(known) = &self.0 else { return ResourceId::parse(id) };
        known.get(&(kind, id.to_owned())).cloned().unwrap_or_else(|| ResourceId::parse(id))
    }

    fn text(&self, kind: Kind, id: &str) -> Option<String> {
        self.of(kind, id).map(|name| name.as_str().to_owned())
    }
}

impl Ledger {
    /// The ids that the LMS knows these by.
    pub(super) async fn lms_names(&self, wanted: Wanted) -> Result<Names, store::Error> {
        let mut names = HashMap::with_capacity(wanted.len());
        for kind in [Kind::User, Kind::Group] {
            let ids = of_kind(&wanted, kind);
            let entries = self.entries.several(kind, &ids).await?;
            let owners = self.entries.of_lms(kind, &ids).await?;
            for ((id, entry), owner) in ids.into_iter().zip(entries).zip(owners) {
                let name = match entry {
                    Some(entry) => account(&entry).cloned(),
                    // An id that only the LMS uses, and for somebody whom clients
                    // know by another.
                    None if owner.is_some() => None,
                    None => Some(id.clone()),
                };
                names.insert((kind, id.as_str().to_owned()), name);
            }
        }
        Ok(Names(Some(names)))
    }

    /// The ids that clients know these by.
    async fn client_names(&self, wanted: Wanted) -> Result<Names, store::Error> {
        let mut names = HashMap::with_capacity(wanted.len());
        for kind in [Kind::User, Kind::Group] {
            let ids = of_kind(&wanted, kind);
            let owners = self.entries.of_lms(kind, &ids).await?;
            for (id, owner) in ids.into_iter().zip(owners) {
                let name = called(&id, owner.as_deref());
                names.insert((kind, id.as_str().to_owned()), name);
            }
        }
        Ok(Names(Some(names)))
    }
}

/// The account of a resource that is there for clients.
pub(super) fn account(entry: &Entry) -> Option<&ResourceId> {
    entry.lms_id().filter(|_| entry.gone.is_none())
}

/// What clients call an account; nothing, if they are not to see it: it is gone
/// for them, or somebody else goes by that id.
pub(super) fn called(id: &ResourceId, owner: Option<&Entry>) -> Option<ResourceId> {
    match owner {
        None => Some(id.clone()),
        Some(entry) if entry.gone.is_some() || entry.lms_id() != Some(id) => None,
        Some(entry) => Some(entry.id.clone()),
    }
}

impl Tenant {
    /// Whether ids mean the same on both sides.
    pub(super) fn all_plain(&self) -> bool {
        self.ledger.entries.all_plain()
    }

    /// The id that the LMS knows this by; nothing, where it is gone or not there.
    pub(super) async fn lms_id(
        &self,
        kind: Kind,
        id: &ResourceId,
    ) -> Result<Option<ResourceId>, Error> {
        if self.all_plain() {
            return Ok(Some(id.clone()));
        }
        if let Some(entry) = self.ledger.entries.get(kind, id).await? {
            return Ok(account(&entry).cloned());
        }
        let owners = self.ledger.entries.of_lms(kind, std::slice::from_ref(id)).await?;
        Ok(owners.iter().all(Option::is_none).then(|| id.clone()))
    }

    /// The account of a resource, though it may be gone for its client.
    pub(super) async fn account_of(
        &self,
        kind: Kind,
        id: &ResourceId,
    ) -> Result<Option<ResourceId>, Error> {
        if !self.all_plain()
            && let Some(entry) = self.ledger.entries.get(kind, id).await?
        {
            return Ok(entry.lms_id().cloned());
        }
        self.lms_id(kind, id).await
    }

    /// The entry of an account, or what it begins with. Where clients know another
    /// by the LMS's id, it goes by a new one.
    pub(super) async fn entry_of(
        &self,
        kind: Kind,
        account: &ResourceId,
        now: Timestamp,
    ) -> Result<Entry, Error> {
        let plain = Entry::plain(kind, account.clone(), now);
        if self.all_plain() {
            return Ok(plain);
        }
        let owners = self.ledger.entries.of_lms(kind, std::slice::from_ref(account)).await?;
        Ok(match owners.into_iter().flatten().next() {
            None => plain,
            Some(own) if own.lms_id() == Some(account) => {
                Entry { gone: None, modified: now, ..Entry::clone(&own) }
            }
            Some(_) => Entry { id: fresh_id()?, lms: LmsId::Other(account.clone()), ..plain },
        })
    }

    /// The entries of people by their accounts.
    pub(super) async fn entries(
        &self,
        accounts: &[ResourceId],
    ) -> Result<Vec<Option<Arc<Entry>>>, Error> {
        Ok(self.ledger.entries.of_lms(Kind::User, accounts).await?)
    }

    /// The ids that the LMS knows these by, without those who are not there.
    pub(super) async fn lms_ids<'a>(
        &self,
        kind: Kind,
        ids: &'a [ResourceId],
    ) -> Result<Cow<'a, [ResourceId]>, Error> {
        if self.all_plain() {
            return Ok(Cow::Borrowed(ids));
        }
        let wanted = ids.iter().map(|id| (kind, id.as_str().to_owned())).collect();
        let names = self.ledger.lms_names(wanted).await?;
        Ok(ids.iter().filter_map(|id| names.of(kind, id.as_str())).collect::<Vec<_>>().into())
    }

    /// A filter as the LMS has to be asked.
    pub(super) async fn ask_by<'a>(
        &self,
        kind: Kind,
        matcher: &'a Matcher,
    ) -> Result<Cow<'a, Matcher>, Error> {
        if self.all_plain() {
            return Ok(Cow::Borrowed(matcher));
        }
        let mut wanted = Wanted::new();
        // Only listened to.
        let _ = matcher.named(kind, &mut listen(&mut wanted));
        let names = self.ledger.lms_names(wanted).await?;
        Ok(Cow::Owned(matcher.named(kind, &mut |kind, id| names.text(kind, id))))
    }

    /// Edits as the LMS has to be told.
    pub(super) async fn edits_in_its_ids(
        &self,
        plan: &KindPlan,
        edits: &Edits,
    ) -> Result<Edits, Error> {
        if self.all_plain() {
            return Ok(edits.clone());
        }
        let within: &[_] = if tells_manager(plan) { &["members", "manager"] } else { &["members"] };
        let mut wanted = Wanted::new();
        let _ = edits.named(within, &mut listen(&mut wanted));
        let names = self.ledger.lms_names(wanted).await?;
        let told = edits.named(within, &mut |kind, id| names.text(kind, id));
        told.map_err(|nobody| stranger(&nobody))
    }

    /// A resource as the LMS has to be told.
    pub(super) async fn in_its_ids<'a>(
        &self,
        plan: &KindPlan,
        resource: &'a Resource,
    ) -> Result<Cow<'a, Resource>, Error> {
        if self.all_plain() {
            return Ok(Cow::Borrowed(resource));
        }
        let mut told = resource.clone();
        let mut wanted = Wanted::new();
        let _ = told.name_all_members(&mut listen(&mut wanted));
        let _ = told.name_manager(&mut listen(&mut wanted));
        let names = self.ledger.lms_names(wanted).await?;
        let mut naming = |kind: Kind, id: &str| names.text(kind, id);
        told.name_all_members(&mut naming).map_err(|nobody| stranger(&nobody))?;
        if tells_manager(plan) {
            told.name_manager(&mut naming).map_err(|nobody| stranger(&nobody))?;
        }
        Ok(Cow::Owned(told))
    }

    /// Those whom an operation names and who have no account yet, or have not come back yet.
    pub(super) async fn unborn_in(&self, operation: &Operation) -> Result<BTreeSet<String>, Error> {
        let mut wanted = Wanted::new();
        let Some(plan) = self.plan(operation.kind()).filter(|_| !self.all_plain()) else {
            return Ok(BTreeSet::new());
        };
        match operation {
            Operation::Create(resource) => {
                let mut named = resource.clone();
                let _ = named.name_all_members(&mut listen(&mut wanted));
                if tells_manager(plan) {
                    let _ = named.name_manager(&mut listen(&mut wanted));
                }
            }
            Operation::Change { edits, .. } => {
                let within: &[_] =
                    if tells_manager(plan) { &["members", "manager"] } else { &["members"] };
                let _ = edits.named(within, &mut listen(&mut wanted));
            }
            Operation::Delete { .. } => {}
        }
        let mut unborn = BTreeSet::new();
        for kind in [Kind::User, Kind::Group] {
            let ids = of_kind(&wanted, kind);
            let entries = self.ledger.entries.several(kind, &ids).await?;
            let gone = ids.iter().zip(&entries).filter(|(_, entry)| is_gone(entry.as_ref()));
            let gone: Vec<_> = gone.map(|(id, _)| id.clone()).collect();
            unborn.append(&mut self.coming_back(kind, &gone).await?);
            let waits = |entry: &Entry| entry.lms == LmsId::None && entry.gone.is_none();
            let found =
                ids.iter().zip(entries).filter(|(_, entry)| entry.as_deref().is_some_and(waits));
            unborn.extend(found.map(|(id, _)| id.as_str().to_owned()));
        }
        Ok(unborn)
    }

    /// What clients call those whom a picture shows: itself, its members, its
    /// manager.
    pub(super) async fn names_in(&self, pictures: &[Picture]) -> Result<Names, Error> {
        if self.all_plain() {
            return Ok(Names::default());
        }
        let mut wanted = Wanted::new();
        for picture in pictures {
            let mut shown = picture.resource().clone();
            let id = shown.id().map(|id| (shown.kind(), id.as_str().to_owned()));
            wanted.extend(id);
            shown.name_members(&mut listen(&mut wanted));
            let _ = shown.name_manager(&mut listen(&mut wanted));
        }
        Ok(self.ledger.client_names(wanted).await?)
    }
}

impl Names {
    /// Whether somebody is called otherwise, or is not to be seen.
    pub(super) fn matter(&self) -> bool {
        self.0.is_some()
    }

    /// A resource by the names that clients know.
    pub(super) fn rename(&self, resource: &mut Resource, plan: Option<&KindPlan>) {
        if !self.matter() {
            return;
        }
        let mut naming = |kind: Kind, id: &str| self.text(kind, id);
        resource.name_members(&mut naming);
        if plan.is_some_and(tells_manager) {
            // A manager whom clients do not see is nobody's.
            let _ = resource.name_manager(&mut naming);
        }
    }
}

/// How ids of our own begin.
pub(super) const OURS: &str = "mat-";

/// An id of our own, for somebody whom the LMS gives none, or one that is taken.
pub(super) fn fresh_id() -> Result<ResourceId, Error> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(store::Error::new)?;
    let id = format!("{OURS}{:032x}", u128::from_be_bytes(bytes));
    ResourceId::parse(&id).ok_or(Error::CutOff)
}

/// Notes who is named, and changes nothing.
pub(super) fn listen(wanted: &mut Wanted) -> impl FnMut(Kind, &str) -> Option<String> {
    |kind, id| {
        wanted.insert((kind, id.to_owned()));
        Some(id.to_owned())
    }
}

pub(super) fn of_kind(wanted: &Wanted, kind: Kind) -> Vec<ResourceId> {
    let own = wanted.iter().filter(|(known, _)| *known == kind);
    own.filter_map(|(_, id)| ResourceId::parse(id)).collect()
}

/// Whether the LMS is told who is whose manager.
fn tells_manager(plan: &KindPlan) -> bool {
    plan.attributes.iter().any(|attribute| attribute.slot.place.attr.name.is("manager"))
}

fn stranger(Nobody(id): &Nobody) -> Error {
    scim::Error::invalid_value(format!("Nobody in the LMS has the id `{id}`.")).into()
}
