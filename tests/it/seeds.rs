//! The seeds of the fuzz targets and every former find, on each test run.

use crate::checks;
use std::fs;
use std::path::Path;

fn each_seed(target: &str, check: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds").join(target);
    let seeds: Vec<_> = fs::read_dir(folder).unwrap().collect();
    assert!(!seeds.is_empty(), "no seeds for {target}");
    for seed in seeds {
        check(&fs::read(seed.unwrap().path()).unwrap());
    }
}

#[test]
fn filter_seeds_hold() {
    each_seed("filter", checks::filter);
}

#[test]
fn path_seeds_hold() {
    each_seed("path", checks::path);
}

#[test]
fn patch_seeds_hold() {
    each_seed("patch", checks::patch);
}

#[test]
fn bulk_seeds_hold() {
    each_seed("bulk", checks::bulk);
}

#[test]
fn mapping_seeds_hold() {
    each_seed("mapping", checks::mapping);
}

/// Cut short, doubled, with bytes changed: a cheap fuzzer for every test run.
#[test]
fn damaged_mappings_are_told_and_never_panic() {
    let whole = fs::read("mappings/moodle.toml").unwrap();
    for step in 0..400_usize {
        let at = step * whole.len() / 400;
        let mut damaged = whole.clone();
        damaged[at] = b"\"'{}[]=.,|x\n"[step % 12];
        checks::mapping(&damaged);
        if step % 4 == 0 {
            checks::mapping(&whole[..at]);
        }
    }
}
