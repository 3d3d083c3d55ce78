//! A mapping as written: its files read, `extends` followed, nothing judged yet.

mod fields;
mod node;
pub(super) mod read;

use std::sync::Arc;

pub use fields::Fields;
pub(in crate::mapping) use fields::{LONGEST, table_of, wrong};
pub use node::{Entry, Kind, Node};

use super::fault::{Fault, File, Span, did_you_mean};

/// A mapping as its author wrote it. Only [`Source::compile`] makes it a plan.
#[derive(Debug)]
pub struct Source {
    pub(super) root: Node,
}

/// Where the file behind a name of `extends` comes from.
pub trait Shelf {
    /// The text of the mapping of that name.
    fn text(&self, name: &str) -> Option<String>;
    /// The names there are, for hints.
    fn names(&self) -> Vec<String>;
}

/// A chain of `extends` longer than this is a mistake.
const LONGEST_CHAIN: usize = 8;

impl Source {
    /// Reads a mapping file and whatever it extends.
    pub fn read(name: &str, text: &str, shelf: &dyn Shelf) -> Result<Self, Vec<Fault>> {
        let file = Arc::new(File { name: name.to_owned(), text: text.to_owned() });
        let mut root = read::read(&file)?;
        let mut seen = Vec::new();
        while let Some(base) = take_extends(&mut root) {
            let root_span = base.span.clone();
            let Some(wanted) = base.text().map(str::to_owned) else {
                let fault = Fault::new(&base.span, "`extends` names one mapping");
                return Err(vec![fault.hint("write it as a text: extends = \"moodle\"")]);
            };
            if seen.contains(&wanted) || seen.len() >= LONGEST_CHAIN {
                return Err(vec![Fault::new(&base.span, "this mapping extends itself")]);
            }
            let below = below(&wanted, shelf, &root_span)?;
            root = root.over(below);
            seen.push(wanted);
        }
        Ok(Self { root })
    }

    /// The whole file with what it extends laid under it.
    pub fn root(&self) -> &Node {
        &self.root
    }
}

fn below(wanted: &str, shelf: &dyn Shelf, span: &Span) -> Result<Node, Vec<Fault>> {
    let Some(text) = shelf.text(wanted) else {
        let names = shelf.names();
        let mut fault = Fault::new(span, format!("there is no mapping `{wanted}` to extend"));
        fault.hint = did_you_mean(wanted, names.iter().map(String::as_str));
        return Err(vec![fault]);
    };
    read::read(&Arc::new(File { name: format!("{wanted}.toml"), text }))
}

fn take_extends(root: &mut Node) -> Option<Node> {
    let Kind::Table(entries) = &mut root.kind else { return None };
    let at = entries.iter().position(|entry| entry.key == "extends");
    at.map(|at| entries.remove(at).node)
}
