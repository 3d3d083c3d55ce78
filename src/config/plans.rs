//! The mappings that tenants name: one that ships, or a file.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::key::Key;
use super::reader::Reader;
use crate::mapping::{Plan, Shelf, Shipped, Source, did_you_mean};

/// Files of one folder by their names; the mappings that ship stand behind them.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    extension: &'static str,
}

impl Folder {
    /// The files with that extension.
    pub fn new(path: &Path, extension: &'static str) -> Self {
        Self { path: path.to_owned(), extension }
    }
}

impl Shelf for Folder {
    fn text(&self, name: &str) -> Option<String> {
        let path = self.path.join(format!("{name}.{}", self.extension));
        fs::read_to_string(path).ok().or_else(|| Shipped.text(name))
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.path).into_iter().flatten().flatten();
        let suffix = format!(".{}", self.extension);
        let names = entries.filter_map(|entry| {
            entry.file_name().into_string().ok()?.strip_suffix(&suffix).map(str::to_owned)
        });
        names.chain(Shipped.names()).collect()
    }
}

/// Where the file of a mapping is that does not ship; `moodle` is a name, and
/// `moodle.toml` or `./moodle` a file.
pub(super) fn file_of(name: &str, folder: &Path) -> Option<PathBuf> {
    let shipped = !name.contains(['/', '\\', '.']);
    (!shipped).then(|| folder.join(name))
}

impl Reader<'_> {
    /// The plan of a mapping, compiled once for all who name it.
    pub(super) fn plan(&mut self, key: &Key, name: &str) -> Option<Arc<Plan>> {
        if let Some((_, known)) = self.plans.iter().find(|(known, _)| known == name) {
            return known.clone();
        }
        let plan = self.compiled(key, name);
        self.plans.push((name.to_owned(), plan.clone()));
        plan
    }

    fn compiled(&mut self, key: &Key, name: &str) -> Option<Arc<Plan>> {
        let file = file_of(name, &self.folder);
        let text = self.text_of(key, name, file.as_deref())?;
        let shown =
            file.as_ref().map_or_else(|| format!("{name}.toml"), |it| it.display().to_string());
        let folder = file.as_deref().and_then(Path::parent).unwrap_or(&self.folder);
        let source = Source::read(&shown, &text, &Folder::new(folder, "toml"));
        match source.and_then(|source| source.compile()) {
            Ok(plan) => Some(Arc::new(plan)),
            Err(faults) => {
                self.mapping_faults.extend(faults);
                None
            }
        }
    }

    fn text_of(&mut self, key: &Key, name: &str, file: Option<&Path>) -> Option<String> {
        if let Some(path) = file {
            let read = fs::read_to_string(path);
            if let Err(error) = &read {
                let words = format!("the mapping `{}` cannot be read: {error}", path.display());
                self.refuse(key, words, "paths are relative to the configuration file");
            }
            return read.ok();
        }
        let text = Shipped.text(name);
        if text.is_none() {
            let known = Shipped.names();
            let hint = did_you_mean(name, known.iter().map(String::as_str)).unwrap_or_default();
            let hint = format!("{hint} One of your own is named by its file: \"./{name}.toml\"");
            self.refuse(key, format!("no mapping `{name}` ships"), &hint);
        }
        text
    }
}
