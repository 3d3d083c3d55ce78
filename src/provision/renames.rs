//! Names that resources get by what waits, and names that clients ask for: whoever is
//! renamed is found by the new name, though the LMS knows the old one.

use serde_json::Value;

use super::Tenant;
use crate::scim::{Act, Edits, Kind, Matcher, Operation, Operator, Place, Resource, fold};
use crate::store::ANY_NAME;

/// Names of attributes by which clients find whom they know.
pub(super) const NAMES: [&str; 4] = ["userName", "externalId", "displayName", "emails"];

/// Longer names are not looked up.
const LONG: usize = 400;

impl Tenant {
    /// The names that an operation gives somebody whom the LMS knows, folded.
    pub(super) fn names_given(&self, kind: Kind, operation: &Operation) -> Vec<String> {
        let Operation::Change { edits, .. } = operation else { return Vec::new() };
        let mut names = Vec::new();
        for edit in edits.iter().filter(|edit| is_name(&edit.place)) {
            match &edit.act {
                Act::Set(value) => gather(value, &mut names),
                Act::Add(values) => values.iter().for_each(|value| gather(value, &mut names)),
                Act::Drop(_) | Act::Clear | Act::Expect(_) => {}
            }
        }
        self.unique_given(kind, edits).iter().for_each(|value| gather(value, &mut names));
        names.sort_unstable();
        names.dedup();
        names
    }

    /// The names that only one may have, and that nobody has any more once the resource
    /// leaves.
    pub(super) fn names_of(&self, resource: &Resource) -> Vec<String> {
        let mut names = Vec::new();
        let attributes = self.plan(resource.kind()).into_iter().flat_map(|it| &it.attributes);
        for attribute in attributes.filter(|attribute| attribute.unique) {
            if let Some(value) = attribute.value(resource) {
                gather(value, &mut names);
            }
        }
        names
    }

    fn unique_given(&self, kind: Kind, edits: &Edits) -> Vec<Value> {
        let named = self.named_by(kind, edits).ok().flatten();
        named.map(|it| it.into_attributes().into_values().collect()).unwrap_or_default()
    }
}

/// The name that a filter asks for, or the names, one of which who is meant must have.
pub(super) fn asked(matcher: &Matcher) -> Option<Vec<String>> {
    match matcher {
        Matcher::Compare(place, Operator::Eq, operand) if is_name(place) => {
            operand.to_value().as_str().map(|name| vec![known_as(name)])
        }
        Matcher::All(parts) => parts.iter().find_map(asked),
        Matcher::Any(parts) => {
            let each: Option<Vec<_>> = parts.iter().map(asked).collect();
            each.map(|each| each.concat())
        }
        Matcher::Compare(..) | Matcher::Present(_) | Matcher::Not(_) => None,
    }
}

/// A name as it is looked up.
pub(super) fn known_as(name: &str) -> String {
    fold(name.trim())
}

/// Whether an attribute is one that clients find people by.
pub(super) fn is_name(place: &Place) -> bool {
    place.schema.is_none() && NAMES.iter().any(|name| place.attr.name.is(name))
}

/// All texts in a value.
fn gather(value: &Value, names: &mut Vec<String>) {
    match value {
        Value::String(name) if name.len() > LONG => names.push(ANY_NAME.to_owned()),
        Value::String(name) => names.push(known_as(name)),
        Value::Array(values) => values.iter().for_each(|value| gather(value, names)),
        Value::Object(values) => values.values().for_each(|value| gather(value, names)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scim::{Filter, ResourceType};

    fn names(filter: &str) -> Option<Vec<String>> {
        let user = ResourceType::user();
        let filter = Filter::parse(filter, user.urns()).unwrap();
        asked(&Matcher::bind(&filter, &user).unwrap())
    }

    #[test]
    fn a_filter_asks_for_a_name_where_only_who_has_it_can_be_meant() {
        let nina = Some(vec!["nina".to_owned()]);
        assert_eq!(names(r#"userName eq "Nina ""#), nina);
        assert_eq!(names(r#"active eq true and externalId eq "NINA""#), nina);
        assert_eq!(names(r#"emails[type eq "work"].value eq "nina""#), nina);
        assert_eq!(
            names(r#"userName eq "nina" or displayName eq "Paul""#),
            Some(vec!["nina".to_owned(), "paul".to_owned()])
        );
        for any in [
            r#"userName sw "nina""#,
            r#"not (userName eq "nina")"#,
            r#"userName eq "nina" or active eq true"#,
            r#"title eq "Lecturer""#,
        ] {
            assert_eq!(names(any), None, "{any}");
        }
    }
}
