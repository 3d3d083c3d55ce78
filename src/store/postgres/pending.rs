//! Pending work as rows. Whatever counts first and writes then does so under the
//! lock of its tenant, so that no two processes count the same.

use std::sync::Arc;

use deadpool_postgres::Transaction;
use jiff::Timestamp;
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

use super::entry_row::{PUT, REMOVE, Written, narrow};
use super::flags::{Flags, PECULIAR, WAITS};
use super::hub::QUIET;
use super::pending_row::{self, COLUMNS, signed};
use super::{Outcome, Postgres, ask};
use crate::scim::{Kind, ResourceId};
use crate::store::{ANY_NAME, Batch, Choice, Error, Pending, Queue, Ready, Tally, Work};

/// The pending work of one tenant.
pub(super) struct OfTenant {
    store: Postgres,
    tenant: Arc<str>,
    flags: Arc<Flags>,
}

/// So much is released by one statement, which may not take for ever.
const PART: usize = 1000;

/// How much waits.
pub(super) const COUNT: &str =
    "SELECT coalesce(sum(waiting), 0)::bigint FROM pending_counts WHERE tenant = $1";

/// The same by reason, with what failed of it and since when the oldest waits.
pub(super) const TALLY: &str = "SELECT reason, waiting, failed,
         (SELECT min(at) FROM pending WHERE tenant = known.tenant AND reason = known.reason)
     FROM pending_counts AS known WHERE tenant = $1 AND waiting > 0";

/// What waits no more, and whether a person had released it.
pub(super) const DONE: &str = "DELETE FROM pending WHERE tenant = $1 AND sequence = ANY($2)
     RETURNING sequence, released";

/// What sleeps and may be begun now.
pub(super) const WAKE: &str = "UPDATE pending SET wakes = NULL WHERE tenant = $1 AND wakes <= $2";

/// What somebody is at who is no more: whoever opened his line held a lock by it.
pub(super) const TAKE_UP: &str = "UPDATE pending SET begun = 0, wakes = due, beginner = NULL
     WHERE tenant = $1 AND beginner IS NOT NULL AND beginner NOT IN (
         SELECT classid::bigint << 32 | objid::bigint FROM pg_locks
         WHERE locktype = 'advisory' AND objsubid = 1 AND granted
         AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))";

/// The resources of a kind for which anything waits.
pub(super) const RESOURCES: &str =
    "SELECT DISTINCT id FROM pending WHERE tenant = $1 AND kind = $2";

/// Those for which something was begun and is not over.
pub(super) const BEGUN: &str =
    "SELECT DISTINCT id FROM pending WHERE tenant = $1 AND kind = $2 AND attempts > 0";

/// Those that get one of these names. One look-up for each name, and not one for all:
/// else it may be held against every row of the tenant.
pub(super) const NAMED: &str = "SELECT DISTINCT id FROM unnest($3::text[]) AS wanted (name)
     CROSS JOIN LATERAL (
         SELECT id FROM pending_names WHERE tenant = $1 AND kind = $2 AND name = wanted.name
         OFFSET 0
     ) AS found";

/// What waits for some resources: in the same way.
pub(super) fn waiting_for() -> String {
    format!(
        "SELECT {COLUMNS} FROM (SELECT DISTINCT unnest($3::text[]) AS name) AS wanted
         CROSS JOIN LATERAL (
             SELECT {COLUMNS} FROM pending WHERE tenant = $1 AND kind = $2 AND id = wanted.name
             OFFSET 0
         ) AS found ORDER BY sequence"
    )
}

/// Begins what is ready of each lane, in the order of turns: a lane is what waits for
/// one reason, or was released. What waits beside a resource that lives on does not
/// hold it up.
pub(super) fn begins() -> String {
    format!(
        "WITH ready AS (
             SELECT sequence, turn FROM unnest($2::text[]) AS lane (name) CROSS JOIN LATERAL (
                 SELECT sequence, turn FROM pending AS own
                 WHERE tenant = $1 AND lane = lane.name AND wakes IS NULL
                 AND due <= $3 AND begun <= $3
                 AND NOT EXISTS (SELECT FROM pending AS other WHERE other.tenant = own.tenant
                     AND other.kind = own.kind AND other.id = own.id
                     AND other.sequence < own.sequence
                     AND other.reason NOT IN ('approval', 'grace') OFFSET 0)
                 ORDER BY turn, sequence LIMIT $4
             ) AS own ORDER BY turn, sequence LIMIT $4
         ), begun AS (
             UPDATE pending SET begun = $5, wakes = $5, beginner = $6, attempts = attempts + 1
             WHERE sequence IN (SELECT sequence FROM ready
                 WHERE turn = (SELECT min(turn) FROM ready))
             RETURNING sequence
         )
         SELECT {COLUMNS} FROM pending WHERE sequence IN (SELECT sequence FROM begun)
         ORDER BY sequence"
    )
}

impl OfTenant {
    pub(super) fn new(store: &Postgres, tenant: &Arc<str>) -> Self {
        Self { store: store.clone(), tenant: Arc::clone(tenant), flags: store.flags(tenant) }
    }

    /// The rows that a statement about this tenant comes to, as what they are.
    async fn rows<T>(
        &self,
        text: &str,
        values: super::Values<'_>,
        read: impl Fn(&Row) -> Result<T, Error>,
    ) -> Result<Vec<T>, Error> {
        let rows = self.store.rows(text, values).await?;
        rows.iter().map(|row| read(row).map_err(|error| self.store.told(error))).collect()
    }

    /// What only one process does at a time for this tenant.
    fn name(&self) -> String {
        format!("matricula:pending:{}:{}", self.store.0.settings.schema, self.tenant)
    }

    async fn all_written(&self, batch: Batch) -> Result<bool, Error> {
        let entry = batch.entry.as_ref().map(|entry| Written::of(&self.tenant, entry));
        let (entry, tenant, name) = (entry.transpose()?, Arc::clone(&self.tenant), self.name());
        let (adds, ends) = (!batch.add.is_empty(), !batch.done.is_empty());
        if adds {
            self.store.begins_to_wait(&self.tenant, &self.flags).await;
        }
        let peculiar = batch.entry.as_ref().is_some_and(|entry| !entry.is_plain());
        let first = peculiar && self.store.becomes_peculiar(&self.tenant, &self.flags).await;
        let before = self.flags.additions();
        let written = self.store.together(move |step| {
            Box::pin(async move { write(step, &tenant, &name, &batch, entry).await })
        });
        let (fits, left) = written.await?;
        if first {
            self.store.tell(&self.tenant, PECULIAR).await;
        }
        if fits && adds {
            self.flags.hear(WAITS);
            self.store.tell(&self.tenant, WAITS).await;
        } else if ends && left == 0 {
            self.flags.emptied(before);
            self.store.tell(&self.tenant, QUIET).await;
        }
        Ok(fits)
    }
}

impl Queue for OfTenant {
    fn is_empty(&self) -> bool {
        self.store.hears() && self.flags.nothing_waits()
    }

    fn write(&self, batch: Batch) -> Work<'_, bool> {
        Box::pin(self.all_written(batch))
    }

    fn of<'a>(&'a self, kind: Kind, ids: &'a [ResourceId]) -> Work<'a, Vec<Vec<Pending>>> {
        Box::pin(async move {
            let names: Vec<_> = ids.iter().map(ResourceId::as_str).collect();
            let values: super::Values<'_> = &[&&*self.tenant, &kind.as_str(), &names];
            let all = self.rows(&waiting_for(), values, pending_row::read).await?;
            let of = |id: &ResourceId| all.iter().filter(|one| one.id == *id).cloned().collect();
            Ok(ids.iter().map(of).collect())
        })
    }

    fn resources(&self, kind: Kind) -> Work<'_, Vec<ResourceId>> {
        Box::pin(async move {
            let values: super::Values<'_> = &[&&*self.tenant, &kind.as_str()];
            self.rows(RESOURCES, values, pending_row::id).await
        })
    }

    fn begun(&self, kind: Kind) -> Work<'_, Vec<ResourceId>> {
        Box::pin(async move {
            let values: super::Values<'_> = &[&&*self.tenant, &kind.as_str()];
            self.rows(BEGUN, values, pending_row::id).await
        })
    }

    fn named<'a>(&'a self, kind: Kind, names: &'a [String]) -> Work<'a, Vec<ResourceId>> {
        Box::pin(async move {
            let names = names.iter().map(|name| narrow(name)).chain([ANY_NAME.to_owned()]);
            let names: Vec<_> = names.collect();
            let values: super::Values<'_> = &[&&*self.tenant, &kind.as_str(), &names];
            self.rows(NAMED, values, pending_row::id).await
        })
    }

    fn page<'a>(&'a self, choice: &'a Choice, after: u64, most: usize) -> Work<'a, Vec<Pending>> {
        Box::pin(async move {
            let chosen = Chosen::of(choice);
            let most = i64::try_from(most).unwrap_or(i64::MAX);
            let values: [&(dyn ToSql + Sync); 3] = [&&*self.tenant, &signed(after), &most];
            self.rows(&chosen.page(), &chosen.behind(values), pending_row::read).await
        })
    }

    fn begin(&self, ready: Ready) -> Work<'_, Vec<Pending>> {
        let (tenant, name) = (Arc::clone(&self.tenant), self.name());
        Box::pin(async move {
            let own = self.store.life().await?;
            let begun = self.store.together(move |step| {
                Box::pin(async move { begin(step, &tenant, (&name, own), &ready).await })
            });
            let rows = begun.await?;
            rows.iter().map(pending_row::read).collect()
        })
    }

    fn release<'a>(&'a self, choice: &'a Choice, now: Timestamp) -> Work<'a, usize> {
        Box::pin(async move {
            let (chosen, now) = (Chosen::of(choice), now.as_microsecond());
            let (mut after, mut released) = (0_i64, 0);
            loop {
                let values: [&(dyn ToSql + Sync); 3] = [&&*self.tenant, &after, &now];
                let rows = self.store.rows(&chosen.release(), &chosen.behind(values)).await?;
                for row in &rows {
                    after = after.max(row.try_get(0).map_err(|error| self.store.told(error))?);
                }
                released += rows.len();
                if rows.len() < PART {
                    return Ok(released);
                }
            }
        })
    }

    fn tally(&self) -> Work<'_, Vec<Tally>> {
        Box::pin(async move { self.rows(TALLY, &[&&*self.tenant], pending_row::tally).await })
    }

    fn removal(&self, now: Timestamp, since: Timestamp, most: usize) -> Work<'_, usize> {
        let (tenant, name) = (Arc::clone(&self.tenant), self.name());
        Box::pin(async move {
            let counted = self.store.together(move |step| {
                Box::pin(async move {
                    alone(step, &name).await?;
                    let text = "DELETE FROM removals WHERE tenant = $1 AND at <= $2";
                    ask(step, text, &[&&*tenant, &since.as_microsecond()]).await?;
                    let text = "SELECT count(*) FROM removals WHERE tenant = $1";
                    let before = count(&ask(step, text, &[&&*tenant]).await?)?;
                    if before < most {
                        let text = "INSERT INTO removals (tenant, at) VALUES ($1, $2)";
                        ask(step, text, &[&&*tenant, &now.as_microsecond()]).await?;
                    }
                    Ok(before)
                })
            });
            counted.await
        })
    }

    fn no_removal(&self, at: Timestamp) -> Work<'_, ()> {
        Box::pin(async move {
            let text = "DELETE FROM removals WHERE number = (SELECT number FROM removals
                            WHERE tenant = $1 AND at = $2 LIMIT 1)";
            self.store.done(text, &[&&*self.tenant, &at.as_microsecond()]).await
        })
    }
}

/// Waits until no other process is at it, until the end of these steps.
async fn alone(step: &Transaction<'_>, name: &str) -> Outcome<()> {
    let text = "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))";
    ask(step, text, &[&name]).await.map(drop)
}

fn count(rows: &[Row]) -> Outcome<usize> {
    let count: i64 = rows.first().map_or(Ok(0), |row| row.try_get(0))?;
    Ok(usize::try_from(count).unwrap_or_default())
}

/// Whether there was room, and how much waits afterwards. One process at a time changes
/// how much that is.
async fn write(
    step: &Transaction<'_>,
    tenant: &str,
    name: &str,
    batch: &Batch,
    entry: Option<Written>,
) -> Outcome<(bool, usize)> {
    let mut left = usize::MAX;
    if !batch.add.is_empty() || !batch.done.is_empty() || !batch.change.is_empty() {
        alone(step, name).await?;
    }
    if !batch.add.is_empty() || !batch.done.is_empty() {
        left = count(&ask(step, COUNT, &[&tenant]).await?)? + batch.add.len();
        if !batch.add.is_empty() && left.saturating_sub(batch.done.len()) > batch.most {
            return Ok((false, left));
        }
    }
    let done: Vec<_> = batch.done.iter().map(|sequence| signed(*sequence)).collect();
    let mut released = Vec::new();
    if !done.is_empty() {
        let ended = ask(step, DONE, &[&tenant, &done]).await?;
        left = left.saturating_sub(ended.len());
        released = pending_row::released(&ended)?;
    }
    for one in &batch.change {
        pending_row::change(step, tenant, one).await?;
    }
    for one in &batch.add {
        pending_row::add(step, tenant, &one.instead(&released)).await?;
    }
    if let Some(written) = entry {
        ask(step, PUT, &written.values()).await?;
    }
    if let Some((kind, id)) = &batch.forget {
        ask(step, REMOVE, &[&tenant, &kind.as_str(), &id.as_str()]).await?;
    }
    Ok((true, left))
}

async fn begin(
    step: &Transaction<'_>,
    tenant: &str,
    (name, own): (&str, Option<i64>),
    ready: &Ready,
) -> Outcome<Vec<Row>> {
    alone(step, name).await?;
    let lanes: Vec<_> = ready.lanes().into_iter().collect();
    let most = i64::try_from(ready.most).unwrap_or(i64::MAX);
    let (now, until) = (ready.now.as_microsecond(), ready.until.as_microsecond());
    ask(step, TAKE_UP, &[&tenant]).await?;
    ask(step, WAKE, &[&tenant, &now]).await?;
    ask(step, &begins(), &[&tenant, &lanes, &now, &most, &until, &own]).await
}

/// A choice as conditions, each with its value: only what is chosen by is spoken of, so
/// that each way of choosing is planned for itself.
pub(super) struct Chosen<'a> {
    parts: Vec<(&'static str, Box<dyn ToSql + Sync + Send + 'a>)>,
    failed: bool,
}

impl<'a> Chosen<'a> {
    pub(super) fn of(choice: &'a Choice) -> Self {
        let mut parts: Vec<(_, Box<dyn ToSql + Sync + Send + 'a>)> = Vec::new();
        if let Some(sequence) = choice.sequence {
            parts.push(("sequence", Box::new(signed(sequence))));
        }
        if let Some(kind) = choice.kind {
            parts.push(("kind", Box::new(kind.as_str())));
        }
        if let Some(id) = &choice.id {
            parts.push(("id", Box::new(id.as_str())));
        }
        if let Some(reason) = choice.reason {
            parts.push(("reason", Box::new(reason.as_str())));
        }
        Self { parts, failed: choice.failed }
    }

    /// The conditions, whose values come behind so many others.
    fn conditions(&self, others: usize) -> String {
        let failed = if self.failed { " AND failure IS NOT NULL" } else { "" };
        let parts = self.parts.iter().enumerate();
        parts.fold(failed.to_owned(), |all, (index, (column, _))| {
            format!("{all} AND {column} = ${}", others + index + 1)
        })
    }

    fn behind<const N: usize>(
        &'a self,
        others: [&'a (dyn ToSql + Sync); N],
    ) -> Vec<&'a (dyn ToSql + Sync)> {
        let own = self.parts.iter().map(|(_, value)| &**value as &(dyn ToSql + Sync));
        others.into_iter().chain(own).collect()
    }

    /// A page of it: told tenant, place and size.
    pub(super) fn page(&self) -> String {
        format!(
            "SELECT {COLUMNS} FROM pending WHERE tenant = $1 AND sequence > $2{}
             ORDER BY sequence LIMIT $3",
            self.conditions(3)
        )
    }

    /// Releases a part of it: told tenant, place and time. Who is at it goes on.
    pub(super) fn release(&self) -> String {
        format!(
            "UPDATE pending SET released = true, due = least(due, $3), wakes = nullif(begun, 0)
             WHERE sequence IN (
                 SELECT sequence FROM pending WHERE tenant = $1 AND sequence > $2{}
                 ORDER BY sequence LIMIT {PART})
             RETURNING sequence",
            self.conditions(3)
        )
    }
}
