//! Those who work on what waits, one for each tenant that is served.

use std::sync::{Arc, Mutex, PoisonError};

use tokio_util::sync::CancellationToken;

use crate::api::Face;

/// The workers of the tenants.
#[derive(Clone, Debug, Default)]
pub(super) struct Workers(Arc<Mutex<CancellationToken>>);

impl Workers {
    /// Those of a face, in place of those who worked by earlier settings: these
    /// finish what they have begun.
    pub(super) fn begin(&self, face: &Face) {
        let end = CancellationToken::new();
        for tenant in face.tenants() {
            tokio::spawn(Arc::clone(tenant).work(end.clone()));
        }
        self.replaced(end).cancel();
    }

    /// Nothing more is begun.
    pub(super) fn end(&self) {
        self.replaced(CancellationToken::new()).cancel();
    }

    fn replaced(&self, by: CancellationToken) -> CancellationToken {
        let mut current = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut current, by)
    }
}
