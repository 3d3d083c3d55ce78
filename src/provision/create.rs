//! Creating, from top to bottom.

use std::sync::Arc;

use super::adopt::{Asked, is_taken};
use super::doubt::{Print, may_have_happened};
use super::gone::with_account;
use super::ruling::{Origin, Ruling};
use super::settle::Kept;
use super::turns::Key;
use super::witness::{Who, Wish};
use super::words::memorable;
use super::write::unmapped;
use super::{Deed, Depth, Error, Tenant, View};
use crate::call::{Failure, Kind as FailureKind};
use crate::mapping::plan::KindPlan;
use crate::mapping::{Done, Picture};
use crate::policy::{Decision, Reason, Then};
use crate::scim::{Operation, Resource, ResourceId};
use crate::store::Entry;

/// What a create came to.
enum Outcome {
    Made(Picture),
    Adopted(Arc<View>),
}

impl Tenant {
    /// Creates a resource. The answer is what was sent, as far as the LMS took
    /// it, under the id that the LMS gave.
    pub async fn create(
        self: &Arc<Self>,
        resource: Resource,
        who: Who,
    ) -> Result<Arc<View>, Error> {
        let print = Print::of(&resource);
        let origin = Origin::Client(who.title.clone());
        let wish = Wish::create(&resource, who, self.config.personal);
        let (tenant, heard) = (Arc::clone(self), Arc::clone(self));
        let work = async move { tenant.created(&resource, print, &origin).await };
        let outcome = self.finish(wish, work, move |view: &Arc<View>| {
            if let Some(id) = view.id() {
                heard.ledger.doubts.unheard(print, id.clone());
            }
        });
        outcome.await
    }

    async fn created(
        self: &Arc<Self>,
        resource: &Resource,
        print: Print,
        origin: &Origin,
    ) -> Result<Arc<View>, Error> {
        let kind = resource.kind();
        let plan = self.plan(kind).ok_or_else(|| unmapped(kind))?;
        let keys = Key::of_new(plan, resource);
        let held = self.held_back(resource).await?;
        let of_held = held.iter().map(|id| Key::Id(kind, id.clone()));
        let all: Vec<_> = keys.iter().cloned().chain(of_held).collect();
        let _turn = self.ledger.turn(&all).await?;
        if let Some(view) = self.owed(kind, &print).await? {
            return Ok(view);
        }
        let Some(stays) = self.stays(resource, &held).await? else {
            let gone = self.gone_before(resource).await?;
            return self.created_as(resource, &keys, (gone, false), origin).await;
        };
        let known = (Some(stays.entry.clone()), stays.approved);
        let outcome = self.created_as(resource, &keys, known, origin).await;
        if outcome.is_err() {
            self.held_again(stays).await;
        }
        outcome
    }

    /// Creates it, under the id of whoever it was before, if anybody. Who was approved
    /// of already is not asked about again.
    async fn created_as(
        self: &Arc<Self>,
        resource: &Resource,
        keys: &[Key],
        (gone, approved): (Option<Entry>, bool),
        origin: &Origin,
    ) -> Result<Arc<View>, Error> {
        let Ruling { decision, .. } =
            self.rule(Operation::Create(resource.clone()), origin).await?;
        let (form, then) = match decision {
            Decision::Apply(Operation::Create(_), Then::Approve { .. }) if approved => {
                (resource.clone(), Then::Nothing)
            }
            Decision::Apply(Operation::Create(form), then) => (form, then),
            Decision::Apply(..) => return Err(Error::CutOff),
            Decision::Defer(reason) => {
                return self.defer_create(resource, (reason, origin.who()), (gone, 0)).await;
            }
            Decision::Refuse(error) => return Err(error.into()),
        };
        self.unclaimed_by_waiting(resource, gone.as_ref().map(|entry| &entry.id)).await?;
        match self.made((resource, &form), keys, (gone.clone(), then), origin).await {
            Err(error) if self.waits_out(&error) => {
                // What may have happened is looked for, however much later.
                let attempts = u32::from(error.is_lost());
                self.defer_create(resource, (Reason::Outage, origin.who()), (gone, attempts)).await
            }
            outcome => outcome,
        }
    }

    /// Makes an account, or brings back the one that there was. `form` is what the
    /// LMS is told, and what the client said is what is kept.
    async fn made(
        self: &Arc<Self>,
        (resource, form): (&Resource, &Resource),
        keys: &[Key],
        (gone, then): (Option<Entry>, Then),
        origin: &Origin,
    ) -> Result<Arc<View>, Error> {
        let kind = resource.kind();
        let plan = self.plan(kind).ok_or_else(|| unmapped(kind))?;
        let told = self.in_its_ids(plan, form).await?;
        if let Some(entry) = &gone
            && let Some(_taken) = self.revived((plan, &told), entry).await?
        {
            return self.back(resource, (entry.clone(), then), origin).await;
        }
        let made = match self.in_doubt(&told, keys, None).await? {
            Some(found) => Outcome::Made(found),
            None => self.made_or_adopted((plan, resource, &told), keys, origin).await?,
        };
        let picture = match made {
            Outcome::Made(picture) => picture,
            Outcome::Adopted(view) => return Ok(view),
        };
        let id = picture.id();
        self.ledger.epochs.written(kind, id.as_ref());
        let id = id.ok_or_else(|| Error::lms(Deed::Create)(nameless()))?;
        match self.kept(resource, (&id, picture), (gone, then), origin).await {
            Ok(view) => {
                self.ledger.doubts.settle(keys);
                Ok(view)
            }
            // The account is there and its words are not: the client's next
            // attempt begins with a look, and keeps them then.
            Err(error) => {
                self.ledger.doubts.raise(keys);
                Err(error)
            }
        }
    }

    /// Makes an account, unless the create means one that is there.
    async fn made_or_adopted(
        self: &Arc<Self>,
        (plan, resource, told): (&KindPlan, &Resource, &Resource),
        keys: &[Key],
        origin: &Origin,
    ) -> Result<Outcome, Error> {
        if let Some(view) = self.adopted((plan, resource), Asked::Unchecked, origin).await? {
            return Ok(Outcome::Adopted(view));
        }
        match self.sent(told, keys, None).await {
            Ok(picture) => Ok(Outcome::Made(picture)),
            Err(error) if is_taken(&error) => {
                let adopted = self.adopted((plan, resource), Asked::All, origin).await?;
                adopted.map(Outcome::Adopted).ok_or(error)
            }
            Err(error) => Err(error),
        }
    }

    /// Keeps the words for an account that was made. Somebody who had an id before
    /// goes on under that.
    async fn kept(
        &self,
        resource: &Resource,
        (account, picture): (&ResourceId, Picture),
        (before, then): (Option<Entry>, Then),
        origin: &Origin,
    ) -> Result<Arc<View>, Error> {
        let now = self.clock.now();
        let known = match before {
            Some(entry) => with_account(&entry, account),
            None => self.entry_of(resource.kind(), account, now).await?,
        };
        let sent = memorable(resource);
        let entry = Entry { sent, created: Some(now), modified: now, ..known };
        let renamed = !entry.is_plain();
        let names = self.names_in(std::slice::from_ref(&picture)).await?;
        let view = self.view(resource.kind(), picture, self.known(Some(&entry), &names))?;
        let (kind, id) = (resource.kind(), entry.id.clone());
        self.settle((kind, &id), Kept::new(Some(entry), then), origin).await?;
        if renamed {
            self.ledger.epochs.left();
        }
        if then == Then::Nothing {
            return Ok(view);
        }
        let shown = (Some(Arc::clone(&view)), self.waiting_of(kind, &id).await?);
        let covered = self.overlaid((kind, &id), shown, Depth::Whole).await?;
        Ok(covered.unwrap_or(view))
    }

    /// Sends a create. If its answer is lost, looking tells what became of it.
    /// Where looking finds nobody, the LMS may still be at work: a second create
    /// could meet the first, so that is left to the client's next attempt, which
    /// begins with a look.
    pub(super) async fn sent(
        &self,
        resource: &Resource,
        keys: &[Key],
        heir: Option<&ResourceId>,
    ) -> Result<Picture, Error> {
        let operation = Operation::Create(resource.clone());
        let run = self.lms.write(&operation, None);
        let run = run.map_err(Error::lms(Deed::Create))?;
        let failure = match self.drive(run, resource.kind(), Deed::Create).await {
            Ok(done) => match self.as_made(resource, *done) {
                picture if picture.id().is_some() => return Ok(picture),
                _ => nameless(),
            },
            Err(failure) => failure,
        };
        self.ledger.epochs.written(resource.kind(), None);
        if !may_have_happened(&failure) {
            return Err(Error::lms(Deed::Create)(failure));
        }
        self.ledger.doubts.raise(keys);
        match self.look(resource, heir).await {
            Ok(Some(found)) => {
                self.metrics.resolved("adopted");
                Ok(found)
            }
            Ok(None) => {
                self.metrics.resolved("not_found");
                Err(Error::lms(Deed::Create)(unresolved(failure)))
            }
            Err(second) if is_taken(&second) => {
                self.metrics.resolved("duplicate");
                Err(second)
            }
            // It is there by half, and the LMS does not take the rest: that is no better
            // the next time, which begins with a look.
            Err(second @ Error::Lms { deed: Deed::Create, .. }) => {
                self.metrics.resolved("refused");
                Err(second)
            }
            Err(_) => {
                self.metrics.resolved("unknown");
                Err(Error::lms(Deed::Create)(unresolved(failure)))
            }
        }
    }

    fn as_made(&self, resource: &Resource, done: Done) -> Picture {
        let shown = done.pictures.into_iter().next();
        shown.unwrap_or_else(|| self.expected(resource, done.id.as_ref()))
    }

    /// What the LMS holds after a create that told us nothing but an id.
    pub(super) fn expected(&self, resource: &Resource, id: Option<&ResourceId>) -> Picture {
        let mut shown = self.lms.site().echo(resource, &self.lms.moment());
        if let Some(id) = id {
            shown.set_id(id);
        }
        if let Some(members) = resource.attributes().get("members") {
            shown = with(shown, "members", members.clone());
        }
        Picture::from(shown)
    }
}

/// The LMS calls it done, and does not say who came of it: that has to be looked for.
fn nameless() -> Failure {
    let failure = Failure::new(FailureKind::Garbled, "the LMS gave the new one no id");
    Failure { lost: true, ..failure }
}

/// A failure whose outcome even looking did not tell: to be tried again.
fn unresolved(failure: Failure) -> Failure {
    Failure { kind: FailureKind::Unavailable, attribute: None, ..failure }
}

fn with(resource: Resource, name: &str, value: serde_json::Value) -> Resource {
    let kind = resource.kind();
    let mut attributes = resource.into_attributes();
    attributes.insert(name.to_owned(), value);
    Resource::from_attributes(kind, attributes)
}
