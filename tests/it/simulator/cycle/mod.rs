//! A provisioning job: cycle after cycle it brings what changed in the
//! directory to the server.

mod due;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex};

use tokio::task::JoinSet;

use super::client::Transcript;
use super::directory::Directory;
use super::escrow::{Escrow, Quarantine, Tally};
use super::profile::{Probe, Profile};
use super::task::{Outcome, Task, Trouble};
use super::worker::Worker;

/// A job: what it knows between two cycles.
#[derive(Debug)]
pub(crate) struct Job {
    workers: Vec<Worker>,
    pub(crate) people: BTreeMap<String, String>,
    pub(crate) teams: BTreeMap<String, String>,
    /// Who was sent into which group, and under which id.
    sent: BTreeMap<String, BTreeMap<String, String>>,
    /// Which manager was written for whom.
    managers: BTreeMap<String, Option<String>>,
    escrow: BTreeMap<String, Escrow>,
    watermark: u64,
    pub(crate) tally: Tally,
    pub(crate) quarantine: Option<Quarantine>,
}

/// What a cycle came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Report {
    /// The probe met a server that cannot answer now; all is left for later.
    pub(crate) skipped: bool,
    pub(crate) troubles: Vec<(String, Trouble)>,
}

impl Job {
    /// A job that has not run yet.
    pub(crate) fn new(base: &str, token: &str, profile: Profile) -> Self {
        let workers = profile.workers;
        let first = Worker::new(base, token, profile);
        let others: Vec<_> = (1..workers).map(|_| first.sibling()).collect();
        Self {
            workers: std::iter::once(first).chain(others).collect(),
            people: BTreeMap::new(),
            teams: BTreeMap::new(),
            sent: BTreeMap::new(),
            managers: BTreeMap::new(),
            escrow: BTreeMap::new(),
            watermark: 0,
            tally: Tally::default(),
            quarantine: None,
        }
    }

    /// Any of the workers, for a look in between.
    pub(crate) fn worker(&mut self) -> &mut Worker {
        &mut self.workers[0]
    }

    /// The administrator allows as many removals as there are.
    pub(crate) fn allow_removals(&mut self) {
        for worker in &mut self.workers {
            worker.profile =
                Arc::new(Profile { threshold: None, ..Profile::clone(&worker.profile) });
        }
        self.quarantine = None;
    }

    /// What all of them have said.
    pub(crate) fn transcript(&self) -> Transcript {
        self.workers[0].client.transcript.clone()
    }

    /// A manual restart: everything is looked at again, links stay.
    pub(crate) fn restart(&mut self) {
        self.watermark = 0;
        self.managers.clear();
    }

    /// `resetScope: Full`: links are dropped too, everybody is matched again.
    pub(crate) fn reset(&mut self) {
        self.restart();
        self.people.clear();
        self.teams.clear();
        self.sent.clear();
        self.escrow.clear();
    }

    /// One whole cycle, `now` in minutes.
    pub(crate) async fn cycle(&mut self, directory: &Directory, now: u64) -> Report {
        if self.probe().await {
            self.synchronise(directory, now).await
        } else {
            Report { skipped: true, ..Report::default() }
        }
    }

    /// Whether the server answers as a SCIM server does. One that says it
    /// cannot is asked again in the next cycle; one that gives a wrong answer
    /// puts the job into quarantine.
    pub(crate) async fn probe(&mut self) -> bool {
        let worker = self.worker();
        let nobody = worker.profile.probe == Probe::Filter;
        for answer in worker.probe().await {
            self.quarantine = match answer.status {
                200 if nobody && !answer.found().is_empty() => {
                    Some(Quarantine::Incompatible(format!("{}: found somebody", answer.asked)))
                }
                200 => None,
                0 | 429 | 500.. => return false,
                status @ (401 | 403) => Some(Quarantine::Credentials(status)),
                status => Some(Quarantine::Incompatible(format!("{}: {status}", answer.asked))),
            };
            if self.quarantine.is_some() {
                return false;
            }
        }
        true
    }

    /// The rest of a cycle.
    pub(crate) async fn synchronise(&mut self, directory: &Directory, now: u64) -> Report {
        self.escrow.retain(|_, escrow| !escrow.is_over(now));
        let mut report = Report::default();
        let people = self.people_to_do(directory, now);
        self.run(people, now, &mut report).await;
        if self.profile().groups {
            let teams = self.teams_to_do(directory, now);
            self.run(teams, now, &mut report).await;
        }
        let mut references = self.managers_to_do(directory);
        references.extend(self.members_to_do(directory));
        self.run(references, now, &mut report).await;
        // What waits for the administrator is still to be seen next time.
        if !matches!(self.quarantine, Some(Quarantine::StagedRemovals(_))) {
            self.watermark = directory.revision();
        }
        if self.tally.is_too_much() {
            self.quarantine = Some(Quarantine::Failures);
        }
        report
    }

    fn profile(&self) -> &Profile {
        &self.workers[0].profile
    }

    /// Shares the tasks among the workers, and takes note of what came of them.
    async fn run(&mut self, tasks: Vec<Task>, now: u64, report: &mut Report) {
        let queue = Arc::new(Mutex::new(VecDeque::from(tasks)));
        let mut running = JoinSet::new();
        for worker in std::mem::take(&mut self.workers) {
            running.spawn(work(worker, Arc::clone(&queue)));
        }
        while let Some(ended) = running.join_next().await {
            let (worker, outcomes) = ended.unwrap_or_else(|fault| {
                std::panic::resume_unwind(fault.into_panic());
            });
            self.workers.push(worker);
            for (task, outcome) in outcomes {
                self.note(&task, outcome, now, report);
            }
        }
    }

    fn note(&mut self, task: &Task, outcome: Outcome, now: u64, report: &mut Report) {
        self.tally.events += 1;
        let key = task.key().to_owned();
        match outcome {
            Ok(link) => {
                // What was not written of references is due until it is.
                if !task.is_reference() {
                    self.escrow.remove(&key);
                }
                self.remember(task, key, link);
            }
            Err(trouble) => {
                if task.is_reference() {
                    self.tally.reference_failures += 1;
                } else {
                    self.tally.failures += 1;
                    let again = self.escrow.get(&key).map(|escrow| escrow.again());
                    let escrow = again.unwrap_or_else(|| Escrow::begin(now));
                    self.escrow.insert(key.clone(), escrow);
                }
                report.troubles.push((key, trouble));
            }
        }
    }

    fn remember(&mut self, task: &Task, key: String, link: Option<String>) {
        let links = match task {
            Task::Manager(_, _, manager) => {
                self.managers.insert(key, manager.clone());
                return;
            }
            Task::Members(team, _, moves) => {
                let come: BTreeSet<_> = moves.come.iter().collect();
                let linked = self.people.iter().filter(|(_, id)| come.contains(id));
                let linked = linked.map(|(key, id)| (key.clone(), id.clone()));
                let sent = self.sent.entry(key).or_default();
                sent.extend(linked);
                sent.retain(|key, _| team.members.contains(key));
                return;
            }
            Task::Delete("Groups", ..) => {
                self.sent.remove(&key);
                &mut self.teams
            }
            Task::Team(..) => &mut self.teams,
            Task::Person(..) | Task::Delete(..) => &mut self.people,
        };
        match link {
            Some(id) => links.insert(key, id),
            None => links.remove(&key),
        };
    }
}

async fn work(
    mut worker: Worker,
    queue: Arc<Mutex<VecDeque<Task>>>,
) -> (Worker, Vec<(Task, Outcome)>) {
    let mut outcomes = Vec::new();
    loop {
        let next = queue.lock().unwrap().pop_front();
        let Some(task) = next else { return (worker, outcomes) };
        let outcome = task.perform(&mut worker).await;
        outcomes.push((task, outcome));
    }
}
