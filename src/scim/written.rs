//! A resource as text: written once, sent as often as somebody asks.
//!
//! A tree of a person is a hundred small pieces of memory; its text is one, a
//! sixth as large. So what is kept for a while is kept as text, and sent with two
//! changes only: where it is, which depends on how the client came here, and
//! without its members, for who does not want them.

use std::ops::Range;

use serde::Serialize;
use serde_json::{Map, Value};

use super::etag::{ETag, Pieces};
use super::projection::Projection;
use super::resource::Resource;
use super::schema::{Kind, ResourceType};
use super::shown::{Shown, location};

/// A resource as text.
#[derive(Clone)]
pub struct Written {
    kind: Kind,
    /// All that may be shown, located below an empty base.
    text: Box<str>,
    /// Where the base belongs.
    gap: Option<usize>,
    /// The pair of `members`, its comma included.
    members: Option<Range<usize>>,
}

impl Written {
    /// All of a resource that a plain answer shows, with its version.
    ///
    /// `sent` is what a client has written of it, and how often its members. Then the
    /// version is that of what it has written: what an LMS adds of its own is not the
    /// client's to lose. Members may not be at hand, so the number of times that they
    /// were written stands for them.
    pub fn of(
        resource: &Resource,
        resource_type: &ResourceType,
        sent: Option<(&Resource, u64)>,
    ) -> (Self, ETag) {
        let plain = Projection::default();
        let shown = Shown::new(resource, resource_type, &plain);
        let mut text = Vec::with_capacity(1024);
        text.extend_from_slice(b"{\"schemas\":");
        put(&mut text, &shown.schemas());
        let (mut members, mut pieces) = (None, Pieces::default());
        for (name, piece) in shown.pieces().filter(|(name, _)| *name != "meta") {
            let begin = text.len();
            name_of(name, &mut text);
            let value = text.len();
            put(&mut text, &piece);
            if name == "members" {
                members = Some(begin..text.len());
            } else if sent.is_none_or(|(sent, _)| sent.attributes().contains_key(name)) {
                pieces.add(name, text.get(value..).unwrap_or_default());
            }
        }
        pieces.times(sent.map_or(0, |(_, times)| times));
        let version = pieces.tag();
        let gap = meta(resource, &version, &mut text);
        text.push(b'}');
        // Whatever serde_json writes is text.
        let text = String::from_utf8(text).unwrap_or_default().into_boxed_str();
        (Self { kind: resource.kind(), text, gap, members }, version)
    }

    /// User or Group.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// How long it is.
    pub fn size(&self) -> usize {
        self.text.len()
    }

    /// Writes it for whoever knows the tenant by that URL; `lean` is without
    /// members.
    pub fn write(&self, base: &str, lean: bool, out: &mut Vec<u8>) {
        out.reserve(self.text.len() + base.len());
        let end = self.text.len();
        let gap = self.gap.unwrap_or(end);
        let members = self.members.clone().filter(|_| lean).unwrap_or(gap..gap);
        let mut part = |range| out.extend_from_slice(self.piece(range));
        part(0..members.start.min(gap));
        part(members.end.min(gap)..gap);
        if self.gap.is_some() {
            escaped(base, out);
        }
        out.extend_from_slice(self.piece(gap..end));
    }

    fn piece(&self, range: Range<usize>) -> &[u8] {
        self.text.as_bytes().get(range).unwrap_or_default()
    }

    /// The resource that was written.
    pub fn resource(&self) -> Resource {
        let mut attributes: Map<String, Value> =
            serde_json::from_str(&self.text).unwrap_or_default();
        attributes.remove("schemas");
        Resource::from_attributes(self.kind, attributes)
    }
}

/// It is of a person.
impl std::fmt::Debug for Written {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Written {} of {} bytes", self.kind, self.text.len())
    }
}

/// Writing into memory what was JSON before does not fail.
fn put(text: &mut Vec<u8>, value: &(impl Serialize + ?Sized)) {
    let _ = serde_json::to_writer(text, value);
}

/// The name of a pair, with what stands around it.
fn name_of(name: &str, text: &mut Vec<u8>) {
    text.push(b',');
    put(text, name);
    text.push(b':');
}

/// `meta`, in the order of its names; where the base belongs in it.
fn meta(resource: &Resource, version: &ETag, text: &mut Vec<u8>) -> Option<usize> {
    text.extend_from_slice(b",\"meta\":{");
    let known = resource.attributes().get("meta");
    for name in ["created", "lastModified"] {
        if let Some(value) = known.and_then(|meta| meta.get(name)) {
            put(text, name);
            text.push(b':');
            put(text, value);
            text.push(b',');
        }
    }
    let id = resource.attributes().get("id").and_then(Value::as_str);
    let gap = id.map(|id| {
        text.extend_from_slice(b"\"location\":\"");
        let gap = text.len();
        // It is escaped for a URL, which leaves nothing that JSON would escape.
        text.extend_from_slice(location("", resource.kind(), id).as_bytes());
        text.extend_from_slice(b"\",");
        gap
    });
    let kind = resource.kind().as_str();
    text.extend_from_slice(format!(r#""resourceType":"{kind}","version":"#).as_bytes());
    put(text, &version.to_string());
    text.push(b'}');
    gap
}

/// A text within a text of JSON.
fn escaped(base: &str, out: &mut Vec<u8>) {
    let plain = |byte: u8| (b' '..=b'~').contains(&byte) && byte != b'"' && byte != b'\\';
    if base.bytes().all(plain) {
        out.extend_from_slice(base.as_bytes());
        return;
    }
    let mut quoted = Vec::new();
    put(&mut quoted, base);
    out.extend_from_slice(quoted.get(1..quoted.len().saturating_sub(1)).unwrap_or_default());
}
