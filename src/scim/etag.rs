//! Entity tags and the conditions of requests (RFC 7644 §3.14).

use super::error::Error;
use super::resource::Resource;
use sha2::{Digest, Sha256};
use std::fmt;

/// The version of a resource, always a weak one: answers differ by projection.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ETag(String);

impl ETag {
    /// The tag of what a resource holds. `meta` is no part of it, so that the
    /// tag changes when, and only when, something else does; the digest is one
    /// that all replicas and releases agree on.
    pub fn of(resource: &Resource) -> Self {
        let mut pieces = Pieces::default();
        for (name, value) in resource.attributes().iter().filter(|(name, _)| *name != "meta") {
            pieces.add(name, &serde_json::to_vec(value).unwrap_or_default());
        }
        pieces.tag()
    }

    /// Reads one tag, weak or strong; some clients leave the quotes out.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let text = text.strip_prefix("W/").or_else(|| text.strip_prefix("w/")).unwrap_or(text);
        let inner = match text.strip_prefix('"') {
            Some(inner) => inner.strip_suffix('"')?,
            None => text,
        };
        let sound = |c: char| !c.is_control() && c != '"';
        (!inner.is_empty() && inner.chars().all(sound)).then(|| Self(inner.to_owned()))
    }
}

impl ETag {
    /// What stands between its quotes.
    pub(super) fn digits(&self) -> &str {
        &self.0
    }

    /// As a header shows it.
    pub fn quoted(&self) -> String {
        ["W/\"", &self.0, "\""].concat()
    }
}

/// What makes a tag, piece by piece. Digested at once in the end: that is cheaper than
/// many small bites.
pub(super) struct Pieces(Vec<u8>);

impl Default for Pieces {
    fn default() -> Self {
        Self(Vec::with_capacity(1024))
    }
}

impl Pieces {
    pub(super) fn add(&mut self, name: &str, text: &[u8]) {
        self.0.extend_from_slice(name.as_bytes());
        self.0.push(0);
        self.0.extend_from_slice(text);
        self.0.push(0);
    }

    /// How often something was written of which only that is known.
    pub(super) fn times(&mut self, number: u64) {
        if number > 0 {
            self.0.extend_from_slice(&number.to_be_bytes());
        }
    }

    pub(super) fn tag(self) -> ETag {
        let bytes = Sha256::digest(&self.0);
        let (short, _) = bytes.split_at(12);
        let mut text = String::with_capacity(24);
        for byte in short {
            for nibble in [byte >> 4, byte & 15] {
                text.push(char::from_digit(u32::from(nibble), 16).unwrap_or_default());
            }
        }
        ETag(text)
    }
}

impl fmt::Display for ETag {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.quoted())
    }
}

/// Which versions a header names.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Versions {
    Any,
    These(Vec<ETag>),
}

impl Versions {
    fn parse(header: &str) -> Option<Self> {
        if header.trim() == "*" {
            return Some(Self::Any);
        }
        let tags: Option<Vec<_>> = elements(header).map(ETag::parse).collect();
        tags.filter(|tags| !tags.is_empty()).map(Self::These)
    }

    fn name(&self, current: Option<&ETag>) -> bool {
        match (self, current) {
            (Self::Any, current) => current.is_some(),
            (Self::These(tags), Some(current)) => tags.contains(current),
            (Self::These(_), None) => false,
        }
    }
}

/// The elements of a list (RFC 9110 §5.6.1): a comma within quotes parts nothing, and
/// what is empty is none.
fn elements(list: &str) -> impl Iterator<Item = &str> {
    let mut quoted = false;
    let parts = move |char| {
        quoted ^= char == '"';
        char == ',' && !quoted
    };
    list.split(parts).map(str::trim).filter(|element| !element.is_empty())
}

/// `If-Match` and `If-None-Match` of one request. Nobody has to send them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Conditions {
    matching: Option<Versions>,
    other_than: Option<Versions>,
}

impl Conditions {
    /// Reads both headers. One that cannot be read is an error: a client that
    /// sends a condition relies on it.
    pub fn parse(if_match: Option<&str>, if_none_match: Option<&str>) -> Result<Self, Error> {
        let versions = |name: &str, header: Option<&str>| match header {
            None => Ok(None),
            Some(header) => Versions::parse(header)
                .map(Some)
                .ok_or_else(|| Error::invalid_value(format!("`{name}` holds no entity tags"))),
        };
        Ok(Self {
            matching: versions("If-Match", if_match)?,
            other_than: versions("If-None-Match", if_none_match)?,
        })
    }

    /// Whether anything is asked at all; if not, no version need be known.
    pub fn is_empty(&self) -> bool {
        self.matching.is_none() && self.other_than.is_none()
    }

    /// Refuses a write to another version than the client has seen.
    pub fn permit_write(&self, current: Option<&ETag>) -> Result<(), Error> {
        let other = !self.other_than.as_ref().is_some_and(|versions| versions.name(current));
        permitted(other && self.meant(current))
    }

    /// Refuses to show another version than the client asks for. What it has already is
    /// [not modified](Self::not_modified).
    pub fn permit_read(&self, current: &ETag) -> Result<(), Error> {
        permitted(self.meant(Some(current)))
    }

    fn meant(&self, current: Option<&ETag>) -> bool {
        self.matching.as_ref().is_none_or(|versions| versions.name(current))
    }

    /// Whether a read may be answered with 304.
    pub fn not_modified(&self, current: &ETag) -> bool {
        self.other_than.as_ref().is_some_and(|versions| versions.name(Some(current)))
    }
}

fn permitted(holds: bool) -> Result<(), Error> {
    let words = "The resource is not in the version this request asks for; read it again.";
    if holds { Ok(()) } else { Err(Error::precondition_failed(words)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scim::Kind;
    use serde_json::json;

    fn resource(json: &serde_json::Value) -> Resource {
        Resource::from_attributes(Kind::User, json.as_object().unwrap().clone())
    }

    #[test]
    fn the_tag_follows_the_content_and_not_the_meta() {
        let one = ETag::of(&resource(&json!({ "id": "1", "title": "a" })));
        let same = ETag::of(&resource(&json!({ "id": "1", "title": "a", "meta": { "x": 1 } })));
        let other = ETag::of(&resource(&json!({ "id": "1", "title": "b" })));
        assert_eq!(one, same);
        assert_ne!(one, other);
        assert_eq!(ETag::parse(&one.to_string()), Some(one));
    }

    #[test]
    fn a_tag_never_changes_between_releases() {
        let tag = ETag::of(&resource(&json!({ "id": "1", "userName": "nina" })));
        assert_eq!(tag.to_string(), r#"W/"c28b144f99744cae86d50227""#);
    }

    #[test]
    fn if_match_lets_only_the_seen_version_be_written() {
        let tag = ETag::parse(r#"W/"1""#).unwrap();
        let permits = |header: &str, current: Option<&ETag>| {
            Conditions::parse(Some(header), None).unwrap().permit_write(current).is_ok()
        };
        assert!(permits(r#""0", W/"1""#, Some(&tag)));
        assert!(permits("1", Some(&tag)));
        assert!(permits("*", Some(&tag)));
        assert!(!permits("*", None));
        assert!(!permits(r#"W/"2""#, Some(&tag)));
        assert_eq!(Conditions::parse(Some(r#""2"#), None).unwrap_err().status(), 400);
    }

    #[test]
    fn if_none_match_saves_a_read() {
        let tag = ETag::parse("1").unwrap();
        let conditions = Conditions::parse(None, Some(r#"W/"1", "2""#)).unwrap();
        assert!(conditions.not_modified(&tag));
        assert!(!conditions.not_modified(&ETag::parse("3").unwrap()));
        assert_eq!(conditions.permit_write(Some(&tag)).unwrap_err().status(), 412);
    }
}
