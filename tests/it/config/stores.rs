//! `[store]`: one place, and a server as it is meant.

use std::time::Duration;

use matricula::store::Place;

use super::support::{LEAST, Trial, told};

fn place(section: &str) -> Place {
    Trial::of(&format!("{LEAST}{section}\n")).load().unwrap().settings.store.place
}

#[test]
fn the_store_is_in_one_place() {
    assert!(matches!(place(""), Place::File(path) if path.ends_with("matricula.db")));
    assert!(
        matches!(place("[store]\npath = \"a.db\""), Place::File(path) if path.ends_with("a.db"))
    );
    assert!(
        matches!(place("[store]\npath = \"\""), Place::File(path) if path.ends_with("matricula.db"))
    );
    assert_eq!(place("[store]\nin_memory = true"), Place::Memory);
    insta::assert_snapshot!(
        told(LEAST, "[store]\npath = \"a.db\"\nin_memory = true\n"), @r#"
    error: `store` is to be in two places: `path` and `in_memory`
     --> config.toml:8:1
      |
    8 | in_memory = true
      | ^^^^^^^^^
      |
      = help: take one of them away
    "#);
    let both = told(LEAST, "[store]\npath = \"a.db\"\npostgres = { url = \"postgres://m@h/d\" }\n");
    assert!(both.contains("two places: `path` and `postgres`"), "{both}");
}

#[test]
fn a_server_is_taken_as_it_is_written() {
    let text = format!(
        "{LEAST}[store.postgres]\nurl = \"postgres://m@db.example/m\"\n\
         password = {{ env = \"SECRET\" }}\nschema = \"school\"\nconnections = 3\nstatement = \"2s\"\n"
    );
    let trial = Trial::of(&text).variable("SECRET", "hunter2");
    assert_eq!(trial.warnings(), "");
    let settings = trial.load().unwrap().settings;
    let Place::Postgres(server) = &settings.store.place else { panic!("no server") };
    assert_eq!((server.schema.as_str(), server.connections), ("school", 3));
    assert_eq!(
        (server.statement, server.connect),
        (Duration::from_secs(2), Duration::from_secs(5))
    );
    assert_eq!(server.place(), "PostgreSQL db.example:5432/m");
    assert!(!format!("{settings:?}").contains("hunter2"));
}

#[test]
fn the_whole_address_may_come_from_the_environment() {
    let text = format!("{LEAST}[store.postgres]\nurl = {{ env = \"DATABASE_URL\" }}\n");
    let trial = Trial::of(&text).variable("DATABASE_URL", "postgres://m:hunter2@localhost/m");
    let settings = trial.load().unwrap().settings;
    assert!(matches!(settings.store.place, Place::Postgres(_)));
    assert!(!format!("{settings:?}").contains("hunter2"));
}

#[test]
fn an_address_in_the_wrong_variable_does_not_show_its_password() {
    for name in ["MATRICULA_STORE__POSTGRES", "MATRICULA_STORE__POSTGRES__SCHEMA"] {
        let text = format!("{LEAST}[store.postgres]\nurl = \"postgres://m@localhost/m\"\n");
        let trial = Trial::of(&text).variable(name, "postgres://m:hunter2@localhost/m");
        let told = trial.faults();
        assert!(told.contains(name) && !told.contains("hunter2"), "{told}");
    }
}

#[test]
fn what_would_go_unencrypted_is_warned_of() {
    let text = "[store.postgres]\nurl = \"postgres://m@db.example/m?sslmode=disable\"\n";
    insta::assert_snapshot!(Trial::of(&format!("{LEAST}{text}")).warnings(), @r#"
    warning: people's data and the password go to the database unencrypted
     --> config.toml:7:7
      |
    7 | url = "***"
      |       ^^^^^
      |
      = help: take `sslmode=disable` away; a private authority is named by `ca`
    "#);
}

#[test]
fn every_mistake_of_a_server_is_told() {
    for (section, expected) in [
        ("postgres = {}", "has no `url`"),
        ("postgres = { url = \"mysql://m@h/d\" }", "no address of a PostgreSQL database"),
        ("postgres = { url = \"postgres://m@h/d?sslmode=prefer\" }", "`allow` and `prefer`"),
        ("postgres = { url = \"postgres://m@h/d?sslrootcert=x\" }", "as `ca`"),
        ("postgres = { url = \"postgres://m@h/d\", ca = \"none.pem\" }", "cannot be read"),
        ("postgres = { url = \"postgres://m@h/d\", ca = \"config.toml\" }", "no certificates"),
        ("postgres = { url = \"postgres://m@h/d\", schema = \"A b\" }", "no name for a schema"),
        ("postgres = { url = \"postgres://m@h/d\", connections = 0 }", "connections"),
        ("postgres = { url = { env = \"NOWHERE\" } }", "no variable `NOWHERE`"),
    ] {
        let told = told(LEAST, &format!("[store]\n{section}\n"));
        assert!(told.contains(expected), "{section} gives {told}");
    }
}
