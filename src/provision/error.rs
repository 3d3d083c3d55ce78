//! Why a use case failed, and what a client reads of it.

use crate::call::{Failure, Kind, Retry};
use crate::scim::{self, Kind as Resource};
use crate::store;

/// What was being done when the LMS failed: the same failure means different
/// things to a client that reads and to one that writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    /// One resource was read by its id.
    Read,
    /// Resources were looked for.
    Find,
    /// All resources were listed.
    List,
    /// Somebody with the same unique values was looked for.
    Look,
    /// A resource was created.
    Create,
    /// A resource was changed.
    Change,
    /// A resource was deleted.
    Delete,
}

impl Deed {
    /// Its name in metrics.
    pub fn name(self, kind: Resource) -> &'static str {
        match (kind, self) {
            (Resource::User, Self::Read) => "user.get",
            (Resource::User, Self::Find) => "user.find",
            (Resource::User, Self::List) => "user.list",
            (Resource::User, Self::Look) => "user.look",
            (Resource::User, Self::Create) => "user.create",
            (Resource::User, Self::Change) => "user.change",
            (Resource::User, Self::Delete) => "user.delete",
            (Resource::Group, Self::Read) => "group.get",
            (Resource::Group, Self::Find) => "group.find",
            (Resource::Group, Self::List) => "group.list",
            (Resource::Group, Self::Look) => "group.look",
            (Resource::Group, Self::Create) => "group.create",
            (Resource::Group, Self::Change) => "group.change",
            (Resource::Group, Self::Delete) => "group.delete",
        }
    }
}

/// Why a use case failed.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// The request cannot be carried out as it is.
    #[error(transparent)]
    Scim(#[from] scim::Error),
    /// The LMS did not do it.
    #[error("{failure}")]
    Lms {
        /// What was being done.
        deed: Deed,
        /// What the LMS, or the way to it, said.
        failure: Failure,
    },
    /// The store did not do it.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The work ended without a word: a fault of ours.
    #[error("the work was cut off")]
    CutOff,
}

/// When to come back, where nobody says: soon enough for a person who watches,
/// late enough for an LMS that restarts.
const PAUSE: u32 = 30;

impl Error {
    /// The LMS failed at this.
    pub(super) fn lms(deed: Deed) -> impl FnOnce(Failure) -> Self {
        move |failure| Self::Lms { deed, failure }
    }

    /// Whether nobody knows what came of a write.
    pub(super) fn is_lost(&self) -> bool {
        matches!(self, Self::Lms { failure, .. } if failure.lost)
    }

    /// The word for it in logs.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Scim(_) => "request",
            Self::Lms { failure, .. } => failure.kind.as_str(),
            Self::Store(_) => "store",
            Self::CutOff => "cut_off",
        }
    }

    /// What the LMS said, for the log alone: it may name people.
    pub fn said(&self) -> Option<&str> {
        match self {
            Self::Lms { failure, .. } => failure.said.as_deref(),
            Self::Scim(_) | Self::Store(_) | Self::CutOff => None,
        }
    }

    /// What the client reads: rule 2 of the house. An LMS that is ill is a 502 or
    /// a 503, never an empty list, a missing account or a wrong token.
    pub fn to_scim(&self) -> scim::Error {
        match self {
            Self::Scim(error) => error.clone(),
            Self::Store(_) => {
                scim::Error::unavailable("The gateway's own store is not available.", PAUSE)
            }
            Self::CutOff => scim::Error::internal(),
            Self::Lms { deed, failure } => refusal(*deed, failure),
        }
    }
}

fn refusal(deed: Deed, failure: &Failure) -> scim::Error {
    use Deed::{Change, Create, Delete, Find, List, Look, Read};
    use scim::Error;
    let says = words(failure);
    match (failure.kind, deed) {
        (Kind::Missing, Read | Change | Delete) => Error::not_found(says),
        (Kind::Missing, Create) | (Kind::Invalid, _) => Error::invalid_value(says),
        (Kind::Duplicate, Create | Change) => Error::uniqueness(says),
        (Kind::Unsupported, Find | List) => Error::invalid_filter(says),
        (Kind::Unsupported, _) if failure.attribute.is_some() => Error::invalid_value(says),
        (Kind::Unsupported, _) => Error::not_implemented(says),
        // Not to be changed is an answer about this one. Not to be seen is an
        // account of ours without rights, and says nothing about anybody.
        (Kind::Denied, Create | Change | Delete) => Error::forbidden(says),
        (Kind::Garbled | Kind::Poisoned, _) => Error::bad_gateway(says, pause(failure)),
        (Kind::Missing, Find | List | Look)
        | (Kind::Denied, Read | Find | List | Look)
        | (Kind::Duplicate, Read | Find | List | Look | Delete)
        | (Kind::Login | Kind::Throttled | Kind::Conflict | Kind::Unavailable, _) => {
            Error::unavailable(says, pause(failure))
        }
    }
}

/// The words for the person who reads the provisioning log.
fn words(failure: &Failure) -> String {
    let mut says = failure.detail.clone();
    if let Some(first) = says.get(..1) {
        says.replace_range(..1, &first.to_uppercase());
    }
    match &failure.attribute {
        Some(attribute) if !says.contains(attribute.as_str()) => format!("{attribute}: {says}."),
        _ if says.ends_with(['.', '!', '?']) => says,
        _ => format!("{says}."),
    }
}

fn pause(failure: &Failure) -> u32 {
    match failure.retry {
        Retry::After(wait) => {
            let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
            u32::try_from(seconds).unwrap_or(u32::MAX).max(1)
        }
        Retry::Never | Retry::Later | Retry::Login => PAUSE,
    }
}
