//! The store of a process, open and unlocked.

use std::sync::Arc;

use crate::store::{self, Config, Error, Key, Memory, Place, Store, Trail, unlock};

/// A store and what it is locked with.
pub(super) struct Kept {
    pub(super) store: Arc<dyn Store>,
    pub(super) trail: Arc<dyn Trail>,
}

impl Kept {
    /// The store of a gateway, which no other gateway may have at the same time.
    pub(super) async fn open(config: &Config) -> Result<Self, Error> {
        if config.place == Place::Memory {
            return Self::in_memory();
        }
        let store = store::open(&config.place).await?;
        let key = unlock(config.key.as_ref(), &config.key_file(), &store).await?;
        Ok(Self::new(store, &key))
    }

    /// One that ends with the process, and its key with it.
    pub(super) fn in_memory() -> Result<Self, Error> {
        Ok(Self::new(Arc::new(Memory::new()), &Key::fresh()?))
    }

    fn new(store: Arc<dyn Store>, key: &Key) -> Self {
        Self { trail: store.trail(key), store }
    }
}
