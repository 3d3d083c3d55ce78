//! What the simulator talks to: the gateway before the sandbox LMS, and the ways
//! to make that unwell.

use matricula::backend;
use matricula::sandbox::State;

use crate::gateway;

/// A gateway in this process.
pub(crate) struct House {
    /// The tenant URL.
    pub(crate) base: String,
    /// A token that is valid.
    pub(crate) token: String,
    gateway: gateway::House,
    /// Accounts that the LMS begins with: its administrator and our own.
    pub(crate) staff: usize,
}

impl House {
    /// A house without people, on a port of its own.
    pub(crate) async fn open() -> Self {
        // Between two cycles lie forty minutes, and the breaker has long asked again.
        let backend = |settings: &mut backend::Settings| settings.breaker.failures = u32::MAX;
        let options = gateway::Options { backend, ..gateway::Options::default() };
        let gateway = gateway::House::with(options).await;
        let staff = gateway.lms.people().len();
        Self { base: gateway.base.clone(), token: gateway.token.clone(), gateway, staff }
    }

    /// The LMS behind the gateway is down, or up again.
    pub(crate) fn outage(&self, down: bool) {
        let state = if down { State::Maintenance } else { State::Up };
        self.gateway.lms.with(|moodle| moodle.site.state = state);
    }

    /// Between two cycles lie forty minutes: nothing is fresh any more.
    pub(crate) fn forget_answers(&self) {
        self.gateway.forget_answers();
    }

    /// How many calls the LMS has had.
    pub(crate) fn calls(&self) -> u64 {
        self.gateway.lms.calls().total()
    }

    /// How many accounts there really are.
    pub(crate) fn accounts(&self) -> usize {
        self.gateway.lms.people().len() - self.staff
    }
}
