//! What the client does with groups.

use std::collections::BTreeMap;

use http::Method;
use matricula::scim::Kind;
use serde_json::{Value, json};

use super::known::{Group, Life, only};
use super::world::{Found, World};
use crate::gateway::Answer;

impl World {
    /// The ids of those of them whom the client knows.
    fn known_of(&self, who: &[usize]) -> Vec<String> {
        let mut ids: Vec<_> = who.iter().filter_map(|who| self.slots[*who].id.clone()).collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    }

    pub(super) async fn group_post(&mut self, number: usize, who: &[usize]) -> Found {
        if self.cohorts[number].is_some() {
            return Ok(());
        }
        let ids = self.known_of(who);
        let body = json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"],
            "displayName": format!("Group {number}"),
            "externalId": format!("g-{number}"),
            "members": members(&ids),
        });
        let answer = self.ask(&(Method::POST, "/Groups".to_owned(), Some(body))).await?;
        match answer.status {
            201 => {
                let id = answer.body["id"].as_str().ok_or("a create without an id")?.to_owned();
                if self.groups.get(&id).is_some_and(|group| group.life == Life::There) {
                    return Err(format!("the group {id} was made twice"));
                }
                let members = ids.into_iter().map(|id| (id, Life::There)).collect();
                let name = only(&format!("Group {number}"));
                self.groups.insert(id.clone(), Group { life: Life::There, name, members });
                self.cohorts[number] = Some(id);
                Ok(())
            }
            409 => self.is_group_taken(number).await,
            502 | 503 => Ok(()),
            // A member may be gone without the client knowing of it.
            400 if self.some_may_be_gone(&ids) => Ok(()),
            status => Err(format!("a group's create was answered {status}")),
        }
    }

    async fn is_group_taken(&self, number: usize) -> Found {
        let idnumber = format!("g-{number}");
        let held = self.house.lms.cohorts().iter().any(|it| it.idnumber == idnumber);
        let waits = !self.queue.resources(Kind::Group).await.unwrap().is_empty();
        if held || waits { Ok(()) } else { Err("409, and nobody has that group".to_owned()) }
    }

    fn some_may_be_gone(&self, ids: &[String]) -> bool {
        let may = |id: &String| self.people.get(id).is_none_or(|it| !it.is_there() || it.erased);
        ids.iter().any(may)
    }

    pub(super) async fn group_add(&mut self, number: usize, who: &[usize]) -> Found {
        let ids = self.known_of(who);
        let operation = json!({ "op": "Add", "path": "members", "value": members(&ids) });
        self.group_patch(number, operation, ids, Life::There).await
    }

    pub(super) async fn group_remove(&mut self, number: usize, who: &[usize]) -> Found {
        let ids = self.known_of(who);
        let operation = json!({ "op": "Remove", "path": "members", "value": members(&ids) });
        self.group_patch(number, operation, ids, Life::Gone).await
    }

    pub(super) async fn group_replace(&mut self, number: usize, who: &[usize]) -> Found {
        let Some(id) = self.cohorts[number].clone() else { return Ok(()) };
        let ids = self.known_of(who);
        let all: Vec<_> = self.groups[&id].members.keys().cloned().collect();
        let operation = json!({ "op": "Replace", "path": "members", "value": members(&ids) });
        let before = self.groups.get(&id).cloned();
        let others = all.into_iter().filter(|id| !ids.contains(id)).collect::<Vec<_>>();
        self.group_patch(number, operation, ids, Life::There).await?;
        if let (Some(before), Some(group)) = (before, self.groups.get_mut(&id)) {
            let done = self.log.last().is_some_and(|line| line.contains("\n      204"));
            for other in others {
                let life = match (done, before.members.get(&other)) {
                    (true, _) | (false, Some(Life::Gone)) => Life::Gone,
                    (false, _) => Life::Either,
                };
                group.members.insert(other, life);
            }
        }
        Ok(())
    }

    async fn group_patch(
        &mut self,
        number: usize,
        operation: Value,
        ids: Vec<String>,
        life: Life,
    ) -> Found {
        let Some(id) = self.cohorts[number].clone() else { return Ok(()) };
        if ids.is_empty() {
            return Ok(());
        }
        let body = json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
            "Operations": [operation]
        });
        let answer = self.ask(&(Method::PATCH, format!("/Groups/{id}"), Some(body))).await?;
        let may_be_gone = self.some_may_be_gone(&ids);
        let Some(group) = self.groups.get_mut(&id) else { return Ok(()) };
        let outcome = match answer.status {
            204 | 200 if group.life == Life::Gone => {
                return Err(format!("the group {id} is gone, and was changed"));
            }
            204 | 200 => life,
            404 => return self.group_missed(&id),
            502 | 503 => Life::Either,
            400 if may_be_gone => Life::Either,
            status => return Err(format!("members were answered {status}: {}", answer.body)),
        };
        for member in ids {
            let was = group.members.get(&member).copied();
            let same = outcome == Life::Either && was == Some(life);
            group.members.insert(member, if same { life } else { outcome });
        }
        Ok(())
    }

    pub(super) async fn group_rename(&mut self, number: usize, to: u64) -> Found {
        let Some(id) = self.cohorts[number].clone() else { return Ok(()) };
        let name = format!("Group {number} {to}");
        let body = json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
            "Operations": [{ "op": "Replace", "path": "displayName", "value": name }]
        });
        let answer = self.ask(&(Method::PATCH, format!("/Groups/{id}"), Some(body))).await?;
        let Some(group) = self.groups.get_mut(&id) else { return Ok(()) };
        match answer.status {
            200 | 204 => group.name = only(&name),
            404 => return self.group_missed(&id),
            502 | 503 => drop(group.name.as_mut().map(|names| names.insert(name))),
            status => return Err(format!("a group's name was answered {status}")),
        }
        Ok(())
    }

    pub(super) async fn group_delete(&mut self, number: usize) -> Found {
        let Some(id) = self.cohorts[number].clone() else { return Ok(()) };
        let answer = self.ask(&(Method::DELETE, format!("/Groups/{id}"), None)).await?;
        let Some(group) = self.groups.get_mut(&id) else { return Ok(()) };
        match answer.status {
            204 => group.life = Life::Gone,
            404 => return self.group_missed(&id),
            502 | 503 => {
                group.life = Life::Either;
                return Ok(());
            }
            status => return Err(format!("a group's delete was answered {status}")),
        }
        self.cohorts[number] = None;
        Ok(())
    }

    pub(super) fn group_missed(&mut self, id: &str) -> Found {
        let Some(group) = self.groups.get_mut(id) else { return Ok(()) };
        if group.life == Life::There {
            return Err(format!("the group {id} was answered 404, and is there"));
        }
        group.life = Life::Gone;
        for known in &mut self.cohorts {
            if known.as_deref() == Some(id) {
                *known = None;
            }
        }
        Ok(())
    }

    pub(super) async fn group_read(&mut self, number: usize) -> Found {
        let Some(id) = self.cohorts[number].clone() else { return Ok(()) };
        let answer = self.get(format!("/Groups/{id}")).await?;
        self.group_reads(&id, &answer)
    }

    pub(super) fn group_reads(&mut self, id: &str, answer: &Answer) -> Found {
        let Some(group) = self.groups.get(id) else { return Ok(()) };
        match answer.status {
            200 if group.life == Life::Gone => Err(format!("the group {id} is gone, and is read")),
            200 => {
                let name = answer.body["displayName"].as_str().unwrap_or_default();
                if group.name.as_ref().is_some_and(|names| !names.contains(name)) {
                    return Err(format!("the group {id} is called {name}"));
                }
                self.members_are(id, &shown(&answer.body))
            }
            404 => self.group_missed(id),
            _ => Ok(()),
        }
    }

    /// Whether somebody has the account of a former member: whoever comes back to it is in
    /// its groups, under whichever id.
    fn took_over(&self, member: &str, known: &BTreeMap<String, Life>) -> bool {
        let own = |owners: &&Vec<String>| owners.iter().any(|owner| owner == member);
        let mut accounts = self.owners.values().filter(own);
        accounts.any(|owners| owners.iter().any(|owner| known.contains_key(owner)))
    }

    /// Whether these are members of a group as they may be.
    pub(super) fn members_are(&self, id: &str, shown: &[String]) -> Found {
        let empty = BTreeMap::new();
        let known = self.groups.get(id).map_or(&empty, |group| &group.members);
        for member in shown {
            let gone = self.people.get(member).is_some_and(|it| it.life == Life::Gone);
            let former = known.get(member).is_none() && self.took_over(member, known);
            let out = known.get(member).is_none_or(|life| *life == Life::Gone) && !former;
            if gone || out {
                return Err(format!("{member} is shown as a member of {id}"));
            }
        }
        for (member, _) in known.iter().filter(|(_, life)| **life == Life::There) {
            let there = self.people.get(member).is_some_and(|it| it.is_there() && !it.erased);
            if there && !shown.contains(member) {
                return Err(format!("{member} is a member of {id}, and is not shown"));
            }
        }
        Ok(())
    }
}

fn members(ids: &[String]) -> Value {
    ids.iter().map(|id| json!({ "value": id })).collect()
}

fn shown(body: &Value) -> Vec<String> {
    let listed = body["members"].as_array().into_iter().flatten();
    listed.filter_map(|it| it["value"].as_str().map(str::to_owned)).collect()
}
