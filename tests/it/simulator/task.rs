//! One object's share of a cycle, done by one worker.

use serde_json::{Value, json};

use super::client::Answer;
use super::dialect::{difference, roles};
use super::directory::{Person, Standing, Team};
use super::parcel::Moves;
use super::profile::{LookUp, Removal};
use super::target::{MANAGER, Target};
use super::worker::Worker;

/// What is to be done.
#[derive(Clone, Debug)]
pub(crate) enum Task {
    /// Found or created, then made equal.
    Person(Person, Option<String>),
    /// Deleted.
    Delete(&'static str, String, String),
    /// Found or created, then named.
    Team(Team, Option<String>),
    /// Given a manager, or none.
    Manager(String, String, Option<String>),
    /// Given members, and rid of others.
    Members(Team, String, Moves),
}

/// Why it could not be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// A linked object is not there any more.
    InvalidAnchor,
    /// More than one object matches.
    DuplicateTargetEntries,
    /// An answer that a SCIM server would not give.
    Incompatible(String),
    /// Any other refusal.
    Status(u16),
}

/// What a task came to: the link from now on.
pub(crate) type Outcome = Result<Option<String>, Trouble>;

fn succeeded(answer: Answer) -> Result<Answer, Trouble> {
    match answer.status {
        200 | 201 | 204 => Ok(answer),
        status => Err(Trouble::Status(status)),
    }
}

/// The state of a linked object.
fn anchored(answer: Answer) -> Result<Value, Trouble> {
    match answer.status {
        404 => Err(Trouble::InvalidAnchor),
        _ => succeeded(answer).map(|answer| answer.body),
    }
}

/// The one object that a filter found.
fn only(answer: Answer) -> Result<Option<String>, Trouble> {
    // A filter that finds nobody says 200: a 404 is not a SCIM server's.
    if answer.status == 404 {
        return Err(Trouble::Incompatible("a filter was answered with 404".to_owned()));
    }
    let answer = succeeded(answer)?;
    match answer.found() {
        [] => Ok(None),
        [one] => Ok(Some(one["id"].as_str().expect("an inspected id").to_owned())),
        _ => Err(Trouble::DuplicateTargetEntries),
    }
}

impl Task {
    /// Whose it is.
    pub(crate) fn key(&self) -> &str {
        match self {
            Self::Person(person, _) => &person.key,
            Self::Team(team, _) | Self::Members(team, ..) => &team.key,
            Self::Delete(_, key, _) | Self::Manager(key, ..) => key,
        }
    }

    /// Whether it writes references alone.
    pub(crate) fn is_reference(&self) -> bool {
        matches!(self, Self::Manager(..) | Self::Members(..))
    }

    /// Does it.
    pub(crate) async fn perform(&self, worker: &mut Worker) -> Outcome {
        match self {
            Self::Person(person, link) => synchronise(worker, person, link.clone()).await,
            Self::Team(team, link) => name(worker, team, link.clone()).await,
            Self::Delete(endpoint, _, id) => match worker.delete(endpoint, id).await.status {
                // Whoever is not there is gone.
                204 | 404 => Ok(None),
                status => Err(Trouble::Status(status)),
            },
            Self::Manager(_, id, manager) => manage(worker, id, manager.as_deref()).await,
            Self::Members(team, id, moves) => fill(worker, team, id, moves.clone()).await,
        }
    }
}

async fn synchronise(worker: &mut Worker, person: &Person, link: Option<String>) -> Outcome {
    let id = match link {
        Some(id) => id,
        // Who is disabled is never created.
        None if !person.is_active() => return Ok(None),
        None => match find_or_create(worker, person).await? {
            (id, true) => return Ok(Some(id)),
            (id, false) => id,
        },
    };
    let is = anchored(worker.read("Users", &id).await)?;
    let mut changes = difference(&worker.profile, person, &is);
    if !person.is_active() {
        // Whoever leaves is disabled and left as they are.
        changes.retain(|change| change.path == "active");
    }
    if !changes.is_empty() {
        succeeded(worker.update(&id, &changes).await)?;
    }
    let patches = worker.profile.update.is_patch() && person.is_active();
    if let Some(operation) = roles(&worker.profile, person, &is).filter(|_| patches) {
        succeeded(worker.patch("Users", &id, &json!([operation])).await)?;
    }
    let stays = person.standing != Standing::Unassigned;
    Ok(stays.then_some(id))
}

/// The id, and whether it is a new one.
async fn find_or_create(worker: &mut Worker, person: &Person) -> Result<(String, bool), Trouble> {
    if worker.profile.look_up == LookUp::Before {
        for attribute in worker.profile.matching {
            let Some(value) = person.value(attribute) else { continue };
            if let Some(id) = only(worker.find(attribute, value).await)? {
                return Ok((id, false));
            }
        }
    }
    let answer = worker.join(person).await;
    if answer.status == 409 && worker.profile.look_up == LookUp::AfterConflict {
        let name = person.value("userName").unwrap_or_default();
        let found = only(worker.find("userName", name).await)?;
        return found.map(|id| (id, false)).ok_or(Trouble::Status(409));
    }
    succeeded(answer).map(|answer| (answer.id(), true))
}

async fn name(worker: &mut Worker, team: &Team, link: Option<String>) -> Outcome {
    let found = match link {
        Some(id) => Some(id),
        None if worker.profile.look_up == LookUp::Before => {
            only(worker.find_group(&team.name).await)?
        }
        None => None,
    };
    let id = match found {
        Some(id) => id,
        None => match worker.found(team).await {
            taken if taken.status == 409 && worker.profile.look_up == LookUp::AfterConflict => {
                only(worker.find_group(&team.name).await)?.ok_or(Trouble::Status(409))?
            }
            answer => return succeeded(answer).map(|answer| Some(answer.id())),
        },
    };
    let is = anchored(worker.read_without_members(&id).await)?;
    if is["displayName"] != team.name.as_str() {
        succeeded(worker.rename(&id, team).await)?;
    }
    Ok(Some(id))
}

async fn manage(worker: &mut Worker, id: &str, manager: Option<&str>) -> Outcome {
    if let Some(manager) = manager.filter(|_| worker.profile.reference_probe)
        && worker.refers("Users", id, ("manager", manager)).await
    {
        return Ok(None);
    }
    let is = anchored(worker.read("Users", id).await)?;
    let value = format!("{MANAGER}.value");
    let has = Target::parse(&value).read(&is).and_then(Value::as_str);
    if has != manager {
        succeeded(worker.manage(id, manager, has.is_none()).await)?;
    }
    Ok(None)
}

async fn fill(worker: &mut Worker, team: &Team, id: &str, mut moves: Moves) -> Outcome {
    if worker.profile.reference_probe {
        let mut come = Vec::new();
        for member in moves.come {
            if !worker.refers("Groups", id, ("members", &member)).await {
                come.push(member);
            }
        }
        moves.come = come;
    }
    if !moves.come.is_empty() || !moves.go.is_empty() {
        succeeded(worker.move_members(id, team, moves).await)?;
    }
    Ok(None)
}

/// Whether somebody who is linked goes by a DELETE.
pub(crate) fn is_deleted(removal: Removal, standing: Standing) -> bool {
    match removal {
        Removal::DisableThenDelete => standing == Standing::Purged,
        Removal::DisableOnly => false,
        Removal::Delete => !matches!(standing, Standing::Assigned | Standing::Blocked),
    }
}
