//! What entries of earlier forms are found by, which only the program can tell.

use deadpool_postgres::GenericClient;
use tokio_postgres::{Error, Row};

use super::entry_row::narrow;
use crate::scim::Kind;
use crate::store::narrow::Found;

/// So many at a time: there may be millions.
const CHUNK: usize = 1000;

/// Rows as columns: where each lies, and what it is found by.
#[derive(Default)]
struct Columns {
    tenants: Vec<String>,
    kinds: Vec<String>,
    ids: Vec<String>,
    externals: Vec<Option<String>>,
    names: Vec<Option<String>>,
    emails: Vec<Option<String>>,
}

/// Fills in by what each is found.
pub(super) async fn fill(step: &impl GenericClient) -> Result<(), Error> {
    let text = format!(
        "SELECT tenant, kind, id, sent FROM entries
         WHERE (tenant, kind, id) > ($1, $2, $3)
         ORDER BY tenant, kind, id LIMIT {CHUNK}"
    );
    let mut last = [String::new(), String::new(), String::new()];
    loop {
        let rows = step.query(&text, &[&last[0], &last[1], &last[2]]).await?;
        let Some(row) = rows.last() else { return Ok(()) };
        last = [row.try_get(0)?, row.try_get(1)?, row.try_get(2)?];
        let mut columns = Columns::default();
        for row in &rows {
            columns.add(row)?;
        }
        let Columns { tenants, kinds, ids, externals, names, emails } = &columns;
        step.execute(
            "UPDATE entries
             SET external_id = found.external_id, name = found.name, email = found.email
             FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[])
                 AS found (tenant, kind, id, external_id, name, email)
             WHERE entries.tenant = found.tenant AND entries.kind = found.kind
                 AND entries.id = found.id",
            &[tenants, kinds, ids, externals, names, emails],
        )
        .await?;
    }
}

impl Columns {
    fn add(&mut self, row: &Row) -> Result<(), Error> {
        let (kind, sent): (String, &str) = (row.try_get(1)?, row.try_get(3)?);
        // What cannot be read is told when it is asked for.
        let (Some(of), Ok(words)) = (Kind::parse(&kind), serde_json::from_str(sent)) else {
            return Ok(());
        };
        let Found { external_id, name, email } = Found::by_words(of, &words);
        self.tenants.push(row.try_get(0)?);
        self.kinds.push(kind);
        self.ids.push(row.try_get(2)?);
        self.externals.push(external_id.map(narrow));
        self.names.push(name.as_deref().map(narrow));
        self.emails.push(email.as_deref().map(narrow));
        Ok(())
    }
}
