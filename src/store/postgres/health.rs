//! Whether a server would do as a store: asked, with nothing written.

use super::schema::{form, today};
use super::{Postgres, Settings};
use crate::store::Error;

/// What a server says of itself and of us.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Health {
    /// Its version.
    pub version: String,
    /// Whether it takes writes.
    pub writable: bool,
    /// Whether we may make what is missing.
    pub permitted: bool,
    /// How our tables are.
    pub tables: Tables,
}

/// How our tables are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tables {
    /// Not there yet: the first start makes them.
    Absent,
    /// Of an earlier form: the next start brings them to today's.
    Earlier,
    /// Of today's form.
    Ready,
    /// Of a form that only a later version knows.
    Later,
}

impl Postgres {
    /// Asks a server how it is.
    pub async fn examine(settings: &Settings) -> Result<Health, Error> {
        let store = Self::reach(settings)?;
        let session = store.session().await?;
        let told = |error: tokio_postgres::Error| store.told(super::fault::words(&error));
        let text = "SELECT current_setting('server_version'),
                        NOT pg_is_in_recovery() AND NOT current_setting('transaction_read_only')::bool,
                        coalesce(has_schema_privilege(to_regnamespace($1)::oid, 'CREATE'),
                            has_database_privilege(current_database(), 'CREATE'))";
        let row = session.query_one(text, &[&settings.schema]).await.map_err(told)?;
        let tables = match form(&session, &settings.schema).await.map_err(told)? {
            None => Tables::Absent,
            Some(done) if done < today() => Tables::Earlier,
            Some(done) if done == today() => Tables::Ready,
            Some(_) => Tables::Later,
        };
        Ok(Health {
            version: row.try_get(0).map_err(told)?,
            writable: row.try_get(1).map_err(told)?,
            permitted: row.try_get(2).map_err(told)?,
            tables,
        })
    }
}
