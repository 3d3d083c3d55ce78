//! What all rooms tell Prometheus, held against its conventions: here by what
//! can be seen of a family, and by `promtool check metrics` where the variable
//! `MATRICULA_EXPOSITION` names a file for the text.

use matricula::{admin, server};
use prometheus::proto::{MetricFamily, MetricType};
use prometheus::{Registry, TextEncoder};

/// Every room's metrics, each touched: a family without a child is not shown.
async fn registry() -> Registry {
    let registry = crate::backend::metrics::registry_of_a_bad_day().await;
    server::Metrics::register(&registry).unwrap().listener("scim");
    admin::register(&registry).unwrap();
    registry
}

/// The same of a gateway that has been asked for something.
#[tokio::test]
async fn a_gateway_at_work_tells_it_by_the_conventions() {
    let house = crate::gateway::House::open().await;
    assert_eq!(house.find("Users", r#"userName eq "nobody""#).await.status, 200);
    let families = house.registry.gather();
    let faults: Vec<String> = families.iter().flat_map(faults).collect();
    assert!(faults.is_empty(), "{faults:#?}");
    for begin in ["matricula_scim_", "matricula_operation", "matricula_cache_"] {
        let told = families.iter().filter(|it| it.name().starts_with(begin)).count();
        assert!(told > 1, "{begin}: {told}");
    }
}

#[tokio::test(start_paused = true)]
async fn every_metric_of_every_room_keeps_to_the_conventions() {
    let families = registry().await.gather();
    let faults: Vec<String> = families.iter().flat_map(faults).collect();
    assert!(faults.is_empty(), "{faults:#?}");
    let of = |begin: &str| families.iter().filter(|it| it.name().starts_with(begin)).count();
    assert_eq!(
        (of("matricula_lms_"), of("matricula_server_"), of("matricula_build_"), of("process_")),
        (12, 6, 1, 7)
    );
    write_down(&families);
}

fn faults(family: &MetricFamily) -> Vec<String> {
    let (name, kind) = (family.name(), family.get_field_type());
    let is_plain = |word: &str| word.chars().all(|c| c.is_ascii_lowercase() || c == '_');
    let mut labels = family.get_metric().iter().flat_map(prometheus::proto::Metric::get_label);
    let mut faults = Vec::new();
    let mut expect = |is_so: bool, what: &str| {
        if !is_so {
            faults.push(format!("{name}: {what}"));
        }
    };
    let prefixed = name.starts_with("matricula_") || name.starts_with("process_");
    expect(prefixed && is_plain(name), "is no name of ours");
    expect(family.help().ends_with('.'), "its help is no sentence");
    expect((kind == MetricType::COUNTER) == name.ends_with("_total"), "counters end in _total");
    let measured =
        ["_seconds", "_bytes", "_calls", "_lookups"].iter().any(|unit| name.ends_with(unit));
    expect(kind != MetricType::HISTOGRAM || measured, "a histogram has a unit");
    let odd = ["_ms", "_milliseconds", "_minutes", "_kilobytes", "_percent"];
    expect(!odd.iter().any(|unit| name.contains(unit)), "seconds and bytes are the units");
    expect(labels.all(|label| is_plain(label.name())), "a label is no plain word");
    faults
}

#[test]
fn the_checker_sees_what_is_wrong() {
    let (count, wait) = ("matricula_calls_count", "matricula_wait_ms");
    let counter = prometheus::IntCounter::new(count, "Calls.").unwrap();
    let gauge = prometheus::Gauge::new(wait, "how long").unwrap();
    let faults_of = |it: &dyn prometheus::core::Collector| faults(&it.collect()[0]);
    assert_eq!(faults_of(&counter), ["matricula_calls_count: counters end in _total"]);
    assert_eq!(faults_of(&gauge).len(), 2);
}

/// For promtool, when it is there.
fn write_down(families: &[MetricFamily]) {
    #[expect(clippy::disallowed_methods, reason = "for a tool beside the tests, not for us")]
    let Ok(file) = std::env::var("MATRICULA_EXPOSITION") else { return };
    let text = TextEncoder::new().encode_to_string(families).unwrap();
    std::fs::write(file, text).unwrap();
}
