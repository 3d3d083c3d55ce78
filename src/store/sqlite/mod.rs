//! A store in one file, by SQLite: the default of a single process.
//!
//! Writes go through one thread, which commits together what came together and
//! answers when it is on the disk: a commit costs a sync, and many cost one.
//! Reads go to the file at once, each on a connection of its own; searches have others
//! than look-ups, which so never wait for them. The file survives the death of the process at any moment. One gateway at a time has it;
//! commands may open it beside one, for what no gateway believes without asking.

mod entries;
mod entry_row;
mod fill;
mod look;
mod notes;
mod pending;
mod pending_row;
#[cfg(test)]
mod plans;
mod readers;
mod schema;
mod tokens;
mod trail;
mod writer;

use std::collections::HashMap;
use std::fmt;
use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;
use tokio::task::spawn_blocking;

use super::key::give_away;
use super::{Entries, Error, Key, Notes, Queue, Store, Tokens, Trail, Work};
use entries::OfTenant;
use notes::Board;
use readers::Readers;
use tokens::Ring;
use trail::Sealed;
use writer::Writer;

/// Look-ups at the same time; more wait for one of these.
const READERS: usize = 4;

/// Searches at the same time, apart from those.
const SEARCHERS: usize = 4;

/// A store in one file. Clones share it.
#[derive(Clone)]
pub struct Sqlite(Arc<Shared>);

struct Shared {
    readers: Readers,
    searchers: Readers,
    writer: Writer,
    /// For whom anything waits; see `pending`.
    waiting: Mutex<HashMap<Arc<str>, Arc<AtomicU64>>>,
    /// Tenants with entries that are not plain; who was once among them stays.
    peculiar: Mutex<HashMap<Arc<str>, Arc<AtomicBool>>>,
    path: PathBuf,
    /// Held by a gateway for as long as the store is open.
    lock: Option<File>,
}

impl Sqlite {
    /// Opens the file, or makes it, and brings it to today's form. It blocks for
    /// as long as the disk does.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let lock = lock(path)?;
        let mut first = connect(path)?;
        schema::migrate(&mut first).map_err(|error| told(path, error))?;
        // Whoever was at it had this file, and has it no more.
        first.execute(look::NOBODY_IS_AT_IT, []).map_err(|error| told(path, error))?;
        Self::with(path, first, Some(lock))
    }

    /// Opens a file that a gateway may have open: for tokens and the trail, of which a
    /// gateway knows that others change them. A file of an earlier form is brought to
    /// today's only where no gateway has it.
    pub fn beside(path: &Path) -> Result<Self, Error> {
        let mut first = connect(path)?;
        if !schema::is_current(&first).map_err(|error| told(path, error))? {
            let _lock = lock(path)?;
            schema::migrate(&mut first).map_err(|error| told(path, error))?;
        }
        Self::with(path, first, None)
    }

    fn with(path: &Path, first: Connection, lock: Option<File>) -> Result<Self, Error> {
        let waiting = pending_row::waiting(&first).map_err(|error| told(path, error))?;
        let peculiar = entries::peculiar(&first).map_err(|error| told(path, error))?;
        let reader = || connect(path);
        let readers = Readers::new(READERS, reader)?;
        let searchers = Readers::new(SEARCHERS, reader)?;
        let writer = Writer::start(first).map_err(|error| told(path, error))?;
        let (waiting, peculiar) = (Mutex::new(waiting), Mutex::new(peculiar));
        let path = path.to_owned();
        let shared = Shared { readers, searchers, writer, waiting, peculiar, path, lock };
        Ok(Self(Arc::new(shared)))
    }

    /// Whether a tenant has entries that are not plain.
    fn peculiar(&self, tenant: &Arc<str>) -> Arc<AtomicBool> {
        let mut known = self.0.peculiar.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(known.entry(Arc::clone(tenant)).or_default())
    }

    /// Whether anything waits for a tenant.
    fn waiting(&self, tenant: &Arc<str>) -> Arc<AtomicU64> {
        let mut known = self.0.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(known.entry(Arc::clone(tenant)).or_default())
    }

    /// Reads, on a connection that nobody else uses meanwhile.
    fn read<T>(&self, read: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, Error> {
        self.0.readers.read(read).map_err(|error| told(&self.0.path, error))
    }

    /// The same for what may read everything, on a thread that serves nobody. It waits
    /// for its like alone.
    fn search<T>(&self, read: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, Error> {
        self.0.searchers.read(read).map_err(|error| told(&self.0.path, error))
    }

    /// Writes, and says what came of it once it is on the disk. Whatever fails
    /// leaves nothing behind, and nobody else's write.
    fn write<T: Send + 'static>(
        &self,
        write: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Work<'static, T> {
        self.0.writer.done(write)
    }
}

impl Store for Sqlite {
    fn entries(&self, tenant: &Arc<str>) -> Arc<dyn Entries> {
        Arc::new(OfTenant::new(self, tenant))
    }

    fn pending(&self, tenant: &Arc<str>) -> Arc<dyn Queue> {
        Arc::new(pending::OfTenant::new(self, tenant))
    }

    fn tokens(&self) -> Arc<dyn Tokens> {
        Arc::new(Ring(self.clone()))
    }

    fn trail(&self, key: &Key) -> Arc<dyn Trail> {
        Arc::new(Sealed { store: self.clone(), key: key.clone() })
    }

    fn notes(&self) -> Arc<dyn Notes> {
        Arc::new(Board(self.clone()))
    }

    /// Puts all that was written into the file itself, so that whoever copies it has
    /// everything. Where somebody still reads, some of it stays in the log beside it.
    fn leave(&self) -> Work<'_, ()> {
        let store = self.clone();
        Box::pin(async move {
            if store.0.lock.is_none() {
                // A gateway may write here; it does this when it leaves.
                return Ok(());
            }
            let emptied = spawn_blocking(move || {
                store.search(|file| file.query_row(look::INTO_THE_FILE, [], |_| Ok(())))
            });
            emptied.await.map_err(Error::new)?
        })
    }
}

/// Closing the file is not enough: a child that is just being started has it open, too.
impl Drop for Shared {
    fn drop(&mut self) {
        if let Some(lock) = &self.lock {
            let _ = lock.unlock();
        }
    }
}

impl fmt::Debug for Sqlite {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Sqlite({})", self.0.path.display())
    }
}

/// Two processes on one file would each believe their own cache.
fn lock(path: &Path) -> Result<File, Error> {
    let beside = path.with_extension("lock");
    let file = OpenOptions::new().create(true).truncate(false).write(true).open(&beside);
    let file = file.map_err(|error| told(&beside, error))?;
    give_away(&beside);
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => {
            Err(Error::new(format!("{}: another process has it open", path.display())))
        }
        Err(TryLockError::Error(error)) => Err(told(&beside, error)),
    }
}

fn connect(path: &Path) -> Result<Connection, Error> {
    let is_new = !path.exists();
    let connection = Connection::open(path).map_err(|error| told(path, error))?;
    if is_new {
        give_away(path);
    }
    schema::set_up(&connection).map_err(|error| told(path, error))?;
    Ok(connection)
}

fn told(path: &Path, error: impl fmt::Display) -> Error {
    Error::new(format!("{}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scim::{Filter, Kind, Matcher, Resource, ResourceId, ResourceType};
    use crate::secret::Secret;
    use crate::store::{Among, Entry, Wanted};

    /// Holds all connections of one sort, and works meanwhile.
    fn held<T>(readers: &Readers, count: usize, work: &dyn Fn() -> T) -> T {
        if count == 0 { work() } else { readers.read(|_| held(readers, count - 1, work)) }
    }

    fn matcher(text: &str) -> Matcher {
        let user = ResourceType::user();
        Matcher::bind(&Filter::parse(text, user.urns()).unwrap(), &user).unwrap()
    }

    /// None of it would come to an end where one waited for the other.
    #[test]
    fn look_ups_and_searches_do_not_wait_for_each_other() {
        let folder = tempfile::tempdir().unwrap();
        let store = Sqlite::open(&folder.path().join("matricula.db")).unwrap();
        let entries = store.entries(&"school".into());
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let (id, now) = (ResourceId::parse("7").unwrap(), "2026-03-04T09:15:27Z".parse().unwrap());
        let sent = serde_json::json!({ "externalId": "a", "title": "Dean" });
        let sent = Resource::from_attributes(Kind::User, sent.as_object().unwrap().clone());
        let plain = Entry::plain(Kind::User, id.clone(), now);
        runtime.block_on(entries.put(Entry { sent, ..plain })).unwrap();
        let find = |text: &str| {
            let matcher = matcher(text);
            let found = entries.find(Kind::User, Among::Present, Some(&matcher), 9);
            runtime.block_on(found).unwrap()
        };
        held(&store.0.searchers, SEARCHERS, &|| {
            assert!(runtime.block_on(entries.get(Kind::User, &id)).unwrap().is_some());
            assert_eq!(find(r#"externalId eq "a""#), std::slice::from_ref(&id));
        });
        let trail = store.trail(&Key::of(&Secret::new("a key for a test")));
        held(&store.0.readers, READERS, &|| {
            assert_eq!(find(r#"title eq "Dean""#), std::slice::from_ref(&id));
            assert_eq!(runtime.block_on(trail.links(&Wanted::default())).unwrap(), []);
        });
    }
}
