//! The way to the server: TLS, one connection, and the settings of each.

use std::sync::Arc;
use std::time::Duration;

use deadpool_postgres::{Hook, HookError, Manager, ManagerConfig, Pool, RecyclingMethod, Runtime};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::Settings;
use crate::store::Error;

/// TLS to whom the authorities vouch for, certificate and name.
pub(super) fn tls(settings: &Settings) -> Result<MakeRustlsConnect, Error> {
    let mut roots = RootCertStore::empty();
    if settings.is_encrypted() {
        match &settings.authorities {
            Some(pem) => add(&mut roots, pem)?,
            // Single faulty certificates of a system are no reason to stop.
            None => drop(
                roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs),
            ),
        }
        if roots.is_empty() {
            return Err(Error::new(
                "no authority is known that could vouch for the server; name a file with its \
                 authority as `ca`",
            ));
        }
    }
    let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(Error::new)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}

fn add(roots: &mut RootCertStore, pem: &[u8]) -> Result<(), Error> {
    let unfit = |error: String| Error::new(format!("`ca` holds no certificate: {error}"));
    for certificate in CertificateDer::pem_slice_iter(pem) {
        let certificate = certificate.map_err(|error| unfit(error.to_string()))?;
        roots.add(certificate).map_err(|error| unfit(error.to_string()))?;
    }
    Ok(())
}

/// Connections to read and write by, made as they are needed.
pub(super) fn pool(settings: &Settings) -> Result<Pool, Error> {
    // A connection that is known to be closed is not handed out; asking the server
    // each time whether it is open would double what a look-up costs.
    let recycling = ManagerConfig { recycling_method: RecyclingMethod::Fast };
    let manager = Manager::from_config(settings.reached(), tls(settings)?, recycling);
    let words = set_up(settings);
    let hook = Hook::async_fn(move |client, _| {
        let words = words.clone();
        Box::pin(async move { client.batch_execute(&words).await.map_err(HookError::Backend) })
    });
    let pool = Pool::builder(manager)
        .max_size(settings.connections)
        .wait_timeout(Some(settings.statement))
        .create_timeout(Some(settings.connect))
        .recycle_timeout(Some(settings.connect))
        .post_create(hook)
        .runtime(Runtime::Tokio1);
    pool.build().map_err(Error::new)
}

/// What each connection is told first. A statement ends on the server, too, when
/// we have stopped waiting; a transaction of a process that hangs holds up nobody.
pub(super) fn set_up(settings: &Settings) -> String {
    let millis = |time: Duration| time.as_millis().max(1);
    let (schema, statement) = (&settings.schema, millis(settings.statement));
    format!(
        "SET search_path TO {schema}; SET statement_timeout TO {statement}; \
         SET lock_timeout TO {statement}; \
         SET idle_in_transaction_session_timeout TO {idle}; SET TimeZone TO 'UTC'",
        idle = millis(settings.statement * 2),
    )
}
