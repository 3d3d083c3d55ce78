//! Every profile holds every conversation; every knob is turned once.

use super::conversations;
use super::cycle::Job;
use super::directory::{Directory, Standing};
use super::escrow::Quarantine;
use super::house::{House, Memory};
use super::profile::{self, Manager, Profile, Roles, Slash};
use super::term;
use super::worker::Worker;

macro_rules! conversations {
    ($($profile:ident: $facts:tt)*) => { $(conversations! { @mod $profile $facts })* };
    (@mod $profile:ident [$($home:ident::$fact:ident)*]) => {
        mod $profile {
            $(
                #[tokio::test]
                async fn $fact() {
                    let house = super::House::open().await;
                    super::$home::$fact(&house, super::profile::$profile()).await;
                }
            )*
        }
    };
}

macro_rules! every_profile {
    ($($profile:ident)*) => {
        conversations! { $($profile: [
            conversations::a_probe_finds_nobody
            conversations::somebody_is_created_as_sent
            conversations::a_cycle_without_a_change_only_reads
            conversations::a_rename_in_the_old_dialect
            conversations::a_rename_in_the_new_dialect
            conversations::a_phone_comes_to_somebody_without_phones
            conversations::a_manager_is_understood_in_every_spelling
            conversations::roles_come_from_every_function
            conversations::disabling_is_understood_in_every_spelling
            conversations::the_disabled_are_found_by_every_filter
            conversations::the_enabled_are_where_they_were
            conversations::whoever_comes_back_is_the_same
            conversations::the_deleted_are_gone_and_stay_gone
            conversations::whoever_is_created_again_is_another
            conversations::a_group_lives_through_everything
            conversations::a_taken_user_name_is_told_and_found
            conversations::what_is_cleared_is_gone_and_may_be_cleared_again
            conversations::groups_are_synchronised_by_looking_at_their_members
            conversations::everything_that_came_may_go_back
            conversations::an_outage_is_no_loss
            conversations::a_second_group_of_a_name_is_refused
            term::a_second_cycle_only_reads
            term::a_term_ends_as_the_directory_says
        ])* }
    };
}

every_profile! {
    entra_legacy entra_flag entra_pod okta_aiw okta_oin authentik keycloak_plugin
}

macro_rules! every_memory {
    ($($fact:ident: $memory:ident $profile:ident;)*) => {
        $(
            #[tokio::test]
            async fn $fact() {
                for run in 0..2 {
                    let house = House::that_keeps(Memory::$memory).await;
                    let profile = profile::$profile();
                    if run == 0 {
                        term::a_second_cycle_only_reads(&house, profile).await;
                    } else {
                        term::a_term_ends_as_the_directory_says(&house, profile).await;
                    }
                }
            }
        )*
    };
}

// However little is kept, and wherever: a cycle without a change only reads.
every_memory! {
    essence_and_the_old_dialect: Essence entra_legacy;
    essence_and_the_new_dialect: Essence entra_flag;
    essence_and_provisioning_on_demand: Essence entra_pod;
    essence_and_okta: Essence okta_aiw;
    essence_and_authentik: Essence authentik;
    a_file_and_the_old_dialect: File entra_legacy;
    a_file_and_the_new_dialect: File entra_flag;
    essence_in_a_file_and_the_old_dialect: EssenceInFile entra_legacy;
    essence_in_a_file_and_the_new_dialect: EssenceInFile entra_flag;
}

/// Entra with one knob turned.
async fn with(turn: impl FnOnce(&mut Profile)) {
    let house = House::open().await;
    let mut profile = profile::entra_legacy();
    turn(&mut profile);
    term::a_term_ends_as_the_directory_says(&house, profile).await;
}

macro_rules! knobs {
    ($($fact:ident: $turn:expr;)*) => {
        $(
            #[tokio::test]
            async fn $fact() {
                with($turn).await;
            }
        )*
    };
}

knobs! {
    matching_by_external_id: |it| it.matching = &["externalId"];
    matching_by_work_address: |it| it.matching = &[r#"emails[type eq "work"].value"#];
    groups_without_a_probe: |it| it.probe_groups = false;
    groups_not_mapped: |it| it.groups = false;
    one_member_a_request: |it| it.batch = 1;
    five_hundred_members_a_request: |it| it.batch = 500;
    one_request_at_a_time: |it| it.workers = 1;
    twenty_requests_at_a_time: |it| it.workers = 20;
    active_as_text_in_creates: |it| it.created_with_text = true;
    a_manager_as_an_object: |it| it.manager = Manager::Object;
    a_manager_as_a_list: |it| it.manager = Manager::List;
    a_single_role: |it| it.roles = Some(Roles::Single);
    a_single_role_with_primary_as_text: |it| {
        (it.roles, it.primary_as_text) = (Some(Roles::Single), true);
    };
    complex_roles: |it| it.roles = Some(Roles::Complex);
    assertive_roles: |it| it.roles = Some(Roles::Assertive);
    references_probed: |it| it.reference_probe = true;
    a_content_type_without_charset: |it| it.content_type = "application/scim+json";
    plain_json: |it| it.content_type = "application/json";
    operations_before_schemas: |it| it.operations_first = true;
    a_slash_after_the_base: |it| it.slash = Slash::AfterBase;
    a_slash_after_the_endpoint: |it| it.slash = Slash::AfterEndpoint;
}

#[tokio::test]
async fn a_cycle_that_forgot_all_links_only_reads_when_it_probes_references() {
    let house = House::open().await;
    let profile = Profile { reference_probe: true, ..profile::entra_flag() };
    term::a_second_cycle_only_reads(&house, profile).await;
}

#[tokio::test]
async fn more_removals_than_allowed_wait_for_the_administrator() {
    let house = House::open().await;
    let mut directory = Directory::school(6);
    let profile = Profile { threshold: Some(2), ..profile::entra_legacy() };
    let mut job = Job::new(&house.base, &house.token, profile);
    job.cycle(&directory, 0).await;
    for key in ["person.1", "person.2", "person.3"] {
        directory.put(key, Standing::Blocked);
    }
    let transcript = job.transcript();
    let mark = transcript.mark();
    job.cycle(&directory, 60).await;
    assert_eq!(job.quarantine, Some(Quarantine::StagedRemovals(3)));
    assert_eq!(transcript.writes_since(mark), []);
    job.allow_removals();
    job.cycle(&directory, 120).await;
    assert_eq!(transcript.writes_since(mark).len(), 3);
    term::agree(&mut job, &directory).await;
}

#[tokio::test]
async fn a_wrong_token_puts_the_job_into_quarantine() {
    let house = House::open().await;
    let mut job = Job::new(&house.base, "mistaken", profile::entra_flag());
    let report = job.cycle(&Directory::school(2), 0).await;
    assert!(report.skipped);
    assert_eq!(job.quarantine, Some(Quarantine::Credentials(401)));
    assert_eq!(house.accounts(), 0);
}

/// 25 a second for a minute, as fast as can be.
#[tokio::test]
async fn a_minute_of_requests_is_answered_within_a_minute() {
    let house = House::open().await;
    let first = Worker::new(&house.base, &house.token, profile::entra_flag());
    let begun = tokio::time::Instant::now();
    let mut running = tokio::task::JoinSet::new();
    for worker in 0..5 {
        let mut client = first.sibling();
        running.spawn(async move {
            for number in 0..300 {
                let name = format!("nobody.{worker}.{number}@hoch.example");
                client.find("userName", &name).await.must(&[200], "under load");
            }
        });
    }
    running.join_all().await;
    assert_eq!(first.client.transcript.mark(), 1_500);
    assert!(begun.elapsed().as_secs() < 60);
}
