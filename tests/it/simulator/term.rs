//! A term at school: everybody is brought in, much changes, and in between
//! nothing does. What is left must be what the directory says.

use std::collections::BTreeSet;

use super::cycle::Job;
use super::dialect::difference;
use super::directory::{Directory, Person, Standing, Team};
use super::house::House;
use super::profile::{Manager, Profile, Removal};
use super::target::ENTERPRISE;
use super::worker::members;

/// How many people the school has.
const PEOPLE: usize = 12;

/// Runs a cycle in which everything must succeed.
async fn run(job: &mut Job, directory: &Directory) {
    let report = job.cycle(directory, 0).await;
    assert!(!report.skipped && report.troubles.is_empty(), "{report:?} {:?}", job.quarantine);
}

/// Everything is looked at again, and nothing is written.
async fn converged(job: &mut Job, house: &House, directory: &Directory) {
    house.forget_answers();
    let transcript = job.transcript();
    let mark = transcript.mark();
    job.restart();
    run(job, directory).await;
    assert!(transcript.mark() - mark >= job.people.len(), "not everybody was looked at");
    assert_eq!(transcript.writes_since(mark), [], "a second cycle must only read");
}

/// Two cycles without a change: the second one only reads; where references
/// are probed, even one that has forgotten all links.
pub(crate) async fn a_second_cycle_only_reads(house: &House, profile: Profile) {
    let probes = profile.reference_probe;
    let directory = Directory::school(PEOPLE);
    let mut job = Job::new(&house.base, &house.token, profile);
    run(&mut job, &directory).await;
    assert_eq!(job.people.len(), PEOPLE);
    let before = house.calls();
    converged(&mut job, house, &directory).await;
    // At most one for each object, and what connection tests ask; each gateway has
    // a memory of its own.
    let calls = house.calls() - before;
    let objects = job.people.len() + job.teams.len();
    let most = (objects as u64 + 2) * house.gateways;
    assert!(calls <= most, "{objects} objects took {calls} calls");
    if probes {
        let transcript = job.transcript();
        let (mark, linked) = (transcript.mark(), job.people.clone());
        job.reset();
        run(&mut job, &directory).await;
        assert_eq!(transcript.writes_since(mark), [], "matched again, and nothing to write");
        assert_eq!(job.people, linked);
    }
    agree(&mut job, &directory).await;
}

/// Everything that can happen in a term.
pub(crate) async fn a_term_ends_as_the_directory_says(house: &House, profile: Profile) {
    let mut directory = Directory::school(PEOPLE);
    let mut job = Job::new(&house.base, &house.token, profile);
    run(&mut job, &directory).await;
    happen(&mut directory);
    run(&mut job, &directory).await;
    agree(&mut job, &directory).await;
    converged(&mut job, house, &directory).await;
    for key in ["person.5", "person.6", "person.7"] {
        directory.put(key, Standing::Assigned);
    }
    run(&mut job, &directory).await;
    agree(&mut job, &directory).await;
    converged(&mut job, house, &directory).await;
}

fn happen(directory: &mut Directory) {
    directory.set("person.1", "surname", "Berg-Hofer");
    directory.set("person.1", "userPrincipalName", "Berg.Hofer@Hoch.example");
    directory.set("person.1", "mobile", "+41 79 111 11 11");
    directory.set("person.2", "mail", "New.Address@hoch.example");
    directory.change("person.3", |person| person.manager = Some("person.1".to_owned()));
    directory.change("person.4", |person| person.manager = None);
    directory.change("person.4", |person| person.roles.push(("student", "Student")));
    directory.put("person.5", Standing::Blocked);
    directory.put("person.6", Standing::Unassigned);
    directory.put("person.7", Standing::Binned);
    directory.put("person.8", Standing::Purged);
    directory.hire(Person::complete("New.Comer", "Lea", "Comer"));
    let math = directory.team_key("Math 1A");
    directory.change_team(&math, |team| {
        "Math 2A".clone_into(&mut team.name);
        team.members.remove("person.9");
        team.members.remove("person.8");
        team.members.insert("new.comer".to_owned());
    });
    let choir = directory.team_key("Choir & Band");
    directory.change_team(&choir, |team| team.assigned = false);
    directory.found(Team::new("Latin"));
}

/// What the server holds is what the directory says.
pub(crate) async fn agree(job: &mut Job, directory: &Directory) {
    let people = job.people.clone();
    for person in directory.people() {
        let wanted = person.is_active() || person.standing == Standing::Blocked;
        assert!(!wanted || people.contains_key(&person.key), "{} is not there", person.key);
        let Some(id) = people.get(&person.key) else { continue };
        let is = job.worker().read("Users", id).await.must(&[200], "somebody who is linked").body;
        assert_eq!(is["active"], person.is_active(), "{}", person.key);
        let profile = job.worker().profile.clone();
        if !person.is_active() {
            continue;
        }
        assert_eq!(difference(&profile, person, &is), [], "{}", person.key);
        let manager = person.manager.as_ref().and_then(|key| people.get(key));
        if profile.manager != Manager::None {
            let told = is[ENTERPRISE]["manager"]["value"].as_str();
            assert_eq!(told, manager.map(String::as_str), "the manager of {}", person.key);
        }
    }
    if job.worker().profile.groups {
        agree_about_teams(job, directory).await;
    }
}

async fn agree_about_teams(job: &mut Job, directory: &Directory) {
    let (people, teams) = (job.people.clone(), job.teams.clone());
    for team in directory.teams() {
        let Some(id) = teams.get(&team.key) else {
            assert!(!team.assigned, "{} is not there", team.name);
            continue;
        };
        let is = job.worker().read("Groups", id).await.must(&[200], "a group that is linked").body;
        assert_eq!(is["displayName"], team.name.as_str());
        let wanted: BTreeSet<_> =
            team.members.iter().filter_map(|key| people.get(key)).cloned().collect();
        let there = members(&is);
        // The unassigned are unlinked, and stay where they were.
        assert!(there.is_superset(&wanted), "{}: {there:?}, not {wanted:?}", team.name);
        let left = team.members.len() - wanted.len();
        let most = if job.worker().profile.removal == Removal::Delete { 0 } else { left };
        assert!(there.len() - wanted.len() <= most, "{}: {there:?}, not {wanted:?}", team.name);
    }
}
