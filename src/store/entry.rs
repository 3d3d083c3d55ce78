//! Entries: a resource as its client wrote it.

use std::sync::Arc;

use jiff::Timestamp;

use super::Work;
use crate::scim::{Kind, Matcher, Resource, ResourceId};

/// What is known of one resource beyond what the LMS knows.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The id that the client knows it by.
    pub id: ResourceId,
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

/// The entries of one tenant.
pub trait Entries: Send + Sync {
    /// The entry of that resource.
    fn get<'a>(&'a self, kind: Kind, id: &'a ResourceId) -> Work<'a, Option<Arc<Entry>>>;

    /// Those of several resources, each in its place.
    fn several<'a>(
        &'a self,
        kind: Kind,
        ids: &'a [ResourceId],
    ) -> Work<'a, Vec<Option<Arc<Entry>>>>;

    /// The ids of those that a filter fits, as the client wrote them, or of all;
    /// at most so many.
    fn find<'a>(
        &'a self,
        kind: Kind,
        matcher: Option<&'a Matcher>,
        most: usize,
    ) -> Work<'a, Vec<ResourceId>>;

    /// Keeps an entry, in place of the one that was there.
    fn put(&self, entry: Entry) -> Work<'_, ()>;

    /// Forgets one.
    fn remove<'a>(&'a self, kind: Kind, id: &'a ResourceId) -> Work<'a, ()>;
}
