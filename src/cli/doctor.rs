//! `matricula doctor`: whether the gateway would work, asked of the machine it
//! runs on and of every LMS. Nothing is written anywhere. Exit codes: 0 it would,
//! 1 something fails, 2 there is no such tenant.

use std::io::{self, Write};

use serde::Serialize;

use super::Trouble;
use super::settings::Flags;
use crate::app::doctor::{Finding, Grade, examine};
use crate::clock::Clock;
use crate::config::{Loaded, Told};

/// What `doctor` is told.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    flags: Flags,
    /// Ask for this tenant alone
    #[arg(long, value_name = "NAME")]
    tenant: Option<String>,
    /// Print one object of JSON
    #[arg(long)]
    json: bool,
}

/// Everything that was found.
#[derive(Debug, Serialize)]
struct Report {
    ok: bool,
    findings: Vec<Finding>,
}

pub(super) fn run(arguments: &Arguments, out: &mut dyn Write) -> Result<(), Trouble> {
    let sources = arguments.flags.sources();
    let file = sources.path().0.display().to_string();
    let findings = match sources.load(Clock::system().now()) {
        Err(faults) => faults.told().into_iter().map(|it| said(Grade::Fail, it)).collect(),
        Ok(Loaded { settings, warnings }) => {
            let only = arguments.tenant.as_deref();
            if let Some(name) = only
                && !settings.tenants.iter().any(|tenant| &*tenant.name == name)
            {
                let hint = "hint: `matricula check` lists them";
                return Err(Trouble::Misused(format!("error: no tenant `{name}`\n{hint}")));
            }
            let mut findings = vec![Finding::new(Grade::Ok, "configuration", file)];
            findings.extend(warnings.told().into_iter().map(|it| said(Grade::Warn, it)));
            let asked = super::runtime()?.block_on(examine(&settings, only));
            findings.extend(asked.map_err(Trouble::failed)?);
            findings
        }
    };
    let failed = findings.iter().filter(|finding| finding.grade == Grade::Fail).count();
    let report = Report { ok: failed == 0, findings };
    super::heard(print(&report, arguments.json, out))?;
    if report.ok {
        return Ok(());
    }
    let s = if failed == 1 { "" } else { "s" };
    Err(Trouble::Failed(format!(
        "error: {failed} check{s} failed\nhint: mend the first, ask again"
    )))
}

/// A fault or a warning of the settings.
fn said(grade: Grade, told: Told) -> Finding {
    let place = told.place.map(|place| format!(" ({place})")).unwrap_or_default();
    let finding = Finding::new(grade, "configuration", format!("{}{place}", told.message));
    Finding { hint: told.hint, ..finding }
}

fn print(report: &Report, json: bool, out: &mut dyn Write) -> io::Result<()> {
    if json {
        return writeln!(out, "{}", serde_json::to_string(report)?);
    }
    for Finding { tenant, check, grade, words, hint } in &report.findings {
        let whose = tenant.as_ref().map(|name| format!("{name}: ")).unwrap_or_default();
        writeln!(out, "{grade:<4}  {whose}{check}: {words}")?;
        if let Some(hint) = hint {
            writeln!(out, "      hint: {hint}")?;
        }
    }
    Ok(())
}
