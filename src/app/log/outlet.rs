//! Between those who log and the thread that writes: one buffer, bounded in
//! bytes. What does not fit is lost and counted; nobody waits.

use prometheus::IntCounter;
use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Bytes that may wait to be written: seconds of a busy gateway's log.
const ROOM: usize = 4 * 1024 * 1024;

/// How long lines gather while they keep coming. Each wake of the thread costs
/// whoever logs about as much as the line itself; the first line after a silence
/// is written at once.
const GATHER: Duration = Duration::from_millis(10);

/// How long the end of the process waits for a reader that reads no more.
const PATIENCE: Duration = Duration::from_secs(2);

/// Where lines are put.
pub(super) struct Outlet {
    shared: Arc<Shared>,
}

struct Shared {
    pending: Mutex<Pending>,
    /// Something is to be written now.
    due: Condvar,
    /// Everything has been written.
    emptied: Condvar,
    lost: IntCounter,
}

#[derive(Default)]
struct Pending {
    lines: Vec<u8>,
    /// The thread holds lines that it has not written yet.
    writing: bool,
    /// The thread lets lines gather.
    gathering: bool,
    /// Somebody waits for everything to be written.
    hurried: bool,
}

impl Outlet {
    /// Starts the thread. It ends with the process.
    pub(super) fn open(to: impl Write + Send + 'static) -> io::Result<Self> {
        let about = "Log lines lost because they were not written fast enough.";
        let lost = IntCounter::new("matricula_log_lines_dropped_total", about);
        let shared = Arc::new(Shared {
            pending: Mutex::default(),
            due: Condvar::new(),
            emptied: Condvar::new(),
            lost: lost.map_err(io::Error::other)?,
        });
        let writer = Arc::clone(&shared);
        std::thread::Builder::new().name("log".to_owned()).spawn(move || writer.run(to))?;
        Ok(Self { shared })
    }

    pub(super) fn lost(&self) -> &IntCounter {
        &self.shared.lost
    }

    /// Takes a line, or counts it as lost.
    pub(super) fn put(&self, line: &[u8]) {
        let mut pending = self.shared.lock();
        if pending.lines.len() + line.len() > ROOM {
            drop(pending);
            self.shared.lost.inc();
            return;
        }
        let was_empty = pending.lines.is_empty();
        pending.lines.extend_from_slice(line);
        let due = if pending.gathering { pending.is_urgent() } else { was_empty };
        drop(pending);
        if due {
            self.shared.due.notify_one();
        }
    }

    /// Waits until all is written, or patience ends.
    pub(super) fn flush(&self) {
        let mut pending = self.shared.lock();
        pending.hurried = true;
        self.shared.due.notify_one();
        let unwritten = |pending: &mut Pending| pending.writing || !pending.lines.is_empty();
        // Whether it timed out or not: there is nobody left to tell.
        let _ = self.shared.emptied.wait_timeout_while(pending, PATIENCE, unwritten);
    }
}

impl Pending {
    /// Whether it must not wait any longer.
    fn is_urgent(&self) -> bool {
        self.hurried || self.lines.len() > ROOM / 2
    }
}

impl Shared {
    fn run(&self, mut to: impl Write) {
        let (mut lines, mut told) = (Vec::new(), 0);
        loop {
            self.gather(!lines.is_empty());
            self.take(&mut lines);
            match to.write_all(&lines).and_then(|()| to.flush()) {
                Ok(()) => told = self.tell_of_gap(told),
                // Told now, the loss would be a line to lose, for ever.
                Err(_) => lines.split(|byte| *byte == b'\n').skip(1).for_each(|_| self.lost.inc()),
            }
        }
    }

    /// After lines were written, others will follow: lets them come.
    fn gather(&self, busy: bool) {
        let mut pending = self.lock();
        pending.writing = false;
        if busy {
            pending.gathering = true;
            let calm = |pending: &mut Pending| !pending.is_urgent();
            let waited = self.due.wait_timeout_while(pending, GATHER, calm);
            pending = waited.unwrap_or_else(PoisonError::into_inner).0;
            pending.gathering = false;
        }
    }

    /// Waits for lines and swaps them out, so that nobody who logs waits for the
    /// write; both buffers are used for ever.
    fn take(&self, lines: &mut Vec<u8>) {
        lines.clear();
        let mut pending = self.lock();
        while pending.lines.is_empty() {
            pending.hurried = false;
            self.emptied.notify_all();
            pending = self.due.wait(pending).unwrap_or_else(PoisonError::into_inner);
        }
        std::mem::swap(&mut pending.lines, lines);
        pending.writing = true;
    }

    /// Whoever reads the log has to know where something is missing.
    fn tell_of_gap(&self, told: u64) -> u64 {
        let lost = self.lost.get();
        if lost > told {
            tracing::warn!(lines = lost - told, "log lines are lost");
        }
        lost
    }

    fn lock(&self) -> MutexGuard<'_, Pending> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
