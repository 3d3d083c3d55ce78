//! What has to be remembered of what a client wrote: only what the LMS does not
//! say in the same words.

use serde_json::Map;

use super::picture::{Picture, Seen, Shown};
use super::plan::Slot;
use crate::scim::Resource;

impl Picture {
    /// What was sent without the values that the LMS shows as they were sent;
    /// nothing, where that is all of it. Blending gives the same answer with
    /// either, for as long as the LMS shows them.
    pub fn essence(&self, sent: &Resource) -> Option<Resource> {
        let Seen::Object(sight) = self.seen() else { return None };
        let mut kept = sent.attributes().clone();
        for (key, whole) in sent.attributes() {
            let mut bare = Map::from_iter([(key.clone(), whole.clone())]);
            let mut shown = Vec::new();
            for (attribute, held) in sight.kind.attributes.iter().zip(&sight.shown) {
                let (Shown::Value(held), None) = (held, &attribute.via) else { continue };
                let own = attribute.slot.home() == key;
                if own && attribute.slot.within(whole) == Some(held) {
                    attribute.slot.take(&mut bare);
                    let elsewhere = |slot: &Slot| match bare.get(slot.home()) {
                        Some(home) => slot.within(home).is_some(),
                        None => slot.read(sent).is_some(),
                    };
                    // Without its own value, another would be taken for it.
                    if attribute.or.iter().any(elsewhere) {
                        attribute.slot.write(&mut bare, held.clone());
                    } else {
                        shown.push((&attribute.slot, held));
                    }
                }
            }
            // What does not come together again in the same form stays as it is.
            let mut again = bare.clone();
            for (slot, held) in shown {
                slot.write(&mut again, held.clone());
            }
            if again.get(key) == Some(whole) {
                kept.remove(key);
                kept.append(&mut bare);
            }
        }
        (kept != *sent.attributes()).then(|| Resource::from_attributes(sent.kind(), kept))
    }
}
