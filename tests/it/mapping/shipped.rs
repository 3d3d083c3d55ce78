//! The mappings that ship compile, stay short, and pass their cases.

use std::fs;
use std::path::PathBuf;

use matricula::mapping::{Shelf, Shipped};

use super::support::{play, shipped};

/// The files below a folder that end so, in order.
fn files(folder: &str) -> Vec<PathBuf> {
    let all = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> =
        all.filter(|path| path.extension().is_some_and(|kind| kind == "toml")).collect();
    files.sort();
    files
}

/// The mappings that ship, by their names.
fn names() -> Vec<String> {
    let name = |path: &PathBuf| path.file_stem().unwrap().to_string_lossy().into_owned();
    files("mappings").iter().map(name).collect()
}

#[test]
fn every_mapping_is_in_the_program_and_told_of() {
    let told = fs::read_to_string("mappings/README.md").unwrap();
    for name in names() {
        assert!(Shipped.names().contains(&name), "{name}");
        assert!(told.contains(&format!("| `{name}.toml` |")), "{name}");
    }
}

#[test]
fn every_mapping_stays_short_enough_to_read() {
    for name in names() {
        let lines = fs::read_to_string(format!("mappings/{name}.toml")).unwrap().lines().count();
        assert!(lines < if name == "minimal-rest" { 60 } else { 250 }, "{name}: {lines}");
    }
}

#[test]
fn every_mapping_passes_its_cases() {
    for name in names().iter().filter(|name| *name != "minimal-rest") {
        let plan = shipped(&format!("mappings/{name}.toml"));
        let mut played = 0;
        for file in files(&format!("mappings/{name}/cases")) {
            let samples = format!("mappings/{name}/samples");
            let told = play(&plan, &file.to_string_lossy(), &samples);
            played += told.unwrap_or_else(|told| panic!("{told}"));
        }
        assert!(played > 0, "{name}");
    }
}
