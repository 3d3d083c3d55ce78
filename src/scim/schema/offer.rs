//! Tailoring a resource type to what a tenant's mapping offers, so that
//! discovery, filters and validation tell the truth about this LMS.

use super::{Attribute, Kind, Mutability, ResourceType, Uniqueness};
use crate::scim::error::Error;
use crate::scim::path::Path;
use crate::scim::place::Place;
use serde_json::Value;
use std::sync::Arc;

/// One attribute, or one slot of a multi-valued attribute, that the mapping
/// knows how to read or write.
#[derive(Clone, Debug)]
pub struct Offer {
    /// Where it is: `title`, `name.givenName`, `emails[type eq "work"].value`.
    pub path: Path,
    /// Whether the LMS cannot do without it.
    pub required: bool,
    /// Whether it may come from another place, so that nobody can ask for this one.
    pub elsewhere: bool,
    /// Whether filters may name it.
    pub filterable: bool,
    /// Who may write it, where the schema's word does not hold.
    pub mutability: Option<Mutability>,
    /// Whether the LMS refuses a second one, where the schema's word does not hold.
    pub uniqueness: Option<Uniqueness>,
    /// Whether the LMS tells cases apart, where the schema's word does not hold.
    pub case_exact: Option<bool>,
}

impl Offer {
    /// An offer with nothing special about it.
    pub fn plain(path: Path) -> Self {
        Self {
            path,
            required: false,
            elsewhere: false,
            filterable: false,
            mutability: None,
            uniqueness: None,
            case_exact: None,
        }
    }
}

impl ResourceType {
    /// The same type offering exactly `offers`. What is not offered keeps its
    /// types, so that it can be kept as sent, but is no longer shown.
    pub fn offering(mut self, offers: &[Offer]) -> Result<Self, Vec<Error>> {
        let mut faults = Vec::new();
        let mut places = Vec::with_capacity(offers.len());
        for offer in offers {
            match self.place(&offer.path) {
                Ok(place) => places.push((offer, place)),
                Err(error) => faults.push(error),
            }
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        self.withdraw_all();
        for (offer, place) in &places {
            if let Some(attribute) = self.attribute_mut(place) {
                apply(offer, place, attribute);
            }
        }
        let required = places.into_iter().filter(|(offer, _)| offer.required && !offer.elsewhere);
        self.required = required.map(|(_, place)| place).collect();
        Ok(self)
    }

    /// The same type of a gateway that keeps by itself what its LMS has no place
    /// for: all else that the schemas know is offered too, and can be searched
    /// for where it is kept.
    pub fn keeping(mut self) -> Self {
        let whole = match self.kind {
            Kind::User => Self::user(),
            Kind::Group => Self::group(),
        };
        restore_all(&mut self.core.attributes, &whole.core.attributes);
        for extension in &mut self.extensions {
            if let Some(known) = whole.extension(extension.schema.id.as_str()) {
                restore_all(&mut extension.schema.attributes, &known.schema.attributes);
            }
        }
        self
    }

    fn withdraw_all(&mut self) {
        let extensions = self.extensions.iter_mut().map(|extension| &mut extension.schema);
        for schema in std::iter::once(&mut self.core).chain(extensions) {
            schema.attributes.iter_mut().for_each(withdraw);
        }
        // Everybody has a `meta`, but only a store can search by it.
        for attribute in self.common.iter_mut().filter(|attribute| attribute.name.is("meta")) {
            Arc::make_mut(attribute).filterable = false;
        }
    }

    fn attribute_mut(&mut self, place: &Place) -> Option<&mut Attribute> {
        let schema = match &place.schema {
            None => &mut self.core,
            Some(urn) => {
                let mut extensions = self.extensions.iter_mut();
                &mut extensions.find(|extension| extension.schema.id == *urn)?.schema
            }
        };
        let mut attributes = schema.attributes.iter_mut();
        attributes.find(|known| known.name == place.attr.name).map(Arc::make_mut)
    }
}

/// What only an LMS can keep: nobody may read a password back, and who belongs
/// where is not for us to remember.
const NOT_FOR_KEEPING: [&str; 3] = ["password", "members", "groups"];

fn restore_all(attributes: &mut [Arc<Attribute>], whole: &[Arc<Attribute>]) {
    for attribute in attributes {
        let kept = !NOT_FOR_KEEPING.iter().any(|name| attribute.name.is(name));
        let known = whole.iter().find(|known| kept && known.name == attribute.name);
        let Some(known) = known else { continue };
        if !attribute.offered {
            *attribute = Arc::clone(known);
            continue;
        }
        let attribute = Arc::make_mut(attribute);
        attribute.filterable |= known.sub_attributes.iter().any(|sub| sub.filterable);
        restore_all(&mut attribute.sub_attributes, &known.sub_attributes);
    }
}

fn withdraw(attribute: &mut Arc<Attribute>) {
    let attribute = Arc::make_mut(attribute);
    attribute.offered = false;
    attribute.filterable = false;
    attribute.required = false;
    attribute.sub_attributes.iter_mut().for_each(withdraw);
}

fn apply(offer: &Offer, place: &Place, attribute: &mut Attribute) {
    attribute.offered = true;
    attribute.filterable |= offer.filterable;
    // RFC validators look at the top: a required part makes its whole required.
    attribute.required |= offer.required;
    let Some(sub) = &place.sub else {
        characterise(offer, attribute);
        for sub in &mut attribute.sub_attributes {
            let sub = Arc::make_mut(sub);
            sub.offered = true;
            sub.filterable |= offer.filterable;
        }
        return;
    };
    if attribute.multi_valued {
        offer_labels(offer, place, attribute);
    }
    if let Some(sub) = sub_mut(attribute, sub.name.as_str()) {
        sub.offered = true;
        sub.filterable |= offer.filterable;
        sub.required |= offer.required && place.element.is_none();
        characterise(offer, sub);
    }
}

fn characterise(offer: &Offer, attribute: &mut Attribute) {
    if let Some(mutability) = offer.mutability {
        attribute.mutability = mutability;
    }
    if let Some(uniqueness) = offer.uniqueness {
        attribute.uniqueness = uniqueness;
    }
    if let Some(case_exact) = offer.case_exact {
        attribute.case_exact = case_exact;
    }
}

/// A slot such as `emails[type eq "work"].value` offers the label too, with
/// the labels in use as its canonical values: Microsoft's validators derive
/// from them which slots exist.
fn offer_labels(offer: &Offer, place: &Place, attribute: &mut Attribute) {
    let label = place.slot().and_then(|terms| {
        let term = terms.into_iter().find(|(name, _)| name.is("type"))?;
        if let Value::String(label) = term.1 { Some(label) } else { None }
    });
    if let Some(primary) = sub_mut(attribute, "primary") {
        primary.offered = true;
        primary.filterable |= offer.filterable;
    }
    if let Some(kind) = sub_mut(attribute, "type") {
        // The first slot replaces the RFC's list by what really exists.
        if !kind.offered && label.is_some() {
            kind.canonical_values.clear();
        }
        kind.offered = true;
        kind.filterable |= offer.filterable;
        if let Some(label) = label.filter(|label| !kind.canonical_values.contains(label)) {
            kind.canonical_values.push(label);
        }
    }
}

fn sub_mut<'a>(attribute: &'a mut Attribute, name: &str) -> Option<&'a mut Attribute> {
    attribute.sub_attributes.iter_mut().find(|sub| sub.name.is(name)).map(Arc::make_mut)
}
