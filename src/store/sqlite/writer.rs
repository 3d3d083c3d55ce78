//! The one thread that writes. What waits when it is free is committed together:
//! a sync costs the same for one as for many.

use std::io;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::Builder;

use rusqlite::{Connection, Transaction, TransactionBehavior};
use tokio::sync::oneshot;

use crate::store::{Error, Work};

/// Writes that may wait; one more is refused rather than kept in memory.
const QUEUE: usize = 4096;

/// So many share a commit at most.
const TOGETHER: usize = 256;

/// One write: does its work in a savepoint of its own, and gives back who is told
/// once that is on the disk.
type Job = Box<dyn FnOnce(Result<&mut Transaction<'_>, Error>) -> Told + Send>;

/// Tells what came of a write: that it is on the disk, or why it is not.
type Told = Box<dyn FnOnce(Result<(), Error>) + Send>;

/// The way to the thread, which ends when this is dropped.
pub(super) struct Writer {
    queue: SyncSender<Job>,
}

impl Writer {
    pub(super) fn start(connection: Connection) -> io::Result<Self> {
        let (queue, waiting) = sync_channel(QUEUE);
        Builder::new().name("store".to_owned()).spawn(move || run(connection, &waiting))?;
        Ok(Self { queue })
    }

    /// Writes, and says what came of it once it is on the disk.
    pub(super) fn done<T: Send + 'static>(
        &self,
        write: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Work<'static, T> {
        let (tell, told) = oneshot::channel();
        let job = move |step: Result<&mut Transaction<'_>, Error>| -> Told {
            let outcome = step.and_then(|step| {
                apart(step, write).map_err(|error| {
                    tracing::error!(%error, "the store cannot write");
                    Error::new(error)
                })
            });
            // Whoever does not wait any more does not need to know.
            Box::new(move |committed| drop(tell.send(committed.and(outcome))))
        };
        let queued = self.queue.try_send(Box::new(job));
        Box::pin(async move {
            match queued {
                Ok(()) => told.await.unwrap_or_else(|_| Err(Error::new("the writer has ended"))),
                Err(TrySendError::Full(_)) => Err(Error::new("too many writes wait for the disk")),
                Err(TrySendError::Disconnected(_)) => Err(Error::new("the writer has ended")),
            }
        })
    }
}

/// A write that fails takes back its own work, and not that of its neighbours.
fn apart<T>(
    step: &mut Transaction<'_>,
    write: impl FnOnce(&Connection) -> rusqlite::Result<T>,
) -> rusqlite::Result<T> {
    let own = step.savepoint()?;
    let done = write(&own)?;
    own.commit()?;
    Ok(done)
}

fn run(mut connection: Connection, waiting: &Receiver<Job>) {
    while let Ok(first) = waiting.recv() {
        let more = std::iter::from_fn(|| waiting.try_recv().ok());
        let batch: Vec<_> = std::iter::once(first).chain(more.take(TOGETHER - 1)).collect();
        let (told, outcome) = commit(&mut connection, batch);
        if let Err(error) = &outcome {
            tracing::error!(%error, writes = told.len(), "the store cannot write");
        }
        for tell in told {
            tell(outcome.clone());
        }
    }
}

/// The transaction, as long as there is one. Where the disk is full, SQLite may take all
/// of it back at once: what came next would begin anew and stay, though all are told
/// that nothing does.
fn whole<'a, 'c>(step: &'a mut Transaction<'c>) -> Result<&'a mut Transaction<'c>, Error> {
    if step.is_autocommit() {
        return Err(Error::new("a write before it, with the same commit, had no room"));
    }
    Ok(step)
}

/// Does what waits, and commits it together.
fn commit(connection: &mut Connection, batch: Vec<Job>) -> (Vec<Told>, Result<(), Error>) {
    match connection.transaction_with_behavior(TransactionBehavior::Immediate) {
        Ok(mut step) => {
            let told = batch.into_iter().map(|job| job(whole(&mut step))).collect();
            (told, step.commit().map_err(Error::new))
        }
        Err(error) => {
            let error = Error::new(error);
            let told = batch.into_iter().map(|job| job(Err(error.clone()))).collect();
            (told, Err(error))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Writes a text of that size, and notes what it is told.
    fn job(size: u32) -> (Job, oneshot::Receiver<Result<(), Error>>) {
        let (tell, told) = oneshot::channel();
        let write = move |step: &Connection| {
            step.execute("INSERT INTO texts VALUES (zeroblob(?1))", [size]).map(|_| ())
        };
        let job = move |step: Result<&mut Transaction<'_>, Error>| -> Told {
            let outcome = step.and_then(|step| apart(step, write).map_err(Error::new));
            Box::new(move |committed| drop(tell.send(committed.and(outcome))))
        };
        (Box::new(job), told)
    }

    fn all_told((told, outcome): (Vec<Told>, Result<(), Error>)) {
        for tell in told {
            tell(outcome.clone());
        }
    }

    #[test]
    fn what_is_told_to_have_failed_on_a_full_disk_is_not_there() {
        let mut connection = Connection::open_in_memory().unwrap();
        connection.execute_batch("CREATE TABLE texts (text); PRAGMA max_page_count = 20").unwrap();
        let (jobs, told): (Vec<_>, Vec<_>) = [10, 1_000_000, 20].map(job).into_iter().unzip();
        all_told(commit(&mut connection, jobs));
        let done = told.into_iter().filter_map(|mut told| told.try_recv().unwrap().ok()).count();
        let count = "SELECT count(*) FROM texts";
        let there: u32 = connection.query_row(count, [], |row| row.get(0)).unwrap();
        assert_eq!(usize::try_from(there).unwrap(), done);
        // And there is room for what is smaller.
        let (small, mut told) = job(10);
        all_told(commit(&mut connection, vec![small]));
        assert_eq!(told.try_recv().unwrap(), Ok(()));
    }
}
