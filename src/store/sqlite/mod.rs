//! A store in one file, by SQLite: the default of a single process.
//!
//! Writes go through one thread, which commits together what came together and
//! answers when it is on the disk: a commit costs a sync, and many cost one.
//! Reads go to the file at once, each on a connection of its own. The file
//! survives the death of the process at any moment, and one process at a time
//! has it.

mod query;
mod schema;
mod writer;

use std::fmt;
use std::fs::{File, OpenOptions, TryLockError};
use std::future::ready;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rusqlite::Connection;
use tokio::task::spawn_blocking;

use super::{Entries, Entry, Error, Work};
use crate::scim::{Kind, Matcher, ResourceId};
use writer::{Job, Writer};

/// Readers at the same time; more wait for one of these.
const READERS: usize = 4;

/// A store in one file. Clones share it.
#[derive(Clone)]
pub struct Sqlite(Arc<Shared>);

struct Shared {
    readers: [Mutex<Connection>; READERS],
    writer: Writer,
    path: PathBuf,
    /// Held for as long as the store is open.
    _lock: File,
}

impl Sqlite {
    /// Opens the file, or makes it, and brings it to today's form. It blocks for
    /// as long as the disk does.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let lock = lock(path)?;
        let mut first = connect(path)?;
        schema::migrate(&mut first).map_err(|error| told(path, error))?;
        let reader = || connect(path).map(Mutex::new);
        let readers = [reader()?, reader()?, reader()?, reader()?];
        let writer = Writer::start(first).map_err(|error| told(path, error))?;
        Ok(Self(Arc::new(Shared { readers, writer, path: path.to_owned(), _lock: lock })))
    }

    /// The entries of one tenant.
    pub fn entries(&self, tenant: &Arc<str>) -> Arc<dyn Entries> {
        Arc::new(OfTenant { store: self.clone(), tenant: Arc::clone(tenant) })
    }

    fn read<T>(&self, read: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, Error> {
        read(&self.0.reader()).map_err(|error| told(&self.0.path, error))
    }
}

impl Shared {
    /// A connection that nobody uses, or the first after somebody.
    fn reader(&self) -> MutexGuard<'_, Connection> {
        let free = self.readers.iter().find_map(|reader| reader.try_lock().ok());
        // A panic leaves no connection half-read.
        free.unwrap_or_else(|| {
            let [first, ..] = &self.readers;
            first.lock().unwrap_or_else(PoisonError::into_inner)
        })
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
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => {
            Err(Error::new(format!("{}: another process has it open", path.display())))
        }
        Err(TryLockError::Error(error)) => Err(told(&beside, error)),
    }
}

fn connect(path: &Path) -> Result<Connection, Error> {
    let connection = Connection::open(path).map_err(|error| told(path, error))?;
    schema::set_up(&connection).map_err(|error| told(path, error))?;
    Ok(connection)
}

fn told(path: &Path, error: impl fmt::Display) -> Error {
    Error::new(format!("{}: {error}", path.display()))
}

/// The entries of one tenant.
struct OfTenant {
    store: Sqlite,
    tenant: Arc<str>,
}

impl Entries for OfTenant {
    fn get<'a>(&'a self, kind: Kind, id: &'a ResourceId) -> Work<'a, Option<Arc<Entry>>> {
        let found = self.store.read(|reader| query::one(reader, &self.tenant, kind, id));
        Box::pin(ready(found))
    }

    fn several<'a>(
        &'a self,
        kind: Kind,
        ids: &'a [ResourceId],
    ) -> Work<'a, Vec<Option<Arc<Entry>>>> {
        let found = self.store.read(|reader| {
            ids.iter().map(|id| query::one(reader, &self.tenant, kind, id)).collect()
        });
        Box::pin(ready(found))
    }

    fn find<'a>(
        &'a self,
        kind: Kind,
        matcher: Option<&'a Matcher>,
        most: usize,
    ) -> Work<'a, Vec<ResourceId>> {
        let (store, tenant, matcher) =
            (self.store.clone(), Arc::clone(&self.tenant), matcher.cloned());
        // It may read everything, which is no work for a thread that serves.
        Box::pin(async move {
            let found = spawn_blocking(move || {
                store.read(|reader| query::find(reader, &tenant, kind, matcher.as_ref(), most))
            });
            found.await.unwrap_or_else(|error| Err(Error::new(error)))
        })
    }

    fn put(&self, entry: Entry) -> Work<'_, ()> {
        let job = Job::Put(Arc::clone(&self.tenant), Box::new(entry));
        Box::pin(self.store.0.writer.done(job))
    }

    fn remove<'a>(&'a self, kind: Kind, id: &'a ResourceId) -> Work<'a, ()> {
        let job = Job::Remove(Arc::clone(&self.tenant), kind, id.clone());
        Box::pin(self.store.0.writer.done(job))
    }
}
