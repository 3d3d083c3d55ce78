//! `matricula explain`: a SCIM request becomes the calls it would make. Nothing
//! is sent; replies can be given, so that one sees how it would go on.

use std::fs;
use std::io::{self, Read, Write};

use clap::Args;
use serde_json::{Map, Value};

use super::Trouble;
use super::files;
use crate::call::{Call, Encoding, Failure, Reply, pairs};
use crate::mapping::{Done, Moment, Next, Request, Run};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// A mapping file, or the name of a mapping that ships
    mapping: String,
    /// The request: METHOD /Users or /Groups, with id or query
    request: String,
    /// Its body, as a file; `-` reads stdin
    #[arg(long, value_name = "FILE")]
    body: Option<String>,
    /// Replies of the LMS in order: a file with a JSON list of bodies
    #[arg(long, value_name = "FILE")]
    replies: Option<String>,
    /// A setting, as name=value; values are JSON or plain text
    #[arg(long = "set", value_name = "NAME=VALUE")]
    set: Vec<String>,
    /// The time, where the mapping uses it
    #[arg(long, default_value = "2026-01-01T00:00:00Z")]
    now: String,
}

pub(super) fn run(arguments: &Arguments, out: &mut dyn Write) -> Result<(), Trouble> {
    let plan = files::plan(&arguments.mapping)?;
    let site = files::site(&plan, &arguments.set)?;
    let body = arguments.body.as_deref().map(read_json).transpose()?;
    let request = match Request::read(&plan, &arguments.request, body) {
        Ok(request) => request,
        Err(_) if !is_request(&arguments.request) => return Err(misused(&arguments.request)),
        Err(error) => {
            writeln!(out, "refused with {}: {}", error.status(), error.detail())?;
            return Ok(());
        }
    };
    if let Request::Write(operation) = &request {
        writeln!(out, "decision: {operation:?}")?;
    }
    let replies = match &arguments.replies {
        Some(file) => read_json(file)?.as_array().cloned().unwrap_or_default(),
        None => Vec::new(),
    };
    let moment = Moment { now: arguments.now.clone().into(), lookups: Map::new() };
    let runs = match request.runs(&site, None, &moment) {
        Ok(runs) => runs,
        Err(failure) => return Ok(tell(&Err(failure), out)?),
    };
    let mut explainer = Explainer { replies: replies.into_iter(), count: 0 };
    for mut run in runs {
        explainer.explain(&mut run, out)?;
    }
    Ok(())
}

/// Whether a line has the shape of a request; what SCIM refuses has it, too.
fn is_request(line: &str) -> bool {
    let (method, rest) = line.trim().split_once(' ').unwrap_or((line.trim(), ""));
    let path = rest.split('?').next().unwrap_or_default().trim();
    let mut parts = path.trim_matches('/').split('/');
    let known = matches!(parts.next(), Some("Users" | "Groups"));
    let one = parts.next().is_some();
    known
        && match method {
            "GET" => true,
            "POST" => !one,
            "PUT" | "PATCH" | "DELETE" => one,
            _ => false,
        }
}

fn misused(line: &str) -> Trouble {
    Trouble::Misused(format!(
        "error: `{line}` is no request\n\
         hint: write 'GET /Users?filter=userName eq \"eva\"', 'POST /Users' with a --body, or \
         GET, PUT, PATCH or DELETE with an id, as in 'GET /Groups/7'"
    ))
}

struct Explainer {
    replies: std::vec::IntoIter<Value>,
    count: usize,
}

impl Explainer {
    fn explain(&mut self, run: &mut Run, out: &mut dyn Write) -> io::Result<()> {
        let mut next = run.start();
        loop {
            match next {
                Next::Done(result) => return tell(&result, out),
                Next::Call(_) => {
                    self.count += 1;
                    if let Some(call) = run.shown() {
                        show(self.count, &call, out)?;
                    }
                    let Some(reply) = self.replies.next() else {
                        return writeln!(
                            out,
                            "what follows depends on the reply; --replies gives some"
                        );
                    };
                    next = run.next(Ok(Reply::json(200, reply)));
                }
            }
        }
    }
}

fn show(count: usize, call: &Call, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{count}. {} {} at {}", call.method.as_str(), call.target, call.backend)?;
    for (name, value) in &call.headers {
        writeln!(out, "   {name}: {value}")?;
    }
    let Some(body) = &call.body else { return Ok(()) };
    let form = match &call.encoding {
        Encoding::Form(style) => pairs(body, *style).ok(),
        Encoding::Json(_) | Encoding::Text(_) => None,
    };
    match form {
        Some(fields) => {
            fields.iter().try_for_each(|(name, value)| writeln!(out, "   {name}={value}"))
        }
        None => writeln!(out, "   {body}"),
    }
}

fn tell(result: &Result<Box<Done>, Failure>, out: &mut dyn Write) -> io::Result<()> {
    match result {
        Err(failure) => writeln!(out, "it would fail as {failure}"),
        Ok(done) => {
            if let Some(id) = &done.id {
                writeln!(out, "id: {id}")?;
            }
            for resource in done.resources() {
                let fields = Value::Object(resource.attributes().clone());
                writeln!(out, "{}", serde_json::to_string_pretty(&fields)?)?;
            }
            writeln!(out, "done after {} calls", done.calls)
        }
    }
}

fn read_json(file: &str) -> Result<Value, Trouble> {
    let text = if file == "-" {
        let mut text = String::new();
        io::stdin().read_to_string(&mut text).map(|_| text)
    } else {
        fs::read_to_string(file)
    };
    let read = text.map_err(|error| error.to_string()).and_then(|text| {
        serde_json::from_str(&text).map_err(|error| format!("it is no JSON: {error}"))
    });
    read.map_err(|error| {
        Trouble::Failed(format!("error: `{file}` cannot be read: {error}\nhint: give a JSON file"))
    })
}
