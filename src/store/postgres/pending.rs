//! Pending work as rows. Whatever counts first and writes then does so under the
//! lock of its tenant, so that no two processes count the same.

use std::sync::Arc;

use deadpool_postgres::Transaction;
use jiff::Timestamp;
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

use super::entry_row::{PUT, REMOVE, Written};
use super::flags::{Flags, PECULIAR, WAITS};
use super::hub::QUIET;
use super::pending_row::{self, COLUMNS, signed};
use super::{Outcome, Postgres, ask};
use crate::policy::Reason;
use crate::scim::{Kind, ResourceId};
use crate::store::{Batch, Choice, Error, Pending, Queue, Ready, Tally, Work};

/// The pending work of one tenant.
pub(super) struct OfTenant {
    store: Postgres,
    tenant: Arc<str>,
    flags: Arc<Flags>,
}

/// A choice and its tenant, as the conditions for four values from `$1` on.
const CHOSEN: &str = "tenant = $1 AND ($2::bigint IS NULL OR sequence = $2)
    AND ($3::text IS NULL OR kind = $3) AND ($4::text IS NULL OR id = $4)
    AND ($5::text IS NULL OR reason = $5)";

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
        let text = format!(
            "SELECT {COLUMNS} FROM pending WHERE tenant = $1 AND kind = $2 AND id = ANY($3)
             ORDER BY sequence"
        );
        Box::pin(async move {
            let names: Vec<_> = ids.iter().map(ResourceId::as_str).collect();
            let values: super::Values<'_> = &[&&*self.tenant, &kind.as_str(), &names];
            let all = self.rows(&text, values, pending_row::read).await?;
            let of = |id: &ResourceId| all.iter().filter(|one| one.id == *id).cloned().collect();
            Ok(ids.iter().map(of).collect())
        })
    }

    fn resources(&self, kind: Kind, renamed: bool) -> Work<'_, Vec<ResourceId>> {
        Box::pin(async move {
            let narrow = if renamed { "AND renames" } else { "" };
            let text =
                format!("SELECT DISTINCT id FROM pending WHERE tenant = $1 AND kind = $2 {narrow}");
            let values: super::Values<'_> = &[&&*self.tenant, &kind.as_str()];
            let read = |row: &Row| row.try_get::<_, String>(0).map_err(Error::new);
            let ids = self.rows(&text, values, read).await?;
            Ok(ids.iter().filter_map(|id| ResourceId::parse(id)).collect())
        })
    }

    fn page<'a>(&'a self, choice: &'a Choice, after: u64, most: usize) -> Work<'a, Vec<Pending>> {
        let text = format!(
            "SELECT {COLUMNS} FROM pending WHERE {CHOSEN} AND sequence > $6
             ORDER BY sequence LIMIT $7"
        );
        Box::pin(async move {
            let (chosen, most) = (Chosen::of(choice), i64::try_from(most).unwrap_or(i64::MAX));
            let after = signed(after);
            let [sequence, kind, id, reason] = chosen.values();
            let values: super::Values<'_> =
                &[&&*self.tenant, sequence, kind, id, reason, &after, &most];
            self.rows(&text, values, pending_row::read).await
        })
    }

    fn begin(&self, ready: Ready) -> Work<'_, Vec<Pending>> {
        let (tenant, name) = (Arc::clone(&self.tenant), self.name());
        Box::pin(async move {
            let begun = self.store.together(move |step| {
                Box::pin(async move { begin(step, &tenant, &name, &ready).await })
            });
            let rows = begun.await?;
            rows.iter().map(pending_row::read).collect()
        })
    }

    fn release<'a>(&'a self, choice: &'a Choice, now: Timestamp) -> Work<'a, usize> {
        let text = format!(
            "UPDATE pending SET released = true, due = least(due, $6) WHERE {CHOSEN}
             RETURNING sequence"
        );
        Box::pin(async move {
            let chosen = Chosen::of(choice);
            let [sequence, kind, id, reason] = chosen.values();
            let now = now.as_microsecond();
            let values: super::Values<'_> = &[&&*self.tenant, sequence, kind, id, reason, &now];
            Ok(self.store.rows(&text, values).await?.len())
        })
    }

    fn tally(&self) -> Work<'_, Vec<Tally>> {
        Box::pin(async move {
            let text = "SELECT reason, count(*), count(failure), min(at) FROM pending
                        WHERE tenant = $1 GROUP BY reason";
            self.rows(text, &[&&*self.tenant], pending_row::tally).await
        })
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

/// Whether there was room, and how much waits afterwards.
async fn write(
    step: &Transaction<'_>,
    tenant: &str,
    name: &str,
    batch: &Batch,
    entry: Option<Written>,
) -> Outcome<(bool, usize)> {
    let mut left = usize::MAX;
    if !batch.add.is_empty() || !batch.done.is_empty() {
        alone(step, name).await?;
        let text = "SELECT count(*) FROM pending WHERE tenant = $1";
        left = count(&ask(step, text, &[&tenant]).await?)? + batch.add.len();
        left = left.saturating_sub(batch.done.len());
        if !batch.add.is_empty() && left > batch.most {
            return Ok((false, left));
        }
    }
    let done: Vec<_> = batch.done.iter().map(|sequence| signed(*sequence)).collect();
    if !done.is_empty() {
        let text = "DELETE FROM pending WHERE tenant = $1 AND sequence = ANY($2)";
        ask(step, text, &[&tenant, &done]).await?;
    }
    for one in &batch.change {
        pending_row::change(step, tenant, one).await?;
    }
    for one in &batch.add {
        pending_row::add(step, tenant, one).await?;
    }
    if let Some(written) = entry {
        ask(step, PUT, &written.values()).await?;
    }
    if let Some((kind, id)) = &batch.forget {
        ask(step, REMOVE, &[&tenant, &kind.as_str(), &id.as_str()]).await?;
    }
    Ok((true, left))
}

/// What is ready, in the order of turns. What waits beside a resource that lives on
/// does not hold it up.
async fn begin(
    step: &Transaction<'_>,
    tenant: &str,
    name: &str,
    ready: &Ready,
) -> Outcome<Vec<Row>> {
    alone(step, name).await?;
    let reasons: Vec<_> = ready.reasons.iter().map(|reason| reason.as_str()).collect();
    let text = format!(
        "WITH ready AS (
             SELECT sequence, turn FROM pending AS own
             WHERE tenant = $1 AND (released OR reason = ANY($2)) AND due <= $3 AND begun <= $3
             AND NOT EXISTS (SELECT FROM pending AS other WHERE other.tenant = own.tenant
                 AND other.kind = own.kind AND other.id = own.id
                 AND other.sequence < own.sequence AND other.reason NOT IN ('approval', 'grace'))
             ORDER BY turn, sequence LIMIT $4
         ), begun AS (
             UPDATE pending SET begun = $5, attempts = attempts + 1
             WHERE sequence IN (SELECT sequence FROM ready
                 WHERE turn = (SELECT min(turn) FROM ready))
             RETURNING sequence
         )
         SELECT {COLUMNS} FROM pending WHERE sequence IN (SELECT sequence FROM begun)
         ORDER BY sequence"
    );
    let most = i64::try_from(ready.most).unwrap_or(i64::MAX);
    let (now, until) = (ready.now.as_microsecond(), ready.until.as_microsecond());
    ask(step, &text, &[&tenant, &reasons, &now, &most, &until]).await
}

/// A choice as values; what is not chosen by is nothing.
struct Chosen<'a> {
    sequence: Option<i64>,
    kind: Option<&'static str>,
    id: Option<&'a str>,
    reason: Option<&'static str>,
}

impl<'a> Chosen<'a> {
    fn of(choice: &'a Choice) -> Self {
        Self {
            sequence: choice.sequence.map(signed),
            kind: choice.kind.map(Kind::as_str),
            id: choice.id.as_ref().map(ResourceId::as_str),
            reason: choice.reason.map(Reason::as_str),
        }
    }

    fn values(&self) -> [&(dyn ToSql + Sync); 4] {
        [&self.sequence, &self.kind, &self.id, &self.reason]
    }
}
