//! Attribute paths: `userName`, `name.familyName`,
//! `emails[type eq "work"].value`, `urn:…:User:manager.value`.
//!
//! One grammar serves PATCH, filters, sorting and projection. It is RFC 7644's
//! with one addition: a value filter may be followed by a sub-attribute in
//! filters too, because Entra matches people by
//! `emails[type eq "work"].value eq "…"`.

use super::filter::Filter;
use super::name::{AttrName, SchemaUri};
use super::syntax::{Cursor, Parsed, SyntaxError, names, qualify};
use std::fmt;

/// A path to an attribute, as written; not yet held against a schema.
///
/// ```
/// use matricula::scim::Path;
///
/// let path = Path::parse(r#"emails[type eq "work"].value"#, &[]).unwrap();
/// assert_eq!(path.attr.as_str(), "emails");
/// assert_eq!(path.to_string(), r#"emails[type eq "work"].value"#);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path {
    /// The schema, where the path names it.
    pub schema: Option<SchemaUri>,
    /// The attribute.
    pub attr: AttrName,
    /// Which elements of a multi-valued attribute are meant.
    pub filter: Option<Box<Filter>>,
    /// The sub-attribute.
    pub sub: Option<AttrName>,
}

impl Path {
    /// Reads a whole text as one path. `urns` are the registered schemas.
    pub fn parse(text: &str, urns: &[SchemaUri]) -> Result<Self, SyntaxError> {
        match Target::parse(text, urns)? {
            Target::Attribute(path) => Ok(path),
            Target::Schema(urn) => Err(SyntaxError {
                at: 0,
                character: 1,
                problem: format!("`{urn}` names a schema; an attribute of it is needed"),
            }),
        }
    }
}

/// What a PATCH operation or a projection may point at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// All attributes of one schema.
    Schema(SchemaUri),
    /// One attribute, or a part of it.
    Attribute(Path),
}

impl Target {
    /// Reads a whole text as one target.
    pub fn parse(text: &str, urns: &[SchemaUri]) -> Result<Self, SyntaxError> {
        let mut cursor = Cursor::new(text, urns)?;
        cursor.skip_spaces();
        let target = target(&mut cursor)?;
        cursor.skip_spaces();
        if cursor.rest().is_empty() { Ok(target) } else { Err(cursor.expected("the end")) }
    }

    /// Reads a list separated by commas, as `attributes` and
    /// `excludedAttributes` hold it. A comma inside a value filter is not one.
    pub fn parse_list(text: &str, urns: &[SchemaUri]) -> Result<Vec<Self>, SyntaxError> {
        let mut cursor = Cursor::new(text, urns)?;
        let mut targets = Vec::new();
        loop {
            cursor.skip_spaces();
            // Lists end in a comma, or double one, where a client joins parts.
            if !cursor.rest().is_empty() && cursor.peek() != Some(',') {
                targets.push(target(&mut cursor)?);
                cursor.skip_spaces();
            }
            if cursor.rest().is_empty() {
                return Ok(targets);
            }
            if !cursor.eat(',') {
                return Err(cursor.expected("a comma"));
            }
        }
    }
}

/// A path where nothing but an attribute makes sense, as in a filter.
pub(super) fn attribute(cursor: &mut Cursor<'_>) -> Parsed<Path> {
    let start = cursor.position();
    match target(cursor)? {
        Target::Attribute(path) => Ok(path),
        Target::Schema(urn) => {
            Err(cursor
                .error_at(start, format!("`{urn}` names a schema; an attribute of it is needed")))
        }
    }
}

fn target(cursor: &mut Cursor<'_>) -> Parsed<Target> {
    let start = cursor.position();
    let word = cursor.word();
    if word.is_empty() {
        return Err(cursor.expected("an attribute path"));
    }
    let bad = |cursor: &Cursor<'_>| {
        let shown: String = word.chars().take(80).collect();
        cursor.error_at(start, format!("`{shown}` is not an attribute path"))
    };
    let qualified = qualify(word, cursor.urns).ok_or_else(|| bad(cursor))?;
    let Some(local) = qualified.local else {
        return match qualified.schema {
            Some(urn) if cursor.peek() != Some('[') => Ok(Target::Schema(urn)),
            _ => Err(bad(cursor)),
        };
    };
    let (attr, mut sub) = names(local).ok_or_else(|| bad(cursor))?;
    let mut filter = None;
    if cursor.peek() == Some('[') {
        if sub.is_some() {
            return Err(cursor.expected("an operator (a value filter follows an attribute only)"));
        }
        filter = Some(Box::new(value_filter(cursor)?));
        sub = trailing_sub(cursor)?;
    }
    Ok(Target::Attribute(Path { schema: qualified.schema, attr, filter, sub }))
}

fn value_filter(cursor: &mut Cursor<'_>) -> Parsed<Filter> {
    cursor.advance(1);
    cursor.deepen()?;
    let filter = super::filter::parse::within_brackets(cursor)?;
    cursor.skip_spaces();
    if !cursor.eat(']') {
        return Err(cursor.expected("`]`"));
    }
    cursor.surface();
    Ok(filter)
}

fn trailing_sub(cursor: &mut Cursor<'_>) -> Parsed<Option<AttrName>> {
    if !cursor.eat('.') {
        return Ok(None);
    }
    let start = cursor.position();
    let word = cursor.word();
    AttrName::parse(word)
        .map(Some)
        .ok_or_else(|| cursor.error_at(start, format!("`{word}` is not a sub-attribute")))
}

impl fmt::Display for Path {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(schema) = &self.schema {
            write!(out, "{schema}:")?;
        }
        write!(out, "{}", self.attr)?;
        if let Some(filter) = &self.filter {
            write!(out, "[{filter}]")?;
        }
        if let Some(sub) = &self.sub {
            write!(out, ".{sub}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Target {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Schema(urn) => write!(out, "{urn}"),
            Self::Attribute(path) => write!(out, "{path}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::name::{ENTERPRISE_USER, USER};
    use super::*;

    fn urns() -> Vec<SchemaUri> {
        [USER, ENTERPRISE_USER, "urn:x:User"].map(|urn| SchemaUri::parse(urn).unwrap()).to_vec()
    }

    fn path(text: &str) -> Path {
        Path::parse(text, &urns()).unwrap()
    }

    #[test]
    fn a_urn_with_dots_and_colons_is_taken_off_whole() {
        let parsed = path(&format!("{ENTERPRISE_USER}:manager.value"));
        assert!(parsed.schema.unwrap().is(ENTERPRISE_USER));
        assert_eq!(parsed.attr.as_str(), "manager");
        assert_eq!(parsed.sub.unwrap().as_str(), "value");
    }

    #[test]
    fn the_longest_registered_urn_wins() {
        let urns = ["urn:x", "urn:x:y:2.0", "urn:x:y"].map(|urn| SchemaUri::parse(urn).unwrap());
        let parsed = Path::parse("URN:X:Y:2.0:a.b", &urns).unwrap();
        assert_eq!(parsed.schema.unwrap().as_str(), "urn:x:y:2.0");
        assert_eq!(parsed.attr.as_str(), "a");
    }

    #[test]
    fn a_dot_after_the_urn_is_read_as_a_colon() {
        let parsed = path(&format!("{ENTERPRISE_USER}.department"));
        assert_eq!(parsed, path(&format!("{ENTERPRISE_USER}:department")));
    }

    #[test]
    fn an_unregistered_urn_ends_at_its_last_colon() {
        let parsed = path("urn:nobody:knows:2.0:User:shoeSize");
        assert_eq!(parsed.schema.unwrap().as_str(), "urn:nobody:knows:2.0:User");
        assert_eq!(parsed.attr.as_str(), "shoeSize");
    }

    #[test]
    fn a_bare_urn_is_a_schema_and_no_attribute() {
        let target = Target::parse(ENTERPRISE_USER, &urns()).unwrap();
        assert_eq!(target, Target::Schema(SchemaUri::parse(ENTERPRISE_USER).unwrap()));
        assert!(Path::parse(ENTERPRISE_USER, &urns()).is_err());
    }

    #[test]
    fn a_list_splits_at_commas_outside_of_filters_only() {
        let list = Target::parse_list(r#"userName, emails[type eq "a,]b"].value,,name."#, &[]);
        assert_eq!(list.unwrap_err().character, 41);
        let list = Target::parse_list(r#"userName, emails[type eq "a,]b"].value, id,"#, &[]);
        let texts: Vec<_> = list.unwrap().iter().map(ToString::to_string).collect();
        assert_eq!(texts, ["userName", r#"emails[type eq "a,]b"].value"#, "id"]);
    }

    #[test]
    fn errors_point_at_the_character() {
        let at = |text: &str| Path::parse(text, &[]).unwrap_err().character;
        assert_eq!(at(""), 1);
        assert_eq!(at("user name"), 6);
        assert_eq!(at("a.b.c"), 1);
        assert_eq!(at(r#"emails[type eq "ü"#), 16);
        assert_eq!(at(r#"emails[type eq "ü"]x"#), 20);
        assert_eq!(at(r#"emails[type eq "ü"].1"#), 21);
        assert_eq!(at("name.x[y eq 1]"), 7);
    }
}
