//! What a backend is told about its LMS. The rooms above fill it in from the
//! mapping and the configuration; nothing here knows either.

use std::sync::Arc;
use std::time::Duration;

/// One LMS: where it is, what it bears, how long we wait.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Its name in metrics and logs; from the configuration, never from input.
    pub name: Arc<str>,
    /// Its base address, with a path where it has one.
    pub base: String,
    /// What it bears.
    pub limits: Limits,
    /// How long we wait.
    pub timing: Timing,
    /// How often we try.
    pub retry: Retry,
    /// When we leave it alone.
    pub breaker: Breaker,
    /// Whom we trust, over TLS.
    pub trust: Trust,
}

impl Settings {
    /// An LMS at that address, with the defaults of every part.
    pub fn new(name: impl Into<Arc<str>>, base: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            base: base.into(),
            limits: Limits::default(),
            timing: Timing::default(),
            retry: Retry::default(),
            breaker: Breaker::default(),
            trust: Trust::default(),
        }
    }
}

/// What an LMS bears.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Calls at the same time: also the ceiling on connections, for the pool
    /// has none of its own.
    pub concurrency: usize,
    /// Calls that may wait for a free slot; one more is refused at once.
    pub queue: usize,
    /// Calls within spans, all of which hold.
    pub rates: Vec<Rate>,
    /// Bytes that an answer may have.
    pub answer: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { concurrency: 8, queue: 256, rates: Vec::new(), answer: 16 * 1024 * 1024 }
    }
}

/// At most so many calls within any span of that length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// How many.
    pub calls: u32,
    /// Within how long.
    pub span: Duration,
}

/// How long we wait.
#[derive(Clone, Debug)]
pub struct Timing {
    /// For a connection: name, TCP and TLS together.
    pub connect: Duration,
    /// For one attempt, from the wait for a connection to the body's last byte;
    /// a call's own patience goes first.
    pub attempt: Duration,
    /// For everything: queues, attempts and the pauses between them.
    pub whole: Duration,
    /// How long an unused connection is kept. Below the LMS's own keep-alive, or
    /// writes meet connections that are just being closed; Apache's is 5 s.
    pub idle: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            attempt: Duration::from_secs(15),
            whole: Duration::from_secs(30),
            idle: Duration::from_secs(4),
        }
    }
}

/// How often we try.
#[derive(Clone, Debug)]
pub struct Retry {
    /// Attempts at one call, the first included.
    pub attempts: u32,
    /// The pause before the second attempt; it doubles from there.
    pub pause: Duration,
    /// The longest pause we choose ourselves.
    pub longest: Duration,
    /// Retries that each call pays for, in percent: a dying LMS sees that much
    /// more load from us, not a multiple.
    pub share: u32,
    /// Retries in hand at the start, and the most that can be saved up.
    pub reserve: u32,
}

impl Default for Retry {
    fn default() -> Self {
        Self {
            attempts: 4,
            pause: Duration::from_millis(200),
            longest: Duration::from_secs(10),
            share: 20,
            reserve: 20,
        }
    }
}

/// When we leave an LMS alone.
#[derive(Clone, Debug)]
pub struct Breaker {
    /// Attempts in a row that found it unavailable.
    pub failures: u32,
    /// How long it is left alone then; doubles with each probe that fails.
    pub pause: Duration,
    /// The longest it is left alone.
    pub longest: Duration,
}

impl Default for Breaker {
    fn default() -> Self {
        Self { failures: 8, pause: Duration::from_secs(5), longest: Duration::from_mins(1) }
    }
}

/// Whom we trust, over TLS.
#[derive(Clone, Debug)]
pub struct Trust {
    /// The authorities of this machine; `SSL_CERT_FILE` is honoured.
    pub system: bool,
    /// Further authorities, as PEM: private ones are common on a campus.
    pub extra: Vec<u8>,
}

impl Default for Trust {
    fn default() -> Self {
        Self { system: true, extra: Vec::new() }
    }
}
