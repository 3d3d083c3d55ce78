//! What the LMS shows of many, in their clients' words, without those whom nobody
//! means.

use std::collections::HashSet;
use std::sync::Arc;

use super::cache::Depth;
use super::names::called;
use super::rivals::unique;
use super::write::unmapped;
use super::{Deed, Error, Tenant, View};
use crate::call::{Failure, Kind as FailureKind};
use crate::mapping::Picture;
use crate::scim::{Kind, Matcher, Operator, ResourceId};

impl Tenant {
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
            let straight = || View::straight(site, &picture, resource_type, (known, &moment));
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
}

/// Whether the LMS's own spelling is what was asked for, though the client's is
/// another: only where that cannot be mistaken. Members are not spelt, but called, and
/// labels are the mapping's, which an LMS has none of.
fn is_meant(matcher: &Matcher, picture: &Picture) -> bool {
    let Matcher::Compare(place, Operator::Eq, _) = matcher else { return false };
    let called = ["members", "manager"].iter().any(|name| place.attr.name.is(name));
    let label = ["type", "primary"].iter().any(|name| place.leaf().name.is(name));
    !called && !label && picture.fits(matcher)
}

/// The order of lists: numbers as numbers, so that it is the order in which an
/// LMS counts.
pub(super) fn order(view: &View) -> (usize, Option<ResourceId>) {
    let id = view.id();
    (id.map_or(0, |id| id.as_str().len()), id.cloned())
}
