//! Who is compared: the LMS itself, and what stands in front of it.

use std::cell::Cell;
use std::net::SocketAddr;
use std::path::Path;

use serde::Deserialize;

use crate::Failure;
use crate::gauge::Gauge;
use crate::options::Options;
use crate::process::Process;
use crate::workload::{FORM, SCRIPT, Workload};
use crate::{proxy, sandbox};

/// The program, built as this benchmark is.
pub(crate) const MATRICULA: &str = env!("CARGO_BIN_EXE_matricula");

/// One who is asked.
pub(crate) struct Subject {
    pub name: &'static str,
    pub address: SocketAddr,
    tongue: Tongue,
    people: u64,
    /// Its own count of turns for each workload, so that it meets nobody twice.
    turns: [Cell<u64>; Workload::ALL.len()],
    pub process: Gauge,
}

/// How it wants to be spoken to.
enum Tongue {
    Moodle { token: String },
    Proxied { token: String },
    Scim { path: String, token: String },
}

/// An LMS with everybody who stands in front of it.
pub(crate) struct Scene {
    pub subjects: Vec<Subject>,
    pub lms: Process,
    pub others: Vec<Process>,
}

/// What `matricula demo --json` says.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Gateway {
    tenant_url: String,
    token: String,
}

impl Scene {
    pub(crate) fn open(options: &Options, people: usize) -> Result<Self, Failure> {
        let own = std::env::current_exe()?;
        let count = u64::try_from(people)?;
        let (lms, ready) =
            Process::start::<sandbox::Ready>(&own, &["sandbox", &people.to_string()])?;
        let address = authority(&ready.lms_url)?;
        let token = ready.lms_token.clone();
        let direct = Tongue::Moodle { token: token.clone() };
        let mut subjects = vec![Subject::new("direct", address, direct, count, lms.gauge())];
        let (bare, at) = Process::start::<proxy::Ready>(&own, &["proxy", &address.to_string()])?;
        let tongue = Tongue::Proxied { token };
        subjects.push(Subject::new("bare proxy", at.address, tongue, count, bare.gauge()));
        let mut others = vec![bare];
        let mut gateways = vec![("gateway", Path::new(MATRICULA))];
        gateways.extend(options.beside.as_deref().map(|other| ("beside", other)));
        for (name, program) in gateways {
            let (process, subject) = gateway(name, program, &ready, count)?;
            subjects.push(subject);
            others.push(process);
        }
        Ok(Self { subjects, lms, others })
    }
}

/// A gateway before that LMS.
pub(crate) fn gateway(
    name: &'static str,
    program: &Path,
    lms: &sandbox::Ready,
    people: u64,
) -> Result<(Process, Subject), Failure> {
    let words = ["demo", "--json", "--listen", "127.0.0.1:0"];
    let words = [&words[..], &["--lms", &lms.lms_url, "--lms-token", &lms.lms_token]].concat();
    let (process, ready) = Process::start::<Gateway>(program, &words)?;
    let address = authority(&ready.tenant_url)?;
    let path: http::Uri = ready.tenant_url.parse()?;
    let tongue = Tongue::Scim { path: path.path().to_owned(), token: ready.token };
    let subject = Subject::new(name, address, tongue, people, process.gauge());
    Ok((process, subject))
}

fn authority(url: &str) -> Result<SocketAddr, Failure> {
    let url: http::Uri = url.parse()?;
    Ok(url.authority().ok_or("an address without a host")?.as_str().parse()?)
}

impl Subject {
    fn new(
        name: &'static str,
        address: SocketAddr,
        tongue: Tongue,
        people: u64,
        process: Gauge,
    ) -> Self {
        Self { name, address, tongue, people, turns: Default::default(), process }
    }

    /// The next request of that kind, ready for the wire.
    pub(crate) fn next(&self, workload: Workload) -> String {
        let turn = self.turns.get(workload as usize).map_or(0, |turn| turn.replace(turn.get() + 1));
        let (address, people, who) = (self.address, self.people, self.name.replace(' ', ""));
        let posted = |form: String| {
            let length = form.len();
            format!(
                "POST {SCRIPT} HTTP/1.1\r\nhost: {address}\r\ncontent-type: {FORM}\r\n\
                 content-length: {length}\r\n\r\n{form}"
            )
        };
        match &self.tongue {
            Tongue::Moodle { token } => posted(workload.moodle(turn, people, &who, token)),
            Tongue::Proxied { token } if workload.writes() => {
                posted(workload.moodle(turn, people, &who, token))
            }
            Tongue::Proxied { token } => {
                let form = workload.moodle(turn, people, &who, token);
                format!("GET {SCRIPT}?{form} HTTP/1.1\r\nhost: {address}\r\n\r\n")
            }
            Tongue::Scim { path, token } => {
                let asked = workload.scim(turn, people, &who);
                let (method, target, body) = (asked.method, asked.target, asked.body);
                let head = format!(
                    "{method} {path}{target} HTTP/1.1\r\nhost: {address}\r\n\
                     authorization: Bearer {token}\r\naccept: application/scim+json\r\n"
                );
                if body.is_empty() {
                    return format!("{head}\r\n");
                }
                let length = body.len();
                format!(
                    "{head}content-type: application/scim+json\r\n\
                     content-length: {length}\r\n\r\n{body}"
                )
            }
        }
    }
}
