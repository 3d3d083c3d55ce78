//! Lookups that wait for a free slot ride together in one call.
//!
//! A part of the LMS's slots is for lookups. While nobody else looks, a lookup goes at
//! once and alone. Otherwise it waits, and whoever gets the next slot takes everybody
//! along who asks the same question for another value. So the busier it is, the fewer
//! calls per lookup.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use tokio::task::yield_now;
use tokio::time::timeout;

use super::cache::Depth;
use super::{Error, Tenant};
use crate::call::{Failure, Kind as FailureKind};
use crate::mapping::Picture;
use crate::scim::{Kind, Matcher, Operator, ResourceId};

/// So many ride together at most; the mapping splits them as its LMS needs.
const SEATS: usize = 200;

/// One slot in so many is for lookups that can ride together. With more, they would
/// seldom have to: a call for twenty costs an LMS hardly more than one for one, and
/// what waits for it waits no longer than one call takes.
const SHARE: usize = 4;

/// What may ride together.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Route {
    kind: Kind,
    question: Cow<'static, str>,
    depth: Depth,
}

/// Who is looked for.
enum Sought {
    Id(ResourceId),
    Meant(Matcher),
}

/// Somebody who waits for an answer.
struct Passenger {
    sought: Sought,
    tell: oneshot::Sender<Result<Vec<Picture>, Failure>>,
}

impl Passenger {
    /// Whether he still wants to know.
    fn waits(&self) -> bool {
        !self.tell.is_closed()
    }
}

/// Everybody who waits.
pub(super) struct Rides {
    slots: Arc<Semaphore>,
    all: usize,
    waiting: Mutex<HashMap<Route, Vec<Passenger>>>,
}

impl Rides {
    pub(super) fn new(slots: usize) -> Self {
        let all = (slots / SHARE).max(1);
        Self { slots: Arc::new(Semaphore::new(all)), all, waiting: Mutex::default() }
    }

    /// Whether somebody else waits already: who drives takes all.
    fn board(&self, route: &Route, passenger: Passenger) -> bool {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let queue = waiting.entry(route.clone()).or_default();
        queue.push(passenger);
        queue.len() > 1
    }

    /// Everybody who waits on a route and still cares, and whether some have to wait
    /// on.
    fn leave(&self, route: &Route) -> (Vec<Passenger>, bool) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let mut leaving = waiting.remove(route).unwrap_or_default();
        leaving.retain(Passenger::waits);
        let rest = leaving.split_off(leaving.len().min(SEATS));
        let some = !rest.is_empty();
        if some {
            waiting.insert(route.clone(), rest);
        }
        (leaving, some)
    }
}

impl Tenant {
    /// A slot for who then goes at once and alone, while nobody else looks.
    pub(super) fn slot(&self) -> Option<OwnedSemaphorePermit> {
        let Rides { slots, all, .. } = &self.rides;
        let quiet = slots.available_permits() == *all;
        quiet.then(|| Arc::clone(slots).try_acquire_owned().ok()).flatten()
    }

    /// What the LMS holds that a matcher means, alone or together with others.
    pub(super) async fn lookup(
        self: &Arc<Self>,
        kind: Kind,
        matcher: &Matcher,
        depth: Depth,
    ) -> Result<Vec<Picture>, Failure> {
        let Some(route) = self.route(kind, matcher, depth) else {
            return self.pictures(kind, Some(matcher), depth).await;
        };
        if let Some(slot) = self.slot() {
            let found = self.pictures(kind, Some(matcher), depth).await;
            drop(slot);
            return found;
        }
        self.rides(route, Sought::Meant(matcher.clone())).await
    }

    /// What the LMS holds under an id, asked for together with others.
    pub(super) async fn lookup_id(
        self: &Arc<Self>,
        kind: Kind,
        id: &ResourceId,
        depth: Depth,
    ) -> Result<Option<Picture>, Failure> {
        // No question of a filter, not even of one that asks for an id: those who look in
        // the one way are not found in the other.
        let route = Route { kind, question: Cow::Borrowed("id"), depth };
        let found = self.rides(route, Sought::Id(id.clone())).await?;
        Ok(found.into_iter().find(|it| it.has_id(id)))
    }

    /// Waits for the next call that goes this way.
    async fn rides(
        self: &Arc<Self>,
        route: Route,
        sought: Sought,
    ) -> Result<Vec<Picture>, Failure> {
        let (tell, told) = oneshot::channel();
        if !self.rides.board(&route, Passenger { sought, tell }) {
            self.drives(route);
        }
        // Waiting for the ride is waiting for the LMS: there is one time for both.
        match timeout(self.patience(), told).await {
            Ok(told) => told.unwrap_or_else(|_| Err(cut_off())),
            Err(_) => Err(Failure::new(FailureKind::Unavailable, "the LMS did not answer in time")),
        }
    }

    /// Takes everybody who waits on a route, as soon as there is a slot. A task of its
    /// own: whoever drives does so for the others, too, and must not stop because one
    /// client has left.
    fn drives(self: &Arc<Self>, route: Route) {
        let (tenant, slots) = (Arc::clone(self), Arc::clone(&self.rides.slots));
        self.work.spawn(async move {
            if let Ok(slot) = slots.acquire_owned().await {
                // Those whose requests are there already can come along: they answer
                // and ask again together, since they were told together.
                yield_now().await;
                tenant.ride(&route, slot).await;
            }
        });
    }

    /// The route of a matcher: one value, asked for by a question that takes
    /// several. Values that an LMS may read otherwise than we do go alone.
    fn route(&self, kind: Kind, matcher: &Matcher, depth: Depth) -> Option<Route> {
        let Matcher::Compare(place, Operator::Eq, operand) = matcher else { return None };
        let mut kinds = self.lms.site().plan.kinds_of(kind);
        let (plan, None) = (kinds.next()?, kinds.next()) else { return None };
        let question = format!("{place} eq");
        plan.row(&question)?.many.as_ref()?;
        let value = operand.to_value();
        let ordinary = value.as_str()?.bytes().all(|byte| byte.is_ascii_graphic());
        ordinary.then_some(Route { kind, question: Cow::Owned(question), depth })
    }

    async fn ride(self: &Arc<Self>, route: &Route, slot: OwnedSemaphorePermit) {
        let (aboard, some_wait) = self.rides.leave(route);
        if some_wait {
            self.drives(route.clone());
        }
        if aboard.is_empty() {
            return;
        }
        self.metrics.rode(aboard.len());
        let mut parties = vec![aboard];
        while let Some(mut party) = parties.pop() {
            party.retain(Passenger::waits);
            if party.is_empty() {
                continue;
            }
            let together: Vec<&Sought> = party.iter().map(|one| &one.sought).collect();
            match self.sought(route, &together).await {
                Ok(pictures) => share(party, pictures),
                // One of them spoils the answer of all: the halves ask on.
                Err(failure) if failure.kind == FailureKind::Poisoned && party.len() > 1 => {
                    let half = party.split_off(party.len() / 2);
                    parties.extend([half, party]);
                }
                Err(failure) => {
                    for one in party {
                        let _ = one.tell.send(Err(failure.clone()));
                    }
                }
            }
        }
        drop(slot);
    }
}

impl Tenant {
    /// What the LMS holds of those who are sought.
    async fn sought(
        self: &Arc<Self>,
        route: &Route,
        together: &[&Sought],
    ) -> Result<Vec<Picture>, Failure> {
        let ids = together.iter().filter_map(|it| match it {
            Sought::Id(id) => Some(id.clone()),
            Sought::Meant(_) => None,
        });
        let ids: Vec<ResourceId> = ids.collect();
        if !ids.is_empty() {
            return self.several(route.kind, &ids, route.depth).await;
        }
        let meant = together.iter().filter_map(|it| match it {
            Sought::Meant(matcher) => Some(matcher.clone()),
            Sought::Id(_) => None,
        });
        self.pictures(route.kind, Some(&Matcher::Any(meant.collect())), route.depth).await
    }
}

impl Sought {
    fn is(&self, picture: &Picture) -> bool {
        match self {
            Self::Id(id) => picture.has_id(id),
            Self::Meant(matcher) => picture.fits(matcher),
        }
    }
}

/// To each his own. Whoever has left meanwhile needs none.
fn share(aboard: Vec<Passenger>, pictures: Vec<Picture>) {
    let mut own: Vec<Vec<Picture>> = aboard.iter().map(|_| Vec::new()).collect();
    for picture in pictures {
        let fitting = aboard.iter().zip(&mut own).filter(|(one, _)| one.sought.is(&picture));
        let mut meant: Vec<&mut Vec<Picture>> = fitting.map(|(_, own)| own).collect();
        // Nearly always one alone is meant, and nothing is copied.
        let Some(last) = meant.pop() else { continue };
        for own in meant {
            own.push(picture.clone());
        }
        last.push(picture);
    }
    for (one, own) in aboard.into_iter().zip(own) {
        let _ = one.tell.send(Ok(own));
    }
}

fn cut_off() -> Failure {
    Failure::new(FailureKind::Unavailable, Error::CutOff.to_string())
}
