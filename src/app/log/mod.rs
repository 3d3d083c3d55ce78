//! Logs: one line an event, on stderr, written by a thread of their own so that
//! no request waits for a terminal, a pipe or a disk.

mod json;
mod lines;
mod outlet;
mod text;

use crate::clock::Clock;
use crate::config::Log;
use lines::Lines;
use outlet::Outlet;
use prometheus::{IntCounter, Registry};
use std::backtrace::{Backtrace, BacktraceStatus};
use std::io;
use std::panic::PanicHookInfo;
use std::sync::Arc;
use tracing::Subscriber;
use tracing_subscriber::filter::{EnvFilter, ParseError};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::{Registry as Spans, reload};

/// Why nothing is logged.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum Fault {
    #[error(
        "`{filter}` is no log filter: {reason}\nhint: `info`, or `info,matricula::backend=debug`"
    )]
    Filter { filter: String, reason: ParseError },
    #[error("the thread that writes the log cannot be started: {0}")]
    Thread(#[from] io::Error),
    #[error("this process logs already")]
    Twice,
}

/// Reads a filter, to find its faults before anything is started.
pub fn filter(text: &str) -> Result<EnvFilter, Fault> {
    let read = EnvFilter::builder().parse(text);
    read.map_err(|reason| Fault::Filter { filter: text.to_owned(), reason })
}

/// From here on everything is logged, panics too. Once a process.
pub fn start(settings: &Log) -> Result<Guard, Fault> {
    let outlet = Arc::new(Outlet::open(io::stderr())?);
    let (subscriber, filter) = subscriber(settings, &Clock::system(), &outlet)?;
    tracing::subscriber::set_global_default(subscriber).map_err(|_| Fault::Twice)?;
    std::panic::set_hook(Box::new(tell));
    Ok(Guard { outlet, filter })
}

/// Logging in progress. When it is dropped, what was logged before has been
/// written, or stderr has not taken it for two seconds.
#[must_use = "dropping it ends the log"]
pub struct Guard {
    outlet: Arc<Outlet>,
    filter: reload::Handle<EnvFilter, Spans>,
}

impl Guard {
    /// Lets what got lost be counted.
    pub fn register(&self, registry: &Registry) -> prometheus::Result<()> {
        let lost: &IntCounter = self.outlet.lost();
        registry.register(Box::new(lost.clone()))
    }

    /// Another filter from here on.
    pub fn refilter(&self, text: &str) -> Result<(), Fault> {
        // The only other fault is a subscriber that is gone, with nothing to filter.
        let _ = self.filter.reload(filter(text)?);
        Ok(())
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.outlet.flush();
    }
}

fn subscriber(
    settings: &Log,
    clock: &Clock,
    outlet: &Arc<Outlet>,
) -> Result<(impl Subscriber + Send + Sync + use<>, reload::Handle<EnvFilter, Spans>), Fault> {
    let (filter, handle) = reload::Layer::new(filter(&settings.filter)?);
    let (clock, outlet) = (clock.clone(), Arc::clone(outlet));
    let lines = Lines { format: settings.format, clock, outlet };
    Ok((Spans::default().with(filter).with(lines), handle))
}

/// The panic hook: a panic is an event like all others, on one line.
fn tell(panic: &PanicHookInfo<'_>) {
    let place = panic.location().map(ToString::to_string);
    let trace = Backtrace::capture();
    let trace = (trace.status() == BacktraceStatus::Captured).then(|| trace.to_string());
    let words = panic.payload_as_str().unwrap_or("without words");
    let thread = std::thread::current();
    let (thread, backtrace) = (thread.name(), trace.as_deref());
    tracing::error!(target: "panic", place, thread, backtrace, "{words}");
}

#[cfg(test)]
mod tests;
