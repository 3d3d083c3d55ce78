//! Where a call goes: a path of written parts and escaped values, and a query.

use std::fmt;

use super::escape::{self, Unfit};

/// Path and query of a call. Written parts come from the mapping file, values
/// only through [`Target::value`] and [`Target::ask`], which escape.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Target {
    path: String,
    query: Vec<(String, String)>,
}

impl Target {
    /// An empty target: the backend's base itself.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a part of the path as the mapping file writes it.
    pub fn written(&mut self, part: &str) {
        self.path.push_str(part);
    }

    /// Adds a value to the path, escaped so that it stays within its segment.
    pub fn value(&mut self, value: &str) -> Result<(), Unfit> {
        self.path.push_str(&escape::segment(value)?);
        Ok(())
    }

    /// Adds one query parameter.
    pub fn ask(&mut self, key: impl Into<String>, value: impl Into<String>) {
        self.query.push((key.into(), value.into()));
    }

    /// A target that the LMS itself named, already escaped: a next-page link.
    pub fn followed(path_and_query: &str) -> Self {
        Self { path: path_and_query.to_owned(), query: Vec::new() }
    }

    /// The path alone, escaped.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The query parameters, not yet escaped.
    pub fn query(&self) -> &[(String, String)] {
        &self.query
    }
}

impl fmt::Display for Target {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.path)?;
        let mut separator = if self.path.contains('?') { '&' } else { '?' };
        for (key, value) in &self.query {
            write!(out, "{separator}{}={}", escape::form(key), escape::form(value))?;
            separator = '&';
        }
        Ok(())
    }
}
