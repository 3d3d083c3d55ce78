//! What waits, on top of what the LMS holds: a client reads what it wrote, though
//! nobody has told the LMS yet.

use std::collections::HashSet;
use std::sync::Arc;

use super::cache::Depth;
use super::names::Names;
use super::renames::asked;
use super::{Error, Tenant, View};
use crate::policy::Reason;
use crate::scim::{Kind, Matcher, Operation, Resource, ResourceId};
use crate::store::{Among, Entry, Pending};

/// More that have one name are no search.
const MOST: usize = 10_000;

impl Tenant {
    /// Whether nothing waits, so that the LMS alone says how things are.
    pub(super) fn is_clear(&self) -> bool {
        self.ledger.pending.is_empty()
    }

    /// What waits for a resource; nothing, where nothing waits at all.
    pub(super) async fn waiting_of(
        &self,
        kind: Kind,
        id: &ResourceId,
    ) -> Result<Option<Vec<Pending>>, Error> {
        if self.is_clear() {
            return Ok(None);
        }
        let waiting = self.ledger.pending.of(kind, std::slice::from_ref(id)).await?;
        Ok(Some(waiting.into_iter().flatten().collect()))
    }

    /// What becomes of a resource by what waits for it.
    pub(super) async fn overlaid(
        &self,
        (kind, id): (Kind, &ResourceId),
        (view, waiting): (Option<Arc<View>>, Option<Vec<Pending>>),
        depth: Depth,
    ) -> Result<Option<Arc<View>>, Error> {
        let Some(waiting) = waiting else { return Ok(view) };
        let covered = if waiting.is_empty() {
            view
        } else {
            let entry = self.ledger.entries.get(kind, id).await?;
            self.covered(view.as_deref(), &waiting, entry.as_deref(), depth)
        };
        match covered {
            Some(view) => self.without_the_gone(view, depth).await.map(Some),
            None => Ok(None),
        }
    }

    /// A group without those whose delete waits, and those who are gone already: what waits
    /// may name them.
    async fn without_the_gone(&self, view: Arc<View>, depth: Depth) -> Result<Arc<View>, Error> {
        if view.kind() == Kind::User || depth == Depth::Lean {
            return Ok(view);
        }
        let mut shown = view.resource();
        let listed = shown.attributes().get("members").and_then(|it| it.as_array());
        let id = |member: &serde_json::Value| ResourceId::parse(member.get("value")?.as_str()?);
        let ids: Vec<_> = listed.into_iter().flatten().filter_map(id).collect();
        let gone = self.left_among(&ids).await?;
        let Some(resource_type) = self.resource_type(Kind::Group).filter(|_| !gone.is_empty())
        else {
            return Ok(view);
        };
        shown.name_members(&mut |_, id| (!gone.contains(id)).then(|| id.to_owned()));
        let entry = match view.id() {
            Some(id) => self.ledger.entries.get(Kind::Group, id).await?,
            None => None,
        };
        let names = Names::default();
        Ok(View::of(&shown, resource_type, self.known(entry.as_deref(), &names)))
    }

    /// The same for several views, each with what waits for it, and whether it is
    /// meant by the LMS's own spelling: that says nothing of what waits.
    pub(super) async fn all_overlaid(
        &self,
        kind: Kind,
        views: Vec<(Arc<View>, bool)>,
        depth: Depth,
    ) -> Result<Vec<(Arc<View>, bool)>, Error> {
        if self.is_clear() {
            return Ok(views);
        }
        let ids: Vec<_> = views.iter().filter_map(|(view, _)| view.id().cloned()).collect();
        let waiting = self.ledger.pending.of(kind, &ids).await?;
        let mut covered = Vec::with_capacity(views.len());
        for (((view, meant), id), waiting) in views.into_iter().zip(ids).zip(waiting) {
            if waiting.is_empty() {
                covered.push((self.without_the_gone(view, depth).await?, meant));
                continue;
            }
            let entry = self.ledger.entries.get(kind, &id).await?;
            let after = self.covered(Some(&view), &waiting, entry.as_deref(), depth);
            if let Some(view) = after {
                covered.push((self.without_the_gone(view, depth).await?, false));
            }
        }
        Ok(covered)
    }

    /// A resource as it will be, once all that waits for it was done.
    pub(super) fn covered(
        &self,
        view: Option<&View>,
        waiting: &[Pending],
        entry: Option<&Entry>,
        depth: Depth,
    ) -> Option<Arc<View>> {
        let resource_type = self.resource_type(waiting.first()?.kind)?;
        let mut shown = view.map(View::resource);
        // An approval has the last word that was done; whatever waits besides came later.
        let (approvals, later): (Vec<_>, Vec<_>) =
            waiting.iter().partition(|one| one.reason == Reason::Approval);
        for one in approvals.into_iter().chain(later) {
            match resource_type.operation(one.operation.clone()) {
                Ok(Operation::Create(mut resource)) => {
                    resource.set_id(&one.id);
                    shown = Some(resource);
                }
                Ok(Operation::Change { edits, .. }) => {
                    // What does not fit any more is told when its turn comes.
                    let _ = shown.as_mut().map(|shown| edits.apply(resource_type, shown));
                }
                Ok(Operation::Delete { .. }) => shown = None,
                Err(_) => {}
            }
        }
        let shown = shown?;
        let left_out: &[&str] = match depth {
            Depth::Lean => &["password", "meta", "members"],
            Depth::Whole => &["password", "meta"],
        };
        let shown = left_out.iter().fold(shown, |shown, name| shown.without(name));
        let names = Names::default();
        let told = View::worded(shown, entry);
        Some(View::of(&told, resource_type, self.known(entry, &names)))
    }

    /// Those whom a filter may mean for what waits, though the LMS does not find
    /// them by it: all of them, unless it asks for names. They are noted before the LMS
    /// is asked: who is made meanwhile is there in the one or in the other.
    pub(super) async fn noted(
        &self,
        kind: Kind,
        matcher: Option<&Matcher>,
    ) -> Result<Vec<ResourceId>, Error> {
        if self.is_clear() {
            return Ok(Vec::new());
        }
        let (entries, pending) = (&self.ledger.entries, &self.ledger.pending);
        // Members are not among the words of an entry.
        let words = matcher.filter(|matcher| !self.names_members(kind, matcher));
        let Some((words, names)) = words.and_then(|words| Some((words, asked(words)?))) else {
            // Whoever has no account is there for what waits; whoever is gone and waits
            // for nothing is not looked at. However many there are, none is left out.
            return Ok(pending.resources(kind).await?);
        };
        let mut ids = entries.find(kind, Among::Unborn, Some(words), MOST).await?;
        ids.append(&mut entries.find(kind, Among::Gone, Some(words), MOST).await?);
        ids.append(&mut pending.named(kind, &names).await?);
        Ok(ids)
    }

    /// Those of them whom the filter does mean, and who are not known.
    pub(super) async fn those_noted(
        self: &Arc<Self>,
        (kind, mut ids): (Kind, Vec<ResourceId>),
        matcher: Option<&Matcher>,
        (known, depth): (&[Arc<View>], Depth),
    ) -> Result<Vec<Arc<View>>, Error> {
        let mut seen: HashSet<_> = known.iter().filter_map(|view| view.id().cloned()).collect();
        ids.retain(|id| seen.insert(id.clone()));
        let mut found = Vec::new();
        for id in ids {
            match self.get(kind, &id, depth, false).await {
                Ok(view) if matcher.is_none_or(|it| it.matches(&view.resource())) => {
                    found.push(view);
                }
                Ok(_) => {}
                Err(Error::Scim(error)) if error.status() == 404 => {}
                Err(error) => return Err(error),
            }
        }
        Ok(found)
    }

    fn names_members(&self, kind: Kind, matcher: &Matcher) -> bool {
        let members = self.resource_type(kind).and_then(crate::scim::ResourceType::members);
        members.is_some_and(|members| matcher.names(&members))
    }
}

/// A resource without those whose parts are read elsewhere.
pub(super) fn bare(resource: &Resource) -> Resource {
    let manager = crate::scim::ENTERPRISE_USER;
    let mut attributes = resource.attributes().clone();
    attributes.remove("members");
    if let Some(extension) = attributes.get_mut(manager).and_then(|it| it.as_object_mut()) {
        extension.remove("manager");
    }
    Resource::from_attributes(resource.kind(), attributes)
}
