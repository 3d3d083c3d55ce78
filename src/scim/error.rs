//! All a client ever sees of a failure: a status, sometimes a `scimType`, and
//! words that say what to do (RFC 7644 §3.12).

use serde::ser::{Serialize, SerializeStruct, Serializer};
use std::fmt;

/// The schema of an error body.
pub const ERROR: &str = "urn:ietf:params:scim:api:messages:2.0:Error";

/// Details longer than this say nothing more to a reader of a log.
const LONGEST_DETAIL: usize = 2_000;

/// The detail error keywords of RFC 7644, table 9.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ScimType {
    /// The filter cannot be parsed, or compares what cannot be compared.
    InvalidFilter,
    /// The query yields more results than the server is willing to return.
    TooMany,
    /// A value that must be unique is taken.
    Uniqueness,
    /// The attribute may not be changed in this way.
    Mutability,
    /// The body is not what the request needs.
    InvalidSyntax,
    /// The path of an operation cannot be parsed, or names nothing known.
    InvalidPath,
    /// The path selects nothing that could be changed.
    NoTarget,
    /// A value is missing or of the wrong type.
    InvalidValue,
    /// The protocol version is not supported.
    InvalidVers,
    /// The request would put personal data into a URL.
    Sensitive,
}

impl ScimType {
    /// The keyword on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InvalidFilter => "invalidFilter",
            Self::TooMany => "tooMany",
            Self::Uniqueness => "uniqueness",
            Self::Mutability => "mutability",
            Self::InvalidSyntax => "invalidSyntax",
            Self::InvalidPath => "invalidPath",
            Self::NoTarget => "noTarget",
            Self::InvalidValue => "invalidValue",
            Self::InvalidVers => "invalidVers",
            Self::Sensitive => "sensitive",
        }
    }

    /// Every keyword but `uniqueness` goes with 400.
    fn status(self) -> u16 {
        if self == Self::Uniqueness { 409 } else { 400 }
    }
}

/// A refusal as the client will read it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    status: u16,
    scim_type: Option<ScimType>,
    detail: String,
    retry_after: Option<u32>,
}

/// The constructors: one for each answer this gateway gives, so that a status
/// and its keyword cannot be paired wrongly.
impl Error {
    fn plain(status: u16, detail: impl Into<String>) -> Self {
        Self { status, scim_type: None, detail: shorten(detail.into()), retry_after: None }
    }

    /// A failure with a keyword; the keyword decides the status.
    pub fn typed(scim_type: ScimType, detail: impl Into<String>) -> Self {
        Self { scim_type: Some(scim_type), ..Self::plain(scim_type.status(), detail) }
    }

    /// 400 `invalidFilter`.
    pub fn invalid_filter(detail: impl Into<String>) -> Self {
        Self::typed(ScimType::InvalidFilter, detail)
    }

    /// 400 `invalidPath`.
    pub fn invalid_path(detail: impl Into<String>) -> Self {
        Self::typed(ScimType::InvalidPath, detail)
    }

    /// 400 `invalidSyntax`.
    pub fn invalid_syntax(detail: impl Into<String>) -> Self {
        Self::typed(ScimType::InvalidSyntax, detail)
    }

    /// 400 `invalidValue`.
    pub fn invalid_value(detail: impl Into<String>) -> Self {
        Self::typed(ScimType::InvalidValue, detail)
    }

    /// 400 `noTarget`.
    pub fn no_target(detail: impl Into<String>) -> Self {
        Self::typed(ScimType::NoTarget, detail)
    }

    /// 400 `mutability`.
    pub fn mutability(detail: impl Into<String>) -> Self {
        Self::typed(ScimType::Mutability, detail)
    }

    /// 400 `tooMany`.
    pub fn too_many_results(detail: impl Into<String>) -> Self {
        Self::typed(ScimType::TooMany, detail)
    }

    /// 409 `uniqueness`.
    pub fn uniqueness(detail: impl Into<String>) -> Self {
        Self::typed(ScimType::Uniqueness, detail)
    }

    /// 401. The answer also needs `WWW-Authenticate`.
    pub fn unauthorized(detail: impl Into<String>) -> Self {
        Self::plain(401, detail)
    }

    /// 403.
    pub fn forbidden(detail: impl Into<String>) -> Self {
        Self::plain(403, detail)
    }

    /// 404.
    pub fn not_found(detail: impl Into<String>) -> Self {
        Self::plain(404, detail)
    }

    /// 405. The answer also needs `Allow`.
    pub fn method_not_allowed(detail: impl Into<String>) -> Self {
        Self::plain(405, detail)
    }

    /// 409 without a keyword: bulk references that cannot be resolved.
    pub fn conflict(detail: impl Into<String>) -> Self {
        Self::plain(409, detail)
    }

    /// 412: `If-Match` names another version.
    pub fn precondition_failed(detail: impl Into<String>) -> Self {
        Self::plain(412, detail)
    }

    /// 413.
    pub fn too_large(detail: impl Into<String>) -> Self {
        Self::plain(413, detail)
    }

    /// 415.
    pub fn unsupported_media_type(detail: impl Into<String>) -> Self {
        Self::plain(415, detail)
    }

    /// 429 with the seconds to wait.
    pub fn too_many_requests(detail: impl Into<String>, retry_after: u32) -> Self {
        Self { retry_after: Some(retry_after), ..Self::plain(429, detail) }
    }

    /// 500: our own fault. The detail says nothing of the cause.
    pub fn internal() -> Self {
        Self::plain(500, "The gateway failed on this request. Its log tells why.")
    }

    /// 501.
    pub fn not_implemented(detail: impl Into<String>) -> Self {
        Self::plain(501, detail)
    }

    /// 502 with the seconds to wait: the LMS answered, but not with anything that
    /// can be understood.
    pub fn bad_gateway(detail: impl Into<String>, retry_after: u32) -> Self {
        Self { retry_after: Some(retry_after), ..Self::plain(502, detail) }
    }

    /// 503 with the seconds to wait: the answer to an LMS outage, so that no
    /// client takes the outage for a missing account.
    pub fn unavailable(detail: impl Into<String>, retry_after: u32) -> Self {
        Self { retry_after: Some(retry_after), ..Self::plain(503, detail) }
    }
}

impl Error {
    /// The HTTP status.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The keyword, where there is one.
    pub fn scim_type(&self) -> Option<ScimType> {
        self.scim_type
    }

    /// The words for the person who reads the provisioning log.
    pub fn detail(&self) -> &str {
        &self.detail
    }

    /// Whole seconds for `Retry-After`.
    pub fn retry_after(&self) -> Option<u32> {
        self.retry_after
    }

    /// The same failure, with the place it happened at put before its words.
    pub(super) fn within(mut self, place: &str) -> Self {
        self.detail = shorten(format!("{place}: {}", self.detail));
        self
    }
}

/// Cuts at a character, never inside one.
fn shorten(mut detail: String) -> String {
    if detail.len() > LONGEST_DETAIL {
        detail.truncate(detail.floor_char_boundary(LONGEST_DETAIL));
        detail.push('…');
    }
    detail
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.scim_type {
            Some(scim_type) => write!(out, "{} {}: ", self.status, scim_type.as_str())?,
            None => write!(out, "{}: ", self.status)?,
        }
        out.write_str(&self.detail)
    }
}

impl std::error::Error for Error {}

impl Serialize for Error {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        let mut body = out.serialize_struct("Error", 4)?;
        body.serialize_field("schemas", &[ERROR])?;
        // RFC 7644 §3.12: the status is a JSON string.
        body.serialize_field("status", &self.status.to_string())?;
        if let Some(scim_type) = self.scim_type {
            body.serialize_field("scimType", scim_type.as_str())?;
        }
        body.serialize_field("detail", &self.detail)?;
        body.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_body_carries_its_status_as_a_string() {
        insta::assert_snapshot!(
            serde_json::to_string(&Error::uniqueness("userName 'a' is taken.")).unwrap(),
            @r#"{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"status":"409","scimType":"uniqueness","detail":"userName 'a' is taken."}"#
        );
    }

    #[test]
    fn a_long_detail_is_cut_at_a_character() {
        let error = Error::invalid_value("ä".repeat(5_000));
        assert!(error.detail().len() < 2_010);
        assert!(error.detail().ends_with('…'));
    }

    #[test]
    fn only_uniqueness_is_a_conflict() {
        assert_eq!(Error::uniqueness("").status(), 409);
        assert_eq!(Error::mutability("").status(), 400);
    }
}
