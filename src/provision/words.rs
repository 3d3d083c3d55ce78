//! What is kept of what a client wrote, and what becomes of it with a change.

use std::sync::Arc;

use serde_json::Value;

use super::config::Keep;
use super::turns::Key;
use super::write::unmapped;
use super::{Depth, Error, Tenant};
use crate::mapping::Picture;
use crate::scim::{Act, Edit, Edits, Kind, Resource, ResourceId};
use crate::store::Entry;

impl Tenant {
    /// Forgets what the LMS says in the same words as the client, where no more is
    /// to be kept than needed: once it is seen that it does.
    pub(super) fn trim(self: &Arc<Self>, picture: &Picture, entry: Option<&Arc<Entry>>) {
        // Who is gone is known again by those words alone.
        let trims = |entry: &&Arc<Entry>| self.config.keep == Keep::Minimal && entry.gone.is_none();
        let Some(entry) = entry.filter(trims) else { return };
        let Some(sent) = picture.essence(&entry.sent) else { return };
        let (tenant, entry) = (Arc::clone(self), Arc::clone(entry));
        self.work.spawn(async move {
            let (kind, id) = (entry.sent.kind(), entry.id.clone());
            let own = [Key::Id(kind, id.clone())];
            let Ok(_turn) = tenant.ledger.turn(&own).await else { return };
            // Somebody may have written meanwhile; and what fails is tried with the
            // next read.
            if let Ok(Some(now)) = tenant.ledger.entries.get(kind, &id).await
                && now == entry
            {
                let _ = tenant.ledger.entries.put(Entry { sent, ..Entry::clone(&entry) }).await;
            }
        });
    }

    /// The resource in the client's words, after the edits. Most edits need to
    /// know nothing of what is there; those that do cost a read.
    pub(super) async fn applied(
        self: &Arc<Self>,
        kind: Kind,
        id: &ResourceId,
        edits: &Edits,
        entry: Option<&Entry>,
    ) -> Result<(Resource, bool), Error> {
        let resource_type = self.resource_type(kind).ok_or_else(|| unmapped(kind))?;
        let before = entry.map_or_else(|| Resource::new(kind), |entry| entry.sent.clone());
        let mut after = before.clone();
        after.set_id(id);
        if self.is_enough(edits) && edits.apply(resource_type, &mut after).is_ok() {
            let differs = memorable(&after) != before;
            return Ok((after, differs));
        }
        let view = self.get(kind, id, Depth::Whole, false).await?;
        let mut after = view.resource();
        let differs = edits.apply(resource_type, &mut after)?;
        Ok((after, differs))
    }

    /// Whether what is kept is enough to apply edits to. Values that are not kept
    /// can be replaced, but not be looked for.
    fn is_enough(&self, edits: &Edits) -> bool {
        self.config.keep == Keep::Full || !edits.iter().any(asks_for_values)
    }
}

/// Whether an edit means elements by their values.
fn asks_for_values(edit: &Edit) -> bool {
    let by_label = edit.place.slot().is_some_and(|terms| {
        terms.iter().all(|(name, _)| ["type", "primary"].iter().any(|label| name.is(label)))
    });
    let members = edit.place.attr.name.is("members");
    let element = edit.place.element.is_some() && !by_label;
    !members && (element || matches!(edit.act, Act::Drop(_) | Act::Add(_) | Act::Expect(_)))
}

/// What an entry keeps of a resource: neither what is the LMS's to say, nor what
/// nobody may read.
pub(super) fn memorable(resource: &Resource) -> Resource {
    let mut attributes = resource.attributes().clone();
    for name in ["id", "meta", "members", "password", "groups"] {
        attributes.remove(name);
    }
    attributes.retain(|_, value| !matches!(value, Value::Null));
    Resource::from_attributes(resource.kind(), attributes)
}
