//! What the little server holds, and what becomes of it.

use matricula::scim::{
    AuthenticationScheme, Capabilities, ETag, Edits, Error, Kind, ListResponse, Parameters,
    Projection, Resource, ResourceId, ResourceType, Rules, Shown,
};
use serde_json::{Value, json};

/// An answer before it is written.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) body: Option<Value>,
    pub(crate) location: Option<String>,
    pub(crate) wait: Option<u32>,
}

impl Reply {
    pub(crate) fn ok(body: Value) -> Self {
        Self { status: 200, body: Some(body), location: None, wait: None }
    }

    fn empty() -> Self {
        Self { status: 204, body: None, ..Self::ok(Value::Null) }
    }
}

/// Everything there is.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) base: String,
    pub(crate) user: ResourceType,
    pub(crate) group: ResourceType,
    pub(crate) down: bool,
    resources: Vec<Resource>,
    /// How many ids and changes there were: ids never come again, and no two
    /// changes happen at the same time.
    ids: u64,
    changes: u64,
}

impl State {
    pub(crate) fn new(base: &str) -> Self {
        let (user, group) = (ResourceType::user(), ResourceType::group());
        let base = base.to_owned();
        Self { base, user, group, down: false, resources: Vec::new(), ids: 0, changes: 0 }
    }

    pub(crate) fn count(&self, kind: Kind) -> usize {
        self.resources.iter().filter(|one| one.kind() == kind).count()
    }

    fn kind(&self, kind: Kind) -> &ResourceType {
        match kind {
            Kind::User => &self.user,
            Kind::Group => &self.group,
        }
    }

    fn at(&self, (kind, id): (Kind, &str)) -> Result<usize, Error> {
        let is_it =
            |one: &Resource| one.kind() == kind && one.id().is_some_and(|its| its.as_str() == id);
        let found = self.resources.iter().position(is_it);
        found.ok_or_else(|| Error::not_found(format!("There is no {kind} `{id}`.")))
    }

    pub(crate) fn list(&self, kind: Kind, parameters: &Parameters) -> Result<Reply, Error> {
        let query = parameters.bind(self.kind(kind))?;
        let fits = |one: &&Resource| {
            one.kind() == kind && query.filter.as_ref().is_none_or(|filter| filter.matches(one))
        };
        let found: Vec<_> = self.resources.iter().filter(fits).collect();
        let page = &found[query.page.window(found.len())];
        let shown = page.iter().map(|one| Shown::new(one, self.kind(kind), &query.projection));
        let list = ListResponse::new(found.len(), query.page, shown.collect());
        Ok(Reply::ok(json!(list)))
    }

    pub(crate) fn read(&self, at: (Kind, &str), parameters: &Parameters) -> Result<Reply, Error> {
        let query = parameters.bind(self.kind(at.0))?;
        let one = &self.resources[self.at(at)?];
        Ok(Reply::ok(json!(Shown::new(one, self.kind(at.0), &query.projection))))
    }

    pub(crate) fn create(&mut self, kind: Kind, body: Value) -> Result<Reply, Error> {
        let mut resource = self.kind(kind).create(body, Rules::default())?;
        self.admit(&resource, None)?;
        self.ids += 1;
        let id = format!("{}-{}", if kind == Kind::User { "u" } else { "g" }, self.ids);
        resource.set_id(&ResourceId::parse(&id).unwrap());
        let location = format!("{}{}/{id}", self.base, kind.endpoint());
        resource.set_meta("location", location.clone());
        self.stamp(&mut resource, true);
        let body = json!(Shown::new(&resource, self.kind(kind), &Projection::default()));
        self.resources.push(resource);
        Ok(Reply { status: 201, location: Some(location), ..Reply::ok(body) })
    }

    pub(crate) fn patch(&mut self, at: (Kind, &str), body: Value) -> Result<Reply, Error> {
        let id = ResourceId::parse(at.1);
        let edits = self.kind(at.0).patch(body, id.as_ref(), Rules::default())?;
        self.change(at, &edits)?;
        Ok(Reply::empty())
    }

    pub(crate) fn put(&mut self, at: (Kind, &str), body: Value) -> Result<Reply, Error> {
        let edits = self.kind(at.0).replace(body, Rules::default())?;
        self.change(at, &edits)?;
        self.read(at, &Parameters::default())
    }

    pub(crate) fn delete(&mut self, at: (Kind, &str)) -> Result<Reply, Error> {
        let index = self.at(at)?;
        self.resources.remove(index);
        for group in self.resources.iter_mut().filter(|one| one.kind() == Kind::Group) {
            let mut attributes = group.attributes().clone();
            if let Some(members) = attributes.get_mut("members").and_then(Value::as_array_mut) {
                members.retain(|member| member["value"] != at.1);
            }
            *group = Resource::from_attributes(Kind::Group, attributes);
        }
        Ok(Reply::empty())
    }

    fn change(&mut self, at: (Kind, &str), edits: &Edits) -> Result<(), Error> {
        let index = self.at(at)?;
        let mut resource = self.resources[index].clone();
        if edits.apply(self.kind(at.0), &mut resource)? {
            self.admit(&resource, Some(index))?;
            self.stamp(&mut resource, false);
            self.resources[index] = resource;
        }
        Ok(())
    }

    /// Refuses twins, and members that nobody is.
    fn admit(&self, resource: &Resource, own: Option<usize>) -> Result<(), Error> {
        let kind = resource.kind();
        let key = if kind == Kind::User { "userName" } else { "displayName" };
        let name = |one: &Resource| one.attributes()[key].as_str().unwrap().to_lowercase();
        let mut others = self.resources.iter().enumerate().filter(|(index, _)| Some(*index) != own);
        if others.any(|(_, one)| one.kind() == kind && name(one) == name(resource)) {
            return Err(Error::uniqueness(format!("{key} `{}` is taken.", name(resource))));
        }
        let members = resource.attributes().get("members").and_then(Value::as_array);
        for member in members.into_iter().flatten() {
            let id = member["value"].as_str().unwrap();
            self.at((Kind::User, id))
                .map_err(|_| Error::invalid_value(format!("The member `{id}` is not known.")))?;
        }
        Ok(())
    }

    fn stamp(&mut self, resource: &mut Resource, new: bool) {
        self.changes += 1;
        let (hours, minutes, seconds) =
            (self.changes / 3_600, self.changes / 60 % 60, self.changes % 60);
        let now = format!("2026-11-21T{hours:02}:{minutes:02}:{seconds:02}Z");
        if new {
            resource.set_meta("created", now.clone());
        }
        resource.set_meta("lastModified", now);
        if resource.kind() == Kind::Group && !resource.attributes().contains_key("members") {
            let mut attributes = resource.attributes().clone();
            attributes.insert("members".to_owned(), json!([]));
            *resource = Resource::from_attributes(Kind::Group, attributes);
        }
        let version = ETag::of(resource).to_string();
        resource.set_meta("version", version);
    }
}

pub(crate) fn capabilities() -> Capabilities {
    Capabilities {
        documentation_uri: None,
        patch: true,
        bulk: None,
        filter_max_results: Some(1_000),
        change_password: true,
        sort: true,
        etag: true,
        authentication: vec![AuthenticationScheme::bearer()],
    }
}
