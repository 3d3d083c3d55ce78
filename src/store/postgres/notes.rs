//! Notes as rows.

use super::Postgres;
use crate::store::{Error, Notes, Work};

/// The notes of the database.
pub(super) struct Board(pub(super) Postgres);

impl Board {
    async fn note(&self, name: &str) -> Result<Option<String>, Error> {
        let rows = self.0.rows("SELECT text FROM notes WHERE name = $1", &[&name]).await?;
        rows.first().map(|row| row.try_get(0).map_err(|error| self.0.told(error))).transpose()
    }
}

impl Notes for Board {
    fn get<'a>(&'a self, name: &'a str) -> Work<'a, Option<String>> {
        Box::pin(self.note(name))
    }

    fn keep<'a>(&'a self, name: &'a str, text: &'a str) -> Work<'a, String> {
        Box::pin(async move {
            let keep = "INSERT INTO notes VALUES ($1, $2) ON CONFLICT DO NOTHING";
            self.0.done(keep, &[&name, &text]).await?;
            Ok(self.note(name).await?.unwrap_or_else(|| text.to_owned()))
        })
    }

    fn put<'a>(&'a self, name: &'a str, text: &'a str) -> Work<'a, ()> {
        Box::pin(async move {
            let put =
                "INSERT INTO notes VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET text = $2";
            self.0.done(put, &[&name, &text]).await
        })
    }
}
