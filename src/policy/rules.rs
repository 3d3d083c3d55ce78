//! The rules of a tenant, each with its default first.

use std::time::Duration;

use super::guard::Guard;
use super::protect::Protect;
use super::reason::Reason;

/// The rules of a tenant.
#[derive(Clone, Debug, PartialEq)]
pub struct Rules {
    /// Whether writes reach the LMS.
    pub mode: Mode,
    /// Whether new accounts may be used at once.
    pub activation: Activation,
    /// How people sign in to the LMS.
    pub sign_in: SignIn,
    /// What SCIM's DELETE does to an account in the LMS.
    pub deprovision: Deprovision,
    /// How many removals are done before a person is asked; all, where there is
    /// none. Default: 50 within 40 minutes.
    pub guard: Option<Guard>,
    /// Accounts that the gateway never touches. Default: none.
    pub protect: Protect,
    /// Whether writes are accepted while the LMS is not available. Default: no.
    pub outage: bool,
    /// How many operations may wait. Default: 100,000.
    pub pending: usize,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            mode: Mode::default(),
            activation: Activation::default(),
            sign_in: SignIn::default(),
            deprovision: Deprovision::default(),
            guard: Some(Guard::default()),
            protect: Protect::default(),
            outage: false,
            pending: 100_000,
        }
    }
}

impl Rules {
    /// Whether new accounts wait for a person. Who signs in elsewhere is let in
    /// there.
    pub fn approves(&self) -> bool {
        self.activation == Activation::Manual && self.sign_in == SignIn::Password
    }

    /// Whether work that waits for this reason is done without a person's word.
    pub fn releases(&self, reason: Reason) -> bool {
        match (reason, self.mode) {
            (Reason::Guard | Reason::Approval, _) => false,
            // What waits was begun as a removal that reached the LMS.
            (Reason::Grace, mode) => mode != Mode::DryRun,
            (_, mode) => mode == Mode::Sync,
        }
    }
}

/// Whether writes reach the LMS.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// They do not: clients are answered in full, and the LMS is only read.
    #[default]
    DryRun,
    /// Each waits until a person says so.
    Confirm,
    /// They do.
    Sync,
}

impl Mode {
    /// Its word in settings and answers.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::DryRun => "dry-run",
            Self::Confirm => "confirm",
            Self::Sync => "sync",
        }
    }
}

/// Whether new accounts may be used at once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Activation {
    /// They may, where the client says so.
    #[default]
    Automatic,
    /// They wait, disabled, for a person's approval.
    Manual,
}

/// How people sign in to the LMS.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SignIn {
    /// With a password of the LMS's own.
    #[default]
    Password,
    /// With the account of their organisation.
    Sso,
}

impl SignIn {
    /// Its word, as settings and mappings have it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::Sso => "sso",
        }
    }
}

/// What SCIM's DELETE does to an account in the LMS.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Deprovision {
    /// It is disabled. The client is told that it is gone, and gets it back when
    /// it creates the same person again.
    #[default]
    Disable,
    /// It is deleted.
    Delete,
    /// It is disabled, and deleted so much later.
    DeleteAfter(Duration),
}
