//! The words a file is made of: expressions, texts with holes, trees, fields.

use serde_json::Value;

use super::Compiler;
use crate::mapping::expr::{Expr, Names, parse, parse_hole};
use crate::mapping::fault::{Fault, Span};
use crate::mapping::field::{Field, FieldStep};
use crate::mapping::source::{Kind, Node, wrong};
use crate::mapping::template::{Part, Text, Tree};

impl Compiler {
    /// An expression: a text, or a plain value.
    pub(super) fn expr(&mut self, node: &Node, names: &Names) -> Option<Expr> {
        let text = match &node.kind {
            Kind::Text(text) => text,
            Kind::Plain(value) => return Some(Expr::Plain(value.clone())),
            Kind::List(_) | Kind::Table(_) => {
                let message = format!("an expression is a text, this is {}", node.what());
                self.faults.push(Fault::new(&node.span, message));
                return None;
            }
        };
        match parse(text) {
            Ok(expr) => self.checked(expr, &node.span, names),
            Err(mistake) => {
                self.mistake(&node.span, mistake);
                None
            }
        }
    }

    fn mistake(&mut self, span: &Span, mistake: crate::mapping::expr::Mistake) {
        let span = span.within(mistake.offset, mistake.length);
        let mut fault = Fault::new(&span, mistake.message);
        fault.hint = mistake.hint;
        self.faults.push(fault);
    }

    fn checked(&mut self, expr: Expr, span: &Span, names: &Names) -> Option<Expr> {
        let misuses = names.check(&expr);
        let fine = misuses.is_empty();
        for misuse in misuses {
            let span = span.within(misuse.offset, misuse.length);
            let mut fault = Fault::new(&span, misuse.message).label("unknown name");
            fault.hint = misuse.hint;
            self.faults.push(fault);
        }
        fine.then_some(expr)
    }

    /// A text with holes.
    pub(super) fn words(&mut self, node: &Node, names: &Names) -> Option<Text> {
        let Some(text) = node.text() else {
            let message = format!("a text is wanted here, this is {}", node.what());
            self.faults.push(Fault::new(&node.span, message));
            return None;
        };
        self.parts(text, &node.span, names)
    }

    /// A text with holes, given as text and place.
    pub(super) fn parts(&mut self, text: &str, span: &Span, names: &Names) -> Option<Text> {
        let mut parts = Vec::new();
        let mut written = String::new();
        let mut at = 0;
        while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
            if rest.starts_with("{{") || rest.starts_with("}}") {
                written.extend(rest.chars().next());
                at += 2;
            } else if rest.starts_with('{') {
                match parse_hole(text, at + 1) {
                    Ok((expr, next)) => {
                        if !written.is_empty() {
                            parts.push(Part::Written(std::mem::take(&mut written)));
                        }
                        parts.push(Part::Hole(self.checked(expr, span, names)?));
                        at = next;
                    }
                    Err(mistake) => {
                        self.mistake(span, mistake);
                        return None;
                    }
                }
            } else {
                let c = rest.chars().next()?;
                written.push(c);
                at += c.len_utf8();
            }
        }
        if !written.is_empty() || parts.is_empty() {
            parts.push(Part::Written(written));
        }
        Some(Text { parts })
    }

    /// A typed tree.
    pub(super) fn tree(&mut self, node: &Node, names: &Names) -> Option<Tree> {
        match &node.kind {
            Kind::Plain(value) => Some(Tree::Plain(value.clone())),
            Kind::Text(text) if !text.contains(['{', '}']) => {
                Some(Tree::Plain(Value::String(text.clone())))
            }
            Kind::Text(_) => {
                let text = self.words(node, names)?;
                Some(match <[Part; 1]>::try_from(text.parts) {
                    Ok([Part::Hole(expr)]) => Tree::Hole(expr),
                    Ok([Part::Written(text)]) => Tree::Plain(Value::String(text)),
                    Err(parts) => Tree::Text(Text { parts }),
                })
            }
            Kind::List(items) => {
                let trees: Vec<_> = items.iter().map(|item| self.tree(item, names)).collect();
                Some(Tree::List(trees.into_iter().collect::<Option<_>>()?))
            }
            Kind::Table(_) => self.table_tree(node, names),
        }
    }

    /// A tree of pairs, each under its name: a table, or a hole that makes one.
    pub(super) fn pairs(&mut self, node: &Node, names: &Names) -> Option<Tree> {
        let tree = self.tree(node, names)?;
        if !matches!(tree, Tree::Table(_) | Tree::If(..) | Tree::Hole(_)) {
            let fault = wrong("query", "a table", node);
            self.faults.push(fault.hint("write query = { name = \"{value}\" }"));
        }
        Some(tree)
    }

    fn table_tree(&mut self, node: &Node, names: &Names) -> Option<Tree> {
        let mut around: Vec<(&str, Expr)> = Vec::new();
        let mut inner_names = names.clone();
        for word in ["$for", "$if"] {
            if let Some(value) = node.get(word) {
                let expr = self.expr(value, &inner_names)?;
                if word == "$for" {
                    inner_names.add("item");
                }
                around.push((word, expr));
            }
        }
        let mut tree = self.plain_table(node, &inner_names)?;
        while let Some((word, expr)) = around.pop() {
            let inner = Box::new(tree);
            tree = if word == "$for" { Tree::For(expr, inner) } else { Tree::If(expr, inner) };
        }
        Some(tree)
    }

    fn plain_table(&mut self, node: &Node, names: &Names) -> Option<Tree> {
        if let Some(value) = node.get("$json") {
            return Some(Tree::Json(Box::new(self.tree(value, names)?)));
        }
        if let Some(value) = node.get("$value") {
            return self.tree(value, names);
        }
        let mut fields = Vec::new();
        for entry in node.table()? {
            match entry.key.as_str() {
                "$for" | "$if" => {}
                key if key.starts_with('$') => {
                    let fault = Fault::new(&entry.span, format!("there is no directive `{key}`"));
                    let hint = "directives are $for, $if, $json and $value";
                    self.faults.push(fault.label("unknown directive").hint(hint));
                }
                key => fields.push((key.to_owned(), self.tree(&entry.node, names)?)),
            }
        }
        Some(Tree::Table(fields))
    }

    /// A path within an object of the LMS.
    pub(super) fn field(&mut self, node: &Node, names: &Names) -> Option<Field> {
        let Some(text) = node.text() else {
            let message = format!("a field of the LMS is a text, this is {}", node.what());
            self.faults.push(Fault::new(&node.span, message));
            return None;
        };
        let Some(pieces) = pieces(text) else {
            let fault = Fault::new(&node.span, format!("`{text}` is no field of an object"));
            let hint = "write keys with dots, and an entry of a list as list[key=value]";
            self.faults.push(fault.hint(hint));
            return None;
        };
        let mut steps = Vec::new();
        for piece in pieces {
            steps.push(match piece {
                Piece::Key(key) => FieldStep::Key(self.parts(&key, &node.span, names)?),
                Piece::Entry(key, value) => {
                    FieldStep::Entry(key, self.parts(&value, &node.span, names)?)
                }
            });
        }
        Some(Field::new(text, steps))
    }
}

enum Piece {
    Key(String),
    Entry(String, String),
}

/// `a.b[c=d].e` taken apart; dots and brackets within holes do not count.
fn pieces(text: &str) -> Option<Vec<Piece>> {
    let mut found = Vec::new();
    let mut current = String::new();
    let mut entry: Option<String> = None;
    let mut holes = 0_usize;
    for c in text.chars() {
        match c {
            '{' => holes += 1,
            '}' => holes = holes.saturating_sub(1),
            _ => {}
        }
        match (c, holes, entry.is_some()) {
            ('.' | '[', 0, false) => {
                if !current.is_empty() {
                    found.push(Piece::Key(std::mem::take(&mut current)));
                } else if c == '.' && !matches!(found.last(), Some(Piece::Entry(..))) {
                    return None;
                }
                entry = (c == '[').then(String::new);
            }
            (']', 0, true) => {
                let (key, value) = current.split_once('=')?;
                found.push(Piece::Entry(key.trim().to_owned(), value.trim().to_owned()));
                current.clear();
                entry = None;
            }
            _ => current.push(c),
        }
    }
    if !current.is_empty() {
        found.push(Piece::Key(current));
    }
    let ends_well = entry.is_none() && !text.ends_with('.');
    (ends_well && matches!(found.first(), Some(Piece::Key(_)))).then_some(found)
}
