//! Talks to the LMS: makes a [`Call`] and brings its [`Reply`], or a
//! [`Failure`] that tells the truth about what may have happened.
//!
//! What a reply means is the mapping's knowledge; it comes along as a judge, so
//! that retries, logins, breaker and metrics all follow one judgement. This room
//! knows no mapping and no SCIM.

mod auth;
mod bell;
mod breaker;
mod client;
mod connect;
mod expiry;
mod fault;
mod limit;
mod line;
mod metrics;
mod pool;
mod rate;
mod reach;
mod retry;
mod settings;
mod stack;
mod term;

use std::sync::Arc;

use http::Uri;
use hyper::rt::{Read, Write};
use hyper_util::client::legacy::connect::Connection;
use tokio::time::Instant;
use tower::Service;

use crate::call::{Call, Failure, Reply};
use crate::clock::Clock;
use client::Client;
use connect::Connector;
use limit::Slots;
use rate::Rates;
use retry::Retries;
use stack::Stack;

pub use auth::{
    Access, ClientProof, Conversation, Grant, GrantKind, Kept, Login, Next, Session, Vault,
    VaultError,
};
pub use breaker::State;
pub use connect::{Unopened, address, authorities};
pub use metrics::{Known, Metrics, forget};
pub use rate::Pace;
pub use reach::{Greeting, Reached, Unreached, greet, reach};
pub use settings::{Breaker, Limits, Rate, Retry, Settings, Timing, Trust};

/// What a reply means: nothing, when it is a success.
pub type Judge<'a> = &'a (dyn Fn(&Reply) -> Option<Failure> + Send + Sync);

/// What a call is made for.
#[derive(Clone, Copy)]
pub struct Errand<'a> {
    /// The operation's name in metrics: written in the code, never made of input.
    pub operation: &'static str,
    /// Who judges the reply.
    pub judge: Judge<'a>,
    /// When the caller stops waiting, if before the backend's own deadline.
    pub until: Option<Instant>,
}

/// What a backend needs of the house.
#[derive(Clone, Debug)]
pub struct House {
    /// The time of day, for `Retry-After` dates.
    pub clock: Clock,
    /// The measurements.
    pub metrics: Metrics,
}

/// One LMS, ready for calls. Clones share everything.
#[derive(Clone, Debug)]
pub struct Backend(Arc<Stack>);

/// How a backend is, for readiness and the operators' face.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Health {
    /// What the breaker lets through.
    pub breaker: State,
    /// Calls under way.
    pub running: usize,
    /// Calls that wait for a slot.
    pub waiting: usize,
    /// Retries in hand.
    pub budget: u32,
}

impl Backend {
    /// A backend over the network. Connects to nothing yet.
    pub fn open(settings: &Settings, access: Access, house: &House) -> Result<Self, Unopened> {
        Self::at_pace(&Pace::default(), settings, access, house)
    }

    /// The same, in the place of one that was opened at this pace before.
    pub fn at_pace(
        pace: &Pace,
        settings: &Settings,
        access: Access,
        house: &House,
    ) -> Result<Self, Unopened> {
        let client = client(connect::tcp(settings.timing.connect), settings)?;
        Ok(Self::around(client, (settings, pace), access, house))
    }

    /// The same over a connector of the caller's; TLS is laid over it where the
    /// address asks for it.
    pub fn over<C>(
        connector: C,
        settings: &Settings,
        access: Access,
        house: &House,
    ) -> Result<Self, Unopened>
    where
        C: Service<Uri> + Clone + Send + Sync + 'static,
        C::Response: Connection + Read + Write + Send + Unpin + 'static,
        C::Future: Send + 'static,
        C::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let client = client(connector, settings)?;
        Ok(Self::around(client, (settings, &Pace::default()), access, house))
    }

    fn around(
        client: Client,
        (settings, pace): (&Settings, &Pace),
        access: Access,
        house: &House,
    ) -> Self {
        let metrics = house.metrics.of(&settings.name);
        Self(Arc::new(Stack {
            timing: settings.timing.clone(),
            client,
            access: access.into(),
            slots: Slots::new(&settings.limits, &metrics),
            rates: Rates::new(settings, pace, &metrics),
            breaker: breaker::Breaker::new(&settings.breaker, &metrics),
            retries: Retries::new(&settings.retry, &metrics),
            clock: house.clock.clone(),
            metrics,
        }))
    }

    /// Makes a call.
    pub async fn call(&self, call: &Call, errand: &Errand<'_>) -> Result<Reply, Failure> {
        self.0.call(call, errand).await
    }

    /// Its name in metrics and in the log.
    pub fn name(&self) -> &str {
        &self.0.metrics.lms
    }

    /// How it is.
    pub fn health(&self) -> Health {
        Health {
            breaker: self.0.breaker.state(),
            running: self.0.slots.running(),
            waiting: self.0.slots.waiting(),
            budget: self.0.retries.left(),
        }
    }
}

fn client<C>(connector: C, settings: &Settings) -> Result<Client, Unopened>
where
    C: Service<Uri> + Clone + Send + Sync + 'static,
    C::Response: Connection + Read + Write + Send + Unpin + 'static,
    C::Future: Send + 'static,
    C::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let base = address(&settings.base)?;
    let secure = connect::over(connector, &settings.trust, &base)?;
    let connector = Connector::new(secure, base.clone(), settings.timing.connect);
    Ok(Client::new(connector, settings, base))
}
