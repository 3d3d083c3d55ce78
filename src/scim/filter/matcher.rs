//! A filter held against a resource type: attributes found, values typed,
//! everything that makes no sense refused by name.

use super::{Filter, Literal, Operator};
use crate::scim::caseless::fold;
use crate::scim::error::Error;
use crate::scim::name::AttrName;
use crate::scim::path::Path;
use crate::scim::place::Place;
use crate::scim::schema::{Attribute, ResourceType, Type};
use jiff::Timestamp;
use serde_json::{Number, Value};
use std::sync::Arc;

/// A filter that can be evaluated, or pushed down to an LMS.
///
/// ```
/// use matricula::scim::{Filter, Matcher, ResourceType};
///
/// let user = ResourceType::user();
/// let filter = Filter::parse(r#"EMAILS eq x@y and active eq "True""#, user.urns()).unwrap();
/// let matcher = Matcher::bind(&filter, &user).unwrap();
/// assert_eq!(matcher.to_string(), r#"emails.value eq "x@y" and active eq true"#);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub enum Matcher {
    /// Some value at the place compares so with the operand.
    Compare(Place, Operator, Operand),
    /// There is a value at the place, and it is not empty.
    Present(Place),
    /// All of them.
    All(Vec<Matcher>),
    /// Any of them.
    Any(Vec<Matcher>),
    /// Not this one.
    Not(Box<Matcher>),
}

/// What values are compared with, in the type of the attribute.
#[derive(Clone, Debug, PartialEq)]
pub enum Operand {
    /// Text, and its folded form where case does not matter.
    Text {
        /// As written.
        value: String,
        /// Without case.
        folded: Option<String>,
    },
    /// A number.
    Number(Number),
    /// A boolean.
    Boolean(bool),
    /// An instant.
    Instant {
        /// As written.
        value: String,
        /// What it means.
        at: Timestamp,
    },
}

impl Matcher {
    /// Holds a filter against a resource type.
    pub fn bind(filter: &Filter, resource_type: &ResourceType) -> Result<Self, Error> {
        bind(filter, &Scope::Resource(resource_type))
    }

    /// Holds the filter between the brackets of a path against the elements
    /// of one attribute.
    pub(in crate::scim) fn of_elements(
        attribute: &Arc<Attribute>,
        filter: &Filter,
    ) -> Result<Self, Error> {
        bind(filter, &Scope::Element(attribute))
    }
}

/// What the names in a filter mean: attributes of the resource, or parts of
/// one element.
enum Scope<'a> {
    Resource(&'a ResourceType),
    Element(&'a Arc<Attribute>),
}

impl Scope<'_> {
    fn place(&self, path: &Path) -> Result<Place, Error> {
        match self {
            Self::Resource(resource_type) => {
                let place = resource_type.place(path).map_err(|error| as_filter_error(&error))?;
                searchable(place, resource_type)
            }
            Self::Element(attribute) => part_of_element(attribute, path),
        }
    }
}

fn as_filter_error(error: &Error) -> Error {
    Error::invalid_filter(error.detail())
}

fn searchable(place: Place, resource_type: &ResourceType) -> Result<Place, Error> {
    if place.attr.filterable && place.leaf().filterable {
        return Ok(place);
    }
    let names: Vec<_> = resource_type.filterable().collect();
    Err(Error::invalid_filter(format!(
        "`{place}` cannot be searched for here; what can be is {}",
        names.join(", ")
    )))
}

fn part_of_element(attribute: &Arc<Attribute>, path: &Path) -> Result<Place, Error> {
    let refuse = |why| Error::invalid_filter(format!("`{}[{path} …]`: {why}", attribute.name));
    if path.schema.is_some() || path.filter.is_some() || path.sub.is_some() {
        return Err(refuse("only names of parts can stand within brackets"));
    }
    if attribute.kind == Type::Complex {
        let part = attribute.sub(path.attr.as_str());
        return part
            .map(|part| Place::of(None, part))
            .ok_or_else(|| refuse("there is no such part"));
    }
    // RFC 7643 §2.4: an element that is no object is its own `value`.
    if !path.attr.is("value") {
        return Err(refuse("its elements have no part but `value`"));
    }
    let value = Attribute {
        name: AttrName::known("value"),
        multi_valued: false,
        ..Attribute::clone(attribute)
    };
    Ok(Place::of(None, &Arc::new(value)))
}

fn bind(filter: &Filter, scope: &Scope<'_>) -> Result<Matcher, Error> {
    let each = |filters: &[Filter]| -> Result<Vec<Matcher>, Error> {
        filters.iter().map(|filter| bind(filter, scope)).collect()
    };
    Ok(match filter {
        Filter::Compare(path, operator, value) => {
            comparison(comparable(scope.place(path)?)?, *operator, value)?
        }
        Filter::Present(path) | Filter::Element(path) => Matcher::Present(scope.place(path)?),
        Filter::All(filters) => Matcher::All(each(filters)?),
        Filter::Any(filters) => Matcher::Any(each(filters)?),
        Filter::Not(filter) => Matcher::Not(Box::new(bind(filter, scope)?)),
    })
}

/// RFC 7644 §3.4.2.2: a complex attribute compares by its `value`.
fn comparable(place: Place) -> Result<Place, Error> {
    if place.leaf().kind != Type::Complex {
        return Ok(place);
    }
    match place.attr.sub("value") {
        Some(value) => Ok(place.part(value)),
        None => Err(Error::invalid_filter(format!(
            "`{place}` has several parts; name the one to compare, as in `{place}.{}`",
            place.attr.sub_attributes.first().map_or("value", |sub| sub.name.as_str())
        ))),
    }
}

fn comparison(place: Place, operator: Operator, literal: &Literal) -> Result<Matcher, Error> {
    if *literal == Literal::Bare("null".to_owned()) {
        return match operator {
            Operator::Eq => Ok(Matcher::Not(Box::new(Matcher::Present(place)))),
            Operator::Ne => Ok(Matcher::Present(place)),
            Operator::Co
            | Operator::Sw
            | Operator::Ew
            | Operator::Gt
            | Operator::Ge
            | Operator::Lt
            | Operator::Le => Err(unfit(&place, operator, "null has no order")),
        };
    }
    let kind = place.leaf().kind;
    if !fits(kind, operator) {
        return Err(unfit(&place, operator, "its type does not compare so"));
    }
    let operand = operand(place.leaf(), literal).ok_or_else(|| {
        Error::invalid_filter(format!("`{place}` cannot be compared with {literal}"))
    })?;
    Ok(Matcher::Compare(place, operator, operand))
}

fn unfit(place: &Place, operator: Operator, why: &str) -> Error {
    Error::invalid_filter(format!("`{place} {}`: {why}", operator.as_str()))
}

fn fits(kind: Type, operator: Operator) -> bool {
    match operator {
        Operator::Eq | Operator::Ne => kind != Type::Any,
        Operator::Co | Operator::Sw | Operator::Ew => {
            matches!(kind, Type::String | Type::Reference)
        }
        Operator::Gt | Operator::Ge | Operator::Lt | Operator::Le => {
            matches!(kind, Type::String | Type::Integer | Type::Decimal | Type::DateTime)
        }
    }
}

fn operand(attribute: &Attribute, literal: &Literal) -> Option<Operand> {
    let (Literal::Quoted(text) | Literal::Bare(text)) = literal;
    match attribute.kind {
        Type::Boolean if text.eq_ignore_ascii_case("true") => Some(Operand::Boolean(true)),
        Type::Boolean if text.eq_ignore_ascii_case("false") => Some(Operand::Boolean(false)),
        Type::Integer | Type::Decimal => match serde_json::from_str(text) {
            Ok(Value::Number(number)) => Some(Operand::Number(number)),
            Ok(_) | Err(_) => None,
        },
        Type::DateTime => instant(text).map(|at| Operand::Instant { value: text.clone(), at }),
        Type::String | Type::Reference | Type::Binary => {
            let folded = (!attribute.case_exact).then(|| fold(text));
            Some(Operand::Text { value: text.clone(), folded })
        }
        Type::Boolean | Type::Complex | Type::Any => None,
    }
}

/// An instant as SCIM writes it. RFC 7643 §2.3.5 asks for a zone; where a
/// client leaves it out, UTC is meant.
pub(in crate::scim) fn instant(text: &str) -> Option<Timestamp> {
    let with_zone = || text.parse().ok();
    let in_utc = || format!("{text}Z").parse().ok();
    text.contains(['T', 't']).then(|| with_zone().or_else(in_utc)).flatten()
}

impl Matcher {
    /// Whether it names the attribute at a place.
    pub fn names(&self, place: &Place) -> bool {
        match self {
            Self::Compare(named, ..) | Self::Present(named) => named.shares_attribute(place),
            Self::All(parts) | Self::Any(parts) => parts.iter().any(|part| part.names(place)),
            Self::Not(inner) => inner.names(place),
        }
    }

    /// Whether it names an attribute that stands in no extension.
    pub fn names_own(&self, name: &str) -> bool {
        match self {
            Self::Compare(named, ..) | Self::Present(named) => {
                named.schema.is_none() && named.attr.name.is(name)
            }
            Self::All(parts) | Self::Any(parts) => parts.iter().any(|part| part.names_own(name)),
            Self::Not(inner) => inner.names_own(name),
        }
    }
}

impl ResourceType {
    /// The paths that filters may name.
    pub fn filterable(&self) -> impl Iterator<Item = String> + '_ {
        let own = self.common().iter().chain(&self.core().attributes);
        let extended = self.extensions().iter().flat_map(|extension| {
            extension.schema.attributes.iter().map(|attr| (Some(&extension.schema.id), attr))
        });
        own.map(|attr| (None, attr))
            .chain(extended)
            .filter(|(_, attr)| attr.filterable)
            .map(|(urn, attr)| Place::of(urn, attr).to_string())
    }
}
