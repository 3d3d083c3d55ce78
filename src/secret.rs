//! A value that must not be seen: it cannot be printed, logged or serialised.
//!
//! Whoever needs the text has to say so by [`Secret::expose`], which is easy to
//! look for. Comparing secrets is not offered: that is the work of digests.

use std::fmt;
use std::sync::Arc;

/// A secret text. Cheap to clone; all clones share one copy.
#[derive(Clone)]
pub struct Secret(Arc<str>);

impl Secret {
    /// A secret as it was given.
    pub fn new(text: impl Into<Arc<str>>) -> Self {
        Self(text.into())
    }

    /// A secret from the text of a file or variable: editors and `echo` end
    /// files with a line end that belongs to nobody's password.
    pub fn from_source(text: &str) -> Self {
        Self(Arc::from(text.trim_end_matches(['\r', '\n'])))
    }

    /// The text, for the place that has to send or hash it.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether there is nothing to keep secret: most often a faulty setting.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Not even its length: that narrows a password down.
        out.write_str("Secret(***)")
    }
}

#[cfg(test)]
mod tests {
    use super::Secret;

    #[test]
    fn debug_shows_neither_text_nor_length() {
        assert_eq!(format!("{:?}", Secret::new("hunter2")), "Secret(***)");
        assert_eq!(format!("{:?}", Secret::new("")), "Secret(***)");
    }

    #[test]
    fn a_file_s_last_line_end_is_no_part_of_the_secret() {
        assert_eq!(Secret::from_source("p w \r\n").expose(), "p w ");
        assert_eq!(Secret::from_source("\n").expose(), "");
    }
}
