//! What an operation is told about the world.

use std::fmt;

use jiff::Timestamp;
use serde_json::{Map, Value};

/// What an operation is told about the world.
#[derive(Clone, Debug)]
pub struct Moment {
    /// The time.
    pub now: Now,
    /// Lists from the LMS that are still fresh.
    pub lookups: Map<String, Value>,
}

/// The time, as ISO 8601 once somebody asks: few mappings do.
#[derive(Clone, Debug)]
pub enum Now {
    /// By a clock.
    At(Timestamp),
    /// As somebody says.
    Said(String),
}

impl fmt::Display for Now {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::At(time) => time.fmt(out),
            Self::Said(text) => text.fmt(out),
        }
    }
}

impl From<Timestamp> for Now {
    fn from(time: Timestamp) -> Self {
        Self::At(time)
    }
}

impl From<String> for Now {
    fn from(text: String) -> Self {
        Self::Said(text)
    }
}

impl From<&str> for Now {
    fn from(text: &str) -> Self {
        Self::Said(text.to_owned())
    }
}
