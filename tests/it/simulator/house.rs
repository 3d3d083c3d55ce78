//! What the simulator talks to: the gateway before the sandbox LMS, and the ways
//! to make that unwell.

use matricula::backend;
use matricula::provision::Keep;
use matricula::sandbox::State;
use matricula::store::{Sqlite, Store};
use tempfile::TempDir;

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
    /// How many gateways there are.
    pub(crate) gateways: u64,
    _folder: Option<TempDir>,
}

/// How much is kept of what clients write, and where.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Memory {
    /// All of it, in memory.
    Whole,
    /// What the LMS would not say, in memory.
    Essence,
    /// All of it, in a file.
    File,
    /// What the LMS would not say, in a file.
    EssenceInFile,
}

impl House {
    /// A house without people, on a port of its own.
    pub(crate) async fn open() -> Self {
        Self::that_keeps(Memory::Whole).await
    }

    /// The same, where so much is kept.
    pub(crate) async fn that_keeps(memory: Memory) -> Self {
        // Between two cycles lie forty minutes, and the breaker has long asked again.
        let backend = |settings: &mut backend::Settings| settings.breaker.failures = u32::MAX;
        let mut options = gateway::Options { backend, ..gateway::Options::default() };
        if matches!(memory, Memory::Essence | Memory::EssenceInFile) {
            options.config = |config| config.keep = Keep::Minimal;
        }
        let mut folder = None;
        if matches!(memory, Memory::File | Memory::EssenceInFile) {
            let place = folder.insert(tempfile::tempdir().unwrap()).path().join("matricula.db");
            options.entries = Sqlite::open(&place).unwrap().entries(&"school".into());
        }
        let (gateway, gateways) = if two() {
            (gateway::replicas(options).await.expect("a server is named"), 2)
        } else {
            (gateway::House::with(options).await, 1)
        };
        let staff = gateway.lms.people().len();
        let (base, token) = (gateway.base.clone(), gateway.token.clone());
        Self { base, token, gateway, staff, gateways, _folder: folder }
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

/// Whether two gateways stand for one: the second way that `.ci/run` goes.
#[expect(clippy::disallowed_methods, reason = "the test's own environment, not the program's")]
fn two() -> bool {
    std::env::var_os("MATRICULA_TEST_REPLICAS").is_some()
}
