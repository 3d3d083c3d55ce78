//! `matricula audit`: who asked for what and what came of it, while the gateway runs or
//! not. `audit verify` proves that nobody had a hand in it. Exit codes: 0 it holds, 1 it
//! does not, and says where.

use std::io::{self, Write};
use std::time::Duration;

use clap::{Args, Subcommand};
use jiff::Timestamp;
use serde::Serialize;

use super::Trouble;
use super::settings::{self, Flags};
use crate::app::Kept;
use crate::clock::Clock;
use crate::config;
use crate::store::{Break, Link, Outcome, Proof, Record, Trail, Wanted};

/// Records that are read at a time.
const PAGE: usize = 1000;

/// How often a reader who follows looks for more.
const LOOK: Duration = Duration::from_millis(500);

/// What `audit` is told.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    flags: Flags,
    /// Of this tenant alone
    #[arg(long, value_name = "NAME")]
    tenant: Option<String>,
    /// About the resource with this id, or of this name where names are recorded
    #[arg(long, visible_alias = "user", value_name = "ID")]
    resource: Option<String>,
    /// Not before this day or time
    #[arg(long, value_parser = instant, value_name = "WHEN")]
    since: Option<Timestamp>,
    /// Before this day or time
    #[arg(long, value_parser = instant, value_name = "WHEN")]
    until: Option<Timestamp>,
    /// With this outcome: done, deferred, refused or failed
    #[arg(long, value_parser = outcome)]
    outcome: Option<Outcome>,
    /// So many of the last ones
    #[arg(long, default_value_t = 50, value_name = "COUNT")]
    limit: usize,
    /// All of them, from the first on
    #[arg(long, conflicts_with = "limit")]
    all: bool,
    /// Go on with what is recorded from now on
    #[arg(long)]
    follow: bool,
    /// Print a line of JSON for each
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Prove that nothing was altered, taken out or cut off
    Verify(Verify),
}

#[derive(Debug, Args)]
struct Verify {
    #[command(flatten)]
    flags: Flags,
    /// A head that was noted elsewhere, NUMBER:SEAL as the log and this command print
    /// it: the trail has to contain it
    #[arg(long, value_parser = noted, value_name = "NUMBER:SEAL")]
    head: Option<(u64, String)>,
    /// Print one object of JSON
    #[arg(long)]
    json: bool,
}

/// A record with its number.
#[derive(Debug, Serialize)]
struct Numbered<'r> {
    seq: u64,
    #[serde(flatten)]
    record: &'r Record,
}

/// What a proof came to.
#[derive(Debug, Serialize)]
struct Report {
    ok: bool,
    records: usize,
    first: u64,
    last: u64,
    head: Option<String>,
    broken: Option<String>,
}

pub(super) fn run(arguments: &Arguments, out: &mut dyn Write) -> Result<(), Trouble> {
    super::runtime()?.block_on(async {
        match &arguments.command {
            Some(Command::Verify(verify)) => {
                let kept = kept(&verify.flags).await?;
                proven(verify, &kept, out).await
            }
            None => {
                let kept = kept(&arguments.flags).await?;
                listed(arguments, &*kept.trail, out).await
            }
        }
    })
}

async fn kept(flags: &Flags) -> Result<Kept, Trouble> {
    let loaded = flags.sources().load(Clock::system().now());
    let settings = loaded.map_err(|faults| settings::told(&faults))?.settings;
    settings::there(&settings.store)?;
    Kept::beside(&settings.store).await.map_err(Trouble::failed)
}

async fn listed(
    arguments: &Arguments,
    trail: &dyn Trail,
    out: &mut dyn Write,
) -> Result<(), Trouble> {
    let mut wanted = Wanted {
        after: 0,
        tenant: arguments.tenant.clone(),
        resource: arguments.resource.clone(),
        outcome: arguments.outcome,
        since: arguments.since,
        until: arguments.until,
        most: if arguments.all { PAGE } else { arguments.limit },
        latest: !arguments.all,
    };
    // Whoever follows misses nothing of what comes between the pages.
    let end = trail.ends().await.map_err(Trouble::failed)?.head.map_or(0, |head| head.seq);
    let mut look = tokio::time::interval(LOOK);
    loop {
        let links = trail.links(&wanted).await.map_err(Trouble::failed)?;
        links.iter().try_for_each(|link| print(link, arguments.json, out))?;
        out.flush()?;
        let last = links.last().map_or(wanted.after, |link| link.seq);
        let is_whole = links.len() < wanted.most || wanted.latest;
        wanted.after = if wanted.latest { last.max(end) } else { last };
        (wanted.latest, wanted.most) = (false, PAGE);
        match (is_whole, arguments.follow) {
            (true, false) => return Ok(()),
            (true, true) => drop(look.tick().await),
            (false, _) => {}
        }
    }
}

fn print(link: &Link, json: bool, out: &mut dyn Write) -> io::Result<()> {
    let Some(record) = link.record() else {
        return writeln!(out, "{}  cannot be read: `matricula audit verify`", link.seq);
    };
    if json {
        let numbered = Numbered { seq: link.seq, record: &record };
        return writeln!(out, "{}", serde_json::to_string(&numbered)?);
    }
    writeln!(out, "{}  {}", link.seq, words(&record))
}

/// A record on one line; what a name holds cannot make a second one, nor speak to a
/// terminal.
fn words(record: &Record) -> String {
    let Record { at, who, operation, .. } = record;
    let tenant = record.tenant.as_deref().unwrap_or("-");
    let mut parts = vec![format!("{at:.0}  {tenant}  {who:?}  {operation}")];
    parts.extend(record.resource.clone());
    parts.extend(record.name.clone());
    parts.push(format!(" {}", record.outcome.as_str()));
    parts.extend(record.status.map(|status| status.to_string()));
    parts.extend(record.reason.iter().chain(&record.detail).map(|why| format!("({why})")));
    let made = record.changes.iter().map(|it| match it.count {
        Some(count) => format!("{} {} ({count})", it.act, it.attribute),
        None => format!("{} {}", it.act, it.attribute),
    });
    let calls = record.calls.iter().map(|it| match it.times {
        1 => format!("{} {}", it.name, it.outcome),
        times => format!("{} {} x{times}", it.name, it.outcome),
    });
    for (name, list) in [("", made.collect::<Vec<_>>()), ("calls ", calls.collect())] {
        if !list.is_empty() {
            parts.push(format!(" {name}[{}]", list.join(", ")));
        }
    }
    parts.join(" ").chars().map(|it| if it.is_control() { ' ' } else { it }).collect()
}

async fn proven(verify: &Verify, kept: &Kept, out: &mut dyn Write) -> Result<(), Trouble> {
    let mut outcome = prove(kept, verify.head.as_ref()).await?;
    if let Err((Break::Missing(_), _)) = &outcome {
        // What is old may have been taken away while it was read.
        outcome = prove(kept, verify.head.as_ref()).await?;
    }
    let (report, broken) = match outcome {
        Ok(report) => (report, None),
        Err((broken, report)) => {
            (Report { ok: false, broken: Some(broken.to_string()), ..report }, Some(broken))
        }
    };
    super::heard(tell(&report, verify.json, out))?;
    match broken {
        None => Ok(()),
        Some(broken) => Err(Trouble::Failed(format!(
            "error: the trail does not hold: {broken}\n\
             hint: what stands before that place is proven; compare the rest with a backup"
        ))),
    }
}

fn tell(report: &Report, json: bool, out: &mut dyn Write) -> io::Result<()> {
    if json {
        return writeln!(out, "{}", serde_json::to_string(report)?);
    }
    if !report.ok {
        return Ok(());
    }
    let Report { records, first, last, head, .. } = report;
    let head = head.as_deref().unwrap_or("none");
    writeln!(out, "the trail holds: {records} records, {first} to {last}; head {head}")
}

/// Goes along the chain from one end to the other.
async fn prove(
    kept: &Kept,
    noted: Option<&(u64, String)>,
) -> Result<Result<Report, (Break, Report)>, Trouble> {
    let ends = kept.trail.ends().await.map_err(Trouble::failed)?;
    let shown = ends.head.as_ref().map(|head| format!("{}:{}", head.seq, head.digest.hex()));
    let mut report = Report { ok: true, records: 0, first: 0, last: 0, head: shown, broken: None };
    let mut proof = match Proof::begin(&kept.key, &ends) {
        Ok(proof) => proof,
        Err(broken) => return Ok(Err((broken, report))),
    };
    let anchor = proof.at();
    (report.first, report.last) = (anchor + 1, anchor);
    // One that is older than what is left cannot be looked up any more.
    let mut found = noted.is_none_or(|(seq, _)| *seq <= anchor);
    'pages: loop {
        let wanted = Wanted { after: proof.at(), most: PAGE, ..Wanted::default() };
        let links = kept.trail.links(&wanted).await.map_err(Trouble::failed)?;
        if links.is_empty() {
            break;
        }
        for link in &links {
            match proof.next(link) {
                Ok(true) => {
                    report.records += 1;
                    report.last = link.seq;
                    let is_noted = |it: &(u64, String)| *it == (link.seq, link.digest.hex());
                    found |= noted.is_some_and(is_noted);
                }
                Ok(false) => break 'pages,
                Err(broken) => return Ok(Err((broken, report))),
            }
        }
    }
    if let Err(broken) = proof.end() {
        return Ok(Err((broken, report)));
    }
    match noted {
        Some((seq, _)) if !found => Ok(Err((Break::Replaced(*seq), report))),
        _ => Ok(Ok(report)),
    }
}

fn instant(text: &str) -> Result<Timestamp, String> {
    config::instant(text)
        .ok_or_else(|| "write a day as 2027-01-01, or a time as 2027-01-01T08:00:00Z".to_owned())
}

fn outcome(text: &str) -> Result<Outcome, String> {
    Outcome::parse(text).ok_or_else(|| "write done, deferred, refused or failed".to_owned())
}

fn noted(text: &str) -> Result<(u64, String), String> {
    let parts = text.split_once(':').and_then(|(seq, seal)| Some((seq.parse().ok()?, seal)));
    let (seq, seal): (u64, &str) =
        parts.ok_or_else(|| "write it as the log has it, NUMBER:SEAL".to_owned())?;
    Ok((seq, seal.to_ascii_lowercase()))
}
