//! What entries of earlier forms are found by, which only the program can tell.

use rusqlite::{Connection, params};

use crate::scim::Kind;
use crate::store::narrow::Found;

/// So many at a time: a file may hold millions.
const CHUNK: usize = 1000;

/// Where a row lies, and what its client wrote.
type Row = (String, String, String, String);

/// Fills in by what each is found.
pub(super) fn fill(step: &Connection) -> rusqlite::Result<()> {
    let mut read = step.prepare(&format!(
        "SELECT tenant, kind, id, sent FROM entries
         WHERE apart IS NULL AND (tenant, kind, id) > (?1, ?2, ?3)
         ORDER BY tenant, kind, id LIMIT {CHUNK}"
    ))?;
    let mut last = (String::new(), String::new(), String::new());
    loop {
        let (tenant, kind, id) = &last;
        let row =
            |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?));
        let rows = read.query_map(params![tenant, kind, id], row)?;
        let rows: Vec<Row> = rows.collect::<rusqlite::Result<_>>()?;
        for row in &rows {
            name(step, row)?;
        }
        let Some((tenant, kind, id, _)) = rows.into_iter().next_back() else { return Ok(()) };
        last = (tenant, kind, id);
    }
}

fn name(step: &Connection, (tenant, kind, id, sent): &Row) -> rusqlite::Result<()> {
    // What cannot be read is told when it is asked for.
    let (Some(of), Ok(words)) = (Kind::parse(kind), serde_json::from_str(sent)) else {
        return Ok(());
    };
    let Found { name, email, .. } = Found::by_words(of, &words);
    step.prepare_cached(
        "UPDATE entries SET name = ?4, email = ?5 WHERE tenant = ?1 AND kind = ?2 AND id = ?3",
    )?
    .execute(params![tenant, kind, id, name, email])?;
    Ok(())
}
