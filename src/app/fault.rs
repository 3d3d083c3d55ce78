//! Why the gateway does not start.

use std::io;

use crate::backend::Unopened;
use crate::mapping::SettingFault;
use crate::server::BindError;
use crate::store::{self, Place};

/// Why the gateway does not start; each ends with a hint where one helps.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum Fault {
    #[error(transparent)]
    Bind(#[from] BindError),
    #[error("the LMS of tenant `{tenant}` cannot be used: {reason}")]
    Lms { tenant: String, reason: Unopened },
    #[error(
        "the accounts of tenant `{tenant}` cannot be read: {reason}\nhint: `matricula doctor --tenant {tenant}` says what is missing"
    )]
    Report { tenant: String, reason: String },
    #[error("the sandbox of tenant `{tenant}` cannot be started: {reason}")]
    Sandbox { tenant: String, reason: io::Error },
    #[error("the mapping of tenant `{tenant}` does not fit the sandbox: {}", listed(.faults))]
    Settings { tenant: String, faults: Vec<SettingFault> },
    #[error("the store cannot be opened: {reason}{hint}")]
    Store { reason: store::Error, hint: &'static str },
    #[error("signals cannot be received: {0}")]
    Signals(#[from] io::Error),
    #[error("the measurements clash: {0}")]
    Metrics(#[from] prometheus::Error),
    #[error(transparent)]
    Log(#[from] super::log::Fault),
}

impl Fault {
    /// The store of that place cannot be opened. What a server lacks, the error
    /// says itself.
    pub(super) fn store(place: &Place) -> impl FnOnce(store::Error) -> Self {
        let in_file = matches!(place, Place::File(_));
        let hint = "\nhint: set `store.path` to a file that this user may write";
        move |reason| Self::Store { reason, hint: if in_file { hint } else { "" } }
    }
}

fn listed(faults: &[SettingFault]) -> String {
    let each = faults.iter().map(|fault| format!("`{}`: {}", fault.name, fault.problem));
    each.collect::<Vec<_>>().join("; ")
}
