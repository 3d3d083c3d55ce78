//! Looking for resources: who can answer, what they hold, and which of them are meant.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::cache::{Depth, Found};
use super::views::order;
use super::{Deed, Error, Tenant};
use crate::mapping::{Coverage, Picture};
use crate::scim::{self, Kind, Matcher, Operator, ResourceId};
use crate::store::Among;

/// What a store is asked for at most where the LMS cannot look: more than that
/// is no search, and is refused.
const MOST_RECALLED: usize = 10_000;

/// Ids asked for in one go; the mapping splits them as its LMS needs.
const CHUNK: usize = 1000;

impl Tenant {
    /// What a filter finds, whoever has to be asked.
    pub(super) async fn search(
        self: &Arc<Self>,
        kind: Kind,
        matcher: &Matcher,
        depth: Depth,
        fresh: bool,
    ) -> Result<Arc<Found>, Error> {
        if let Some(id) = named(matcher) {
            // Boxed: few questions come this way, and all would have to make room.
            let views = match Box::pin(self.get(kind, &id, depth, fresh)).await {
                Ok(view) => vec![view],
                Err(Error::Scim(error)) if error.status() == 404 => Vec::new(),
                Err(error) => return Err(error),
            };
            let meant = views.into_iter().filter(|view| matcher.matches(&view.resource()));
            return Ok(Arc::new(Found { views: meant.collect() }));
        }
        let failed = Error::lms(Deed::Find);
        let mut noted = self.noted(kind, Some(matcher)).await?;
        let asked = self.ask_by(kind, matcher).await?;
        let pictures = match self.lms.site().coverage(kind, Some(&asked)) {
            Coverage::Nobody => Vec::new(),
            // What nobody can answer is refused by the mapping, in its own words.
            Coverage::Asked | Coverage::Scan | Coverage::Unanswerable => {
                self.lookup(kind, &asked, depth).await.map_err(failed)?
            }
            Coverage::NoPlace => self.recall(kind, matcher, depth).await?,
            Coverage::Divided => {
                let mut all = self.recall(kind, matcher, depth).await?;
                let more = self.lookup(kind, &asked, depth).await.map_err(failed)?;
                all.extend(more);
                distinct(all)
            }
        };
        let mut views = self.views(kind, pictures, (Some(matcher), depth)).await?;
        if views.is_empty() {
            noted.append(&mut self.known_by(kind, matcher).await?);
        }
        let known = (views.as_slice(), depth);
        let mut more = Box::pin(self.those_noted((kind, noted), Some(matcher), known)).await?;
        if !more.is_empty() {
            views.append(&mut more);
            views.sort_by_cached_key(|view| order(view));
        }
        Ok(Arc::new(Found { views }))
    }

    /// Those of whom a client once said what the LMS has no place for. Whether they fit
    /// in all else is seen once it is known how they are now.
    async fn recall(
        self: &Arc<Self>,
        kind: Kind,
        matcher: &Matcher,
        depth: Depth,
    ) -> Result<Vec<Picture>, Error> {
        let Some(part) = self.lms.site().recalled(kind, matcher) else { return Ok(Vec::new()) };
        let (among, most) = (Among::Present, MOST_RECALLED + 1);
        let ids = self.ledger.entries.find(kind, among, Some(&part), most).await?;
        if ids.len() > MOST_RECALLED {
            let words = format!(
                "More than {MOST_RECALLED} {kind}s fit what only the gateway knows of them; \
                 name something that the LMS can look for."
            );
            return Err(scim::Error::too_many_results(words).into());
        }
        self.by_ids(kind, &ids, depth).await
    }

    pub(super) async fn by_ids(
        self: &Arc<Self>,
        kind: Kind,
        ids: &[ResourceId],
        depth: Depth,
    ) -> Result<Vec<Picture>, Error> {
        let ids = self.lms_ids(kind, ids).await?;
        let mut pictures = Vec::with_capacity(ids.len());
        for chunk in ids.chunks(CHUNK) {
            let Some(matcher) = self.one_of(kind, chunk) else { continue };
            let found = self.lookup(kind, &matcher, depth).await;
            pictures.append(&mut found.map_err(Error::lms(Deed::Find))?);
        }
        Ok(pictures)
    }
}

/// The one resource that can be meant. Whether it is, is read of it: it may be
/// known already, as when Entra asks who has which manager.
fn named(matcher: &Matcher) -> Option<ResourceId> {
    match matcher {
        Matcher::Compare(place, Operator::Eq, operand) if place.attr.name.is("id") => {
            ResourceId::parse(operand.to_value().as_str()?)
        }
        Matcher::All(parts) => parts.iter().find_map(named),
        _ => None,
    }
}

fn distinct(mut pictures: Vec<Picture>) -> Vec<Picture> {
    let mut seen = BTreeSet::new();
    pictures.retain(|picture| seen.insert(picture.id()));
    pictures
}
