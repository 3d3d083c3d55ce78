//! The end, in stages: say so, stop accepting, finish, end.

use std::future::Future;
use std::io;
use std::time::Duration;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;
use tokio::time::sleep;

/// Where the process stands. It only moves forward.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// Everything is served.
    #[default]
    Serving,
    /// Readiness is false; everything is still served, so that whoever has not
    /// heard of it yet loses nothing.
    Leaving,
    /// Nothing new is accepted; what has begun is finished.
    Draining,
    /// What is not finished is cut off.
    Ended,
}

/// How long the stages last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grace {
    /// Between readiness false and the closed door; as long as a load balancer
    /// takes to notice. Default: no time.
    pub notice: Duration,
    /// Between the closed door and the end. Default: 30 s.
    pub deadline: Duration,
}

impl Default for Grace {
    fn default() -> Self {
        Self { notice: Duration::ZERO, deadline: Duration::from_secs(30) }
    }
}

/// The way to the end, shared by everything that must know of it.
#[derive(Clone, Debug, Default)]
pub struct Shutdown {
    phase: watch::Sender<Phase>,
}

impl Shutdown {
    /// At its beginning: [`Phase::Serving`].
    pub fn new() -> Self {
        Self::default()
    }

    /// Where we stand; readiness is `Serving`.
    pub fn phase(&self) -> Phase {
        *self.phase.borrow()
    }

    /// Follows the phases, for readiness and for whatever else must stop.
    pub fn subscribe(&self) -> watch::Receiver<Phase> {
        self.phase.subscribe()
    }

    /// Moves on to `phase`, never back.
    pub fn advance(&self, phase: Phase) {
        self.phase.send_if_modified(|now| {
            let later = phase > *now;
            *now = phase.max(*now);
            later
        });
    }

    /// Waits for `phase` or a later one.
    pub async fn reached(&self, phase: Phase) {
        reached(&mut self.subscribe(), phase).await;
    }

    /// Goes through the stages. `hurry` ends them at once: the second signal.
    /// Whoever serves returns as soon as all is finished and need not wait for
    /// this to end.
    pub async fn drain(&self, grace: Grace, hurry: impl Future<Output = ()>) {
        let stages = async {
            self.advance(Phase::Leaving);
            sleep(grace.notice).await;
            self.advance(Phase::Draining);
            sleep(grace.deadline).await;
        };
        tokio::select! {
            () = stages => {}
            () = hurry => {}
        }
        self.advance(Phase::Ended);
    }
}

/// As [`Shutdown::reached`], for those who keep a receiver.
pub(super) async fn reached(phases: &mut watch::Receiver<Phase>, phase: Phase) {
    // An error means that nobody is left who could advance: that is the end.
    let _ = phases.wait_for(|now| *now >= phase).await;
}

/// The signals that a service gets.
#[derive(Debug)]
pub struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hangup: Signal,
}

impl Signals {
    /// From here on the signals no longer end the process by themselves.
    pub fn install() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hangup: signal(SignalKind::hangup())?,
        })
    }

    /// Waits for whichever comes next.
    pub async fn next(&mut self) -> Sign {
        tokio::select! {
            _ = self.terminate.recv() => Sign::Stop,
            _ = self.interrupt.recv() => Sign::Stop,
            _ = self.hangup.recv() => Sign::Reload,
        }
    }

    /// Waits for the next SIGTERM or SIGINT.
    pub async fn stop(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// What a signal asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    /// To come to an end.
    Stop,
    /// To read the configuration again.
    Reload,
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::pending;
    use tokio::time::Instant;

    const GRACE: Grace =
        Grace { notice: Duration::from_secs(5), deadline: Duration::from_secs(30) };

    #[tokio::test(start_paused = true)]
    async fn readiness_ends_before_the_door_closes() {
        let (shutdown, start) = (Shutdown::new(), Instant::now());
        let moment = |phase| {
            let shutdown = shutdown.clone();
            async move {
                shutdown.reached(phase).await;
                start.elapsed().as_secs()
            }
        };
        let ((), leaving, draining, ended) = tokio::join!(
            shutdown.drain(GRACE, pending()),
            moment(Phase::Leaving),
            moment(Phase::Draining),
            moment(Phase::Ended),
        );
        assert_eq!((leaving, draining, ended), (0, 5, 35));
    }

    #[tokio::test(start_paused = true)]
    async fn a_second_signal_ends_at_once() {
        let (shutdown, start) = (Shutdown::new(), Instant::now());
        shutdown.drain(GRACE, sleep(Duration::from_secs(1))).await;
        assert_eq!(shutdown.phase(), Phase::Ended);
        assert_eq!(start.elapsed().as_secs(), 1);
    }

    #[test]
    fn there_is_no_way_back() {
        let shutdown = Shutdown::new();
        shutdown.advance(Phase::Draining);
        shutdown.advance(Phase::Leaving);
        assert_eq!(shutdown.phase(), Phase::Draining);
    }
}
