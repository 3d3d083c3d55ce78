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
    #[error("{0}{hint}", hint = bind_hint(.0))]
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
        let hint = "\nhint: `store.path` names it; one gateway at a time has it, and its user has to \
                    be able to write there";
        move |reason| Self::Store { reason, hint: if in_file { hint } else { "" } }
    }
}

/// What to do about an address that cannot be had. What is wrong with certificates, their
/// own words say.
fn bind_hint(fault: &BindError) -> &'static str {
    match fault {
        BindError::Address { .. } => {
            "\nhint: does a gateway run already? Another address is named by `server.listen` and \
             `admin.listen`, or --listen"
        }
        BindError::Tls(_) => "",
    }
}

fn listed(faults: &[SettingFault]) -> String {
    let each = faults.iter().map(|fault| format!("`{}`: {}", fault.name, fault.problem));
    each.collect::<Vec<_>>().join("; ")
}
