//! From a request to its page, and who is turned away before.

use super::access::Lock;
use super::answer::{self, Answer};
use super::api::{self, Place};
use super::health::Checks;
use super::page::{self, Page};
use super::refusal::Refusal;
use super::reload::Reloads;
use super::{Gateway, desk, health};
use crate::server::{Request, Response, Shutdown};
use http::header::ORIGIN;
use http::{HeaderMap, HeaderName, StatusCode};
use http_body::Body;
use prometheus::{Registry, TextEncoder};
use std::sync::Arc;

/// Everything a page needs.
pub(super) struct Face<G> {
    lock: Arc<Lock>,
    checks: Checks<G>,
    reloads: Reloads<G>,
    gateway: Arc<G>,
    registry: Registry,
    shutdown: Shutdown,
}

/// No page reads a body; a small one is overlooked, since some clients send `{}`.
const LONGEST_BODY: u64 = 16 * 1024;

impl<G: Gateway> Face<G> {
    pub(super) fn new(
        lock: Arc<Lock>,
        gateway: Arc<G>,
        registry: Registry,
        shutdown: Shutdown,
    ) -> Self {
        Self {
            lock,
            checks: Checks::new(Arc::clone(&gateway)),
            reloads: Reloads::new(Arc::clone(&gateway)),
            gateway,
            registry,
            shutdown,
        }
    }

    pub(super) async fn answer(&self, request: Request) -> Response {
        let path = request.uri().path();
        if path.starts_with("/api/") && desk::tenant_at(path).is_none() {
            let answer = match self.admit_order(&request) {
                Ok(place) => api::answer(Arc::clone(&self.gateway), place, request).await,
                Err(refusal) => refusal.answer(&request),
            };
            return answer::send(answer);
        }
        let answer = match self.admit(&request) {
            Ok(page) => self.show(page, &request).await,
            Err(refusal) => refusal.answer(&request),
        };
        answer::send(answer)
    }

    /// The token comes first: who does not have it learns nothing of the pages.
    fn admit(&self, request: &Request) -> Result<Page, Refusal> {
        let page = Page::at(request.uri().path());
        if !page.is_some_and(Page::is_for_probes) && !self.lock.opens(request.headers()) {
            return Err(Refusal::Token);
        }
        let page = page.ok_or(Refusal::Unknown)?;
        if !page.takes(request.method()) {
            return Err(Refusal::Method(page));
        }
        if !request.method().is_safe() && is_from_a_page_elsewhere(request.headers()) {
            return Err(Refusal::Browser);
        }
        if request.body().size_hint().lower() > LONGEST_BODY {
            return Err(Refusal::Body);
        }
        Ok(page)
    }

    /// The same for orders. They hand out tokens, so without an operators' token nobody
    /// gives one: whoever reaches the address could.
    fn admit_order(&self, request: &Request) -> Result<Place, Refusal> {
        if !self.lock.is_there() {
            return Err(Refusal::Open);
        }
        if !self.lock.opens(request.headers()) {
            return Err(Refusal::Token);
        }
        let place = Place::at(request.uri().path()).ok_or(Refusal::Unknown)?;
        if !place.takes(request.method()) {
            return Err(Refusal::Order(place));
        }
        if is_from_a_page_elsewhere(request.headers()) {
            return Err(Refusal::Browser);
        }
        Ok(place)
    }

    async fn show(&self, page: Page, request: &Request) -> Answer {
        match page {
            Page::Index => answer::text(StatusCode::OK, page::index()),
            Page::Live => answer::text(StatusCode::OK, "live\n"),
            Page::Ready => self.readiness(request).await,
            Page::Metrics => self.metrics(request).await,
            Page::Reload => self.reloads.reload(request.headers()).await,
            Page::Pending | Page::Apply => desk::answer(&*self.gateway, request).await,
        }
    }

    async fn readiness(&self, request: &Request) -> Answer {
        let phase = self.shutdown.phase();
        // Why an LMS is silent concerns those who hold the token.
        let known = if self.lock.opens(request.headers()) {
            Some(self.checks.report().await)
        } else {
            None
        };
        health::readiness(phase, known.as_ref())
    }

    /// Off the request path: the kernel's account of our descriptors takes
    /// longer the more of them there are.
    async fn metrics(&self, request: &Request) -> Answer {
        let registry = self.registry.clone();
        let encode = move || TextEncoder::new().encode_to_string(&registry.gather());
        let fault = match tokio::task::spawn_blocking(encode).await {
            Ok(Ok(text)) => return answer::exposition(text),
            Ok(Err(fault)) => fault.to_string(),
            Err(fault) => fault.to_string(),
        };
        tracing::error!(error = %fault, "the metrics cannot be written");
        let words = "the metrics cannot be written; the log says why";
        answer::refusal(StatusCode::INTERNAL_SERVER_ERROR, request.headers(), words)
    }
}

/// Browsers let any page send a POST to a loopback address, and say whose it is.
fn is_from_a_page_elsewhere(headers: &HeaderMap) -> bool {
    const SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
    headers.contains_key(ORIGIN) || headers.get(SITE).is_some_and(|site| site != "none")
}
