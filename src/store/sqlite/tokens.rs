//! Tokens as rows. Another process may change them: each change counts in a note.

use std::future::ready;
use std::sync::Arc;

use ipnet::IpNet;
use jiff::Timestamp;
use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::Sqlite;
use crate::store::{Issued, MOST_TOKENS, Scope, Token, Tokens, Work};

/// The tokens of the file.
pub(super) struct Ring(pub(super) Sqlite);

impl Tokens for Ring {
    fn all(&self) -> Work<'_, Vec<Issued>> {
        let all = self.0.read(|reader| {
            let mut statement = reader.prepare_cached(
                "SELECT id, tenant, title, digest, scope, networks, expires, created, used,
                     revoked FROM tokens ORDER BY id",
            )?;
            statement.query_map([], issued)?.collect()
        });
        Box::pin(ready(all))
    }

    fn version(&self) -> Work<'_, u64> {
        let version = self.0.read(|reader| {
            let text = "SELECT CAST(text AS INTEGER) FROM notes WHERE name = 'tokens'";
            let version = reader.prepare_cached(text)?.query_row([], |row| row.get::<_, i64>(0));
            Ok(version.optional()?.unwrap_or_default())
        });
        Box::pin(ready(version.map(|version| u64::try_from(version).unwrap_or_default())))
    }

    fn add(&self, tenant: &Arc<str>, token: Token, now: Timestamp) -> Work<'_, Option<u64>> {
        let tenant = Arc::clone(tenant);
        Box::pin(self.0.write(move |step| {
            let now = now.as_microsecond();
            let living: i64 = step.query_row(
                "SELECT count(*) FROM tokens WHERE tenant = ?1 AND revoked IS NULL
                     AND (expires IS NULL OR expires > ?2)",
                params![tenant, now],
                |row| row.get(0),
            )?;
            if usize::try_from(living).is_ok_and(|living| living >= MOST_TOKENS) {
                return Ok(None);
            }
            let networks: Vec<_> = token.from.iter().map(ToString::to_string).collect();
            step.execute(
                "INSERT INTO tokens (tenant, title, digest, scope, networks, expires, created)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                params![
                    tenant,
                    token.title,
                    token.digest.bytes(),
                    token.scope.to_string(),
                    networks.join(" "),
                    token.expires.map(Timestamp::as_microsecond),
                    now,
                ],
            )?;
            let id = step.last_insert_rowid();
            changed(step)?;
            Ok(u64::try_from(id).ok())
        }))
    }

    fn revoke(&self, id: u64, now: Timestamp) -> Work<'_, bool> {
        let text = "UPDATE tokens SET revoked = ?2 WHERE id = ?1 AND revoked IS NULL";
        self.change(text, id, now)
    }

    fn shorten(&self, id: u64, until: Timestamp) -> Work<'_, bool> {
        let text = "UPDATE tokens SET expires = min(coalesce(expires, ?2), ?2)
                        WHERE id = ?1 AND revoked IS NULL";
        self.change(text, id, until)
    }

    fn used(&self, uses: Vec<(u64, Timestamp)>) -> Work<'_, ()> {
        Box::pin(self.0.write(move |step| {
            let text = "UPDATE tokens SET used = max(coalesce(used, 0), ?2) WHERE id = ?1";
            let mut statement = step.prepare_cached(text)?;
            for (id, at) in uses {
                statement.execute(params![number(id), at.as_microsecond()])?;
            }
            Ok(())
        }))
    }
}

impl Ring {
    /// Changes one token; whether there was one to change.
    fn change(&self, text: &'static str, id: u64, at: Timestamp) -> Work<'_, bool> {
        Box::pin(self.0.write(move |step| {
            let there = step.execute(text, params![number(id), at.as_microsecond()])? > 0;
            if there {
                changed(step)?;
            }
            Ok(there)
        }))
    }
}

fn changed(step: &Connection) -> rusqlite::Result<()> {
    step.execute(
        "INSERT INTO notes VALUES ('tokens', '1')
         ON CONFLICT DO UPDATE SET text = CAST(text AS INTEGER) + 1",
        [],
    )?;
    Ok(())
}

fn issued(row: &Row<'_>) -> rusqlite::Result<Issued> {
    let id: i64 = row.get(0)?;
    let (tenant, title): (String, String) = (row.get(1)?, row.get(2)?);
    let (digest, scope, networks): (Vec<u8>, String, String) =
        (row.get(3)?, row.get(4)?, row.get(5)?);
    let digest = <[u8; 32]>::try_from(digest).map_err(|_| odd(3, "no digest"))?;
    let networks: Result<Vec<IpNet>, _> = networks.split_whitespace().map(str::parse).collect();
    Ok(Issued {
        id: u64::try_from(id).unwrap_or_default(),
        tenant: tenant.into(),
        token: Token {
            title,
            digest: digest.into(),
            scope: Scope::parse(&scope).map_err(|words| odd(4, &words))?,
            expires: instant(row, 6)?,
            from: networks.map_err(|error| odd(5, &error.to_string()))?,
        },
        created: instant(row, 7)?.ok_or_else(|| odd(7, "no time"))?,
        used: instant(row, 8)?,
        revoked: instant(row, 9)?,
    })
}

fn instant(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Timestamp>> {
    let micros: Option<i64> = row.get(column)?;
    let instant = micros.map(Timestamp::from_microsecond).transpose();
    instant.map_err(|error| odd(column, &error.to_string()))
}

/// What does not fit was written by nobody of us: an error, never a token that may
/// more than it was made for.
fn odd(column: usize, words: &str) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, Type::Text, words.to_owned().into())
}

fn number(id: u64) -> i64 {
    i64::try_from(id).unwrap_or(i64::MAX)
}
