//! A form that is written beforehand, but for the values that are asked for: most of
//! a look-up is the same each time.

use std::fmt;

use serde_json::Value;

use super::encode::{Lists, Style, pairs, scalar};
use super::escape::{self, Unfit};

/// A form with room for values.
#[derive(Clone)]
pub struct Form {
    style: Style,
    parts: Vec<Part>,
}

#[derive(Clone)]
enum Part {
    /// Pairs, as they are sent.
    Written(String),
    /// The first value, under this name, as it is sent.
    One(String),
    /// Each value, under this name, as it is sent.
    Each(String),
}

impl Form {
    /// An empty form of an LMS with these habits.
    pub fn new(style: Style) -> Self {
        Self { style, parts: Vec::new() }
    }

    /// The name of a field within another, or within a list; nothing, where this form
    /// has no such names.
    pub fn within(&self, name: &str, key: &str) -> Option<String> {
        (self.style.nested && !key.contains(['[', ']'])).then(|| format!("{name}[{key}]"))
    }

    /// The name of an item of a list.
    pub fn item(&self, name: &str, index: usize) -> String {
        match self.style.lists {
            Lists::Indexed => format!("{name}[{index}]"),
            Lists::Bracketed => format!("{name}[]"),
            Lists::Repeated => name.to_owned(),
        }
    }

    /// What is always the same: a value, or a tree of them.
    pub fn add(&mut self, name: &str, value: Value) -> Result<(), Unfit> {
        let tree = Value::Object([(name.to_owned(), value)].into_iter().collect());
        for (name, value) in pairs(&tree, self.style)? {
            let pair = format!("{}={}", escape::form(&name), escape::form(&value));
            self.parts.push(Part::Written(pair));
        }
        Ok(())
    }

    /// Room for the first value.
    pub fn leave_one(&mut self, name: &str) {
        self.parts.push(Part::One(escape::form(name)));
    }

    /// Room for a list of all values.
    pub fn leave_each(&mut self, name: &str) {
        self.parts.push(Part::Each(escape::form(name)));
    }

    /// How many fields it has with so many values.
    pub fn fields(&self, values: usize) -> usize {
        let of = |part: &Part| if matches!(part, Part::Each(_)) { values } else { 1 };
        self.parts.iter().map(of).sum()
    }

    /// The form with these values, as it is sent; nothing, where one of them is none
    /// that a form has a word for.
    pub fn write(&self, values: &[Value]) -> Option<Vec<u8>> {
        let mut text = String::with_capacity(192 + values.len() * 32);
        for part in &self.parts {
            match part {
                Part::Written(pair) => {
                    begin(&mut text);
                    text.push_str(pair);
                }
                Part::One(name) => {
                    begin(&mut text);
                    text.push_str(name);
                    self.value(values.first()?, &mut text)?;
                }
                Part::Each(name) => {
                    for (index, value) in values.iter().enumerate() {
                        begin(&mut text);
                        text.push_str(name);
                        self.index(index, &mut text);
                        self.value(value, &mut text)?;
                    }
                }
            }
        }
        Some(text.into_bytes())
    }

    fn index(&self, index: usize, text: &mut String) {
        match self.style.lists {
            Lists::Indexed => text.extend(["%5B", &index.to_string(), "%5D"]),
            Lists::Bracketed => text.push_str("%5B%5D"),
            Lists::Repeated => {}
        }
    }

    fn value(&self, value: &Value, text: &mut String) -> Option<()> {
        text.push('=');
        match value {
            Value::String(value) => escape::form_onto(text, value),
            value => escape::form_onto(text, &scalar(value, self.style.booleans)?),
        }
        Some(())
    }
}

/// How long it is: the LMS's token is in it.
impl fmt::Debug for Form {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Form of {} parts", self.parts.len())
    }
}

fn begin(text: &mut String) {
    if !text.is_empty() {
        text.push('&');
    }
}
