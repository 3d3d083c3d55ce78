//! What processes that share a store have to know of each other: who writes now,
//! and what was written.

use std::fmt;
use std::pin::Pin;

use tokio::runtime::Handle;

use super::Work;

/// The other processes on one store, as one tenant speaks with them.
pub trait Peers: Send + Sync {
    /// Waits until nobody else writes under any of these keys.
    fn turn<'a>(&'a self, keys: &'a [u64]) -> Work<'a, Held>;

    /// Tells the others, and comes back when each of them has heard it, or has
    /// ceased to believe what it knew. It cannot fail: who cannot be told believes
    /// nothing, and is told to forget everything once it can be.
    fn tell(&self, words: Vec<String>) -> Pin<Box<dyn Future<Output = ()> + Send + '_>>;

    /// Whether all that others told so far was heard: only then what is known may
    /// be believed.
    fn hears(&self) -> bool;
}

/// Who is told what other processes say.
pub trait Ears: Send + Sync {
    /// One of the others said this.
    fn heard(&self, word: &str);

    /// Something may have been said that nobody heard.
    fn missed(&self);
}

/// The right to write under some keys, until it is given back.
#[must_use]
pub struct Held(Option<Pin<Box<dyn Future<Output = ()> + Send>>>);

impl Held {
    /// A right that is given back by this.
    pub fn until(back: impl Future<Output = ()> + Send + 'static) -> Self {
        Self(Some(Box::pin(back)))
    }

    /// Gives it back.
    pub async fn end(mut self) {
        if let Some(back) = self.0.take() {
            back.await;
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if let (Some(back), Ok(runtime)) = (self.0.take(), Handle::try_current()) {
            runtime.spawn(back);
        }
    }
}

impl fmt::Debug for Held {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Held")
    }
}
