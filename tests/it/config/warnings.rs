//! What is no mistake, but should be known.

use super::support::{LEAST, REAL, SILENT, Trial};

#[test]
fn settings_without_a_flaw_give_no_warning() {
    assert_eq!(Trial::of(LEAST).warnings(), "");
    assert_eq!(Trial::of(REAL).warnings(), "");
}

#[test]
fn a_token_that_has_expired_is_warned_of() {
    let token = "0123456789abcdef0123456789";
    let with = |expires: &str| {
        let text =
            format!("{SILENT}[[tenants.x.tokens]]\ntoken = \"{token}\"\nexpires = {expires}\n");
        Trial::of(&text)
    };
    for later in
        ["2026-11-22", "\"2026-11-22\"", "2026-11-21T12:00:01Z", "2026-11-21 14:00:01+01:00"]
    {
        assert_eq!(with(later).warnings(), "", "{later}");
    }
    assert_ne!(with("2026-11-21T12:00:00Z").warnings(), "");
    // At no hour that everybody agrees on.
    assert!(with("2027-01-01T12:00:00").load().is_err());
    insta::assert_snapshot!(with("2026-11-21").warnings(), @"
    warning: `tenants.x.tokens[0]` has expired: nobody can speak with it
     --> config.toml:6:11
      |
    6 | expires = 2026-11-21
      |           ^^^^^^^^^^
      |
      = help: put a new one beside it, or take it away
    ");
}

#[test]
fn a_token_too_long_for_some_clients_is_warned_of() {
    let with = |length: usize| {
        let token = "x".repeat(length);
        Trial::of(&format!("{SILENT}tokens = [{{ token = \"{token}\" }}]\n")).warnings()
    };
    assert_eq!(with(512), "");
    insta::assert_snapshot!(with(513), @r#"
    warning: `tenants.x.tokens[0].token` is longer than 512 bytes
     --> config.toml:4:21
      |
    4 | tokens = [{ token = "***" }]
      |                     ^^^^^
      |
      = help: Entra ID refuses longer ones in its government clouds
    "#);
}

#[test]
fn tokens_that_come_in_unencrypted_are_warned_of() {
    let with = |more: &str| {
        Trial::of(&format!("{LEAST}[server]\nlisten = \"0.0.0.0:8080\"\n{more}")).warnings()
    };
    assert_eq!(with("forwarded = { trusted = [\"10.0.0.0/8\"] }\n"), "");
    insta::assert_snapshot!(with(""), @r#"
    warning: tokens and people's data come in unencrypted from other machines
     --> config.toml:7:10
      |
    7 | listen = "0.0.0.0:8080"
      |          ^^^^^^^^^^^^^^
      |
      = help: set server.tls; or, behind a proxy that ends TLS, name its network in server.forwarded.trusted
    "#);
}

#[test]
fn an_lms_that_is_spoken_to_unencrypted_is_warned_of() {
    let with = |base: &str| Trial::of(&REAL.replace("https://moodle.example", base)).warnings();
    for near in ["http://localhost/moodle", "http://127.0.0.1:8000", "http://[::1]:8000"] {
        assert_eq!(with(near), "", "{near}");
    }
    insta::assert_snapshot!(with("http://moodle.example"), @r#"
    warning: the LMS is spoken to unencrypted, its token included
     --> config.toml:5:12
      |
    5 | base_url = "http://moodle.example"
      |            ^^^^^^^^^^^^^^^^^^^^^^^
      |
      = help: write its address with https://
    "#);
}

#[test]
fn patience_that_outlasts_the_request_is_warned_of() {
    let text = LEAST.replace("sandbox", "patience = \"1m\"\nsandbox");
    insta::assert_snapshot!(Trial::of(&text).warnings(), @r#"
    warning: `tenants.demo.patience` does not end before `server.deadline`
     --> config.toml:3:12
      |
    3 | patience = "1m"
      |            ^^^^
      |
      = help: give requests more time than the LMS: clients are told why only so
    "#);
}

#[test]
fn a_variable_with_one_underscore_too_few_is_warned_of() {
    let trial = Trial::of(LEAST).variable("MATRICULA_SERVER_LISTEN", "127.0.0.1:1");
    insta::assert_snapshot!(trial.warnings(), @"
    warning: this variable is no setting, and is not read
    --> environment variable MATRICULA_SERVER_LISTEN
     = help: did you mean `MATRICULA_SERVER__LISTEN`?
    ");
}

#[test]
fn a_variable_that_a_secret_names_is_no_misspelt_setting() {
    let text = format!("{SILENT}tokens = [{{ token = {{ env = \"MATRICULA_TENANTS_X\" }} }}]\n");
    let trial = Trial::of(&text).variable("MATRICULA_TENANTS_X", "0123456789abcdef0123456789");
    assert_eq!(trial.warnings(), "");
}
