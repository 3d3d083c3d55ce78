//! Lists of resources: the arithmetic of pages, order, and the answer
//! (RFC 7644 §3.4.2).

use super::caseless::fold;
use super::error::Error;
use super::filter::instant;
use super::path::Path;
use super::place::Place;
use super::resource::Resource;
use super::schema::{ResourceType, Type};
use jiff::Timestamp;
use serde_json::Value;
use std::cmp::{Ordering, Reverse};
use std::ops::Range;

/// The schema of a list.
pub const LIST_RESPONSE: &str = "urn:ietf:params:scim:api:messages:2.0:ListResponse";

/// Which part of a list is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    /// The first result, counted from 1.
    pub start_index: usize,
    /// How many at most; nothing leaves it to the server.
    pub count: Option<usize>,
}

impl Default for Page {
    fn default() -> Self {
        Self { start_index: 1, count: None }
    }
}

impl Page {
    /// RFC 7644 §3.4.2.4: a start below 1 is 1, a count below 0 is 0.
    pub fn new(start_index: Option<i64>, count: Option<i64>) -> Self {
        let size = |number: i64| usize::try_from(number).unwrap_or(0);
        Self { start_index: start_index.map_or(1, size).max(1), count: count.map(size) }
    }

    /// Reads `startIndex` and `count` as a query gives them.
    pub fn parse(start_index: Option<&str>, count: Option<&str>) -> Result<Self, Error> {
        let number = |name: &str, text: Option<&str>| match text.map(str::trim) {
            None | Some("") => Ok(None),
            Some(text) => text.parse::<i64>().map(Some).map_err(|_| {
                let shown: String = text.chars().take(40).collect();
                Error::invalid_value(format!("`{name}` is `{shown}`, which is not a whole number"))
            }),
        };
        Ok(Self::new(number("startIndex", start_index)?, number("count", count)?))
    }

    /// The same page with no more results than the server is willing to give.
    pub fn at_most(self, most: usize) -> Self {
        Self { count: Some(self.count.map_or(most, |count| count.min(most))), ..self }
    }

    /// Where the page lies in a list of `total`, counted from 0.
    ///
    /// ```
    /// use matricula::scim::Page;
    ///
    /// assert_eq!(Page::new(Some(6), Some(5)).window(8), 5..8);
    /// assert_eq!(Page::new(Some(9), Some(5)).window(8), 8..8);
    /// ```
    pub fn window(self, total: usize) -> Range<usize> {
        let start = (self.start_index - 1).min(total);
        let end = self.count.map_or(total, |count| start.saturating_add(count).min(total));
        start..end
    }
}

/// In which order.
#[derive(Clone, Debug, PartialEq)]
pub struct Sort {
    /// By what.
    pub by: Place,
    /// Largest first.
    pub descending: bool,
}

impl Sort {
    /// Reads `sortBy` and `sortOrder`.
    pub fn parse(
        resource_type: &ResourceType,
        by: &str,
        order: Option<&str>,
    ) -> Result<Self, Error> {
        let path = Path::parse(by, resource_type.urns())
            .map_err(|error| Error::invalid_path(format!("`sortBy` {error}")))?;
        let by = resource_type.place(&path)?;
        let descending = match order.map(str::to_ascii_lowercase).as_deref() {
            None | Some("" | "ascending") => false,
            Some("descending") => true,
            Some(_) => {
                return Err(Error::invalid_value("`sortOrder` is ascending or descending"));
            }
        };
        Ok(Self { by, descending })
    }

    /// Brings resources into order. Those without a value come last when
    /// ascending, first when descending (RFC 7644 §3.4.2.3); equals by id, so
    /// that pages fit together.
    pub fn sort(&self, resources: &mut [Resource]) {
        let key = |resource: &Resource| Key::of(resource, &self.by);
        if self.descending {
            resources.sort_by_cached_key(|resource| (Reverse(key(resource)), resource.id()));
        } else {
            resources.sort_by_cached_key(|resource| (key(resource), resource.id()));
        }
    }
}

/// What resources are ordered by; what has no value is the largest.
#[derive(Debug)]
enum Key {
    Text(String),
    Number(f64),
    Instant(Timestamp),
    Boolean(bool),
    Absent,
}

impl Key {
    fn of(resource: &Resource, by: &Place) -> Self {
        match (first(resource, by), by.leaf().kind) {
            (Some(Value::String(text)), Type::DateTime) => {
                instant(text).map_or(Self::Absent, Self::Instant)
            }
            (Some(Value::String(text)), _) if by.leaf().case_exact => Self::Text(text.clone()),
            (Some(Value::String(text)), _) => Self::Text(fold(text)),
            (Some(Value::Number(number)), _) => number.as_f64().map_or(Self::Absent, Self::Number),
            (Some(Value::Bool(value)), _) => Self::Boolean(*value),
            _ => Self::Absent,
        }
    }

    fn rank(&self) -> u8 {
        match self {
            Self::Boolean(_) => 0,
            Self::Number(_) => 1,
            Self::Instant(_) => 2,
            Self::Text(_) => 3,
            Self::Absent => 4,
        }
    }
}

/// Of several values the primary one counts, else the first; of a complex one
/// its `value`.
fn first<'a>(resource: &'a Resource, by: &Place) -> Option<&'a Value> {
    let part = by.sub.as_ref().map_or("value", |sub| sub.name.as_str());
    let whole = resource.values(&Place { sub: None, ..by.clone() });
    let primary = whole.iter().find(|element| super::elements::is_primary(element));
    let chosen = *primary.or(whole.first())?;
    if chosen.is_object() { chosen.get(part) } else { Some(chosen) }
}

impl Ord for Key {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Text(one), Self::Text(other)) => one.cmp(other),
            (Self::Number(one), Self::Number(other)) => one.total_cmp(other),
            (Self::Instant(one), Self::Instant(other)) => one.cmp(other),
            (Self::Boolean(one), Self::Boolean(other)) => one.cmp(other),
            _ => self.rank().cmp(&other.rank()),
        }
    }
}

impl PartialOrd for Key {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Key {}

/// The answer to a query: `rows` of `total`, from `page` on, each of which is
/// written by `write`.
pub fn list_response<R>(
    total: usize,
    page: Page,
    rows: &[R],
    write: impl Fn(&R, &mut Vec<u8>),
) -> Vec<u8> {
    let (start, count) = (page.start_index, rows.len());
    let head = format!(
        r#"{{"schemas":["{LIST_RESPONSE}"],"totalResults":{total},"startIndex":{start},"itemsPerPage":{count},"#
    );
    let mut text = head.into_bytes();
    // Always an array: a missing or null one breaks Entra's connection test.
    text.extend_from_slice(br#""Resources":["#);
    for (index, row) in rows.iter().enumerate() {
        if index > 0 {
            text.push(b',');
        }
        write(row, &mut text);
    }
    text.extend_from_slice(b"]}");
    text
}
