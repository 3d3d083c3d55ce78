//! Texts with holes and typed trees with holes.
//!
//! A text that is one hole alone keeps the value's type; otherwise it is text.
//! What is absent leaves its key, its item or the whole text out.

use serde_json::{Map, Value};

use super::expr::{Expr, Scope};

/// A text with holes.
#[derive(Clone, Debug)]
pub struct Text {
    /// Written parts and holes, in order.
    pub parts: Vec<Part>,
}

/// One part of a text.
#[derive(Clone, Debug)]
pub enum Part {
    /// As the file has it.
    Written(String),
    /// A value.
    Hole(Expr),
}

impl Text {
    /// The text with its holes filled; absent as soon as one of them is.
    pub fn render(&self, scope: &Scope<'_>) -> Option<String> {
        let mut out = String::new();
        for part in &self.parts {
            match part {
                Part::Written(text) => out.push_str(text),
                Part::Hole(expr) => out.push_str(&expr.text(scope)?),
            }
        }
        Some(out)
    }

    /// Visits every hole.
    pub fn holes(&self) -> impl Iterator<Item = &Expr> {
        holes(&self.parts)
    }
}

/// The holes of a text's parts.
pub fn holes(parts: &[Part]) -> impl Iterator<Item = &Expr> {
    parts.iter().filter_map(|part| match part {
        Part::Written(_) => None,
        Part::Hole(expr) => Some(expr),
    })
}

/// A typed tree with holes.
#[derive(Clone, Debug)]
pub enum Tree {
    /// A value as written.
    Plain(Value),
    /// One hole alone.
    Hole(Expr),
    /// A text with holes.
    Text(Text),
    /// A list.
    List(Vec<Tree>),
    /// A table.
    Table(Vec<(String, Tree)>),
    /// `{ "$for" = "list", … }`: one tree for each `item`.
    For(Expr, Box<Tree>),
    /// `{ "$if" = "condition", … }`: the tree, or nothing.
    If(Expr, Box<Tree>),
    /// `{ "$json" = … }`: the tree as JSON in a text.
    Json(Box<Tree>),
}

impl Tree {
    /// The tree with its holes filled.
    pub fn render(&self, scope: &Scope<'_>) -> Option<Value> {
        match self {
            Self::Plain(value) => Some(value.clone()),
            Self::Hole(expr) => Some(expr.eval(&{ *scope })?.into_owned()),
            Self::Text(text) => text.render(scope).map(Value::String),
            Self::List(items) => Some(Value::Array(laid_out(items, scope))),
            Self::Table(fields) => {
                let fields = fields
                    .iter()
                    .filter_map(|(key, tree)| Some((key.clone(), tree.render(scope)?)));
                Some(Value::Object(fields.collect::<Map<_, _>>()))
            }
            Self::For(list, each) => {
                let inner = *scope;
                let list = list.eval(&inner)?;
                let made = list.as_array()?.iter().filter_map(|item| {
                    let names = [("item", item)];
                    each.render(&scope.with(&names))
                });
                Some(made.collect())
            }
            Self::If(condition, tree) => {
                if condition.holds(scope) {
                    tree.render(scope)
                } else {
                    None
                }
            }
            Self::Json(tree) => Some(Value::String(tree.render(scope)?.to_string())),
        }
    }

    /// Visits every expression.
    pub fn visit(&self, visit: &mut dyn FnMut(&Expr)) {
        match self {
            Self::Plain(_) => {}
            Self::Hole(expr) => visit(expr),
            Self::Text(text) => text.holes().for_each(visit),
            Self::List(items) => items.iter().for_each(|item| item.visit(visit)),
            Self::Table(fields) => fields.iter().for_each(|(_, tree)| tree.visit(visit)),
            Self::For(expr, tree) | Self::If(expr, tree) => {
                visit(expr);
                tree.visit(visit);
            }
            Self::Json(tree) => tree.visit(visit),
        }
    }
}

/// A list in which a `$for` lies out its items beside the others.
fn laid_out(items: &[Tree], scope: &Scope<'_>) -> Vec<Value> {
    let mut out = Vec::new();
    for item in items {
        match (item, item.render(scope)) {
            (_, None) => {}
            (Tree::For(..), Some(Value::Array(many))) => out.extend(many),
            (_, Some(value)) => out.push(value),
        }
    }
    out
}

/// Lays a rendered tree over another, tables key by key.
pub fn merge(base: Option<Value>, over: Option<Value>) -> Option<Value> {
    match (base, over) {
        (Some(Value::Object(mut base)), Some(Value::Object(over))) => {
            base.extend(over);
            Some(Value::Object(base))
        }
        (base, over) => over.or(base),
    }
}
