//! The trail as rows. A link is made within the write that keeps it, so that no
//! two processes can make the same one.

use std::future::ready;
use std::ops::RangeInclusive;

use jiff::Timestamp;
use rusqlite::types::{Type, Value as Cell};
use rusqlite::{Connection, OptionalExtension, Row, params, params_from_iter};
use tokio::task::spawn_blocking;

use super::Sqlite;
use crate::store::trail::{NOTHING, Side, end, link};
use crate::store::{Digest, End, Ends, Error, Key, Link, Record, Trail, Wanted, Work};

/// The trail of the file, with the key that seals it.
pub(super) struct Sealed {
    pub(super) store: Sqlite,
    pub(super) key: Key,
}

impl Trail for Sealed {
    fn append(&self, record: Record) -> Work<'_, u64> {
        let key = self.key.clone();
        match serde_json::to_string(&record) {
            Ok(body) => Box::pin(self.store.write(move |step| append(step, &key, &record, body))),
            Err(error) => Box::pin(ready(Err(Error::new(error)))),
        }
    }

    fn links<'a>(&'a self, wanted: &'a Wanted) -> Work<'a, Vec<Link>> {
        let (store, wanted) = (self.store.clone(), wanted.clone());
        // It may read everything, which is no work for a thread that serves.
        Box::pin(async move {
            let found = spawn_blocking(move || store.search(|reader| links(reader, &wanted))).await;
            found.unwrap_or_else(|error| Err(Error::new(error)))
        })
    }

    fn ends(&self) -> Work<'_, Ends> {
        Box::pin(ready(self.store.read(|reader| {
            Ok(Ends { anchor: side(reader, Side::Anchor)?, head: side(reader, Side::Head)? })
        })))
    }

    fn prune(&self, kept: RangeInclusive<Timestamp>, most: usize) -> Work<'_, usize> {
        let key = self.key.clone();
        Box::pin(self.store.write(move |step| prune(step, &key, &kept, most)))
    }

    fn restart(&self) -> Work<'_, ()> {
        let key = self.key.clone();
        Box::pin(self.store.write(move |step| {
            let Some(head) = side(step, Side::Head)? else { return Ok(()) };
            for side in [Side::Anchor, Side::Head] {
                put(step, side, &end(&key, side, head.seq, head.digest))?;
            }
            Ok(())
        }))
    }
}

fn append(step: &Connection, key: &Key, record: &Record, body: String) -> rusqlite::Result<u64> {
    let head = side(step, Side::Head)?;
    let after = head.map_or((0, NOTHING), |head| (head.seq, head.digest));
    let next = link(key, after, body);
    step.prepare_cached("INSERT INTO trail VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)")?.execute(
        params![
            number(next.seq),
            record.at.as_microsecond(),
            record.tenant,
            record.resource,
            record.name,
            record.outcome.as_str(),
            next.body,
            next.digest.bytes(),
        ],
    )?;
    put(step, Side::Head, &end(key, Side::Head, next.seq, next.digest))?;
    Ok(next.seq)
}

/// The oldest are the first: the anchor takes the place of the last that goes.
fn prune(
    step: &Connection,
    key: &Key,
    kept: &RangeInclusive<Timestamp>,
    most: usize,
) -> rusqlite::Result<usize> {
    let text = "SELECT seq, body, digest, at FROM trail WHERE at <= ?2 ORDER BY seq LIMIT ?1";
    let (most, now) = (i64::try_from(most).unwrap_or(i64::MAX), kept.end().as_microsecond());
    let mut rows = step.prepare_cached(text)?;
    let mut rows = rows.query([most, now])?;
    let mut last = None;
    while let Some(row) = rows.next()? {
        if row.get::<_, i64>(3)? >= kept.start().as_microsecond() {
            break;
        }
        last = Some(one(row)?);
    }
    let Some(last) = last else { return Ok(0) };
    let gone = step.execute("DELETE FROM trail WHERE seq <= ?1", [number(last.seq)])?;
    // Behind an anchor that stands further on, there is nothing to prove any more.
    if side(step, Side::Anchor)?.is_none_or(|anchor| anchor.seq < last.seq) {
        put(step, Side::Anchor, &end(key, Side::Anchor, last.seq, last.digest))?;
    }
    Ok(gone)
}

fn side(reader: &Connection, side: Side) -> rusqlite::Result<Option<End>> {
    let mut statement =
        reader.prepare_cached("SELECT seq, digest, seal FROM trail_ends WHERE side = ?1")?;
    let end =
        |row: &Row<'_>| Ok(End { seq: seq(row)?, digest: digest(row, 1)?, seal: digest(row, 2)? });
    statement.query_row([side.as_str()], end).optional()
}

fn put(step: &Connection, side: Side, end: &End) -> rusqlite::Result<()> {
    step.prepare_cached(
        "INSERT INTO trail_ends VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT DO UPDATE SET seq = ?2, digest = ?3, seal = ?4",
    )?
    .execute(params![side.as_str(), number(end.seq), end.digest.bytes(), end.seal.bytes()])?;
    Ok(())
}

fn links(reader: &Connection, wanted: &Wanted) -> rusqlite::Result<Vec<Link>> {
    let (text, values) = asked(wanted);
    let mut statement = reader.prepare_cached(&text)?;
    let rows = statement.query_map(params_from_iter(values), one)?;
    let mut found = rows.collect::<rusqlite::Result<Vec<_>>>()?;
    if wanted.latest {
        found.reverse();
    }
    Ok(found)
}

/// The statement that finds what is wanted, and its values.
pub(super) fn asked(wanted: &Wanted) -> (String, Vec<Cell>) {
    let either = " AND seq IN (SELECT seq FROM trail WHERE resource = ?
                       UNION SELECT seq FROM trail WHERE name = ?)";
    let text = |text: &str| Cell::Text(text.to_owned());
    let name = wanted.resource.as_deref().map(text);
    let micros = |at: Timestamp| Cell::Integer(at.as_microsecond());
    let clauses = [
        (" AND tenant = ?", wanted.tenant.as_deref().map(text)),
        (either, name.clone()),
        ("", name),
        (" AND outcome = ?", wanted.outcome.map(|outcome| text(outcome.as_str()))),
        (" AND at >= ?", wanted.since.map(micros)),
        (" AND at < ?", wanted.until.map(micros)),
    ];
    let mut text = "SELECT seq, body, digest FROM trail WHERE seq > ?".to_owned();
    let mut values = vec![Cell::Integer(number(wanted.after))];
    for (clause, value) in clauses {
        text.extend(value.is_some().then_some(clause));
        values.extend(value);
    }
    text.push_str(if wanted.latest {
        " ORDER BY seq DESC LIMIT ?"
    } else {
        " ORDER BY seq LIMIT ?"
    });
    values.push(Cell::Integer(i64::try_from(wanted.most).unwrap_or(i64::MAX)));
    (text, values)
}

fn one(row: &Row<'_>) -> rusqlite::Result<Link> {
    Ok(Link { seq: seq(row)?, body: row.get(1)?, digest: digest(row, 2)? })
}

fn seq(row: &Row<'_>) -> rusqlite::Result<u64> {
    row.get::<_, i64>(0).map(|seq| u64::try_from(seq).unwrap_or_default())
}

fn digest(row: &Row<'_>, column: usize) -> rusqlite::Result<Digest> {
    let bytes: Vec<u8> = row.get(column)?;
    <[u8; 32]>::try_from(bytes).map(Digest::from).map_err(|_| {
        rusqlite::Error::FromSqlConversionFailure(column, Type::Blob, "no digest".into())
    })
}

fn number(seq: u64) -> i64 {
    i64::try_from(seq).unwrap_or(i64::MAX)
}
