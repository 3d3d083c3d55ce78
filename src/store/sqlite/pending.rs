//! Pending work as rows.

use std::collections::BTreeSet;
use std::future::ready;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use jiff::Timestamp;
use rusqlite::types::Value as Cell;
use rusqlite::{Connection, OptionalExtension, params, params_from_iter};

use super::Sqlite;
use super::entries;
use super::entry_row;
use super::look;
use super::pending_row::{self, COLUMNS, micros};
use crate::scim::{Kind, ResourceId};
use crate::store::{Batch, Choice, Pending, Queue, Ready, Tally, Work};

/// So much is released by one statement: other writes wait meanwhile.
const PART: usize = 1000;

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
            let mut statement = reader.prepare_cached(&look::waiting_for())?;
            let mut of = |id: &ResourceId| {
                let values = params![&*self.tenant, kind.as_str(), id.as_str()];
                statement.query_map(values, pending_row::read)?.collect()
            };
            ids.iter().map(&mut of).collect()
        })
    }

    fn resources(&self, kind: Kind) -> Work<'_, Vec<ResourceId>> {
        let (store, tenant) = (self.store.clone(), Arc::clone(&self.tenant));
        let all = move |reader: &Connection| {
            let mut statement = reader.prepare_cached(look::RESOURCES)?;
            statement.query_map(params![&*tenant, kind.as_str()], pending_row::id)?.collect()
        };
        // There may be very many.
        entries::apart_from_others(move || store.search(all))
    }

    fn begun(&self, kind: Kind) -> Work<'_, Vec<ResourceId>> {
        self.read(|reader| {
            let mut statement = reader.prepare_cached(look::BEGUN)?;
            statement.query_map(params![&*self.tenant, kind.as_str()], pending_row::id)?.collect()
        })
    }

    fn named<'a>(&'a self, kind: Kind, names: &'a [String]) -> Work<'a, Vec<ResourceId>> {
        self.read(|reader| {
            let mut statement = reader.prepare_cached(look::NAMED)?;
            let mut found = BTreeSet::new();
            for name in names {
                let values = params![&*self.tenant, kind.as_str(), name];
                for id in statement.query_map(values, pending_row::id)? {
                    found.insert(id?);
                }
            }
            Ok(found.into_iter().collect())
        })
    }

    fn page<'a>(&'a self, choice: &'a Choice, after: u64, most: usize) -> Work<'a, Vec<Pending>> {
        self.read(|reader| {
            let (text, mut values) = page(choice, &self.tenant);
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
        let (text, first) = release(choice, &self.tenant);
        let text: Arc<str> = text.into();
        Box::pin(async move {
            let (mut after, mut released) = (0, 0);
            loop {
                let mut values = vec![Cell::Integer(micros(now))];
                values.extend(first.iter().cloned().chain([Cell::Integer(after)]));
                let text = Arc::clone(&text);
                let part = self.store.write(move |step| {
                    let mut statement = step.prepare_cached(&text)?;
                    let rows = statement.query_map(params_from_iter(values), |row| row.get(0))?;
                    rows.collect::<rusqlite::Result<Vec<i64>>>()
                });
                let part = part.await?;
                after = part.iter().copied().max().unwrap_or(after);
                released += part.len();
                if part.len() < PART {
                    return Ok(released);
                }
            }
        })
    }

    fn tally(&self) -> Work<'_, Vec<Tally>> {
        self.read(|reader| {
            let mut statement = reader.prepare_cached(look::TALLY)?;
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
    let mut released = Vec::new();
    for &sequence in &batch.done {
        let values = params![tenant, pending_row::signed(sequence)];
        let done = step.prepare_cached(look::DONE)?.query_row(values, |row| row.get(0));
        if done.optional()? == Some(true) {
            released.push(sequence);
        }
    }
    for one in &batch.change {
        pending_row::change(step, tenant, one)?;
    }
    for one in &batch.add {
        pending_row::add(step, tenant, &one.instead(&released))?;
    }
    if let Some(entry) = &batch.entry {
        entry_row::put(step, tenant, entry)?;
    }
    if let Some((kind, id)) = &batch.forget {
        entries::remove(step, tenant, *kind, id)?;
    }
    Ok(true)
}

/// What is ready, in the order of turns.
fn begin(step: &Connection, tenant: &str, ready: &Ready) -> rusqlite::Result<Vec<Pending>> {
    let (now, until) = (micros(ready.now), micros(ready.until));
    step.prepare_cached(look::WAKE)?.execute(params![tenant, now])?;
    let most = i64::try_from(ready.most).unwrap_or(i64::MAX);
    let mut statement = step.prepare_cached(&look::ready())?;
    let mut found: Vec<Pending> = Vec::new();
    for lane in ready.lanes() {
        let some = statement.query_map(params![tenant, lane, now, most], pending_row::read)?;
        found.extend(some.collect::<rusqlite::Result<Vec<_>>>()?);
    }
    found.sort_unstable_by_key(|one| (one.turn, one.sequence));
    let first = found.first().map(|one| one.turn);
    found.retain(|one| Some(one.turn) == first);
    found.truncate(ready.most);
    for one in &found {
        step.prepare_cached(look::BEGIN)?
            .execute(params![pending_row::signed(one.sequence), until])?;
    }
    Ok(found)
}

/// The statement for a page of what is chosen, and its first values.
pub(super) fn page(choice: &Choice, tenant: &str) -> (String, Vec<Cell>) {
    let (index, narrow, values) = look::chosen(choice, tenant);
    let text = format!(
        "SELECT {COLUMNS} FROM pending {index} WHERE {narrow} AND sequence > ?
         ORDER BY sequence LIMIT ?"
    );
    (text, values)
}

/// The statement that releases a part of what is chosen, and its values between the time
/// and the place. Who is at it goes on.
pub(super) fn release(choice: &Choice, tenant: &str) -> (String, Vec<Cell>) {
    let (index, narrow, values) = look::chosen(choice, tenant);
    let text = format!(
        "UPDATE pending SET released = 1, due = min(due, ?), wakes = nullif(begun, 0)
         WHERE sequence IN (
             SELECT sequence FROM pending {index} WHERE {narrow} AND sequence > ?
             ORDER BY sequence LIMIT {PART})
         RETURNING sequence"
    );
    (text, values)
}

fn whole(number: u64) -> Cell {
    Cell::Integer(pending_row::signed(number))
}
