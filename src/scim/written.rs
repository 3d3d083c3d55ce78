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
use super::pairs::Pairs;
use super::projection::Projection;
use super::resource::Resource;
use super::schema::{Kind, ResourceType};
use super::shown::{Sieve, location};

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

/// When a resource was made, and last written, as far as that is known; as it is
/// shown.
#[derive(Clone, Copy, Debug, Default)]
pub struct Dates<'a> {
    /// When it was made.
    pub created: Option<&'a str>,
    /// When it was last written.
    pub modified: Option<&'a str>,
}

/// A resource being written, pair by pair in the order of the names.
pub struct Writing {
    kind: Kind,
    text: Vec<u8>,
    members: Option<Range<usize>>,
    pieces: Pieces,
    id: Option<String>,
}

impl Writing {
    /// Begins with the schemas in use, and the id.
    pub fn new(kind: Kind, schemas: &[&str], id: Option<&str>) -> Self {
        let mut text = Vec::with_capacity(1024);
        text.extend_from_slice(b"{\"schemas\":[");
        for (index, schema) in schemas.iter().enumerate() {
            if index > 0 {
                text.push(b',');
            }
            quoted(schema, &mut text);
        }
        text.push(b']');
        let (members, pieces) = (None, Pieces::default());
        Self { kind, text, members, pieces, id: id.map(str::to_owned) }
    }

    /// One pair more. Members are no part of the version.
    pub fn pair(&mut self, name: &str, counts: bool, value: impl FnOnce(&mut Vec<u8>)) {
        let begin = self.comma();
        key_of(name, &mut self.text);
        self.value((name, begin), counts, value);
    }

    /// The same, where the key is written already, as [`key_of`] writes it.
    pub fn keyed(
        &mut self,
        (name, key): (&str, &[u8]),
        counts: bool,
        value: impl FnOnce(&mut Vec<u8>),
    ) {
        let begin = self.comma();
        self.text.extend_from_slice(key);
        self.value((name, begin), counts, value);
    }

    /// Where the next pair begins.
    fn comma(&mut self) -> usize {
        self.text.push(b',');
        self.text.len() - 1
    }

    fn value(
        &mut self,
        (name, begin): (&str, usize),
        counts: bool,
        value: impl FnOnce(&mut Vec<u8>),
    ) {
        let from = self.text.len();
        value(&mut self.text);
        if name == "members" {
            self.members = Some(begin..self.text.len());
        } else if counts {
            self.pieces.add(name, self.text.get(from..).unwrap_or_default());
        }
    }

    /// Ends it with `meta` and the version.
    fn end(mut self, dates: Dates<'_>, times: u64) -> (Written, ETag) {
        self.pieces.times(times);
        let version = self.pieces.tag();
        let gap = meta((self.kind, self.id.as_deref(), dates), &version, &mut self.text);
        self.text.push(b'}');
        // Whatever serde_json writes is text.
        let text = String::from_utf8(self.text).unwrap_or_default().into_boxed_str();
        (Written { kind: self.kind, text, gap, members: self.members }, version)
    }

    /// Ends it, where nothing more is known of it.
    pub fn done(self) -> (Written, ETag) {
        self.end(Dates::default(), 0)
    }
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
        let date = |name: &str| resource.attributes().get("meta")?.get(name)?.as_str();
        let dates = Dates { created: date("created"), modified: date("lastModified") };
        Self::told(&Pairs::of(resource), resource_type, (sent, dates))
    }

    /// The same of a resource that was taken apart.
    pub fn told(
        pairs: &Pairs<'_>,
        resource_type: &ResourceType,
        (sent, dates): (Option<(&Resource, u64)>, Dates<'_>),
    ) -> (Self, ETag) {
        let plain = Projection::default();
        let sieve = Sieve { resource_type, projection: &plain };
        let extensions = resource_type.extensions().iter().map(|it| it.schema.id.as_str());
        let core = std::iter::once(resource_type.core().id.as_str());
        let schemas: Vec<&str> = core.chain(extensions.filter(|urn| pairs.has(urn))).collect();
        let counts = |name| sent.is_none_or(|(sent, _)| sent.attributes().contains_key(name));
        let mut writing = Writing::new(pairs.kind(), &schemas, pairs.id());
        if let Some(id) = pairs.id() {
            writing.pair("id", counts("id"), |text| write_json(text, id));
        }
        for (name, value) in pairs.iter() {
            if let Some(piece) = sieve.piece(name, value) {
                writing.pair(name, counts(name), |text| write_json(text, &piece));
            }
        }
        writing.end(dates, sent.map_or(0, |(_, times)| times))
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

/// Writes a value as JSON. Into memory, what was JSON before, that does not fail.
pub fn write_json(text: &mut Vec<u8>, value: &(impl Serialize + ?Sized)) {
    let _ = serde_json::to_writer(text, value);
}

/// The name of a pair, with the colon behind it.
pub fn key_of(name: &str, text: &mut Vec<u8>) {
    quoted(name, text);
    text.push(b':');
}

/// A text as JSON.
fn quoted(value: &str, text: &mut Vec<u8>) {
    text.push(b'"');
    escaped(value, text);
    text.push(b'"');
}

/// `meta`, in the order of its names; where the base belongs in it.
fn meta(
    (kind, id, dates): (Kind, Option<&str>, Dates<'_>),
    version: &ETag,
    text: &mut Vec<u8>,
) -> Option<usize> {
    text.extend_from_slice(b",\"meta\":{");
    for (name, date) in [("created", dates.created), ("lastModified", dates.modified)] {
        if let Some(date) = date {
            key_of(name, text);
            quoted(date, text);
            text.push(b',');
        }
    }
    let gap = id.map(|id| {
        text.extend_from_slice(b"\"location\":\"");
        let gap = text.len();
        // It is escaped for a URL, which leaves nothing that JSON would escape.
        text.extend_from_slice(location("", kind, id).as_bytes());
        text.extend_from_slice(b"\",");
        gap
    });
    for part in ["\"resourceType\":\"", kind.as_str(), "\",\"version\":"] {
        text.extend_from_slice(part.as_bytes());
    }
    // Nothing in a tag of ours would be escaped, but its quotes.
    text.extend_from_slice(b"\"W/\\\"");
    text.extend_from_slice(version.digits().as_bytes());
    text.extend_from_slice(b"\\\"\"}");
    gap
}

/// A text within a text of JSON.
fn escaped(base: &str, out: &mut Vec<u8>) {
    let plain = |byte: u8| (b' '..=b'~').contains(&byte) && byte != b'"' && byte != b'\\';
    if base.bytes().fold(true, |all, byte| all & plain(byte)) {
        out.extend_from_slice(base.as_bytes());
        return;
    }
    let mut quoted = Vec::new();
    write_json(&mut quoted, base);
    out.extend_from_slice(quoted.get(1..quoted.len().saturating_sub(1)).unwrap_or_default());
}
