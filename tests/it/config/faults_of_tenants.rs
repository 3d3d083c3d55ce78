//! Mistakes of tenants, one each.

use super::support::{REAL, told};

#[test]
fn no_tenant_is_told() {
    insta::assert_snapshot!(told("", "[server]\n"), @r#"
    error: there is no tenant, so nobody would be served
     |
     = help: add [tenants.NAME] with mapping = "moodle"; `matricula demo` needs no settings
    "#);
}

#[test]
fn a_name_that_is_no_label_is_told() {
    insta::assert_snapshot!(told("", r#"[tenants.Demo_1]
mapping = "moodle"
sandbox = true
tokens = [{ token = "0123456789abcdef0123456789" }]"#), @"
    error: `Demo_1` is no name for a tenant
     --> config.toml:1:10
      |
    1 | [tenants.Demo_1]
      |          ^^^^^^
      |
      = help: a name has 1 to 40 of a-z, 0-9 and -: it stands in paths and metrics; `title` may be anything
    ");
}

#[test]
fn no_mapping_is_told() {
    insta::assert_snapshot!(told("", r#"[tenants.demo]
sandbox = true
tokens = [{ token = "0123456789abcdef0123456789" }]"#), @r#"
    error: `tenants.demo` has no `mapping`
     --> config.toml:1:10
      |
    1 | [tenants.demo]
      |          ^^^^
      |
      = help: add mapping = "moodle", or the file of a mapping of your own
    "#);
}

#[test]
fn a_mapping_that_does_not_ship_is_told() {
    insta::assert_snapshot!(told("", r#"[tenants.demo]
mapping = "moodel"
sandbox = true
tokens = [{ token = "0123456789abcdef0123456789" }]"#), @r#"
    error: no mapping `moodel` ships
     --> config.toml:2:11
      |
    2 | mapping = "moodel"
      |           ^^^^^^^^
      |
      = help: did you mean `moodle`? One of your own is named by its file: "./moodel.toml"
    "#);
}

#[test]
fn a_mapping_file_that_is_not_there_is_told() {
    insta::assert_snapshot!(told("", r#"[tenants.demo]
mapping = "mine.toml"
sandbox = true
tokens = [{ token = "0123456789abcdef0123456789" }]"#), @r#"
    error: the mapping `mine.toml` cannot be read: No such file or directory (os error 2)
     --> config.toml:2:11
      |
    2 | mapping = "mine.toml"
      |           ^^^^^^^^^^^
      |
      = help: paths are relative to the configuration file
    "#);
}

#[test]
fn a_path_with_a_slash_at_its_end_is_told() {
    insta::assert_snapshot!(told("", r#"[tenants.demo]
mapping = "moodle"
sandbox = true
tokens = [{ token = "0123456789abcdef0123456789" }]
[tenants.other]
mapping = "moodle"
sandbox = true
path = "/other/"
tokens = [{ token = "0123456789abcdef0123456789" }]
"#), @r#"
    error: `tenants.other.path` ends with a slash
     --> config.toml:8:8
      |
    8 | path = "/other/"
      |        ^^^^^^^^^
      |
      = help: write it as in "/school/scim/v2"
    "#);
}

#[test]
fn one_path_for_two_is_told() {
    insta::assert_snapshot!(told("", r#"[tenants.demo]
mapping = "moodle"
sandbox = true
tokens = [{ token = "0123456789abcdef0123456789" }]
[tenants.other]
mapping = "moodle"
sandbox = true
path = "/demo/scim/v2"
tokens = [{ token = "0123456789abcdef0123456789" }]
"#), @r#"
    error: `tenants.other` and `tenants.demo` are both at `/demo/scim/v2`
     --> config.toml:8:8
      |
    8 | path = "/demo/scim/v2"
      |        ^^^^^^^^^^^^^^^
      |
      = help: give each a path of its own, neither the beginning of the other
    "#);
}

#[test]
fn a_path_below_another_is_told() {
    insta::assert_snapshot!(told("", r#"[tenants.demo]
mapping = "moodle"
sandbox = true
tokens = [{ token = "0123456789abcdef0123456789" }]
[tenants.other]
mapping = "moodle"
sandbox = true
path = "/demo"
tokens = [{ token = "0123456789abcdef0123456789" }]
"#), @r#"
    error: `/demo` of `tenants.other` and `/demo/scim/v2` of `tenants.demo` lie one below the other
     --> config.toml:8:8
      |
    8 | path = "/demo"
      |        ^^^^^^^
      |
      = help: give each a path of its own, neither the beginning of the other
    "#);
}

#[test]
fn settings_that_the_mapping_needs_is_told() {
    insta::assert_snapshot!(told("", r#"[tenants.demo]
mapping = "moodle"
tokens = [{ token = "0123456789abcdef0123456789" }]"#), @"
    error: `tenants.demo.lms` has no `base_url`, which the mapping needs
     --> config.toml:1:10
      |
    1 | [tenants.demo]
      |          ^^^^
      |
      = help: base_url: address of the site, as in https://moodle.school.example

    error: `tenants.demo.lms` has no `token`, which the mapping needs
     --> config.toml:1:10
      |
    1 | [tenants.demo]
      |          ^^^^
      |
      = help: token: web service token of the service account
    ");
}

#[test]
fn a_setting_the_mapping_does_not_have_is_told() {
    insta::assert_snapshot!(told(REAL, r#"langauges = ["en"]
"#), @r#"
    error: the mapping has no setting `langauges`
     --> config.toml:7:1
      |
    7 | langauges = ["***"]
      | ^^^^^^^^^
      |
      = help: did you mean `languages`?
    "#);
}

#[test]
fn a_value_the_setting_cannot_have_is_told() {
    insta::assert_snapshot!(told(REAL, r#"external_id = "idnumbr"
"#), @r#"
    error: `tenants.x.lms.external_id` is none of the values it can have
     --> config.toml:7:15
      |
    7 | external_id = "idnumbr"
      |               ^^^^^^^^^
      |
      = help: one of "idnumber", ""
    "#);
}

#[test]
fn a_setting_of_the_wrong_kind_is_told() {
    insta::assert_snapshot!(told(REAL, r#"batch = "many"
"#), @r#"
    error: `tenants.x.lms.batch` is a number, this is a text
     --> config.toml:7:9
      |
    7 | batch = "many"
      |         ^^^^^^
      |
      = help: records per call; lower it when PHP's max_input_vars is below 1000
    "#);
}

#[test]
fn an_lms_without_an_address_is_told() {
    insta::assert_snapshot!(told("", r#"[tenants.x]
mapping = "moodle"
tokens = [{ token = "0123456789abcdef0123456789" }]
[tenants.x.lms]
base_url = "moodle.example"
token = "hunter2hunter2"
"#), @r#"
    error: the LMS cannot be reached: `moodle.example` is no address: write https://host/path
     --> config.toml:5:12
      |
    5 | base_url = "moodle.example"
      |            ^^^^^^^^^^^^^^^^
      |
      = help: an address has a scheme and a host, and no `?`
    "#);
}

#[test]
fn a_sandbox_with_an_address_is_told() {
    insta::assert_snapshot!(told("", r#"[tenants.demo]
mapping = "moodle"
sandbox = true
tokens = [{ token = "0123456789abcdef0123456789" }]
lms = { base_url = "https://moodle.example" }
"#), @r#"
    error: a sandbox brings its own `base_url`
     --> config.toml:5:9
      |
    5 | lms = { base_url = "https://moodle.example" }
      |         ^^^^^^^^
      |
      = help: take it away, or take `sandbox = true` away
    "#);
}

#[test]
fn a_backend_the_mapping_does_not_have_is_told() {
    insta::assert_snapshot!(told(REAL, "[tenants.x.backends.mian]\nqueue = 1\n"), @"
    error: the mapping has no backend `mian`
     --> config.toml:7:21
      |
    7 | [tenants.x.backends.mian]
      |                     ^^^^
      |
      = help: did you mean `main`?
    ");
}

#[test]
fn an_attempt_longer_than_the_whole_is_told() {
    insta::assert_snapshot!(told(REAL, r#"[tenants.x.backend]
timeouts = { attempt = "40s", whole = "20s" }
"#), @r#"
    error: an attempt would take longer than all attempts together
     --> config.toml:8:1
      |
    8 | timeouts = { attempt = "40s", whole = "20s" }
      | ^^^^^^^^
      |
      = help: lower `attempt`, or raise `whole`
    "#);
}

#[test]
fn a_rate_without_a_span_is_told() {
    insta::assert_snapshot!(told(REAL, "[[tenants.x.backend.rates]]\ncalls = 100\n"), @"
    error: `tenants.x.backend.rates[0]` has no `within`
     --> config.toml:7:1
      |
    7 | [[tenants.x.backend.rates]]
      | ^^^^^^^^^^^^^^^^^^^^^^^^^^^
      |
      = help: add `within`
    ");
}

#[test]
fn authorities_that_are_not_there_is_told() {
    insta::assert_snapshot!(told(REAL, r#"[tenants.x.backend]
ca = "campus.pem"
"#), @r#"
    error: the CA file `campus.pem` cannot be read: No such file or directory (os error 2)
     --> config.toml:8:6
      |
    8 | ca = "campus.pem"
      |      ^^^^^^^^^^^^
      |
      = help: a PEM file with a line `-----BEGIN CERTIFICATE-----`; paths are relative to the configuration file
    "#);
}
