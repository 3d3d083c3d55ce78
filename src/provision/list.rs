//! Pages of a list: of those whom a filter means, and of all there are.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use super::cache::{Depth, Found};
use super::views::order;
use super::{Deed, Error, Tenant, View};
use crate::mapping;
use crate::scim::{self, Kind, Page, Resource, ResourceId, ResourceType};

/// The part of a list that was asked for.
#[derive(Debug)]
pub struct Listing {
    /// How many there are in all.
    pub total: usize,
    /// Where the part begins, and how much it may hold.
    pub page: Page,
    /// The part.
    pub views: Vec<Arc<View>>,
}

/// How often is asked while what waits is done: who reads the LMS before, and looks
/// only afterwards for what waits, sees neither.
const TRIES: usize = 3;

impl Tenant {
    /// The resources that a query means. `fresh` asks the LMS whatever is kept.
    pub async fn list(
        self: &Arc<Self>,
        kind: Kind,
        query: &scim::Query,
        fresh: bool,
    ) -> Result<Listing, Error> {
        let depth = self.depth(kind, query);
        let page = query.page.at_most(self.config.page);
        let Some(matcher) = &query.filter else {
            return Box::pin(self.everybody(kind, query, depth, fresh)).await;
        };
        let mut tries = 0;
        loop {
            let waits = (!self.is_clear()).then(|| self.ledger.epochs.redone());
            let key = self.cache.question(kind, &matcher.to_string(), depth);
            let found = if fresh {
                let found = Box::pin(self.search(kind, matcher, depth, fresh)).await?;
                self.cache.keep_answer(key, Arc::clone(&found));
                found
            } else {
                // In a box: it is large, and most are answered without it.
                let ask = || Box::pin(self.search(kind, matcher, depth, fresh));
                self.cache.answer(&key, ask).await?
            };
            tries += 1;
            if waits.is_none_or(|redone| redone == self.ledger.epochs.redone()) {
                return Ok(part(&in_order(&found.views, query), page));
            }
            if tries == TRIES {
                let views = self.still_there(kind, found.views.clone()).await?;
                return Ok(part(&in_order(&views, query), page));
            }
        }
    }

    /// Whether members are shown, or asked about.
    pub fn depth(&self, kind: Kind, query: &scim::Query) -> Depth {
        if kind == Kind::User {
            return Depth::Whole;
        }
        let members = self.resource_type(kind).and_then(ResourceType::members);
        let Some(members) = members else { return Depth::Whole };
        let named = query.filter.as_ref().is_some_and(|matcher| matcher.names(&members));
        let shown = query.projection.includes(&members);
        if shown || named { Depth::Whole } else { Depth::Lean }
    }

    /// A page of all there are. Once all were read, they are kept from page to page,
    /// and where there is no room for that, who there is.
    async fn everybody(
        self: &Arc<Self>,
        kind: Kind,
        query: &scim::Query,
        depth: Depth,
        fresh: bool,
    ) -> Result<Listing, Error> {
        let page = query.page.at_most(self.config.page);
        let all = self.cache.question(kind, "", depth);
        let key = self.cache.question(kind, "", Depth::Lean);
        if !fresh && let Some(found) = self.cache.answered(&all) {
            return Ok(part(&in_order(&found.views, query), page));
        }
        if !fresh
            && query.sort.is_none()
            && let Some(roll) = self.cache.roll(&key)
        {
            return self.enrolled(kind, &roll, (page, depth)).await;
        }
        // Some of those that the LMS shows are not for clients to see, and the pages
        // have to fit together without them. Whoever wants a second page mostly wants
        // them all: for each page it would be read anew from the first.
        let plain = self.ledger.entries.all_plain() && self.is_clear();
        let first = page.start_index == 1 && query.sort.is_none();
        let asked = mapping::Query {
            want: self.want(kind, depth),
            enough: page.count.filter(|_| plain && first),
            loose: true,
            ..mapping::Query::default()
        };
        let noted = self.noted(kind, None).await?;
        let found = self.ask(kind, &asked).await.map_err(Error::lms(Deed::List))?;
        let (pictures, total) = found;
        // Those who are not shown were read, too.
        let whole = total.is_none_or(|total| total <= pictures.len());
        let mut views = self.views(kind, pictures, (None, depth)).await?;
        views.append(&mut self.those_noted((kind, noted), None, (&views, depth)).await?);
        views.sort_by_cached_key(|view| order(view));
        if whole && views.len() > page.count.unwrap_or(usize::MAX) {
            let ids = views.iter().filter_map(|view| view.id().cloned()).collect();
            self.cache.keep_roll(key, ids);
            self.cache.keep_answer(all, Arc::new(Found { views: views.clone() }));
        }
        let total = total.filter(|_| plain);
        let total = total.unwrap_or_default().max(views.len());
        Ok(Listing { total, ..part(&in_order(&views, query), page) })
    }

    /// A page of those who are known to be there.
    async fn enrolled(
        self: &Arc<Self>,
        kind: Kind,
        roll: &[ResourceId],
        (page, depth): (Page, Depth),
    ) -> Result<Listing, Error> {
        let ids = roll.get(page.window(roll.len())).unwrap_or_default();
        let pictures = self.by_ids(kind, ids, depth).await?;
        let views = self.views(kind, pictures, (None, depth)).await?;
        let views = self.with_unborn(kind, ids, (views, depth)).await?;
        Ok(Listing { total: roll.len(), page, views })
    }

    /// A part of a list with those who are in it and not yet in the LMS.
    async fn with_unborn(
        self: &Arc<Self>,
        kind: Kind,
        ids: &[ResourceId],
        (mut views, depth): (Vec<Arc<View>>, Depth),
    ) -> Result<Vec<Arc<View>>, Error> {
        if self.is_clear() || views.len() == ids.len() {
            return Ok(views);
        }
        let known: BTreeSet<_> = views.iter().filter_map(|view| view.id().cloned()).collect();
        for id in ids.iter().filter(|id| !known.contains(id)) {
            match self.get(kind, id, depth, false).await {
                Ok(view) => views.push(view),
                Err(Error::Scim(error)) if error.status() == 404 => {}
                Err(error) => return Err(error),
            }
        }
        views.sort_by_cached_key(|view| order(view));
        Ok(views)
    }
}

fn in_order(views: &[Arc<View>], query: &scim::Query) -> Vec<Arc<View>> {
    let Some(sort) = &query.sort else { return views.to_vec() };
    let mut resources: Vec<_> = views.iter().map(|view| view.resource()).collect();
    sort.sort(&mut resources);
    let by_id: HashMap<_, _> = views.iter().map(|view| (view.id().cloned(), view)).collect();
    let view = |resource: Resource| by_id.get(&resource.id()).map(|view| Arc::clone(view));
    resources.into_iter().filter_map(view).collect()
}

fn part(views: &[Arc<View>], page: Page) -> Listing {
    let total = views.len();
    let window = page.window(total);
    let views = views.get(window).unwrap_or_default().to_vec();
    Listing { total, page, views }
}
