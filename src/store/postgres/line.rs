//! The line to the other processes: one connection that says and hears what is
//! written, and holds the locks of turns. It lives as long as it answers; with it
//! go its locks and the belief that nothing was missed.

use std::future::poll_fn;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_postgres::{AsyncMessage, Client, Statement};

use super::dial;
use super::fault::words;
use super::hub::Hub;
use super::message::{Message, Said};
use super::peers;
use super::settings::Settings;
use crate::store::Error;

/// How long the server may take to answer on the line.
const ANSWER: Duration = Duration::from_secs(2);

/// One connection, while it lasts.
pub(super) struct Line {
    /// What the others know us by: another name for each connection.
    pub(super) name: String,
    /// A lock that is held for as long as the line is there.
    pub(super) life: i64,
    client: Client,
    notify: Statement,
    attempt: Statement,
    release: Statement,
    driver: JoinHandle<()>,
}

impl Line {
    /// Connects and listens. Whatever is heard goes to the hub; `ended` is told when
    /// nothing more can be.
    pub(super) async fn open(
        hub: &Arc<Hub>,
        settings: &Settings,
    ) -> Result<(Arc<Self>, oneshot::Receiver<()>), Error> {
        let told = |error: tokio_postgres::Error| Error::new(words(&error));
        let late = |_| Error::new("no connection came about in time");
        let reached = settings.reached();
        let connecting = reached.connect(dial::tls(settings)?);
        let connected = timeout(settings.connect, connecting).await.map_err(late)?;
        let (client, mut connection) = connected.map_err(told)?;
        let (life, ear) = (fresh_life()?, Arc::downgrade(hub));
        let name = format!("{life:016x}");
        let (tell, ended) = oneshot::channel();
        let driver = tokio::spawn(async move {
            while let Some(Ok(message)) = poll_fn(|context| connection.poll_message(context)).await
            {
                let Some(hub) = ear.upgrade() else { break };
                if let AsyncMessage::Notification(notification) = message {
                    hub.hear(notification.payload());
                }
            }
            // Nobody waits where the line was given up before.
            let _ = tell.send(());
        });
        let setting_up = async {
            client.batch_execute(&dial::set_up(settings)).await?;
            let text = "SELECT pg_notify($1, said) FROM unnest($2::text[]) AS said";
            let notify = client.prepare(text).await?;
            let text = "SELECT key, pg_try_advisory_lock(key) FROM unnest($1::bigint[]) AS key";
            let attempt = client.prepare(text).await?;
            let text = "SELECT pg_advisory_unlock(key) FROM unnest($1::bigint[]) AS key";
            let release = client.prepare(text).await?;
            client.query("SELECT pg_advisory_lock($1)", &[&life]).await?;
            client.query(peers::SERVES, &[&settings.schema]).await?;
            client.batch_execute(&format!("LISTEN {}", settings.schema)).await?;
            Ok((notify, attempt, release))
        };
        let (notify, attempt, release) =
            timeout(settings.connect, setting_up).await.map_err(late)?.map_err(told)?;
        Ok((Arc::new(Self { name, life, client, notify, attempt, release, driver }), ended))
    }

    /// Says something to everybody, ourselves included.
    pub(super) async fn say(&self, channel: &str, all: Vec<Said>) -> Result<(), Error> {
        let text = |said| Message { from: self.name.clone(), said }.to_text();
        let texts: Vec<_> = all.into_iter().map(text).collect();
        let values: super::Values<'_> = &[&channel, &texts];
        self.within(self.client.query(&self.notify, values)).await.map(drop)
    }

    /// Takes all of these locks, or none.
    pub(super) async fn attempt(&self, keys: &[i64]) -> Result<bool, Error> {
        let rows = self.within(self.client.query(&self.attempt, &[&keys])).await?;
        let mut held = Vec::new();
        for row in &rows {
            if row.try_get(1).map_err(Error::new)? {
                held.push(row.try_get::<_, i64>(0).map_err(Error::new)?);
            }
        }
        if held.len() == keys.len() {
            return Ok(true);
        }
        self.release(&held).await?;
        Ok(false)
    }

    /// Gives locks back.
    pub(super) async fn release(&self, keys: &[i64]) -> Result<(), Error> {
        if keys.is_empty() {
            return Ok(());
        }
        self.within(self.client.query(&self.release, &[&keys])).await.map(drop)
    }

    /// An answer in time, or the line is of no more use: what is asked on it waits
    /// for nobody.
    async fn within<T>(&self, asked: impl Future<Output = super::Outcome<T>>) -> Result<T, Error> {
        if let Ok(outcome) = timeout(ANSWER, asked).await {
            return outcome.map_err(|error| Error::new(words(&error)));
        }
        self.driver.abort();
        Err(Error::new("the line to the other processes does not answer"))
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

fn fresh_life() -> Result<i64, Error> {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).map_err(Error::new)?;
    Ok(i64::from_be_bytes(bytes))
}
