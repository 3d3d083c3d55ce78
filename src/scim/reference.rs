//! What a reference to another resource points at: its `type` says it, or the URL in
//! its `$ref`.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};

use super::schema::{Attribute, Kind};
use super::value::is_unassigned;

/// Whether a reference, such as a member, says that it is one to a group. A group may
/// have the id of a person, and is somebody else all the same.
pub fn is_to_group(reference: &Value) -> bool {
    let named = reference.get("type").and_then(Value::as_str);
    named.is_some_and(|named| named.eq_ignore_ascii_case(Kind::Group.as_str()))
}

/// The kind and the id of the resource at a URL such as `…/Users/26`.
pub(super) fn at_url(url: &str) -> Option<(Kind, Cow<'_, str>)> {
    let (above, id) = url.rsplit_once('/')?;
    let collection = above.rsplit('/').next()?;
    let is = |kind: &Kind| kind.endpoint().trim_start_matches('/').eq_ignore_ascii_case(collection);
    let kind = [Kind::User, Kind::Group].into_iter().find(is)?;
    let id = percent_decode_str(id).decode_utf8().ok()?;
    (!id.is_empty()).then_some((kind, id))
}

/// What a reference was given by, beside the parts that are kept.
#[derive(Default)]
pub(super) struct Told {
    url: Option<String>,
    /// Whether anything was assigned at all.
    anything: bool,
    /// Whether it was said that there is no id.
    nobody: bool,
}

impl Told {
    /// One part of it, as the client wrote it.
    pub(super) fn hear(&mut self, name: &str, value: &Value) {
        let unassigned = is_unassigned(value);
        self.anything |= !unassigned;
        self.nobody |= unassigned && name.eq_ignore_ascii_case("value");
        if name.eq_ignore_ascii_case("$ref") {
            self.url = value.as_str().map(str::to_owned);
        }
    }

    /// A member that only its URL tells to be a group is a group: without that it would
    /// be taken for the person with the same id.
    pub(super) fn name_group(&self, member: &mut Map<String, Value>) {
        let group = || matches!(self.url.as_deref().and_then(at_url), Some((Kind::Group, _)));
        if !member.contains_key("type") && group() {
            member.insert("type".to_owned(), Kind::Group.as_str().into());
        }
    }

    /// A single reference without an id: `{"value": ""}` is nobody, and a URL names
    /// somebody. What names nobody and says that somebody is there is refused, for to
    /// clear a manager is not what it asks for.
    pub(super) fn identify(
        &self,
        attribute: &Attribute,
        mut parts: Map<String, Value>,
    ) -> Result<Option<Value>, String> {
        if self.nobody || !self.anything {
            return Ok(None);
        }
        let fits = |kind: &Kind| {
            let known = attribute.sub("$ref").map(|it| it.reference_types.as_slice());
            known.unwrap_or_default().iter().any(|name| name == kind.as_str())
        };
        let named = self.url.as_deref().and_then(at_url).filter(|(kind, _)| fits(kind));
        let (_, id) = named.ok_or("it has no `value`")?;
        parts.insert("value".to_owned(), id.into());
        Ok(Some(Value::Object(parts)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_names_the_resource_at_its_end() {
        let named = |url| at_url(url).map(|(kind, id)| (kind, id.into_owned()));
        let user = |id: &str| Some((Kind::User, id.to_owned()));
        assert_eq!(named("https://scim.example/t/scim/v2/Users/26"), user("26"));
        assert_eq!(named("../users/a%2Fb"), user("a/b"));
        assert_eq!(named("Groups/4"), Some((Kind::Group, "4".to_owned())));
        for other in ["", "26", "/Users/", "/Users", "/Roles/4", "/Users/%ff"] {
            assert_eq!(named(other), None, "{other}");
        }
    }
}
