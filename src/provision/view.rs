//! A resource as its client sees it: what the LMS holds, in the client's own
//! words for as long as they are true (rule 1 of the house).

use std::borrow::Cow;
use std::sync::Arc;

use jiff::Timestamp;

use super::config::Keep;
use super::names::Names;
use crate::clock;
use crate::mapping::{Moment, Picture, Site};
use crate::scim::{Dates, ETag, Kind, Projection, Resource, ResourceId, ResourceType, Written};
use crate::store::Entry;

/// A resource as its client sees it, with its version, as text: so a cached read
/// has little to do, and what is kept takes little room. Where it is found is
/// added when it is sent.
#[derive(Debug)]
pub struct View {
    id: Option<ResourceId>,
    version: ETag,
    written: Written,
}

/// What is known of a resource beside what the LMS shows.
#[derive(Clone, Copy)]
pub(super) struct Known<'a> {
    pub entry: Option<&'a Entry>,
    pub names: &'a Names,
    pub keep: Keep,
}

/// What of a resource is its client's own, so that its version is that of it.
struct Own<'a> {
    sent: Cow<'a, Resource>,
    /// How often something was written of which no more is known.
    times: u64,
}

impl<'a> Own<'a> {
    fn of(entry: &'a Entry, keep: Keep) -> Self {
        match keep {
            Keep::Full => Self { sent: Cow::Borrowed(&entry.sent), times: entry.revision },
            // Which words are kept changes with a read; when they were written does not.
            Keep::Minimal => {
                let mut bare = Resource::new(entry.sent.kind());
                bare.set_id(&entry.id);
                let at = u64::try_from(entry.modified.as_microsecond()).unwrap_or_default();
                Self { sent: Cow::Owned(bare), times: at.wrapping_add(entry.revision) }
            }
        }
    }
}

impl View {
    /// What the LMS shows, told in the words of the entry and by the names that
    /// clients know.
    pub(super) fn told(site: &Site, shown: Picture, known: Known<'_>, moment: &Moment) -> Resource {
        let Known { entry, names, .. } = known;
        let mut resource = match entry {
            Some(entry) => site.blend(&entry.sent, &shown, moment).into_resource(),
            None => shown.into_resource(),
        };
        let plan = site.plan.kinds_of(resource.kind()).next();
        names.rename(&mut resource, plan.map(AsRef::as_ref));
        if let Some(entry) = entry {
            resource.set_id(&entry.id);
        }
        Self::worded(resource, entry)
    }

    /// A resource in its client's words, with what the entry knows of it.
    pub(super) fn worded(mut resource: Resource, entry: Option<&Entry>) -> Resource {
        if let Some(entry) = entry {
            if let Some(created) = entry.created {
                resource.set_meta("created", instant(created));
            }
            resource.set_meta("lastModified", instant(entry.modified));
        }
        resource
    }

    /// The view of what was told.
    pub(super) fn of(told: &Resource, resource_type: &ResourceType, known: Known<'_>) -> Arc<Self> {
        let own = known.entry.map(|entry| Own::of(entry, known.keep));
        let (written, version) =
            Written::of(told, resource_type, own.as_ref().map(|own| (&*own.sent, own.times)));
        Arc::new(Self { id: told.id(), version, written })
    }

    /// The view of what the LMS shows, written straight from what is said of it, where
    /// that comes to the same as [to tell it](Self::told) first.
    pub(super) fn straight(
        site: &Site,
        shown: &Picture,
        resource_type: &ResourceType,
        (known, moment): (Known<'_>, &Moment),
    ) -> Option<Arc<Self>> {
        Self::of_lms(shown, resource_type, known)
            .or_else(|| Self::blended(site, shown, resource_type, (known, moment)))
    }

    /// The view of what the LMS shows, where nothing else is known.
    fn of_lms(
        shown: &Picture,
        resource_type: &ResourceType,
        known: Known<'_>,
    ) -> Option<Arc<Self>> {
        if known.entry.is_some() || !known.names.are_same() {
            return None;
        }
        let (written, version) = shown.written(resource_type)?;
        Some(Arc::new(Self { id: shown.id(), version, written }))
    }

    /// The view of what a client and the LMS say together, where all are called the
    /// same: written from the words of both, with no resource made for it.
    fn blended(
        site: &Site,
        shown: &Picture,
        resource_type: &ResourceType,
        (known, moment): (Known<'_>, &Moment),
    ) -> Option<Arc<Self>> {
        let entry = known.entry.filter(|_| known.names.are_same())?;
        let pairs = site.blend(&entry.sent, shown, moment).called(&entry.id);
        let own = Own::of(entry, known.keep);
        let (created, modified) = (entry.created.map(instant), instant(entry.modified));
        let dates = Dates { created: created.as_deref(), modified: Some(&modified) };
        let sent = Some((&*own.sent, own.times));
        let (written, version) = Written::told(&pairs, resource_type, (sent, dates));
        Some(Arc::new(Self { id: Some(entry.id.clone()), version, written }))
    }

    /// Its id.
    pub fn id(&self) -> Option<&ResourceId> {
        self.id.as_ref()
    }

    /// User or Group.
    pub fn kind(&self) -> Kind {
        self.written.kind()
    }

    /// Its version.
    pub fn version(&self) -> &ETag {
        &self.version
    }

    /// The memory it takes, roughly.
    pub(super) fn size(&self) -> usize {
        size_of::<Self>() + self.written.size() + 64
    }

    /// The resource, `meta` included, read anew from what was written.
    pub fn resource(&self) -> Resource {
        self.written.resource()
    }

    /// Writes what a client wants to see who knows the tenant by that URL; nothing,
    /// if that takes more than to leave out members.
    pub fn write(&self, base: &str, wanted: &Projection, out: &mut Vec<u8>) -> bool {
        let lean = wanted.is_all_but("members");
        let whole = lean || wanted.is_plain();
        if whole {
            self.written.write(base, lean, out);
        }
        whole
    }
}

/// An instant as Entra writes it: to the millisecond.
fn instant(at: Timestamp) -> String {
    let mut text = String::with_capacity(24);
    clock::write(at, 3, &mut text);
    text
}
