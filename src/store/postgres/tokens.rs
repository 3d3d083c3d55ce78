//! Tokens as rows. Another process may change them: each change counts in a note.

use std::sync::Arc;

use deadpool_postgres::Transaction;
use ipnet::IpNet;
use jiff::Timestamp;
use tokio_postgres::Row;

use super::{Outcome, Postgres, ask};
use crate::store::{Issued, MOST_TOKENS, Scope, Token, Tokens, Work};

/// The tokens of the database.
pub(super) struct Ring(pub(super) Postgres);

impl Tokens for Ring {
    fn all(&self) -> Work<'_, Vec<Issued>> {
        Box::pin(async move {
            let text = "SELECT id, tenant, title, digest, scope, networks, expires, created, used,
                            revoked FROM tokens ORDER BY id";
            let rows = self.0.rows(text, &[]).await?;
            rows.iter().map(issued).map(|read| read.map_err(|words| self.0.told(words))).collect()
        })
    }

    fn version(&self) -> Work<'_, u64> {
        Box::pin(async move {
            let text = "SELECT text::bigint FROM notes WHERE name = 'tokens'";
            let rows = self.0.rows(text, &[]).await?;
            let version = rows.first().map_or(Ok(0), |row| row.try_get::<_, i64>(0));
            let version = version.map_err(|error| self.0.told(error))?;
            Ok(u64::try_from(version).unwrap_or_default())
        })
    }

    fn add(&self, tenant: &Arc<str>, token: Token, now: Timestamp) -> Work<'_, Option<u64>> {
        let tenant = Arc::clone(tenant);
        let add = self.0.together(move |step| {
            Box::pin(async move { add(step, &tenant, &token, now.as_microsecond()).await })
        });
        Box::pin(add)
    }

    fn revoke(&self, id: u64, now: Timestamp) -> Work<'_, bool> {
        let text = "UPDATE tokens SET revoked = $2 WHERE id = $1 AND revoked IS NULL RETURNING id";
        self.change(text, id, now)
    }

    fn shorten(&self, id: u64, until: Timestamp) -> Work<'_, bool> {
        let text = "UPDATE tokens SET expires = least(coalesce(expires, $2), $2)
                        WHERE id = $1 AND revoked IS NULL RETURNING id";
        self.change(text, id, until)
    }

    fn used(&self, uses: Vec<(u64, Timestamp)>) -> Work<'_, ()> {
        Box::pin(async move {
            let (ids, times): (Vec<i64>, Vec<i64>) =
                uses.iter().map(|(id, at)| (number(*id), at.as_microsecond())).unzip();
            let text = "UPDATE tokens SET used = greatest(used, told.at)
                            FROM unnest($1::bigint[], $2::bigint[]) AS told (id, at)
                            WHERE tokens.id = told.id";
            self.0.done(text, &[&ids, &times]).await
        })
    }
}

impl Ring {
    /// Changes one token; whether there was one to change.
    fn change(&self, text: &'static str, id: u64, at: Timestamp) -> Work<'_, bool> {
        Box::pin(self.0.together(move |step| {
            Box::pin(async move {
                let rows = ask(step, text, &[&number(id), &at.as_microsecond()]).await?;
                if !rows.is_empty() {
                    changed(step).await?;
                }
                Ok(!rows.is_empty())
            })
        }))
    }
}

/// The count of changes is taken first: two processes that add at the same time count
/// one after the other, so that both see all there is.
async fn add(
    step: &Transaction<'_>,
    tenant: &str,
    token: &Token,
    now: i64,
) -> Outcome<Option<u64>> {
    changed(step).await?;
    let text = "SELECT count(*) FROM tokens WHERE tenant = $1 AND revoked IS NULL
                    AND (expires IS NULL OR expires > $2)";
    let living = ask(step, text, &[&tenant, &now]).await?;
    let living = living.first().map_or(Ok(0), |row| row.try_get::<_, i64>(0))?;
    if usize::try_from(living).is_ok_and(|living| living >= MOST_TOKENS) {
        return Ok(None);
    }
    let networks: Vec<_> = token.from.iter().map(ToString::to_string).collect();
    let text = "INSERT INTO tokens (tenant, title, digest, scope, networks, expires, created)
                    VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING id";
    let values: super::Values<'_> = &[
        &tenant,
        &token.title,
        &token.digest.bytes().as_slice(),
        &token.scope.to_string(),
        &networks.join(" "),
        &token.expires.map(Timestamp::as_microsecond),
        &now,
    ];
    let rows = ask(step, text, values).await?;
    let id = rows.first().map(|row| row.try_get::<_, i64>(0)).transpose()?;
    Ok(id.and_then(|id| u64::try_from(id).ok()))
}

async fn changed(step: &Transaction<'_>) -> Outcome<()> {
    let text = "INSERT INTO notes VALUES ('tokens', '1')
                    ON CONFLICT (name) DO UPDATE SET text = (notes.text::bigint + 1)::text";
    ask(step, text, &[]).await.map(drop)
}

/// What does not fit was written by nobody of us: an error, never a token that may
/// more than it was made for.
fn issued(row: &Row) -> Result<Issued, String> {
    let told = |error: tokio_postgres::Error| error.to_string();
    let digest: &[u8] = row.try_get(3).map_err(told)?;
    let digest = <[u8; 32]>::try_from(digest).map_err(|error| error.to_string())?;
    let (scope, networks): (&str, &str) =
        (row.try_get(4).map_err(told)?, row.try_get(5).map_err(told)?);
    let networks: Result<Vec<IpNet>, _> = networks.split_whitespace().map(str::parse).collect();
    Ok(Issued {
        id: u64::try_from(row.try_get::<_, i64>(0).map_err(told)?).unwrap_or_default(),
        tenant: row.try_get::<_, &str>(1).map_err(told)?.into(),
        token: Token {
            title: row.try_get(2).map_err(told)?,
            digest: digest.into(),
            scope: Scope::parse(scope)?,
            expires: instant(row, 6)?,
            from: networks.map_err(|error| error.to_string())?,
        },
        created: instant(row, 7)?.ok_or("a token without a beginning")?,
        used: instant(row, 8)?,
        revoked: instant(row, 9)?,
    })
}

fn instant(row: &Row, column: usize) -> Result<Option<Timestamp>, String> {
    let micros: Option<i64> = row.try_get(column).map_err(|error| error.to_string())?;
    let instant = micros.map(Timestamp::from_microsecond).transpose();
    instant.map_err(|error| error.to_string())
}

fn number(id: u64) -> i64 {
    i64::try_from(id).unwrap_or(i64::MAX)
}
