//! Numbers that nothing could be done with are refused, and the range is told.

use super::support::{LEAST, REAL, Trial};

const HUGE: &str = "9223372036854775807";

#[test]
fn a_number_beyond_what_can_be_counted_is_refused_by_name() {
    let sections = [
        ("server", "concurrency", "100000000"),
        ("server", "bulk_operations", "100000000"),
        ("server", "body", "1024 to 1073741824"),
        ("server.limits", "headers", "1 to 10000"),
        ("store.postgres", "connections", "100000000"),
        ("tenants.x", "page", "100000000"),
        ("tenants.x", "pending", "100000000"),
        ("tenants.x.backend", "concurrency", "100000000"),
        ("tenants.x.backend", "answer", "1024 to 1073741824"),
        ("tenants.x.backend.retry", "attempts", "100000000"),
        ("tenants.x.backend.breaker", "failures", "100000000"),
    ];
    for (section, key, range) in sections {
        let told = Trial::of(REAL).set(&format!("{section}.{key}={HUGE}")).faults();
        assert!(told.contains(&format!("`{section}.{key}`")) && told.contains(range), "{told}");
    }
    let guard = format!("tenants.x.guard={{ removals = {HUGE}, within = \"40m\" }}");
    assert!(Trial::of(REAL).set(&guard).faults().contains("100000000"));
    let rates = format!("tenants.x.backend.rates=[{{ calls = {HUGE}, within = \"60s\" }}]");
    assert!(Trial::of(REAL).set(&rates).faults().contains("100000000"));
}

#[test]
fn a_number_out_of_its_range_is_refused_and_the_ends_are_not() {
    let server = "store.postgres.url=postgres://m@localhost/m";
    for (key, good, bad) in [
        ("server.body", "1024", "0"),
        ("server.body", "1GiB", "1025MiB"),
        ("server.limits.headers", "10000", "10001"),
        ("server.limits.header_bytes", "16777216", "16777217"),
        ("server.deadline", "1ms", "999us"),
        ("store.postgres.connections", "1000", "1001"),
        ("store.postgres.statement", "24h", "25h"),
        ("store.postgres.statement", "1ms", "100us"),
        ("tenants.x.backend.answer", "1024", "0"),
        ("tenants.x.pending", "100000000", "100000001"),
    ] {
        let trial = |value: &str| Trial::of(REAL).set(server).set(&format!("{key}={value}"));
        assert!(trial(good).load().is_ok(), "{key} = {good}: {}", trial(good).faults());
        let told = trial(bad).faults();
        assert!(
            told.contains(&format!("`{key}`")) && told.contains("write"),
            "{key} = {bad}: {told}"
        );
    }
}

#[test]
fn a_body_of_nothing_is_told() {
    let trial = Trial::of(&format!("{LEAST}[server]\nbody = 0\n"));
    insta::assert_snapshot!(trial.faults(), @r"
    error: `server.body` cannot be 0
     --> config.toml:7:8
      |
    7 | body = 0
      |        ^
      |
      = help: write a number from 1024 to 1073741824
    ");
}
