//! Statements that look things up, each with the index that it has to go by.
//!
//! Entries lie in the order of their key, and SQLite takes the beginning of that,
//! the tenant, for a way to any of them: it would read them all. Where an index that
//! is named cannot serve, the statement fails.

use rusqlite::types::Value as Cell;

use super::entry_row::{COLUMNS, apart};
use super::pending_row::{self, signed};
use crate::store::narrow::Narrow;
use crate::store::{Among, Choice};

/// What stands in the log beside the file comes into the file, and the log is empty.
pub(super) const INTO_THE_FILE: &str = "PRAGMA wal_checkpoint(TRUNCATE)";

/// By tenant, kind and id.
pub(super) fn by_id() -> String {
    format!("SELECT {COLUMNS} FROM entries WHERE tenant = ?1 AND kind = ?2 AND id = ?3")
}

/// By tenant, kind and the LMS's id, where that is not the client's.
pub(super) fn by_lms() -> String {
    format!(
        "SELECT {COLUMNS} FROM entries INDEXED BY entries_by_lms
         WHERE tenant = ?1 AND kind = ?2 AND lms = ?3 AND lms IS NOT NULL AND lms <> ''"
    )
}

/// By tenant and kind, and by a value where the search is narrowed to one.
pub(super) fn among(among: Among, narrow: Option<&Narrow>) -> String {
    let standing = apart(among).map_or("IS NULL".to_owned(), |word| format!("= '{word}'"));
    let (index, which) = match narrow {
        Some(Narrow::ExternalId(_)) => {
            ("INDEXED BY entries_by_external_id", "AND external_id = ?3")
        }
        Some(Narrow::Name(_)) => ("INDEXED BY entries_by_name", "AND name = ?3"),
        Some(Narrow::Email(_)) => ("INDEXED BY entries_by_email", "AND email = ?3"),
        None if among == Among::Present => ("", ""),
        None => ("INDEXED BY entries_apart", ""),
    };
    format!(
        "SELECT {COLUMNS} FROM entries {index}
         WHERE tenant = ?1 AND kind = ?2 AND apart {standing} {which} ORDER BY id"
    )
}

/// The tenants who have any in an index of some: read from one to the next.
pub(super) fn tenants(index: &str, some: &str) -> String {
    format!(
        "WITH RECURSIVE each (tenant) AS (
             SELECT '' UNION ALL SELECT (
                 SELECT tenant FROM entries INDEXED BY {index}
                 WHERE {some} AND tenant > each.tenant ORDER BY tenant LIMIT 1
             ) FROM each WHERE each.tenant IS NOT NULL
         )
         SELECT tenant FROM each WHERE tenant <> ''"
    )
}

/// Those who have entries apart, and those who have some that the LMS calls otherwise.
pub(super) const PECULIAR: [(&str, &str); 2] =
    [("entries_apart", "apart IS NOT NULL"), ("entries_by_lms", "lms IS NOT NULL AND lms <> ''")];

/// The tenants for whom anything waits.
pub(super) const WAITING: &str =
    "SELECT tenant FROM pending_counts GROUP BY tenant HAVING sum(waiting) > 0";

/// How much waits for a tenant.
pub(super) const COUNT: &str =
    "SELECT coalesce(sum(waiting), 0) FROM pending_counts WHERE tenant = ?1";

/// The same by reason, with what failed of it and since when the oldest waits.
pub(super) const TALLY: &str = "SELECT reason, waiting, failed,
         (SELECT min(at) FROM pending INDEXED BY pending_by_reason
          WHERE tenant = known.tenant AND reason = known.reason)
     FROM pending_counts AS known WHERE tenant = ?1 AND waiting > 0";

/// Who was at it when the process ended is so no more. Whatever was begun sleeps.
pub(super) const NOBODY_IS_AT_IT: &str = "UPDATE pending INDEXED BY pending_asleep
     SET begun = 0, wakes = due WHERE wakes IS NOT NULL AND begun > 0";

/// What sleeps and may be begun now, for a tenant.
pub(super) const WAKE: &str = "UPDATE pending INDEXED BY pending_asleep SET wakes = NULL
     WHERE tenant = ?1 AND wakes <= ?2";

/// Begins one, until then.
pub(super) const BEGIN: &str =
    "UPDATE pending SET begun = ?2, wakes = ?2, attempts = attempts + 1 WHERE sequence = ?1";

/// Writes one as it waits from now on. What a person released stays so.
pub(super) const CHANGE: &str = "UPDATE pending SET operation = ?3, turn = ?4, reason = ?5,
     released = released OR ?6, attempts = ?7, due = ?8, failure = ?9, wakes = ?10, begun = 0
     WHERE tenant = ?1 AND sequence = ?2";

/// What waits no more, and whether a person had released it.
pub(super) const DONE: &str =
    "DELETE FROM pending WHERE tenant = ?1 AND sequence = ?2 RETURNING released";

/// The resources of a kind for which anything waits.
pub(super) const RESOURCES: &str = "SELECT DISTINCT id FROM pending INDEXED BY pending_by_resource
     WHERE tenant = ?1 AND kind = ?2";

/// Those for which something was begun and is not over.
pub(super) const BEGUN: &str = "SELECT DISTINCT id FROM pending INDEXED BY pending_begun
     WHERE tenant = ?1 AND kind = ?2 AND attempts > 0";

/// Those that get a name.
pub(super) const NAMED: &str = "SELECT id FROM pending_names
     WHERE tenant = ?1 AND kind = ?2 AND name IN (?3, '')";

/// What waits for a resource.
pub(super) fn waiting_for() -> String {
    format!(
        "SELECT {} FROM pending INDEXED BY pending_by_resource
         WHERE tenant = ?1 AND kind = ?2 AND id = ?3 ORDER BY sequence",
        pending_row::COLUMNS
    )
}

/// What may be begun of what waits for one reason, or was released. What waits beside a
/// resource that lives on does not hold it up.
pub(super) fn ready() -> String {
    format!(
        "SELECT {} FROM pending AS own INDEXED BY pending_awake
         WHERE tenant = ?1 AND lane = ?2 AND wakes IS NULL AND due <= ?3 AND begun <= ?3
         AND NOT EXISTS (SELECT 1 FROM pending AS other INDEXED BY pending_by_resource
             WHERE other.tenant = own.tenant AND other.kind = own.kind AND other.id = own.id
             AND other.sequence < own.sequence AND other.reason NOT IN ('approval', 'grace'))
         ORDER BY turn, sequence LIMIT ?4",
        pending_row::COLUMNS
    )
}

/// What is chosen, as a condition with the index for it, and its values.
pub(super) fn chosen(choice: &Choice, tenant: &str) -> (&'static str, String, Vec<Cell>) {
    let index = match choice {
        // One is found by its own number.
        Choice { sequence: Some(_), .. } => "NOT INDEXED",
        Choice { id: Some(_), kind: Some(_), .. } => "INDEXED BY pending_by_resource",
        Choice { reason: Some(_), .. } => "INDEXED BY pending_in_order_by_reason",
        Choice { .. } => "INDEXED BY pending_in_order",
    };
    let mut narrow = "tenant = ?".to_owned();
    let mut values = vec![Cell::Text(tenant.to_owned())];
    let text = |text: &str| Cell::Text(text.to_owned());
    let parts = [
        ("sequence", choice.sequence.map(|sequence| Cell::Integer(signed(sequence)))),
        ("kind", choice.kind.map(|kind| text(kind.as_str()))),
        ("id", choice.id.as_ref().map(|id| text(id.as_str()))),
        ("reason", choice.reason.map(|reason| text(reason.as_str()))),
    ];
    for (column, value) in parts {
        if let Some(value) = value {
            narrow.extend([" AND ", column, " = ?"]);
            values.push(value);
        }
    }
    if choice.failed {
        narrow.push_str(" AND failure IS NOT NULL");
    }
    (index, narrow, values)
}
