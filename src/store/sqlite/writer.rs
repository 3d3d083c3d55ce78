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

/// Does what waits, and commits it together.
fn commit(connection: &mut Connection, batch: Vec<Job>) -> (Vec<Told>, Result<(), Error>) {
    match connection.transaction_with_behavior(TransactionBehavior::Immediate) {
        Ok(mut step) => {
            let told = batch.into_iter().map(|job| job(Ok(&mut step))).collect();
            (told, step.commit().map_err(Error::new))
        }
        Err(error) => {
            let error = Error::new(error);
            let told = batch.into_iter().map(|job| job(Err(error.clone()))).collect();
            (told, Err(error))
        }
    }
}
