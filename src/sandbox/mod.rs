//! A small LMS for demonstrations and tests: it speaks Moodle's REST dialect
//! with the quirks that were recorded of real sites, keeps everything in
//! memory, and goes wrong on request.
//!
//! [`Moodle`] is the whole of it as a state machine without sockets; [`Sandbox`]
//! puts it behind HTTP. It asks no clock and never waits for time: what is to
//! happen late happens when a test releases it.

mod answer;
mod calls;
mod cohort;
mod door;
mod fault;
mod form;
mod info;
mod json;
mod moodle;
mod people;
mod person;
mod reply;
mod rules;
mod serve;
mod shape;
mod site;
mod token;
mod user;
mod wait;

use std::fmt;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

pub use self::answer::Answer;
pub use self::calls::Calls;
pub use self::cohort::book::{Cohort, Cohorts};
pub use self::fault::{Fault, Faults};
pub use self::form::{Array, Node};
pub use self::moodle::{Moodle, Pending, Step};
pub use self::people::{People, Taken};
pub use self::person::{ADMIN, GUEST, Person};
pub use self::site::{Database, Field, FieldKind, Release, Site, State};
pub use self::token::{Block, Right, Standing, Token};
pub use self::wait::{Latch, Race};

/// How a sandbox begins.
#[derive(Clone)]
pub struct Options {
    /// Where it listens; port 0 picks one.
    pub listen: SocketAddr,
    /// The token of its service account.
    pub token: String,
    /// What it holds; `None` is a fresh installation.
    pub moodle: Option<Moodle>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            token: "sandbox-token".to_owned(),
            moodle: None,
        }
    }
}

// Tokens do not print, not even these.
impl fmt::Debug for Options {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Options").field("listen", &self.listen).finish_non_exhaustive()
    }
}

/// A running sandbox. Dropping it ends it at once.
pub struct Sandbox {
    shared: Arc<serve::Shared>,
    address: SocketAddr,
    token: String,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Sandbox {
    /// Binds and serves.
    pub async fn start(options: Options) -> io::Result<Self> {
        let listener = TcpListener::bind(options.listen).await?;
        let address = listener.local_addr()?;
        let site = Site { url: format!("http://{address}"), ..Site::default() };
        let moodle = options.moodle.unwrap_or_else(|| Moodle::new(site, &options.token));
        let shared = Arc::new(serve::Shared { moodle: moodle.into(), ..Default::default() });
        let stop = watch::Sender::new(false);
        let task = tokio::spawn(serve::run(listener, shared.clone(), stop.subscribe()));
        Ok(Self { shared, address, token: options.token, stop, task })
    }

    /// The site's address, without a path.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The token of the service account.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// The script of what goes wrong.
    pub fn faults(&self) -> Faults {
        self.shared.faults.clone()
    }

    /// The count of calls.
    pub fn calls(&self) -> Calls {
        self.shared.calls.clone()
    }

    /// The moment between check and write.
    pub fn race(&self) -> Race {
        self.shared.race.clone()
    }

    /// Everybody who exists; neither the guest nor the deleted.
    pub fn people(&self) -> Vec<Person> {
        self.with(|moodle| moodle.accounts())
    }

    /// Every cohort with its members.
    pub fn cohorts(&self) -> Vec<Cohort> {
        self.with(|moodle| moodle.groups())
    }

    /// Reads or changes anything, as an administrator would behind the back of
    /// the web service.
    pub fn with<T>(&self, act: impl FnOnce(&mut Moodle) -> T) -> T {
        self.shared.with(act)
    }

    /// Stops accepting, finishes what can be finished, and gives back what it
    /// holds, so that another can go on from there at the same address.
    pub async fn stop(mut self) -> Moodle {
        self.stop.send_replace(true);
        // It can only fail by a panic, and then there is nothing to wait for.
        let _ = (&mut self.task).await;
        self.with(std::mem::take)
    }
}

impl fmt::Debug for Sandbox {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Sandbox").field("address", &self.address).finish_non_exhaustive()
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.task.abort();
    }
}
