//! What the outside tells of a session: how it is opened and shown, and where
//! the part of it is kept that must survive a crash.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

use crate::backend::Backend;
use crate::call::{Call, Failure, Reply};

/// How a session with an LMS is opened and shown. A mapping's `login` is one,
/// [`super::Grant`] another.
pub trait Login: Send + Sync {
    /// Begins to open a session, over what is left of the last one (null at the
    /// first time): a refresh token, say.
    fn begin(&self, last: &Value, now: Timestamp) -> Box<dyn Conversation>;

    /// Shows a session in a call.
    fn show(&self, call: &mut Call, session: &Value) -> Result<(), Failure>;

    /// How long a session lives; for ever, when that is unknown.
    fn life(&self, session: &Value) -> Option<Duration>;
}

/// The calls that open a session, one after the other.
pub trait Conversation: Send {
    /// What comes next; at first there is no reply yet.
    fn next(&mut self, reply: Option<Result<Reply, Failure>>) -> Next;
}

/// What comes next in opening a session.
#[derive(Debug)]
pub enum Next {
    /// This call has to be made.
    Call(Box<Call>),
    /// The session, or why there is none.
    Done(Result<Value, Failure>),
}

/// Why a vault did not do its work.
#[derive(Clone, Debug, thiserror::Error)]
#[error("the credential store failed: {0}")]
pub struct VaultError(pub String);

impl VaultError {
    /// In the words of whatever failed.
    pub fn of(error: impl fmt::Display) -> Self {
        Self(error.to_string())
    }
}

/// What a vault's work comes to.
pub type Kept<T> = Pin<Box<dyn Future<Output = Result<T, VaultError>> + Send>>;

/// Where the durable part of a session is kept: single-use refresh tokens, whose
/// loss would need a person to mend.
pub trait Vault: Send + Sync {
    /// What was kept last. Asked before every login, because another process may
    /// have renewed it since.
    fn load(&self) -> Kept<Option<Value>>;

    /// Keeps this, durably: it is not used before this has succeeded.
    fn keep(&self, part: Value) -> Kept<()>;

    /// Waits until no other process opens a session with the same credentials. The
    /// right to do so lasts until what this gives is dropped.
    fn turn(&self) -> Kept<Box<dyn Send>> {
        Box::pin(async {
            let nobody_else: Box<dyn Send> = Box::new(());
            Ok(nobody_else)
        })
    }
}

/// A session and its habits.
#[derive(Clone)]
pub struct Session {
    /// How it is opened and shown.
    pub login: Arc<dyn Login>,
    /// How long before its end it counts as over.
    pub margin: Duration,
    /// Whether idleness ends it, rather than age.
    pub idle: bool,
    /// Which of its values must survive a crash.
    pub durable: Vec<String>,
    /// Whether a second session ends the first: then all of it is kept, and every
    /// process uses the newest.
    pub exclusive: bool,
    /// Where those are kept.
    pub vault: Option<Arc<dyn Vault>>,
    /// Where login calls go that name another backend, by the mapping's names: a
    /// host for tokens alone.
    pub elsewhere: Vec<(Arc<str>, Backend)>,
}

impl Session {
    /// A session with nothing special about it.
    pub fn new(login: Arc<dyn Login>) -> Self {
        Self {
            login,
            margin: Duration::from_mins(1),
            idle: false,
            durable: Vec::new(),
            exclusive: false,
            vault: None,
            elsewhere: Vec::new(),
        }
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Session")
            .field("margin", &self.margin)
            .field("idle", &self.idle)
            .field("durable", &self.durable)
            .finish_non_exhaustive()
    }
}
