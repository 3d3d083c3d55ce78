//! Commands whose output nobody reads, or nobody can write, and stores that are not there.

use std::fs;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};

use super::program::{Program, SILENT, command, dry_config, json, send};

/// A command whose reader is gone, as behind `| true`.
fn unread(words: &[&str], folder: &Path) -> (ExitStatus, String) {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let ended = Command::new(env!("CARGO_BIN_EXE_matricula"))
        .args(words)
        .current_dir(folder)
        .stdout(writer)
        .stderr(Stdio::piped())
        .output()
        .unwrap();
    (ended.status, String::from_utf8(ended.stderr).unwrap())
}

#[test]
fn what_a_command_found_stands_though_nobody_reads_it() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("config.toml"), SILENT).unwrap();
    assert!(command(&["token", "create", "--tenant", "school"], folder.path()).0.success());
    let file = rusqlite::Connection::open(folder.path().join("matricula.db")).unwrap();
    file.execute("UPDATE trail SET body = replace(body, 'done', 'failed')", []).unwrap();
    fs::write(folder.path().join("faulty.toml"), "[servr]\n").unwrap();
    for words in [
        &["audit", "verify", "--json"][..],
        &["doctor", "--config", "faulty.toml"],
        &["check", "--json", "--config", "faulty.toml"],
    ] {
        let (status, talk) = unread(words, folder.path());
        assert!(status.code() == Some(1) && talk.contains("error: "), "{words:?}: {talk}");
    }
    for words in [&["doctor"][..], &["check"], &["audit"]] {
        let (status, talk) = unread(words, folder.path());
        assert!(status.success(), "{words:?}: {talk}");
    }
}

#[test]
fn a_token_that_nobody_could_see_is_nobodys() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("config.toml"), SILENT).unwrap();
    let create = ["token", "create", "--tenant", "school"];
    assert!(command(&create, folder.path()).0.success());
    let listed = || {
        let (_, list, talk) = command(&["token", "list", "--all", "--json"], folder.path());
        assert!(!list.is_empty(), "{talk}");
        json(&list)
    };
    let before = listed();
    for words in [&create[..], &["token", "rotate", "1"], &["token", "rotate", "1", "--json"]] {
        let (status, talk) = unread(words, folder.path());
        assert!(status.code() == Some(1) && talk.contains("revoked again"), "{words:?}: {talk}");
    }
    let after = listed();
    assert_eq!(after[0], before[0], "the old one does not end without a new one");
    let states: Vec<_> = after.as_array().unwrap().iter().map(|it| &it["state"]).collect();
    assert_eq!(states, ["valid", "revoked", "revoked", "revoked"]);
}

#[test]
fn a_store_that_is_not_there_is_not_taken_for_an_empty_one() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("config.toml"), SILENT).unwrap();
    for words in [
        &["audit"][..],
        &["audit", "verify"],
        &["token", "rotate", "1"],
        &["token", "revoke", "1"],
        &["token", "new-key", "--end-all-tokens"],
    ] {
        let (status, _, talk) = command(words, folder.path());
        assert!(status.code() == Some(1) && talk.contains("no store at"), "{words:?}: {talk}");
    }
    assert!(command(&["token", "list"], folder.path()).0.success());
    assert!(!folder.path().join("matricula.db").exists(), "nobody made one");
    let (status, _, talk) = command(&["token", "create", "--tenant", "school"], folder.path());
    assert!(status.success() && talk.contains("matricula.db` is new"), "{talk}");
    let (_, _, talk) = command(&["token", "create", "--tenant", "school"], folder.path());
    assert!(!talk.contains("is new"), "{talk}");
}

#[test]
fn the_file_of_a_gateway_that_has_ended_holds_everything() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("config.toml"), dry_config()).unwrap();
    let mut program = Program::start(&["serve"], folder.path());
    let (scim, _) = super::program::addresses(&program.logged("serving"));
    let body = r#"{"userName": "eva", "name": {"givenName": "E", "familyName": "F"},
                   "emails": [{"type": "work", "value": "eva@hoch.example"}]}"#;
    let users = format!("{scim}/school/scim/v2/Users");
    assert_eq!(send("POST", &users, Some("the-first-token-of-the-school"), body).0, 201);
    program.signal("TERM");
    assert!(program.end().0.success());
    let copy = folder.path().join("copy.db");
    fs::copy(folder.path().join("matricula.db"), &copy).unwrap();
    let copy = rusqlite::Connection::open(copy).unwrap();
    let waits: i64 = copy.query_row("SELECT count(*) FROM pending", [], |row| row.get(0)).unwrap();
    assert_eq!(waits, 1);
}
