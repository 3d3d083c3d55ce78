//! `matricula check`: whether settings and mappings hold, without opening
//! anything. What they come to goes to stdout, what is wrong to stderr.

use std::io::{self, Write};

use serde::Serialize;

use super::Trouble;
use super::mapping::{self, Broken};
use super::settings::Flags;
use crate::clock::Clock;
use crate::config::{Faults, Lms, Loaded, Settings, Sources, Tenant, Told};
use crate::store::Token;

/// What `check` is told.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    flags: Flags,
    /// Print one object of JSON, also where something is wrong
    #[arg(long)]
    json: bool,
}

/// What settings come to.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Report {
    config: String,
    ok: bool,
    listen: Option<String>,
    tls: bool,
    admin: Option<String>,
    tenants: Vec<Summary>,
    faults: Vec<Told>,
    warnings: Vec<Told>,
}

/// A tenant in a few lines.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Summary {
    name: String,
    title: String,
    path: String,
    mapping: String,
    /// What the mapping is for.
    speaks: String,
    /// The addresses of its LMS; none is a sandbox.
    lms: Vec<String>,
    tokens: Vec<Holder>,
    cases: Option<Cases>,
}

/// Who may speak for a tenant's client.
#[derive(Debug, Serialize)]
struct Holder {
    title: String,
    expires: Option<String>,
    users: bool,
    groups: bool,
    write: bool,
}

/// How the cases beside a mapping went.
#[derive(Clone, Copy, Debug, Default, Serialize)]
struct Cases {
    passed: usize,
    failed: usize,
}

pub(super) fn run(
    arguments: &Arguments,
    out: &mut dyn Write,
    talk: &mut dyn Write,
) -> Result<(), Trouble> {
    let sources = arguments.flags.sources();
    let config = sources.path().0.display().to_string();
    let Loaded { settings, warnings } = match sources.load(Clock::system().now()) {
        Ok(loaded) => loaded,
        Err(faults) => return Err(refused(config, &faults, arguments.json, out)?),
    };
    let told = warnings.render(super::colours());
    if !told.is_empty() {
        writeln!(talk, "{told}\n")?;
    }
    let mut report = Report { warnings: warnings.told(), ..Report::of(config, &settings) };
    let mut broken = Vec::new();
    for (tenant, summary) in settings.tenants.iter().zip(&mut report.tenants) {
        summary.cases = cases(&sources, tenant, &mut broken, talk);
    }
    let failed: usize = report.tenants.iter().filter_map(|it| Some(it.cases?.failed)).sum();
    report.ok = failed == 0 && broken.is_empty();
    report.faults = broken.iter().flat_map(Broken::told).collect();
    super::heard(print(&report, arguments.json, out))?;
    if report.ok { Ok(()) } else { Err(unproven(failed, &broken)) }
}

/// Cases that failed, and files of which nobody knows how their cases would go.
fn unproven(failed: usize, broken: &[Broken]) -> Trouble {
    let mut words: Vec<String> = broken.iter().map(Broken::words).collect();
    if failed > 0 {
        let hint = "hint: `matricula mapping test FILE` plays those of one mapping";
        let s = if failed == 1 { "" } else { "s" };
        words.push(format!("error: {failed} case{s} failed\n{hint}"));
    }
    Trouble::Failed(words.join("\n\n"))
}

fn refused(
    config: String,
    faults: &Faults,
    json: bool,
    out: &mut dyn Write,
) -> io::Result<Trouble> {
    if json {
        let report = Report { faults: faults.told(), ..Report::empty(config) };
        super::heard(print(&report, json, out))?;
    }
    let count = faults.count();
    let s = if count == 1 { "" } else { "s" };
    let all = faults.render(super::colours());
    Ok(Trouble::Failed(format!("{all}\n\nerror: {count} fault{s}; nothing would start")))
}

/// Plays the cases beside a tenant's mapping, where it is a file that has some.
fn cases(
    sources: &Sources,
    tenant: &Tenant,
    broken: &mut Vec<Broken>,
    talk: &mut dyn Write,
) -> Option<Cases> {
    let files = sources.mapping_file(tenant).map(|file| mapping::beside(&file));
    let mut cases = Cases::default();
    for file in files.iter().flatten() {
        match mapping::play(&tenant.plan, file, talk) {
            Ok((passed, failed)) => {
                cases.passed += passed;
                cases.failed += failed;
            }
            Err(fault) => broken.push(fault),
        }
    }
    (cases.passed + cases.failed > 0).then_some(cases)
}

impl Report {
    fn empty(config: String) -> Self {
        Self {
            config,
            ok: false,
            listen: None,
            tls: false,
            admin: None,
            tenants: Vec::new(),
            faults: Vec::new(),
            warnings: Vec::new(),
        }
    }

    fn of(config: String, settings: &Settings) -> Self {
        Self {
            listen: Some(settings.server.listen.to_string()),
            tls: settings.server.tls.is_some(),
            admin: Some(settings.admin.listen.to_string()),
            tenants: settings.tenants.iter().map(Summary::of).collect(),
            ..Self::empty(config)
        }
    }
}

impl Summary {
    fn of(tenant: &Tenant) -> Self {
        let lms = match tenant.lms {
            Lms::Sandbox(_) => Vec::new(),
            Lms::Real(_) => tenant.backends.iter().map(|(_, it)| it.base.clone()).collect(),
        };
        Self {
            name: tenant.name.to_string(),
            title: tenant.title.clone(),
            path: tenant.path.clone(),
            mapping: tenant.mapping.clone(),
            speaks: tenant.plan.title.clone(),
            lms,
            tokens: tenant.tokens.iter().map(Holder::of).collect(),
            cases: None,
        }
    }
}

impl Holder {
    fn of(token: &Token) -> Self {
        Self {
            title: token.title.clone(),
            expires: token.expires.map(|it| it.to_string()),
            users: token.scope.users,
            groups: token.scope.groups,
            write: token.scope.write,
        }
    }

    /// What it may do, and until when.
    fn words(&self) -> String {
        let about = match (self.users, self.groups) {
            (true, false) => "users",
            (false, true) => "groups",
            _ => "users and groups",
        };
        let right = if self.write { "" } else { ", reads only" };
        let end = match &self.expires {
            Some(expires) => format!("until {expires}"),
            None => "never expires".to_owned(),
        };
        format!("{:?}: {about}{right}, {end}", self.title)
    }
}

fn print(report: &Report, json: bool, out: &mut dyn Write) -> io::Result<()> {
    if json {
        return writeln!(out, "{}", serde_json::to_string(report)?);
    }
    let protocol = if report.tls { "https" } else { "http" };
    let shown = |address: &Option<String>| address.clone().unwrap_or_default();
    writeln!(out, "{}", report.config)?;
    writeln!(out, "  clients    {protocol}://{}", shown(&report.listen))?;
    writeln!(out, "  operators  {}", shown(&report.admin))?;
    report.tenants.iter().try_for_each(|tenant| print_tenant(tenant, out))
}

fn print_tenant(tenant: &Summary, out: &mut dyn Write) -> io::Result<()> {
    let lms = if tenant.lms.is_empty() { "a sandbox".to_owned() } else { tenant.lms.join(", ") };
    writeln!(out, "\n{}: {}", tenant.name, tenant.title)?;
    writeln!(out, "  path       {}", tenant.path)?;
    writeln!(out, "  mapping    {} ({})", tenant.mapping, tenant.speaks)?;
    writeln!(out, "  LMS        {lms}")?;
    for token in &tenant.tokens {
        writeln!(out, "  token      {}", token.words())?;
    }
    if let Some(Cases { passed, failed }) = tenant.cases {
        writeln!(out, "  cases      {passed} passed, {failed} failed")?;
    }
    Ok(())
}
