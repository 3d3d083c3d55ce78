//! Which attributes an answer shows (RFC 7644 §3.9, RFC 7643 §7 `returned`).

use super::error::Error;
use super::name::{AttrName, SchemaUri};
use super::path::Target;
use super::place::Place;
use super::schema::{ResourceType, Returned};

/// What a client asked to see.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Projection {
    /// Only these, if anything.
    only: Option<Vec<Pick>>,
    /// All but these.
    but: Vec<Pick>,
}

/// One entry of `attributes` or `excludedAttributes`.
#[derive(Clone, Debug, PartialEq)]
struct Pick {
    schema: Option<SchemaUri>,
    /// Nothing: all attributes of the schema.
    attr: Option<AttrName>,
    sub: Option<AttrName>,
}

impl Projection {
    /// Reads `attributes` and `excludedAttributes` as a query gives them.
    /// Names that nothing has are no error: they select nothing.
    pub fn parse(
        resource_type: &ResourceType,
        attributes: Option<&str>,
        excluded: Option<&str>,
    ) -> Result<Self, Error> {
        let picks = |name: &str, text: &str| {
            Target::parse_list(text, resource_type.urns())
                .map(|targets| picks(resource_type, targets))
                .map_err(|error| Error::invalid_value(format!("`{name}` {error}")))
        };
        let some = |text: &&str| !text.trim().is_empty();
        match (attributes.filter(some), excluded.filter(some)) {
            (Some(_), Some(_)) => Err(Error::invalid_value(
                "`attributes` and `excludedAttributes` exclude each other; send one of them",
            )),
            (Some(only), None) => Ok(Self { only: Some(picks("attributes", only)?), but: vec![] }),
            (None, Some(but)) => Ok(Self { only: None, but: picks("excludedAttributes", but)? }),
            (None, None) => Ok(Self::default()),
        }
    }

    /// Whether the client left it to us what to show.
    pub fn is_plain(&self) -> bool {
        self.only.is_none() && self.but.is_empty()
    }

    /// Whether the client wants all but this attribute.
    pub fn is_all_but(&self, name: &str) -> bool {
        let whole = |pick: &Pick| {
            let named = pick.attr.as_ref().is_some_and(|attr| attr.is(name));
            named && pick.schema.is_none() && pick.sub.is_none()
        };
        self.only.is_none() && !self.but.is_empty() && self.but.iter().all(whole)
    }

    /// Whether the client named the attributes it wants. A PATCH that does is
    /// answered with them (RFC 7644 §3.5.2).
    pub fn is_named(&self) -> bool {
        self.only.is_some()
    }

    /// Whether any part of the attribute at `place` is shown. What is not
    /// need not be asked of the LMS.
    pub fn includes(&self, place: &Place) -> bool {
        self.view(place.schema.as_ref(), place.attr.name.as_str(), place.attr.returned) != View::No
    }

    pub(super) fn view(
        &self,
        schema: Option<&SchemaUri>,
        attr: &str,
        returned: Returned,
    ) -> View<'_> {
        match (returned, &self.only) {
            (Returned::Always, _) => View::Whole,
            (Returned::Never, _) | (Returned::Request, None) => View::No,
            (_, Some(only)) => parts(only, schema, attr).map_or(View::No, |subs| match subs {
                Named::Parts(subs) => View::Only(subs),
                Named::Whole => View::Whole,
            }),
            (Returned::Default, None) => match parts(&self.but, schema, attr) {
                None => View::Whole,
                Some(Named::Whole) => View::No,
                Some(Named::Parts(subs)) => View::But(subs),
            },
        }
    }
}

fn picks(resource_type: &ResourceType, targets: Vec<Target>) -> Vec<Pick> {
    let pick = |target| match target {
        Target::Schema(urn) => {
            Pick { schema: own(resource_type, Some(urn)), attr: None, sub: None }
        }
        Target::Attribute(path) => {
            // `manager` alone means the one of the extension.
            let found = resource_type.attribute(path.schema.as_ref(), path.attr.as_str());
            let schema = match found {
                Some((schema, _)) => schema.cloned(),
                None => path.schema,
            };
            Pick { schema, attr: Some(path.attr), sub: path.sub }
        }
    };
    targets.into_iter().map(pick).collect()
}

/// The core schema is where attributes without a schema are.
fn own(resource_type: &ResourceType, urn: Option<SchemaUri>) -> Option<SchemaUri> {
    urn.filter(|urn| *urn != resource_type.core().id)
}

/// What was named of an attribute.
enum Named<'a> {
    Whole,
    Parts(Vec<&'a AttrName>),
}

/// What `picks` name of an attribute, if anything.
fn parts<'a>(picks: &'a [Pick], schema: Option<&SchemaUri>, attr: &str) -> Option<Named<'a>> {
    let about = |pick: &&Pick| {
        pick.schema.as_ref() == schema && pick.attr.as_ref().is_none_or(|name| name.is(attr))
    };
    let mut subs = Vec::new();
    for pick in picks.iter().filter(about) {
        match &pick.sub {
            None => return Some(Named::Whole),
            Some(sub) => subs.push(sub),
        }
    }
    (!subs.is_empty()).then_some(Named::Parts(subs))
}

/// How much of one attribute is shown.
#[derive(Debug, PartialEq)]
pub(super) enum View<'a> {
    No,
    Whole,
    Only(Vec<&'a AttrName>),
    But(Vec<&'a AttrName>),
}

impl View<'_> {
    pub(super) fn shows(&self, part: &str, returned: Returned) -> bool {
        let named = |subs: &[&AttrName]| subs.iter().any(|sub| sub.is(part));
        match (returned, self) {
            (Returned::Never, _) | (_, View::No) => false,
            (Returned::Always, _) | (Returned::Default, View::Whole) => true,
            (_, View::Only(subs)) => named(subs),
            (Returned::Request, _) => false,
            (Returned::Default, View::But(subs)) => !named(subs),
        }
    }
}
