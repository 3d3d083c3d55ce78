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
    version: Option<ETag>,
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
                resource.set_meta("created", instant(created));
            }
            resource.set_meta("lastModified", instant(entry.modified));
        }
        Self { resource, version: Some(version) }
    }

    /// The same for one that the LMS has not shown yet: it may hold more than was
    /// sent, so that its version is not known.
    pub(super) fn unversioned(self) -> Self {
        let kind = self.resource.kind();
        let mut attributes = self.resource.into_attributes();
        if let Some(Value::Object(meta)) = attributes.get_mut("meta") {
            meta.remove("version");
        }
        Self { resource: Resource::from_attributes(kind, attributes), version: None }
    }

    /// The resource, `meta` included.
    pub fn resource(&self) -> &Resource {
        &self.resource
    }

    /// Its version, where it is known.
    pub fn version(&self) -> Option<&ETag> {
        self.version.as_ref()
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
