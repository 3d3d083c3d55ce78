//! Who the client is: what Entra's two dialects, Okta, authentik and the
//! Keycloak plugin do differently, as data.

mod knobs;

use std::time::Duration;

pub(crate) use self::knobs::{
    Active, Encoding, LookUp, Manager, Members, Probe, Removal, Roles, Slash, Update,
};

/// A client. The knobs are public so that a test can turn one of them.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a knob of its own")]
pub(crate) struct Profile {
    /// What it is called in the words of a failed test.
    pub(crate) name: &'static str,
    /// How queries are written.
    pub(crate) encoding: Encoding,
    /// What it sends with every request.
    pub(crate) headers: &'static [(&'static str, &'static str)],
    /// Of its bodies.
    pub(crate) content_type: &'static str,
    /// Where a slash too many stands.
    pub(crate) slash: Slash,
    /// When it gives up.
    pub(crate) patience: Duration,
    /// What it asks first.
    pub(crate) probe: Probe,
    /// Whether groups are probed as well.
    pub(crate) probe_groups: bool,
    /// How it learns whether somebody exists.
    pub(crate) look_up: LookUp,
    /// The matching attributes in their order.
    pub(crate) matching: &'static [&'static str],
    /// Whether a look-up names a page.
    pub(crate) pages: bool,
    /// Whether a reference is looked for before it is written.
    pub(crate) reference_probe: bool,
    /// How attributes change.
    pub(crate) update: Update,
    /// `Add` rather than `add`.
    pub(crate) capital: bool,
    /// How `active` changes.
    pub(crate) active: Active,
    /// `"active": "True"` in what is created.
    pub(crate) created_with_text: bool,
    /// `Operations` before `schemas`.
    pub(crate) operations_first: bool,
    /// What becomes of people who leave.
    pub(crate) removal: Removal,
    /// How a manager is written.
    pub(crate) manager: Manager,
    /// How roles are written, where they are mapped.
    pub(crate) roles: Option<Roles>,
    /// `"primary": "True"` within roles.
    pub(crate) primary_as_text: bool,
    /// Whether groups are mapped.
    pub(crate) groups: bool,
    /// How members change.
    pub(crate) members: Members,
    /// Members in one request.
    pub(crate) batch: usize,
    /// Requests at a time.
    pub(crate) workers: usize,
    /// How many may be disabled or deleted in one cycle.
    pub(crate) threshold: Option<usize>,
}

const SCIM_UTF8: &str = "application/scim+json; charset=utf-8";
const SCIM: &str = "application/scim+json";
const JSON: &str = "application/json";
const WORK: &str = r#"emails[type eq "work"].value"#;

/// What every Entra job has in common, without the flag.
pub(crate) fn entra_legacy() -> Profile {
    Profile {
        name: "entra-legacy",
        encoding: Encoding::Plus,
        headers: &[(
            "ADSCIMVersion",
            "Date:2026-11-21T10:00:00,ActivityId:0d3c9f5e-5f3e-4a37-8e43-0a4f4b2b7c11",
        )],
        content_type: SCIM_UTF8,
        slash: Slash::None,
        patience: Duration::from_secs(30),
        probe: Probe::Filter,
        probe_groups: true,
        look_up: LookUp::Before,
        matching: &["userName", "externalId", WORK],
        pages: false,
        reference_probe: false,
        update: Update::OneEach,
        capital: true,
        active: Active::Text,
        created_with_text: false,
        operations_first: false,
        removal: Removal::DisableThenDelete,
        manager: Manager::Text,
        roles: None,
        primary_as_text: false,
        groups: true,
        members: Members::ValueList,
        batch: 20,
        workers: 5,
        threshold: None,
    }
}

/// A tenant URL with `aadOptscim062020`.
pub(crate) fn entra_flag() -> Profile {
    Profile {
        name: "entra-flag",
        update: Update::Flat,
        capital: false,
        active: Active::Bool,
        manager: Manager::FlatKey,
        members: Members::Filter,
        batch: 100,
        ..entra_legacy()
    }
}

/// Provision on demand: one person at a time, in the old dialect whatever the
/// flag says, and five members a call.
pub(crate) fn entra_pod() -> Profile {
    Profile {
        name: "entra-pod",
        created_with_text: true,
        removal: Removal::DisableOnly,
        batch: 5,
        workers: 1,
        ..entra_legacy()
    }
}

/// An integration made with Okta's wizard: everything is a PUT.
pub(crate) fn okta_aiw() -> Profile {
    Profile {
        name: "okta-aiw",
        encoding: Encoding::Percent,
        headers: &[("User-Agent", "Okta SCIM Client 1.0.0"), ("Accept", "application/scim+json")],
        patience: Duration::from_mins(1),
        probe: Probe::FirstPage,
        matching: &["userName"],
        pages: true,
        update: Update::Put,
        capital: false,
        active: Active::Bool,
        removal: Removal::DisableOnly,
        manager: Manager::Put,
        members: Members::Put,
        ..entra_legacy()
    }
}

/// An integration of Okta's catalogue.
pub(crate) fn okta_oin() -> Profile {
    Profile {
        name: "okta-oin",
        update: Update::PutButActive,
        active: Active::NoPath,
        members: Members::Together,
        batch: 100,
        ..okta_aiw()
    }
}

/// authentik, which reads `/ServiceProviderConfig` before all else.
pub(crate) fn authentik() -> Profile {
    Profile {
        name: "authentik",
        encoding: Encoding::Form,
        headers: &[("Accept", "application/scim+json")],
        content_type: SCIM,
        patience: Duration::from_mins(1),
        probe: Probe::ServiceProviderConfig,
        look_up: LookUp::AfterConflict,
        matching: &["userName"],
        update: Update::PutOwn,
        capital: false,
        active: Active::Bool,
        removal: Removal::Delete,
        manager: Manager::Put,
        members: Members::OneEach,
        ..entra_legacy()
    }
}

/// The community plugin, with PATCH switched on.
pub(crate) fn keycloak_plugin() -> Profile {
    Profile {
        name: "keycloak-plugin",
        encoding: Encoding::Percent,
        headers: &[],
        content_type: JSON,
        patience: Duration::from_secs(5),
        probe: Probe::None,
        look_up: LookUp::Never,
        matching: &["userName"],
        update: Update::Three,
        capital: false,
        active: Active::LowerText,
        removal: Removal::Delete,
        manager: Manager::None,
        members: Members::Replace,
        ..entra_legacy()
    }
}

impl Profile {
    /// The word of an operation in this client's case.
    pub(crate) fn word(&self, word: &'static str) -> &'static str {
        match (self.capital, word) {
            (true, "add") => "Add",
            (true, "remove") => "Remove",
            (true, "replace") => "Replace",
            _ => word,
        }
    }
}
