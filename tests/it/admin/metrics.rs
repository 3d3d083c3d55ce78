//! What Prometheus is given.

use super::{Operators, Scripted};
use http::StatusCode;

#[tokio::test]
async fn metrics_are_the_registry_in_the_format_that_they_claim() {
    let operators = Operators::of(Scripted::default());
    matricula::admin::register(&operators.registry).unwrap();
    let answer = operators.get("/metrics").await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.header("content-type"), "text/plain; version=0.0.4; charset=utf-8");
    let version = concat!("version=\"", env!("CARGO_PKG_VERSION"), "\"} 1\n");
    assert!(answer.text.contains("\nmatricula_build_info{"), "{}", answer.text);
    assert!(answer.text.contains(version), "{}", answer.text);
}

#[tokio::test]
async fn the_process_is_measured_anew_at_each_scrape() {
    let operators = Operators::of(Scripted::default());
    matricula::admin::register(&operators.registry).unwrap();
    let resident = async || {
        let text = operators.get("/metrics").await.text;
        let line =
            text.lines().find_map(|line| line.strip_prefix("process_resident_memory_bytes "));
        line.unwrap().parse::<f64>().unwrap()
    };
    let before = resident().await;
    let block = vec![1_u8; 64 * 1024 * 1024];
    let after = resident().await;
    assert!(after - before > 32.0 * 1024.0 * 1024.0, "{before} {after}");
    assert_eq!(block[block.len() - 1], 1);
}
