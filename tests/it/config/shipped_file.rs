//! `config.toml` at the root: it runs as it is, it names every key there is, and
//! what it calls a default is one.

use std::fs;

use super::support::{LEAST, Trial};
use matricula::backend;
use matricula::config::{Lms, Settings};
use matricula::store::Place;

/// The tables that have keys of their own.
const TABLES: [&str; 25] = [
    "",
    "server",
    "server.tls",
    "server.tls.clients",
    "server.timeouts",
    "server.limits",
    "server.forwarded",
    "server.drain",
    "admin",
    "admin.tls",
    "log",
    "store",
    "audit",
    "store.postgres",
    "cache",
    "tenants.demo",
    "tenants.demo.cache",
    "tenants.demo.backend",
    "tenants.demo.backend.timeouts",
    "tenants.demo.backend.retry",
    "tenants.demo.backend.breaker",
    "tenants.demo.backends.main",
    "tenants.demo.backends.main.retry",
    "tenants.demo.tokens",
    "tenants.demo.backend.rates",
];

fn shipped() -> String {
    fs::read_to_string("config.toml").unwrap()
}

/// Whether a line says that it is a default: one space behind the `#`.
fn default(line: &str) -> Option<&str> {
    line.strip_prefix("# ").filter(|rest| is_toml(rest))
}

/// Whether a line is an example: set in.
fn example(line: &str) -> Option<&str> {
    line.strip_prefix("#     ").filter(|rest| is_toml(rest))
}

fn is_toml(rest: &str) -> bool {
    let key = rest.split(" = ").next().unwrap_or_default();
    let plain = |c: char| matches!(c, 'a'..='z' | '0'..='9' | '_' | '.');
    let pair = rest.contains(" = ") && !key.is_empty() && key.chars().all(plain);
    pair || (rest.starts_with('[') && rest.ends_with(']'))
}

/// The keys that the code knows in a table, in its own words.
fn known(table: &str) -> Vec<String> {
    let strange = "zzzzzzzzzzzz = 1\n";
    let text = match table {
        "" => format!("{strange}{LEAST}"),
        list if list.ends_with("tokens") => {
            format!("{}[[{list}]]\n{strange}", LEAST.replace("tokens = ", "title = '' # "))
        }
        list if list.ends_with("rates") => format!("{LEAST}[[{list}]]\n{strange}"),
        "tenants.demo" => LEAST.replace("sandbox", &format!("{strange}sandbox")),
        table => format!("{LEAST}[{table}]\n{strange}"),
    };
    let told = Trial::of(&text).faults();
    assert!(told.contains("help: known here: "), "no keys of {table:?} in {told}");
    let keys = told.split("help: known here: ").nth(1).unwrap_or_default();
    keys.lines().next().unwrap_or_default().split(", ").map(str::to_owned).collect()
}

#[test]
fn it_runs_as_it_is_without_a_warning() {
    let trial = Trial::of(&shipped());
    assert_eq!(trial.warnings(), "");
    let settings = trial.load().unwrap().settings;
    assert_eq!(settings.tenants.len(), 1);
    assert!(matches!(settings.tenants[0].lms, Lms::Sandbox(_)));
}

#[test]
fn it_names_every_key_that_there_is() {
    let shipped = shipped();
    let words: Vec<&str> =
        shipped.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').collect();
    for table in TABLES {
        for key in known(table) {
            assert!(words.contains(&key.as_str()), "config.toml does not name `{table}.{key}`");
        }
    }
}

#[test]
fn every_key_it_names_is_known() {
    let uncommented: Vec<String> = shipped()
        .lines()
        .map(|line| example(line).or_else(|| default(line)).unwrap_or(line).to_owned())
        .collect();
    let told = Trial::of(&uncommented.join("\n")).faults();
    assert!(!told.contains("there is no setting"), "{told}");
    assert!(told.contains("`token` and `sha256`"), "the examples were not read: {told}");
}

#[test]
fn what_it_calls_a_default_is_one() {
    let uncommented: Vec<String> =
        shipped().lines().map(|line| default(line).unwrap_or(line).to_owned()).collect();
    let count = shipped().lines().filter(|line| default(line).is_some()).count();
    assert!(count >= 45, "only {count} defaults were found");
    let load = |text: &str| -> Settings {
        let mut settings = Trial::of(text).load().unwrap().settings;
        // Each trial has a folder of its own, and the store stands in it.
        let Place::File(path) = &mut settings.store.place else { panic!("no file") };
        *path = path.file_name().unwrap().into();
        settings.store.folder.clear();
        settings
    };
    let (mut said, mut silent) = (load(&uncommented.join("\n")), load(&shipped()));
    let own = said.tenants[0].backends.remove(0).1;
    silent.tenants[0].backends.clear();
    assert_eq!(format!("{said:#?}"), format!("{silent:#?}"));
    // What a mapping says of its LMS goes before these defaults.
    assert_eq!(format!("{own:?}"), format!("{:?}", backend::Settings::new("demo", "")));
}
