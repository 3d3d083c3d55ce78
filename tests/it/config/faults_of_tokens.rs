//! Mistakes with tokens and secrets, one each. None shows what may be secret.

use super::support::{SILENT, Trial, told};

#[test]
fn nobody_who_could_speak_is_told_where_no_store_could_know_one() {
    let tenant = "[tenants.x]\nmapping = \"moodle\"\nsandbox = true\n";
    assert_eq!(Trial::of(tenant).warnings(), "");
    insta::assert_snapshot!(told("", &format!("{tenant}[store]\nin_memory = true\n")), @r#"
    error: `tenants.x` has no token, so nobody could speak to it
     --> config.toml:1:10
      |
    1 | [tenants.x]
      |          ^
      |
      = help: add [[tenants.x.tokens]] with token = { env = "NAME" }: a store in memory keeps none
    "#);
}

#[test]
fn a_network_that_is_none_is_told() {
    insta::assert_snapshot!(told(SILENT, r#"from = ["10.0.0.0/8", "campus"]
[[tenants.x.tokens]]
token = "0123456789abcdef0123456789"
"#), @r#"
    error: `tenants.x.from[1]` is no network
     --> config.toml:4:23
      |
    4 | from = ["10.0.0.0/8", "campus"]
      |                       ^^^^^^^^
      |
      = help: write a network as 10.0.0.0/8 or fd00::/8, one machine as 10.1.2.3/32
    "#);
}

#[test]
fn a_token_without_a_secret_is_told() {
    insta::assert_snapshot!(told(SILENT, r#"[[tenants.x.tokens]]
title = "entra"
"#), @r#"
    error: `tenants.x.tokens[0]` has neither `token` nor `sha256`
     --> config.toml:4:1
      |
    4 | [[tenants.x.tokens]]
      | ^^^^^^^^^^^^^^^^^^^^
      |
      = help: add token = { env = "NAME" }, or sha256 = the digest of one
    "#);
}

#[test]
fn a_token_told_twice_is_told() {
    insta::assert_snapshot!(told(SILENT, r#"[[tenants.x.tokens]]
token = "0123456789abcdef0123456789"
sha256 = "0000000000000000000000000000000000000000000000000000000000000000"
"#), @r#"
    error: `tenants.x.tokens[0]` has both `token` and `sha256`
     --> config.toml:6:1
      |
    6 | sha256 = "***"
      | ^^^^^^
      |
      = help: one says all: take the other away
    "#);
}

#[test]
fn a_token_one_can_guess_is_told() {
    insta::assert_snapshot!(told(SILENT, r#"[[tenants.x.tokens]]
token = "hunter2"
"#), @r#"
    error: `tenants.x.tokens[0].token` has less than 20 characters
     --> config.toml:5:9
      |
    5 | token = "***"
      |         ^^^^^
      |
      = help: make one that nobody can guess: openssl rand -base64 32
    "#);
}

#[test]
fn a_token_no_header_can_carry_is_told() {
    insta::assert_snapshot!(told(SILENT, r#"[[tenants.x.tokens]]
token = "hunter2 hunter2 hunter2 hunter2"
"#), @r#"
    error: `tenants.x.tokens[0].token` has characters that no header can carry
     --> config.toml:5:9
      |
    5 | token = "***"
      |         ^^^^^
      |
      = help: letters, digits and signs of ASCII only, no spaces
    "#);
}

#[test]
fn a_digest_that_is_none_is_told() {
    insta::assert_snapshot!(told(SILENT, r#"[[tenants.x.tokens]]
sha256 = "0123"
"#), @r#"
    error: `tenants.x.tokens[0].sha256` is no SHA-256 digest
     --> config.toml:5:10
      |
    5 | sha256 = "***"
      |          ^^^^^
      |
      = help: 64 hexadecimal digits: printf %s "$TOKEN" | sha256sum
    "#);
}

#[test]
fn a_time_that_is_none_is_told() {
    insta::assert_snapshot!(told(SILENT, r#"[[tenants.x.tokens]]
token = "0123456789abcdef0123456789"
expires = "next summer"
"#), @r#"
    error: `tenants.x.tokens[0].expires` is no time
     --> config.toml:6:11
      |
    6 | expires = "next summer"
      |           ^^^^^^^^^^^^^
      |
      = help: write a day as 2027-01-01, or a time as 2027-01-01T08:00:00Z
    "#);
}

#[test]
fn one_token_for_two_is_told() {
    insta::assert_snapshot!(told(SILENT, r#"[[tenants.x.tokens]]
title = "entra"
token = "0123456789abcdef0123456789"
[[tenants.x.tokens]]
title = "okta"
token = "0123456789abcdef0123456789"
"#), @"
    error: `entra` and `okta` are the same token
     --> config.toml:7:1
      |
    7 | [[tenants.x.tokens]]
      | ^^^^^^^^^^^^^^^^^^^^
      |
      = help: give each client a token of its own
    ");
}

#[test]
fn a_token_for_nothing_is_told() {
    insta::assert_snapshot!(told(SILENT, r#"[[tenants.x.tokens]]
token = "0123456789abcdef0123456789"
users = false
groups = false
"#), @"
    error: `tenants.x.tokens[0]` may neither see users nor groups
     --> config.toml:4:1
      |
    4 | [[tenants.x.tokens]]
      | ^^^^^^^^^^^^^^^^^^^^
      |
      = help: leave one of them on
    ");
}

#[test]
fn tokens_that_are_no_list_is_told() {
    insta::assert_snapshot!(told(SILENT, r#"tokens = "hunter2hunter2hunter2"
"#), @r#"
    error: `tenants.x.tokens` is a list
     --> config.toml:4:10
      |
    4 | tokens = "***"
      |          ^^^^^ expected a list
    "#);
}

#[test]
fn a_misspelt_token_on_one_line_is_told() {
    insta::assert_snapshot!(told(SILENT, r#"tokens = [{ tokn = "hunter2hunter2hunter2", titel = "entra" }]
"#), @r#"
    error: there is no setting `tenants.x.tokens[0].tokn`
     --> config.toml:4:13
      |
    4 | tokens = [{ tokn = "***", titel = "***" }]
      |             ^^^^ unknown key
      |
      = help: did you mean `token`?

    error: there is no setting `tenants.x.tokens[0].titel`
     --> config.toml:4:27
      |
    4 | tokens = [{ tokn = "***", titel = "***" }]
      |                           ^^^^^ unknown key
      |
      = help: did you mean `title`?
    "#);
}

#[test]
fn a_variable_that_is_not_set_is_told() {
    insta::assert_snapshot!(told(SILENT, r#"[[tenants.x.tokens]]
token = { env = "ENTRA_TOKEN" }
"#), @r#"
    error: the environment has no variable `ENTRA_TOKEN`
     --> config.toml:5:17
      |
    5 | token = { env = "ENTRA_TOKEN" }
      |                 ^^^^^^^^^^^^^
      |
      = help: set it for the process that runs the gateway; a value that is no UTF-8 counts as not set
    "#);
}

#[test]
fn a_file_that_is_not_there_is_told() {
    insta::assert_snapshot!(told(SILENT, r#"[[tenants.x.tokens]]
token = { file = "entra-token" }
"#), @r#"
    error: the secret in `entra-token` cannot be read: No such file or directory (os error 2)
     --> config.toml:5:18
      |
    5 | token = { file = "entra-token" }
      |                  ^^^^^^^^^^^^^
      |
      = help: paths are relative to the configuration file
    "#);
}

#[test]
fn a_secret_from_two_places_is_told() {
    insta::assert_snapshot!(told(SILENT, r#"[[tenants.x.tokens]]
token = { env = "ENTRA_TOKEN", file = "entra-token" }
"#), @r#"
    error: `tenants.x.tokens[0].token`: a secret comes from one place
     --> config.toml:5:9
      |
    5 | token = { env = "ENTRA_TOKEN", file = "entra-token" }
      |         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
      |
      = help: write either `env` or `file`
    "#);
}

#[test]
fn a_secret_from_nowhere_is_told() {
    insta::assert_snapshot!(told(SILENT, "[[tenants.x.tokens]]\ntoken = {}\n"), @r#"
    error: `tenants.x.tokens[0].token`: nothing says where the secret is
     --> config.toml:5:9
      |
    5 | token = {}
      |         ^^
      |
      = help: write { env = "NAME" } or { file = "path" }
    "#);
}

#[test]
fn a_secret_from_elsewhere_is_told() {
    insta::assert_snapshot!(told(SILENT, r#"[[tenants.x.tokens]]
token = { vault = "hunter2" }
"#), @r#"
    error: there is no setting `tenants.x.tokens[0].token.vault`
     --> config.toml:5:11
      |
    5 | token = { vault = "***" }
      |           ^^^^^ unknown key
      |
      = help: known here: env, file
    "#);
}

#[test]
fn an_empty_secret_is_told() {
    insta::assert_snapshot!(told(SILENT, r#"[[tenants.x.tokens]]
token = ""
"#), @r#"
    error: the secret `tenants.x.tokens[0].token` is empty
     --> config.toml:5:9
      |
    5 | token = ""
      |         ^^
      |
      = help: a secret is some characters long
    "#);
}
