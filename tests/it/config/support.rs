//! Settings written into a folder of their own, and read from there.

use std::fs;
use std::path::Path;

use matricula::config::{Environment, Faults, Loaded, Sources, Word};
use tempfile::TempDir;

/// A folder with a configuration file, an environment and flags.
pub(super) struct Trial {
    folder: TempDir,
    environment: Vec<(String, String)>,
    flags: Vec<Word>,
}

/// The least that can be served: a tenant over a sandbox.
pub(super) const LEAST: &str = r#"[tenants.demo]
mapping = "moodle"
sandbox = true
tokens = [{ token = "0123456789abcdef0123456789" }]

"#;

/// A tenant in front of a real LMS; what follows belongs to its settings.
pub(super) const REAL: &str = r#"[tenants.x]
mapping = "moodle"
tokens = [{ token = "0123456789abcdef0123456789" }]
[tenants.x.lms]
base_url = "https://moodle.example"
token = "hunter2hunter2"
"#;

/// A tenant without a token.
pub(super) const SILENT: &str = r#"[tenants.x]
mapping = "moodle"
sandbox = true
"#;

/// What is told of the mistakes in a file that begins well.
pub(super) fn told(good: &str, bad: &str) -> String {
    Trial::of(&format!("{good}{bad}")).faults()
}

impl Trial {
    /// With that text in `config.toml`.
    pub(super) fn of(text: &str) -> Self {
        let trial =
            Self { folder: TempDir::new().unwrap(), environment: Vec::new(), flags: Vec::new() };
        trial.file("config.toml", text)
    }

    /// With another file in the folder.
    pub(super) fn file(self, name: &str, text: &str) -> Self {
        fs::write(self.folder.path().join(name), text).unwrap();
        self
    }

    /// With a variable in the environment.
    pub(super) fn variable(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// With a flag `--set`.
    pub(super) fn set(mut self, text: &str) -> Self {
        self.flags.push(Word::set(text).unwrap());
        self
    }

    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(super) fn load(&self) -> Result<Loaded, Faults> {
        let sources = Sources {
            file: Some(self.folder.path().join("config.toml")),
            environment: self.environment.iter().cloned().collect::<Environment>(),
            flags: self.flags.clone(),
        };
        sources.load("2026-11-21T12:00:00Z".parse().unwrap())
    }

    /// The faults as they are told, paths relative to the folder.
    pub(super) fn faults(&self) -> String {
        self.relative(&self.load().unwrap_err().to_string())
    }

    /// The warnings as they are told.
    pub(super) fn warnings(&self) -> String {
        self.relative(&self.load().unwrap().warnings.render(false))
    }

    fn relative(&self, text: &str) -> String {
        text.replace(&format!("{}/", self.folder.path().display()), "")
    }
}
