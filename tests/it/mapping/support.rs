//! Reading mappings and cases from this repository.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use matricula::call::{Call, Failure, Reply};
use matricula::mapping::{Cases, Done, Fault, Next, Plan, Request, Shelf, Shipped, Site, Source};
use serde_json::{Map, Value};

use super::people::moment;

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

/// Several folders, searched one after the other.
struct Folders(Vec<Folder>);

impl Shelf for Folders {
    fn text(&self, name: &str) -> Option<String> {
        self.0.iter().find_map(|folder| folder.text(name))
    }

    fn names(&self) -> Vec<String> {
        self.0.iter().flat_map(Shelf::names).collect()
    }
}

/// Compiles a mapping file, or says what is wrong with it.
pub(crate) fn compile(path: &str, shelves: &[&str]) -> Result<Arc<Plan>, String> {
    let text = read(path);
    let folders = Folders(shelves.iter().map(|path| Folder::new(path, "toml")).collect());
    Source::read(path, &text, &folders)
        .and_then(|source| source.compile())
        .map(Arc::new)
        .map_err(|faults| format!("{path} does not compile:\n{}", told(&faults)))
}

/// Compiles a shipped mapping; its faults are the test's failure.
pub(crate) fn shipped(path: &str) -> Arc<Plan> {
    compile(path, &["mappings"]).unwrap_or_else(|told| panic!("{told}"))
}

/// Plays a file of cases; answers how many there were, or what went wrong.
pub(crate) fn play(plan: &Arc<Plan>, path: &str, samples: &str) -> Result<usize, String> {
    let cases = Cases::read(path, &read(path), &Folder::new(samples, "json"))
        .map_err(|faults| format!("{path} cannot be read:\n{}", told(&faults)))?;
    let outcomes = cases.play(plan);
    let failed = outcomes.iter().filter(|outcome| !outcome.problems.is_empty());
    let failed: Vec<String> = failed
        .map(|bad| format!("{} ({}):\n    {}", bad.name, bad.place, bad.problems.join("\n    ")))
        .collect();
    if failed.is_empty() {
        return Ok(outcomes.len());
    }
    Err(format!("{} of {} cases failed\n{}", failed.len(), outcomes.len(), failed.join("\n")))
}

/// An installation of a mapping that is written here, and has no settings.
pub(crate) fn written(text: &str) -> Arc<Site> {
    let compiled = Source::read("written.toml", text, &Shipped).and_then(|it| it.compile());
    let plan = compiled.unwrap_or_else(|faults| panic!("{}", told(&faults)));
    Arc::new(plan).settle(&Map::new()).unwrap()
}

/// What a request comes to where the LMS answers like that, and the calls it took, as
/// `GET /users/7`, with their bodies.
pub(crate) fn talk(
    site: &Arc<Site>,
    (line, body): (&str, Value),
    answer: impl Fn(&str) -> Reply,
) -> (Vec<String>, Result<Box<Done>, Failure>) {
    let body = Some(body).filter(|body| !body.is_null());
    let request = Request::read(&site.plan, line, body).unwrap();
    let mut run = request.runs(site, None, &moment()).unwrap().remove(0);
    let mut said = Vec::new();
    let mut next = run.start();
    loop {
        match next {
            Next::Done(done) => return (said, done),
            Next::Call(call) => {
                let words = words(&call);
                assert!(said.len() < 100, "{line} does not end: {words}");
                next = run.next(Ok(answer(&words)));
                said.push(words);
            }
        }
    }
}

fn words(call: &Call) -> String {
    let body = call.body.as_ref().map(|body| format!(" {body}")).unwrap_or_default();
    format!("{} {}{body}", call.method.as_str(), call.target)
}

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

fn told(faults: &[Fault]) -> String {
    faults.iter().map(Fault::render).collect::<Vec<_>>().join("\n")
}
