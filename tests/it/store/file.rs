//! What only a file can do: outlive the process, belong to another, be full.

use std::fs;

use matricula::scim::Kind;
use matricula::store::{Sqlite, Store};
use rusqlite::Connection;
use serde_json::json;

use super::suite::{entry, id};

#[tokio::test]
async fn what_was_written_outlives_the_process() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("matricula.db");
    let nina = entry(Kind::User, "7", &json!({ "userName": "Nina" }));
    {
        let store = Sqlite::open(&path).unwrap();
        store.entries(&"school".into()).put(nina.clone()).await.unwrap();
    }
    let store = Sqlite::open(&path).unwrap();
    let read = store.entries(&"school".into()).get(Kind::User, &id("7")).await.unwrap();
    assert_eq!(read.as_deref(), Some(&nina));
}

#[test]
fn one_process_at_a_time_has_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("matricula.db");
    let first = Sqlite::open(&path).unwrap();
    let second = Sqlite::open(&path).unwrap_err().to_string();
    assert!(second.contains("another process"), "{second}");
    drop(first);
    Sqlite::open(&path).unwrap();
}

#[test]
fn a_file_of_another_program_is_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("foreign.db");
    let foreign = Connection::open(&path).unwrap();
    foreign.execute_batch("CREATE TABLE theirs (x)").unwrap();
    drop(foreign);
    let refused = Sqlite::open(&path).unwrap_err().to_string();
    assert!(refused.contains("another program"), "{refused}");
    let text = folder.path().join("notes.txt");
    fs::write(
        &text,
        "these are notes, and longer than the head of a database file is \n".repeat(99),
    )
    .unwrap();
    let before = fs::read(&text).unwrap();
    assert!(Sqlite::open(&text).is_err());
    assert_eq!(fs::read(&text).unwrap(), before);
}

#[test]
fn a_file_of_a_later_version_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("matricula.db");
    drop(Sqlite::open(&path).unwrap());
    Connection::open(&path).unwrap().pragma_update(None, "user_version", 99).unwrap();
    let refused = Sqlite::open(&path).unwrap_err().to_string();
    assert!(refused.contains("later version (form 99)"), "{refused}");
}

#[test]
fn a_folder_that_is_not_there_is_told_with_its_path() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("nowhere").join("matricula.db");
    let refused = Sqlite::open(&path).unwrap_err().to_string();
    assert!(refused.contains("nowhere"), "{refused}");
}
