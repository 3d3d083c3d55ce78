//! Those who work on what waits, one for each tenant that is served.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio_util::sync::CancellationToken;

use crate::api::Face;

/// The workers of the tenants.
#[derive(Clone, Debug, Default)]
pub(super) struct Workers(Arc<Mutex<Crew>>);

/// Those who work now.
#[derive(Debug, Default)]
struct Crew {
    end: CancellationToken,
    /// Nobody follows them.
    last: bool,
}

impl Workers {
    /// Those of a face, in place of those who worked by earlier settings: these
    /// finish what they have begun.
    pub(super) fn begin(&self, face: &Face) {
        let mut crew = self.crew();
        if crew.last {
            return;
        }
        let end = CancellationToken::new();
        for tenant in face.tenants() {
            tokio::spawn(Arc::clone(tenant).work(end.clone()));
        }
        std::mem::replace(&mut crew.end, end).cancel();
    }

    /// Nothing more is begun, whatever is read anew from now on.
    pub(super) fn end(&self) {
        let mut crew = self.crew();
        crew.last = true;
        crew.end.cancel();
    }

    fn crew(&self) -> MutexGuard<'_, Crew> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
