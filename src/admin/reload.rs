//! Reloading on an operator's word.

use super::Gateway;
use super::answer::{self, Answer};
use http::{HeaderMap, StatusCode};
use serde_json::json;
use std::sync::Arc;
use tokio::sync::Mutex;

/// Reloads, one after another.
pub(super) struct Reloads<G> {
    gateway: Arc<G>,
    turn: Arc<Mutex<()>>,
}

impl<G: Gateway> Reloads<G> {
    pub(super) fn new(gateway: Arc<G>) -> Self {
        Self { gateway, turn: Arc::default() }
    }

    /// Whoever leaves while waiting takes the wish away; what has begun is
    /// finished, for half a reload is none.
    pub(super) async fn reload(&self, headers: &HeaderMap) -> Answer {
        let turn = Arc::clone(&self.turn).lock_owned().await;
        let gateway = Arc::clone(&self.gateway);
        let reload = tokio::spawn(async move {
            let outcome = gateway.reload().await;
            drop(turn);
            outcome
        });
        match reload.await {
            Ok(Ok(changes)) => done(headers, &changes),
            Ok(Err(faults)) => refused(headers, &faults),
            Err(_) => {
                let words = "the reload failed in itself; what ran before goes on";
                answer::refusal(StatusCode::INTERNAL_SERVER_ERROR, headers, words)
            }
        }
    }
}

fn done(headers: &HeaderMap, changes: &[String]) -> Answer {
    if answer::prefers_json(headers) {
        return answer::json(StatusCode::OK, &json!({ "reloaded": true, "changes": changes }));
    }
    let lines =
        if changes.is_empty() { "nothing has changed".to_owned() } else { changes.join("\n") };
    answer::text(StatusCode::OK, format!("reloaded\n{lines}\n"))
}

fn refused(headers: &HeaderMap, faults: &[String]) -> Answer {
    let status = StatusCode::UNPROCESSABLE_ENTITY;
    if answer::prefers_json(headers) {
        return answer::json(status, &json!({ "reloaded": false, "faults": faults }));
    }
    let lines = faults.join("\n\n");
    answer::text(status, format!("not reloaded; what ran before goes on\n\n{lines}\n"))
}
