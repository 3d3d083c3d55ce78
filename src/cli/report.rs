//! `matricula report match`: who would be adopted, created, left over, or is not clear,
//! before the first cycle. Nothing is written anywhere, and the gateway may run
//! meanwhile. Exit codes: 0 all is clear, 1 somebody is ambiguous or it failed, 2 there
//! is no such tenant.

use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde_json::{Map, Value, json};

use super::settings::Flags;
use super::{Trouble, people};
use crate::app;
use crate::clock::Clock;
use crate::config::Loaded;
use crate::provision::{Census, Match, Standing, Verdict};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Say who would be adopted, created, left over, or is ambiguous
    Match(Matching),
}

#[derive(Debug, Args)]
pub(super) struct Matching {
    #[command(flatten)]
    flags: Flags,
    /// The tenant, by its name in the configuration
    #[arg(long, value_name = "NAME")]
    tenant: String,
    /// The people whom the directory will send: CSV (userName, externalId, email) or JSON;
    /// without it, what stands in the LMS is shown
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// Print one line of JSON for each, and the counts in the last
    #[arg(long)]
    json: bool,
}

pub(super) fn run(
    command: &Command,
    out: &mut dyn Write,
    talk: &mut dyn Write,
) -> Result<(), Trouble> {
    let Command::Match(arguments) = command;
    let loaded = arguments.flags.sources().load(Clock::system().now());
    let Loaded { settings, .. } = loaded.map_err(|faults| Trouble::Failed(faults.to_string()))?;
    let tenant = settings.tenants.iter().find(|tenant| *tenant.name == *arguments.tenant);
    let Some(tenant) = tenant else {
        let words = format!("error: no tenant `{}`", arguments.tenant);
        return Err(Trouble::Misused(format!("{words}\nhint: `matricula check` lists them")));
    };
    let mut progress = Progress::new(talk);
    progress.say("reading the accounts of the LMS …");
    let taken = super::runtime()?.block_on(app::census(&settings, tenant));
    progress.clear();
    let mut census = taken.map_err(Trouble::failed)?;
    let mut report = Report { out, json: arguments.json, counts: Counts::new(), failed: None };
    match &arguments.file {
        Some(path) => {
            let mut number = 0;
            let read = people::read(path, &mut |row| {
                number += 1;
                if number % 500 == 0 {
                    progress.say(&format!("{number} people …"));
                }
                let verdict = census.meet(&row.person);
                report.person(&row, &verdict);
            });
            progress.clear();
            let hint = "\nhint: export userName, externalId and email, with a line of names above";
            read.map_err(|words| Trouble::Failed(format!("error: {words}{hint}")))?;
            census.left().for_each(|account| report.account("left", account, None));
        }
        None => report.standing(&census),
    }
    report.end(census.keys())
}

/// Words on a terminal that go away again.
struct Progress<'a>(Option<&'a mut dyn Write>);

impl<'a> Progress<'a> {
    fn new(talk: &'a mut dyn Write) -> Self {
        Self(io::stderr().is_terminal().then_some(talk))
    }

    fn say(&mut self, words: &str) {
        if let Some(talk) = &mut self.0 {
            // Nobody reads it if it fails.
            let _ = write!(talk, "\r\x1b[K{words}").and_then(|()| talk.flush());
        }
    }

    fn clear(&mut self) {
        self.say("");
    }
}

/// How often each word was said, in the order of the first time.
type Counts = Vec<(&'static str, usize)>;

struct Report<'a> {
    out: &'a mut dyn Write,
    json: bool,
    counts: Counts,
    /// The first line that could not be written.
    failed: Option<io::Error>,
}

impl Report<'_> {
    fn person(&mut self, row: &people::Row, verdict: &Verdict) {
        let (word, found, why) = match verdict {
            Verdict::Adopted(id, key) => ("adopt", Some((id, *key)), None),
            Verdict::Provisioned(id, key) => ("known", Some((id, *key)), None),
            Verdict::Revived(id, key) => ("revive", Some((id, *key)), None),
            Verdict::Created => ("create", None, None),
            Verdict::Ambiguous(why) => ("ambiguous", None, Some(why.as_str())),
        };
        let text = |key: Match| key.value(&row.person).unwrap_or_default().to_owned();
        let name = match text(Match::UserName) {
            name if name.is_empty() => text(Match::ExternalId),
            name => name,
        };
        let mut line = Map::from_iter([
            ("verdict".to_owned(), json!(word)),
            ("line".to_owned(), json!(row.number)),
            ("name".to_owned(), json!(name)),
        ]);
        let mut words = format!("{word:<9}  {}: {name}", row.number);
        if let Some((id, key)) = found {
            line.extend([("account".to_owned(), json!(id.as_str()))]);
            line.extend([("by".to_owned(), json!(key.path()))]);
            words = format!("{words} is {id}, by {}", key.path());
        }
        if let Some(why) = why {
            line.extend([("reason".to_owned(), json!(why))]);
            words = format!("{words}: {why}");
        }
        self.say(word, line, &words);
    }

    fn account(
        &mut self,
        word: &'static str,
        account: &crate::provision::Account,
        key: Option<Match>,
    ) {
        let mut line = Map::from_iter([
            ("verdict".to_owned(), json!(word)),
            ("account".to_owned(), json!(account.id.as_str())),
            ("name".to_owned(), json!(account.name)),
        ]);
        let mut words = format!("{word:<9}  {}: {}", account.id, account.name);
        if let Some(key) = key {
            line.extend([("by".to_owned(), json!(key.path()))]);
            words = format!("{words}: another account has the same {}", key.path());
        }
        self.say(word, line, &words);
    }

    /// What stands in the LMS, and whom clients have written.
    fn standing(&mut self, census: &Census) {
        for account in census.accounts() {
            let word = match account.standing {
                Standing::New => "new",
                Standing::Provisioned => "known",
                Standing::Gone => "gone",
            };
            self.account(word, account, None);
        }
        for (key, account) in census.twins() {
            self.account("ambiguous", account, Some(key));
        }
    }

    fn say(&mut self, word: &'static str, line: Map<String, Value>, words: &str) {
        match self.counts.iter_mut().find(|(known, _)| *known == word) {
            Some((_, count)) => *count += 1,
            None => self.counts.push((word, 1)),
        }
        if self.failed.is_none() {
            let written = if self.json {
                writeln!(self.out, "{}", Value::Object(line))
            } else {
                writeln!(self.out, "{words}")
            };
            self.failed = written.err();
        }
    }

    fn end(mut self, keys: &[Match]) -> Result<(), Trouble> {
        let told = self.failed.take().map_or_else(|| self.sum(keys), Err);
        super::heard(told)?;
        match self.counts.iter().find(|(word, _)| *word == "ambiguous") {
            None => Ok(()),
            Some((_, count)) => Err(Trouble::Failed(format!(
                "error: {count} ambiguous\nhint: mend them in the LMS or in the directory, or \
                 choose other keys with `match`"
            ))),
        }
    }

    /// How often each verdict was given.
    fn sum(&mut self, keys: &[Match]) -> io::Result<()> {
        let keys: Vec<_> = keys.iter().map(|key| key.path()).collect();
        let counts = self.counts.iter();
        if self.json {
            let counts: Map<_, _> =
                counts.map(|(word, count)| ((*word).to_owned(), json!(count))).collect();
            return writeln!(self.out, "{}", json!({ "counts": counts, "match": keys }));
        }
        let counts: Vec<_> = counts.map(|(word, count)| format!("{count} {word}")).collect();
        writeln!(self.out, "\n{}; matched by {}", counts.join(", "), keys.join(", "))
    }
}
