//! The connections to one LMS: those at rest are used again, the last one first, and
//! given up before the LMS does. How many there are at most is the matter of
//! [`super::limit`].

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use http::Uri;
use tokio::time::{Instant, sleep_until};

use super::connect::Connector;
use super::fault::{self, Fault};
use super::line::{Answer, Broken, Host, Line, Outgoing, Own, Shared};
use super::settings::Settings;

/// The connections to one LMS.
pub(super) struct Pool {
    connector: Connector,
    host: Host,
    rest: Arc<Rest>,
    most: usize,
}

/// Connections without a call.
struct Rest {
    lines: Mutex<Lines>,
    most: usize,
    longest: Duration,
}

#[derive(Default)]
struct Lines {
    /// Each with the end of its time, so the oldest goes first.
    own: VecDeque<(Instant, Box<Own>)>,
    shared: Option<(Instant, Shared)>,
    /// Somebody sees to it that old ones go.
    swept: bool,
}

/// How far an attempt got, for whoever stops waiting for it.
#[derive(Default)]
pub(super) struct Progress {
    begun: AtomicBool,
    /// The connection that it shares with others.
    on: Mutex<Option<Shared>>,
}

impl Progress {
    /// Whether the request may have been sent.
    pub(super) fn is_begun(&self) -> bool {
        self.begun.load(Ordering::Relaxed)
    }

    fn begin(&self, line: &Line) {
        self.begun.store(true, Ordering::Relaxed);
        if let Line::Shared(shared) = line {
            *self.on() = Some(shared.clone());
        }
    }

    /// The request came back.
    fn begin_anew(&self) {
        self.begun.store(false, Ordering::Relaxed);
    }

    fn on(&self) -> MutexGuard<'_, Option<Shared>> {
        self.on.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Pool {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Pool")
    }
}

impl Pool {
    pub(super) fn new(connector: Connector, settings: &Settings, base: Uri) -> Self {
        let rest = Rest {
            lines: Mutex::default(),
            most: settings.limits.concurrency,
            longest: settings.timing.idle,
        };
        let most = settings.limits.answer;
        Self { connector, host: Host::of(base), rest: Arc::new(rest), most }
    }

    /// Sends a request and reads its answer. A connection that ended while it rested
    /// hands back what it has not begun to write; the next one takes it.
    pub(super) async fn exchange(
        &self,
        mut request: Outgoing,
        progress: &Progress,
    ) -> Result<Answer, Fault> {
        loop {
            let rested = self.rest.line();
            let fresh = rested.is_none();
            let mut line = match rested {
                Some(line) => line,
                None => Box::pin(self.open()).await?,
            };
            progress.begin(&line);
            match line.exchange(request, &self.host, self.most).await {
                Ok(answer) => {
                    self.rest.keep(line);
                    return Ok(answer);
                }
                Err(Broken::Unsent(back, _)) if !fresh => request = *back,
                Err(Broken::Unsent(_, error)) => return Err(fault::closed(&error)),
                Err(Broken::Fault(fault)) => return Err(fault),
            }
            progress.begin_anew();
            if let Line::Shared(shared) = &line {
                self.rest.forget(shared);
            }
        }
    }

    async fn open(&self) -> Result<Line, Fault> {
        let opened = self.connector.open().await.map_err(|error| fault::unconnected(&*error))?;
        let line = Line::over(opened).await.map_err(|error| fault::unconnected(&error))?;
        if let Line::Shared(shared) = &line {
            self.rest.share(shared.clone());
        }
        Ok(line)
    }

    /// Somebody has waited in vain. A connection for one call ends with that; one that
    /// is shared may be as dead, and nobody would notice for a long time.
    pub(super) fn gave_up(&self, progress: &Progress) {
        if let Some(shared) = &*progress.on() {
            self.rest.forget(shared);
        }
    }
}

impl Rest {
    /// A connection that is open, as far as one can know.
    fn line(&self) -> Option<Line> {
        let now = Instant::now();
        let mut lines = self.lock();
        if let Some((until, shared)) = &lines.shared {
            if *until > now && shared.is_ready() && !shared.is_old() {
                return Some(Line::Shared(shared.clone()));
            }
            lines.shared = None;
        }
        while let Some((until, mut line)) = lines.own.pop_back() {
            if until > now && line.is_ready() {
                return Some(Line::Own(line));
            }
        }
        None
    }

    /// A call on it is over.
    fn keep(self: &Arc<Self>, line: Line) {
        match line {
            Line::Shared(shared) => {
                let mut lines = self.lock();
                match &mut lines.shared {
                    // Another one has taken its place.
                    Some((_, known)) if !known.is(&shared) => {}
                    place => *place = Some((self.end(), shared)),
                }
                self.watch(&mut lines);
            }
            Line::Own(mut line) => {
                if !line.is_free() {
                    return line.close();
                }
                let mut lines = self.lock();
                if lines.own.len() < self.most {
                    lines.own.push_back((self.end(), line));
                }
                self.watch(&mut lines);
            }
        }
    }

    /// Calls can be made on it from now on.
    fn share(self: &Arc<Self>, shared: Shared) {
        let mut lines = self.lock();
        lines.shared = Some((self.end(), shared));
        self.watch(&mut lines);
    }

    fn end(&self) -> Instant {
        Instant::now() + self.longest
    }

    fn watch(self: &Arc<Self>, lines: &mut Lines) {
        if !std::mem::replace(&mut lines.swept, true) {
            tokio::spawn(sweep(Arc::downgrade(self)));
        }
    }

    /// Nobody takes that one any more.
    fn forget(&self, shared: &Shared) {
        self.lock().shared.take_if(|(_, known)| known.is(shared));
    }

    /// Closes those whose time is over; when the next one's is.
    fn swept(&self) -> Option<Instant> {
        let mut lines = self.lock();
        let now = Instant::now();
        let over = lines.own.iter().take_while(|(until, _)| *until <= now).count();
        let old: Vec<_> = lines.own.drain(..over).collect();
        // Who calls on it has a share of it, and it ends with the last.
        let shared = lines.shared.take_if(|(until, _)| *until <= now);
        let next = lines.own.front().map(|(until, _)| *until);
        let next = next.into_iter().chain(lines.shared.as_ref().map(|(until, _)| *until)).min();
        lines.swept = next.is_some();
        drop((lines, shared));
        for (_, line) in old {
            line.close();
        }
        next
    }

    fn lock(&self) -> MutexGuard<'_, Lines> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Sees to it that connections nobody needs go, until none is left. One that is used
/// all the time stays, so this is seldom woken.
async fn sweep(rest: Weak<Rest>) {
    while let Some(next) = rest.upgrade().and_then(|rest| rest.swept()) {
        sleep_until(next).await;
    }
}
