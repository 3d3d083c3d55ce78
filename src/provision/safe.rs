//! Where the part of a session with an LMS is kept that must survive: a note in the
//! store, where every process finds it. Who opens a session does so alone.

use std::sync::Arc;

use serde_json::Value;
use tokio::sync::Mutex;

use super::news::Outbox;
use super::turns::named;
use crate::backend::{Kept, Vault, VaultError};
use crate::store::{Notes, SECRET};

/// The place of one service's session.
pub(super) struct Safe {
    notes: Arc<dyn Notes>,
    name: String,
    login: Arc<Mutex<()>>,
    outbox: Arc<Outbox>,
}

impl Safe {
    pub(super) fn new(
        notes: &Arc<dyn Notes>,
        (tenant, service): (&str, &str),
        login: Arc<Mutex<()>>,
        outbox: &Arc<Outbox>,
    ) -> Self {
        let name = format!("{SECRET}{tenant} {service}");
        Self { notes: Arc::clone(notes), name, login, outbox: Arc::clone(outbox) }
    }
}

impl Vault for Safe {
    fn load(&self) -> Kept<Option<Value>> {
        let (notes, name) = (Arc::clone(&self.notes), self.name.clone());
        Box::pin(async move {
            let text = notes.get(&name).await.map_err(VaultError::of)?;
            text.map(|text| serde_json::from_str(&text)).transpose().map_err(VaultError::of)
        })
    }

    fn keep(&self, part: Value) -> Kept<()> {
        let (notes, name) = (Arc::clone(&self.notes), self.name.clone());
        Box::pin(async move { notes.put(&name, &part.to_string()).await.map_err(VaultError::of) })
    }

    /// In this process first: after a reload two may want to open the same session, and
    /// to other processes they are one.
    fn turn(&self) -> Kept<Box<dyn Send>> {
        let (peers, key) = (self.outbox.peers().cloned(), named(&self.name).short());
        let login = Arc::clone(&self.login);
        Box::pin(async move {
            let here = login.lock_owned().await;
            let turn: Box<dyn Send> = match peers {
                Some(peers) => Box::new((peers.turn(&[key]).await.map_err(VaultError::of)?, here)),
                None => Box::new(here),
            };
            Ok(turn)
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::json;

    use super::{Outbox, Safe};
    use crate::backend::Vault;
    use crate::store::{Memory, Store};

    #[tokio::test]
    async fn what_was_kept_is_loaded_by_whoever_comes_next() {
        let store = Memory::new();
        let safe = |service| {
            Safe::new(&store.notes(), ("school", service), Arc::default(), &Outbox::new(None))
        };
        assert_eq!(safe("main").load().await.unwrap(), None);
        let part = json!({ "refresh": "r1" });
        safe("main").keep(part.clone()).await.unwrap();
        assert_eq!(safe("main").load().await.unwrap(), Some(part));
        assert_eq!(safe("other").load().await.unwrap(), None);
        drop(safe("main").turn().await.unwrap());
    }
}
