//! Wakes whoever drives a connection, but not for what he does himself.
//!
//! While he is at it, each of his own steps wakes him once more: he sends and is told
//! that there is something to send, he reads and is told that it was read. His task
//! would go round again for nothing, and the runtime would wake another thread for it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Wake, Waker};

/// The bell of one connection.
#[derive(Debug, Default)]
pub(super) struct Bell(Mutex<State>);

#[derive(Debug, Default)]
enum State {
    /// Nobody has to be woken.
    #[default]
    Awake,
    /// Nobody had to be woken, and it rang.
    Rung,
    Asleep(Waker),
}

impl Bell {
    /// Somebody looks at the connection now.
    pub(super) fn awake(&self) {
        let before = std::mem::replace(&mut *self.lock(), State::Awake);
        // Outside of the lock: nobody knows what hangs on a waker.
        drop(before);
    }

    /// He has done what he could, and wants to be woken: at once, if it rang since he
    /// began. What rang then may be what he has seen to, but it may have come later.
    pub(super) fn sleep(&self, waker: &Waker) {
        let mut state = self.lock();
        if matches!(*state, State::Rung) {
            drop(state);
            waker.wake_by_ref();
        } else {
            *state = State::Asleep(waker.clone());
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let before = std::mem::replace(&mut *self.lock(), State::Rung);
        if let State::Asleep(waker) = before {
            waker.wake();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[derive(Default)]
    struct Times(AtomicUsize);

    impl Wake for Times {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    fn scene() -> (Arc<Bell>, Waker, Waker, impl Fn() -> usize) {
        let (bell, times) = (Arc::new(Bell::default()), Arc::new(Times::default()));
        let (rings, sleeper) = (Waker::from(Arc::clone(&bell)), Waker::from(Arc::clone(&times)));
        (bell, rings, sleeper, move || times.0.load(Ordering::SeqCst))
    }

    #[test]
    fn whoever_sleeps_is_woken_once() {
        let (bell, rings, sleeper, times) = scene();
        bell.awake();
        bell.sleep(&sleeper);
        assert_eq!(times(), 0);
        rings.wake_by_ref();
        rings.wake_by_ref();
        assert_eq!(times(), 1);
    }

    #[test]
    fn what_rings_before_he_sleeps_is_not_lost() {
        let (bell, rings, sleeper, times) = scene();
        bell.awake();
        rings.wake_by_ref();
        bell.sleep(&sleeper);
        assert_eq!(times(), 1);
    }

    #[test]
    fn nobody_is_woken_for_what_rings_while_nobody_waits() {
        let (bell, rings, sleeper, times) = scene();
        rings.wake_by_ref();
        bell.awake();
        bell.sleep(&sleeper);
        bell.awake();
        rings.wake_by_ref();
        assert_eq!(times(), 0);
    }
}
