//! Who is asking for what: whoever comes first asks, all others wait for what
//! that one is told.
//!
//! Nearly always nobody else comes. So whoever asks only leaves a mark, and what
//! others wait on is made by the first of them.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use super::Error;
use super::hashed::{Hashed, Through};

/// What was asked for and is not answered yet.
pub(super) struct Asking<K, V>(Mutex<Open<K, V>>);

/// One who asks; and where others wait, if there are any.
type Open<K, V> = HashMap<Hashed<K>, Option<watch::Sender<Told<V>>>, Through>;

/// What whoever asked was told, as soon as that is so.
type Told<V> = Option<Result<V, Error>>;

/// The part of one who wants to know.
enum Part<'a, K: Eq, V> {
    /// It is known by now.
    Over(V),
    Ask(Asker<'a, K, V>),
    Wait(watch::Receiver<Told<V>>),
}

/// Whoever asks. Dropped untold, as by a client who left or by a panic, it leaves
/// nothing behind, and those who waited begin anew: one of them asks then.
struct Asker<'a, K: Eq, V> {
    asking: &'a Asking<K, V>,
    key: &'a Hashed<K>,
    told: Told<V>,
}

impl<K: Eq, V> Default for Asking<K, V> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Clone + Eq, V: Clone> Asking<K, V> {
    /// Asks once for all who want to know. `known` looks once more before somebody
    /// asks: an answer may have come since the last look. `ask` has kept its answer
    /// when it is over, so that nobody comes too late for the one and too early for
    /// the other.
    pub(super) async fn once<F>(
        &self,
        key: &Hashed<K>,
        known: impl Fn() -> Option<V>,
        ask: impl FnOnce() -> F,
    ) -> Result<V, Error>
    where
        F: Future<Output = Result<V, Error>>,
    {
        loop {
            match self.part(key, &known) {
                Part::Over(value) => return Ok(value),
                Part::Ask(asker) => return asker.tell(ask().await),
                Part::Wait(mut asked) => {
                    if let Ok(told) = asked.wait_for(Option::is_some).await
                        && let Some(outcome) = &*told
                    {
                        return outcome.clone();
                    }
                }
            }
        }
    }

    fn part<'a>(&'a self, key: &'a Hashed<K>, known: impl Fn() -> Option<V>) -> Part<'a, K, V> {
        let mut open = self.lock();
        if let Some(others) = open.get_mut(key) {
            return Part::Wait(others.get_or_insert_with(|| watch::Sender::new(None)).subscribe());
        }
        if let Some(value) = known() {
            return Part::Over(value);
        }
        open.insert(key.clone(), None);
        Part::Ask(Asker { asking: self, key, told: None })
    }
}

impl<K: Eq, V> Asking<K, V> {
    fn lock(&self) -> MutexGuard<'_, Open<K, V>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Eq, V: Clone> Asker<'_, K, V> {
    fn tell(mut self, outcome: Result<V, Error>) -> Result<V, Error> {
        self.told = Some(outcome.clone());
        outcome
    }
}

impl<K: Eq, V> Drop for Asker<'_, K, V> {
    fn drop(&mut self) {
        let others = self.asking.lock().remove(self.key).flatten();
        if let Some((others, told)) = others.zip(self.told.take()) {
            others.send_replace(Some(told));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::hash::RandomState;
    use std::pin::pin;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;
    use tokio::sync::Notify;
    use tokio::task::yield_now;
    use tokio::time::timeout;
    use tokio::{join, select};

    /// An LMS that is asked, and the one thing that can be asked of it.
    struct Scene {
        asking: Asking<&'static str, usize>,
        key: Hashed<&'static str>,
        asked: AtomicUsize,
        answer: Notify,
    }

    impl Scene {
        fn new() -> Self {
            let key = Hashed::new(&RandomState::new(), "who");
            let (asking, asked, answer) = (Asking::default(), AtomicUsize::new(0), Notify::new());
            Self { asking, key, asked, answer }
        }

        /// Somebody who wants to know, and is told how often the LMS was asked.
        async fn wants(&self) -> Result<usize, Error> {
            let ask = async || {
                let asked = self.asked.fetch_add(1, Ordering::SeqCst) + 1;
                self.answer.notified().await;
                Ok(asked)
            };
            // Time is paused: who would wait for ever is found out at once.
            timeout(Duration::from_secs(1), self.asking.once(&self.key, || None, ask))
                .await
                .unwrap()
        }

        async fn fails(&self, error: Error) -> Result<usize, Error> {
            let ask = async || {
                self.answer.notified().await;
                Err(error)
            };
            timeout(Duration::from_secs(1), self.asking.once(&self.key, || None, ask))
                .await
                .unwrap()
        }

        /// The LMS answers, when everybody has come as far as they can.
        async fn answers(&self) {
            yield_now().await;
            self.answer.notify_waiters();
        }

        fn open(&self) -> usize {
            self.asking.lock().len()
        }
    }

    #[tokio::test(start_paused = true)]
    async fn all_who_come_meanwhile_are_told_the_one_answer() {
        let scene = Scene::new();
        let (first, second, third, ()) =
            join!(biased; scene.wants(), scene.wants(), scene.wants(), scene.answers());
        assert_eq!((first.unwrap(), second.unwrap(), third.unwrap()), (1, 1, 1));
        assert_eq!(scene.open(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_comes_afterwards_asks_again() {
        let scene = Scene::new();
        for times in 1..=3 {
            let (told, ()) = join!(biased; scene.wants(), scene.answers());
            assert_eq!(told.unwrap(), times);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_that_came_since_the_last_look_is_not_asked_for() {
        let scene = Scene::new();
        let nobody = async || Err(Error::CutOff);
        let told = scene.asking.once(&scene.key, || Some(7), nobody).await;
        assert_eq!((told.unwrap(), scene.open()), (7, 0));
    }

    #[tokio::test(start_paused = true)]
    async fn an_error_is_told_to_all_who_wait_and_to_nobody_else() {
        let scene = Scene::new();
        let (first, second, third, ()) = join!(biased; scene.fails(Error::CutOff), scene.wants(), scene.wants(), scene.answers());
        for told in [first, second, third] {
            assert!(matches!(told, Err(Error::CutOff)), "{told:?}");
        }
        let (told, ()) = join!(biased; scene.wants(), scene.answers());
        assert_eq!(told.unwrap(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn one_of_those_who_wait_asks_when_the_first_leaves() {
        let scene = Scene::new();
        let leaves = async {
            select! {
                biased;
                told = scene.wants() => drop(told),
                () = yield_now() => {}
            }
            scene.answers().await;
        };
        let (second, third, ()) = join!(
            biased;
            async {
                yield_now().await;
                scene.wants().await
            },
            async {
                yield_now().await;
                scene.wants().await
            },
            async {
                leaves.await;
            }
        );
        assert_eq!((second.unwrap(), third.unwrap()), (2, 2));
    }

    #[tokio::test(start_paused = true)]
    async fn one_of_those_who_wait_asks_when_the_first_panics() {
        let scene = std::sync::Arc::new(Scene::new());
        let begun = std::sync::Arc::clone(&scene);
        let first = tokio::spawn(async move {
            let ask = async || {
                begun.answer.notified().await;
                panic!("a fault of ours")
            };
            begun.asking.once(&begun.key, || None, ask).await
        });
        yield_now().await;
        let answers = async {
            scene.answers().await;
            assert!(first.await.unwrap_err().is_panic());
            scene.answers().await;
        };
        let (second, third, ()) = join!(biased; scene.wants(), scene.wants(), answers);
        assert_eq!((second.unwrap(), third.unwrap()), (1, 1));
    }

    #[tokio::test(start_paused = true)]
    async fn who_waits_and_leaves_is_missed_by_nobody() {
        let scene = Scene::new();
        let mut first = pin!(scene.wants());
        select! { biased; _ = &mut first => unreachable!(), () = yield_now() => {} }
        select! { biased; _ = scene.wants() => unreachable!(), () = yield_now() => {} }
        assert_eq!(scene.open(), 1);
        let (told, ()) = join!(biased; first, scene.answers());
        assert_eq!((told.unwrap(), scene.open()), (1, 0));
    }
}
