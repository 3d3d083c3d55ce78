//! What no rule lets through, whatever happens.

use matricula::policy::{
    Activation, Decision, Deprovision, Facts, Mode, Reason, Rules, SignIn, Wait, decide,
};
use matricula::scim::ResourceType;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::json;
use std::time::Duration;

use super::{account, change, guard, operations, protect};

fn any_rules() -> impl Strategy<Value = Rules> {
    let mode = select(vec![Mode::DryRun, Mode::Confirm, Mode::Sync]);
    let activation = select(vec![Activation::Automatic, Activation::Manual]);
    let sign_in = select(vec![SignIn::Password, SignIn::Sso]);
    let grace = Deprovision::DeleteAfter(Duration::from_mins(1));
    let deprovision = select(vec![Deprovision::Disable, Deprovision::Delete, grace]);
    let guards = prop::option::of((0..4usize).prop_map(guard));
    (mode, activation, sign_in, deprovision, guards, any::<bool>()).prop_map(
        |(mode, activation, sign_in, deprovision, guard, outage)| Rules {
            mode,
            activation,
            sign_in,
            deprovision,
            guard,
            outage,
            ..Rules::default()
        },
    )
}

fn any_waited() -> impl Strategy<Value = Option<(Reason, bool)>> {
    prop::option::of((select(Reason::ALL.to_vec()), any::<bool>()))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nobody_touches_a_protected_account(
        rules in any_rules(),
        waited in any_waited(),
        unavailable in any::<bool>(),
        removals in 0..5usize,
        which in 0..8usize,
    ) {
        let rules = Rules { protect: protect(r#"userName eq "eva""#), ..rules };
        let (user, eva) = (ResourceType::user(), account(json!({ "userName": "EVA" })));
        let operation = operations().remove(which);
        let facts = Facts {
            known: Some(&eva), waits: None, removals, waited, unavailable, account: Some(&user),
        };
        let about_eva = operation.kind() == matricula::scim::Kind::User;
        let decision = decide(&rules, &facts, operation);
        prop_assert_eq!(matches!(decision, Decision::Refuse(_)), about_eva);
    }

    #[test]
    fn dry_nothing_reaches_the_lms_without_a_person(
        rules in any_rules(),
        waited in any_waited(),
        which in 0..8usize,
        waits in prop::option::of(select(vec![Wait::Before, Wait::Approval])),
    ) {
        let rules = Rules { mode: Mode::DryRun, ..rules };
        let user = ResourceType::user();
        let facts = Facts { waited, waits, account: Some(&user), ..Facts::default() };
        let decision = decide(&rules, &facts, operations().remove(which));
        let released = waited.is_some_and(|(_, released)| released);
        prop_assert!(released || matches!(decision, Decision::Defer(_)), "{:?}", decision);
    }

    #[test]
    fn the_guard_lets_no_more_through_in_any_span_of_its_length(
        most in 0..6usize,
        steps in vec((0..1800u64, any::<bool>()), 1..120),
    ) {
        let rules = Rules { mode: Mode::Sync, guard: Some(guard(most)), ..Rules::default() };
        let span = rules.guard.unwrap().within.as_secs();
        let user = ResourceType::user();
        let (mut now, mut done): (u64, Vec<u64>) = (0, Vec::new());
        for (pause, deleted) in steps {
            now += pause;
            let operation = if deleted { super::delete(matricula::scim::Kind::User) }
                else { change(&json!({ "active": false })) };
            let removals = done.iter().filter(|at| now - **at < span).count();
            let facts = Facts { removals, account: Some(&user), ..Facts::default() };
            if matches!(decide(&rules, &facts, operation), Decision::Apply(..)) {
                done.push(now);
            }
        }
        for first in &done {
            let within = done.iter().filter(|at| *at >= first && **at - first < span).count();
            prop_assert!(within <= most, "{} in one span", within);
        }
    }
}
