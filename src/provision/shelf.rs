//! One kind of answers, kept for a while, and asked for once however many want
//! to know.

use std::hash::Hash;

use moka::sync::Cache as Moka;
use tokio::time::Instant;

use super::Error;
use super::asking::Asking;
use super::config::Caching;
use super::hashed::{Hashed, Through};
use super::metrics::Cached;

/// What can be kept.
pub(super) trait Keepable: Clone + Send + Sync + 'static {
    /// Whether it says that nobody is there: that may change at any time.
    fn is_missing(&self) -> bool;
    /// The memory that it takes, roughly.
    fn weight(&self) -> u32;
}

/// Answers of one kind.
pub(super) struct Shelf<K, V> {
    kept: Moka<Hashed<K>, Kept<V>, Through>,
    asking: Asking<K, V>,
    caching: Caching,
    counts: Cached,
}

/// An answer, and its end where that is before the end of all. An end of each its
/// own, by moka's timers, costs every answer more than this does one of a few.
#[derive(Clone)]
struct Kept<V> {
    value: V,
    ends: Option<Instant>,
}

impl<K, V> std::fmt::Debug for Shelf<K, V> {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Shelf")
    }
}

impl<K, V> Shelf<K, V>
where
    K: Clone + Eq + Hash + Send + Sync + 'static,
    V: Keepable,
{
    /// A shelf for half of what may be kept; `words` is what a key weighs.
    pub(super) fn new(caching: &Caching, words: fn(&K) -> usize, counts: Cached) -> Self {
        let kept = Moka::builder()
            .max_capacity(caching.bytes / 2)
            .weigher(move |key: &Hashed<K>, kept: &Kept<V>| {
                let words = u32::try_from(words(key.key())).unwrap_or(u32::MAX);
                kept.value.weight().saturating_add(words)
            })
            .time_to_live(caching.fresh.max(caching.missing))
            .build_with_hasher(Through::default());
        Self { kept, asking: Asking::default(), caching: *caching, counts }
    }

    /// The answer: what is kept, or what is told to the first who asks.
    pub(super) async fn once<F>(&self, key: &Hashed<K>, ask: impl FnOnce() -> F) -> Result<V, Error>
    where
        F: Future<Output = Result<V, Error>>,
    {
        if let Some(value) = self.find(key) {
            return Ok(value);
        }
        self.counts.misses.inc();
        let ask = async || {
            let value = ask().await?;
            self.keep(key.clone(), value.clone());
            Ok(value)
        };
        self.asking.once(key, || self.get(key), ask).await
    }

    /// What is kept, counted if there is any.
    pub(super) fn find(&self, key: &Hashed<K>) -> Option<V> {
        let found = self.get(key);
        if found.is_some() {
            self.counts.hits.inc();
        }
        found
    }

    /// Keeps an answer.
    pub(super) fn keep(&self, key: Hashed<K>, value: V) {
        let Caching { fresh, missing, .. } = self.caching;
        let life = if value.is_missing() { missing } else { fresh };
        let ends = (life < fresh.max(missing)).then(|| Instant::now() + life);
        self.kept.insert(key, Kept { value, ends });
    }

    fn get(&self, key: &Hashed<K>) -> Option<V> {
        let kept = self.kept.get(key)?;
        kept.ends.is_none_or(|ends| Instant::now() < ends).then_some(kept.value)
    }

    /// How many there are, and what they weigh.
    pub(super) fn size(&self) -> (u64, u64) {
        (self.kept.entry_count(), self.kept.weighted_size())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provision::Metrics;
    use prometheus::Registry;
    use std::hash::RandomState;
    use std::time::Duration;

    impl Keepable for Option<u8> {
        fn is_missing(&self) -> bool {
            self.is_none()
        }

        fn weight(&self) -> u32 {
            1
        }
    }

    fn shelf(fresh: Duration, missing: Duration) -> Shelf<&'static str, Option<u8>> {
        let counts = Metrics::register(&Registry::new()).unwrap().of("tenant").resources;
        Shelf::new(&Caching { bytes: 1000, fresh, missing }, |_| 0, counts)
    }

    #[test]
    fn that_nobody_is_there_ends_before_or_after_all_else() {
        const HOUR: Duration = Duration::from_hours(1);
        let key = |name| Hashed::new(&RandomState::new(), name);
        for (fresh, missing) in [(HOUR, Duration::ZERO), (Duration::ZERO, HOUR)] {
            let (shelf, somebody, nobody) = (shelf(fresh, missing), key("a"), key("b"));
            shelf.keep(somebody.clone(), Some(1));
            shelf.keep(nobody.clone(), None);
            assert_eq!(shelf.find(&somebody).is_some(), fresh == HOUR);
            assert_eq!(shelf.find(&nobody).is_some(), missing == HOUR);
        }
    }

    #[tokio::test]
    async fn nothing_is_kept_of_an_error() {
        let hour = Duration::from_hours(1);
        let (shelf, key) = (shelf(hour, hour), Hashed::new(&RandomState::new(), "a"));
        let failed = shelf.once(&key, async || Err(Error::CutOff)).await;
        assert!(failed.is_err());
        for told in [5, 6] {
            let value = shelf.once(&key, async || Ok(Some(told))).await.unwrap();
            assert_eq!(value, Some(5), "asked again");
        }
    }
}
