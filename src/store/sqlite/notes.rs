//! Notes as rows.

use std::future::ready;

use rusqlite::{Connection, OptionalExtension, params};

use super::Sqlite;
use crate::store::{Notes, Work};

/// The notes of the file.
pub(super) struct Board(pub(super) Sqlite);

impl Notes for Board {
    fn get<'a>(&'a self, name: &'a str) -> Work<'a, Option<String>> {
        Box::pin(ready(self.0.read(|reader| note(reader, name))))
    }

    fn keep<'a>(&'a self, name: &'a str, text: &'a str) -> Work<'a, String> {
        let (name, text) = (name.to_owned(), text.to_owned());
        Box::pin(self.0.write(move |step| {
            step.execute(
                "INSERT INTO notes VALUES (?1, ?2) ON CONFLICT DO NOTHING",
                [&name, &text],
            )?;
            Ok(note(step, &name)?.unwrap_or(text))
        }))
    }

    fn put<'a>(&'a self, name: &'a str, text: &'a str) -> Work<'a, ()> {
        let (name, text) = (name.to_owned(), text.to_owned());
        Box::pin(self.0.write(move |step| {
            let put = "INSERT INTO notes VALUES (?1, ?2) ON CONFLICT DO UPDATE SET text = ?2";
            step.execute(put, [&name, &text]).map(|_| ())
        }))
    }
}

fn note(reader: &Connection, name: &str) -> rusqlite::Result<Option<String>> {
    let mut statement = reader.prepare_cached("SELECT text FROM notes WHERE name = ?1")?;
    statement.query_row(params![name], |row| row.get(0)).optional()
}
