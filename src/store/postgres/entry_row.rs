//! An entry and its row.

use jiff::Timestamp;
use serde_json::{Map, Value};
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

use crate::scim::{Kind, Resource, ResourceId};
use crate::store::narrow::Found;
use crate::store::{Among, Entry, Error, LmsId};

pub(super) const COLUMNS: &str = "id, sent, created, modified, revision, lms, gone";

/// What writes an entry, in place of the one that was there.
pub(super) const PUT: &str = "INSERT INTO entries (tenant, kind, id, sent, created, modified,
         revision, external_id, lms, gone, apart, name, email)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
     ON CONFLICT (tenant, kind, id) DO UPDATE SET sent = $4, created = $5, modified = $6,
         revision = $7, external_id = $8, lms = $9, gone = $10, apart = $11, name = $12,
         email = $13";

/// What forgets one.
pub(super) const REMOVE: &str = "DELETE FROM entries WHERE tenant = $1 AND kind = $2 AND id = $3";

/// An entry as the values that are written.
pub(super) struct Written {
    tenant: String,
    kind: &'static str,
    id: String,
    sent: String,
    created: Option<i64>,
    modified: i64,
    revision: i64,
    external: Option<String>,
    lms: Option<String>,
    gone: Option<i64>,
    apart: Option<&'static str>,
    name: Option<String>,
    email: Option<String>,
}

impl Written {
    pub(super) fn of(tenant: &str, entry: &Entry) -> Result<Self, Error> {
        let sent = entry.sent.attributes();
        let Found { external_id, name, email } = Found::by(entry);
        Ok(Self {
            tenant: tenant.to_owned(),
            kind: entry.sent.kind().as_str(),
            id: entry.id.to_string(),
            sent: serde_json::to_string(sent).map_err(Error::new)?,
            created: entry.created.map(Timestamp::as_microsecond),
            modified: entry.modified.as_microsecond(),
            revision: i64::try_from(entry.revision).unwrap_or(i64::MAX),
            external: external_id.map(narrow),
            lms: match &entry.lms {
                LmsId::Same => None,
                LmsId::Other(id) => Some(id.to_string()),
                LmsId::None => Some(String::new()),
            },
            gone: entry.gone.map(Timestamp::as_microsecond),
            apart: apart(entry.standing()),
            name: name.as_deref().map(narrow),
            email: email.as_deref().map(narrow),
        })
    }

    pub(super) fn values(&self) -> [&(dyn ToSql + Sync); 13] {
        [
            &self.tenant,
            &self.kind,
            &self.id,
            &self.sent,
            &self.created,
            &self.modified,
            &self.revision,
            &self.external,
            &self.lms,
            &self.gone,
            &self.apart,
            &self.name,
            &self.email,
        ]
    }
}

/// The word for those that are not simply there.
pub(super) fn apart(among: Among) -> Option<&'static str> {
    match among {
        Among::Present => None,
        Among::Unborn => Some("unborn"),
        Among::Gone => Some("gone"),
    }
}

/// So many bytes of a text are looked up: an index takes no row of more than 2,700.
const LONGEST: usize = 2000;

/// PostgreSQL has no text with a zero in it, and none of any length in an index. Where this
/// is used, it only narrows the search, or is for people.
pub(super) fn narrow(text: &str) -> String {
    let start = text.get(..text.floor_char_boundary(LONGEST)).unwrap_or(text);
    start.replace('\0', "\u{fffd}")
}

/// What does not fit was written by nobody of us: an error, never an entry that
/// says less.
pub(super) fn entry(kind: Kind, row: &Row) -> Result<Entry, Error> {
    let get = || -> Result<_, tokio_postgres::Error> {
        let (id, text): (&str, &str) = (row.try_get(0)?, row.try_get(1)?);
        let (created, modified): (Option<i64>, i64) = (row.try_get(2)?, row.try_get(3)?);
        let (revision, lms): (i64, Option<&str>) = (row.try_get(4)?, row.try_get(5)?);
        Ok(((id, text), (created, modified, row.try_get::<_, Option<i64>>(6)?), revision, lms))
    };
    let ((own, text), (created, modified, gone), revision, lms) = get().map_err(Error::new)?;
    let sent: Map<String, Value> = serde_json::from_str(text).map_err(Error::new)?;
    let id = |text: &str| ResourceId::parse(text).ok_or_else(|| Error::new("an entry has no id"));
    let instant = |micros| Timestamp::from_microsecond(micros).map_err(Error::new);
    Ok(Entry {
        id: id(own)?,
        lms: match lms {
            None => LmsId::Same,
            Some("") => LmsId::None,
            Some(other) => LmsId::Other(id(other)?),
        },
        gone: gone.map(instant).transpose()?,
        sent: Resource::from_attributes(kind, sent),
        created: created.map(instant).transpose()?,
        modified: instant(modified)?,
        revision: u64::try_from(revision).unwrap_or_default(),
    })
}
