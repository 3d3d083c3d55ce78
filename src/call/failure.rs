//! What a bad reply means: the class that retries, metrics, logs and the SCIM
//! status all follow from.

use std::fmt;
use std::time::Duration;

/// The class of a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The thing asked for is not there.
    Missing,
    /// A value that must be unique is taken.
    Duplicate,
    /// The LMS does not accept a value.
    Invalid,
    /// The LMS does not let us.
    Denied,
    /// The credential is not accepted (any more).
    Login,
    /// Too many calls.
    Throttled,
    /// Lost against another write: the same call may succeed later.
    Conflict,
    /// The LMS is down, busy or in maintenance.
    Unavailable,
    /// Neither the LMS nor the mapping can do this.
    Unsupported,
    /// One record within the answer spoils the whole answer.
    Poisoned,
    /// An answer that cannot be understood.
    Garbled,
}

impl Kind {
    /// Every class, in the order in which help texts name them.
    pub const ALL: [Self; 11] = [
        Self::Missing,
        Self::Duplicate,
        Self::Invalid,
        Self::Denied,
        Self::Login,
        Self::Throttled,
        Self::Conflict,
        Self::Unavailable,
        Self::Unsupported,
        Self::Poisoned,
        Self::Garbled,
    ];

    /// The word for it in mapping files, metrics and logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Duplicate => "duplicate",
            Self::Invalid => "invalid",
            Self::Denied => "denied",
            Self::Login => "login",
            Self::Throttled => "throttled",
            Self::Conflict => "conflict",
            Self::Unavailable => "unavailable",
            Self::Unsupported => "unsupported",
            Self::Poisoned => "poisoned",
            Self::Garbled => "garbled",
        }
    }

    /// The class of that word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }

    /// The class that HTTP gives a status, for a mapping that says nothing;
    /// none for a status that is a success.
    pub fn of_status(status: u16) -> Option<Self> {
        match status {
            200..=299 => None,
            404 | 410 => Some(Self::Missing),
            409 => Some(Self::Duplicate),
            401 => Some(Self::Login),
            403 => Some(Self::Denied),
            405 | 501 => Some(Self::Unsupported),
            429 => Some(Self::Throttled),
            408 | 425 | 502..=504 => Some(Self::Unavailable),
            412 | 423 => Some(Self::Conflict),
            400 | 406 | 413 | 422 => Some(Self::Invalid),
            _ => Some(Self::Garbled),
        }
    }

    /// Whether the same call can succeed later without anybody doing anything.
    pub fn passes(self) -> bool {
        matches!(self, Self::Throttled | Self::Conflict | Self::Unavailable)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

/// Whether and when a failed call is worth another attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    /// Not by itself.
    Never,
    /// Yes, after the caller's own pause.
    Later,
    /// Yes, not before this has passed.
    After(Duration),
    /// Yes, once, after a new login.
    Login,
}

/// A classified bad reply. `detail` may be read by the client; `said` is what
/// the LMS said, for the log only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The class.
    pub kind: Kind,
    /// Words for the person who has to mend it; free of secrets.
    pub detail: String,
    /// The SCIM attribute at fault, when that is known.
    pub attribute: Option<String>,
    /// Whether to try again.
    pub retry: Retry,
    /// The HTTP status of the reply, when there was one.
    pub status: Option<u16>,
    /// What the LMS said, shortened, for the log.
    pub said: Option<String>,
    /// Whether a write may have been done all the same: its answer was lost, or
    /// does not say. Only looking can tell.
    pub lost: bool,
}

impl Failure {
    /// A failure of that class, to be retried as its class says.
    pub fn new(kind: Kind, detail: impl Into<String>) -> Self {
        let retry = if kind == Kind::Login {
            Retry::Login
        } else if kind.passes() {
            Retry::Later
        } else {
            Retry::Never
        };
        let (attribute, status, said) = (None, None, None);
        Self { kind, detail: detail.into(), attribute, retry, status, said, lost: false }
    }

    /// The same, to be retried otherwise than its class says.
    pub fn retry(mut self, retry: Retry) -> Self {
        self.retry = retry;
        self
    }

    /// The same, naming the attribute at fault.
    pub fn on(mut self, attribute: impl Into<String>) -> Self {
        self.attribute = Some(attribute.into());
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: {}", self.kind, self.detail)
    }
}

impl std::error::Error for Failure {}
