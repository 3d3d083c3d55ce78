//! What was sent is what comes back, for as long as it is still true: the
//! client's own words, and the LMS's wherever somebody changed them there.

use std::borrow::Cow;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::echo::Echo;
use super::picture::{Picture, Seen, Shown, Sight};
use super::plan::{Attribute, KindPlan, Slot};
use super::run::{Moment, Site};
use crate::scim::{Pair, Pairs, Resource};

/// What is said elsewhere, or nowhere at all. No entry should hold it, and no mapping
/// can name it; what one holds goes no further.
const NOT_OURS: [&str; 5] = ["id", "members", "meta", "password", "schemas"];

impl Site {
    /// The resource to answer with. `sent` is how the client wrote it, `picture`
    /// what the LMS shows now.
    ///
    /// A value stays as it was sent while the LMS shows its [echo](Self::echo),
    /// while the LMS does not show it at all, and where the LMS has no place for
    /// it. Any other value that the LMS shows goes before it. Nobody but the LMS
    /// says what the id is and who the members are.
    ///
    /// Most of it stands as it is in the one or the other, and is not copied.
    pub fn blend<'a>(
        &self,
        sent: &'a Resource,
        picture: &'a Picture,
        moment: &Moment,
    ) -> Pairs<'a> {
        match picture.seen() {
            Seen::Object(sight) => self.blended(sent, sight, moment),
            Seen::Told(resource) => match self.kind_of(resource) {
                Some(kind) => self.blended(sent, &Sight::told(kind, resource), moment).into_owned(),
                None => Pairs::of(resource),
            },
        }
    }

    fn blended<'a>(&self, sent: &'a Resource, sight: &'a Sight, moment: &Moment) -> Pairs<'a> {
        let Sight { kind, id, shown, members } = sight;
        let echo = Echo::new((self, kind), sent, moment);
        let fates = Blend { kind, sent, echo, shown }.fates();
        let changes = fates.into_iter().filter_map(|(index, fate)| {
            let attribute = kind.attributes.get(index)?;
            if NOT_OURS.contains(&attribute.slot.home()) {
                return None;
            }
            let put = match (fate, shown.get(index)?) {
                (Fate::Changes, Shown::Value(value)) => Some(value),
                (Fate::Empties, _) => None,
                (Fate::Stays | Fate::Changes, _) => return None,
            };
            Some(Change { slot: attribute.source(sent).unwrap_or(&attribute.slot), put })
        });
        let mut pairs = Pairs::new(sent.kind(), changed(sent, changes.collect()));
        if let Some(members) = members {
            pairs = pairs.with("members", members);
        }
        match id {
            Some(id) => pairs.called(id),
            None => pairs,
        }
    }
}

/// A slot that does not stay as it was sent.
struct Change<'a> {
    slot: &'a Slot,
    /// What the LMS shows instead; nothing, if it shows that there is none.
    put: Option<&'a Value>,
}

/// What was sent, changed so.
fn changed<'a>(sent: &'a Resource, mut changes: Vec<Change<'a>>) -> Vec<Pair<'a>> {
    changes.sort_by_key(|change| change.slot.home());
    let mut changes = changes.chunk_by(|one, other| one.slot.home() == other.slot.home());
    let mut next = changes.next();
    let mut pairs = Vec::with_capacity(sent.attributes().len() + 8);
    for (key, value) in sent.attributes() {
        while let Some(before) = next.filter(|it| home(it) < key.as_str()) {
            pairs.extend(put(None, before));
            next = changes.next();
        }
        if NOT_OURS.contains(&key.as_str()) {
            continue;
        }
        match next.filter(|it| home(it) == key) {
            Some(own) => {
                pairs.extend(put(Some(value), own));
                next = changes.next();
            }
            None => pairs.push((Cow::Borrowed(key), Cow::Borrowed(value))),
        }
    }
    pairs.extend(next.into_iter().chain(changes).filter_map(|rest| put(None, rest)));
    pairs
}

/// The key that some changes are under.
fn home<'a>(changes: &[Change<'a>]) -> &'a str {
    changes.first().map_or("", |change| change.slot.home())
}

/// What stands under a key after its changes.
fn put<'a>(sent: Option<&'a Value>, changes: &[Change<'a>]) -> Option<Pair<'a>> {
    let key = home(changes);
    if let [Change { slot, put: Some(value) }] = changes
        && slot.is_whole()
    {
        return Some((Cow::Borrowed(key), Cow::Borrowed(*value)));
    }
    let mut around = Map::from_iter(sent.map(|value| (key.to_owned(), value.clone())));
    for change in changes {
        match change.put {
            Some(value) => change.slot.write(&mut around, value.clone()),
            None => change.slot.clear(&mut around),
        }
    }
    around.remove(key).map(|value| (Cow::Borrowed(key), Cow::Owned(value)))
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

impl Blend<'_> {
    /// The slots that may not simply stay.
    fn fates(&self) -> Vec<(usize, Fate)> {
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
        fates
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
