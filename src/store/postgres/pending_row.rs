//! A row of pending work, read and written.

use deadpool_postgres::Transaction;
use jiff::Timestamp;
use tokio_postgres::Row;

use super::entry_row::narrow;
use super::{Outcome, ask};
use crate::policy::Reason;
use crate::scim::{Kind, ResourceId};
use crate::store::{Error, Pending, Tally, Turn};

pub(super) const COLUMNS: &str = "sequence, kind, id, operation, turn, reason, who, at, released, attempts, due, failure, \
     names";

/// The work, and the names it gives, in one statement.
pub(super) const ADD: &str = "WITH added AS (
         INSERT INTO pending (tenant, kind, id, operation, turn, reason, who, at, released,
             attempts, due, failure, names, wakes)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
         RETURNING sequence)
     INSERT INTO pending_names SELECT $1, $2, name, sequence, $3 FROM added, unnest($13::text[]) AS name
         ON CONFLICT DO NOTHING";

/// Work as it waits from now on. What a person released stays so.
pub(super) const CHANGE: &str = "UPDATE pending SET operation = $3, turn = $4, reason = $5,
         released = released OR $6, attempts = $7, due = $8, failure = $9, wakes = $10, begun = 0, beginner = NULL
     WHERE tenant = $1 AND sequence = $2";

pub(super) async fn add(step: &Transaction<'_>, tenant: &str, one: &Pending) -> Outcome<()> {
    let names: Vec<_> = one.names.iter().map(|name| narrow(name)).collect();
    let values: super::Values<'_> = &[
        &tenant,
        &one.kind.as_str(),
        &one.id.as_str(),
        &one.operation.to_string(),
        &(one.turn as i32),
        &one.reason.as_str(),
        &narrow(&one.who),
        &one.at.as_microsecond(),
        &one.released,
        &i64::from(one.attempts),
        &one.due.as_microsecond(),
        &one.failure.as_deref().map(narrow),
        &names,
        &one.sleeps_until().map(Timestamp::as_microsecond),
    ];
    ask(step, ADD, values).await.map(drop)
}

/// Who was at it is so no more.
pub(super) async fn change(step: &Transaction<'_>, tenant: &str, one: &Pending) -> Outcome<()> {
    let values: super::Values<'_> = &[
        &tenant,
        &signed(one.sequence),
        &one.operation.to_string(),
        &(one.turn as i32),
        &one.reason.as_str(),
        &one.released,
        &i64::from(one.attempts),
        &one.due.as_microsecond(),
        &one.failure.as_deref().map(narrow),
        &one.sleeps_until().map(Timestamp::as_microsecond),
    ];
    ask(step, CHANGE, values).await.map(drop)
}

/// The sequences of those that a person had released.
pub(super) fn released(done: &[Row]) -> Outcome<Vec<u64>> {
    let mut sequences = Vec::new();
    for row in done {
        if row.try_get(1)? {
            sequences.push(u64::try_from(row.try_get::<_, i64>(0)?).unwrap_or_default());
        }
    }
    Ok(sequences)
}

/// What does not fit was written by nobody of us.
pub(super) fn read(row: &Row) -> Result<Pending, Error> {
    let no = |what: &str| Error::new(format!("waiting work has no {what}"));
    let kind = Kind::parse(text(row, 1)?).ok_or_else(|| no("kind"))?;
    let turn = usize::try_from(got::<i32>(row, 4)?).unwrap_or(usize::MAX);
    Ok(Pending {
        sequence: u64::try_from(got::<i64>(row, 0)?).unwrap_or_default(),
        kind,
        id: ResourceId::parse(text(row, 2)?).ok_or_else(|| no("id"))?,
        operation: serde_json::from_str(text(row, 3)?).map_err(Error::new)?,
        turn: Turn::ALL.get(turn).copied().ok_or_else(|| no("turn"))?,
        reason: reason(row, 5)?,
        who: text(row, 6)?.to_owned(),
        at: instant(row, 7)?,
        released: got(row, 8)?,
        attempts: u32::try_from(got::<i64>(row, 9)?).unwrap_or(u32::MAX),
        due: instant(row, 10)?,
        failure: got(row, 11)?,
        names: got(row, 12)?,
    })
}

pub(super) fn id(row: &Row) -> Result<ResourceId, Error> {
    ResourceId::parse(text(row, 0)?).ok_or_else(|| Error::new("waiting work has no id"))
}

pub(super) fn tally(row: &Row) -> Result<Tally, Error> {
    let (reason, oldest) = (reason(row, 0)?, instant(row, 3)?);
    Ok(Tally { reason, count: natural(row, 1)?, failed: natural(row, 2)?, oldest })
}

/// A number of things.
pub(super) fn natural(row: &Row, column: usize) -> Result<usize, Error> {
    Ok(usize::try_from(got::<i64>(row, column)?).unwrap_or_default())
}

fn reason(row: &Row, column: usize) -> Result<Reason, Error> {
    Reason::parse(text(row, column)?).ok_or_else(|| Error::new("waiting work has no reason"))
}

fn instant(row: &Row, column: usize) -> Result<Timestamp, Error> {
    Timestamp::from_microsecond(got(row, column)?).map_err(Error::new)
}

fn text(row: &Row, column: usize) -> Result<&str, Error> {
    row.try_get(column).map_err(Error::new)
}

fn got<'r, T: tokio_postgres::types::FromSql<'r>>(row: &'r Row, column: usize) -> Result<T, Error> {
    row.try_get(column).map_err(Error::new)
}

pub(super) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
