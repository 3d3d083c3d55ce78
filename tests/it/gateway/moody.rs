//! A store that is slow or full when a test wants it to be.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use matricula::scim::{Kind, Matcher, ResourceId};
use matricula::store::{Among, Entries, Entry, Error, Memory, Store, Work};
use tokio::sync::Mutex;

pub(super) struct Moody {
    inner: Arc<dyn Entries>,
    /// Writes wait for this.
    pub(super) busy: Mutex<()>,
    /// Writes fail.
    pub(super) full: AtomicBool,
}

impl Default for Moody {
    fn default() -> Self {
        let inner = Memory::new().entries(&"school".into());
        Self { inner, busy: Mutex::default(), full: AtomicBool::default() }
    }
}

impl Entries for Moody {
    fn all_plain(&self) -> bool {
        self.inner.all_plain()
    }

    fn of_lms<'a>(
        &'a self,
        kind: Kind,
        ids: &'a [ResourceId],
    ) -> Work<'a, Vec<Option<Arc<Entry>>>> {
        self.inner.of_lms(kind, ids)
    }

    fn get<'a>(&'a self, kind: Kind, id: &'a ResourceId) -> Work<'a, Option<Arc<Entry>>> {
        self.inner.get(kind, id)
    }

    fn several<'a>(
        &'a self,
        kind: Kind,
        ids: &'a [ResourceId],
    ) -> Work<'a, Vec<Option<Arc<Entry>>>> {
        self.inner.several(kind, ids)
    }

    fn find<'a>(
        &'a self,
        kind: Kind,
        among: Among,
        matcher: Option<&'a Matcher>,
        most: usize,
    ) -> Work<'a, Vec<ResourceId>> {
        self.inner.find(kind, among, matcher, most)
    }

    fn put(&self, entry: Entry) -> Work<'_, ()> {
        Box::pin(async move {
            let _free = self.busy.lock().await;
            if self.full.load(Ordering::SeqCst) {
                return Err(Error::new("the disk is full"));
            }
            self.inner.put(entry).await
        })
    }

    fn remove<'a>(&'a self, kind: Kind, id: &'a ResourceId) -> Work<'a, ()> {
        self.inner.remove(kind, id)
    }
}
