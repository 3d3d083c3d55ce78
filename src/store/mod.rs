//! What the LMS cannot say, the gateway remembers: how a client wrote a
//! resource, and who may speak. The LMS stays the truth about people.
//!
//! The traits are small and named by use; a [`Store`] has them all. [`Memory`]
//! keeps everything for as long as the process lives, [`Sqlite`] in one file for as
//! long as that lives, [`Postgres`] on a server that several processes share.

mod config;
mod entry;
mod issued;
mod key;
mod lock;
mod locked;
mod memory;
mod mint;
mod narrow;
mod network;
mod note;
mod peers;
mod pending;
#[cfg(feature = "postgres")]
mod postgres;
mod sqlite;
mod token;
mod trail;

use std::fmt;
use std::future::{Future, ready};
use std::pin::Pin;
use std::sync::{Arc, Weak};

use tokio::task::spawn_blocking;

pub use config::{Config, Place};
pub use entry::{Among, Entries, Entry, LmsId};
pub use issued::{Issued, MOST_TOKENS, Tokens};
pub use key::{Key, make as make_key, replace as replace_key, unlock};
pub use locked::{Locked, SECRET};
pub use memory::Memory;
pub use mint::{PREFIX, is_damaged, mint};
pub use narrow::looks_up;
pub use network::{admits, network, undisguised};
pub use note::Notes;
pub use peers::{Ears, Held, Peers};
pub use pending::{ANY_NAME, Batch, Choice, Pending, Queue, Ready, Tally, Turn};
#[cfg(feature = "postgres")]
pub use postgres::{Health, Postgres, Settings, Tables, Unreadable};
pub use sqlite::Sqlite;
pub use token::{Digest, Fixed, Scope, Token};
pub use trail::{Break, Called, Changed, End, Ends, Link, Outcome, Proof, Record, Trail, Wanted};

/// A store's work, and what it comes to.
pub type Work<'a, T> = Pin<Box<dyn Future<Output = Result<T, Error>> + Send + 'a>>;

/// Everything that is remembered, for every tenant.
pub trait Store: fmt::Debug + Send + Sync {
    /// The entries of one tenant.
    fn entries(&self, tenant: &Arc<str>) -> Arc<dyn Entries>;

    /// The work of one tenant that waits.
    fn pending(&self, tenant: &Arc<str>) -> Arc<dyn Queue>;

    /// The tokens that were made by us.
    fn tokens(&self) -> Arc<dyn Tokens>;

    /// What was done, sealed with this key.
    fn trail(&self, key: &Key) -> Arc<dyn Trail>;

    /// Small things of which there is one each.
    fn notes(&self) -> Arc<dyn Notes>;

    /// The other processes on this store, for one tenant; nothing, where there can
    /// be none. What they say comes to these ears.
    fn peers(&self, _tenant: &Arc<str>, _ears: Weak<dyn Ears>) -> Option<Arc<dyn Peers>> {
        None
    }

    /// Keeps gateways from it until that is given back; fails where one has it. Where
    /// one process alone can have it as a gateway, whoever has it is alone already.
    fn alone(&self) -> Work<'_, Held> {
        Box::pin(ready(Ok(Held::until(async {}))))
    }

    /// Says to the other processes that this one ends.
    fn leave(&self) -> Work<'_, ()> {
        Box::pin(ready(Ok(())))
    }
}

/// Opens the store of that place, and brings it to today's form.
pub async fn open(place: &Place) -> Result<Arc<dyn Store>, Error> {
    match place {
        Place::Memory => Ok(Arc::new(Memory::new())),
        Place::File(path) => {
            let path = path.clone();
            let opened = spawn_blocking(move || Sqlite::open(&path)).await;
            Ok(Arc::new(opened.map_err(Error::new)??))
        }
        #[cfg(feature = "postgres")]
        Place::Postgres(settings) => Ok(Arc::new(Postgres::open(settings).await?)),
    }
}

/// The same for a command, beside the processes that serve: for tokens and the trail,
/// of which those know that others change them.
pub async fn open_beside(place: &Place) -> Result<Arc<dyn Store>, Error> {
    let Place::File(path) = place else { return open(place).await };
    let path = path.clone();
    let opened = spawn_blocking(move || Sqlite::beside(&path)).await;
    Ok(Arc::new(opened.map_err(Error::new)??))
}

/// The store did not do its work. Nothing was half-written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the store failed: {0}")]
pub struct Error(String);

impl Error {
    /// With words for the log.
    pub fn new(detail: impl fmt::Display) -> Self {
        Self(detail.to_string())
    }
}
