//! The thirty acceptance scenarios of the language, each a mapping of its own
//! with only the pieces the scenario needs, and its cases beside it.

use std::fs;
use std::path::Path;

use super::support::{compile, play};

const FOLDER: &str = "tests/it/mapping/scenarios";

#[test]
fn every_scenario_is_there() {
    let names = names();
    for number in 1..=30 {
        let prefix = format!("{number:02}-");
        assert!(names.iter().any(|name| name.starts_with(&prefix)), "scenario {number} is missing");
    }
}

#[test]
fn every_scenario_passes() {
    let mut failed = Vec::new();
    for name in names() {
        let told = compile(&format!("{FOLDER}/{name}.toml"), &[FOLDER, "mappings"])
            .and_then(|plan| play(&plan, &format!("{FOLDER}/{name}.cases.toml"), FOLDER));
        failed.extend(told.err());
    }
    assert!(failed.is_empty(), "{}", failed.join("\n\n"));
}

fn names() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(FOLDER);
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
    let names = files.map(|name| name.into_string().unwrap());
    let mappings = names.filter(|name| !name.ends_with(".cases.toml"));
    let mut names: Vec<_> =
        mappings.filter_map(|name| name.strip_suffix(".toml").map(str::to_owned)).collect();
    names.sort();
    names
}
