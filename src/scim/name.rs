//! The names SCIM is written in. Each is parsed once; holding one is the proof
//! that it is well formed.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// The core User schema.
pub const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
/// The core Group schema.
pub const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
/// The enterprise extension of User.
pub const ENTERPRISE_USER: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

/// No attribute name anybody has meant is longer.
const LONGEST_NAME: usize = 128;
/// No schema URI anybody has meant is longer.
const LONGEST_URI: usize = 512;
/// Long enough for any key an LMS has, short enough to log and to index.
const LONGEST_ID: usize = 512;

/// An attribute name: compared without case, shown as first written.
///
/// ```
/// use matricula::scim::AttrName;
///
/// let name = AttrName::parse("userName").unwrap();
/// assert_eq!(name, AttrName::parse("USERNAME").unwrap());
/// assert_eq!(name.to_string(), "userName");
/// assert!(AttrName::parse("user name").is_none());
/// ```
#[derive(Clone, Debug)]
pub struct AttrName(Arc<str>);

impl AttrName {
    /// RFC 7643 §2.1: a letter, then letters, digits, `-` and `_`. `$ref` does
    /// not fit that grammar, yet the same RFC uses it.
    pub fn parse(text: &str) -> Option<Self> {
        let mut bytes = text.bytes();
        let starts = bytes.next().is_some_and(|byte| byte.is_ascii_alphabetic());
        let goes_on = bytes.all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
        let fits = text.len() <= LONGEST_NAME;
        (text.eq_ignore_ascii_case("$ref") || (starts && goes_on && fits))
            .then(|| Self(text.into()))
    }

    /// A name that stands in our own source; tests parse each of them.
    pub(super) fn known(name: &'static str) -> Self {
        Self(name.into())
    }

    /// The name as first written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether `text` is this name, in any case.
    pub fn is(&self, text: &str) -> bool {
        self.0.eq_ignore_ascii_case(text)
    }
}

/// The URI of a schema: compared without case (RFC 7644 §3.10).
#[derive(Clone, Debug)]
pub struct SchemaUri(Arc<str>);

impl SchemaUri {
    /// Anything that can stand before `:attribute` in a path.
    pub fn parse(text: &str) -> Option<Self> {
        let clean = |c: char| !c.is_whitespace() && !c.is_control() && !"\"'()[]{},\\".contains(c);
        let fits = text.len() <= LONGEST_URI;
        (!text.is_empty() && fits && text.contains(':') && text.chars().all(clean))
            .then(|| Self(text.into()))
    }

    /// A URI that stands in our own source; tests parse each of them.
    pub(super) fn known(uri: &str) -> Self {
        Self(uri.into())
    }

    /// The URI as first written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether `text` is this URI, in any case.
    pub fn is(&self, text: &str) -> bool {
        self.0.eq_ignore_ascii_case(text)
    }
}

macro_rules! caseless {
    ($name:ident) => {
        impl PartialEq for $name {
            fn eq(&self, other: &Self) -> bool {
                self.is(&other.0)
            }
        }
        impl Eq for $name {}
        impl Hash for $name {
            fn hash<H: Hasher>(&self, state: &mut H) {
                for chunk in self.0.as_bytes().chunks(8) {
                    let lower = |word, byte: &u8| word << 8 | u64::from(byte.to_ascii_lowercase());
                    state.write_u64(chunk.iter().fold(0, lower));
                }
                state.write_usize(self.0.len());
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str(&self.0)
            }
        }
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
                out.serialize_str(&self.0)
            }
        }
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
                let text = String::deserialize(input)?;
                Self::parse(&text).ok_or_else(|| {
                    serde::de::Error::custom(format!("`{text}` is not a valid {}", Self::WHAT))
                })
            }
        }
    };
}
caseless!(AttrName);
caseless!(SchemaUri);

impl AttrName {
    const WHAT: &str = "attribute name";
}

impl SchemaUri {
    const WHAT: &str = "schema URI";
}

/// The `id` of a resource: opaque, case-sensitive, one path segment.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ResourceId(Arc<str>);

impl ResourceId {
    /// RFC 7643 §3.1 forbids `bulkId` in an id, so that a reference within a
    /// bulk request can never be taken for one.
    pub fn parse(text: &str) -> Option<Self> {
        let fits = !text.is_empty() && text.len() <= LONGEST_ID;
        (fits && !text.contains("bulkId") && !text.chars().any(char::is_control))
            .then(|| Self(text.into()))
    }

    /// The id as the client knows it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ResourceId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ref_is_a_name_though_the_grammar_forgets_it() {
        assert!(AttrName::parse("$ref").is_some());
        assert!(AttrName::parse("$other").is_none());
    }

    #[test]
    fn a_name_starts_with_a_letter_and_has_no_punctuation() {
        for bad in ["", "1a", "-a", "a.b", "a b", "a:b", "ä", "a\"", &"a".repeat(129)] {
            assert!(AttrName::parse(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn uris_compare_without_case() {
        let one = SchemaUri::parse(ENTERPRISE_USER).unwrap();
        assert_eq!(one, SchemaUri::parse(&ENTERPRISE_USER.to_uppercase()).unwrap());
        assert_ne!(one, SchemaUri::parse(USER).unwrap());
    }

    #[test]
    fn an_id_cannot_be_taken_for_a_bulk_reference() {
        assert!(ResourceId::parse("bulkId:x").is_none());
        assert!(ResourceId::parse("").is_none());
        assert!(ResourceId::parse("a\nb").is_none());
        assert!(ResourceId::parse("_41_1").is_some());
    }
}
