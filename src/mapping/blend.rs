//! What was sent is what comes back, for as long as it is still true: the
//! client's own words, and the LMS's wherever somebody changed them there.

use serde_json::{Map, Value};

use super::lift::Picture;
use super::plan::{Attribute, KindPlan};
use super::run::Site;
use crate::scim::Resource;

impl Site {
    /// The resource to answer with. `sent` is how the client wrote it, `echo`
    /// the [echo](Self::echo) of that, `shown` what the LMS shows now.
    ///
    /// A value stays as it was sent while the LMS shows its echo, while the LMS
    /// does not show it at all, and where the LMS has no place for it. Any other
    /// value that the LMS shows goes before it. Nobody but the LMS says what the
    /// id is and who the members are.
    pub fn blend(&self, sent: &Resource, echo: &Resource, shown: Picture) -> Resource {
        match self.kind_of(&shown.resource) {
            Some(kind) => Blend { kind, sent, echo, shown }.answer(),
            None => shown.resource,
        }
    }
}

/// Only the LMS says these.
const OF_THE_LMS: [&str; 2] = ["id", "members"];

struct Blend<'a> {
    kind: &'a KindPlan,
    sent: &'a Resource,
    echo: &'a Resource,
    shown: Picture,
}

/// What becomes of a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Stays,
    Changes,
    Empties,
}

impl Blend<'_> {
    fn answer(self) -> Resource {
        let mut answer = self.sent.attributes().clone();
        // No entry should hold one; if one does, it goes no further.
        answer.remove("password");
        for (index, attribute) in self.kind.attributes.iter().enumerate() {
            if attribute.secret {
                attribute.slot.clear(&mut answer);
                continue;
            }
            let slot = attribute.source(self.sent).unwrap_or(&attribute.slot);
            match self.fate(index, attribute) {
                Fate::Stays => {}
                Fate::Empties => slot.clear(&mut answer),
                Fate::Changes => {
                    if let Some(value) = attribute.slot.read(&self.shown.resource) {
                        slot.write(&mut answer, value.clone());
                    }
                }
            }
        }
        let kind = self.sent.kind();
        take_over(&mut answer, self.shown.resource);
        Resource::from_attributes(kind, answer)
    }

    /// What becomes of an attribute. Those that are one field in the LMS share
    /// their fate: half a changed name is nobody's name.
    fn fate(&self, index: usize, attribute: &Attribute) -> Fate {
        let own = self.fate_alone(index, attribute);
        let Some(via) = attribute.via.as_ref().filter(|_| own == Fate::Stays) else { return own };
        let mut others = self.kind.attributes.iter().enumerate();
        let changed = others.any(|(index, other)| {
            other.via.as_ref() == Some(via) && self.fate_alone(index, other) != Fate::Stays
        });
        match attribute.slot.read(&self.shown.resource) {
            Some(_) if changed => Fate::Changes,
            Some(_) | None => own,
        }
    }

    fn fate_alone(&self, index: usize, attribute: &Attribute) -> Fate {
        let own = attribute.source(self.sent).and_then(|slot| slot.read(self.sent));
        let told = attribute.slot.read(self.echo);
        match (own, told, attribute.slot.read(&self.shown.resource)) {
            (_, Some(told), Some(held)) if attribute.takes_for(told, held) => Fate::Stays,
            (_, Some(_), Some(_)) | (None, None, Some(_)) => Fate::Changes,
            (Some(_), Some(_), None) if self.shown.empty.has(index) => Fate::Empties,
            (Some(_), _, _) | (None, _, None) => Fate::Stays,
        }
    }
}

impl Attribute {
    /// Whether the LMS means the same by both; case does not count where the
    /// mapping says so.
    fn takes_for(&self, told: &Value, held: &Value) -> bool {
        told == held
            || match (told.as_str(), held.as_str()) {
                (Some(told), Some(held)) if self.exact == Some(false) => {
                    told.to_lowercase() == held.to_lowercase()
                }
                _ => false,
            }
    }
}

fn take_over(answer: &mut Map<String, Value>, shown: Resource) {
    let mut shown = shown.into_attributes();
    for name in OF_THE_LMS {
        match shown.remove(name) {
            Some(value) => answer.insert(name.to_owned(), value),
            None => answer.remove(name),
        };
    }
}
