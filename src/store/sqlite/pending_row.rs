//! A row of pending work, read and written.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use jiff::Timestamp;
use rusqlite::types::Type;
use rusqlite::{Connection, Row, params};

use super::look;
use crate::policy::Reason;
use crate::scim::{Kind, ResourceId};
use crate::store::{Pending, Tally, Turn};

pub(super) const COLUMNS: &str =
    "sequence, kind, id, operation, turn, reason, who, at, released, attempts, due, failure, names";

/// Those for whom anything waits.
pub(super) fn waiting(first: &Connection) -> rusqlite::Result<HashMap<Arc<str>, Arc<AtomicU64>>> {
    let mut statement = first.prepare(look::WAITING)?;
    let tenants = statement.query_map([], |row| row.get::<_, String>(0))?;
    tenants.map(|tenant| Ok((tenant?.into(), Arc::new(AtomicU64::new(1))))).collect()
}

/// How much waits.
pub(super) fn count(reader: &Connection, tenant: &str) -> rusqlite::Result<usize> {
    reader.prepare_cached(look::COUNT)?.query_row([tenant], |row| natural(row, 0))
}

pub(super) fn add(step: &Connection, tenant: &str, one: &Pending) -> rusqlite::Result<()> {
    let names = serde_json::to_string(&one.names)
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))?;
    step.prepare_cached(
        "INSERT INTO pending (tenant, kind, id, operation, turn, reason, who, at, released,
             attempts, due, failure, names, wakes)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
    )?
    .execute(params![
        tenant,
        one.kind.as_str(),
        one.id.as_str(),
        one.operation.to_string(),
        one.turn as i64,
        one.reason.as_str(),
        one.who,
        micros(one.at),
        one.released,
        one.attempts,
        micros(one.due),
        one.failure,
        names,
        one.sleeps_until().map(micros),
    ])?;
    let sequence = step.last_insert_rowid();
    let text = "INSERT INTO pending_names VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING";
    let mut statement = step.prepare_cached(text)?;
    for name in &one.names {
        statement.execute(params![tenant, one.kind.as_str(), name, sequence, one.id.as_str()])?;
    }
    Ok(())
}

/// Who was at it is so no more.
pub(super) fn change(step: &Connection, tenant: &str, one: &Pending) -> rusqlite::Result<()> {
    step.prepare_cached(look::CHANGE)?.execute(params![
        tenant,
        signed(one.sequence),
        one.operation.to_string(),
        one.turn as i64,
        one.reason.as_str(),
        one.released,
        one.attempts,
        micros(one.due),
        one.failure,
        one.sleeps_until().map(micros),
    ])?;
    Ok(())
}

/// What does not fit was written by nobody of us.
pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<Pending> {
    let kind = Kind::parse(row.get_ref(1)?.as_str()?).ok_or_else(|| odd(1, "no kind"))?;
    let id: String = row.get(2)?;
    let (operation, names): (String, String) = (row.get(3)?, row.get(12)?);
    let turn = natural(row, 4)?;
    Ok(Pending {
        sequence: u64::try_from(row.get::<_, i64>(0)?).unwrap_or_default(),
        kind,
        id: ResourceId::parse(&id).ok_or_else(|| odd(2, "no id"))?,
        operation: serde_json::from_str(&operation).map_err(|error| odd(3, &error.to_string()))?,
        turn: Turn::ALL.get(turn).copied().ok_or_else(|| odd(4, "no turn"))?,
        reason: reason(row, 5)?,
        who: row.get(6)?,
        at: instant(row, 7)?,
        released: row.get(8)?,
        attempts: row.get(9)?,
        due: instant(row, 10)?,
        failure: row.get(11)?,
        names: serde_json::from_str(&names).map_err(|error| odd(12, &error.to_string()))?,
    })
}

pub(super) fn id(row: &Row<'_>) -> rusqlite::Result<ResourceId> {
    let id: String = row.get(0)?;
    ResourceId::parse(&id).ok_or_else(|| odd(0, "no id"))
}

pub(super) fn tally(row: &Row<'_>) -> rusqlite::Result<Tally> {
    Ok(Tally {
        reason: reason(row, 0)?,
        count: natural(row, 1)?,
        failed: natural(row, 2)?,
        oldest: instant(row, 3)?,
    })
}

fn reason(row: &Row<'_>, column: usize) -> rusqlite::Result<Reason> {
    Reason::parse(row.get_ref(column)?.as_str()?).ok_or_else(|| odd(column, "no reason"))
}

/// A number of things.
pub(super) fn natural(row: &Row<'_>, column: usize) -> rusqlite::Result<usize> {
    row.get::<_, i64>(column).map(|number| usize::try_from(number).unwrap_or_default())
}

fn instant(row: &Row<'_>, column: usize) -> rusqlite::Result<Timestamp> {
    Timestamp::from_microsecond(row.get(column)?).map_err(|error| odd(column, &error.to_string()))
}

fn odd(column: usize, error: &str) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, Type::Text, error.to_owned().into())
}

pub(super) fn micros(at: Timestamp) -> i64 {
    at.as_microsecond()
}

pub(super) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
