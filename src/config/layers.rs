//! The layers that settings come from, one over the other: the file, then the
//! environment, then flags. Each value remembers which one it came from.

use std::path::PathBuf;
use std::sync::Arc;

use figment::value::{Dict, Map, Tag, Value};
use figment::{Error, Figment, Metadata, Profile, Provider, Source};

use super::fault::Place;
use super::key::{self, Key};
use crate::mapping::source::{Kind, Node};
use crate::mapping::{Fault, File};

/// All layers, merged.
pub(super) struct Layers {
    figment: Figment,
    root: Value,
    file: Option<Node>,
}

/// What is looked at of a setting: its name or what it is set to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Name,
    Value,
}

/// A setting given as a word: by a variable of the environment or by a flag.
#[derive(Clone)]
pub struct Word {
    pub(super) origin: String,
    pub(super) path: Vec<String>,
    pub(super) raw: String,
}

impl Layers {
    /// Lays words over the file; later words go before earlier ones.
    pub(super) fn stack(file: Option<Node>, words: &[Word]) -> Result<Self, Box<Error>> {
        let mut figment = Figment::new();
        if let Some(node) = &file {
            figment = figment.merge(Document(node));
        }
        for word in words {
            figment = figment.merge(word);
        }
        let root = figment.find_value("").map_err(Box::new)?;
        Ok(Self { figment, root, file })
    }

    /// The value of a setting.
    pub(super) fn find(&self, key: &Key) -> Option<&Value> {
        key::find(&self.root, key.steps())
    }

    /// The names within a table, as they are sorted.
    pub(super) fn names(&self, key: &Key) -> Vec<String> {
        let table = self.find(key).and_then(Value::as_dict);
        table.map(|table| table.keys().cloned().collect()).unwrap_or_default()
    }

    /// How long a list is.
    pub(super) fn length(&self, key: &Key) -> usize {
        self.find(key).and_then(Value::as_array).map_or(0, <[Value]>::len)
    }

    /// Whether it was not the file that said it.
    pub(super) fn spoken(&self, key: &Key) -> bool {
        self.find(key).is_some_and(|value| self.word_of(value.tag()).is_some())
    }

    /// Where a setting comes from. One that is not there is missed in the
    /// nearest table around it.
    pub(super) fn place(&self, key: &Key, part: Part) -> Place {
        let mut steps = key.steps();
        let mut part = part;
        loop {
            if let Some(place) = self.exact(steps, part) {
                return place;
            }
            let Some((_, before)) = steps.split_last() else { return Place::Nowhere };
            steps = before;
            part = Part::Name;
        }
    }

    fn exact(&self, steps: &[String], part: Part) -> Option<Place> {
        let value = key::find(&self.root, steps)?;
        // A table that several layers have put together is the file's first.
        let merged = matches!(value, Value::Dict(..));
        let word = self.word_of(first_leaf(value).tag());
        match self.in_file(steps, part) {
            Some(place) if merged || word.is_none() => Some(place),
            _ => word.map(|word| Place::Word(word.to_owned())),
        }
    }

    fn in_file(&self, steps: &[String], part: Part) -> Option<Place> {
        let (last, before) = steps.split_last()?;
        let around = self.walk(before)?;
        let entry = around.table().and_then(|it| it.iter().find(|entry| entry.key == *last));
        let span = match entry.filter(|_| part == Part::Name) {
            Some(entry) => &entry.span,
            None => &step(around, last)?.span,
        };
        Some(Place::File(span.clone()))
    }

    fn word_of(&self, tag: Tag) -> Option<&str> {
        let metadata = self.figment.get_metadata(tag)?;
        metadata.source.is_none().then_some(metadata.name.as_ref())
    }

    /// A setting as the file has it.
    pub(super) fn node(&self, key: &Key) -> Option<&Node> {
        self.walk(key.steps())
    }

    fn walk(&self, steps: &[String]) -> Option<&Node> {
        steps.iter().try_fold(self.file.as_ref()?, |node, name| step(node, name))
    }

    /// Whether the settings name that variable anywhere, as the source of a
    /// secret.
    pub(super) fn mentions(&self, variable: &str) -> bool {
        mentions(&self.root, variable)
    }
}

fn mentions(value: &Value, variable: &str) -> bool {
    match value {
        Value::Dict(_, table) => {
            let named = table.get("env").and_then(Value::as_str) == Some(variable);
            named || table.values().any(|value| mentions(value, variable))
        }
        Value::Array(_, list) => list.iter().any(|value| mentions(value, variable)),
        _ => false,
    }
}

/// One step into the file's tree.
fn step<'n>(node: &'n Node, step: &str) -> Option<&'n Node> {
    match &node.kind {
        Kind::Table(_) => node.get(step),
        Kind::List(items) => items.get(key::position(step)?),
        Kind::Text(_) | Kind::Plain(_) => None,
    }
}

fn first_leaf(value: &Value) -> &Value {
    match value {
        Value::Dict(_, table) => table.values().next().map_or(value, first_leaf),
        _ => value,
    }
}

/// The file as figment takes it.
struct Document<'n>(&'n Node);

impl Provider for Document<'_> {
    fn metadata(&self) -> Metadata {
        let name = self.0.span.file.name.clone();
        Metadata::named("file").source(Source::File(PathBuf::from(name)))
    }

    fn data(&self) -> Result<Map<Profile, Dict>, Error> {
        Ok(Profile::Default
            .collect(Value::serialize(self.0.value())?.into_dict().unwrap_or_default()))
    }
}

impl Provider for Word {
    fn metadata(&self) -> Metadata {
        Metadata::named(self.origin.clone())
    }

    fn data(&self) -> Result<Map<Profile, Dict>, Error> {
        let toml = self.raw.starts_with(['"', '\'', '[', '{']);
        let read = toml.then(|| meant(&self.raw)).flatten();
        let value = read.unwrap_or_else(|| Value::from(self.raw.clone()));
        Ok(Profile::Default.collect(key::planted(&self.path, value)))
    }
}

/// A word read as a value of TOML, if it is one.
pub(super) fn meant(raw: &str) -> Option<Value> {
    let text = format!("value = {}", raw.trim());
    let node: Result<Node, Vec<Fault>> = Node::read(&Arc::new(File { name: String::new(), text }));
    let node = node.ok()?;
    // A line end within the word could bring further keys.
    let [entry] = node.table()? else { return None };
    Value::serialize(entry.node.value()).ok()
}
