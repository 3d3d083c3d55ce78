//! Reading the settings again: what can change while the gateway works does, and
//! what cannot is told.

use prometheus::{Gauge, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry};

use crate::clock::Clock;
use crate::config::Settings;

/// What is measured of reloads.
#[derive(Clone, Debug)]
pub(super) struct Reloads {
    total: IntCounterVec,
    last: Gauge,
    good: IntGauge,
    tenants: IntGaugeVec,
}

impl Reloads {
    pub(super) fn register(registry: &Registry) -> prometheus::Result<Self> {
        let reloads = Self {
            total: IntCounterVec::new(
                Opts::new("matricula_reload_total", "Reloads of the configuration, by outcome."),
                &["outcome"],
            )?,
            last: Gauge::new(
                "matricula_reload_last_success_timestamp_seconds",
                "When the configuration that works now was read.",
            )?,
            good: IntGauge::new(
                "matricula_reload_last_successful",
                "Whether the last reading of the configuration found no fault.",
            )?,
            tenants: IntGaugeVec::new(
                Opts::new("matricula_tenant_info", "The tenants that are served; always 1."),
                &["tenant", "mapping", "lms"],
            )?,
        };
        registry.register(Box::new(reloads.total.clone()))?;
        registry.register(Box::new(reloads.last.clone()))?;
        registry.register(Box::new(reloads.good.clone()))?;
        registry.register(Box::new(reloads.tenants.clone()))?;
        Ok(reloads)
    }

    /// These settings work now.
    pub(super) fn began(&self, settings: &Settings, clock: &Clock) {
        let now = clock.now().as_duration().as_secs_f64();
        self.last.set(now);
        self.good.set(1);
        self.tenants.reset();
        for tenant in &settings.tenants {
            let labels = [&*tenant.name, tenant.mapping.as_str(), tenant.plan.title.as_str()];
            self.tenants.with_label_values(&labels).set(1);
        }
    }

    /// A reload was asked for, and this is what came of it.
    pub(super) fn ended(&self, fine: bool) {
        let outcome = if fine { "ok" } else { "refused" };
        self.total.with_label_values(&[outcome]).inc();
        self.good.set(i64::from(fine));
    }
}

/// What differs between two settings, a line each; what needs a restart says so.
pub(super) fn changes(old: &Settings, new: &Settings) -> Vec<String> {
    let mut lines = Vec::new();
    let names = |settings: &Settings| -> Vec<_> {
        settings.tenants.iter().map(|tenant| tenant.name.clone()).collect()
    };
    let (before, after) = (names(old), names(new));
    lines.extend(after.iter().map(|name| {
        let how = if before.contains(name) { "is set up anew" } else { "is new" };
        format!("tenant `{name}` {how}")
    }));
    let gone = before.iter().filter(|name| !after.contains(name));
    lines.extend(gone.map(|name| format!("tenant `{name}` is gone")));
    let fixed = [
        ("[server]", format!("{:?}", old.server) != format!("{:?}", new.server)),
        ("[store]", old.store != new.store),
        ("[admin] listen", old.admin.listen != new.admin.listen),
        ("[admin.tls]", format!("{:?}", old.admin.tls) != format!("{:?}", new.admin.tls)),
        ("[log] format", old.log.format != new.log.format),
        ("[server] concurrency", old.api.concurrency != new.api.concurrency),
        ("[server] compress", old.api.compress != new.api.compress),
        ("[server] drain", old.grace != new.grace),
    ];
    let restart = |name| format!("{name} has changed: that takes effect with the next start");
    lines.extend(fixed.into_iter().filter(|(_, differs)| *differs).map(|(name, _)| restart(name)));
    lines
}
