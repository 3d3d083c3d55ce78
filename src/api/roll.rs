//! The tokens that the store knows, as they are looked up: in memory, and asked for
//! again when anybody changes them, in this process or another.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;
use jiff::Timestamp;
use tokio::sync::{Mutex, Semaphore};
use tokio::time::Instant;

use crate::store::{Digest, Error, Issued, Key, Token, Tokens};

/// Nobody makes us look more often than this by showing what we do not know.
const PAUSE: Duration = Duration::from_millis(100);

/// So many requests may wait for a look at the same time: each takes a place from
/// those who are known.
const CURIOUS: usize = 32;

/// The tokens of all tenants.
pub struct Roll {
    tokens: Arc<dyn Tokens>,
    key: Key,
    known: ArcSwap<Known>,
    /// When we last looked. Whoever holds it looks.
    looked: Mutex<Option<Instant>>,
    /// Places for those who wait for a look.
    curious: Semaphore,
}

/// What was there when we last looked.
#[derive(Debug, Default)]
struct Known {
    version: Option<u64>,
    tenants: HashMap<Arc<str>, Vec<Arc<Held>>>,
}

/// A token, and when it was last used.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) issued: Issued,
    /// In seconds; 0 is never.
    used: AtomicI64,
    /// What of that the store knows.
    noted: AtomicI64,
}

impl Roll {
    /// An empty one: it knows what it is told by [`refresh`](Self::refresh).
    pub fn new(tokens: Arc<dyn Tokens>, key: Key) -> Self {
        let (known, looked) = (ArcSwap::default(), Mutex::default());
        Self { tokens, key, known, looked, curious: Semaphore::new(CURIOUS) }
    }

    /// The token that is shown by this text. All of a tenant's are compared, so that the
    /// time it takes does not tell which came close.
    pub(super) fn find(&self, tenant: &str, text: &str) -> Option<Arc<Held>> {
        let known = self.known.load();
        let all = known.tenants.get(tenant)?;
        let digest: Digest = self.key.token(text);
        all.iter().fold(None, |found, held| {
            if held.issued.token.digest == digest { Some(Arc::clone(held)) } else { found }
        })
    }

    /// What the store knows now: whether it was anything new. What cannot be read leaves
    /// everything as it was, for nobody is to be turned away by a disk.
    pub async fn refresh(&self) -> Result<bool, Error> {
        let mut looked = self.looked.lock().await;
        *looked = Some(Instant::now());
        self.look().await
    }

    /// Looks again because somebody shows what could have been made a moment ago, or
    /// waits for another look that begins from now on; whether there was one. Few wait:
    /// the rest are told at once that they are not known.
    pub(super) async fn ask_again(&self) -> bool {
        let asked = Instant::now();
        let Ok(_place) = self.curious.try_acquire() else { return false };
        let mut looked = self.looked.lock().await;
        if let Some(last) = *looked {
            if last > asked {
                return true;
            }
            tokio::time::sleep_until(last + PAUSE).await;
        }
        *looked = Some(Instant::now());
        self.look().await.unwrap_or_default()
    }

    async fn look(&self) -> Result<bool, Error> {
        let version = self.tokens.version().await?;
        let before = self.known.load_full();
        if before.version == Some(version) {
            return Ok(false);
        }
        let mut tenants: HashMap<Arc<str>, Vec<Arc<Held>>> = HashMap::new();
        for issued in self.tokens.all().await? {
            let of_tenant = tenants.entry(Arc::clone(&issued.tenant)).or_default();
            of_tenant.push(Arc::new(Held::after(&before, issued)));
        }
        self.known.store(Arc::new(Known { version: Some(version), tenants }));
        Ok(true)
    }

    /// Tells the store who was used since it was last told.
    pub async fn note_uses(&self) -> Result<(), Error> {
        let known = self.known.load_full();
        let fresh: Vec<_> = known
            .tenants
            .values()
            .flatten()
            .filter_map(|held| {
                let used = held.used.load(Ordering::Relaxed);
                (used > held.noted.load(Ordering::Relaxed)).then_some((held, used))
            })
            .collect();
        if fresh.is_empty() {
            return Ok(());
        }
        let uses = fresh
            .iter()
            .filter_map(|(held, used)| Some((held.issued.id, Timestamp::from_second(*used).ok()?)));
        self.tokens.used(uses.collect()).await?;
        for (held, used) in fresh {
            held.noted.fetch_max(used, Ordering::Relaxed);
        }
        Ok(())
    }

    /// The tokens of a tenant that nobody revoked, and when each was last used.
    pub(super) fn standing(&self, tenant: &str) -> Vec<(Token, Option<Timestamp>)> {
        let known = self.known.load();
        let all = known.tenants.get(tenant).into_iter().flatten();
        let standing = all.filter(|held| held.issued.revoked.is_none());
        standing.map(|held| (held.issued.token.clone(), held.used())).collect()
    }
}

impl Held {
    /// What was seen of it before goes on.
    fn after(before: &Known, issued: Issued) -> Self {
        let of_tenant = before.tenants.get(&issued.tenant).into_iter().flatten();
        let seen = of_tenant.filter(|held| held.issued.id == issued.id);
        let seen = seen.map(|held| held.used.load(Ordering::Relaxed)).max().unwrap_or_default();
        let noted = issued.used.map_or(0, Timestamp::as_second);
        Self { issued, used: AtomicI64::new(seen.max(noted)), noted: AtomicI64::new(noted) }
    }

    /// It is used now.
    pub(super) fn use_now(&self, now: Timestamp) {
        self.used.store(now.as_second(), Ordering::Relaxed);
    }

    fn used(&self) -> Option<Timestamp> {
        match self.used.load(Ordering::Relaxed) {
            0 => None,
            seconds => Timestamp::from_second(seconds).ok(),
        }
    }
}

impl std::fmt::Debug for Roll {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Roll")
    }
}
