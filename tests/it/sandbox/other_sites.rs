//! Exchanges that other sites recorded, or the same one in another state.

use matricula::sandbox::{Array, Block, Database, Release, State, Step};

use super::exchange::Exchange;
use super::replay::create;
use super::story::{Story, Told};

pub(super) fn states(told: &mut Told) {
    let mut story = Story::new();
    let block = |story: &mut Story, block| {
        for token in story.moodle.tokens.values_mut() {
            token.block = block;
        }
    };
    block(&mut story, Block::ProfileIncomplete);
    story.play("service-user-profile-incomplete-create");
    story.play("service-user-profile-incomplete-get-by-field");
    story.edit(3, |person| person.custom.clear());
    story.play("service-user-profile-incomplete-get-users service-user-profile-incomplete-admin");
    block(&mut story, Block::MustChangePassword);
    story.play("state-service-user-must-change-password-site-info");
    story.play("state-service-user-must-change-password-get");
    story.play("state-service-user-must-change-password-create");
    block(&mut story, Block::PolicyNotAgreed);
    story.play("state-site-policy-site-info state-site-policy-get state-site-policy-create");
    block(&mut story, Block::None);
    for (state, names) in [
        (State::ServicesOff, "state-webservices-disabled"),
        (State::CliMaintenance, "state-cli-maintenance"),
        (State::DatabaseDown, "state-database-down"),
        (
            State::Maintenance,
            "state-maintenance-site-info state-maintenance-get state-maintenance-create \
             state-maintenance-as-admin",
        ),
        (
            State::Upgrading,
            "state-upgrade-running-site-info state-upgrade-running-get \
             state-upgrade-running-create",
        ),
    ] {
        story.moodle.site.state = state;
        story.play(names);
    }
    story.moodle.site.state = State::Up;
    story.edit(3, |person| person.auth = "nologin".into());
    story.play("state-service-user-nologin");
    story.edit(3, |person| {
        person.auth = "manual".into();
        person.confirmed = false;
    });
    story.play("state-service-user-unconfirmed");
    story.edit(3, |person| person.deleted = true);
    story.play("state-service-user-deleted");
    story.end(told);
}

/// Two checks, then two writes: who comes second meets the index.
pub(super) fn races(told: &mut Told) {
    let name = "create-race-lost-username";
    let mut story = Story::new();
    let exchange = Exchange::read(name);
    let (query, body) = exchange.wire("full");
    let read = || Array::decode(query.as_bytes(), body.as_bytes(), 100);
    let pending = |step| match step {
        Step::Between(pending) => Some(pending),
        Step::Done(_) => None,
    };
    let first = pending(story.moodle.begin(read())).unwrap();
    let second = pending(story.moodle.begin(read())).unwrap();
    assert!(story.moodle.finish(first).body.contains("raced"));
    assert!(story.moodle.finish(second).body.contains("dmlwriteexception"));
    told.played.insert(name.to_owned());
}

pub(super) fn mariadb(told: &mut Told) {
    let mut story = Story::new();
    story.moodle.site.database = Database::Mariadb;
    create(&mut story);
    story.moodle.people.skip_ids(23);
    cohort_prelude(&mut story);
    // Only what differs is told of this database.
    story.played.clear();
    story.from("mariadb/");
    let more = ["phone1", "phone2", "address", "institution", "department", "idnumber"];
    story.moodle.site.identity.extend(more.map(ToOwned::to_owned));
    story.play("get-by-email-other-case get-by-idnumber-other-case");
    story.play("cohort-create-idnumber-other-case cohort-add-username-other-case");
    story.play("cohort-add-user-id-not-a-number cohort-add-user-id-huge");
    story.play("cohort-add-good-then-not-a-number");
    story.end(told);
}

fn cohort_prelude(story: &mut Story) {
    for number in 1..=8 {
        story.person(&format!("coh.{number}"), |_| {});
    }
    story.play("cohort-create-ok");
}

pub(super) fn newer(told: &mut Told) {
    let mut story = Story::new();
    story.moodle.site.release = Release::V45;
    story.from("v45/");
    story.play("site-info-ok create-ok-minimal get-by-id-minimal");
    story.play("get-by-id-minimal-as-documented-caps capability-missing-create token-invalid");
    story.play("create-duplicate-username create-weak-password function-not-in-service");
    story.play("cohort-create-ok cohort-create-duplicate-idnumber cohort-members-unknown");
    story.play("cohort-add-user-id-not-a-number delete-admin");
    story.moodle.site.debug = true;
    story.play("debug-create-duplicate-username");
    story.moodle.site.debug = false;
    newer_accounts(&mut story);
    story.end(told);
}

fn newer_accounts(story: &mut Story) {
    story.moodle.people.skip_ids(37);
    assert_eq!(story.person("gone", |person| person.auth = "gone".into()), 48);
    story.moodle.people.skip_ids(15);
    for name in ["upd.one", "upd.two", "del.one"] {
        story.person(name, |_| {});
    }
    story.moodle.people.skip_ids(3);
    let member = story.person("coh.1", |_| {});
    story.moodle.cohorts.join(1, member);
    story.moodle.people.skip_ids(8);
    story.person("wk1", |_| {});
    story.person("wk2", |_| {});
    story.moodle.site.now = 1_795_167_998;
    story.play("get-by-id-poisoned search-list-all-poisoned update-partial update-username-taken");
    story.play("update-email-taken update-batch-weak-password delete-ok delete-twice");
    story.play("get-by-id-deleted cohort-add-twice");
    story.moodle.site.state = State::Maintenance;
    story.play("state-maintenance-get");
    story.moodle.site.state = State::Upgrading;
    story.play("state-upgrade-running-get");
}
