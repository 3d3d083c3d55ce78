//! A gateway with its sockets open: serving, and its end.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use super::desk::Desk;
use super::operator::Operator;
use super::tenants::Lasting;
use super::work::Workers;
use super::{Fault, House, Source, tend};
use crate::admin::{self, Gateway};
use crate::api::{Api, Roll};
use crate::config::Settings;
use crate::secret::Secret;
use crate::server::{self, Grace, Listener, Notifier, Phase, Shutdown, Sign, Signals};

/// What writes are given at least, though their clients took all the time there was.
const LEAST: Duration = Duration::from_secs(5);

/// A gateway whose sockets are open. Connections wait until it serves.
pub struct Running {
    scim: Listener,
    admin: Listener,
    api: Api,
    admin_face: server::Service,
    operator: Arc<Operator>,
    shutdown: Shutdown,
    grace: Grace,
    addresses: Addresses,
}

/// Where everything is.
#[derive(Clone, Debug)]
pub struct Addresses {
    /// The listener that clients speak to.
    pub scim: SocketAddr,
    /// The operators' listener.
    pub admin: SocketAddr,
    /// The sandboxes: tenant, address, token.
    pub sandboxes: Vec<(String, String, Secret)>,
}

impl Running {
    pub(super) async fn build(
        house: House,
        settings: Settings,
        source: Option<Source>,
    ) -> Result<Self, Fault> {
        let mut lasting = Lasting::open(&settings).await?;
        let face = lasting.face(&settings, &house).await?;
        let kept = &lasting.kept;
        let roll = Arc::new(Roll::new(Arc::clone(&kept.tokens), kept.key.clone()));
        roll.refresh().await.map_err(Fault::store(&settings.store.place))?;
        let api = Api::new(face, house.api.clone(), house.clock.clone(), roll);
        let metrics = (house.server.listener("scim"), house.server.listener("admin"));
        let config = settings.admin.clone();
        let scim = Listener::bind(settings.server.clone(), metrics.0).await?;
        let admin = Listener::bind(config.listener(), metrics.1).await?;
        house.reloads.began(&settings, &house.clock);
        let addresses = Addresses {
            scim: scim.address(),
            admin: admin.address(),
            sandboxes: settings
                .tenants
                .iter()
                .filter_map(|tenant| {
                    let (url, token) = lasting.sandbox(&tenant.name)?;
                    Some((tenant.name.to_string(), url, token))
                })
                .collect(),
        };
        let (shutdown, grace) = (Shutdown::new(), settings.grace);
        let certificates = [&scim, &admin].into_iter().filter_map(Listener::certificates).collect();
        let registry = house.registry.clone();
        let desk = Desk::new(&lasting.kept, house.clock.clone(), "operator (API)");
        let scheme = if settings.server.tls.is_some() { "https" } else { "http" };
        let operator = Arc::new(Operator {
            house,
            api: api.clone(),
            source,
            certificates,
            lock: Arc::new(admin::Lock::new(config.token.as_ref())),
            desk,
            trail: Arc::clone(&lasting.kept.trail),
            origin: (!addresses.scim.ip().is_unspecified())
                .then(|| format!("{scheme}://{}", addresses.scim)),
            state: tokio::sync::Mutex::new((settings, lasting)),
            seen: std::sync::Mutex::default(),
            workers: Workers::default(),
        });
        let (lock, watched) = (Arc::clone(&operator.lock), shutdown.clone());
        let admin_face = admin::service(lock, Arc::clone(&operator), registry, watched);
        Ok(Self { scim, admin, api, admin_face, operator, shutdown, grace, addresses })
    }

    /// Where everything is.
    pub fn addresses(&self) -> &Addresses {
        &self.addresses
    }

    /// Where measurements can be added.
    pub fn registry(&self) -> &prometheus::Registry {
        &self.operator.house.registry
    }

    /// What makes it stop other than signals.
    pub fn shutdown(&self) -> Shutdown {
        self.shutdown.clone()
    }

    /// Serves until a signal ends it. The first drains: readiness goes first, then
    /// the door closes, and what has begun is finished. A second ends at once.
    pub async fn serve(self, mut signals: Signals, notifier: &Notifier) {
        let Self { scim, admin, api, admin_face, operator, shutdown, grace, .. } = self;
        // Operators want to watch the drain, so their listener ends last.
        let last = Shutdown::new();
        let admin = tokio::spawn(admin.serve(admin_face, last.clone()));
        let scim = tokio::spawn(scim.serve(api.service(), shutdown.clone()));
        let tended = tokio::spawn(tend::tend(Arc::clone(&operator)));
        operator.workers.begin(&api.face());
        notifier.ready();
        stop(&mut signals, &operator, &shutdown, notifier).await;
        notifier.stopping();
        operator.workers.end();
        tracing::info!("draining: what has begun is finished");
        let until = Instant::now() + grace.notice + grace.deadline.max(LEAST);
        let mut hurried = false;
        let hurry = async {
            signals.stop().await;
            hurried = true;
        };
        tokio::select! {
            () = shutdown.drain(grace, hurry) => {}
            _ = scim => shutdown.advance(Phase::Ended),
        }
        if !hurried {
            tokio::select! {
                () = finish(&operator.house, until) => {}
                () = signals.stop() => {}
            }
        }
        tended.abort();
        tend::note(&api).await;
        tend::tell_head(&*operator.trail).await;
        let (_, lasting) = &*operator.state.lock().await;
        // Others would wait for us a little while, and then know all the same.
        let _ = lasting.kept.store.leave().await;
        last.advance(Phase::Ended);
        let _ = admin.await;
        tracing::info!("ended");
    }
}

/// Waits for the end, and reloads on the way there.
async fn stop(
    signals: &mut Signals,
    operator: &Arc<Operator>,
    shutdown: &Shutdown,
    notifier: &Notifier,
) {
    loop {
        tokio::select! {
            sign = signals.next() => match sign {
                Sign::Stop => return,
                Sign::Reload => {
                    notifier.reloading();
                    let _ = operator.reload().await;
                    notifier.ready();
                }
            },
            () = shutdown.reached(Phase::Leaving) => return,
        }
    }
}

/// Writes go on after their clients have left; the process waits for them.
async fn finish(house: &House, until: Instant) {
    house.work.close();
    let open = house.work.len();
    let until = until.max(Instant::now() + LEAST);
    if timeout_at(until, house.work.wait()).await.is_err() {
        tracing::warn!(open, "writes were still under way at the deadline");
    }
}
