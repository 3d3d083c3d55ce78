//! A store that forgets everything with the process: for demonstrations, tests
//! and tenants whose LMS can say all there is to say.

mod entries;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::{Entries, Store};
use entries::Shelves;

/// A store in memory.
#[derive(Debug, Default)]
pub struct Memory {
    shelves: Mutex<HashMap<Arc<str>, Arc<Shelves>>>,
}

impl Memory {
    /// An empty one.
    pub fn new() -> Self {
        Self::default()
    }
}

impl Store for Memory {
    fn entries(&self, tenant: &Arc<str>) -> Arc<dyn Entries> {
        let mut shelves = self.shelves.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(shelves.entry(Arc::clone(tenant)).or_default()) as Arc<dyn Entries>
    }
}
