//! TOML text to nodes: every syntax error at once, every place kept.

use std::sync::Arc;

use serde_json::Value;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::node::{Entry, Kind, Node};
use crate::mapping::fault::{Fault, File, Span};

/// Deeper nesting than this means nothing, and would cost the stack.
const DEEPEST: usize = 40;
/// Larger files than this nobody has written.
const LARGEST: usize = 1024 * 1024;

/// Reads one file.
pub(in crate::mapping) fn read(file: &Arc<File>) -> Result<Node, Vec<Fault>> {
    let whole = Span { file: Arc::clone(file), start: 0, end: 0 };
    if file.text.len() > LARGEST {
        return Err(vec![Fault::new(&whole, "the file is larger than 1 MB")]);
    }
    if nesting(&file.text) > DEEPEST {
        return Err(vec![Fault::new(&whole, "the file nests deeper than it can mean anything")]);
    }
    let (table, errors) = DeTable::parse_recoverable(&file.text);
    let mut faults: Vec<Fault> = errors
        .iter()
        .map(|error| {
            let range = error.span().unwrap_or(0..0);
            let span = Span { file: Arc::clone(file), start: range.start, end: range.end };
            Fault::new(&span, format!("this is not TOML: {}", error.message()))
                .hint("look for a bracket, brace or quote that is missing here or just above")
        })
        .collect();
    let reader = Reader { file };
    let node = reader.table(table.get_ref(), whole, 0, &mut faults);
    if faults.is_empty() { Ok(node) } else { Err(faults) }
}

/// An upper bound of how deep the brackets of a text nest.
fn nesting(text: &str) -> usize {
    let mut depth = 0_usize;
    let mut deepest = 0;
    for line in text.lines() {
        // Keys nest too: `a.b.c = 1` is three tables.
        let dots = line.split(['=', '#']).next().unwrap_or_default().matches('.').count();
        deepest = deepest.max(depth + dots);
        for c in line.chars() {
            match c {
                '[' | '{' => depth += 1,
                ']' | '}' => depth = depth.saturating_sub(1),
                _ => {}
            }
            deepest = deepest.max(depth);
        }
    }
    deepest
}

struct Reader<'a> {
    file: &'a Arc<File>,
}

impl Reader<'_> {
    fn span<T>(&self, spanned: &Spanned<T>) -> Span {
        let range = spanned.span();
        Span { file: Arc::clone(self.file), start: range.start, end: range.end }
    }

    fn table(
        &self,
        table: &DeTable<'_>,
        span: Span,
        depth: usize,
        faults: &mut Vec<Fault>,
    ) -> Node {
        let mut entries: Vec<Entry> = table
            .iter()
            .map(|(key, value)| Entry {
                key: key.get_ref().to_string(),
                span: self.span(key),
                node: self.node(value, depth + 1, faults),
            })
            .collect();
        entries.sort_by_key(|entry| entry.span.start);
        Node { span, kind: Kind::Table(entries) }
    }

    fn node(&self, value: &Spanned<DeValue<'_>>, depth: usize, faults: &mut Vec<Fault>) -> Node {
        let span = self.span(value);
        if depth > DEEPEST {
            faults.push(Fault::new(&span, "nested deeper than it can mean anything"));
            return Node { span, kind: Kind::Plain(Value::Null) };
        }
        let kind = match value.get_ref() {
            DeValue::String(text) => Kind::Text(text.to_string()),
            DeValue::Boolean(truth) => Kind::Plain(Value::Bool(*truth)),
            DeValue::Integer(number) => {
                let number = i64::from_str_radix(number.as_str(), number.radix()).ok();
                if number.is_none() {
                    faults.push(Fault::new(&span, "this number is too large"));
                }
                Kind::Plain(number.map_or(Value::Null, Value::from))
            }
            DeValue::Float(number) => {
                Kind::Plain(number.as_str().parse::<f64>().map_or(Value::Null, Value::from))
            }
            DeValue::Datetime(when) => Kind::Text(when.to_string()),
            DeValue::Array(items) => {
                Kind::List(items.iter().map(|item| self.node(item, depth + 1, faults)).collect())
            }
            DeValue::Table(table) => return self.table(table, span, depth, faults),
        };
        Node { span, kind }
    }
}
