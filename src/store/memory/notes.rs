//! Notes in memory.

use std::collections::HashMap;
use std::future::ready;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::store::{Notes, Work};

/// Notes by name.
#[derive(Debug, Default)]
pub(super) struct Board(Mutex<HashMap<String, String>>);

impl Board {
    fn lock(&self) -> MutexGuard<'_, HashMap<String, String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Notes for Board {
    fn get<'a>(&'a self, name: &'a str) -> Work<'a, Option<String>> {
        Box::pin(ready(Ok(self.lock().get(name).cloned())))
    }

    fn keep<'a>(&'a self, name: &'a str, text: &'a str) -> Work<'a, String> {
        let stands = self.lock().entry(name.to_owned()).or_insert_with(|| text.to_owned()).clone();
        Box::pin(ready(Ok(stands)))
    }

    fn put<'a>(&'a self, name: &'a str, text: &'a str) -> Work<'a, ()> {
        self.lock().insert(name.to_owned(), text.to_owned());
        Box::pin(ready(Ok(())))
    }
}
