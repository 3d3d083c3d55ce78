//! The settings of the SCIM face, each with its default beside it.

use std::time::Duration;

use crate::scim::BulkLimits;

/// What one request may cost.
#[derive(Clone, Debug)]
pub struct Config {
    /// The address that clients know, without a path: `https://scim.example`.
    /// Default: what the request itself says.
    pub public_url: Option<String>,
    /// Requests at the same time; one more is refused with 503. Default: 1024.
    pub concurrency: usize,
    /// Bytes of a request's body. Default: 4 MiB.
    pub body: usize,
    /// Operations of one bulk request. Default: 1000.
    pub bulk_operations: usize,
    /// How long a request may take. Default: 55 s, before Okta gives up.
    pub deadline: Duration,
    /// Whether answers are compressed for clients that ask. Default: yes.
    pub compress: bool,
    /// Whether logs may name people. Default: no.
    pub personal: bool,
}

impl Config {
    /// How much one bulk request may hold.
    pub(super) fn bulk(&self) -> BulkLimits {
        BulkLimits { max_operations: self.bulk_operations, max_payload_size: self.body }
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            public_url: None,
            concurrency: 1024,
            body: 4 * 1024 * 1024,
            bulk_operations: 1000,
            deadline: Duration::from_secs(55),
            compress: true,
            personal: false,
        }
    }
}
