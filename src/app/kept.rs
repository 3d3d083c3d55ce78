//! The store of a process, open and unlocked.

use std::path::Path;
use std::sync::Arc;

use crate::store::{
    self, Config, Error, Key, Locked, Memory, Place, Store, Tokens, Trail, make_key, replace_key,
    unlock,
};

/// A store, and what it is locked with.
pub struct Kept {
    /// All of it.
    pub store: Arc<dyn Store>,
    /// What tokens are kept under, the trail is sealed and secrets are locked up with.
    pub key: Key,
    /// The trail, with that key.
    pub trail: Arc<dyn Trail>,
    /// The tokens.
    pub tokens: Arc<dyn Tokens>,
}

/// How a store is opened.
#[derive(Clone, Copy)]
enum Way {
    /// By a gateway, which no other gateway may be beside.
    Alone,
    /// By a command, beside a gateway or without one.
    Beside,
}

impl Kept {
    /// The store of a gateway, which no other gateway may have at the same time.
    pub(super) async fn open(config: &Config) -> Result<Self, Error> {
        let Some(store) = opened(config, Way::Alone).await? else { return Self::in_memory() };
        let key = unlock(config.key.as_ref(), &config.key_file(), &store).await?;
        Self::new(store, key)
    }

    /// The same store for a command, which may run beside a gateway. A store in memory
    /// is nobody's but its process's.
    pub async fn beside(config: &Config) -> Result<Self, Error> {
        let Some(store) = opened(config, Way::Beside).await? else { return Err(in_memory()) };
        let key = unlock(config.key.as_ref(), &config.key_file(), &store).await?;
        Self::new(store, key)
    }

    /// The store with a new key, where the one that it was begun with is lost. No
    /// gateway may have it open: it would go on with the old one, and seal with it.
    pub async fn with_new_key(config: &Config) -> Result<Self, Error> {
        let Some(store) = opened(config, Way::Alone).await? else { return Err(in_memory()) };
        let alone = store.alone().await?;
        let key = match &config.key {
            Some(key) => key.clone(),
            None => made_anew(&config.key_file())?,
        };
        replace_key(&key, &store).await?;
        let kept = Self::new(store, key)?;
        kept.trail.restart().await?;
        alone.end().await;
        Ok(kept)
    }

    /// One that ends with the process, and its key with it.
    pub(super) fn in_memory() -> Result<Self, Error> {
        Self::new(Arc::new(Memory::new()), Key::fresh()?)
    }

    fn new(store: Arc<dyn Store>, key: Key) -> Result<Self, Error> {
        let store = Arc::new(Locked::new(store, &key)?);
        Ok(Self { trail: store.trail(&key), tokens: store.tokens(), key, store })
    }
}

async fn opened(config: &Config, way: Way) -> Result<Option<Arc<dyn Store>>, Error> {
    if config.place == Place::Memory {
        return Ok(None);
    }
    Ok(Some(match way {
        Way::Alone => store::open(&config.place).await?,
        Way::Beside => store::open_beside(&config.place).await?,
    }))
}

fn in_memory() -> Error {
    Error::new("the store is kept in memory, and ends with the gateway: set `store.path`")
}

/// A new key in place of the one in the file, which is kept beside it.
fn made_anew(file: &Path) -> Result<Key, Error> {
    let told = |error: std::io::Error| Error::new(format!("{}: {error}", file.display()));
    if file.exists() {
        std::fs::rename(file, file.with_extension("key.old")).map_err(told)?;
    }
    make_key(file).map_err(told)
}
