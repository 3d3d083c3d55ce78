//! Reading: one resource by its id, or what the LMS holds of several.

use std::sync::Arc;

use super::cache::Depth;
use super::{Deed, Error, Tenant, View};
use crate::call::Failure;
use crate::call::Kind::{Garbled, Missing, Unavailable};
use crate::mapping::{Done, Picture, Query, Want};
use crate::scim::{self, Filter, Kind, Literal, Matcher, Operator, Path, Projection, ResourceId};
use crate::store::{self, Among, Entry};

impl Tenant {
    /// The resource of that id. `fresh` asks the LMS whatever is kept.
    pub async fn get(
        self: &Arc<Self>,
        kind: Kind,
        id: &ResourceId,
        depth: Depth,
        fresh: bool,
    ) -> Result<Arc<View>, Error> {
        let key = self.cache.one(kind, id, depth);
        let view = if fresh {
            let view = Box::pin(self.read(kind, id, depth)).await?;
            self.cache.keep(key, view.clone());
            view
        } else {
            // In a box: it is large, and most are answered without it.
            self.cache.resource(&key, || Box::pin(self.read(kind, id, depth))).await?
        };
        view.ok_or_else(|| missing(kind, id).into())
    }

    /// The same, past the cache; nothing, where nobody has that id. What waits is looked
    /// for first: whatever of it is done meanwhile is then seen twice, which changes
    /// nothing, and the other way round it would not be seen at all.
    async fn read(
        self: &Arc<Self>,
        kind: Kind,
        id: &ResourceId,
        depth: Depth,
    ) -> Result<Option<Arc<View>>, Error> {
        let waiting = self.waiting_of(kind, id).await?;
        let view = self.in_lms(kind, id, depth).await?;
        self.overlaid((kind, id), (view, waiting), depth).await
    }

    /// The same, as the LMS knows it, whatever waits.
    pub(super) async fn in_lms(
        self: &Arc<Self>,
        kind: Kind,
        id: &ResourceId,
        depth: Depth,
    ) -> Result<Option<Arc<View>>, Error> {
        match self.lms_id(kind, id).await? {
            Some(account) => self.of_account((kind, id), &account, depth).await,
            None => Ok(None),
        }
    }

    /// The same by its account, though it may be gone for its client.
    pub(super) async fn of_account(
        self: &Arc<Self>,
        (kind, id): (Kind, &ResourceId),
        account: &ResourceId,
        depth: Depth,
    ) -> Result<Option<Arc<View>>, Error> {
        let found = missing_is_nobody(self.by_id(kind, account, depth).await);
        let Some(picture) = found.map_err(Error::lms(Deed::Read))? else {
            // Boxed: it is rare, and every read would have to make room.
            Box::pin(self.is_really_gone(kind, account)).await?;
            return Ok(None);
        };
        let entry = self.ledger.entries.get(kind, id).await?;
        if entry.is_some() {
            self.shown.note(kind, account);
        }
        let names = self.names_in(std::slice::from_ref(&picture)).await?;
        self.trim(&picture, entry.as_ref());
        self.view(kind, picture, self.known(entry.as_deref(), &names)).map(Some)
    }

    pub(super) async fn by_id(
        self: &Arc<Self>,
        kind: Kind,
        id: &ResourceId,
        depth: Depth,
    ) -> Result<Option<Picture>, Failure> {
        let slot = self.slot();
        if slot.is_none() && self.rides_along(kind) {
            return Box::pin(self.lookup_id(kind, id, depth)).await;
        }
        let moment = self.lms.moment();
        let run = self.lms.site().get(kind, id, self.want(kind, depth), &moment)?;
        // Not in a box of its own: what reads by id is in one.
        let task = self.task(Deed::Read.name(kind));
        let done = self.lms.drive(run, task, &self.metrics).await?;
        if !done.remembered {
            return Ok(done.pictures.into_iter().find(|it| it.has_id(id)));
        }
        let entry = self.ledger.entries.of_lms(kind, std::slice::from_ref(id)).await;
        let entry = entry.map_err(|error| Failure::new(Unavailable, error.to_string()))?;
        Ok(entry.into_iter().flatten().find_map(|entry| remembered(&entry)))
    }

    /// Whether reads by id can share a call.
    pub(super) fn rides_along(&self, kind: Kind) -> bool {
        let mut kinds = self.lms.site().plan.kinds_of(kind);
        let only = kinds.next().filter(|_| kinds.next().is_none());
        let only = only.filter(|plan| !plan.remembered);
        only.is_some_and(|plan| plan.row("id eq").is_some_and(|row| row.many.is_some()))
    }

    /// What the LMS holds under several ids.
    pub(super) async fn several(
        self: &Arc<Self>,
        kind: Kind,
        ids: &[ResourceId],
        depth: Depth,
    ) -> Result<Vec<Picture>, Failure> {
        let run = self.lms.site().several(kind, ids, self.want(kind, depth), &self.lms.moment())?;
        let done = self.drive(run, kind, Deed::Find).await?;
        complete(&done, None)?;
        Ok(done.pictures)
    }

    /// What the LMS holds that a matcher means, and perhaps others: whoever asks
    /// decides after blending. Everything, without a matcher.
    pub(super) async fn pictures(
        self: &Arc<Self>,
        kind: Kind,
        matcher: Option<&Matcher>,
        depth: Depth,
    ) -> Result<Vec<Picture>, Failure> {
        let query = Query {
            matcher: matcher.cloned(),
            want: self.want(kind, depth),
            enough: None,
            loose: true,
        };
        Ok(self.ask(kind, &query).await?.0)
    }

    /// The same, with how many there are where the LMS says so.
    pub(super) async fn ask(
        self: &Arc<Self>,
        kind: Kind,
        query: &Query,
    ) -> Result<(Vec<Picture>, Option<usize>), Failure> {
        let runs = self.lms.site().find(kind, query, &self.lms.moment())?;
        let deed = if query.matcher.is_some() { Deed::Find } else { Deed::List };
        let (mut pictures, mut total) = (Vec::new(), Some(0));
        for run in runs {
            let done = self.drive(run, kind, deed).await?;
            complete(&done, query.matcher.as_ref())?;
            let count = done.total.and_then(|count| usize::try_from(count).ok());
            total = total.zip(count).map(|(sum, count): (usize, usize)| sum + count);
            pictures.append(&mut self.told(kind, query.matcher.as_ref(), done).await?);
        }
        Ok((pictures, total))
    }

    /// What a run read. Where the LMS cannot be read, what the client wrote has
    /// to stand for it.
    async fn told(
        &self,
        kind: Kind,
        matcher: Option<&Matcher>,
        done: Box<Done>,
    ) -> Result<Vec<Picture>, Failure> {
        if !done.remembered {
            return Ok(done.pictures);
        }
        let failed = |error: store::Error| Failure::new(Unavailable, error.to_string());
        // The filter speaks of the LMS's ids, and entries of the client's.
        let matcher = matcher.filter(|_| self.ledger.entries.all_plain());
        let found = self.ledger.entries.find(kind, Among::Present, matcher, usize::MAX).await;
        let entries = self.ledger.entries.several(kind, &found.map_err(failed)?).await;
        Ok(entries
            .map_err(failed)?
            .into_iter()
            .flatten()
            .filter_map(|it| remembered(&it))
            .collect())
    }

    /// The matcher for resources with these ids.
    pub(super) fn one_of(&self, kind: Kind, ids: &[ResourceId]) -> Option<Matcher> {
        let resource_type = self.resource_type(kind)?;
        let path = Path::parse("id", resource_type.urns()).ok()?;
        let each = ids.iter().map(|id| {
            let value = Literal::Quoted(id.as_str().to_owned());
            Filter::Compare(path.clone(), Operator::Eq, value)
        });
        Matcher::bind(&Filter::any(each.collect()), resource_type).ok()
    }

    pub(super) fn want(&self, kind: Kind, depth: Depth) -> Want {
        let lean = || {
            let resource_type = self.resource_type(kind)?;
            Projection::parse(resource_type, None, Some("members")).ok()
        };
        match (kind, depth) {
            (Kind::User, _) | (Kind::Group, Depth::Whole) => Want::All,
            (Kind::Group, Depth::Lean) => lean().map_or(Want::All, Want::Shown),
        }
    }
}

/// Nobody found is no proof where the LMS has not shown all, however many others it has.
fn complete(done: &Done, matcher: Option<&Matcher>) -> Result<(), Failure> {
    let meant = |picture: &Picture| matcher.is_none_or(|matcher| picture.fits(matcher));
    if done.incomplete && !done.pictures.iter().any(meant) {
        let says = "the LMS could not show all there are, and none of those fits";
        return Err(Failure::new(Garbled, says));
    }
    Ok(())
}

/// What was found; nobody, where the LMS says so in a failure.
pub(super) fn missing_is_nobody<T: Default>(found: Result<T, Failure>) -> Result<T, Failure> {
    match found {
        Err(failure) if failure.kind == Missing => Ok(T::default()),
        found => found,
    }
}

/// What a client reads of an id that nobody has.
pub(super) fn missing(kind: Kind, id: &ResourceId) -> scim::Error {
    scim::Error::not_found(format!("The LMS has no {kind} with the id `{id}`."))
}

/// A resource that nobody but the gateway can tell of.
fn remembered(entry: &Entry) -> Option<Picture> {
    let mut resource = entry.sent.clone();
    resource.set_id(entry.lms_id()?);
    Some(Picture::from(resource))
}
