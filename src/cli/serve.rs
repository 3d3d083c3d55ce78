//! `matricula serve`: the gateway, until a signal ends it.

use std::ffi::OsString;
use std::io::Write;
use std::sync::Arc;

use super::Trouble;
use super::settings::{self, Flags};
use crate::app::{self, log};
use crate::clock::Clock;
use crate::config::Loaded;
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
    if warnings.count() > 0 {
        writeln!(talk, "{}\n", warnings.render(super::colours()))?;
    }
    let guard = Arc::new(log::start(&settings.log).map_err(Trouble::failed)?);
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

fn notifier(socket: Option<&str>) -> Result<Notifier, Trouble> {
    let socket = socket.map(OsString::from);
    Notifier::open(socket.as_deref()).map_err(Trouble::failed)
}
