//! Reading mappings and cases from this repository.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use matricula::mapping::{Cases, Plan, Shelf, Source};

/// A folder of files that are found by name.
pub(crate) struct Folder {
    path: PathBuf,
    extension: &'static str,
}

impl Folder {
    pub(crate) fn new(path: &str, extension: &'static str) -> Self {
        Self { path: Path::new(env!("CARGO_MANIFEST_DIR")).join(path), extension }
    }
}

impl Shelf for Folder {
    fn text(&self, name: &str) -> Option<String> {
        fs::read_to_string(self.path.join(format!("{name}.{}", self.extension))).ok()
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.path).into_iter().flatten().flatten();
        let names = entries.filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            name.strip_suffix(&format!(".{}", self.extension)).map(str::to_owned)
        });
        names.collect()
    }
}

/// Compiles a mapping file; its faults are the test's failure.
pub(crate) fn plan(path: &str) -> Arc<Plan> {
    let full = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    let text = fs::read_to_string(&full).unwrap();
    let compiled = Source::read(path, &text, &Folder::new("mappings", "toml"))
        .and_then(|source| source.compile());
    match compiled {
        Ok(plan) => Arc::new(plan),
        Err(faults) => {
            let told: Vec<_> = faults.iter().map(matricula::mapping::Fault::render).collect();
            panic!("{path} does not compile:\n{}", told.join("\n"));
        }
    }
}

/// Plays a file of cases; answers how many there were.
pub(crate) fn play(plan: &Arc<Plan>, path: &str, samples: &str) -> usize {
    let full = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    let text = fs::read_to_string(&full).unwrap();
    let cases = match Cases::read(path, &text, &Folder::new(samples, "json")) {
        Ok(cases) => cases,
        Err(faults) => {
            let told: Vec<_> = faults.iter().map(matricula::mapping::Fault::render).collect();
            panic!("{path} cannot be read:\n{}", told.join("\n"));
        }
    };
    let outcomes = cases.play(plan);
    let failed: Vec<String> = outcomes
        .iter()
        .filter(|outcome| !outcome.problems.is_empty())
        .map(|outcome| {
            format!(
                "{} ({}):\n    {}",
                outcome.name,
                outcome.place,
                outcome.problems.join("\n    ")
            )
        })
        .collect();
    assert!(
        failed.is_empty(),
        "{path}: {} of {} cases failed\n{}",
        failed.len(),
        outcomes.len(),
        failed.join("\n")
    );
    outcomes.len()
}
