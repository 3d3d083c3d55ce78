//! What each rule decides.

use std::time::Duration;

use matricula::policy::{
    Activation, Decision, Deprovision, Facts, Mode, Reason, Rules, SignIn, Then, Wait, decide,
    is_removal,
};
use matricula::scim::{Kind, Offer, Operation, Path, ResourceType};
use serde_json::json;

use super::{account, change, delete, facts, guard, operations, protect, rules};

fn user() -> ResourceType {
    ResourceType::user()
}

#[test]
fn in_sync_everything_is_done_as_it_was_asked() {
    let rules = Rules { deprovision: Deprovision::Delete, ..rules() };
    for operation in operations() {
        let expected = Decision::Apply(operation.clone(), Then::Nothing);
        assert_eq!(decide(&rules, &facts(&user()), operation), expected);
    }
}

#[test]
fn dry_and_confirmed_nothing_is_done_before_a_person_says_so() {
    let user = user();
    for (mode, reason) in [(Mode::DryRun, Reason::DryRun), (Mode::Confirm, Reason::Confirm)] {
        let rules = Rules { mode, guard: Some(guard(0)), outage: true, ..rules() };
        for operation in operations() {
            let held = decide(&rules, &facts(&user), operation.clone());
            assert_eq!(held, Decision::Defer(reason), "{operation:?}");
            let still = Facts { waited: Some((reason, false)), ..facts(&user) };
            assert_eq!(decide(&rules, &still, operation.clone()), Decision::Defer(reason));
            let released = Facts { waited: Some((reason, true)), ..facts(&user) };
            let done = decide(&rules, &released, operation.clone());
            assert!(matches!(done, Decision::Apply(..)), "{operation:?}: {done:?}");
        }
    }
}

#[test]
fn the_switch_to_sync_releases_what_waited_for_it_and_nothing_else() {
    let released = |mode| {
        let rules = Rules { mode, ..rules() };
        Reason::ALL.into_iter().filter(|it| rules.releases(*it)).collect::<Vec<_>>()
    };
    assert_eq!(
        released(Mode::Sync),
        [Reason::DryRun, Reason::Confirm, Reason::Outage, Reason::Grace, Reason::Order]
    );
    assert_eq!(released(Mode::Confirm), [Reason::Grace]);
    assert_eq!(released(Mode::DryRun), []);
}

#[test]
fn a_protected_account_is_never_touched_and_the_words_say_why() {
    let rules = Rules { protect: protect(r#"userName eq "admin""#), ..rules() };
    let (user, admin) = (user(), account(json!({ "userName": "Admin" })));
    let eva = account(json!({ "userName": "eva" }));
    for operation in [change(&json!({ "title": "x" })), delete(Kind::User)] {
        assert!(rules.needs_known(&operation));
        let facts =
            Facts { known: Some(&admin), waited: Some((Reason::Guard, true)), ..facts(&user) };
        let Decision::Refuse(error) = decide(&rules, &facts, operation.clone()) else {
            panic!("{operation:?}")
        };
        assert_eq!(error.status(), 403);
        assert!(error.detail().contains(r#"userName eq "admin""#), "{}", error.detail());
        let other = Facts { known: Some(&eva), ..facts };
        assert!(matches!(decide(&rules, &other, operation), Decision::Apply(..)));
    }
    let twin = decide(&rules, &facts(&user), Operation::Create(admin));
    assert!(matches!(twin, Decision::Refuse(_)), "{twin:?}");
    assert!(!rules.needs_known(&delete(Kind::Group)));
    assert!(!super::rules().needs_known(&delete(Kind::User)));
}

#[test]
fn removals_are_deletes_and_the_disabling_of_who_was_enabled() {
    let enabled = account(json!({ "userName": "eva", "active": true }));
    let disabled = account(json!({ "userName": "eva", "active": false }));
    let disable = change(&json!({ "active": "False" }));
    assert!(is_removal(&disable, None) && is_removal(&disable, Some(&enabled)));
    assert!(!is_removal(&disable, Some(&disabled)), "it is disabled already");
    assert!(is_removal(&delete(Kind::User), None) && is_removal(&delete(Kind::Group), None));
    for harmless in [change(&json!({ "title": "x" })), change(&json!({ "active": true }))] {
        assert!(!is_removal(&harmless, Some(&enabled)));
    }
}

#[test]
fn removals_beyond_the_guard_are_held_until_a_person_says_so() {
    let rules = Rules { guard: Some(guard(2)), ..rules() };
    let user = user();
    for removal in [delete(Kind::User), delete(Kind::Group), change(&json!({ "active": false }))] {
        let after = |removals| Facts { removals, ..facts(&user) };
        assert!(matches!(decide(&rules, &after(1), removal.clone()), Decision::Apply(..)));
        for removals in [2, 3, 50_000] {
            let held = decide(&rules, &after(removals), removal.clone());
            assert_eq!(held, Decision::Defer(Reason::Guard));
        }
        let approved = Facts { waited: Some((Reason::Guard, true)), ..after(2) };
        assert!(matches!(decide(&rules, &approved, removal.clone()), Decision::Apply(..)));
        // What waited for something else is counted like any other.
        let replayed = Facts { waited: Some((Reason::DryRun, false)), ..after(2) };
        assert_eq!(decide(&rules, &replayed, removal), Decision::Defer(Reason::Guard));
    }
    let harmless =
        decide(&rules, &Facts { removals: 9, ..facts(&user) }, change(&json!({ "title": "x" })));
    assert!(matches!(harmless, Decision::Apply(..)));
}

#[test]
fn a_new_account_waits_disabled_and_its_client_is_believed() {
    let rules = Rules { activation: Activation::Manual, ..rules() };
    let user = user();
    for (sent, active) in
        [(json!({ "userName": "e" }), true), (json!({ "userName": "e", "active": false }), false)]
    {
        let decision = decide(&rules, &facts(&user), Operation::Create(account(sent)));
        let Decision::Apply(Operation::Create(made), then) = decision else {
            panic!("{decision:?}")
        };
        assert_eq!(made.attributes()["active"], json!(false));
        assert_eq!(then, Then::Approve { active });
    }
    let sso = Rules { sign_in: SignIn::Sso, ..rules };
    let decision = decide(&sso, &facts(&user), operations().remove(0));
    assert_eq!(decision, Decision::Apply(operations().remove(0), Then::Nothing));
}

#[test]
fn what_waits_for_approval_cannot_be_enabled_by_its_client() {
    let rules = Rules { activation: Activation::Manual, ..rules() };
    let user = user();
    let waiting = Facts { waits: Some(Wait::Approval), ..facts(&user) };
    for active in [true, false] {
        let asked = change(&json!({ "active": active, "title": "Dean" }));
        let decision = decide(&rules, &waiting, asked);
        let expected = change(&json!({ "title": "Dean" }));
        assert_eq!(decision, Decision::Apply(expected, Then::Approve { active }));
    }
    let title = change(&json!({ "title": "Dean" }));
    assert_eq!(decide(&rules, &waiting, title.clone()), Decision::Apply(title, Then::Nothing));
    let approved = Facts { waited: Some((Reason::Approval, true)), ..waiting };
    let enable = change(&json!({ "active": true }));
    assert_eq!(decide(&rules, &approved, enable.clone()), Decision::Apply(enable, Then::Nothing));
}

#[test]
fn a_delete_disables_and_the_account_can_come_back() {
    let (user, grace) = (user(), Duration::from_hours(24 * 30));
    for (deprovision, delete_after) in
        [(Deprovision::Disable, None), (Deprovision::DeleteAfter(grace), Some(grace))]
    {
        let rules = Rules { deprovision, ..rules() };
        let decision = decide(&rules, &facts(&user), delete(Kind::User));
        let expected =
            Decision::Apply(change(&json!({ "active": false })), Then::Bury { delete_after });
        assert_eq!(decision, expected);
        let over = Facts { waited: Some((Reason::Grace, false)), ..facts(&user) };
        let expected = Decision::Apply(delete(Kind::User), Then::Nothing);
        assert_eq!(decide(&rules, &over, delete(Kind::User)), expected);
        let group = decide(&rules, &facts(&user), delete(Kind::Group));
        assert_eq!(group, Decision::Apply(delete(Kind::Group), Then::Nothing));
    }
}

#[test]
fn where_nobody_can_be_disabled_a_delete_is_refused_in_words() {
    let name = Path::parse("userName", user().urns()).unwrap();
    let nothing_but_names = user().offering(&[Offer::plain(name)]).unwrap();
    let refused = decide(&rules(), &facts(&nothing_but_names), delete(Kind::User));
    let Decision::Refuse(error) = refused else { panic!("{refused:?}") };
    assert_eq!(error.status(), 501);
    assert!(error.detail().contains("deprovision"), "{}", error.detail());
}

#[test]
fn what_waits_holds_up_what_comes_after_it() {
    let user = user();
    let behind = Facts { waits: Some(Wait::Before), ..facts(&user) };
    for operation in operations() {
        assert_eq!(decide(&rules(), &behind, operation), Decision::Defer(Reason::Order));
    }
}

#[test]
fn an_outage_is_waited_out_only_where_the_rules_say_so() {
    let user = user();
    let down = Facts { unavailable: true, ..facts(&user) };
    for operation in operations() {
        let queued = decide(&Rules { outage: true, ..rules() }, &down, operation.clone());
        assert_eq!(queued, Decision::Defer(Reason::Outage));
        assert!(matches!(decide(&rules(), &down, operation), Decision::Apply(..)));
    }
}
