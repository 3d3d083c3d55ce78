//! The one thread that writes. What waits when it is free is committed together:
//! a sync costs the same for one as for many.

use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::Builder;

use rusqlite::{Connection, TransactionBehavior};
use tokio::sync::oneshot;

use super::query;
use crate::scim::{Kind, ResourceId};
use crate::store::{Entry, Error};

/// Writes that may wait; one more is refused rather than kept in memory.
const QUEUE: usize = 4096;

/// So many share a commit at most.
const TOGETHER: usize = 256;

/// One write.
pub(super) enum Job {
    Put(Arc<str>, Box<Entry>),
    Remove(Arc<str>, Kind, ResourceId),
}

type Told = oneshot::Sender<Result<(), Error>>;

/// The way to the thread, which ends when this is dropped.
pub(super) struct Writer {
    queue: SyncSender<(Job, Told)>,
}

impl Writer {
    pub(super) fn start(connection: Connection) -> io::Result<Self> {
        let (queue, waiting) = sync_channel(QUEUE);
        Builder::new().name("store".to_owned()).spawn(move || run(connection, &waiting))?;
        Ok(Self { queue })
    }

    /// Does a job, and says so once it is on the disk.
    pub(super) fn done(&self, job: Job) -> impl Future<Output = Result<(), Error>> + Send + use<> {
        let (tell, told) = oneshot::channel();
        let queued = self.queue.try_send((job, tell));
        async move {
            match queued {
                Ok(()) => told.await.unwrap_or_else(|_| Err(Error::new("the writer has ended"))),
                Err(TrySendError::Full(_)) => Err(Error::new("too many writes wait for the disk")),
                Err(TrySendError::Disconnected(_)) => Err(Error::new("the writer has ended")),
            }
        }
    }
}

fn run(mut connection: Connection, waiting: &Receiver<(Job, Told)>) {
    while let Ok(first) = waiting.recv() {
        let more = std::iter::from_fn(|| waiting.try_recv().ok());
        let batch: Vec<_> = std::iter::once(first).chain(more.take(TOGETHER - 1)).collect();
        let outcome = commit(&mut connection, &batch);
        if let Err(error) = &outcome {
            tracing::error!(%error, writes = batch.len(), "the store cannot write");
        }
        let outcome = outcome.map_err(Error::new);
        for (_, told) in batch {
            // Whoever does not wait any more does not need to know.
            let _ = told.send(outcome.clone());
        }
    }
}

/// All of them, or none.
fn commit(connection: &mut Connection, batch: &[(Job, Told)]) -> rusqlite::Result<()> {
    let step = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for (job, _) in batch {
        match job {
            Job::Put(tenant, entry) => query::put(&step, tenant, entry)?,
            Job::Remove(tenant, kind, id) => query::remove(&step, tenant, *kind, id)?,
        }
    }
    step.commit()
}
