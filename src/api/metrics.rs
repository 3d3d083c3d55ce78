//! What the SCIM face measures. Labels are tenants, route templates and
//! statuses: never anything that a client can make up.

use std::time::Duration;

use prometheus::{GaugeVec, HistogramOpts, HistogramVec, IntCounterVec, IntGauge, Opts, Registry};

/// The measurements of the SCIM face.
#[derive(Clone, Debug)]
pub struct Metrics {
    requests: IntCounterVec,
    durations: HistogramVec,
    /// Requests that are being answered.
    pub(super) in_flight: IntGauge,
    denials: IntCounterVec,
    /// Days that tokens have left.
    pub(super) expiry: GaugeVec,
}

impl Metrics {
    /// Makes them known to a registry.
    pub fn register(registry: &Registry) -> prometheus::Result<Self> {
        let buckets = vec![
            0.000_25, 0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0,
        ];
        let metrics = Self {
            requests: IntCounterVec::new(
                Opts::new("matricula_scim_requests_total", "SCIM requests, refused ones included."),
                &["tenant", "route", "method", "status"],
            )?,
            durations: HistogramVec::new(
                HistogramOpts::new(
                    "matricula_scim_request_duration_seconds",
                    "Time from a request's head to its answer's head.",
                )
                .buckets(buckets),
                &["tenant", "route"],
            )?,
            in_flight: IntGauge::new(
                "matricula_scim_requests_in_flight",
                "SCIM requests that are being answered.",
            )?,
            denials: IntCounterVec::new(
                Opts::new(
                    "matricula_access_denied_total",
                    "Requests of those who may not speak, by what was wrong.",
                ),
                &["tenant", "reason"],
            )?,
            expiry: GaugeVec::new(
                Opts::new(
                    "matricula_token_days_left",
                    "Days until the token that a client uses expires.",
                ),
                &["tenant", "title"],
            )?,
        };
        registry.register(Box::new(metrics.requests.clone()))?;
        registry.register(Box::new(metrics.durations.clone()))?;
        registry.register(Box::new(metrics.in_flight.clone()))?;
        registry.register(Box::new(metrics.denials.clone()))?;
        registry.register(Box::new(metrics.expiry.clone()))?;
        Ok(metrics)
    }

    /// Somebody may not speak.
    pub(super) fn denied(&self, tenant: &str, reason: &str) {
        self.denials.with_label_values(&[tenant, reason]).inc();
    }

    /// A request was answered.
    pub(super) fn answered(
        &self,
        (tenant, route): (&str, &str),
        method: &http::Method,
        status: http::StatusCode,
        took: Duration,
    ) {
        let labels = [tenant, route, known(method), status.as_str()];
        self.requests.with_label_values(&labels).inc();
        self.durations.with_label_values(&[tenant, route]).observe(took.as_secs_f64());
    }
}

/// Methods come from clients: of those that SCIM does not know, there is one.
fn known(method: &http::Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "PUT" => "PUT",
        "PATCH" => "PATCH",
        "DELETE" => "DELETE",
        "OPTIONS" => "OPTIONS",
        _ => "other",
    }
}
