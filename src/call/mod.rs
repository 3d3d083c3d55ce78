//! The words between a mapping and a backend: one exchange with an LMS as data.
//!
//! A [`Call`] is built from typed parts only, so that no value can leave the
//! place it was put in; a [`Reply`] is what came back, a [`Failure`] what a bad
//! reply means. Nothing here sends anything.

mod encode;
mod escape;
mod failure;
mod form;
mod reply;
mod rows;
mod target;
mod wanted;

#[cfg(test)]
mod tests;

pub use encode::{Booleans, Encoded, Encoding, Lists, Style, pairs};
pub use escape::{Unfit, form, header, segment};
pub use failure::{Failure, Kind, Retry};
pub use form::Form;
pub use reply::{Format, Header, Reply};
pub use rows::{Row, Rows};
pub use target::Target;
pub use wanted::Wanted;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

/// How a call is made, in HTTP's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Method {
    /// GET
    Get,
    /// HEAD
    Head,
    /// POST
    Post,
    /// PUT
    Put,
    /// PATCH
    Patch,
    /// DELETE
    Delete,
}

impl Method {
    /// Every method, in the order in which help texts name them.
    pub const ALL: [Self; 6] =
        [Self::Get, Self::Head, Self::Post, Self::Put, Self::Patch, Self::Delete];

    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }

    /// The method of that name, in any case.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|method| method.as_str().eq_ignore_ascii_case(word))
    }
}

/// What happens when a call reaches the LMS twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Safety {
    /// It only reads: may be repeated, shared and answered from a cache.
    Read,
    /// It writes, and a second time changes nothing more.
    Repeatable,
    /// It writes, and a second time would do it twice.
    Once,
}

/// One request to an LMS. The base address, credentials that come from a login,
/// retries and time-outs belong to the backend that makes it.
#[derive(Clone, PartialEq)]
pub struct Call {
    /// Which of the mapping's backends is meant.
    pub backend: Arc<str>,
    /// The method.
    pub method: Method,
    /// Path and query, escaped by construction, relative to the backend's base.
    pub target: Target,
    /// Headers beside those that the encoding brings; values are checked.
    pub headers: Vec<(String, String)>,
    /// What is sent, before it is encoded.
    pub body: Option<Value>,
    /// The same as it is sent, where it was written without a tree.
    pub ready: Option<Ready>,
    /// How `body` is put on the wire.
    pub encoding: Encoding,
    /// Whether it may be repeated.
    pub safety: Safety,
    /// How long the mapping thinks it may take, when it says so.
    pub patience: Option<Duration>,
    /// What of the reply will be looked at, where that is not all of it.
    pub wanted: Option<Arc<Wanted>>,
}

/// A body that was written without its tree.
#[derive(Clone, PartialEq, Eq)]
pub struct Ready {
    /// As it is sent.
    pub bytes: Vec<u8>,
    /// The function that it asks for, where the LMS has functions.
    pub asks: Option<Arc<str>>,
}

impl Call {
    /// The body as bytes with its content type; nothing when there is none.
    pub fn encoded(&self) -> Result<Option<Encoded>, Unfit> {
        if let Some(ready) = &self.ready {
            let content_type = self.encoding.content_type().to_owned();
            return Ok(Some(Encoded { content_type, bytes: ready.bytes.clone() }));
        }
        self.body.as_ref().map_or(Ok(None), |body| self.encoding.encode(body))
    }
}

/// Method, place and names only: headers and bodies hold secrets and personal
/// data, and neither may reach a log by way of `{:?}`.
impl fmt::Debug for Call {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let headers: Vec<&str> = self.headers.iter().map(|(name, _)| name.as_str()).collect();
        let query: Vec<&str> = self.target.query().iter().map(|(name, _)| name.as_str()).collect();
        out.debug_struct("Call")
            .field("backend", &self.backend)
            .field("method", &self.method.as_str())
            .field("query", &query)
            .field("headers", &headers)
            .field("body", &(self.body.is_some() || self.ready.is_some()))
            .finish_non_exhaustive()
    }
}
