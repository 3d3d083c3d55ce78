//! Conversation 20: what stands behind is down for one cycle.

use crate::simulator::cycle::Job;
use crate::simulator::directory::{Directory, Person};
use crate::simulator::house::House;
use crate::simulator::profile::{Probe, Profile};
use crate::simulator::task::Trouble;
use crate::simulator::term::agree;

const HOUR: u64 = 60;

/// Conversation 20: during the outage everything is put off and nothing concluded: no job
/// in quarantine, nobody lost, nobody twice.
pub(crate) async fn an_outage_is_no_loss(house: &House, profile: Profile) {
    let probes = matches!(profile.probe, Probe::Filter | Probe::FirstPage);
    let mut directory = Directory::school(6);
    let mut job = Job::new(&house.base, &house.token, profile);
    let report = job.cycle(&directory, 0).await;
    assert_eq!(report.troubles, []);
    let linked = job.people.clone();
    directory.set("person.1", "surname", "Berg");
    directory.hire(Person::complete("Late", "Lea", "Comer"));
    house.forget_answers();
    house.outage(true);
    if probes {
        // Whoever asks first leaves it at that.
        let report = job.cycle(&directory, HOUR).await;
        assert!(report.skipped && job.quarantine.is_none(), "{:?}", job.quarantine);
    }
    // It may also begin after the probe: now everything is looked at.
    job.restart();
    let report = job.synchronise(&directory, HOUR).await;
    assert!(report.troubles.len() > linked.len(), "{report:?}");
    for (key, trouble) in &report.troubles {
        assert_eq!(*trouble, Trouble::Status(503), "{key}");
    }
    assert_eq!((&job.people, &job.quarantine), (&linked, &None), "somebody is thought to be gone");
    house.outage(false);
    let report = job.cycle(&directory, 2 * HOUR).await;
    assert!(!report.skipped && report.troubles.is_empty(), "{report:?}");
    assert!(!job.people.contains_key("late"), "a failed object waits for six hours");
    let report = job.cycle(&directory, 8 * HOUR).await;
    assert_eq!(report.troubles, []);
    assert_eq!(house.accounts(), linked.len() + 1, "a twin, or somebody lost");
    agree(&mut job, &directory).await;
}
