//! What can be counted on a socket. Registered once for all listeners.

use prometheus::{
    IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry, core::Collector,
};

/// The families; [`Metrics::listener`] gives the children of one listener.
#[derive(Clone, Debug)]
pub struct Metrics {
    open: IntGaugeVec,
    accepted: IntCounterVec,
    refused: IntCounterVec,
    cut: IntCounterVec,
    handshake_failures: IntCounterVec,
    in_flight: IntGaugeVec,
}

/// The counters of one listener, looked up once.
#[derive(Clone, Debug)]
pub struct ListenerMetrics {
    pub(super) open: IntGauge,
    pub(super) accepted: IntCounter,
    pub(super) handshake_failures: IntCounter,
    pub(super) in_flight: IntGauge,
    refused: [IntCounter; Refusal::ALL.len()],
    cut: [IntCounter; Cut::ALL.len()],
}

/// Why a connection was closed before it was served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// All places are taken.
    Full,
    /// This address holds its share already.
    Peer,
    /// A trusted load balancer sent no sound PROXY header.
    Proxy,
    /// PROXY header or TLS handshake took too long.
    Handshake,
}

impl Refusal {
    const ALL: [Self; 4] = [Self::Full, Self::Peer, Self::Proxy, Self::Handshake];

    const fn label(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Peer => "peer",
            Self::Proxy => "proxy",
            Self::Handshake => "handshake_timeout",
        }
    }
}

/// Why a connection was ended while it was served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cut {
    /// A request's head did not come, or did not end, in time.
    Header,
    /// Nothing was asked for too long.
    Idle,
    /// An answer was not fetched in time.
    Answer,
    /// The drain's deadline passed.
    Drain,
    /// What came is no HTTP, or its head is too long.
    Malformed,
}

impl Cut {
    const ALL: [Self; 5] = [Self::Header, Self::Idle, Self::Answer, Self::Drain, Self::Malformed];

    const fn label(self) -> &'static str {
        match self {
            Self::Header => "header",
            Self::Idle => "idle",
            Self::Answer => "answer",
            Self::Drain => "drain",
            Self::Malformed => "malformed",
        }
    }
}

impl Metrics {
    /// Makes the families known to `registry`; a second time is an error.
    pub fn register(registry: &Registry) -> prometheus::Result<Self> {
        Ok(Self {
            open: gauge(registry, "connections_open", "Connections that are open now.")?,
            accepted: counter(registry, "connections_accepted_total", "Accepted.", &[])?,
            refused: counter(
                registry,
                "connections_refused_total",
                "Connections closed before they were served, by reason.",
                &["reason"],
            )?,
            cut: counter(
                registry,
                "connections_cut_total",
                "Connections ended while they were served, by reason.",
                &["reason"],
            )?,
            handshake_failures: counter(
                registry,
                "tls_handshake_failures_total",
                "TLS handshakes that failed.",
                &[],
            )?,
            in_flight: gauge(
                registry,
                "requests_in_flight",
                "Requests whose answer has not left yet.",
            )?,
        })
    }

    /// The counters of the listener called `name`.
    pub fn listener(&self, name: &'static str) -> ListenerMetrics {
        let own = [name];
        ListenerMetrics {
            open: self.open.with_label_values(&own),
            accepted: self.accepted.with_label_values(&own),
            handshake_failures: self.handshake_failures.with_label_values(&own),
            in_flight: self.in_flight.with_label_values(&own),
            refused: Refusal::ALL.map(|it| self.refused.with_label_values(&[name, it.label()])),
            cut: Cut::ALL.map(|it| self.cut.with_label_values(&[name, it.label()])),
        }
    }
}

impl ListenerMetrics {
    pub(super) fn refuse(&self, refusal: Refusal) {
        let [full, peer, proxy, handshake] = &self.refused;
        match refusal {
            Refusal::Full => full.inc(),
            Refusal::Peer => peer.inc(),
            Refusal::Proxy => proxy.inc(),
            Refusal::Handshake => handshake.inc(),
        }
    }

    pub(super) fn cut(&self, cut: Cut) {
        let [header, idle, answer, drain, malformed] = &self.cut;
        match cut {
            Cut::Header => header.inc(),
            Cut::Idle => idle.inc(),
            Cut::Answer => answer.inc(),
            Cut::Drain => drain.inc(),
            Cut::Malformed => malformed.inc(),
        }
    }
}

fn options(name: &str, help: &str) -> Opts {
    Opts::new(format!("matricula_server_{name}"), help)
}

fn gauge(registry: &Registry, name: &str, help: &str) -> prometheus::Result<IntGaugeVec> {
    registered(registry, IntGaugeVec::new(options(name, help), &["listener"])?)
}

fn counter(
    registry: &Registry,
    name: &str,
    help: &str,
    labels: &[&str],
) -> prometheus::Result<IntCounterVec> {
    let labels = [&["listener"], labels].concat();
    registered(registry, IntCounterVec::new(options(name, help), &labels)?)
}

fn registered<C: Collector + Clone + 'static>(
    registry: &Registry,
    family: C,
) -> prometheus::Result<C> {
    registry.register(Box::new(family.clone()))?;
    Ok(family)
}
