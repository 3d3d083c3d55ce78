//! A resource as its client sees it: what the LMS holds, in the client's own
//! words for as long as they are true (rule 1 of the house).

use jiff::Timestamp;
use serde_json::Value;

use crate::mapping::{Moment, Picture, Site};
use crate::scim::{ETag, Resource};
use crate::store::Entry;

/// A resource as its client sees it, with its version. Where it is found is
/// added when it is shown.
#[derive(Debug)]
pub struct View {
    resource: Resource,
    version: ETag,
}

impl View {
    /// What the LMS shows, told in the words of the entry.
    pub(super) fn of(site: &Site, shown: Picture, entry: Option<&Entry>, moment: &Moment) -> Self {
        let mut resource = match entry {
            Some(entry) => site.blend(&entry.sent, &site.echo(&entry.sent, moment), shown),
            None => shown.resource,
        };
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
        Self { resource, version }
    }

    /// The resource, `meta` included.
    pub fn resource(&self) -> &Resource {
        &self.resource
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
