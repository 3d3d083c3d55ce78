//! Work that waits for somebody whom an operator knows by name.

use std::sync::Arc;

use super::{Error, Tenant};
use crate::scim::{Kind, Query, ResourceId};
use crate::store::{Among, Choice, Pending};

/// By what a person is called, and a group.
const NAMES: [(Kind, &[&str]); 2] = [
    (Kind::User, &["userName", "externalId", "emails.value"]),
    (Kind::Group, &["displayName", "externalId"]),
];

/// So many can be called the same.
const MOST: usize = 100;

impl Tenant {
    /// What waits for whoever is called that, in order, behind that place. They are looked
    /// for in what clients wrote, those who are gone too; and in the LMS, where nobody
    /// wrote them whole.
    pub async fn waiting_called(
        self: &Arc<Self>,
        name: &str,
        choice: &Choice,
        after: u64,
        most: usize,
    ) -> Result<Vec<Pending>, Error> {
        let mut found = Vec::new();
        for (kind, paths) in NAMES {
            let ids = self.called(kind, paths, name).await?;
            let queued = self.ledger.pending.of(kind, &ids).await?;
            found.extend(queued.into_iter().flatten());
        }
        found.retain(|one| one.sequence > after && choice.means(one));
        found.sort_by_key(|one| one.sequence);
        found.truncate(most);
        Ok(found)
    }

    async fn called(
        self: &Arc<Self>,
        kind: Kind,
        paths: &[&str],
        name: &str,
    ) -> Result<Vec<ResourceId>, Error> {
        let mut ids = Vec::new();
        for path in paths {
            let Some(matcher) = self.equals(kind, path, name) else { continue };
            for among in [Among::Present, Among::Unborn, Among::Gone] {
                let some = self.ledger.entries.find(kind, among, Some(&matcher), MOST).await?;
                ids.extend(some);
            }
        }
        if ids.is_empty() {
            ids = self.shown_as(kind, paths, name).await?;
        }
        ids.sort();
        ids.dedup();
        Ok(ids)
    }

    /// Those whom the LMS calls that.
    async fn shown_as(
        self: &Arc<Self>,
        kind: Kind,
        paths: &[&str],
        name: &str,
    ) -> Result<Vec<ResourceId>, Error> {
        let Some(path) = paths.first() else { return Ok(Vec::new()) };
        let Some(matcher) = self.equals(kind, path, name) else { return Ok(Vec::new()) };
        let query = Query { filter: Some(matcher), ..Query::default() };
        let listing = self.list(kind, &query, false).await?;
        Ok(listing.views.iter().filter_map(|view| view.id().cloned()).collect())
    }
}
