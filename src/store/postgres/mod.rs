//! A store on a PostgreSQL server, which several processes share.
//!
//! Each read and write is one statement on a pooled connection, and the server
//! commits what it was told before it answers. A connection that breaks is
//! replaced with the next question; the question that broke it is asked once
//! more, since each of them says the same twice.

mod dial;
mod entries;
mod entry_row;
mod fault;
mod fill;
mod flags;
mod health;
mod hub;
mod line;
mod look;
mod message;
mod notes;
mod peers;
mod pending;
mod pending_row;
#[cfg(test)]
mod plans;
mod schema;
mod settings;
mod tokens;
mod trail;

use std::collections::HashMap;
use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};
use std::time::Duration;

use deadpool_postgres::{GenericClient, Object, Pool, Transaction};
use tokio::time::error::Elapsed;
use tokio::time::timeout;
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

pub use health::{Health, Tables};
pub use settings::{Settings, Unreadable};

use super::key::NOTE as KEY_NOTE;
use super::{Ears, Entries, Error, Held, Key, Notes, Peers, Queue, Store, Tokens, Trail, Work};
use entries::OfTenant;
use flags::{Flags, PECULIAR, WAITS};
use hub::Hub;

/// A store on a PostgreSQL server. Clones share it.
#[derive(Clone)]
pub struct Postgres(Arc<Shared>);

struct Shared {
    pool: Pool,
    place: String,
    settings: Settings,
    /// Connections on which a turn is waited for, and held once it came.
    waiters: Pool,
    hub: OnceLock<Arc<Hub>>,
    /// What tells the key from others that this process seals with.
    mark: OnceLock<String>,
    /// How long an answer may take, the way included.
    patience: Duration,
    /// What is known of each tenant without asking.
    flags: Mutex<HashMap<Arc<str>, Arc<Flags>>>,
}

/// What a statement is told.
type Values<'a> = &'a [&'a (dyn ToSql + Sync)];

/// What the client says of a statement.
type Outcome<T> = Result<T, tokio_postgres::Error>;

/// Several statements that happen together.
type Steps<'t, T> = Pin<Box<dyn Future<Output = Outcome<T>> + Send + 't>>;

/// The rows that a statement comes to, planned once for each connection.
async fn ask(client: &impl GenericClient, text: &str, values: Values<'_>) -> Outcome<Vec<Row>> {
    let statement = client.prepare_cached(text).await?;
    client.query(&statement, values).await
}

impl Postgres {
    /// Connects to the server and brings our tables to today's form.
    pub async fn open(settings: &Settings) -> Result<Self, Error> {
        let store = Self::reach(settings)?;
        let mut session = store.session().await?;
        let ready = schema::migrate(&mut session, &settings.schema).await;
        ready.map_err(|error| store.told(error))?;
        drop(session);
        Ok(store)
    }

    /// The same without asking anything yet.
    fn reach(settings: &Settings) -> Result<Self, Error> {
        // What the server stops by itself has a moment to be told.
        let patience = settings.statement + Duration::from_secs(1);
        let (pool, place) = (dial::pool(settings)?, settings.place());
        Ok(Self(Arc::new(Shared {
            pool,
            place,
            settings: settings.clone(),
            waiters: peers::pool(settings)?,
            hub: OnceLock::new(),
            mark: OnceLock::new(),
            patience,
            flags: Mutex::default(),
        })))
    }

    /// What is known of a tenant without asking.
    fn flags(&self, tenant: &Arc<str>) -> Arc<Flags> {
        let mut known = self.0.flags.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(known.entry(Arc::clone(tenant)).or_default())
    }

    /// Asks the tables for what is then known of each tenant.
    async fn learn(&self) -> Result<(), Error> {
        self.has_its_key().await?;
        let known = {
            let known = self.0.flags.lock().unwrap_or_else(PoisonError::into_inner);
            let each = known.iter();
            each.map(|(name, it)| (Arc::clone(name), it.additions())).collect::<Vec<_>>()
        };
        let mut waiting = Vec::new();
        for row in self.rows(&look::learn(), &[]).await? {
            let read = || Ok((row.try_get::<_, &str>(0)?, row.try_get::<_, &str>(1)?));
            let (tenant, word) = read().map_err(|error: tokio_postgres::Error| self.told(error))?;
            let tenant = Arc::from(tenant);
            self.flags(&tenant).hear(word);
            if word == WAITS {
                waiting.push(tenant);
            }
        }
        for (tenant, additions) in known.into_iter().filter(|(name, _)| !waiting.contains(name)) {
            self.flags(&tenant).emptied(additions);
        }
        Ok(())
    }

    /// A key may be replaced while no gateway holds the store by its line: whoever read
    /// the old one before must not write with it.
    async fn has_its_key(&self) -> Result<(), Error> {
        let Some(own) = self.0.mark.get() else { return Ok(()) };
        let known = self.notes().get(KEY_NOTE).await?;
        if known.is_none_or(|known| known == *own) {
            return Ok(());
        }
        let words = "the store has another key since this gateway was started: start it again";
        tracing::error!(store = self.0.place, "{words}");
        Err(self.told(words))
    }

    /// Whether what is known of tenants without asking may be believed.
    fn hears(&self) -> bool {
        self.0.hub.get().is_some_and(|hub| hub.hears())
    }

    /// Somebody is about to be called otherwise: everybody knows before it is so. Says
    /// whether that is new; then it is told once more afterwards, for those who have
    /// asked the tables in between.
    async fn becomes_peculiar(&self, tenant: &str, flags: &Flags) -> bool {
        let first = flags.all_plain();
        if first {
            flags.hear(PECULIAR);
            self.tell(tenant, PECULIAR).await;
        }
        first
    }

    /// Work is about to wait: everybody knows before it does, for whoever adds it may
    /// end before it can say so. It is told once more afterwards, for those who have
    /// asked the tables in between.
    async fn begins_to_wait(&self, tenant: &str, flags: &Flags) {
        if flags.nothing_waits() {
            flags.hear(WAITS);
            self.tell(tenant, WAITS).await;
        }
    }

    /// Tells other processes of a tenant.
    async fn tell(&self, tenant: &str, word: &str) {
        if let Some(hub) = self.0.hub.get() {
            hub.tell(tenant, vec![word.to_owned()]).await;
        }
    }

    /// The lock by which others see that this process is there; nothing, where it does
    /// not ask for others.
    async fn life(&self) -> Result<Option<i64>, Error> {
        let Some(hub) = self.0.hub.get() else { return Ok(None) };
        hub.line(self.0.settings.connect).await.map(|line| Some(line.life))
    }

    /// The line to other processes, which is begun by whoever asks first.
    fn hub(&self) -> Arc<Hub> {
        let hub = self.0.hub.get_or_init(|| {
            let store = Arc::downgrade(&self.0);
            let learn = move || -> Pin<Box<dyn Future<Output = bool> + Send>> {
                let store = store.upgrade().map(Self);
                Box::pin(async move {
                    match store {
                        Some(store) => store.learn().await.is_ok(),
                        None => false,
                    }
                })
            };
            Hub::start(&self.0.settings, Box::new(learn))
        });
        Arc::clone(hub)
    }

    /// The rows that a statement comes to.
    async fn rows(&self, text: &str, values: Values<'_>) -> Result<Vec<Row>, Error> {
        match self.attempt(text, values).await {
            Err(Broken { again: true, .. }) => self.attempt(text, values).await,
            outcome => outcome,
        }
        .map_err(|broken| broken.error)
    }

    /// Does what a statement says.
    async fn done(&self, text: &str, values: Values<'_>) -> Result<(), Error> {
        self.rows(text, values).await.map(drop)
    }

    async fn attempt(&self, text: &str, values: Values<'_>) -> Result<Vec<Row>, Broken> {
        let session = self.session().await.map_err(|error| Broken { error, again: false })?;
        let asked = timeout(self.0.patience, ask(&session, text, values)).await;
        self.judged(session, asked)
    }

    /// Several statements, of which all happen or none. They are not sent once more:
    /// nobody knows whether they happened.
    async fn together<T: Send>(
        &self,
        steps: impl for<'t> FnOnce(&'t Transaction<'t>) -> Steps<'t, T> + Send,
    ) -> Result<T, Error> {
        let mut session = self.session().await?;
        let all = async {
            let step = session.transaction().await?;
            let done = steps(&step).await?;
            step.commit().await?;
            Ok(done)
        };
        let outcome = timeout(self.0.patience, all).await;
        self.judged(session, outcome).map_err(|broken| broken.error)
    }

    /// What came of a connection's work; it is given back only if it is of more use.
    fn judged<T>(&self, session: Object, told: Result<Outcome<T>, Elapsed>) -> Result<T, Broken> {
        let (words, again) = match told {
            Ok(Ok(done)) => return Ok(done),
            Ok(Err(error)) => {
                if fault::ends_connection(&error) {
                    drop(Object::take(session));
                }
                (fault::words(&error), fault::broken(&error))
            }
            Err(_) => {
                drop(Object::take(session));
                ("it does not answer in time".to_owned(), false)
            }
        };
        tracing::error!(store = self.0.place, error = words, "the store fails");
        Err(Broken { error: self.told(words), again })
    }

    /// A connection that nobody else uses meanwhile.
    async fn session(&self) -> Result<Object, Error> {
        self.0.pool.get().await.map_err(|error| {
            let words = fault::unconnected(&error);
            tracing::error!(store = self.0.place, error = words, "the store cannot be reached");
            self.told(words)
        })
    }

    fn told(&self, words: impl fmt::Display) -> Error {
        Error::new(format!("{}: {words}", self.0.place))
    }
}

/// A statement that failed, and whether it may be sent once more.
struct Broken {
    error: Error,
    again: bool,
}

impl Store for Postgres {
    fn entries(&self, tenant: &Arc<str>) -> Arc<dyn Entries> {
        Arc::new(OfTenant::new(self, tenant))
    }

    fn pending(&self, tenant: &Arc<str>) -> Arc<dyn Queue> {
        Arc::new(pending::OfTenant::new(self, tenant))
    }

    fn tokens(&self) -> Arc<dyn Tokens> {
        Arc::new(tokens::Ring(self.clone()))
    }

    fn trail(&self, key: &Key) -> Arc<dyn Trail> {
        self.0.mark.get_or_init(|| key.mark());
        Arc::new(trail::Sealed::new(self, key))
    }

    fn notes(&self) -> Arc<dyn Notes> {
        Arc::new(notes::Board(self.clone()))
    }

    fn peers(&self, tenant: &Arc<str>, ears: Weak<dyn Ears>) -> Option<Arc<dyn Peers>> {
        let hub = self.hub();
        let own: Weak<dyn Ears> = Arc::downgrade(&self.flags(tenant)) as Weak<dyn Ears>;
        hub.listen(tenant, own);
        hub.listen(tenant, ears);
        Some(Arc::new(peers::OfTenant::new(self, hub, tenant)))
    }

    fn alone(&self) -> Work<'_, Held> {
        Box::pin(peers::alone(self))
    }

    fn leave(&self) -> Work<'_, ()> {
        Box::pin(async move {
            if let Some(hub) = self.0.hub.get() {
                hub.leave().await;
            }
            Ok(())
        })
    }
}

impl fmt::Debug for Postgres {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0.place)
    }
}
