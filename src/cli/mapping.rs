//! `matricula mapping show | check | test`: the author's tools.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Subcommand;

use super::Trouble;
use super::files;
use crate::config::{Folder, Told};
use crate::mapping::{Cases, Fault, Plan, Proved};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Print settings, attributes both ways, filters, and the calls of each operation
    Show {
        /// A mapping file, or the name of a mapping that ships
        mapping: String,
    },
    /// Say everything that is wrong with mappings, and prove that what is written can be read back
    Check {
        /// Mapping files, or names of mappings that ship
        #[arg(required = true)]
        mappings: Vec<String>,
        /// A setting, as name=value; values are JSON or plain text
        #[arg(long = "set", value_name = "NAME=VALUE")]
        set: Vec<String>,
        /// Print every proof, not only the failures
        #[arg(long)]
        proofs: bool,
    },
    /// Play the cases beside a mapping: NAME/cases/*.toml and NAME.cases.toml
    Test {
        /// A mapping file
        mapping: String,
        /// Files of cases, where they stand elsewhere
        cases: Vec<PathBuf>,
    },
}

pub(super) fn run(
    command: &Command,
    out: &mut dyn Write,
    talk: &mut dyn Write,
) -> Result<(), Trouble> {
    match command {
        Command::Show { mapping } => Ok(write!(out, "{}", files::plan(mapping)?.show())?),
        Command::Check { mappings, set, proofs } => {
            let mut failed = Vec::new();
            for mapping in mappings {
                match check(mapping, set, *proofs, out) {
                    Err(Trouble::Failed(words)) => failed.push(words),
                    other => other?,
                }
            }
            if failed.is_empty() { Ok(()) } else { Err(Trouble::Failed(failed.join("\n\n"))) }
        }
        Command::Test { mapping, cases } => test(mapping, cases, out, talk),
    }
}

fn check(mapping: &str, set: &[String], proofs: bool, out: &mut dyn Write) -> Result<(), Trouble> {
    let plan = files::plan(mapping)?;
    let site = files::site(&plan, set)?;
    let mut broken = Vec::new();
    let mut proven = 0;
    for proof in site.prove() {
        let name = format!("{} {}", proof.kind, proof.attribute);
        let words = match &proof.proved {
            Proved::Both(count) => format!("{count} values there and back"),
            Proved::OneWay => "one way, or put together from several fields".to_owned(),
            Proved::Off => "switched off by a setting".to_owned(),
            Proved::Lossy => "loses something, as declared".to_owned(),
            Proved::Broken(went, came) => {
                let hint =
                    "hint: mend `to_lms` or `from_lms`, or write lossy = true if that is meant";
                broken.push(format!("error: {name}: {went} comes back as {came}\n{hint}"));
                continue;
            }
        };
        proven += usize::from(matches!(proof.proved, Proved::Both(_)));
        if proofs {
            super::heard(writeln!(out, "  {name}: {words}"))?;
        }
    }
    if !broken.is_empty() {
        return Err(Trouble::Failed(broken.join("\n")));
    }
    writeln!(out, "{mapping}: fine; {proven} attributes come back as they went")?;
    Ok(())
}

fn test(
    mapping: &str,
    cases: &[PathBuf],
    out: &mut dyn Write,
    talk: &mut dyn Write,
) -> Result<(), Trouble> {
    let plan = files::plan(mapping)?;
    let beside = beside(Path::new(mapping));
    let files = if cases.is_empty() { &beside } else { cases };
    if files.is_empty() {
        let hint = "hint: put them into NAME/cases/*.toml beside NAME.toml";
        return Err(Trouble::Failed(format!("error: `{mapping}` has no cases\n{hint}")));
    }
    let (mut passed, mut failed) = (0, 0);
    for file in files {
        let played = play(&plan, file, talk);
        let (good, bad) = played.map_err(|broken| Trouble::Failed(broken.words()))?;
        passed += good;
        failed += bad;
    }
    super::heard(writeln!(out, "{passed} cases passed, {failed} failed"))?;
    if failed == 0 {
        return Ok(());
    }
    let hint = "hint: `matricula explain` shows the calls of one request";
    Err(Trouble::Failed(format!("error: {failed} cases failed\n{hint}")))
}

/// Plays a file of cases; how many passed, and how many did not.
pub(super) fn play(
    plan: &Arc<Plan>,
    file: &Path,
    talk: &mut dyn Write,
) -> Result<(usize, usize), Broken> {
    let cases = cases_of(file)?;
    let outcomes = cases.play(plan);
    let failed: Vec<_> = outcomes.iter().filter(|outcome| !outcome.problems.is_empty()).collect();
    for outcome in &failed {
        // Talk is nothing that could fail.
        let _ = writeln!(talk, "{}: {}", outcome.place, outcome.name);
        for problem in &outcome.problems {
            let _ = writeln!(talk, "    {problem}");
        }
    }
    Ok((outcomes.len() - failed.len(), failed.len()))
}

/// Why a file of cases cannot be played.
pub(super) enum Broken {
    /// It cannot be read.
    Unread(String, io::Error),
    /// What it says makes no sense.
    Faulty(Vec<Fault>),
}

impl Broken {
    /// As a compiler prints it.
    pub(super) fn words(&self) -> String {
        match self {
            Self::Unread(name, error) => {
                format!("error: `{name}` cannot be read: {error}\nhint: give a file of cases")
            }
            Self::Faulty(faults) => files::told(faults),
        }
    }

    /// For machines, one by one.
    pub(super) fn told(&self) -> Vec<Told> {
        match self {
            Self::Unread(name, error) => {
                let message = format!("`{name}` cannot be read: {error}");
                let hint = Some("give a file of cases".to_owned());
                vec![Told { message, place: Some(name.clone()), hint }]
            }
            Self::Faulty(faults) => faults.iter().map(Told::from).collect(),
        }
    }
}

fn cases_of(file: &Path) -> Result<Cases, Broken> {
    let name = file.display().to_string();
    let text = fs::read_to_string(file).map_err(|error| Broken::Unread(name.clone(), error))?;
    Cases::read(&name, &text, &Folder::new(&samples(file), "json")).map_err(Broken::Faulty)
}

/// Recorded replies stand in `samples` beside the folder `cases`.
fn samples(file: &Path) -> PathBuf {
    let folder = file.parent().and_then(Path::parent).unwrap_or(Path::new(""));
    folder.join("samples")
}

/// The files of cases that belong to a mapping.
pub(super) fn beside(mapping: &Path) -> Vec<PathBuf> {
    let single = mapping.with_extension("cases.toml");
    let folder = mapping.with_extension("").join("cases");
    let listed = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut files: Vec<_> =
        listed.filter(|path| path.extension().is_some_and(|kind| kind == "toml")).collect();
    files.sort();
    files.extend(single.is_file().then_some(single));
    files
}
