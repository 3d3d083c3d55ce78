//! Escaping for each place a value can land in. A value that no escaping can
//! carry safely is refused, never bent.

use std::fmt;

/// Why a value cannot be put where a mapping wants it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unfit {
    /// Empty, `.` or `..` as a whole path segment would name another resource.
    Segment,
    /// A control character in a header would begin another header.
    Header,
    /// A list or an object where only one value fits.
    Shape(String),
    /// A key that the bracket notation cannot carry.
    Key(String),
    /// The encoded body would be larger than any LMS takes.
    Size,
}

impl fmt::Display for Unfit {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Segment => write!(out, "an empty value cannot be part of a path"),
            Self::Header => write!(out, "a header cannot carry control characters"),
            Self::Shape(at) => write!(out, "`{at}` is a list or an object where one value fits"),
            Self::Key(key) => write!(out, "the key `{key}` cannot be written as a form field"),
            Self::Size => write!(out, "the call would be too large"),
        }
    }
}

impl std::error::Error for Unfit {}

/// A value inside a path segment. Everything but letters, digits, `-`, `_` and
/// `~` is percent-encoded: the dot too, because servers cut suffixes such as
/// `.json` off a path, and Canvas asks for it.
pub fn segment(value: &str) -> Result<String, Unfit> {
    if value.is_empty() || value == "." || value == ".." {
        return Err(Unfit::Segment);
    }
    let mut text = String::with_capacity(value.len());
    percent(value, &mut text, |byte| {
        byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'~')
    });
    Ok(text)
}

/// A key or value of a form or query, without its separators.
pub fn form(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    form_onto(&mut text, value);
    text
}

/// The same, at the end of a text.
pub(super) fn form_onto(text: &mut String, value: &str) {
    percent(value, text, |byte| {
        byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~')
    });
}

/// A header value: as it is, or refused.
pub fn header(value: &str) -> Result<String, Unfit> {
    let fits = value.bytes().all(|byte| byte == b'\t' || (byte >= 0x20 && byte != 0x7f));
    if fits { Ok(value.to_owned()) } else { Err(Unfit::Header) }
}

fn percent(value: &str, out: &mut String, plain: impl Fn(u8) -> bool) {
    const DIGITS: [char; 16] =
        ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F'];
    let digit = |nibble: u8| DIGITS.get(usize::from(nibble & 15)).copied().unwrap_or('0');
    // Nearly all is plain, and goes run by run.
    let mut rest = value;
    while let Some(at) = rest.bytes().position(|byte| !plain(byte)) {
        let (run, odd) = rest.split_at(at);
        out.push_str(run);
        let length = odd.chars().next().map_or(1, char::len_utf8);
        let (odd, behind) = odd.split_at(length);
        for byte in odd.bytes() {
            out.extend(['%', digit(byte >> 4), digit(byte)]);
        }
        rest = behind;
    }
    out.push_str(rest);
}
