//! The form of the tables, and the way there from every earlier one.

use std::time::Duration;

use deadpool_postgres::{GenericClient, Object};
use tokio_postgres::Error;

use super::fault::words;
use super::fill::fill;

/// How the form came to be, one step after the other. A step that was released
/// is never changed: databases exist that took it.
const STEPS: [(&str, &str); 9] = [
    ("entries", include_str!("steps/1-entries.sql")),
    ("pending", include_str!("steps/2-pending.sql")),
    ("trail", include_str!("steps/3-trail.sql")),
    ("tokens", include_str!("steps/4-tokens.sql")),
    ("renames", include_str!("steps/5-renames.sql")),
    ("queue", include_str!("steps/6-queue.sql")),
    ("begun", include_str!("steps/7-begun.sql")),
    ("found", include_str!("steps/8-found.sql")),
    ("accounts", include_str!("steps/9-accounts.sql")),
];

/// Since this form all entries are found by their names.
const FOUND: usize = 8;

/// How long a process waits for another that brings the tables to today's form.
const WAIT: Duration = Duration::from_mins(1);

/// Brings the schema to today's form, or refuses one that is not ours or from a
/// later version, unchanged. Processes that start together do it one after the
/// other. Where there is nothing to do, nothing is written.
pub(super) async fn migrate(client: &mut Object, schema: &str) -> Result<(), Unfit> {
    if form(client, schema).await?.is_some_and(|done| done == STEPS.len()) {
        return Ok(());
    }
    let step = client.transaction().await?;
    let wait = WAIT.as_millis();
    step.batch_execute(&format!(
        "SET LOCAL statement_timeout TO 0; SET LOCAL lock_timeout TO {wait}"
    ))
    .await?;
    step.query(
        "SELECT pg_advisory_xact_lock(hashtextextended('matricula:form:' || $1, 0))",
        &[&schema],
    )
    .await?;
    let done = form(&step, schema).await?;
    if done.is_none() {
        found(&step, schema).await?;
    }
    let done = done.unwrap_or_default();
    let Some(open) = STEPS.get(done..) else { return Err(Unfit::Later(done)) };
    for (index, (name, text)) in open.iter().enumerate() {
        step.batch_execute(text).await?;
        let number = i32::try_from(done + index + 1).unwrap_or(i32::MAX);
        step.execute("INSERT INTO form (number, name) VALUES ($1, $2)", &[&number, name]).await?;
    }
    if done < FOUND {
        fill(&step).await?;
    }
    Ok(step.commit().await?)
}

/// How many steps the schema has taken; nothing, where it is not ours.
pub(super) async fn form(
    client: &impl GenericClient,
    schema: &str,
) -> Result<Option<usize>, Error> {
    // Looked up in the tables of the server, since `to_regclass` may remember from
    // before we waited that there was none.
    let there = "SELECT EXISTS (SELECT FROM pg_catalog.pg_tables
                     WHERE schemaname = $1 AND tablename = 'form')";
    let there = client.query_one(there, &[&schema]).await?;
    if !there.try_get::<_, bool>(0)? {
        return Ok(None);
    }
    let text = format!("SELECT coalesce(max(number), 0) FROM {schema}.form");
    let done: i32 = client.query_one(&text, &[]).await?.try_get(0)?;
    Ok(Some(usize::try_from(done).unwrap_or_default()))
}

/// Makes the schema, or takes one that is there and empty.
async fn found(step: &impl GenericClient, schema: &str) -> Result<(), Unfit> {
    let text = "SELECT count(c.oid) FROM pg_namespace n LEFT JOIN pg_class c ON \
                c.relnamespace = n.oid WHERE n.nspname = $1 GROUP BY n.oid";
    match step.query_opt(text, &[&schema]).await? {
        Some(row) if row.try_get::<_, i64>(0)? > 0 => return Err(Unfit::Foreign),
        Some(_) => {}
        None => step.batch_execute(&format!("CREATE SCHEMA {schema}")).await?,
    }
    step.batch_execute(
        "CREATE TABLE form (
             number integer PRIMARY KEY,
             name text NOT NULL,
             taken timestamptz NOT NULL DEFAULT now()
         )",
    )
    .await?;
    Ok(())
}

/// How many steps there are.
pub(super) const fn today() -> usize {
    STEPS.len()
}

/// Why a schema cannot be used.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unfit {
    #[error("the schema belongs to another program; name another one as `store.postgres.schema`")]
    Foreign,
    #[error("the tables were written by a later version (form {0}); use that version")]
    Later(usize),
    #[error("{}", words(.0))]
    Postgres(#[from] Error),
}
