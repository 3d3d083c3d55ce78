//! Statements that look entries up, each with the index that it has to go by.
//!
//! Entries lie in the order of their key, and SQLite takes the beginning of that,
//! the tenant, for a way to any of them: it would read them all. Where an index that
//! is named cannot serve, the statement fails.

use super::entry_row::{COLUMNS, apart};
use crate::store::Among;
use crate::store::narrow::Narrow;

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
