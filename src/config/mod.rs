//! The settings, from layers to types: the file, over it the environment, over
//! that flags. Every fault is told at once, with its origin, before anything is
//! opened. No other room reads the environment.
//!
//! ```text
//! file, variables, flags ─ Layers ─ Reader: written, then judged ─► Settings
//!                                                              └──► Faults
//! ```

mod attempt;
mod backend;
mod explain;
mod fault;
mod key;
mod layers;
mod lms;
mod path;
mod plans;
mod reader;
mod rules;
mod secret;
mod server;
mod settings;
mod store;
mod tenant;
mod token;
mod unit;
mod veil;
mod words;
mod written;
mod written_rules;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;

pub use fault::{Faults, Told, Warnings};
pub use layers::Word;
pub use plans::Folder;
pub use settings::{Address, Audit, Format, Lms, Log, Settings, Tenant};
pub use token::instant;
pub use words::Environment;

use crate::mapping::File;
use crate::mapping::source::Node;
use fault::{Fault, Place};
use layers::Layers;
use reader::Reader;
use veil::Veil;

/// The file that is read where no other is named.
const USUAL_FILE: &str = "config.toml";

/// Where settings come from.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    /// The file. Where none is named, `MATRICULA_CONFIG` may name one; else it is
    /// `config.toml`, which need not be there.
    pub file: Option<PathBuf>,
    /// The environment.
    pub environment: Environment,
    /// Flags; later ones go before earlier ones.
    pub flags: Vec<Word>,
}

/// Settings that hold, and what should be known of them.
#[derive(Debug)]
pub struct Loaded {
    /// The settings.
    pub settings: Settings,
    /// What is no fault, but may become one.
    pub warnings: Warnings,
}

impl Sources {
    /// Reads everything, or says all that is wrong with it. It blocks for as long
    /// as the disk does.
    pub fn load(&self, now: Timestamp) -> Result<Loaded, Faults> {
        let (path, named) = self.path();
        let file = read(&path, named)
            .map_err(|fault| Faults::new(vec![fault], Vec::new(), Veil::default()))?;
        self.over(file, path.parent().unwrap_or(Path::new("")), now)
    }

    /// The same with this text in place of a file; its paths begin where the
    /// process runs.
    pub fn load_text(&self, name: &str, text: String, now: Timestamp) -> Result<Loaded, Faults> {
        let file = File { name: name.to_owned(), text };
        self.over(Some(file), Path::new(""), now)
    }

    fn over(&self, file: Option<File>, folder: &Path, now: Timestamp) -> Result<Loaded, Faults> {
        let (file, veil) = file.map_or_else(|| Ok((None, Veil::default())), parsed)?;
        let mut words = self.environment.words();
        words.extend(self.flags.iter().cloned());
        let layers = Layers::stack(file, &words).map_err(|error| {
            let fault = Fault::new(Place::Nowhere, error.to_string());
            Faults::new(vec![fault], Vec::new(), Veil::default())
        })?;
        let mut reader = Reader::new(&layers, &self.environment, folder.to_owned(), now);
        let settings = reader.settings();
        reader.strangers();
        reader.finish(settings, veil)
    }

    /// The file of a tenant's mapping, where it is not one that ships.
    pub fn mapping_file(&self, tenant: &Tenant) -> Option<PathBuf> {
        plans::file_of(&tenant.mapping, self.path().0.parent().unwrap_or(Path::new("")))
    }

    /// The file, and whether somebody named it.
    pub fn path(&self) -> (PathBuf, bool) {
        let named = self.file.clone();
        let named = named.or_else(|| self.environment.get("MATRICULA_CONFIG").map(PathBuf::from));
        named.map_or_else(|| (PathBuf::from(USUAL_FILE), false), |path| (path, true))
    }
}

fn read(path: &Path, named: bool) -> Result<Option<File>, Fault> {
    let name = path.display().to_string();
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(File { name, text })),
        Err(error) if error.kind() == io::ErrorKind::NotFound && !named => Ok(None),
        Err(error) => Err(Fault::new(Place::Nowhere, format!("`{name}` cannot be read: {error}"))
            .hint("name the configuration file by --config FILE or MATRICULA_CONFIG")),
    }
}

fn parsed(file: File) -> Result<(Option<Node>, Veil), Faults> {
    let file = Arc::new(file);
    match Node::read(&file) {
        Ok(node) => {
            let veil = Veil::over(&node);
            Ok((Some(node), veil))
        }
        Err(faults) => {
            let own = faults.into_iter().map(Fault::from).collect();
            Err(Faults::new(own, Vec::new(), Veil::unread(&file)))
        }
    }
}
