//! Entries in memory.

use std::collections::HashMap;
use std::future::ready;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use crate::scim::{Kind, Matcher, ResourceId};
use crate::store::{Entries, Entry, Work};

type Shelf = HashMap<ResourceId, Arc<Entry>>;

/// The entries of one tenant.
#[derive(Debug, Default)]
pub(super) struct Shelves {
    users: RwLock<Shelf>,
    groups: RwLock<Shelf>,
}

impl Shelves {
    fn shelf(&self, kind: Kind) -> &RwLock<Shelf> {
        match kind {
            Kind::User => &self.users,
            Kind::Group => &self.groups,
        }
    }

    fn read(&self, kind: Kind) -> RwLockReadGuard<'_, Shelf> {
        // A panic elsewhere cannot have left a shelf half-changed.
        self.shelf(kind).read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self, kind: Kind) -> RwLockWriteGuard<'_, Shelf> {
        self.shelf(kind).write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entries for Shelves {
    fn get<'a>(&'a self, kind: Kind, id: &'a ResourceId) -> Work<'a, Option<Arc<Entry>>> {
        Box::pin(ready(Ok(self.read(kind).get(id).cloned())))
    }

    fn several<'a>(
        &'a self,
        kind: Kind,
        ids: &'a [ResourceId],
    ) -> Work<'a, Vec<Option<Arc<Entry>>>> {
        let guard = self.read(kind);
        Box::pin(ready(Ok(ids.iter().map(|id| guard.get(id).cloned()).collect())))
    }

    fn find<'a>(
        &'a self,
        kind: Kind,
        matcher: Option<&'a Matcher>,
        most: usize,
    ) -> Work<'a, Vec<ResourceId>> {
        let guard = self.read(kind);
        let fitting =
            guard.values().filter(|entry| matcher.is_none_or(|it| it.matches(&entry.sent)));
        Box::pin(ready(Ok(fitting.take(most).map(|entry| entry.id.clone()).collect())))
    }

    fn put(&self, entry: Entry) -> Work<'_, ()> {
        self.write(entry.sent.kind()).insert(entry.id.clone(), Arc::new(entry));
        Box::pin(ready(Ok(())))
    }

    fn remove<'a>(&'a self, kind: Kind, id: &'a ResourceId) -> Work<'a, ()> {
        self.write(kind).remove(id);
        Box::pin(ready(Ok(())))
    }
}
