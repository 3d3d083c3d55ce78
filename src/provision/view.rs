//! A resource as its client sees it: what the LMS holds, in the client's own
//! words for as long as they are true (rule 1 of the house).

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
        let version = ETag::counted(&resource, entry.map_or(0, |entry| entry.revision));
        resource.set_meta("version", version.to_string());
        if let Some(entry) = entry {
            if let Some(created) = entry.created {
                resource.set_meta("created", created.to_string());
            }
            resource.set_meta("lastModified", entry.modified.to_string());
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
