//! The pages there are.

use http::Method;
use std::fmt::Write;

/// One page of the operators' face.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Page {
    Index,
    Live,
    Ready,
    Metrics,
    Reload,
}

impl Page {
    pub(super) const ALL: [Self; 5] =
        [Self::Index, Self::Live, Self::Ready, Self::Metrics, Self::Reload];

    pub(super) fn at(path: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|page| page.path() == path)
    }

    pub(super) const fn path(self) -> &'static str {
        match self {
            Self::Index => "/",
            Self::Live => "/live",
            Self::Ready => "/ready",
            Self::Metrics => "/metrics",
            Self::Reload => "/reload",
        }
    }

    pub(super) const fn about(self) -> &'static str {
        match self {
            Self::Index => "this list",
            Self::Live => "whether the process answers at all",
            Self::Ready => "whether it serves, and how each LMS is",
            Self::Metrics => "measurements, as Prometheus reads them",
            Self::Reload => "read configuration and mappings again",
        }
    }

    /// What may be asked of it, as the `Allow` header has it.
    pub(super) const fn allow(self) -> &'static str {
        match self {
            Self::Index | Self::Live | Self::Ready | Self::Metrics => "GET, HEAD",
            Self::Reload => "POST",
        }
    }

    pub(super) fn takes(self, method: &Method) -> bool {
        self.allow().split(", ").any(|allowed| allowed == method.as_str())
    }

    /// Probes come from load balancers and kubelets, which hold no token.
    pub(super) const fn is_for_probes(self) -> bool {
        matches!(self, Self::Live | Self::Ready)
    }
}

/// All pages, a line each.
pub(super) fn index() -> String {
    let mut text = format!("Matricula {}\n\n", env!("CARGO_PKG_VERSION"));
    for page in Page::ALL {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{:<9} {:<9} {}", page.allow(), page.path(), page.about());
    }
    text
}
