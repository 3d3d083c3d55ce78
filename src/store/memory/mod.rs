//! A store that forgets everything with the process: for demonstrations, tests
//! and tenants whose LMS can say all there is to say.

mod entries;
mod notes;
mod pending;
mod tokens;
mod trail;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::{Entries, Key, Notes, Queue, Store, Tokens, Trail};
use entries::Shelves;
use notes::Board;
use pending::Waiting;
use tokens::Ring;
use trail::{Roll, Sealed};

/// A store in memory.
#[derive(Debug, Default)]
pub struct Memory {
    tenants: Mutex<HashMap<Arc<str>, Tenant>>,
    roll: Arc<Mutex<Roll>>,
    board: Arc<Board>,
    ring: Arc<Ring>,
}

/// What is remembered of one tenant.
#[derive(Clone, Debug)]
struct Tenant {
    shelves: Arc<Shelves>,
    waiting: Arc<Waiting>,
}

impl Default for Tenant {
    fn default() -> Self {
        let shelves = Arc::<Shelves>::default();
        Self { waiting: Arc::new(Waiting::new(Arc::clone(&shelves))), shelves }
    }
}

impl Memory {
    /// An empty one.
    pub fn new() -> Self {
        Self::default()
    }

    fn tenant(&self, name: &Arc<str>) -> Tenant {
        let mut tenants = self.tenants.lock().unwrap_or_else(PoisonError::into_inner);
        tenants.entry(Arc::clone(name)).or_default().clone()
    }
}

impl Store for Memory {
    fn entries(&self, tenant: &Arc<str>) -> Arc<dyn Entries> {
        self.tenant(tenant).shelves
    }

    fn pending(&self, tenant: &Arc<str>) -> Arc<dyn Queue> {
        self.tenant(tenant).waiting
    }

    fn tokens(&self) -> Arc<dyn Tokens> {
        Arc::clone(&self.ring) as Arc<dyn Tokens>
    }

    fn trail(&self, key: &Key) -> Arc<dyn Trail> {
        Arc::new(Sealed { roll: Arc::clone(&self.roll), key: key.clone() })
    }

    fn notes(&self) -> Arc<dyn Notes> {
        Arc::clone(&self.board) as Arc<dyn Notes>
    }
}
