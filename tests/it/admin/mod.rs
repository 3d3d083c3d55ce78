//! The operators' face, asked without a socket.

mod access;
mod health;
mod metrics;
mod orders;
mod reload;
mod socket;

use http::{HeaderMap, Method, StatusCode};
use http_body_util::BodyExt;
use matricula::admin::{Breaker, Errand, Gateway, Lock, Order, Reply, TenantHealth, Told, service};
use matricula::secret::Secret;
use matricula::server::{Body, Request, Service, Shutdown};
use prometheus::Registry;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Semaphore, watch};
use tokio::time::timeout;
use tower::ServiceExt;

pub(super) const TOKEN: &str = "a-token-of-some-length";

/// A gateway that says what it is told to say, when it is told to.
pub(super) struct Scripted {
    pub(super) health: Vec<TenantHealth>,
    pub(super) reload: Result<Vec<String>, Vec<String>>,
    /// One permit lets one question go on.
    pub(super) go: Semaphore,
    pub(super) asked: watch::Sender<usize>,
    pub(super) answered: watch::Sender<usize>,
}

impl Default for Scripted {
    fn default() -> Self {
        Self {
            health: vec![healthy("demo")],
            reload: Ok(Vec::new()),
            go: Semaphore::new(1000),
            asked: watch::Sender::new(0),
            answered: watch::Sender::new(0),
        }
    }
}

impl Scripted {
    /// It answers nothing before `go` has permits.
    pub(super) fn held() -> Self {
        Self { go: Semaphore::new(0), ..Self::default() }
    }

    async fn turn(&self) {
        self.asked.send_modify(|times| *times += 1);
        self.go.acquire().await.unwrap().forget();
        self.answered.send_modify(|times| *times += 1);
    }
}

impl Gateway for Scripted {
    async fn health(&self) -> Vec<TenantHealth> {
        self.turn().await;
        self.health.clone()
    }

    async fn order(&self, tenant: &str, order: Order) -> Reply {
        self.turn().await;
        (StatusCode::OK, serde_json::json!({ "tenant": tenant, "order": format!("{order:?}") }))
    }

    async fn pending(&self, tenant: &str, errand: Errand) -> Told {
        self.turn().await;
        Some(Ok(serde_json::json!({ "tenant": tenant, "errand": format!("{errand:?}") })))
    }

    async fn reload(&self) -> Result<Vec<String>, Vec<String>> {
        self.turn().await;
        self.reload.clone()
    }
}

/// Waits until it has happened that often; the clock stands, so that never is soon.
pub(super) async fn counted(counter: &watch::Sender<usize>, times: usize) {
    let mut counter = counter.subscribe();
    let reached = counter.wait_for(|count| *count >= times);
    timeout(Duration::from_mins(1), reached).await.unwrap().unwrap();
}

pub(super) fn healthy(tenant: &str) -> TenantHealth {
    TenantHealth {
        tenant: tenant.to_owned(),
        reachable: Some(true),
        breaker: Breaker::Closed,
        last_success: None,
        last_failure: None,
    }
}

/// The face with everything behind it.
pub(super) struct Operators {
    service: Service,
    pub(super) gateway: Arc<Scripted>,
    pub(super) registry: Registry,
    pub(super) shutdown: Shutdown,
}

pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) text: String,
}

impl Answer {
    pub(super) fn json(&self) -> serde_json::Value {
        assert_eq!(self.header("content-type"), "application/json");
        serde_json::from_str(&self.text).unwrap()
    }

    pub(super) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

impl Operators {
    pub(super) fn of(gateway: Scripted) -> Self {
        Self::with(gateway, None)
    }

    pub(super) fn locked() -> Self {
        Self::with(Scripted::default(), Some(TOKEN))
    }

    fn with(gateway: Scripted, token: Option<&str>) -> Self {
        let (gateway, registry, shutdown) = (Arc::new(gateway), Registry::new(), Shutdown::new());
        let lock = Arc::new(Lock::new(token.map(Secret::new).as_ref()));
        let service = service(lock, Arc::clone(&gateway), registry.clone(), shutdown.clone());
        Self { service, gateway, registry, shutdown }
    }

    pub(super) async fn get(&self, path: &str) -> Answer {
        self.ask(Method::GET, path, &[]).await
    }

    pub(super) async fn ask(&self, method: Method, path: &str, headers: &[(&str, &str)]) -> Answer {
        let mut request = http::Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request.body(Body::empty()).unwrap()).await
    }

    pub(super) async fn send(&self, request: Request) -> Answer {
        let (parts, body) = self.service.clone().oneshot(request).await.unwrap().into_parts();
        let text = String::from_utf8(body.collect().await.unwrap().to_bytes().into()).unwrap();
        Answer { status: parts.status, headers: parts.headers, text }
    }
}
