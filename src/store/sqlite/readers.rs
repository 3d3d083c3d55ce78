//! Connections that read, lent to whoever comes, each to one alone.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use rusqlite::Connection;

use crate::store::Error;

/// Some connections.
pub(super) struct Readers {
    free: Mutex<Vec<Reader>>,
    back: Condvar,
}

/// Only whoever has taken it from those that are free locks it.
type Reader = Arc<Mutex<Connection>>;

impl Readers {
    /// So many, made in this way.
    pub(super) fn new(
        count: usize,
        connect: impl Fn() -> Result<Connection, Error>,
    ) -> Result<Self, Error> {
        let reader = |_| connect().map(|connection| Arc::new(Mutex::new(connection)));
        let free: Result<Vec<_>, _> = (0..count).map(reader).collect();
        Ok(Self { free: Mutex::new(free?), back: Condvar::new() })
    }

    /// Reads on one of them: one that is free, or else the first that is given back.
    pub(super) fn read<T>(&self, read: impl FnOnce(&Connection) -> T) -> T {
        let lent = self.lend();
        let connection = lent.reader.lock().unwrap_or_else(PoisonError::into_inner);
        read(&connection)
    }

    fn lend(&self) -> Lent<'_> {
        let mut free = self.free();
        loop {
            if let Some(reader) = free.pop() {
                return Lent { reader, home: self };
            }
            free = self.back.wait(free).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn free(&self) -> MutexGuard<'_, Vec<Reader>> {
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One that is lent, and given back by whatever ends the reading: a panic leaves no
/// connection half-read.
struct Lent<'a> {
    reader: Reader,
    home: &'a Readers,
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        self.home.free().push(Arc::clone(&self.reader));
        self.home.back.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::thread;

    use super::*;

    #[test]
    fn whoever_waits_has_the_first_that_is_given_back() {
        let readers = Readers::new(2, || Connection::open_in_memory().map_err(Error::new)).unwrap();
        let (inside, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let read = || {
            readers.read(|reader| {
                most.fetch_max(inside.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                let one: i64 = reader.query_row("SELECT 1", [], |row| row.get(0)).unwrap();
                inside.fetch_sub(1, Ordering::SeqCst);
                one
            })
        };
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| (0..100).for_each(|_| assert_eq!(read(), 1)));
            }
        });
        assert!(most.into_inner() <= 2);
        assert_eq!(readers.free().len(), 2);
    }

    #[test]
    fn a_panic_takes_no_connection_along() {
        let readers = Readers::new(1, || Connection::open_in_memory().map_err(Error::new)).unwrap();
        let read = || readers.read(|_| panic!("within a read"));
        thread::scope(|scope| assert!(scope.spawn(read).join().is_err()));
        readers.read(|reader| reader.execute_batch("SELECT 1")).unwrap();
    }
}
