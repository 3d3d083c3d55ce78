//! Commands where something is not as it usually is: what they print, and how they end.

use std::fs;

use super::program::{OPERATED, OPERATORS, Program, SILENT, addresses, ask, command, json, send};

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
