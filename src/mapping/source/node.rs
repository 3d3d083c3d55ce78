//! A TOML document whose every key and value remembers its place.

use std::sync::Arc;

use serde_json::Value;

use crate::mapping::fault::{Fault, File, Span};

/// A value of the file with its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// Where the value stands.
    pub span: Span,
    /// What it is.
    pub kind: Kind,
}

/// What a value is.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// A text.
    Text(String),
    /// A number, `true` or `false`.
    Plain(Value),
    /// A list.
    List(Vec<Node>),
    /// A table, in the order in which it is written.
    Table(Vec<Entry>),
}

/// One key of a table.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The key.
    pub key: String,
    /// Where the key stands.
    pub span: Span,
    /// Its value.
    pub node: Node,
}

impl Node {
    /// Reads a file, or says everything that is wrong with its TOML.
    pub fn read(file: &Arc<File>) -> Result<Self, Vec<Fault>> {
        super::read::read(file)
    }

    /// The text, when it is one.
    pub fn text(&self) -> Option<&str> {
        if let Kind::Text(text) = &self.kind { Some(text) } else { None }
    }

    /// `true` or `false`, when it is one.
    pub fn truth(&self) -> Option<bool> {
        if let Kind::Plain(value) = &self.kind { value.as_bool() } else { None }
    }

    /// The list, when it is one.
    pub fn list(&self) -> Option<&[Self]> {
        if let Kind::List(items) = &self.kind { Some(items) } else { None }
    }

    /// The table, when it is one.
    pub fn table(&self) -> Option<&[Entry]> {
        if let Kind::Table(entries) = &self.kind { Some(entries) } else { None }
    }

    /// The value behind a key of a table.
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.table()?.iter().find(|entry| entry.key == key).map(|entry| &entry.node)
    }

    /// What kind of value it is, for messages.
    pub fn what(&self) -> &'static str {
        match &self.kind {
            Kind::Text(_) => "a text",
            Kind::Plain(Value::Bool(_)) => "true or false",
            Kind::Plain(_) => "a number",
            Kind::List(_) => "a list",
            Kind::Table(_) => "a table",
        }
    }

    /// The value without its places.
    pub fn value(&self) -> Value {
        match &self.kind {
            Kind::Text(text) => Value::String(text.clone()),
            Kind::Plain(value) => value.clone(),
            Kind::List(items) => Value::Array(items.iter().map(Self::value).collect()),
            Kind::Table(entries) => Value::Object(
                entries.iter().map(|entry| (entry.key.clone(), entry.node.value())).collect(),
            ),
        }
    }

    /// Lays this node over `base`: tables merge key by key, everything else
    /// replaces, and `false` in the place of a table takes the table away.
    pub fn over(self, base: Self) -> Self {
        let (Kind::Table(_), Kind::Table(_)) = (&self.kind, &base.kind) else { return self };
        let Self { span, kind: Kind::Table(upper) } = self else { return base };
        let Kind::Table(mut merged) = base.kind else {
            return Self { span, kind: Kind::Table(upper) };
        };
        for entry in upper {
            match merged.iter().position(|known| known.key == entry.key) {
                None => merged.push(entry),
                Some(at) => {
                    let below = merged.remove(at);
                    let removes = entry.node.truth() == Some(false)
                        && matches!(below.node.kind, Kind::Table(_) | Kind::List(_));
                    if !removes {
                        let node = entry.node.over(below.node);
                        merged.insert(at, Entry { key: entry.key, span: entry.span, node });
                    }
                }
            }
        }
        Self { span, kind: Kind::Table(merged) }
    }
}
