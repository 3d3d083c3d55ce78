//! What the simulator talks to.

use super::little::Little;

/// A SCIM server in this process, and the ways to make it unwell.
#[derive(Debug)]
pub(crate) struct House {
    /// The tenant URL.
    pub(crate) base: String,
    /// A token that is valid.
    pub(crate) token: String,
    little: Little,
}

impl House {
    /// A house without people, on a port of its own.
    pub(crate) async fn open() -> Self {
        let little = Little::open().await;
        Self { base: little.base.clone(), token: little.token.clone(), little }
    }

    /// What stands behind the gateway is down, or up again.
    pub(crate) fn outage(&self, down: bool) {
        self.little.outage(down);
    }

    /// How many accounts there really are.
    pub(crate) fn accounts(&self) -> usize {
        self.little.accounts()
    }
}
