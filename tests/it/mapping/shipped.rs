//! The mappings that ship compile, stay short, and pass their cases.

use std::fs;

use super::support::{play, shipped};

#[test]
fn every_shipped_mapping_compiles() {
    shipped("mappings/moodle.toml");
    shipped("mappings/minimal-rest.toml");
}

#[test]
fn shipped_mappings_stay_short_enough_to_read() {
    let lines = |path: &str| fs::read_to_string(path).unwrap().lines().count();
    assert!(lines("mappings/moodle.toml") < 250);
    assert!(lines("mappings/minimal-rest.toml") < 60);
}

#[test]
fn moodle_passes_its_cases() {
    let plan = shipped("mappings/moodle.toml");
    let mut played = 0;
    let mut files: Vec<_> =
        fs::read_dir("mappings/moodle/cases").unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    for file in files.iter().filter(|file| file.extension().is_some_and(|kind| kind == "toml")) {
        let told = play(&plan, &file.to_string_lossy(), "mappings/moodle/samples");
        played += told.unwrap_or_else(|told| panic!("{told}"));
    }
    assert!(played > 0);
}
