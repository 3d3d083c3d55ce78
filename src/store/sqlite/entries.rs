//! Entries as rows.

use std::collections::HashMap;
use std::future::ready;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rusqlite::{Connection, OptionalExtension, ToSql, params};
use tokio::task::spawn_blocking;

use super::Sqlite;
use super::entry_row::{entry, put};
use super::look;
use crate::scim::{Kind, Matcher, ResourceId};
use crate::store::narrow::Narrow;
use crate::store::{Among, Entries, Entry, Error, Work};

/// So many are read on the thread that serves; more would hold up others.
const FEW: usize = 256;

/// The entries of one tenant.
pub(super) struct OfTenant {
    store: Sqlite,
    tenant: Arc<str>,
    peculiar: Arc<AtomicBool>,
}

impl OfTenant {
    pub(super) fn new(store: &Sqlite, tenant: &Arc<str>) -> Self {
        let peculiar = store.peculiar(tenant);
        Self { store: store.clone(), tenant: Arc::clone(tenant), peculiar }
    }

    /// Reads for each of these ids.
    fn each<'a>(
        &self,
        ids: &'a [ResourceId],
        one: impl Fn(&Connection, &str, &ResourceId) -> Row + Copy + Send + 'static,
    ) -> Work<'a, Vec<Option<Arc<Entry>>>> {
        if ids.len() <= FEW {
            let all =
                |reader: &Connection| ids.iter().map(|id| one(reader, &self.tenant, id)).collect();
            return Box::pin(ready(self.store.read(all)));
        }
        let (store, tenant, ids) = (self.store.clone(), Arc::clone(&self.tenant), ids.to_vec());
        apart_from_others(move || {
            store.search(|reader| ids.iter().map(|id| one(reader, &tenant, id)).collect())
        })
    }
}

type Row = rusqlite::Result<Option<Arc<Entry>>>;

impl Entries for OfTenant {
    fn all_plain(&self) -> bool {
        !self.peculiar.load(Ordering::Acquire)
    }

    fn get<'a>(&'a self, kind: Kind, id: &'a ResourceId) -> Work<'a, Option<Arc<Entry>>> {
        Box::pin(ready(self.store.read(|reader| one(reader, &self.tenant, kind, id))))
    }

    fn several<'a>(
        &'a self,
        kind: Kind,
        ids: &'a [ResourceId],
    ) -> Work<'a, Vec<Option<Arc<Entry>>>> {
        self.each(ids, move |reader, tenant, id| one(reader, tenant, kind, id))
    }

    fn of_lms<'a>(
        &'a self,
        kind: Kind,
        ids: &'a [ResourceId],
    ) -> Work<'a, Vec<Option<Arc<Entry>>>> {
        if self.all_plain() {
            return self.several(kind, ids);
        }
        self.each(ids, move |reader, tenant, id| of_lms(reader, tenant, kind, id))
    }

    fn find<'a>(
        &'a self,
        kind: Kind,
        among: Among,
        matcher: Option<&'a Matcher>,
        most: usize,
    ) -> Work<'a, Vec<ResourceId>> {
        let (store, tenant, matcher) =
            (self.store.clone(), Arc::clone(&self.tenant), matcher.cloned());
        let find = move || {
            let wanted = Wanted { kind, among, matcher: matcher.as_ref(), most };
            if wanted.narrow().is_some() {
                store.read(|reader| find(reader, &tenant, &wanted))
            } else {
                store.search(|reader| find(reader, &tenant, &wanted))
            }
        };
        // It may read everything, which is no work for a thread that serves.
        apart_from_others(find)
    }

    fn put(&self, entry: Entry) -> Work<'_, ()> {
        if !entry.is_plain() {
            self.peculiar.store(true, Ordering::Release);
        }
        let tenant = Arc::clone(&self.tenant);
        Box::pin(self.store.write(move |step| put(step, &tenant, &entry)))
    }

    fn remove<'a>(&'a self, kind: Kind, id: &'a ResourceId) -> Work<'a, ()> {
        let (tenant, id) = (Arc::clone(&self.tenant), id.clone());
        Box::pin(self.store.write(move |step| remove(step, &tenant, kind, &id)))
    }
}

/// On a thread that serves nobody.
pub(super) fn apart_from_others<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Work<'static, T> {
    Box::pin(
        async move { spawn_blocking(work).await.unwrap_or_else(|error| Err(Error::new(error))) },
    )
}

/// Which tenants have entries that are not plain.
pub(super) fn peculiar(
    reader: &Connection,
) -> rusqlite::Result<HashMap<Arc<str>, Arc<AtomicBool>>> {
    let mut found = HashMap::new();
    for (index, some) in look::PECULIAR {
        let mut statement = reader.prepare(&look::tenants(index, some))?;
        let tenants = statement.query_map([], |row| row.get::<_, String>(0))?;
        for tenant in tenants {
            found.insert(Arc::from(tenant?), Arc::new(AtomicBool::new(true)));
        }
    }
    Ok(found)
}

fn one(reader: &Connection, tenant: &str, kind: Kind, id: &ResourceId) -> Row {
    let mut statement = reader.prepare_cached(&look::by_id())?;
    let values = params![tenant, kind.as_str(), id.as_str()];
    statement.query_row(values, |row| entry(kind, row).map(Arc::new)).optional()
}

fn of_lms(reader: &Connection, tenant: &str, kind: Kind, id: &ResourceId) -> Row {
    let mut statement = reader.prepare_cached(&look::by_lms())?;
    let values = params![tenant, kind.as_str(), id.as_str()];
    let found = statement.query_row(values, |row| entry(kind, row).map(Arc::new)).optional()?;
    found.map_or_else(|| one(reader, tenant, kind, id), |entry| Ok(Some(entry)))
}

/// Which ids are looked for.
struct Wanted<'a> {
    kind: Kind,
    among: Among,
    matcher: Option<&'a Matcher>,
    most: usize,
}

impl Wanted<'_> {
    /// What can be looked up of it.
    fn narrow(&self) -> Option<Narrow> {
        self.matcher.and_then(Narrow::of)
    }
}

/// The ids of those that fit. What can be looked up is; all else is read and
/// held against the filter.
fn find(
    reader: &Connection,
    tenant: &str,
    wanted: &Wanted<'_>,
) -> rusqlite::Result<Vec<ResourceId>> {
    let kind = wanted.kind.as_str();
    let narrow = wanted.narrow();
    let mut values: Vec<&dyn ToSql> = vec![&tenant, &kind];
    values.extend(narrow.as_ref().map(|narrow| narrow.value() as &dyn ToSql));
    let mut statement = reader.prepare_cached(&look::among(wanted.among, narrow.as_ref()))?;
    let mut rows = statement.query(values.as_slice())?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let entry = entry(wanted.kind, row)?;
        if wanted.matcher.is_none_or(|matcher| matcher.matches(&entry.sent)) {
            found.push(entry.id);
        }
        if found.len() >= wanted.most {
            break;
        }
    }
    Ok(found)
}

pub(super) fn remove(
    step: &Connection,
    tenant: &str,
    kind: Kind,
    id: &ResourceId,
) -> rusqlite::Result<()> {
    step.prepare_cached("DELETE FROM entries WHERE tenant = ?1 AND kind = ?2 AND id = ?3")?
        .execute(params![tenant, kind.as_str(), id.as_str()])?;
    Ok(())
}
