//! One typed tree, several ways onto the wire.
//!
//! Names come from the mapping, values from people: an encoder may refuse, but
//! it never lets a value become a name.

use std::fmt::Write as _;

use serde_json::Value;

use super::escape::{self, Unfit};

/// How lists are written in forms and queries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Lists {
    /// `ids[0]=7&ids[1]=8`, as PHP reads them.
    #[default]
    Indexed,
    /// `ids[]=7&ids[]=8`, as Rails reads them; nobody is `ids[]=`.
    Bracketed,
    /// `ids=7&ids=8`.
    Repeated,
}

/// How `true` and `false` are written in forms and queries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Booleans {
    /// `1` and `0`.
    #[default]
    Digits,
    /// `true` and `false`.
    Words,
}

/// The habits of an LMS in forms and queries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Style {
    /// Whether objects nest by brackets; a flat form has none.
    pub nested: bool,
    /// How lists are written.
    pub lists: Lists,
    /// How booleans are written.
    pub booleans: Booleans,
}

/// How a body is put on the wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// JSON of this content type.
    Json(Option<String>),
    /// A form.
    Form(Style),
    /// Plain text of this content type: the body is one value.
    Text(Option<String>),
}

/// A body ready to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Encoded {
    /// The `Content-Type` header.
    pub content_type: String,
    /// The bytes.
    pub bytes: Vec<u8>,
}

impl Encoding {
    /// Puts a body on the wire; an empty form is still a form.
    pub fn encode(&self, body: &Value) -> Result<Option<Encoded>, Unfit> {
        let text = match self {
            Self::Json(_) => body.to_string(),
            Self::Form(style) => joined(body, *style)?,
            Self::Text(_) => {
                scalar(body, Booleans::Words).ok_or_else(|| Unfit::Shape("body".into()))?
            }
        };
        if text.len() > MOST_BYTES {
            return Err(Unfit::Size);
        }
        let content_type = self.content_type().to_owned();
        Ok(Some(Encoded { content_type, bytes: text.into_bytes() }))
    }

    /// The `Content-Type` header.
    pub fn content_type(&self) -> &str {
        match self {
            Self::Json(kind) => kind.as_deref().unwrap_or("application/json"),
            Self::Form(_) => "application/x-www-form-urlencoded",
            Self::Text(kind) => kind.as_deref().unwrap_or("text/plain; charset=utf-8"),
        }
    }
}

/// No LMS takes more in one call, and a mapping that makes more has a mistake.
const MOST_BYTES: usize = 32 * 1024 * 1024;

/// A tree as form or query pairs, names built, values not yet escaped. Null is
/// left out: a form has no word for it.
pub fn pairs(tree: &Value, style: Style) -> Result<Vec<(String, String)>, Unfit> {
    let mut found = Vec::new();
    each(tree, style, &mut |name, value| found.push((name.to_owned(), value.to_owned())))?;
    Ok(found)
}

/// Tells each pair of a tree.
fn each(tree: &Value, style: Style, tell: &mut dyn FnMut(&str, &str)) -> Result<(), Unfit> {
    let Value::Object(fields) = tree else {
        return if tree.is_null() { Ok(()) } else { Err(Unfit::Shape("body".into())) };
    };
    let mut name = String::with_capacity(64);
    for (key, value) in fields {
        name.clear();
        name.push_str(key);
        walk(&mut name, value, style, tell)?;
    }
    Ok(())
}

/// `name` is as it was when this is over.
fn walk(
    name: &mut String,
    value: &Value,
    style: Style,
    tell: &mut dyn FnMut(&str, &str),
) -> Result<(), Unfit> {
    let length = name.len();
    match value {
        Value::Null => {}
        Value::String(text) => tell(name, text),
        Value::Bool(_) | Value::Number(_) => {
            if let Some(text) = scalar(value, style.booleans) {
                tell(name, &text);
            }
        }
        // Elsewhere a list without items has no name, and cannot be told.
        Value::Array(items) if items.is_empty() && style.lists == Lists::Bracketed => {
            name.push_str("[]");
            tell(name, "");
            name.truncate(length);
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                match style.lists {
                    // Writing into a text does not fail.
                    Lists::Indexed => drop(write!(name, "[{index}]")),
                    Lists::Bracketed => name.push_str("[]"),
                    Lists::Repeated => {}
                }
                walk(name, item, style, tell)?;
                name.truncate(length);
            }
        }
        Value::Object(fields) if style.nested => {
            for (key, item) in fields {
                // Brackets within a bracketed name cannot be told from nesting,
                // escaped or not: the reader unescapes first.
                if key.contains(['[', ']']) {
                    return Err(Unfit::Key(key.clone()));
                }
                name.extend(["[", key, "]"]);
                walk(name, item, style, tell)?;
                name.truncate(length);
            }
        }
        Value::Object(_) => return Err(Unfit::Shape(name.clone())),
    }
    Ok(())
}

fn joined(tree: &Value, style: Style) -> Result<String, Unfit> {
    let mut text = String::with_capacity(256);
    each(tree, style, &mut |name, value| {
        if !text.is_empty() {
            text.push('&');
        }
        escape::form_onto(&mut text, name);
        text.push('=');
        escape::form_onto(&mut text, value);
    })?;
    Ok(text)
}

pub(super) fn scalar(value: &Value, booleans: Booleans) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(match (booleans, truth) {
            (Booleans::Digits, true) => "1".to_owned(),
            (Booleans::Digits, false) => "0".to_owned(),
            (Booleans::Words, truth) => truth.to_string(),
        }),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}
