//! What only a file can do: outlive the process, belong to another, be full.

use std::fs;

use matricula::scim::Kind;
use matricula::store::{Among, Entry, LmsId, Sqlite, Store};
use rusqlite::Connection;
use serde_json::json;

use super::suite::{TWICE, alias, both_go_on, entry, id, matcher};

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

#[tokio::test]
async fn a_name_that_only_clients_know_outlives_the_process() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("matricula.db");
    let nina = entry(Kind::User, "7", &json!({ "userName": "Nina" }));
    let nina = Entry { lms: LmsId::Other(id("9")), ..nina };
    {
        let store = Sqlite::open(&path).unwrap();
        store.entries(&"school".into()).put(nina.clone()).await.unwrap();
    }
    let store = Sqlite::open(&path).unwrap();
    assert!(store.entries(&"other".into()).all_plain());
    let entries = store.entries(&"school".into());
    assert!(!entries.all_plain());
    let read = entries.of_lms(Kind::User, &[id("9")]).await.unwrap();
    assert_eq!(read[0].as_deref(), Some(&nina));
}

/// As the first version left it.
#[tokio::test]
async fn two_who_have_one_account_from_before_are_still_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("matricula.db");
    let store = Sqlite::open(&path).unwrap();
    store.entries(&"school".into()).put(alias("7", "9")).await.unwrap();
    drop(store);
    let earlier = "DROP TRIGGER entries_account; PRAGMA user_version = 9";
    Connection::open(&path).unwrap().execute_batch(&format!("{earlier}; {TWICE}")).unwrap();
    both_go_on(&Sqlite::open(&path).unwrap()).await;
}

#[tokio::test]
async fn a_file_of_the_first_form_is_brought_to_todays() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("matricula.db");
    let old = Connection::open(&path).unwrap();
    old.execute_batch(include_str!("../../../src/store/sqlite/steps/1-entries.sql")).unwrap();
    old.execute_batch(
        "PRAGMA application_id = 1296127058; PRAGMA user_version = 1;
         INSERT INTO entries VALUES ('school', 'User', '7', '{\"userName\":\"Nina\"}', NULL, 5, 1, NULL)",
    )
    .unwrap();
    drop(old);
    let store = Sqlite::open(&path).unwrap();
    let entries = store.entries(&"school".into());
    let read = entries.get(Kind::User, &id("7")).await.unwrap().unwrap();
    assert!(read.is_plain());
    assert_eq!(read.revision, 1);
    for name in ["nina", "NINA"] {
        let by_name = matcher(&format!(r#"userName eq "{name}""#));
        let found = entries.find(Kind::User, Among::Present, Some(&by_name), 9).await;
        assert_eq!(found.unwrap(), [id("7")], "{name}");
    }
    entries.put(Entry { lms: LmsId::None, ..Entry::clone(&read) }).await.unwrap();
    assert_eq!(entries.find(Kind::User, Among::Unborn, None, 9).await.unwrap(), [id("7")]);
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
