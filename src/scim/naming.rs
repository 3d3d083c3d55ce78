//! Ids of others within resources, edits and filters, and the same with other
//! ids: who answers for an LMS may know its accounts by other names.

use serde_json::Value;

use super::edit::{Act, Edit, Edits};
use super::filter::{Matcher, Operand, Operator};
use super::name::ENTERPRISE_USER;
use super::place::Place;
use super::reference::is_to_group;
use super::resource::Resource;
use super::schema::Kind;

/// What somebody is called on the other side; nothing, where nobody there is
/// meant.
pub type Naming<'a> = dyn FnMut(Kind, &str) -> Option<String> + 'a;

/// An id that means nobody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Nobody(pub String);

impl Resource {
    /// Members by other ids; those who are nobody are left out.
    pub fn name_members(&mut self, naming: &mut Naming<'_>) {
        if let Some(Value::Array(members)) = self.attributes_mut().get_mut("members") {
            members.retain_mut(|member| name_element(member, naming).is_ok());
        }
    }

    /// The same, where nobody may be left out.
    pub fn name_all_members(&mut self, naming: &mut Naming<'_>) -> Result<(), Nobody> {
        match self.attributes_mut().get_mut("members") {
            Some(Value::Array(members)) => {
                members.iter_mut().try_for_each(|member| name_element(member, naming))
            }
            _ => Ok(()),
        }
    }

    /// The manager by another id; one who is nobody is told.
    pub fn name_manager(&mut self, naming: &mut Naming<'_>) -> Result<(), Nobody> {
        let extension = self.attributes_mut().get_mut(ENTERPRISE_USER);
        match extension.and_then(|extension| extension.get_mut("manager")) {
            Some(manager) => name_element(manager, naming),
            None => Ok(()),
        }
    }
}

impl Edits {
    /// The same edits with other ids in these attributes. Those who are nobody
    /// cannot come, and need not go.
    pub fn named(&self, within: &[&str], naming: &mut Naming<'_>) -> Result<Self, Nobody> {
        let mut list = Vec::with_capacity(self.list.len());
        for edit in &self.list {
            let meant = within.iter().any(|name| edit.place.attr.name.is(name));
            let edit = edit.clone();
            list.extend(if meant { named(edit, naming)? } else { Some(edit) });
        }
        Ok(Self { list, complete: self.complete, strict: self.strict })
    }
}

impl Matcher {
    /// The same filter for resources of that kind with their ids, members and
    /// managers by other ids, as far as it compares for equality. An id that means
    /// nobody stays as it is.
    #[must_use]
    pub fn named(&self, kind: Kind, naming: &mut Naming<'_>) -> Self {
        let mut all = |parts: &[Self]| parts.iter().map(|part| part.named(kind, naming)).collect();
        match self {
            Self::Compare(place, Operator::Eq, operand) => {
                let Some(kind) = meant(place, kind) else { return self.clone() };
                let id = operand.to_value();
                let named = id.as_str().and_then(|id| naming(kind, id));
                let operand = named.map_or_else(|| operand.clone(), |id| operand.with(id));
                Self::Compare(place.clone(), Operator::Eq, operand)
            }
            Self::Present(place) if is_reference(place) => {
                let element = place.element.as_ref();
                let element = element.map(|it| Box::new(it.named(Kind::User, naming)));
                Self::Present(Place { element, ..place.clone() })
            }
            Self::All(parts) => Self::All(all(parts)),
            Self::Any(parts) => Self::Any(all(parts)),
            Self::Not(part) => Self::Not(Box::new(part.named(kind, naming))),
            Self::Compare(..) | Self::Present(_) => self.clone(),
        }
    }
}

impl Operand {
    fn with(&self, text: String) -> Self {
        match self {
            Self::Text { folded, .. } => {
                let folded = folded.as_ref().map(|_| super::fold(&text));
                Self::Text { value: text, folded }
            }
            Self::Number(_) | Self::Boolean(_) | Self::Instant { .. } => self.clone(),
        }
    }
}

/// One edit by other ids; nothing, where it is about nobody.
fn named(mut edit: Edit, naming: &mut Naming<'_>) -> Result<Option<Edit>, Nobody> {
    let whole = edit.place.sub.as_ref().is_none_or(|sub| sub.name.is("value"));
    match &mut edit.act {
        Act::Drop(elements) => {
            elements.retain_mut(|element| name_element(element, naming).is_ok());
        }
        Act::Add(elements) | Act::Set(Value::Array(elements)) => {
            elements.iter_mut().try_for_each(|element| name_element(element, naming))?;
        }
        Act::Set(value) | Act::Expect(value) if whole => name_element(value, naming)?,
        Act::Set(_) | Act::Expect(_) | Act::Clear => {}
    }
    let mut nobody = false;
    if let Some(element) = &mut edit.place.element {
        **element = element.named(Kind::User, &mut |kind, id| {
            let found = naming(kind, id);
            nobody |= found.is_none();
            found
        });
    }
    Ok((!nobody).then_some(edit))
}

/// A member or a manager: an object with a `value`, or the bare id.
fn name_element(element: &mut Value, naming: &mut Naming<'_>) -> Result<(), Nobody> {
    let kind = if is_to_group(element) { Kind::Group } else { Kind::User };
    let id = match element {
        Value::Object(parts) => parts.get_mut("value"),
        bare => Some(bare),
    };
    if let Some(Value::String(id)) = id {
        *id = naming(kind, id).ok_or_else(|| Nobody(id.clone()))?;
    }
    Ok(())
}

fn is_reference(place: &Place) -> bool {
    place.attr.name.is("members") || place.attr.name.is("manager")
}

/// Whose id stands here, of the resource itself or of another. Within brackets, a
/// member's id is its `value`.
fn meant(place: &Place, own: Kind) -> Option<Kind> {
    let whole = place.sub.as_ref().is_none_or(|sub| sub.name.is("value"));
    let another = place.attr.name.is("value") || (is_reference(place) && whole);
    if place.attr.name.is("id") { Some(own) } else { another.then_some(Kind::User) }
}
