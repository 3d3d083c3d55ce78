//! What Prometheus is told.

use super::login::session;
use super::support::{Lms, fine, gateway, json, read_call, settings};
use matricula::backend::{Access, GrantKind, Limits, Rate, Settings};
use matricula::call::Kind;
use prometheus::Registry;
use serde_json::json;
use std::time::Duration;

/// A login, a failure, a retry, a wait: every family has something to show.
pub(crate) async fn registry_of_a_bad_day() -> Registry {
    let token = json!({ "access_token": "t1", "expires_in": 3600 });
    let lms = Lms::saying(vec![json(200, &token), json(503, &json!({})), fine()]);
    let rates = vec![Rate { calls: 1, span: Duration::from_secs(1) }];
    let settings = Settings { limits: Limits { rates, ..Limits::default() }, ..settings() };
    let access = Access::Session(session(GrantKind::Client));
    let gateway = gateway(&lms, &settings, access);
    gateway.call(&read_call()).await.unwrap();
    gateway.registry.clone()
}

#[tokio::test(start_paused = true)]
async fn a_call_is_counted_once_and_its_attempts_each() {
    let lms = Lms::saying(vec![json(503, &json!({})), fine(), json(404, &json!({}))]);
    let gateway = gateway(&lms, &settings(), Access::Open);
    gateway.call(&read_call()).await.unwrap();
    assert_eq!(gateway.call(&read_call()).await.unwrap_err().kind, Kind::Missing);
    let is = |begins: &str, value: f64| {
        let found = gateway.metric(begins);
        assert!((found - value).abs() < 0.001, "{begins} is {found}");
    };
    let calls = "matricula_lms_calls_total{lms=\"lms\",operation=\"user.test\",outcome=";
    is(&format!("{calls}\"ok\""), 1.0);
    is(&format!("{calls}\"missing\""), 1.0);
    is("matricula_lms_attempts_total{lms=\"lms\",outcome=\"unavailable\"}", 1.0);
    is("matricula_lms_attempts_total{lms=\"lms\",outcome=\"ok\"}", 1.0);
    is("matricula_lms_retries_total{lms=\"lms\",reason=\"unavailable\"}", 1.0);
    is("matricula_lms_call_duration_seconds_count{", 2.0);
    is("matricula_lms_slot_wait_seconds_count{", 3.0);
    is("matricula_lms_retry_budget{", 19.2);
    is("matricula_lms_breaker_state{", 0.0);
}

#[tokio::test(start_paused = true)]
async fn every_metric_has_the_house_s_prefix_a_unit_and_a_sentence() {
    let lms = Lms::saying(vec![fine()]);
    let gateway = gateway(&lms, &settings(), Access::Open);
    gateway.call(&read_call()).await.unwrap();
    let families = gateway.registry.gather();
    assert!(families.len() >= 8);
    for family in families {
        assert!(family.name().starts_with("matricula_lms_"), "{}", family.name());
        assert!(family.help().ends_with('.'), "{}", family.name());
        let counter = family.get_field_type() == prometheus::proto::MetricType::COUNTER;
        assert_eq!(counter, family.name().ends_with("_total"), "{}", family.name());
    }
}
