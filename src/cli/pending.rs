//! `matricula pending count | list | apply | drop`: the work that waits, as the running
//! gateway has it. It is asked over its operators' listener, so that nobody else has the
//! store open. Exit codes: 0 done, 1 it failed or work is left that failed, 2 the
//! arguments make no sense.

use std::io::{self, Write};

use clap::{Args, Subcommand};
use http::Method;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use super::desk::Desk;
use super::settings::{self, Flags};
use super::{Trouble, progress, queue, tally};
use crate::clock::Clock;
use crate::config::Settings;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Show how much waits of each tenant, for which reason, and why what failed did
    Count(Count),
    /// Show what waits, and the first call that each would make
    List(List),
    /// Have it done, and wait until it is; what failed is tried again at once
    Apply(Choice),
    /// Forget it: it is never done
    Drop(Choice),
}

/// The gateway that is asked.
#[derive(Debug, Args)]
pub(super) struct Place {
    #[command(flatten)]
    flags: Flags,
    /// The tenant, by its name in the configuration
    #[arg(long, value_name = "NAME")]
    pub(super) tenant: Option<String>,
    /// Where operators are answered, if not where the configuration says
    #[arg(long, value_name = "URL")]
    pub(super) admin: Option<String>,
    /// Print JSON
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, Args)]
pub(super) struct Count {
    #[command(flatten)]
    pub(super) place: Place,
}

#[derive(Debug, Args)]
pub(super) struct List {
    #[command(flatten)]
    choice: Choice,
    /// Of whoever has this user name, e-mail address or externalId; of the group with
    /// this name
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// So many at most
    #[arg(long, value_name = "COUNT")]
    limit: Option<u64>,
    /// Behind this number of the list
    #[arg(long, value_name = "NUMBER", default_value_t = 0, hide_default_value = true)]
    after: u64,
    /// A line for each, without the call
    #[arg(long)]
    brief: bool,
}

#[derive(Debug, Args)]
pub(super) struct Choice {
    #[command(flatten)]
    place: Place,
    /// Of this resource alone, by the id that the client knows
    #[arg(long, value_name = "ID")]
    pub(super) resource: Option<String>,
    /// Of people alone, or of groups: user, group
    #[arg(long, value_parser = kind, value_name = "KIND")]
    pub(super) kind: Option<String>,
    /// For this reason alone: dry-run, confirm, guard, approval, outage, grace, order
    #[arg(long, value_name = "REASON")]
    pub(super) reason: Option<String>,
    /// Only what was tried, and failed
    #[arg(long)]
    pub(super) failed: bool,
    /// This one alone, by its number in the list
    #[arg(long, value_name = "NUMBER")]
    pub(super) sequence: Option<u64>,
    /// All of it
    #[arg(long, conflicts_with_all = ["resource", "kind", "reason", "failed", "sequence"])]
    all: bool,
}

pub(super) fn run(
    command: &Command,
    out: &mut dyn Write,
    talk: &mut dyn Write,
) -> Result<(), Trouble> {
    let place = match command {
        Command::Count(count) => &count.place,
        Command::List(list) => &list.choice.place,
        Command::Apply(choice) | Command::Drop(choice) => &choice.place,
    };
    let loaded = place.flags.sources().load(Clock::system().now());
    let settings = loaded.map_err(|faults| settings::told(&faults))?.settings;
    super::runtime()?.block_on(async {
        match command {
            Command::Count(count) => tally::told(count, &settings, out).await,
            Command::List(list) => listed(&desk(place, &settings)?, list, out, talk).await,
            Command::Apply(choice) => apply(&desk(place, &settings)?, choice, out, talk).await,
            Command::Drop(choice) => {
                let desk = desk(place, &settings)?;
                let told = desk.ask(Method::DELETE, "", &choice.query(false)).await?;
                Ok(say(choice, out, &told, "dropped")?)
            }
        }
    })
}

fn desk(place: &Place, settings: &Settings) -> Result<Desk, Trouble> {
    let names: Vec<_> = settings.tenants.iter().map(|tenant| &*tenant.name).collect();
    let tenant = match (&place.tenant, &names[..]) {
        (Some(name), _) => name.as_str(),
        (None, [only]) => *only,
        (None, several) => {
            return Err(Trouble::Misused(format!(
                "error: there are several tenants: {}\n\
                 hint: name one with --tenant; `matricula pending count` shows all",
                several.join(", ")
            )));
        }
    };
    Desk::of(tenant, place.admin.as_deref(), settings)
}

impl Choice {
    /// What is meant, as the operators' face understands it.
    pub(super) fn query(&self, listing: bool) -> String {
        let sequence = self.sequence.map(|number| number.to_string());
        let yes = |is: bool| is.then(|| "true".to_owned());
        query(&[
            ("resource", self.resource.as_deref()),
            ("kind", self.kind.as_deref()),
            ("reason", self.reason.as_deref()),
            ("failed", yes(self.failed).as_deref()),
            ("sequence", sequence.as_deref()),
            ("all", yes(self.all && !listing).as_deref()),
        ])
    }
}

/// Those that are said, as a query.
pub(super) fn query(parts: &[(&str, Option<&str>)]) -> String {
    let said = parts.iter().filter_map(|(name, value)| {
        Some(format!("{name}={}", utf8_percent_encode((*value)?, NON_ALPHANUMERIC)))
    });
    said.collect::<Vec<_>>().join("&")
}

fn kind(text: &str) -> Result<String, String> {
    match text.to_ascii_lowercase().as_str() {
        "user" | "users" => Ok("User".to_owned()),
        "group" | "groups" => Ok("Group".to_owned()),
        _ => Err("write user or group".to_owned()),
    }
}

/// Page after page, until there is no more, or enough.
async fn listed(
    desk: &Desk,
    list: &List,
    out: &mut dyn Write,
    talk: &mut dyn Write,
) -> Result<(), Trouble> {
    let chosen = list.choice.query(true);
    let brief = list.brief.then_some("true");
    let parts = query(&[("name", list.name.as_deref()), ("brief", brief)]);
    let (mut after, mut left) = (list.after, list.limit.unwrap_or(u64::MAX));
    while left > 0 {
        // One more than is shown: whether there is more is said.
        let most = left.saturating_add(1).min(1000);
        let query = format!("after={after}&limit={most}&{parts}&{chosen}");
        let told = desk.ask(Method::GET, "", &query).await?;
        let items = told.get("items").and_then(Value::as_array).cloned().unwrap_or_default();
        if items.is_empty() {
            return Ok(());
        }
        for item in &items {
            if left == 0 {
                return Ok(writeln!(talk, "there is more: --after {after}")?);
            }
            left -= 1;
            after = queue::number(item).unwrap_or(u64::MAX);
            match (list.choice.place.json, list.brief) {
                (true, _) => writeln!(out, "{item}")?,
                (false, true) => queue::brief(item, out)?,
                (false, false) => queue::show(item, out)?,
            }
        }
    }
    Ok(())
}

async fn apply(
    desk: &Desk,
    choice: &Choice,
    out: &mut dyn Write,
    talk: &mut dyn Write,
) -> Result<(), Trouble> {
    let told = desk.ask(Method::POST, "/apply", &choice.query(false)).await?;
    // It is waited for all the same: what came of it is the exit code.
    super::heard(say(choice, out, &told, "released"))?;
    let released = told.get("released").and_then(Value::as_u64).unwrap_or_default();
    let failed = if released > 0 { progress::over(desk, choice, released, talk).await? } else { 0 };
    if failed == 0 {
        return Ok(());
    }
    Err(Trouble::Failed(format!(
        "error: {failed} of {released} could not be done, and are tried again later\n\
         hint: `matricula pending count` says why; `matricula pending drop --failed` forgets them"
    )))
}

fn say(choice: &Choice, out: &mut dyn Write, told: &Value, word: &str) -> io::Result<()> {
    if choice.place.json {
        return writeln!(out, "{told}");
    }
    writeln!(out, "{word}: {}", told.get(word).and_then(Value::as_u64).unwrap_or_default())
}
