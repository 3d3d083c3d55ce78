//! Entries as rows.

use std::future::ready;
use std::sync::Arc;

use jiff::Timestamp;
use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde_json::{Map, Value};
use tokio::task::spawn_blocking;

use super::Sqlite;
use crate::scim::{Kind, Matcher, Operator, Resource, ResourceId};
use crate::store::{Entries, Entry, Error, Work};

/// The entries of one tenant.
pub(super) struct OfTenant {
    store: Sqlite,
    tenant: Arc<str>,
}

impl OfTenant {
    pub(super) fn new(store: &Sqlite, tenant: &Arc<str>) -> Self {
        Self { store: store.clone(), tenant: Arc::clone(tenant) }
    }
}

impl Entries for OfTenant {
    fn get<'a>(&'a self, kind: Kind, id: &'a ResourceId) -> Work<'a, Option<Arc<Entry>>> {
        let found = self.store.read(|reader| one(reader, &self.tenant, kind, id));
        Box::pin(ready(found))
    }

    fn several<'a>(
        &'a self,
        kind: Kind,
        ids: &'a [ResourceId],
    ) -> Work<'a, Vec<Option<Arc<Entry>>>> {
        let found = self
            .store
            .read(|reader| ids.iter().map(|id| one(reader, &self.tenant, kind, id)).collect());
        Box::pin(ready(found))
    }

    fn find<'a>(
        &'a self,
        kind: Kind,
        matcher: Option<&'a Matcher>,
        most: usize,
    ) -> Work<'a, Vec<ResourceId>> {
        let (store, tenant, matcher) =
            (self.store.clone(), Arc::clone(&self.tenant), matcher.cloned());
        // It may read everything, which is no work for a thread that serves.
        Box::pin(async move {
            let found = spawn_blocking(move || {
                store.read(|reader| find(reader, &tenant, kind, matcher.as_ref(), most))
            });
            found.await.unwrap_or_else(|error| Err(Error::new(error)))
        })
    }

    fn put(&self, entry: Entry) -> Work<'_, ()> {
        let tenant = Arc::clone(&self.tenant);
        Box::pin(self.store.write(move |step| put(step, &tenant, &entry)))
    }

    fn remove<'a>(&'a self, kind: Kind, id: &'a ResourceId) -> Work<'a, ()> {
        let (tenant, id) = (Arc::clone(&self.tenant), id.clone());
        Box::pin(self.store.write(move |step| remove(step, &tenant, kind, &id)))
    }
}

const COLUMNS: &str = "id, sent, created, modified, revision";

fn one(
    reader: &Connection,
    tenant: &str,
    kind: Kind,
    id: &ResourceId,
) -> rusqlite::Result<Option<Arc<Entry>>> {
    let text = format!("SELECT {COLUMNS} FROM entries WHERE tenant = ?1 AND kind = ?2 AND id = ?3");
    let mut statement = reader.prepare_cached(&text)?;
    let values = params![tenant, kind.as_str(), id.as_str()];
    statement.query_row(values, |row| entry(kind, row).map(Arc::new)).optional()
}

/// The ids of those that fit. An externalId is looked up; all else is read and
/// held against the filter.
fn find(
    reader: &Connection,
    tenant: &str,
    kind: Kind,
    matcher: Option<&Matcher>,
    most: usize,
) -> rusqlite::Result<Vec<ResourceId>> {
    let external = matcher.and_then(external_id);
    let narrow = external.as_ref().map_or("", |_| "AND external_id = ?3");
    let text = format!(
        "SELECT {COLUMNS} FROM entries WHERE tenant = ?1 AND kind = ?2 {narrow} ORDER BY id"
    );
    let mut statement = reader.prepare_cached(&text)?;
    let mut rows = match &external {
        Some(value) => statement.query(params![tenant, kind.as_str(), value])?,
        None => statement.query(params![tenant, kind.as_str()])?,
    };
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let entry = entry(kind, row)?;
        if matcher.is_none_or(|matcher| matcher.matches(&entry.sent)) {
            found.push(entry.id);
        }
        if found.len() >= most {
            break;
        }
    }
    Ok(found)
}

/// The externalId that all of those meant must have.
fn external_id(matcher: &Matcher) -> Option<String> {
    match matcher {
        Matcher::Compare(place, Operator::Eq, operand)
            if place.schema.is_none() && place.attr.name.is("externalId") =>
        {
            operand.to_value().as_str().map(str::to_owned)
        }
        Matcher::All(parts) => parts.iter().find_map(external_id),
        Matcher::Compare(..) | Matcher::Present(_) | Matcher::Any(_) | Matcher::Not(_) => None,
    }
}

pub(super) fn put(step: &Connection, tenant: &str, entry: &Entry) -> rusqlite::Result<()> {
    let sent = entry.sent.attributes();
    let text = serde_json::to_string(sent)
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))?;
    let revision = i64::try_from(entry.revision).unwrap_or(i64::MAX);
    step.prepare_cached(
        "INSERT INTO entries (tenant, kind, id, sent, created, modified, revision, external_id)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
         ON CONFLICT DO UPDATE SET sent = ?4, created = ?5, modified = ?6, revision = ?7,
             external_id = ?8",
    )?
    .execute(params![
        tenant,
        entry.sent.kind().as_str(),
        entry.id.as_str(),
        text,
        entry.created.map(Timestamp::as_microsecond),
        entry.modified.as_microsecond(),
        revision,
        sent.get("externalId").and_then(Value::as_str),
    ])?;
    Ok(())
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

/// What does not fit was written by nobody of us: an error, never an entry that
/// says less.
fn entry(kind: Kind, row: &Row<'_>) -> rusqlite::Result<Entry> {
    let odd = |column: usize, error: &str| {
        let error = error.to_owned().into();
        rusqlite::Error::FromSqlConversionFailure(column, Type::Text, error)
    };
    let id: String = row.get(0)?;
    let text: String = row.get(1)?;
    let sent: Map<String, Value> =
        serde_json::from_str(&text).map_err(|error| odd(1, &error.to_string()))?;
    let instant = |column: usize, micros: i64| {
        Timestamp::from_microsecond(micros).map_err(|error| odd(column, &error.to_string()))
    };
    let created: Option<i64> = row.get(2)?;
    let revision: i64 = row.get(4)?;
    Ok(Entry {
        id: ResourceId::parse(&id).ok_or_else(|| odd(0, "no id"))?,
        sent: Resource::from_attributes(kind, sent),
        created: created.map(|micros| instant(2, micros)).transpose()?,
        modified: instant(3, row.get(3)?)?,
        revision: u64::try_from(revision).unwrap_or_default(),
    })
}
