//! The form of the file, and the way there from every earlier one.

use std::time::Duration;

use rusqlite::{Connection, TransactionBehavior};

use super::fill::fill;

/// How the form came to be, one step after the other. A step that was released
/// is never changed: files exist that took it.
const STEPS: [&str; 10] = [
    include_str!("steps/1-entries.sql"),
    include_str!("steps/2-pending.sql"),
    include_str!("steps/3-trail.sql"),
    include_str!("steps/4-names.sql"),
    include_str!("steps/5-tokens.sql"),
    include_str!("steps/6-renames.sql"),
    include_str!("steps/7-queue.sql"),
    include_str!("steps/8-begun.sql"),
    include_str!("steps/9-found.sql"),
    include_str!("steps/10-accounts.sql"),
];

/// Since this form all entries are found by their names.
const FOUND: usize = 9;

/// What says that a file is ours: `MATR`.
const OURS: i32 = 0x4d41_5452;

/// Settings of each connection. What was acknowledged survives a power cut, so
/// every commit is synced; commits are few, since they are shared.
pub(super) fn set_up(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(Duration::from_secs(5))?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.set_prepared_statement_cache_capacity(32);
    Ok(())
}

/// Whether the file has today's form.
pub(super) fn is_current(connection: &Connection) -> rusqlite::Result<bool> {
    let number = |name| connection.pragma_query_value(None, name, |row| row.get::<_, i32>(0));
    let steps = i32::try_from(STEPS.len()).unwrap_or(i32::MAX);
    Ok(number("application_id")? == OURS && number("user_version")? == steps)
}

/// Brings the file to today's form, or refuses one that is not ours or from a
/// later version, unchanged.
pub(super) fn migrate(connection: &mut Connection) -> Result<(), Unfit> {
    let step = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let number = |name| step.pragma_query_value(None, name, |row| row.get::<_, i32>(0));
    let (ours, version) = (number("application_id")?, number("user_version")?);
    let tables: i64 = step.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    if ours != OURS && (ours != 0 || tables > 0) {
        return Err(Unfit::Foreign);
    }
    let done = usize::try_from(version).unwrap_or(usize::MAX);
    let Some(open) = STEPS.get(done..) else { return Err(Unfit::Later(version)) };
    for text in open {
        step.execute_batch(text)?;
    }
    if done < FOUND {
        fill(&step)?;
    }
    step.pragma_update(None, "application_id", OURS)?;
    step.pragma_update(None, "user_version", i32::try_from(STEPS.len()).unwrap_or(i32::MAX))?;
    Ok(step.commit()?)
}

/// Why a file cannot be used.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unfit {
    #[error("it belongs to another program; name another file")]
    Foreign,
    #[error("it was written by a later version (form {0}); use that version")]
    Later(i32),
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
}
