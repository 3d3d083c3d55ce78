//! Entries in memory.

use std::collections::{BTreeSet, HashMap};
use std::future::ready;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use crate::scim::{Kind, Matcher, ResourceId};
use crate::store::narrow::{Found, Narrow};
use crate::store::{Among, Entries, Entry, Error, LmsId, Work};

/// Entries by the client's id, and those ids by the LMS's where it differs, and by
/// what else clients look for them by.
#[derive(Debug, Default)]
struct Shelf {
    entries: HashMap<ResourceId, Arc<Entry>>,
    aliases: HashMap<ResourceId, ResourceId>,
    found: HashMap<Narrow, BTreeSet<ResourceId>>,
}

fn found_by(entry: &Entry) -> impl Iterator<Item = Narrow> {
    let Found { external_id, name, email } = Found::by(entry);
    let external = external_id.map(|id| Narrow::ExternalId(id.to_owned()));
    [external, name.map(Narrow::Name), email.map(Narrow::Email)].into_iter().flatten()
}

/// The entries of one tenant.
#[derive(Debug, Default)]
pub(super) struct Shelves {
    users: RwLock<Shelf>,
    groups: RwLock<Shelf>,
    peculiar: AtomicBool,
}

impl Shelf {
    fn by_lms(&self, id: &ResourceId) -> Option<Arc<Entry>> {
        self.entries.get(self.aliases.get(id).unwrap_or(id)).cloned()
    }

    /// Whether another has the account. Whoever is gone may have had it.
    fn is_taken(&self, entry: &Entry) -> bool {
        let by_another_name = |id| self.aliases.get(id).is_some_and(|owner| *owner != entry.id);
        let by_its_own = |id| self.entries.get(id).is_some_and(|it| it.is_plain());
        match &entry.lms {
            LmsId::Same => entry.gone.is_none() && by_another_name(&entry.id),
            LmsId::Other(account) => by_another_name(account) || by_its_own(account),
            LmsId::None => false,
        }
    }

    fn put(&mut self, entry: Entry) -> Result<(), Error> {
        if self.is_taken(&entry) {
            return Err(Error::new("another entry has this account"));
        }
        self.remove(&entry.id);
        if let LmsId::Other(account) = &entry.lms {
            self.aliases.insert(account.clone(), entry.id.clone());
        }
        for value in found_by(&entry) {
            self.found.entry(value).or_default().insert(entry.id.clone());
        }
        self.entries.insert(entry.id.clone(), Arc::new(entry));
        Ok(())
    }

    fn remove(&mut self, id: &ResourceId) {
        let Some(old) = self.entries.remove(id) else { return };
        if let LmsId::Other(account) = &old.lms {
            self.aliases.remove(account);
        }
        for value in found_by(&old) {
            let Some(ids) = self.found.get_mut(&value) else { continue };
            ids.remove(id);
            if ids.is_empty() {
                self.found.remove(&value);
            }
        }
    }

    /// Those who may be meant by a search that is narrowed to that, or all.
    fn among(&self, narrow: Option<Narrow>) -> Box<dyn Iterator<Item = &Arc<Entry>> + '_> {
        match narrow {
            Some(value) => {
                let ids = self.found.get(&value).into_iter().flatten();
                Box::new(ids.filter_map(|id| self.entries.get(id)))
            }
            None => Box::new(self.entries.values()),
        }
    }
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

    pub(super) fn keep(&self, entry: Entry) -> Result<(), Error> {
        if !entry.is_plain() {
            self.peculiar.store(true, Ordering::Release);
        }
        self.write(entry.sent.kind()).put(entry)
    }

    fn write(&self, kind: Kind) -> RwLockWriteGuard<'_, Shelf> {
        self.shelf(kind).write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entries for Shelves {
    fn all_plain(&self) -> bool {
        !self.peculiar.load(Ordering::Acquire)
    }

    fn get<'a>(&'a self, kind: Kind, id: &'a ResourceId) -> Work<'a, Option<Arc<Entry>>> {
        Box::pin(ready(Ok(self.read(kind).entries.get(id).cloned())))
    }

    fn several<'a>(
        &'a self,
        kind: Kind,
        ids: &'a [ResourceId],
    ) -> Work<'a, Vec<Option<Arc<Entry>>>> {
        let guard = self.read(kind);
        Box::pin(ready(Ok(ids.iter().map(|id| guard.entries.get(id).cloned()).collect())))
    }

    fn of_lms<'a>(
        &'a self,
        kind: Kind,
        ids: &'a [ResourceId],
    ) -> Work<'a, Vec<Option<Arc<Entry>>>> {
        let guard = self.read(kind);
        Box::pin(ready(Ok(ids.iter().map(|id| guard.by_lms(id)).collect())))
    }

    fn find<'a>(
        &'a self,
        kind: Kind,
        among: Among,
        matcher: Option<&'a Matcher>,
        most: usize,
    ) -> Work<'a, Vec<ResourceId>> {
        let guard = self.read(kind);
        let fitting = guard
            .among(matcher.and_then(Narrow::of))
            .filter(|entry| entry.standing() == among)
            .filter(|entry| matcher.is_none_or(|it| it.matches(&entry.sent)));
        Box::pin(ready(Ok(fitting.take(most).map(|entry| entry.id.clone()).collect())))
    }

    fn put(&self, entry: Entry) -> Work<'_, ()> {
        Box::pin(ready(self.keep(entry)))
    }

    fn remove<'a>(&'a self, kind: Kind, id: &'a ResourceId) -> Work<'a, ()> {
        self.write(kind).remove(id);
        Box::pin(ready(Ok(())))
    }
}
