//! Entries: a resource as its client wrote it, and what the LMS calls it.

use std::sync::Arc;

use jiff::Timestamp;

use super::Work;
use crate::scim::{Kind, Matcher, Resource, ResourceId};

/// What is known of one resource beyond what the LMS knows.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The id that the client knows it by, for ever.
    pub id: ResourceId,
    /// The id that the LMS knows it by.
    pub lms: LmsId,
    /// Since when it is gone for the client. It is remembered, so that the same
    /// person gets the same id when it comes back.
    pub gone: Option<Timestamp>,
    /// What the client wrote, in its own spelling; never a password, never the
    /// members of a group.
    pub sent: Resource,
    /// When the client created it, where it did.
    pub created: Option<Timestamp>,
    /// When a write of the client last changed it.
    pub modified: Timestamp,
    /// How often its members were written: they are not kept here, and yet a
    /// new version of it.
    pub revision: u64,
}

/// What the LMS calls a resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LmsId {
    /// As the client does: nearly always.
    Same,
    /// Otherwise: the client had an id before there was an account, or the account
    /// was made anew.
    Other(ResourceId),
    /// Nothing: there is no account, not yet or not any more.
    None,
}

/// Which entries are looked through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Among {
    /// Those with an account in the LMS that clients see.
    Present,
    /// Those that have no account yet.
    Unborn,
    /// Those that are gone for the client.
    Gone,
}

impl Entry {
    /// One of which nothing is known yet but what everybody calls it.
    pub fn plain(kind: Kind, id: ResourceId, modified: Timestamp) -> Self {
        let sent = Resource::new(kind);
        Self { id, lms: LmsId::Same, gone: None, sent, created: None, modified, revision: 0 }
    }

    /// What the LMS calls it; nothing, where it has no account there.
    pub fn lms_id(&self) -> Option<&ResourceId> {
        match &self.lms {
            LmsId::Same => Some(&self.id),
            LmsId::Other(id) => Some(id),
            LmsId::None => None,
        }
    }

    /// The same, gone for the client. Of its words only those stay that it is known
    /// again by. `account` is whether its account is still there.
    #[must_use]
    pub fn buried(&self, now: Timestamp, account: bool) -> Self {
        let lms = if account { self.lms.clone() } else { LmsId::None };
        let kept = match self.sent.kind() {
            Kind::User => ["externalId", "userName", "emails"],
            Kind::Group => ["externalId", "displayName", ""],
        };
        let attributes = self.sent.attributes().iter();
        let attributes = attributes.filter(|(name, _)| kept.contains(&name.as_str()));
        let attributes = attributes.map(|(name, value)| (name.clone(), value.clone())).collect();
        let sent = Resource::from_attributes(self.sent.kind(), attributes);
        Self { lms, gone: Some(now), sent, modified: now, ..self.clone() }
    }

    /// Where it belongs.
    pub fn standing(&self) -> Among {
        match (&self.gone, &self.lms) {
            (Some(_), _) => Among::Gone,
            (None, LmsId::None) => Among::Unborn,
            (None, LmsId::Same | LmsId::Other(_)) => Among::Present,
        }
    }

    /// Whether the LMS would say the same of its id and of its being there.
    pub fn is_plain(&self) -> bool {
        self.lms == LmsId::Same && self.gone.is_none()
    }
}

/// The entries of one tenant.
pub trait Entries: Send + Sync {
    /// Whether all of them are plain, as far as is known without looking: then
    /// ids mean the same on both sides, and nobody has to ask. A wrong no costs
    /// time, a wrong yes must not be.
    fn all_plain(&self) -> bool;

    /// The entry of that resource, by the id that the client knows.
    fn get<'a>(&'a self, kind: Kind, id: &'a ResourceId) -> Work<'a, Option<Arc<Entry>>>;

    /// Those of several resources, each in its place.
    fn several<'a>(
        &'a self,
        kind: Kind,
        ids: &'a [ResourceId],
    ) -> Work<'a, Vec<Option<Arc<Entry>>>>;

    /// The same by the ids that the LMS knows. Where no entry has such an account
    /// but one goes by that name for the client, it is that one: its `lms_id` tells
    /// the difference.
    fn of_lms<'a>(&'a self, kind: Kind, ids: &'a [ResourceId])
    -> Work<'a, Vec<Option<Arc<Entry>>>>;

    /// The ids of those that a filter fits, as the client wrote them, or of all;
    /// at most so many.
    fn find<'a>(
        &'a self,
        kind: Kind,
        among: Among,
        matcher: Option<&'a Matcher>,
        most: usize,
    ) -> Work<'a, Vec<ResourceId>>;

    /// Keeps an entry, in place of the one that was there. Two entries cannot have
    /// one account.
    fn put(&self, entry: Entry) -> Work<'_, ()>;

    /// Forgets one.
    fn remove<'a>(&'a self, kind: Kind, id: &'a ResourceId) -> Work<'a, ()>;
}
