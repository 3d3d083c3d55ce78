//! What came back from an LMS, read once and loosely: whether it is a success
//! is for the mapping to say.

use std::borrow::Cow;
use std::fmt;

use serde_json::{Map, Value};

use super::{Row, Rows, Wanted};

/// What the bytes of a reply turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Nothing at all.
    Empty,
    /// JSON, whatever the content type claims.
    Json,
    /// A page for people: a front server or an error handler answered.
    Html,
    /// Anything else.
    Text,
}

impl Format {
    /// The word for it in mapping files.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::Json => "json",
            Self::Html => "html",
            Self::Text => "text",
        }
    }
}

/// A header of a reply, its value as text.
pub type Header<'h> = (&'h str, Cow<'h, str>);

/// One reply of an LMS.
#[derive(Clone, PartialEq)]
pub struct Reply {
    status: u16,
    /// By name in lower case, one text each.
    headers: Value,
    format: Format,
    body: Value,
    /// The objects, where they were read as rows; the body is then without them.
    rows: Option<Vec<Row>>,
}

impl Reply {
    /// Reads a reply. Bytes that are no JSON become one text value.
    pub fn read(status: u16, headers: &[(&str, &str)], bytes: &[u8]) -> Self {
        Self::read_for(None, (status, texts(headers), bytes))
    }

    /// The same, without what nobody wants of it: then headers are not looked at either.
    pub fn read_for<'h>(
        wanted: Option<&Wanted>,
        (status, headers, bytes): (u16, impl IntoIterator<Item = Header<'h>>, &[u8]),
    ) -> Self {
        // Nearly all are UTF-8, and to see that is much cheaper than to mend it.
        let text = str::from_utf8(bytes).map(Cow::Borrowed);
        let text = text.unwrap_or_else(|_| String::from_utf8_lossy(bytes));
        let trimmed = text.trim_start_matches('\u{feff}').trim();
        if let Some(rows) = wanted.and_then(|wanted| wanted.rows(status, trimmed)) {
            return Self::of_rows(status, headers, rows);
        }
        let (format, body) = if trimmed.is_empty() {
            (Format::Empty, Value::Null)
        } else if let Ok(body) = parsed(wanted, trimmed) {
            (Format::Json, body)
        } else if trimmed.starts_with('<') {
            (Format::Html, Value::String(trimmed.to_owned()))
        } else {
            (Format::Text, Value::String(trimmed.to_owned()))
        };
        Self { status, headers: fold(headers), format, body, rows: None }
    }

    fn of_rows<'h>(status: u16, headers: impl IntoIterator<Item = Header<'h>>, rows: Rows) -> Self {
        // A list alone has nothing to say but its objects.
        let (headers, body) = if rows.around.is_empty() {
            (Value::Null, Value::Null)
        } else {
            (fold(headers), Value::Object(rows.around))
        };
        Self { status, headers, format: Format::Json, body, rows: Some(rows.list) }
    }

    /// A reply that was JSON from the start.
    pub fn json(status: u16, body: Value) -> Self {
        let headers = Value::Object(Map::new());
        Self { status, headers, format: Format::Json, body, rows: None }
    }

    /// The same reply with these headers.
    pub fn with_headers(mut self, headers: &[(&str, &str)]) -> Self {
        self.headers = fold(texts(headers));
        self
    }

    /// The HTTP status.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// What the bytes were.
    pub fn format(&self) -> Format {
        self.format
    }

    /// The body: JSON as it is, other text as one string, nothing as null.
    pub fn body(&self) -> &Value {
        &self.body
    }

    /// The objects, where they were read as rows.
    pub fn rows(&self) -> Option<&[Row]> {
        self.rows.as_deref()
    }

    /// The same, without the reply around them.
    pub fn into_rows(self) -> Vec<Row> {
        self.rows.unwrap_or_default()
    }

    /// The body, without the reply around it.
    pub fn into_body(self) -> Value {
        self.body
    }

    /// The first header of that name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name.to_ascii_lowercase())?.as_str()?.split('\n').next()
    }

    /// All headers as an object: names in lower case, one text each, values of a
    /// repeated header joined by line ends (a comma is legal within a cookie).
    pub fn headers(&self) -> &Value {
        &self.headers
    }

    /// A short piece of the body for a log line.
    pub fn excerpt(&self) -> String {
        const LONGEST: usize = 300;
        let text = self.body.as_str().map_or_else(|| self.body.to_string(), str::to_owned);
        text.chars().take(LONGEST).collect()
    }
}

/// Status and format only: bodies hold personal data.
impl fmt::Debug for Reply {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Reply {} {}", self.status, self.format.as_str())
    }
}

fn parsed(wanted: Option<&Wanted>, text: &str) -> Result<Value, serde_json::Error> {
    match wanted {
        Some(wanted) => wanted.read(text),
        None => serde_json::from_str(text),
    }
}

fn texts<'h>(headers: &[(&'h str, &'h str)]) -> impl Iterator<Item = Header<'h>> {
    headers.iter().map(|(name, value)| (*name, Cow::Borrowed(*value)))
}

fn fold<'h>(headers: impl IntoIterator<Item = Header<'h>>) -> Value {
    let mut folded = Map::new();
    for (name, value) in headers {
        match folded.entry(name.to_ascii_lowercase()).or_insert(Value::Null) {
            Value::String(all) => {
                all.push('\n');
                all.push_str(&value);
            }
            first => *first = Value::String(value.into_owned()),
        }
    }
    Value::Object(folded)
}
