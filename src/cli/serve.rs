//! `matricula serve`: the gateway, until a signal ends it.

use std::ffi::OsString;
use std::io::Write;
use std::sync::Arc;

use super::Trouble;
use super::settings::{self, Flags};
use crate::app::{self, log};
use crate::clock::Clock;
use crate::config::{Format, Loaded, Log};
use crate::server::{Notifier, Signals};

/// What `serve` is told.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    flags: Flags,
}

pub(super) fn run(arguments: &Arguments, talk: &mut dyn Write) -> Result<(), Trouble> {
    let sources = arguments.flags.sources();
    let Loaded { settings, warnings } =
        sources.load(Clock::system().now()).map_err(|faults| settings::told(&faults))?;
    write!(talk, "{}", warnings.render(super::colours()))?;
    let guard = Arc::new(logging(&settings.log)?);
    let notifier = notifier(sources.environment.get("NOTIFY_SOCKET"))?;
    let logs = Arc::clone(&guard);
    let source: app::Source = Arc::new(move |now| {
        let loaded = sources.load(now)?;
        // A filter that was read can be set: reading it checks it.
        let _ = logs.refilter(&loaded.settings.log.filter);
        Ok(loaded)
    });
    super::runtime()?.block_on(async {
        let running = app::start(settings, Some(source)).await.map_err(Trouble::failed)?;
        guard.register(running.registry()).map_err(Trouble::failed)?;
        let signals = Signals::install().map_err(Trouble::failed)?;
        let addresses = running.addresses();
        tracing::info!(scim = %addresses.scim, admin = %addresses.admin, "serving");
        running.serve(signals, &notifier).await;
        Ok(())
    })
}

/// From here on everything is logged.
pub(super) fn logging(log: &Log) -> Result<log::Guard, Trouble> {
    let format = match log.format {
        Format::Text => log::Format::Text,
        Format::Json => log::Format::Json,
    };
    let settings = log::Settings { format, filter: log.filter.clone() };
    log::start(&settings).map_err(Trouble::failed)
}

fn notifier(socket: Option<&str>) -> Result<Notifier, Trouble> {
    let socket = socket.map(OsString::from);
    Notifier::open(socket.as_deref()).map_err(Trouble::failed)
}
