//! What a connection is doing, as far as its time-outs need to know.
//!
//! hyper's own time-out for heads is not used. It also runs between requests, so
//! that it could not tell a silent client from a slow one; and it is missing
//! before the first byte and over HTTP/2.

use super::config::Timeouts;
use super::metrics::Cut;
use std::collections::BTreeMap;
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep, sleep_until};

/// The signs of life of one connection.
#[derive(Debug)]
pub(super) struct Pulse {
    timeouts: Timeouts,
    state: Mutex<State>,
    /// Requests so far; read on every read of the socket, hence no lock.
    requests: AtomicU64,
    /// HTTP/2 is spoken: bytes between requests are no request's beginning.
    multiplexed: AtomicBool,
    /// A head has begun and is being waited for: that is not silence.
    heading: AtomicBool,
}

#[derive(Debug)]
struct State {
    in_flight: usize,
    /// When the connection opened, or the last answer left.
    quiet_since: Instant,
    /// Answers on their way, by request, oldest first. Over HTTP/2 a client may
    /// leave one unread while the socket stays free.
    answers: BTreeMap<u64, Instant>,
    /// Since when the socket takes nothing. hyper lets go of an answer once it is
    /// in its buffer, long before a slow client has it.
    unsent_since: Option<Instant>,
}

/// What the clock has to say at a moment.
enum Verdict {
    Wait(Instant),
    Cut(Cut),
}

impl Pulse {
    pub(super) fn new(timeouts: Timeouts) -> Self {
        let state = State {
            in_flight: 0,
            quiet_since: Instant::now(),
            answers: BTreeMap::new(),
            unsent_since: None,
        };
        Self {
            timeouts,
            state: Mutex::new(state),
            requests: AtomicU64::new(0),
            multiplexed: AtomicBool::new(false),
            heading: AtomicBool::new(false),
        }
    }

    /// A request has come; gives its number.
    pub(super) fn begin(&self, multiplexed: bool) -> u64 {
        self.multiplexed.store(multiplexed, Relaxed);
        self.heading.store(false, Relaxed);
        self.lock().in_flight += 1;
        self.requests.fetch_add(1, Relaxed)
    }

    /// Its answer is ready to be fetched.
    pub(super) fn answer(&self, request: u64) {
        self.lock().answers.insert(request, Instant::now());
    }

    /// Its answer has left, or nobody waits for it any more.
    pub(super) fn end(&self, request: u64) {
        let mut state = self.lock();
        state.answers.remove(&request);
        state.in_flight -= 1;
        state.quiet_since = Instant::now();
    }

    /// The socket takes nothing for now.
    fn stall(&self) {
        self.lock().unsent_since.get_or_insert_with(Instant::now);
    }

    /// Everything has been taken.
    fn flow(&self) {
        let mut state = self.lock();
        state.unsent_since = None;
        state.quiet_since = Instant::now();
    }

    /// Ends when the client has used up its time. The timer is set anew when it
    /// fires, not on every request: a deadline mostly moves later. Where one moves
    /// nearer (an answer begins), it is noticed at most one idle time late.
    pub(super) async fn failing(&self) -> Cut {
        loop {
            match self.verdict(Instant::now()) {
                Verdict::Cut(cut) => return cut,
                Verdict::Wait(until) => sleep_until(until).await,
            }
        }
    }

    fn verdict(&self, now: Instant) -> Verdict {
        let Timeouts { header, answer, idle, .. } = self.timeouts;
        let state = self.lock();
        let oldest = state.answers.first_key_value().map(|(_, since)| *since);
        let oldest = oldest.into_iter().chain(state.unsent_since).min();
        let (deadline, cut) = match (
            oldest.map(|since| since + answer),
            state.in_flight,
            self.requests.load(Relaxed),
        ) {
            (Some(deadline), _, _) => (deadline, Cut::Answer),
            // The service thinks; an answer that begins now may take its time.
            (None, 1.., _) => return Verdict::Wait(now + answer.min(idle)),
            (None, 0, 0) => (state.quiet_since + header, Cut::Header),
            // `Watched` keeps that time.
            (None, 0, _) if self.heading.load(Relaxed) => return Verdict::Wait(now + header),
            (None, 0, _) => (state.quiet_since + idle, Cut::Idle),
        };
        if deadline <= now {
            return Verdict::Cut(cut);
        }
        // An answer that leaves early starts an idle time that may end earlier.
        Verdict::Wait(deadline.min(now + idle))
    }

    fn is_busy(&self) -> bool {
        self.lock().in_flight > 0
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection that fails once a request's head, begun, takes too long.
pub(super) struct Watched<S> {
    inner: S,
    pulse: Arc<Pulse>,
    /// Bytes have come since this many requests, and made no request yet.
    begun: Option<u64>,
    /// Set when a head has to be waited for: most come in one piece.
    deadline: Option<Pin<Box<Sleep>>>,
    /// The socket has refused bytes and they are not all out yet.
    stalled: bool,
}

impl<S> Watched<S> {
    pub(super) fn new(inner: S, pulse: Arc<Pulse>) -> Self {
        Self { inner, pulse, begun: None, deadline: None, stalled: false }
    }

    fn forget(&mut self) {
        self.begun = None;
        self.deadline = None;
    }

    /// Bytes have come.
    fn note(&mut self) {
        let requests = self.pulse.requests.load(Relaxed);
        // A mark from before the last request is stale: it is renewed, not kept.
        if self.begun != Some(requests) && !self.pulse.is_busy() {
            self.begun = Some(requests);
            self.deadline = None;
        }
    }

    /// Watches a write: whether the socket still takes bytes.
    fn noting<T>(&mut self, wrote: Poll<T>) -> Poll<T> {
        if wrote.is_pending() && !self.stalled {
            self.stalled = true;
            self.pulse.stall();
        }
        wrote
    }

    /// Nothing has come: is a head overdue?
    fn poll_overdue(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let Some(begun) = self.begun else { return Poll::Pending };
        let pulse = Arc::clone(&self.pulse);
        if begun != pulse.requests.load(Relaxed) || pulse.multiplexed.load(Relaxed) {
            self.forget();
            return Poll::Pending;
        }
        pulse.heading.store(true, Relaxed);
        let limit = pulse.timeouts.header;
        self.deadline.get_or_insert_with(|| Box::pin(sleep(limit))).as_mut().poll(context)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        if let Poll::Ready(outcome) = Pin::new(&mut self.inner).poll_read(context, buffer) {
            if buffer.filled().len() > before {
                self.note();
            }
            return Poll::Ready(outcome);
        }
        ready!(self.poll_overdue(context));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let wrote = Pin::new(&mut self.inner).poll_write(context, bytes);
        self.noting(wrote)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let wrote = Pin::new(&mut self.inner).poll_write_vectored(context, parts);
        self.noting(wrote)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        // hyper flushes when its own buffer is empty.
        let flushed = Pin::new(&mut self.inner).poll_flush(context);
        if flushed.is_ready() && std::mem::take(&mut self.stalled) {
            self.pulse.flow();
        }
        self.noting(flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(context)
    }
}
