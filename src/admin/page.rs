//! The pages there are.

use super::desk::tenant_at;
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
    Pending,
    Apply,
}

impl Page {
    pub(super) const ALL: [Self; 7] = [
        Self::Index,
        Self::Live,
        Self::Ready,
        Self::Metrics,
        Self::Reload,
        Self::Pending,
        Self::Apply,
    ];

    pub(super) fn at(path: &str) -> Option<Self> {
        if let Some((_, apply)) = tenant_at(path) {
            return Some(if apply { Self::Apply } else { Self::Pending });
        }
        Self::ALL.into_iter().find(|page| page.path() == path)
    }

    pub(super) const fn path(self) -> &'static str {
        match self {
            Self::Index => "/",
            Self::Live => "/live",
            Self::Ready => "/ready",
            Self::Metrics => "/metrics",
            Self::Reload => "/reload",
            Self::Pending => "/api/tenants/{tenant}/pending",
            Self::Apply => "/api/tenants/{tenant}/pending/apply",
        }
    }

    pub(super) const fn about(self) -> &'static str {
        match self {
            Self::Index => "this list",
            Self::Live => "whether the process answers at all",
            Self::Ready => "whether it serves, and how each LMS is",
            Self::Metrics => "measurements, as Prometheus reads them",
            Self::Reload => "read configuration and mappings again",
            Self::Pending => "what waits to be done, and dropping it",
            Self::Apply => "release what waits",
        }
    }

    /// What may be asked of it, as the `Allow` header has it.
    pub(super) const fn allow(self) -> &'static str {
        match self {
            Self::Index | Self::Live | Self::Ready | Self::Metrics => "GET, HEAD",
            Self::Reload | Self::Apply => "POST",
            Self::Pending => "GET, HEAD, DELETE",
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

/// What operators order, behind a token alone; `docs/admin-api.yaml` says how.
const ORDERS: [(&str, &str, &str); 3] = [
    ("PUT", "/api/tenants/{tenant}/scim", "address and a new token for its client"),
    ("GET, HEAD, POST", "/api/tenants/{tenant}/tokens", "its tokens, and making one"),
    ("DELETE", "/api/tenants/{tenant}/tokens/{id}", "revoke one"),
];

/// All pages, a line each.
pub(super) fn index() -> String {
    let mut text = format!("Matricula {}\n\n", env!("CARGO_PKG_VERSION"));
    for page in Page::ALL {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{:<17} {:<38} {}", page.allow(), page.path(), page.about());
    }
    for (method, path, about) in ORDERS {
        let _ = writeln!(text, "{method:<17} {path:<38} {about}");
    }
    text
}
