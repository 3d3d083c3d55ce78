//! Commands where something is not as it usually is: what they print, and how they end.

use std::fs;
use std::process::{Command, Stdio};

use super::program::{
    OPERATED, OPERATORS, Program, SILENT, addresses, ask, command, dry_config, json, send,
};

#[test]
fn the_key_stands_beside_the_store_however_the_configuration_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let (own, below) = (folder.path().join("etc"), folder.path().join("etc/below"));
    fs::create_dir_all(&below).unwrap();
    fs::write(own.join("config.toml"), SILENT).unwrap();
    let create = ["token", "create", "--tenant", "school", "--config"];
    for (from, named) in [(folder.path(), "etc/config.toml"), (&*below, "../config.toml")] {
        let (status, _, talk) = command(&[&create[..], &[named]].concat(), from);
        assert!(status.success(), "{named}: {talk}");
        assert!(own.join("matricula.db").is_file() && own.join("matricula.key").is_file());
        let others = fs::read_dir(folder.path()).unwrap().count();
        assert_eq!(others, 1, "a key lies beside the folder");
        fs::remove_file(own.join("matricula.db")).unwrap();
        fs::remove_file(own.join("matricula.key")).unwrap();
    }
}

#[test]
fn a_title_with_spaces_around_it_is_the_title_of_one_token_to_last() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("config.toml"), OPERATED).unwrap();
    let mut program = Program::start(&["serve"], folder.path());
    let (_, admin) = addresses(&program.logged("serving"));
    let tenant = format!("{admin}/api/tenants/school");
    for title in [" entra ", "entra", " entra "] {
        let body = format!(r#"{{"title":"{title}"}}"#);
        assert_eq!(send("PUT", &format!("{tenant}/scim"), OPERATORS, &body).0, 200);
    }
    let (_, listed) = ask("GET", &format!("{tenant}/tokens"), OPERATORS);
    let listed = json(&listed);
    let tokens = listed["tokens"].as_array().unwrap();
    let ends: Vec<_> = tokens.iter().map(|it| it["expires"].as_str().unwrap()).collect();
    let last = ends.iter().max().unwrap();
    assert_eq!(ends.len(), 3);
    assert_eq!(ends.iter().filter(|end| end[..7] == last[..7]).count(), 1, "{ends:?}");
}

/// It warns: tokens come in unencrypted.
const WARNING: &str = r#"
[server]
listen = "0.0.0.0:0"

[log]
format = "json"
"#;

#[test]
fn the_log_begins_on_a_line_of_its_own_behind_the_warnings() {
    let folder = tempfile::tempdir().unwrap();
    let config = OPERATED.replace("[server]\nlisten = \"127.0.0.1:0\"", WARNING);
    fs::write(folder.path().join("config.toml"), config).unwrap();
    let mut program = Program::start(&["serve"], folder.path());
    program.logged("warning: tokens");
    let first = program.logged("{\"");
    assert!(first.starts_with('{') && json(&first).is_object(), "{first}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_gateway_starts_whether_or_not_its_warnings_can_be_written() {
    let folder = tempfile::tempdir().unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let admin = taken.local_addr().unwrap();
    let place = format!("[admin]\nlisten = \"{admin}\"");
    let config = OPERATED.replace("[server]\nlisten = \"127.0.0.1:0\"", WARNING);
    let config = config.replace("[admin]\nlisten = \"127.0.0.1:0\"", &place);
    fs::write(folder.path().join("config.toml"), config).unwrap();
    drop(taken);
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let mut gateway = Command::new(env!("CARGO_BIN_EXE_matricula"))
        .arg("serve")
        .current_dir(folder.path())
        .stdout(Stdio::null())
        .stderr(full)
        .spawn()
        .unwrap();
    let mut waiting = std::iter::repeat_with(|| std::net::TcpStream::connect(admin).is_ok());
    let answers = waiting.by_ref().take_while(|_| gateway.try_wait().unwrap().is_none());
    let answered = answers.into_iter().any(|answers| answers);
    let _ = gateway.kill();
    let _ = gateway.wait();
    assert!(answered, "it ended");
}

#[cfg(unix)]
#[test]
fn an_argument_that_is_no_utf_8_makes_no_sense_unless_it_is_a_path() {
    use std::os::unix::ffi::OsStringExt;
    let strange = || std::ffi::OsString::from_vec(b"caf\xe9".to_vec());
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(strange()), SILENT).unwrap();
    let run = |words: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_matricula"));
        command.args(words).arg(strange()).current_dir(folder.path()).output().unwrap()
    };
    for words in [&["explain", "moodle"][..], &["token", "create", "--tenant"], &[]] {
        let ended = run(words);
        let talk = String::from_utf8_lossy(&ended.stderr).into_owned();
        assert!(ended.status.code() == Some(2) && talk.contains("hint:"), "{words:?}: {talk}");
    }
    assert!(run(&["check", "--config"]).status.success());
}

#[test]
fn a_span_that_never_ends_is_refused_before_a_token_is_made() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("config.toml"), SILENT).unwrap();
    assert!(command(&["token", "create", "--tenant", "school"], folder.path()).0.success());
    for words in [
        &["token", "rotate", "1", "--overlap", "4000000d"][..],
        &["token", "rotate", "1", "--overlap", "9223372036854775807s"],
        &["token", "rotate", "1", "--expires", "4294967295d"],
        &["token", "create", "--tenant", "school", "--expires", "4294967295d"],
    ] {
        let (status, out, talk) = command(words, folder.path());
        assert_eq!((status.code(), out.as_str()), (Some(1), ""), "{words:?}: {talk}");
        assert!(talk.contains("write"), "{words:?}: {talk}");
    }
    let (_, list, _) = command(&["token", "list", "--all", "--json"], folder.path());
    assert_eq!(json(&list).as_array().unwrap().len(), 1, "{list}");
}

#[test]
fn what_is_no_request_is_not_explained_and_what_scim_refuses_is() {
    let folder = tempfile::tempdir().unwrap();
    for line in ["FOO /Users", "GET /Courses", "PUT /Users", "POST /Users/7", "get /Users", ""] {
        let (status, out, talk) = command(&["explain", "moodle", line], folder.path());
        assert_eq!((status.code(), out.as_str()), (Some(2), ""), "{line}: {talk}");
        assert!(talk.contains("hint: write 'GET /Users"), "{line}: {talk}");
    }
    for line in ["GET /Users?filter=userName", "POST /Users", "PATCH /Users/7"] {
        let (status, out, talk) = command(&["explain", "moodle", line], folder.path());
        assert!(status.success() && out.starts_with("refused with 400"), "{line}: {out}{talk}");
    }
}

#[test]
fn work_that_failed_is_waited_for_without_a_terminal_and_ends_with_one() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("config.toml"), dry_config()).unwrap();
    let mut program = Program::start(&["serve"], folder.path());
    let (scim, admin) = addresses(&program.logged("serving"));
    let users = format!("{scim}/school/scim/v2/Users");
    let make = |name: &str, password: &str| {
        let body = format!(
            r#"{{"userName": "{name}", "name": {{"givenName": "E", "familyName": "F"}},
                "emails": [{{"type": "work", "value": "{name}@hoch.example"}}],
                "password": "{password}"}}"#
        );
        let (status, told) = send("POST", &users, Some("the-first-token-of-the-school"), &body);
        assert_eq!(status, 201, "{told}");
    };
    make("eva", "s3cret-Word");
    // The LMS alone knows that this is too weak.
    make("nina", "weak");
    let pending = |words: &[&str]| {
        let words = [&["pending"], words, &["--admin", &admin]].concat();
        let (status, told, talk) = command(&words, folder.path());
        (status.code(), told, talk)
    };
    let (code, told, talk) = pending(&["apply", "--all"]);
    assert_eq!((code, told.as_str()), (Some(1), "released: 2\n"), "{talk}");
    assert!(talk.contains("1 of 2 could not be done") && !talk.contains('#'), "{talk}");
    let (_, left, _) = pending(&["list", "--json"]);
    assert!(left.lines().count() == 1 && left.contains("nina"), "{left}");
    let (code, _, talk) = pending(&["apply", "--reason", "dry-run"]);
    assert!(code == Some(1) && talk.contains("1 of 1"), "it is tried again: {talk}");
    assert_eq!(pending(&["drop", "--all"]).0, Some(0));
    let (code, told, talk) = pending(&["apply", "--all"]);
    assert_eq!((code, told.as_str()), (Some(0), "released: 0\n"), "{talk}");
}
