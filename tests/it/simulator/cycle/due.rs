//! What a cycle has to do.

use std::collections::BTreeMap;

use super::Job;
use crate::simulator::directory::{Directory, Person, Team};
use crate::simulator::escrow::Quarantine;
use crate::simulator::parcel::Moves;
use crate::simulator::profile::Manager;
use crate::simulator::task::{Task, is_deleted};

impl Job {
    /// Changed since the last time, or failed long enough ago.
    fn is_due(&self, key: &str, newer: bool, now: u64) -> bool {
        newer || self.escrow.get(key).is_some_and(|escrow| escrow.is_due(now))
    }

    /// Removals wait for the administrator when they are more than allowed.
    pub(super) fn people_to_do(&mut self, directory: &Directory, now: u64) -> Vec<Task> {
        let due = |it: &&Person| self.is_due(&it.key, it.is_newer(self.watermark), now);
        let (staying, leaving): (Vec<_>, Vec<_>) =
            directory.people().filter(due).partition(|person| person.is_active());
        let task = |person: &Person| {
            let link = self.people.get(&person.key).cloned();
            match link {
                Some(id) if is_deleted(self.profile().removal, person.standing) => {
                    Task::Delete("Users", person.key.clone(), id)
                }
                link => Task::Person(person.clone(), link),
            }
        };
        let mut tasks: Vec<_> = staying.into_iter().map(task).collect();
        let linked = leaving.into_iter().filter(|person| self.people.contains_key(&person.key));
        let removals: Vec<_> = linked.map(task).collect();
        if self.profile().threshold.is_some_and(|most| removals.len() > most) {
            self.quarantine = Some(Quarantine::StagedRemovals(removals.len()));
        } else {
            tasks.extend(removals);
        }
        tasks
    }

    pub(super) fn teams_to_do(&self, directory: &Directory, now: u64) -> Vec<Task> {
        let due = |it: &&Team| self.is_due(&it.key, it.is_newer(self.watermark), now);
        let task = |team: &Team| match (self.teams.get(&team.key).cloned(), team.assigned) {
            (Some(id), false) => Some(Task::Delete("Groups", team.key.clone(), id)),
            (None, false) => None,
            (link, true) => Some(Task::Team(team.clone(), link)),
        };
        directory.teams().filter(due).filter_map(task).collect()
    }

    /// References to people who are linked now, where not written yet.
    pub(super) fn managers_to_do(&self, directory: &Directory) -> Vec<Task> {
        if self.profile().manager == Manager::None {
            return Vec::new();
        }
        let task = |person: &Person| {
            let id = self.people.get(&person.key)?.clone();
            let manager = match &person.manager {
                Some(key) => Some(self.people.get(key)?.clone()),
                None => None,
            };
            let written = self.managers.get(&person.key);
            let due = written.map_or(manager.is_some(), |written| *written != manager);
            due.then(|| Task::Manager(person.key.clone(), id, manager))
        };
        directory.people().filter(|person| person.is_active()).filter_map(task).collect()
    }

    /// Additions of people who are linked, removals of people who were sent.
    pub(super) fn members_to_do(&self, directory: &Directory) -> Vec<Task> {
        let none = BTreeMap::new();
        let task = |team: &Team| {
            let id = self.teams.get(&team.key)?.clone();
            let sent = self.sent.get(&team.key).unwrap_or(&none);
            let come = team.members.iter().filter_map(|key| {
                let id = self.people.get(key)?;
                (sent.get(key) != Some(id)).then(|| id.clone())
            });
            let go = sent.iter().filter(|(key, _)| !team.members.contains(*key));
            let moves = Moves { come: come.collect(), go: go.map(|(_, id)| id.clone()).collect() };
            let idle = moves.come.is_empty() && moves.go.is_empty();
            (!idle).then(|| Task::Members(team.clone(), id, moves))
        };
        directory.teams().filter(|team| team.assigned).filter_map(task).collect()
    }
}
