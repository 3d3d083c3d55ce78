//! Pending work as rows.

use std::future::ready;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use jiff::Timestamp;
use rusqlite::types::Value as Cell;
use rusqlite::{Connection, params, params_from_iter};

use super::Sqlite;
use super::entries;
use super::entry_row;
use super::pending_row::{self, COLUMNS, micros};
use crate::scim::{Kind, ResourceId};
use crate::store::{Batch, Choice, Pending, Queue, Ready, Tally, Work};

/// The pending work of one tenant.
pub(super) struct OfTenant {
    store: Sqlite,
    tenant: Arc<str>,
    /// Nothing waits where it is 0; else it counts additions.
    some: Arc<AtomicU64>,
}

impl OfTenant {
    pub(super) fn new(store: &Sqlite, tenant: &Arc<str>) -> Self {
        Self { store: store.clone(), tenant: Arc::clone(tenant), some: store.waiting(tenant) }
    }

    fn read<'a, T: Send + 'a>(
        &'a self,
        read: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Work<'a, T> {
        Box::pin(ready(self.store.read(read)))
    }
}

impl Queue for OfTenant {
    fn is_empty(&self) -> bool {
        self.some.load(Ordering::Acquire) == 0
    }

    fn write(&self, batch: Batch) -> Work<'_, bool> {
        if batch.entry.as_ref().is_some_and(|entry| !entry.is_plain()) {
            self.store.peculiar(&self.tenant).store(true, Ordering::Release);
        }
        let (tenant, some) = (Arc::clone(&self.tenant), Arc::clone(&self.some));
        let written = self.store.write(move |step| {
            let fits = write(step, &tenant, &batch)?;
            if fits && !batch.add.is_empty() {
                some.fetch_add(1, Ordering::AcqRel);
            }
            let last = !batch.done.is_empty() && pending_row::count(step, &tenant)? == 0;
            Ok((fits, last.then(|| some.load(Ordering::Acquire))))
        });
        Box::pin(async move {
            let (fits, last) = written.await?;
            if let Some(additions) = last {
                // Not where somebody has added meanwhile.
                let order = (Ordering::AcqRel, Ordering::Relaxed);
                let _ = self.some.compare_exchange(additions, 0, order.0, order.1);
            }
            Ok(fits)
        })
    }

    fn of<'a>(&'a self, kind: Kind, ids: &'a [ResourceId]) -> Work<'a, Vec<Vec<Pending>>> {
        self.read(|reader| {
            let text = format!(
                "SELECT {COLUMNS} FROM pending WHERE tenant = ?1 AND kind = ?2 AND id = ?3
                 ORDER BY sequence"
            );
            let mut statement = reader.prepare_cached(&text)?;
            let mut of = |id: &ResourceId| {
                let values = params![&*self.tenant, kind.as_str(), id.as_str()];
                statement.query_map(values, pending_row::read)?.collect()
            };
            ids.iter().map(&mut of).collect()
        })
    }

    fn resources(&self, kind: Kind, renamed: bool) -> Work<'_, Vec<ResourceId>> {
        self.read(|reader| {
            let narrow = if renamed { "AND renames" } else { "" };
            let text =
                format!("SELECT DISTINCT id FROM pending WHERE tenant = ?1 AND kind = ?2 {narrow}");
            let mut statement = reader.prepare_cached(&text)?;
            let values = params![&*self.tenant, kind.as_str()];
            let ids = statement.query_map(values, |row| row.get::<_, String>(0))?;
            ids.filter_map(|id| id.map(|id| ResourceId::parse(&id)).transpose()).collect()
        })
    }

    fn page<'a>(&'a self, choice: &'a Choice, after: u64, most: usize) -> Work<'a, Vec<Pending>> {
        self.read(|reader| {
            let (narrow, mut values) = narrowed(choice, &self.tenant);
            let text = format!(
                "SELECT {COLUMNS} FROM pending WHERE {narrow} AND sequence > ?
                 ORDER BY sequence LIMIT ?"
            );
            values.extend([whole(after), whole(u64::try_from(most).unwrap_or(u64::MAX))]);
            let mut statement = reader.prepare_cached(&text)?;
            statement.query_map(params_from_iter(values), pending_row::read)?.collect()
        })
    }

    fn begin(&self, ready: Ready) -> Work<'_, Vec<Pending>> {
        let tenant = Arc::clone(&self.tenant);
        Box::pin(self.store.write(move |step| begin(step, &tenant, &ready)))
    }

    fn release<'a>(&'a self, choice: &'a Choice, now: Timestamp) -> Work<'a, usize> {
        let (narrow, values) = narrowed(choice, &self.tenant);
        let values: Vec<_> = std::iter::once(Cell::Integer(micros(now))).chain(values).collect();
        Box::pin(self.store.write(move |step| {
            let text = format!("UPDATE pending SET released = 1, due = min(due, ?) WHERE {narrow}");
            step.prepare_cached(&text)?.execute(params_from_iter(&values))
        }))
    }

    fn tally(&self) -> Work<'_, Vec<Tally>> {
        self.read(|reader| {
            let text = "SELECT reason, count(*), count(failure), min(at) FROM pending
                        WHERE tenant = ?1 GROUP BY reason";
            let mut statement = reader.prepare_cached(text)?;
            statement.query_map([&*self.tenant], pending_row::tally)?.collect()
        })
    }

    fn removal(&self, now: Timestamp, since: Timestamp, most: usize) -> Work<'_, usize> {
        let tenant = Arc::clone(&self.tenant);
        Box::pin(self.store.write(move |step| {
            step.prepare_cached("DELETE FROM removals WHERE tenant = ?1 AND at <= ?2")?
                .execute(params![&*tenant, micros(since)])?;
            let before: usize = step
                .prepare_cached("SELECT count(*) FROM removals WHERE tenant = ?1")?
                .query_row([&*tenant], |row| pending_row::natural(row, 0))?;
            if before < most {
                step.prepare_cached("INSERT INTO removals (tenant, at) VALUES (?1, ?2)")?
                    .execute(params![&*tenant, micros(now)])?;
            }
            Ok(before)
        }))
    }

    fn no_removal(&self, at: Timestamp) -> Work<'_, ()> {
        let tenant = Arc::clone(&self.tenant);
        Box::pin(self.store.write(move |step| {
            let text = "DELETE FROM removals WHERE rowid IN
                        (SELECT rowid FROM removals WHERE tenant = ?1 AND at = ?2 LIMIT 1)";
            step.prepare_cached(text)?.execute(params![&*tenant, micros(at)]).map(|_| ())
        }))
    }
}

fn write(step: &Connection, tenant: &str, batch: &Batch) -> rusqlite::Result<bool> {
    if !batch.add.is_empty() {
        let after = pending_row::count(step, tenant)? + batch.add.len();
        if after.saturating_sub(batch.done.len()) > batch.most {
            return Ok(false);
        }
    }
    for sequence in &batch.done {
        step.prepare_cached("DELETE FROM pending WHERE tenant = ?1 AND sequence = ?2")?
            .execute(params![tenant, pending_row::signed(*sequence)])?;
    }
    for one in &batch.change {
        pending_row::change(step, tenant, one)?;
    }
    for one in &batch.add {
        pending_row::add(step, tenant, one)?;
    }
    if let Some(entry) = &batch.entry {
        entry_row::put(step, tenant, entry)?;
    }
    if let Some((kind, id)) = &batch.forget {
        entries::remove(step, tenant, *kind, id)?;
    }
    Ok(true)
}

/// What is ready, in the order of turns. What waits beside a resource that lives on
/// does not hold it up.
fn begin(step: &Connection, tenant: &str, ready: &Ready) -> rusqlite::Result<Vec<Pending>> {
    let reasons: Vec<_> = ready.reasons.iter().map(|reason| format!("'{reason}'")).collect();
    let text = format!(
        "SELECT {COLUMNS} FROM pending AS own
         WHERE tenant = ?1 AND (released OR reason IN ({})) AND due <= ?2 AND begun <= ?2
         AND NOT EXISTS (SELECT 1 FROM pending AS other WHERE other.tenant = own.tenant
             AND other.kind = own.kind AND other.id = own.id AND other.sequence < own.sequence
             AND other.reason NOT IN ('approval', 'grace'))
         ORDER BY turn, sequence LIMIT ?3",
        reasons.join(", ")
    );
    let mut statement = step.prepare_cached(&text)?;
    let values = params![tenant, micros(ready.now), i64::try_from(ready.most).unwrap_or(i64::MAX)];
    let mut found: Vec<Pending> =
        statement.query_map(values, pending_row::read)?.collect::<rusqlite::Result<_>>()?;
    let first = found.first().map(|one| one.turn);
    found.retain(|one| Some(one.turn) == first);
    for one in &found {
        step.prepare_cached(
            "UPDATE pending SET begun = ?2, attempts = attempts + 1 WHERE sequence = ?1",
        )?
        .execute(params![pending_row::signed(one.sequence), micros(ready.until)])?;
    }
    Ok(found)
}

/// A choice as a condition, and the values in it.
fn narrowed(choice: &Choice, tenant: &str) -> (String, Vec<Cell>) {
    let mut narrow = "tenant = ?".to_owned();
    let mut values = vec![Cell::Text(tenant.to_owned())];
    let text = |text: &str| Cell::Text(text.to_owned());
    let parts = [
        ("sequence", choice.sequence.map(whole)),
        ("kind", choice.kind.map(|kind| text(kind.as_str()))),
        ("id", choice.id.as_ref().map(|id| text(id.as_str()))),
        ("reason", choice.reason.map(|reason| text(reason.as_str()))),
    ];
    for (column, value) in parts {
        if let Some(value) = value {
            narrow.extend([" AND ", column, " = ?"]);
            values.push(value);
        }
    }
    (narrow, values)
}

fn whole(number: u64) -> Cell {
    Cell::Integer(pending_row::signed(number))
}
