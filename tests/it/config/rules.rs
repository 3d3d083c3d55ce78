//! The rules of tenants: what they come to, and mistakes in them.

use std::time::Duration;

use matricula::policy::{Activation, Deprovision, Guard, Mode, Rules, SignIn};

use super::support::{LEAST, Trial, told};

fn rules(said: &str) -> Rules {
    let text = LEAST.replace("sandbox", &format!("{said}\nsandbox"));
    Trial::of(&text).load().unwrap().settings.tenants.remove(0).provision.policy
}

#[test]
fn who_says_nothing_runs_dry_with_the_guard_on() {
    assert_eq!(rules(""), Rules::default());
    assert_eq!(
        (Rules::default().mode, Rules::default().guard),
        (Mode::DryRun, Some(Guard::default()))
    );
}

#[test]
fn every_rule_is_read() {
    let rules = rules(
        r#"mode = "confirm"
activation = "manual"
sign_in = "sso"
deprovision = { delete_after = "30d" }
guard = { removals = 7, within = "1h" }
protect = ['userName eq "admin"', 'active eq false']
outage_queue = true
pending = 12"#,
    );
    assert_eq!((rules.mode, rules.activation), (Mode::Confirm, Activation::Manual));
    assert_eq!(rules.sign_in, SignIn::Sso);
    assert_eq!(rules.deprovision, Deprovision::DeleteAfter(Duration::from_hours(720)));
    assert_eq!(rules.guard, Some(Guard { removals: 7, within: Duration::from_hours(1) }));
    assert!(!rules.protect.is_empty() && rules.outage);
    assert_eq!(rules.pending, 12);
    let off = self::rules("guard = false\nmode = \"sync\"\ndeprovision = \"delete\"");
    assert_eq!((off.guard, off.mode, off.deprovision), (None, Mode::Sync, Deprovision::Delete));
}

fn mistake(said: &str) -> String {
    told("", &LEAST.replace("sandbox", &format!("{said}\nsandbox")))
}

#[test]
fn a_mistake_is_told_with_what_to_write_instead() {
    for (said, words) in [
        ("mode = \"dryrun\"", "cannot be `dryrun`"),
        ("guard = true", "removals = 50"),
        ("guard = { removals = 0, within = \"1m\" }", "write 1 or more"),
        ("guard = { removal = 3, within = \"1m\" }", "removals"),
        ("deprovision = \"remove\"", "cannot be `remove`"),
        ("deprovision = { delete_after = \"1s\" }", "30d"),
        ("protect = ['userName equals \"x\"']", "write a SCIM filter"),
        ("protect = ['shoeSize eq 4']", "filter 1"),
        ("activation = \"maybe\"", "`maybe`"),
    ] {
        let told = mistake(said);
        assert!(told.contains(words), "{said}: {told}");
    }
}
