//! Mistakes in the sections of the process, one each: the message alone has to tell
//! a person how to mend it.

use super::support::{LEAST, told};

#[test]
fn an_unknown_section_is_told() {
    insta::assert_snapshot!(told(LEAST, "[serve]\n"), @"
    error: there is no setting `serve`
     --> config.toml:6:2
      |
    6 | [serve]
      |  ^^^^^ unknown key
      |
      = help: did you mean `server`?
    ");
}

#[test]
fn an_unknown_key_is_told() {
    insta::assert_snapshot!(told(LEAST, r#"[server]
lisen = "127.0.0.1:80"
"#), @r#"
    error: there is no setting `server.lisen`
     --> config.toml:7:1
      |
    7 | lisen = "***"
      | ^^^^^ unknown key
      |
      = help: did you mean `listen`?
    "#);
}

#[test]
fn a_section_that_is_none_is_told() {
    insta::assert_snapshot!(told("", r#"server = 8080
[tenants.demo]
mapping = "moodle"
sandbox = true
tokens = [{ token = "0123456789abcdef0123456789" }]

"#), @"
    error: `server` is a table, this is a number
     --> config.toml:1:10
      |
    1 | server = 8080
      |          ^^^^ expected a table
    ");
}

#[test]
fn a_word_for_a_truth_is_told() {
    insta::assert_snapshot!(told(LEAST, r#"[server]
compress = "yes"
"#), @r#"
    error: `server.compress` is true or false, this is a text
     --> config.toml:7:12
      |
    7 | compress = "yes"
      |            ^^^^^ expected true or false
    "#);
}

#[test]
fn an_address_without_a_number_is_told() {
    insta::assert_snapshot!(told(LEAST, r#"[server]
listen = "localhost:8080"
"#), @r#"
    error: `server.listen`: `localhost:8080` is no address with a port
     --> config.toml:7:10
      |
    7 | listen = "localhost:8080"
      |          ^^^^^^^^^^^^^^^^
      |
      = help: write it as in "127.0.0.1:8080", or "[::]:8080" for every address
    "#);
}

#[test]
fn a_time_without_a_unit_is_told() {
    insta::assert_snapshot!(told(LEAST, "[server]\ndeadline = 55\n"), @r#"
    error: `server.deadline`: `55` is no span of time
     --> config.toml:7:12
      |
    7 | deadline = 55
      |            ^^
      |
      = help: write a number with its unit, as in "30s", "5m" or "250ms"
    "#);
}

#[test]
fn a_time_of_nothing_is_told() {
    insta::assert_snapshot!(told(LEAST, r#"[server]
deadline = "0s"
"#), @r#"
    error: `server.deadline`: this is no time at all
     --> config.toml:7:12
      |
    7 | deadline = "0s"
      |            ^^^^
      |
      = help: write at least "1ms"
    "#);
}

#[test]
fn a_time_that_goes_backwards_is_told() {
    insta::assert_snapshot!(told(LEAST, r#"[cache]
fresh = "-1s"
"#), @r#"
    error: `cache.fresh`: `-1s` goes backwards
     --> config.toml:7:9
      |
    7 | fresh = "-1s"
      |         ^^^^^
      |
      = help: write it without a minus
    "#);
}

#[test]
fn a_size_of_apples_is_told() {
    insta::assert_snapshot!(told(LEAST, r#"[server]
body = "4 apples"
"#), @r#"
    error: `server.body`: `4 apples` is no number of bytes
     --> config.toml:7:8
      |
    7 | body = "4 apples"
      |        ^^^^^^^^^^
      |
      = help: write it as in "4MiB", "512KiB" or 4194304
    "#);
}

#[test]
fn a_count_of_nothing_is_told() {
    insta::assert_snapshot!(told(LEAST, "[server]\nconcurrency = 0\n"), @"
    error: `server.concurrency`: with 0 nothing could be done
     --> config.toml:7:15
      |
    7 | concurrency = 0
      |               ^
      |
      = help: write 1 or more
    ");
}

#[test]
fn a_number_too_large_is_told() {
    insta::assert_snapshot!(told(LEAST, "[server.limits]\nstreams = 70000000000\n"), @"
    error: `server.limits.streams` cannot have this value
     --> config.toml:7:11
      |
    7 | streams = 70000000000
      |           ^^^^^^^^^^^ expected a whole number from 0 to 4294967295
    ");
}

#[test]
fn a_limit_that_shuts_everybody_out_is_told() {
    insta::assert_snapshot!(told(LEAST, "[server.limits]\nconnections = 0\nheader_bytes = 100\n"), @"
    error: `server.limits.connections`: with 0 nobody could be served
     --> config.toml:7:15
      |
    7 | connections = 0
      |               ^
      |
      = help: write 1 or more

    error: `server.limits.header_bytes` is less than 8192, which a token can take alone
     --> config.toml:8:16
      |
    8 | header_bytes = 100
      |                ^^^
      |
      = help: write 8192 or more; the default is 32768
    ");
}

#[test]
fn a_network_that_is_none_is_told() {
    insta::assert_snapshot!(told(LEAST, r#"[server]
proxy_protocol = ["10.0.0.0/8", "lan", "10.0.0.0/99"]
"#), @r#"
    error: `server.proxy_protocol[1]` is no network
     --> config.toml:7:33
      |
    7 | proxy_protocol = ["10.0.0.0/8", "lan", "10.0.0.0/99"]
      |                                 ^^^^^
      |
      = help: write a network as 10.0.0.0/8 or fd00::/8, one machine as 10.1.2.3/32

    error: `server.proxy_protocol[2]` is no network
     --> config.toml:7:40
      |
    7 | proxy_protocol = ["10.0.0.0/8", "lan", "10.0.0.0/99"]
      |                                        ^^^^^^^^^^^^^
      |
      = help: write a network as 10.0.0.0/8 or fd00::/8, one machine as 10.1.2.3/32
    "#);
}

#[test]
fn a_header_nobody_writes_is_told() {
    insta::assert_snapshot!(told(LEAST, r#"[server.forwarded]
header = "x-real-ip"
"#), @r#"
    error: `server.forwarded.header` cannot be `x-real-ip`
     --> config.toml:7:10
      |
    7 | header = "x-real-ip"
      |          ^^^^^^^^^^^ unknown word
      |
      = help: known here: forwarded, x-forwarded-for
    "#);
}

#[test]
fn a_certificate_half_named_is_told() {
    insta::assert_snapshot!(told(LEAST, "[server.tls]\nclients = { required = true }\n"), @"
    error: `server.tls` has no `certificate`
     --> config.toml:6:9
      |
    6 | [server.tls]
      |         ^^^
      |
      = help: add `certificate`

    error: `server.tls` has no `key`
     --> config.toml:6:9
      |
    6 | [server.tls]
      |         ^^^
      |
      = help: add `key`

    error: `server.tls.clients` has no `authorities`
     --> config.toml:7:1
      |
    7 | clients = { required = true }
      | ^^^^^^^
      |
      = help: add `authorities`
    ");
}

#[test]
fn a_certificate_that_is_not_there_is_told() {
    insta::assert_snapshot!(told(LEAST, r#"[server.tls]
certificate = "full.pem"
key = "key.pem"
"#), @"
    error: full.pem: cannot be read: No such file or directory (os error 2)
     --> config.toml:6:9
      |
    6 | [server.tls]
      |         ^^^
      |
      = help: certificate and key are PEM files; paths are relative to the configuration file
    ");
}

#[test]
fn a_public_address_with_a_path_is_told() {
    insta::assert_snapshot!(told(LEAST, r#"[server]
public_url = "https://school.example/scim"
"#), @r#"
    error: `server.public_url` is no address without a path
     --> config.toml:7:14
      |
    7 | public_url = "https://school.example/scim"
      |              ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
      |
      = help: write it as in "https://scim.example"; each tenant adds its path
    "#);
}

#[test]
fn operators_door_left_open_is_told() {
    insta::assert_snapshot!(told(LEAST, r#"[admin]
listen = "0.0.0.0:9090"
"#), @r#"
    error: `admin`: 0.0.0.0:9090 can be reached from elsewhere, so operators need a token
     --> config.toml:7:10
      |
    7 | listen = "0.0.0.0:9090"
      |          ^^^^^^^^^^^^^^
      |
      = help: set a token, or listen on 127.0.0.1
    "#);
}

#[test]
fn two_listeners_at_one_address_is_told() {
    insta::assert_snapshot!(told(LEAST, r#"[admin]
listen = "127.0.0.1:8080"
"#), @r#"
    error: `admin.listen` and `server.listen` are both 127.0.0.1:8080
     --> config.toml:7:10
      |
    7 | listen = "127.0.0.1:8080"
      |          ^^^^^^^^^^^^^^^^
      |
      = help: give each a port of its own
    "#);
}

#[test]
fn an_operators_token_one_can_guess_is_told() {
    insta::assert_snapshot!(told(LEAST, r#"[admin]
token = "hunter2"
"#), @r#"
    error: `admin`: the token is shorter than 16 characters
     --> config.toml:7:9
      |
    7 | token = "***"
      |         ^^^^^
      |
      = help: `openssl rand -hex 32` makes a good one
    "#);
}

#[test]
fn a_log_format_nobody_knows_is_told() {
    insta::assert_snapshot!(told(LEAST, r#"[log]
format = "josn"
"#), @r#"
    error: `log.format` cannot be `josn`
     --> config.toml:7:10
      |
    7 | format = "josn"
      |          ^^^^^^ unknown word
      |
      = help: did you mean `json`?
    "#);
}

#[test]
fn a_level_that_is_none_is_told() {
    insta::assert_snapshot!(told(LEAST, r#"[log]
filter = "info,matricula::backend=loud"
"#), @r#"
    error: `log.filter`: `loud` is no level
     --> config.toml:7:10
      |
    7 | filter = "info,matricula::backend=loud"
      |          ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
      |
      = help: levels are off, error, warn, info, debug, trace; with exceptions: "info,matricula::backend=debug"
    "#);
}

#[test]
fn a_file_that_is_no_toml_is_told() {
    insta::assert_snapshot!(told("", r#"[admin]
token = "hunter2hunter2hunter2
[tenants.demo
mapping = moodle
"#), @r#"
    error: this is not TOML: invalid basic string, expected `"`
     --> config.toml:2:12
      |
    2 | token = ***
      |            ^
      |
      = help: look for a bracket, brace or quote that is missing here or just above

    error: this is not TOML: unclosed table, expected `]`
     --> config.toml:3:14
      |
    3 | [tenants.demo
      |              ^
      |
      = help: look for a bracket, brace or quote that is missing here or just above
    "#);
}
