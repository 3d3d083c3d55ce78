//! Entries as rows.

use std::collections::HashMap;
use std::sync::Arc;

use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

use super::Postgres;
use super::entry_row::{PUT, REMOVE, Written, entry, narrow};
use super::flags::{Flags, PECULIAR};
use super::look;
use crate::scim::{Kind, Matcher, ResourceId};
use crate::store::narrow::Narrow;
use crate::store::{Among, Entries, Entry, Error, Work};

/// The entries of one tenant.
pub(super) struct OfTenant {
    store: Postgres,
    tenant: Arc<str>,
    flags: Arc<Flags>,
}

impl OfTenant {
    pub(super) fn new(store: &Postgres, tenant: &Arc<str>) -> Self {
        Self { store: store.clone(), tenant: Arc::clone(tenant), flags: store.flags(tenant) }
    }

    /// An entry for each of these ids, by a statement that names which it is for.
    async fn those(
        &self,
        kind: Kind,
        ids: &[ResourceId],
        text: &str,
    ) -> Result<Vec<Option<Arc<Entry>>>, Error> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let names: Vec<_> = ids.iter().map(ResourceId::as_str).collect();
        let values: super::Values<'_> = &[&&*self.tenant, &kind.as_str(), &names];
        let rows = self.store.rows(text, values).await?;
        let one = |row: &Row| {
            let name: String = row.try_get("wanted").map_err(Error::new)?;
            Ok((name, Arc::new(entry(kind, row)?)))
        };
        let found: Result<HashMap<_, _>, Error> = rows.iter().map(one).collect();
        let found = found.map_err(|error| self.store.told(error))?;
        Ok(names.iter().map(|name| found.get(*name).cloned()).collect())
    }

    /// The ids of those that fit. What can be looked up is; all else is read and
    /// held against the filter.
    async fn fitting(
        &self,
        (kind, among): (Kind, Among),
        matcher: Option<&Matcher>,
        most: usize,
    ) -> Result<Vec<ResourceId>, Error> {
        let narrowed = matcher.and_then(Narrow::of);
        let value = narrowed.as_ref().map(|narrowed| narrow(narrowed.value()));
        let text = look::among(among, narrowed.as_ref());
        let (mut found, mut last) = (Vec::new(), String::new());
        loop {
            let (tenant, kind_name) = (&*self.tenant, kind.as_str());
            let mut values: Vec<&(dyn ToSql + Sync)> = vec![&tenant, &kind_name, &last];
            values.extend(value.as_ref().map(|value| value as &(dyn ToSql + Sync)));
            let rows = self.store.rows(&text, &values).await?;
            for row in &rows {
                let entry = entry(kind, row).map_err(|error| self.store.told(error))?;
                last = entry.id.to_string();
                if matcher.is_none_or(|matcher| matcher.matches(&entry.sent)) {
                    found.push(entry.id);
                }
                if found.len() >= most {
                    return Ok(found);
                }
            }
            if rows.len() < look::CHUNK {
                return Ok(found);
            }
        }
    }
}

impl Entries for OfTenant {
    fn all_plain(&self) -> bool {
        self.store.hears() && self.flags.all_plain()
    }

    fn get<'a>(&'a self, kind: Kind, id: &'a ResourceId) -> Work<'a, Option<Arc<Entry>>> {
        Box::pin(async move {
            let values: super::Values<'_> = &[&&*self.tenant, &kind.as_str(), &id.as_str()];
            let rows = self.store.rows(&look::one(), values).await?;
            let found = rows.first().map(|row| entry(kind, row).map(Arc::new)).transpose();
            found.map_err(|error| self.store.told(error))
        })
    }

    fn several<'a>(
        &'a self,
        kind: Kind,
        ids: &'a [ResourceId],
    ) -> Work<'a, Vec<Option<Arc<Entry>>>> {
        Box::pin(async move { self.those(kind, ids, &look::each()).await })
    }

    fn of_lms<'a>(
        &'a self,
        kind: Kind,
        ids: &'a [ResourceId],
    ) -> Work<'a, Vec<Option<Arc<Entry>>>> {
        if self.all_plain() {
            return self.several(kind, ids);
        }
        Box::pin(async move { self.those(kind, ids, &look::each_of_lms()).await })
    }

    fn find<'a>(
        &'a self,
        kind: Kind,
        among: Among,
        matcher: Option<&'a Matcher>,
        most: usize,
    ) -> Work<'a, Vec<ResourceId>> {
        Box::pin(self.fitting((kind, among), matcher, most))
    }

    fn put(&self, entry: Entry) -> Work<'_, ()> {
        Box::pin(async move {
            let written = Written::of(&self.tenant, &entry)?;
            let first =
                !entry.is_plain() && self.store.becomes_peculiar(&self.tenant, &self.flags).await;
            self.store.done(PUT, &written.values()).await?;
            if first {
                self.store.tell(&self.tenant, PECULIAR).await;
            }
            Ok(())
        })
    }

    fn remove<'a>(&'a self, kind: Kind, id: &'a ResourceId) -> Work<'a, ()> {
        Box::pin(async move {
            self.store.done(REMOVE, &[&&*self.tenant, &kind.as_str(), &id.as_str()]).await
        })
    }
}
