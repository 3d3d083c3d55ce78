//! Statements that look things up, so written that the server's planner, whatever it
//! knows of the tables, has one good way alone to each.

use super::entry_row::{COLUMNS, apart};
use super::flags::{PECULIAR, WAITS};
use crate::store::Among;
use crate::store::narrow::Narrow;

/// Rows read at a time where all have to be held against a filter.
pub(super) const CHUNK: usize = 1000;

/// By tenant, kind and id.
pub(super) fn one() -> String {
    format!("SELECT {COLUMNS} FROM entries WHERE tenant = $1 AND kind = $2 AND id = $3")
}

/// By tenant, kind and each of some ids. One look-up for each, and not one for all: for
/// many, the planner would rather read everything.
pub(super) fn each() -> String {
    format!(
        "SELECT {COLUMNS}, wanted FROM unnest($3::text[]) AS wanted CROSS JOIN LATERAL (
             SELECT {COLUMNS} FROM entries WHERE tenant = $1 AND kind = $2 AND id = wanted LIMIT 1
         ) AS found"
    )
}

/// The same by the LMS's ids: whoever has such an account, or else goes by that id.
pub(super) fn each_of_lms() -> String {
    format!(
        "SELECT {COLUMNS}, wanted FROM unnest($3::text[]) AS wanted CROSS JOIN LATERAL (
             SELECT {COLUMNS}, 1 AS place FROM entries
                 WHERE tenant = $1 AND kind = $2 AND lms = wanted AND lms IS NOT NULL AND lms <> ''
             UNION ALL
             SELECT {COLUMNS}, 2 AS place FROM entries
                 WHERE tenant = $1 AND kind = $2 AND id = wanted
             ORDER BY place LIMIT 1
         ) AS found"
    )
}

/// By tenant and kind, behind an id; by a value where the search is narrowed to one.
pub(super) fn among(among: Among, narrow: Option<&Narrow>) -> String {
    let standing = apart(among).map_or("IS NULL".to_owned(), |word| format!("= '{word}'"));
    let column = match narrow {
        Some(Narrow::ExternalId(_)) => "external_id",
        Some(Narrow::Name(_)) => "name",
        Some(Narrow::Email(_)) => "email",
        None => {
            return format!(
                "SELECT {COLUMNS} FROM entries
                 WHERE tenant = $1 AND kind = $2 AND apart {standing} AND id > $3
                 ORDER BY id LIMIT {CHUNK}"
            );
        }
    };
    // Found first and put in order then: else the order of the key looks like a way.
    format!(
        "WITH found AS MATERIALIZED (
             SELECT {COLUMNS}, apart FROM entries
             WHERE tenant = $1 AND kind = $2 AND {column} = $4
         )
         SELECT {COLUMNS} FROM found WHERE apart {standing} AND id > $3
         ORDER BY id LIMIT {CHUNK}"
    )
}

/// Which tenants have what, to be known without asking then: told the words for it.
pub(super) fn learn() -> String {
    let apart = tenants("apart IS NOT NULL");
    let aliases = tenants("lms IS NOT NULL AND lms <> ''");
    format!(
        "SELECT tenant, '{WAITS}' FROM pending_counts GROUP BY tenant HAVING sum(waiting) > 0
         UNION SELECT tenant, '{PECULIAR}' FROM ({apart}) AS apart
         UNION SELECT tenant, '{PECULIAR}' FROM ({aliases}) AS aliases"
    )
}

/// The tenants who have some such entries: read from one to the next.
fn tenants(some: &str) -> String {
    format!(
        "WITH RECURSIVE each (tenant) AS (
             SELECT ''::text COLLATE \"C\" UNION ALL SELECT (
                 SELECT tenant FROM entries WHERE {some} AND tenant > each.tenant
                 ORDER BY tenant LIMIT 1
             ) FROM each WHERE each.tenant IS NOT NULL
         )
         SELECT tenant FROM each WHERE tenant <> ''"
    )
}
