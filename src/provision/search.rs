//! Looking for resources: who can answer, what they hold, which of them are
//! meant, and which part of those is wanted.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use super::cache::{Depth, Found};
use super::names::called;
use super::rivals::unique;
use super::write::unmapped;
use super::{Deed, Error, Tenant, View};
use crate::call::{Failure, Kind as FailureKind};
use crate::mapping::{self, Coverage, Picture};
use crate::scim::{self, Kind, Matcher, Operator, Page, Resource, ResourceId, ResourceType};
use crate::store::Among;

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

/// What a store is asked for at most where the LMS cannot look: more than that
/// is no search.
const MOST_RECALLED: usize = 10_000;

/// How often is asked while what waits is done: who reads the LMS before, and looks
/// only afterwards for what waits, sees neither.
const TRIES: usize = 3;

/// Ids asked for in one go; the mapping splits them as its LMS needs.
const CHUNK: usize = 1000;

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

    /// What a filter finds, whoever has to be asked.
    async fn search(
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

    /// Those of whom a client once said what the LMS has no place for.
    async fn recall(
        self: &Arc<Self>,
        kind: Kind,
        matcher: &Matcher,
        depth: Depth,
    ) -> Result<Vec<Picture>, Error> {
        let (among, most) = (Among::Present, MOST_RECALLED);
        let ids = self.ledger.entries.find(kind, among, Some(matcher), most).await?;
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

    /// Pictures in their clients' words; of those, whom the matcher means.
    pub(super) async fn views(
        self: &Arc<Self>,
        kind: Kind,
        pictures: Vec<Picture>,
        (matcher, depth): (Option<&Matcher>, Depth),
    ) -> Result<Vec<Arc<View>>, Error> {
        let ids: Option<Vec<_>> = pictures.iter().map(Picture::id).collect();
        let ids = ids.ok_or_else(|| {
            let failure = Failure::new(FailureKind::Garbled, "the LMS showed one without an id");
            Error::lms(Deed::Find)(failure)
        })?;
        let (half_made, plan) = (self.half_made(kind).await?, self.plan(kind).map(Arc::as_ref));
        let claimed = half_made.iter().flat_map(|one| unique(plan, &one.sent));
        let claimed: HashSet<_> = claimed.collect();
        let entries = self.ledger.entries.of_lms(kind, &ids).await?;
        let names = self.names_in(&pictures).await?;
        let resource_type = self.resource_type(kind).ok_or_else(|| unmapped(kind))?;
        let (site, moment) = (self.lms.site(), self.lms.moment());
        let clear = self.is_clear();
        // Mostly there is none, and then no resource has to be made of the picture.
        let is_half = |picture: &Picture| {
            let own = || unique(plan, picture.resource());
            !claimed.is_empty() && own().any(|claim| claimed.contains(&claim))
        };
        let mut views = Vec::with_capacity(pictures.len());
        for ((picture, entry), id) in pictures.into_iter().zip(entries).zip(ids) {
            if called(&id, entry.as_deref()).is_none() || (entry.is_none() && is_half(&picture)) {
                continue;
            }
            self.trim(&picture, entry.as_ref());
            let entry = entry.as_deref();
            let meant = matcher.is_some_and(|matcher| is_meant(matcher, &picture));
            let known = self.known(entry, &names);
            let straight = || {
                View::of_lms(&picture, resource_type, known)
                    .or_else(|| View::blended(site, &picture, resource_type, (known, &moment)))
            };
            if (matcher.is_none() || !clear || meant)
                && let Some(view) = straight()
            {
                views.push((view, meant));
                continue;
            }
            let mut told = View::told(site, picture, known, &moment);
            // By what waits for it, whoever does not fit may do so yet.
            if let Some(matcher) = matcher.filter(|_| clear && !meant) {
                if matcher.names_own("meta") {
                    let view = View::of(&told, resource_type, known);
                    told.set_meta("version", view.version().to_string());
                }
                if !matcher.matches(&told) {
                    continue;
                }
            }
            views.push((View::of(&told, resource_type, known), meant));
        }
        let fits = |view: &View| matcher.is_none_or(|it| it.matches(&view.resource()));
        let views = self.all_overlaid(kind, views, depth).await?.into_iter();
        let meant = views.filter(|(view, meant)| clear || *meant || fits(view));
        let mut views: Vec<_> = meant.map(|(view, _)| view).collect();
        views.sort_by_cached_key(|view| order(view));
        Ok(views)
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
}

impl Tenant {
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

/// Whether the LMS's own spelling is what was asked for, though the client's is
/// another: only where that cannot be mistaken. Members are not spelt, but called.
fn is_meant(matcher: &Matcher, picture: &Picture) -> bool {
    let Matcher::Compare(place, Operator::Eq, _) = matcher else { return false };
    let spelt = !["members", "manager"].iter().any(|name| place.attr.name.is(name));
    spelt && picture.fits(matcher)
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

fn distinct(mut pictures: Vec<Picture>) -> Vec<Picture> {
    let mut seen = BTreeSet::new();
    pictures.retain(|picture| seen.insert(picture.id()));
    pictures
}

/// The order of lists: numbers as numbers, so that it is the order in which an
/// LMS counts.
fn order(view: &View) -> (usize, Option<ResourceId>) {
    let id = view.id();
    (id.map_or(0, |id| id.as_str().len()), id.cloned())
}
