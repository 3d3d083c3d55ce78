//! Tokens that were made by us, as they are kept: what they are recognised by, never
//! they themselves.

use std::sync::Arc;

use jiff::Timestamp;

use super::{Token, Work};

/// So many of one tenant at a time: the time it takes to find one does not tell which
/// it was, so all are looked at.
pub const MOST_TOKENS: usize = 100;

/// A token that was made by us.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issued {
    /// Its number, by which operators mean it.
    pub id: u64,
    /// The tenant that it speaks for.
    pub tenant: Arc<str>,
    /// What it is.
    pub token: Token,
    /// When it was made.
    pub created: Timestamp,
    /// When somebody last spoke with it, to about a minute.
    pub used: Option<Timestamp>,
    /// When it was revoked.
    pub revoked: Option<Timestamp>,
}

impl Issued {
    /// Whether somebody may speak with it.
    pub fn lives(&self, now: Timestamp) -> bool {
        self.revoked.is_none() && self.token.lives(now)
    }
}

/// The tokens of a whole store.
pub trait Tokens: Send + Sync {
    /// All of them, those that have ended too, by number.
    fn all(&self) -> Work<'_, Vec<Issued>>;

    /// What grows with every change of a token but its use: who holds what `all` has
    /// said asks this often.
    fn version(&self) -> Work<'_, u64>;

    /// Keeps a new one; its number. Nothing, if its tenant has [`MOST_TOKENS`].
    fn add(&self, tenant: &Arc<str>, token: Token, now: Timestamp) -> Work<'_, Option<u64>>;

    /// Revokes one; whether it lived.
    fn revoke(&self, id: u64, now: Timestamp) -> Work<'_, bool>;

    /// Lets one end then, if it does not end before; whether it lives.
    fn shorten(&self, id: u64, until: Timestamp) -> Work<'_, bool>;

    /// Notes when tokens were last used.
    fn used(&self, uses: Vec<(u64, Timestamp)>) -> Work<'_, ()>;
}
