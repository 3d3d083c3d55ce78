//! A resource as its client sees it: what the LMS holds, in the client's own
//! words for as long as they are true (rule 1 of the house).

use std::sync::OnceLock;

use bytes::Bytes;
use jiff::Timestamp;
use serde_json::Value;

use super::names::Names;
use crate::mapping::{Moment, Picture, Site};
use crate::scim::{ETag, Resource};
use crate::store::Entry;

/// A resource as its client sees it, with its version. Where it is found is
/// added when it is shown.
#[derive(Debug)]
pub struct View {
    resource: Resource,
    version: ETag,
    written: OnceLock<Written>,
}

/// A view as it was once sent.
struct Written {
    /// The tenant's URL as the client knew it: it stands in the text.
    base: String,
    text: Bytes,
}

// What it says is of a person.
impl std::fmt::Debug for Written {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Written")
    }
}

impl View {
    /// What the LMS shows, told in the words of the entry and by the names that
    /// clients know.
    pub(super) fn of(
        site: &Site,
        shown: Picture,
        (entry, names): (Option<&Entry>, &Names),
        moment: &Moment,
    ) -> Self {
        let mut resource = match entry {
            Some(entry) => site.blend(&entry.sent, shown, moment),
            None => shown.into_resource(),
        };
        let plan = site.plan.kinds_of(resource.kind()).next();
        names.rename(&mut resource, plan.map(AsRef::as_ref));
        if let Some(entry) = entry {
            resource.set_id(&entry.id);
        }
        let version = match entry {
            Some(entry) => ETag::of_written(&resource, &entry.sent, entry.revision),
            None => ETag::of(&resource.without("members")),
        };
        resource.set_meta("version", version.to_string());
        if let Some(entry) = entry {
            if let Some(created) = entry.created {
                resource.set_meta("created", instant(created));
            }
            resource.set_meta("lastModified", instant(entry.modified));
        }
        Self { resource, version, written: OnceLock::new() }
    }

    /// The resource, `meta` included.
    pub fn resource(&self) -> &Resource {
        &self.resource
    }

    /// All of it as it is sent to whoever knows the tenant by that URL; written once
    /// for as long as the view is kept, so that a cached read has little to do.
    pub fn written(&self, base: &str, write: impl FnOnce() -> Vec<u8>) -> Bytes {
        match self.written.get() {
            Some(kept) if kept.base == base => kept.text.clone(),
            // The same tenant by another name.
            Some(_) => write().into(),
            None => {
                let text = Bytes::from(write());
                // Somebody else may have been as fast, with the same text.
                let _ = self.written.set(Written { base: base.to_owned(), text: text.clone() });
                text
            }
        }
    }

    /// Its version.
    pub fn version(&self) -> &ETag {
        &self.version
    }
}

/// An instant as Entra writes it: to the millisecond.
fn instant(at: Timestamp) -> String {
    format!("{at:.3}")
}

/// What an entry keeps of a resource: neither what is the LMS's to say, nor what
/// nobody may read.
pub(super) fn memorable(resource: &Resource) -> Resource {
    let mut attributes = resource.attributes().clone();
    for name in ["id", "meta", "members", "password", "groups"] {
        attributes.remove(name);
    }
    attributes.retain(|_, value| !matches!(value, Value::Null));
    Resource::from_attributes(resource.kind(), attributes)
}
