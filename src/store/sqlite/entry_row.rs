//! An entry and its row.

use jiff::Timestamp;
use rusqlite::types::Type;
use rusqlite::{Connection, Row, params};
use serde_json::{Map, Value};

use crate::scim::{Kind, Resource, ResourceId};
use crate::store::narrow::Found;
use crate::store::{Among, Entry, LmsId};

pub(super) const COLUMNS: &str = "id, sent, created, modified, revision, lms, gone";

/// The word for those that are not simply there.
pub(super) fn apart(among: Among) -> Option<&'static str> {
    match among {
        Among::Present => None,
        Among::Unborn => Some("unborn"),
        Among::Gone => Some("gone"),
    }
}

pub(super) fn put(step: &Connection, tenant: &str, entry: &Entry) -> rusqlite::Result<()> {
    let sent = entry.sent.attributes();
    let text = serde_json::to_string(sent)
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))?;
    let revision = i64::try_from(entry.revision).unwrap_or(i64::MAX);
    let Found { external_id, name, email } = Found::by(entry);
    step.prepare_cached(
        "INSERT INTO entries (tenant, kind, id, sent, created, modified, revision, external_id,
             lms, gone, apart, name, email)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)
         ON CONFLICT (tenant, kind, id) DO UPDATE SET sent = ?4, created = ?5, modified = ?6,
             revision = ?7, external_id = ?8, lms = ?9, gone = ?10, apart = ?11, name = ?12,
             email = ?13",
    )?
    .execute(params![
        tenant,
        entry.sent.kind().as_str(),
        entry.id.as_str(),
        text,
        entry.created.map(Timestamp::as_microsecond),
        entry.modified.as_microsecond(),
        revision,
        external_id,
        match &entry.lms {
            LmsId::Same => None,
            LmsId::Other(id) => Some(id.as_str()),
            LmsId::None => Some(""),
        },
        entry.gone.map(Timestamp::as_microsecond),
        apart(entry.standing()),
        name,
        email,
    ])?;
    Ok(())
}

/// What does not fit was written by nobody of us: an error, never an entry that
/// says less.
pub(super) fn entry(kind: Kind, row: &Row<'_>) -> rusqlite::Result<Entry> {
    let odd = |column: usize, error: &str| {
        let error = error.to_owned().into();
        rusqlite::Error::FromSqlConversionFailure(column, Type::Text, error)
    };
    let parsed =
        |column: usize, id: &str| ResourceId::parse(id).ok_or_else(|| odd(column, "no id"));
    let id: String = row.get(0)?;
    let text: String = row.get(1)?;
    let sent: Map<String, Value> =
        serde_json::from_str(&text).map_err(|error| odd(1, &error.to_string()))?;
    let instant = |column: usize, micros: i64| {
        Timestamp::from_microsecond(micros).map_err(|error| odd(column, &error.to_string()))
    };
    let created: Option<i64> = row.get(2)?;
    let revision: i64 = row.get(4)?;
    let lms: Option<String> = row.get(5)?;
    let gone: Option<i64> = row.get(6)?;
    Ok(Entry {
        id: parsed(0, &id)?,
        lms: match lms.as_deref() {
            None => LmsId::Same,
            Some("") => LmsId::None,
            Some(id) => LmsId::Other(parsed(5, id)?),
        },
        gone: gone.map(|micros| instant(6, micros)).transpose()?,
        sent: Resource::from_attributes(kind, sent),
        created: created.map(|micros| instant(2, micros)).transpose()?,
        modified: instant(3, row.get(3)?)?,
        revision: u64::try_from(revision).unwrap_or_default(),
    })
}
