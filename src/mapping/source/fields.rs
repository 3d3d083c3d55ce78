//! Taking a table apart: each known key once, the rest are faults with a hint.

use super::node::{Entry, Node};
use crate::mapping::fault::{Fault, Span, did_you_mean};

/// A table of which keys are taken one after the other.
pub struct Fields<'n> {
    span: Span,
    entries: Vec<&'n Entry>,
    asked: Vec<&'static str>,
}

impl<'n> Fields<'n> {
    /// Opens a table; anything else is a fault.
    pub fn open(node: &'n Node, what: &str, faults: &mut Vec<Fault>) -> Option<Self> {
        let Some(entries) = node.table() else {
            let message = format!("{what} is a table, this is {}", node.what());
            faults.push(Fault::new(&node.span, message));
            return None;
        };
        let entries = entries.iter().collect();
        Some(Self { span: node.span.clone(), entries, asked: Vec::new() })
    }

    /// Where the table stands.
    pub fn span(&self) -> &Span {
        &self.span
    }

    /// Takes a key with its place.
    pub fn entry(&mut self, key: &'static str) -> Option<&'n Entry> {
        self.asked.push(key);
        let at = self.entries.iter().position(|entry| entry.key == key)?;
        Some(self.entries.remove(at))
    }

    /// Takes the value of a key.
    pub fn take(&mut self, key: &'static str) -> Option<&'n Node> {
        self.entry(key).map(|entry| &entry.node)
    }

    /// Takes a key that holds a text.
    pub fn text(&mut self, key: &'static str, faults: &mut Vec<Fault>) -> Option<(&'n str, Span)> {
        let node = self.take(key)?;
        let text = node.text();
        if text.is_none() {
            faults.push(wrong(key, "a text", node));
        }
        text.map(|text| (text, node.span.clone()))
    }

    /// Takes a key that holds `true` or `false`; `false` when it is not there.
    pub fn flag(&mut self, key: &'static str, faults: &mut Vec<Fault>) -> bool {
        let Some(node) = self.take(key) else { return false };
        node.truth().unwrap_or_else(|| {
            faults.push(wrong(key, "true or false", node));
            false
        })
    }

    /// Takes a key that holds a whole number from zero.
    pub fn number(&mut self, key: &'static str, faults: &mut Vec<Fault>) -> Option<u64> {
        let node = self.take(key)?;
        let number = node.value().as_u64();
        if number.is_none() {
            faults.push(wrong(key, "a whole number", node));
        }
        number
    }

    /// Takes a list, or one value as a list of one.
    pub fn many(&mut self, key: &'static str) -> &'n [Node] {
        self.take(key).map_or(&[], |node| node.list().unwrap_or(std::slice::from_ref(node)))
    }

    /// Takes a table whose keys are the author's own names; nothing of it is passed over
    /// because it is none.
    pub fn table(&mut self, key: &'static str, faults: &mut Vec<Fault>) -> &'n [Entry] {
        self.take(key).map_or(&[], |node| table_of(key, node, faults))
    }

    /// Takes so many seconds. More than a year of them is a slip, and beyond all clocks.
    pub fn seconds(&mut self, key: &'static str, faults: &mut Vec<Fault>) -> Option<u64> {
        let entry = self.entries.iter().find(|entry| entry.key == key).copied();
        let seconds = self.number(key, faults)?;
        if let Some(entry) = entry.filter(|_| seconds > LONGEST) {
            let fault = Fault::new(&entry.node.span, format!("`{key}` is longer than a year"));
            faults.push(fault.hint("it is a number of seconds"));
        }
        Some(seconds.min(LONGEST))
    }

    /// Takes whatever is left: a table whose keys are the author's own names.
    pub fn rest(&mut self) -> Vec<&'n Entry> {
        std::mem::take(&mut self.entries)
    }

    /// Closes the table: every key that nobody asked for is a fault.
    pub fn close(self, what: &str, faults: &mut Vec<Fault>) {
        for entry in &self.entries {
            let mut fault = Fault::new(&entry.span, format!("{what} has no key `{}`", entry.key))
                .label("unknown key");
            fault.hint = did_you_mean(&entry.key, self.asked.iter().copied());
            faults.push(fault);
        }
    }
}

/// The seconds of a year.
pub(in crate::mapping) const LONGEST: u64 = 366 * 24 * 60 * 60;

/// The entries of a table; anything else is a fault.
pub(in crate::mapping) fn table_of<'n>(
    key: &str,
    node: &'n Node,
    faults: &mut Vec<Fault>,
) -> &'n [Entry] {
    node.table().unwrap_or_else(|| {
        faults.push(wrong(key, "a table", node));
        &[]
    })
}

/// The fault of a value of the wrong kind.
pub(in crate::mapping) fn wrong(key: &str, wanted: &str, node: &Node) -> Fault {
    Fault::new(&node.span, format!("`{key}` is {wanted}, this is {}", node.what()))
        .label(format!("expected {wanted}"))
}
