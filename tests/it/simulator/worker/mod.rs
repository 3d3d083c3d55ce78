//! One connection of one client, and all that it can do to people and groups,
//! each in the way of its profile.

mod groups;

use std::sync::Arc;

use serde_json::{Value, json};

use super::client::{Answer, Client};
use super::dialect::{self, Change};
use super::directory::Person;
use super::profile::{Manager, Probe, Profile, Update};
use super::target::{ENTERPRISE, MANAGER, Target};

pub(crate) use self::groups::members;

/// A connection that knows how its client behaves.
#[derive(Debug)]
pub(crate) struct Worker {
    pub(crate) client: Client,
    pub(crate) profile: Arc<Profile>,
}

impl Worker {
    /// A worker of its own.
    pub(crate) fn new(base: &str, token: &str, profile: Profile) -> Self {
        let profile = Arc::new(profile);
        Self { client: Client::new(base, token, &profile), profile }
    }

    /// Another worker of the same job.
    pub(crate) fn sibling(&self) -> Self {
        Self { client: self.client.sibling(), profile: Arc::clone(&self.profile) }
    }

    /// GET of an endpoint with a query.
    pub(crate) async fn list(&mut self, endpoint: &str, query: &[(&str, &str)]) -> Answer {
        let path = self.client.path(endpoint, query);
        self.client.send("GET", &path, None).await
    }

    /// GET of one resource.
    pub(crate) async fn read(&mut self, endpoint: &str, id: &str) -> Answer {
        self.client.send("GET", &format!("/{endpoint}/{id}"), None).await
    }

    /// GET of a group as Entra reads it.
    pub(crate) async fn read_without_members(&mut self, id: &str) -> Answer {
        let path = format!("/Groups/{id}?excludedAttributes=members");
        self.client.send("GET", &path, None).await
    }

    /// POST.
    pub(crate) async fn create(&mut self, endpoint: &str, body: &Value) -> Answer {
        let path = self.client.path(endpoint, &[]);
        self.client.send("POST", &path, Some(body)).await
    }

    /// PATCH with these operations.
    pub(crate) async fn patch(&mut self, endpoint: &str, id: &str, operations: &Value) -> Answer {
        let body = dialect::patch(operations);
        self.client.send("PATCH", &format!("/{endpoint}/{id}"), Some(&body)).await
    }

    /// PUT.
    pub(crate) async fn put(&mut self, endpoint: &str, id: &str, body: &Value) -> Answer {
        self.client.send("PUT", &format!("/{endpoint}/{id}"), Some(body)).await
    }

    /// DELETE.
    pub(crate) async fn delete(&mut self, endpoint: &str, id: &str) -> Answer {
        self.client.send("DELETE", &format!("/{endpoint}/{id}"), None).await
    }

    /// What is asked before anything else; nothing where no probe is known.
    pub(crate) async fn probe(&mut self) -> Vec<Answer> {
        let nobody = random_guid();
        match self.profile.probe {
            Probe::Filter => {
                let first = self.profile.matching[0];
                let mut answers = vec![self.find(first, &nobody).await];
                if self.profile.groups && self.profile.probe_groups {
                    answers.push(self.find_group(&nobody).await);
                }
                answers
            }
            Probe::FirstPage => {
                vec![self.list("Users", &[("startIndex", "1"), ("count", "2")]).await]
            }
            Probe::ServiceProviderConfig => vec![self.list("ServiceProviderConfig", &[]).await],
            Probe::None => Vec::new(),
        }
    }

    /// People by one attribute.
    pub(crate) async fn find(&mut self, attribute: &str, value: &str) -> Answer {
        let filter = format!("{attribute} eq {}", Value::from(value));
        let mut query = vec![("filter", filter.as_str())];
        if self.profile.pages {
            query.extend([("startIndex", "1"), ("count", "100")]);
        }
        self.list("Users", &query).await
    }

    /// Groups by their name.
    pub(crate) async fn find_group(&mut self, name: &str) -> Answer {
        let filter = format!("displayName eq {}", Value::from(name));
        let mut query = vec![("filter", filter.as_str())];
        if self.profile.pages {
            query.extend([("startIndex", "1"), ("count", "100")]);
        } else {
            query.insert(0, ("excludedAttributes", "members"));
        }
        self.list("Groups", &query).await
    }

    /// Whether somebody has that manager, or a group that member: asked by both
    /// ids, to see the id alone.
    pub(crate) async fn refers(
        &mut self,
        endpoint: &str,
        id: &str,
        reference: (&str, &str),
    ) -> bool {
        let (attribute, to) = reference;
        let filter = format!("id eq \"{id}\" and {attribute} eq \"{to}\"");
        let asked = self.list(endpoint, &[("filter", &filter), ("attributes", "id")]).await;
        let asked = asked.must(&[200], "a reference probe");
        asked.found().iter().any(|one| one["id"] == id)
    }

    /// POST of a person.
    pub(crate) async fn join(&mut self, person: &Person) -> Answer {
        let body = dialect::created(&self.profile, person);
        self.create("Users", &body).await
    }

    /// Changes attributes of a person.
    pub(crate) async fn update(&mut self, id: &str, changes: &[Change]) -> Answer {
        let only = |paths: &[&str]| changes.iter().all(|it| paths.contains(&it.path.as_str()));
        match self.profile.update {
            Update::OneEach | Update::Flat => {
                let operations = dialect::operations(&self.profile, changes);
                self.patch("Users", id, &operations).await
            }
            Update::PutButActive if only(&["active"]) => {
                let operations = dialect::operations(&self.profile, changes);
                self.patch("Users", id, &operations).await
            }
            Update::Three if only(&["active", "userName", "displayName"]) => {
                self.patch_three(id, changes).await
            }
            _ => self.put_changed(id, changes).await,
        }
    }

    /// All three, the unchanged ones as they are.
    async fn patch_three(&mut self, id: &str, changes: &[Change]) -> Answer {
        let read = self.read("Users", id).await;
        if read.status != 200 {
            return read;
        }
        let all = ["active", "userName", "displayName"].into_iter().filter_map(|path| {
            let wanted = changes.iter().find(|change| change.path == path).cloned();
            wanted.or_else(|| Some(Change::replace(path, read.body.get(path)?.clone())))
        });
        let operations = dialect::operations(&self.profile, &all.collect::<Vec<_>>());
        self.patch("Users", id, &operations).await
    }

    /// Everything that came, changed, back again.
    async fn put_changed(&mut self, id: &str, changes: &[Change]) -> Answer {
        let read = self.read("Users", id).await;
        if read.status != 200 {
            return read;
        }
        let mut body = read.body;
        for change in changes {
            Target::parse(&change.path).write(&mut body, change.value.clone());
        }
        if self.profile.update == Update::PutOwn {
            body.as_object_mut().expect("an object").remove("meta");
        }
        self.put("Users", id, &body).await
    }

    /// Enables or disables.
    pub(crate) async fn activate(&mut self, id: &str, active: bool) -> Answer {
        self.update(id, &[Change::replace("active", active)]).await
    }

    /// Names a manager, or nobody. The plugin for Keycloak knows none; where it
    /// is made to, it does as the others that PUT.
    pub(crate) async fn manage(&mut self, id: &str, manager: Option<&str>, new: bool) -> Answer {
        if !matches!(self.profile.manager, Manager::Put | Manager::None) {
            let operation = dialect::managed(&self.profile, manager.unwrap_or(""), new);
            return self.patch("Users", id, &json!([operation])).await;
        }
        let read = self.read("Users", id).await;
        if read.status != 200 {
            return read;
        }
        let mut body = read.body;
        if let Some(manager) = manager {
            Target::parse(MANAGER).write(&mut body, json!({ "value": manager }));
        } else if let Some(extension) = body[ENTERPRISE].as_object_mut() {
            extension.remove("manager");
        }
        self.put("Users", id, &body).await
    }
}

/// A GUID that nobody has.
pub(crate) fn random_guid() -> String {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).unwrap();
    let hex = u128::from_be_bytes(bytes);
    let hex = format!("{hex:032x}");
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}
