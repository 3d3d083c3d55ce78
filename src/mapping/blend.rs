//! What was sent is what comes back, for as long as it is still true: the
//! client's own words, and the LMS's wherever somebody changed them there.

use std::sync::Arc;

use serde_json::Value;

use super::echo::Echo;
use super::picture::{Picture, Seen, Shown, Sight};
use super::plan::{Attribute, KindPlan};
use super::run::{Moment, Site};
use crate::scim::Resource;

impl Site {
    /// The resource to answer with. `sent` is how the client wrote it, `picture`
    /// what the LMS shows now.
    ///
    /// A value stays as it was sent while the LMS shows its [echo](Self::echo),
    /// while the LMS does not show it at all, and where the LMS has no place for
    /// it. Any other value that the LMS shows goes before it. Nobody but the LMS
    /// says what the id is and who the members are.
    pub fn blend(&self, sent: &Resource, picture: Picture, moment: &Moment) -> Resource {
        let sight = match picture.into_seen() {
            Seen::Object(sight) => sight,
            Seen::Told(resource) => match self.kind_of(&resource) {
                Some(kind) => Sight::told(kind, &resource),
                None => return resource,
            },
        };
        let kind = Arc::clone(&sight.kind);
        let echo = Echo::new((self, &kind), sent, moment);
        Blend { kind: &kind, sent, echo, shown: &sight.shown }.fates().of(sent, sight)
    }
}

struct Blend<'a> {
    kind: &'a KindPlan,
    sent: &'a Resource,
    echo: Echo<'a>,
    shown: &'a [Shown],
}

/// What becomes of a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Stays,
    Changes,
    Empties,
}

/// The slots of a resource that do not simply stay.
struct Fates(Vec<(usize, Fate)>);

impl Blend<'_> {
    fn fates(&self) -> Fates {
        let mut fates = Vec::new();
        // One pass over both, for both are in the order of their keys.
        let mut sent = self.sent.attributes().iter().peekable();
        for (key, attributes) in &self.kind.homes {
            while sent.next_if(|(known, _)| *known < key).is_some() {}
            let home = sent.next_if(|(known, _)| *known == key).map(|(_, home)| home);
            for &index in attributes {
                let Some(attribute) = self.kind.attributes.get(index) else { continue };
                let own = home.and_then(|home| attribute.slot.within(home));
                if !self.is_settled(index, attribute, own) {
                    fates.push((index, self.fate(index, attribute)));
                }
            }
        }
        Fates(fates)
    }

    /// Whether a slot stays as it is, whatever its echo: nearly always.
    fn is_settled(&self, index: usize, attribute: &Attribute, own: Option<&Value>) -> bool {
        match (own, self.shown.get(index)) {
            (Some(_), _) if attribute.secret => false,
            (Some(own), Some(Shown::Value(held))) => own == held,
            (Some(_), Some(Shown::Empty)) | (None, Some(Shown::Value(_))) => false,
            (None, Some(Shown::Empty)) => attribute.or.is_empty(),
            (_, Some(Shown::Hidden) | None) => true,
        }
    }

    /// What becomes of an attribute. Those that are one field in the LMS share
    /// their fate: half a changed name is nobody's name.
    fn fate(&self, index: usize, attribute: &Attribute) -> Fate {
        if attribute.secret {
            return Fate::Empties;
        }
        let own = self.fate_alone(index, attribute);
        let Some(via) = attribute.via.as_ref().filter(|_| own == Fate::Stays) else { return own };
        let mut others = self.kind.attributes.iter().enumerate();
        let changed = others.any(|(index, other)| {
            other.via.as_ref() == Some(via) && self.fate_alone(index, other) != Fate::Stays
        });
        match self.shown.get(index) {
            Some(Shown::Value(_)) if changed => Fate::Changes,
            _ => own,
        }
    }

    fn fate_alone(&self, index: usize, attribute: &Attribute) -> Fate {
        match (self.shown.get(index), self.echo.told(index)) {
            (Some(Shown::Value(held)), Some(told)) if attribute.takes_for(&told, held) => {
                Fate::Stays
            }
            (Some(Shown::Value(_)), Some(_)) => Fate::Changes,
            (Some(Shown::Value(_)), None) if attribute.source(self.sent).is_none() => Fate::Changes,
            (Some(Shown::Empty), Some(_)) => Fate::Empties,
            _ => Fate::Stays,
        }
    }
}

impl Fates {
    /// What was sent, with each slot as its fate is.
    fn of(self, sent: &Resource, sight: Sight) -> Resource {
        let Sight { kind, id, mut shown, members } = sight;
        let mut answer = sent.attributes().clone();
        // No entry should hold these; if one does, they go no further.
        for name in ["password", "id", "members"] {
            answer.remove(name);
        }
        for (index, fate) in self.0 {
            let (Some(attribute), Some(held)) = (kind.attributes.get(index), shown.get_mut(index))
            else {
                continue;
            };
            let slot = attribute.source(sent).unwrap_or(&attribute.slot);
            match (fate, std::mem::replace(held, Shown::Hidden)) {
                (Fate::Changes, Shown::Value(value)) => slot.write(&mut answer, value),
                (Fate::Empties, _) => slot.clear(&mut answer),
                (Fate::Stays | Fate::Changes, _) => {}
            }
        }
        if let Some(members) = members {
            answer.insert("members".to_owned(), members);
        }
        let mut answer = Resource::from_attributes(sent.kind(), answer);
        if let Some(id) = &id {
            answer.set_id(id);
        }
        answer
    }
}

impl Sight {
    /// What a resource shows that somebody told.
    fn told(kind: &Arc<KindPlan>, resource: &Resource) -> Self {
        let shown = |attribute: &Attribute| {
            let home = resource.attributes().get(attribute.slot.home());
            let value = home.and_then(|home| attribute.slot.within(home));
            value.cloned().map_or(Shown::Hidden, Shown::Value)
        };
        Self {
            kind: Arc::clone(kind),
            id: resource.id(),
            shown: kind.attributes.iter().map(shown).collect(),
            members: resource.attributes().get("members").cloned(),
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
