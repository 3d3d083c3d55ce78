//! The house rules that the compiler cannot keep: which room may know which,
//! which rooms stay pure, and how long a file may grow.

#![expect(clippy::unwrap_used, reason = "a test that cannot read the sources should fail")]

use std::fs;
use std::path::{Path, PathBuf};

/// Every room, lowest first, and the rooms it may import. A room that is not
/// built yet stands here all the same: the plan is part of the house.
const ROOMS: &[(&str, &[&str])] = &[
    ("scim", &[]),
    ("call", &[]),
    ("clock", &[]),
    ("secret", &[]),
    ("der", &[]),
    ("behalf", &[]),
    ("mapping", &["scim", "call"]),
    ("policy", &["scim"]),
    ("backend", &["call", "clock", "secret", "der"]),
    ("store", &["scim", "policy", "secret"]),
    ("server", &["secret", "der"]),
    ("provision", &["scim", "call", "mapping", "policy", "backend", "store", "clock", "behalf"]),
    ("api", &["scim", "provision", "store", "server", "clock", "behalf"]),
    ("admin", &["scim", "policy", "provision", "store", "server", "secret"]),
    ("sandbox", &[]),
    (
        "config",
        &[
            "scim",
            "mapping",
            "policy",
            "backend",
            "store",
            "provision",
            "server",
            "api",
            "admin",
            "secret",
        ],
    ),
    (
        "app",
        &[
            "behalf",
            "config",
            "clock",
            "mapping",
            "policy",
            "backend",
            "store",
            "provision",
            "server",
            "api",
            "admin",
            "secret",
            "sandbox",
        ],
    ),
    (
        "cli",
        &[
            "app",
            "config",
            "mapping",
            "call",
            "clock",
            "provision",
            "scim",
            "store",
            "clock",
            "secret",
            "server",
        ],
    ),
];

/// Rooms of values: what they do depends on nothing but their arguments.
const PURE: &[&str] = &["scim", "call", "der", "mapping", "policy"];

/// Words that no pure room may contain.
const IMPURE: &[&str] = &[
    "tokio::",
    "hyper::",
    "std::net",
    "std::fs",
    "std::env",
    "SystemTime",
    "Instant::now",
    "async fn",
];

/// The longest a source file may be, its tests not counted.
const WALL: usize = 500;

#[test]
fn rooms_import_only_what_the_plan_allows() {
    for (room, allowed) in ROOMS {
        for file in sources_of(room) {
            for used in imports(&read(&file)) {
                assert!(
                    used == *room || allowed.contains(&used.as_str()),
                    "{}: room `{room}` must not import `{used}`",
                    file.display()
                );
            }
        }
    }
}

#[test]
fn arrows_point_down() {
    for (index, (room, allowed)) in ROOMS.iter().enumerate() {
        for used in *allowed {
            let below = ROOMS[..index].iter().any(|(name, _)| name == used);
            assert!(below, "`{room}` imports `{used}`, which does not stand below it");
        }
    }
}

#[test]
fn every_room_is_in_the_plan() {
    for entry in fs::read_dir(src()).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let room = name.trim_end_matches(".rs");
        if room == "lib" || room == "main" {
            continue;
        }
        assert!(ROOMS.iter().any(|(known, _)| *known == room), "src/{name} is no room of the plan");
    }
}

#[test]
fn pure_rooms_do_no_io_and_ask_no_clock() {
    for room in PURE {
        for file in sources_of(room) {
            let text = read(&file);
            for word in IMPURE {
                assert!(!text.contains(word), "{}: a pure room names `{word}`", file.display());
            }
        }
    }
}

#[test]
fn no_file_is_longer_than_the_wall() {
    for file in rust_files(&src()) {
        let text = read(&file);
        let lines = text.lines().take_while(|line| !line.starts_with("#[cfg(test)]")).count();
        assert!(lines <= WALL, "{} has {lines} lines; the wall is {WALL}", file.display());
    }
}

#[test]
fn every_file_opens_by_saying_what_it_is() {
    for file in rust_files(&src()) {
        assert!(read(&file).starts_with("//! "), "{} opens without a word", file.display());
    }
}

#[test]
fn the_checker_sees_an_import_where_there_is_one() {
    assert_eq!(
        imports("use crate::scim::Filter;\nfn f(x: crate::call::Call) {}"),
        ["scim", "call"]
    );
    assert!(imports("//! see `crate::scim`\n// crate::scim").is_empty());
}

fn src() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

fn sources_of(room: &str) -> Vec<PathBuf> {
    let folder = src().join(room);
    let file = src().join(format!("{room}.rs"));
    if folder.is_dir() {
        rust_files(&folder)
    } else if file.is_file() {
        vec![file]
    } else {
        Vec::new()
    }
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}

fn read(file: &Path) -> String {
    fs::read_to_string(file).unwrap()
}

/// Every word that follows `crate::` in code; comments do not count.
fn imports(text: &str) -> Vec<String> {
    let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    let mut found = Vec::new();
    for line in code {
        for rest in line.split("crate::").skip(1) {
            let word: String =
                rest.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
            found.push(word);
        }
    }
    found
}
