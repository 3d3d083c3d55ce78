//! The trail as rows. Links are made under a lock that all processes share, so that
//! no two of them can make the same one; what came together while it was waited for
//! is appended together.

use std::ops::RangeInclusive;
use std::sync::{Mutex, MutexGuard, PoisonError};

use deadpool_postgres::Transaction;
use jiff::Timestamp;
use tokio::sync::oneshot::{self, error::TryRecvError};
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

use super::entry_row::narrow;
use super::{Outcome, Postgres, ask};
use crate::store::trail::{NOTHING, Side, end, link};
use crate::store::{Digest, End, Ends, Error, Key, Link, Record, Trail, Wanted, Work};

/// So many share a transaction at most.
const TOGETHER: usize = 256;

/// The trail of the database, with the key that seals it.
pub(super) struct Sealed {
    store: Postgres,
    key: Key,
    waiting: Mutex<Vec<Waiting>>,
    turn: tokio::sync::Mutex<()>,
}

/// A record, and who is told its number.
type Waiting = (Record, oneshot::Sender<Result<u64, Error>>);

impl Sealed {
    pub(super) fn new(store: &Postgres, key: &Key) -> Self {
        let (waiting, turn) = (Mutex::default(), tokio::sync::Mutex::default());
        Self { store: store.clone(), key: key.clone(), waiting, turn }
    }

    /// Whoever gets the turn appends for everybody who waits by then.
    async fn appended(&self, record: Record) -> Result<u64, Error> {
        let (tell, mut told) = oneshot::channel();
        self.lock().push((record, tell));
        loop {
            let _turn = self.turn.lock().await;
            match told.try_recv() {
                Ok(outcome) => return outcome,
                Err(TryRecvError::Closed) => return Err(Error::new("the append was given up")),
                Err(TryRecvError::Empty) => {}
            }
            let batch: Vec<_> = {
                let mut waiting = self.lock();
                let count = waiting.len().min(TOGETHER);
                waiting.drain(..count).collect()
            };
            let (records, tells): (Vec<_>, Vec<_>) = batch.into_iter().unzip();
            let outcome = self.append_all(records).await;
            for (index, tell) in tells.into_iter().enumerate() {
                let own = |first: &u64| first + u64::try_from(index).unwrap_or_default();
                // Whoever does not wait any more does not need to know.
                let _ = tell.send(outcome.as_ref().map(own).map_err(Error::clone));
            }
        }
    }

    /// The number of the first.
    async fn append_all(&self, records: Vec<Record>) -> Result<u64, Error> {
        let bodies: Result<Vec<_>, _> = records.iter().map(serde_json::to_string).collect();
        let (bodies, key) = (bodies.map_err(Error::new)?, self.key.clone());
        let appended = self.store.together(move |step| {
            Box::pin(async move { append(step, &key, &records, bodies).await })
        });
        appended.await
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Waiting>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Trail for Sealed {
    fn append(&self, record: Record) -> Work<'_, u64> {
        Box::pin(self.appended(record))
    }

    fn links<'a>(&'a self, wanted: &'a Wanted) -> Work<'a, Vec<Link>> {
        Box::pin(async move {
            let (text, values) = asked(wanted);
            let values: Vec<&(dyn ToSql + Sync)> =
                values.iter().map(|value| &**value as &(dyn ToSql + Sync)).collect();
            let rows = self.store.rows(&text, &values).await?;
            let found: Outcome<Vec<_>> = rows.iter().map(one).collect();
            let mut found = found.map_err(|error| self.store.told(error))?;
            if wanted.latest {
                found.reverse();
            }
            Ok(found)
        })
    }

    fn ends(&self) -> Work<'_, Ends> {
        Box::pin(self.store.together(|step| {
            Box::pin(async move {
                // Both of one moment.
                let text = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ";
                step.batch_execute(text).await?;
                let (anchor, head) =
                    (side(step, Side::Anchor).await?, side(step, Side::Head).await?);
                Ok(Ends { anchor, head })
            })
        }))
    }

    fn prune(&self, kept: RangeInclusive<Timestamp>, most: usize) -> Work<'_, usize> {
        let key = self.key.clone();
        Box::pin(
            self.store.together(move |step| {
                Box::pin(async move { prune(step, &key, &kept, most).await })
            }),
        )
    }

    fn restart(&self) -> Work<'_, ()> {
        let key = self.key.clone();
        Box::pin(self.store.together(move |step| {
            Box::pin(async move {
                alone(step).await?;
                let Some(head) = side(step, Side::Head).await? else { return Ok(()) };
                for side in [Side::Anchor, Side::Head] {
                    put(step, side, &end(&key, side, head.seq, head.digest)).await?;
                }
                Ok(())
            })
        }))
    }
}

/// A value for a statement.
type Value = Box<dyn ToSql + Sync + Send>;

/// The statement that finds what is wanted, and its values: each way of asking is planned
/// for itself, and so is each number of records, for many are read otherwise than few.
pub(super) fn asked(wanted: &Wanted) -> (String, Vec<Value>) {
    let either = "seq = ANY(ARRAY(SELECT seq FROM trail WHERE resource = $
                      UNION SELECT seq FROM trail WHERE name = $))";
    let text = |text: &str| Box::new(narrow(text)) as Value;
    let micros = |at: Timestamp| Box::new(at.as_microsecond()) as Value;
    let clauses: [(&str, Option<Value>); 5] = [
        ("tenant = $", wanted.tenant.as_deref().map(text)),
        (either, wanted.resource.as_deref().map(text)),
        ("outcome = $", wanted.outcome.map(|outcome| text(outcome.as_str()))),
        ("at >= $", wanted.since.map(micros)),
        ("at < $", wanted.until.map(micros)),
    ];
    let mut text = "SELECT seq, body, digest FROM trail WHERE seq > $1".to_owned();
    let mut values: Vec<Value> = vec![Box::new(number(wanted.after))];
    for (clause, value) in clauses {
        let Some(value) = value else { continue };
        values.push(value);
        text.push_str(" AND ");
        text.push_str(&clause.replace('$', &format!("${}", values.len())));
    }
    let order = if wanted.latest { "DESC" } else { "ASC" };
    let most = i64::try_from(wanted.most).unwrap_or(i64::MAX);
    (format!("{text} ORDER BY seq {order} LIMIT {most}"), values)
}

/// Until the end of these steps, nobody else has a hand in it.
async fn alone(step: &Transaction<'_>) -> Outcome<()> {
    // Not the table itself: it changes with every record, and has to be vacuumed.
    let text = "SELECT pg_advisory_xact_lock(hashtextextended(
                    'matricula:trail:' || current_schema(), 0))";
    ask(step, text, &[]).await.map(drop)
}

async fn append(
    step: &Transaction<'_>,
    key: &Key,
    records: &[Record],
    bodies: Vec<String>,
) -> Outcome<u64> {
    alone(step).await?;
    let head = side(step, Side::Head).await?;
    let mut last = head.map_or((0, NOTHING), |head| (head.seq, head.digest));
    let first = last.0 + 1;
    for (record, body) in records.iter().zip(bodies) {
        let next = link(key, last, body);
        let values: [&(dyn ToSql + Sync); 8] = [
            &number(next.seq),
            &record.at.as_microsecond(),
            &record.tenant.as_deref().map(narrow),
            &record.resource.as_deref().map(narrow),
            &record.name.as_deref().map(narrow),
            &record.outcome.as_str(),
            &next.body,
            &next.digest.bytes().as_slice(),
        ];
        ask(step, "INSERT INTO trail VALUES ($1, $2, $3, $4, $5, $6, $7, $8)", &values).await?;
        last = (next.seq, next.digest);
    }
    put(step, Side::Head, &end(key, Side::Head, last.0, last.1)).await?;
    Ok(first)
}

/// The oldest are the first: the anchor takes the place of the last that goes.
async fn prune(
    step: &Transaction<'_>,
    key: &Key,
    kept: &RangeInclusive<Timestamp>,
    most: usize,
) -> Outcome<usize> {
    alone(step).await?;
    let text = "SELECT seq, body, digest, at FROM trail WHERE at <= $2 ORDER BY seq LIMIT $1";
    let (most, now) = (i64::try_from(most).unwrap_or(i64::MAX), kept.end().as_microsecond());
    let rows = ask(step, text, &[&most, &now]).await?;
    let mut last = None;
    for row in &rows {
        if row.try_get::<_, i64>(3)? >= kept.start().as_microsecond() {
            break;
        }
        last = Some(one(row)?);
    }
    let Some(last) = last else { return Ok(0) };
    let gone = step.execute("DELETE FROM trail WHERE seq <= $1", &[&number(last.seq)]).await?;
    // Behind an anchor that stands further on, there is nothing to prove any more.
    if side(step, Side::Anchor).await?.is_none_or(|anchor| anchor.seq < last.seq) {
        put(step, Side::Anchor, &end(key, Side::Anchor, last.seq, last.digest)).await?;
    }
    Ok(usize::try_from(gone).unwrap_or(usize::MAX))
}

async fn side(step: &Transaction<'_>, side: Side) -> Outcome<Option<End>> {
    let text = "SELECT seq, digest, seal FROM trail_ends WHERE side = $1";
    let rows = ask(step, text, &[&side.as_str()]).await?;
    let end =
        |row: &Row| Ok(End { seq: seq(row)?, digest: digest(row, 1)?, seal: digest(row, 2)? });
    rows.first().map(end).transpose()
}

async fn put(step: &Transaction<'_>, side: Side, end: &End) -> Outcome<()> {
    let text = "INSERT INTO trail_ends VALUES ($1, $2, $3, $4)
                ON CONFLICT (side) DO UPDATE SET seq = $2, digest = $3, seal = $4";
    let (digest, seal) = (end.digest.bytes(), end.seal.bytes());
    let values: super::Values<'_> =
        &[&side.as_str(), &number(end.seq), &digest.as_slice(), &seal.as_slice()];
    ask(step, text, values).await.map(drop)
}

fn one(row: &Row) -> Outcome<Link> {
    Ok(Link { seq: seq(row)?, body: row.try_get(1)?, digest: digest(row, 2)? })
}

fn seq(row: &Row) -> Outcome<u64> {
    row.try_get::<_, i64>(0).map(|seq| u64::try_from(seq).unwrap_or_default())
}

/// One of another length was written by nobody of us, and equals no other.
fn digest(row: &Row, column: usize) -> Outcome<Digest> {
    let bytes: Vec<u8> = row.try_get(column)?;
    Ok(<[u8; 32]>::try_from(bytes).map_or(NOTHING, Digest::from))
}

fn number(seq: u64) -> i64 {
    i64::try_from(seq).unwrap_or(i64::MAX)
}
