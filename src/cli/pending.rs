//! `matricula pending list | apply | drop`: the work that waits, as the running gateway
//! has it. It is asked over its operators' listener, so that nobody else has the store
//! open. Exit codes: 0 done, 1 it failed or work is left that failed, 2 the arguments
//! make no sense.

use std::io::{self, Write};

use clap::{Args, Subcommand};
use http::{Method, Request};
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use super::settings::{self, Flags};
use super::{Trouble, progress};
use crate::clock::Clock;
use crate::config::Settings;
use crate::secret::Secret;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Show what waits, and the first call that each would make
    List(Choice),
    /// Have it done, and wait until it is
    Apply(Choice),
    /// Forget it: it is never done
    Drop(Choice),
}

#[derive(Debug, Args)]
pub(super) struct Choice {
    #[command(flatten)]
    flags: Flags,
    /// The tenant, by its name in the configuration
    #[arg(long, value_name = "NAME")]
    tenant: Option<String>,
    /// Of this resource alone, by the id that the client knows
    #[arg(long, value_name = "ID")]
    pub(super) resource: Option<String>,
    /// For this reason alone: dry-run, confirm, guard, approval, outage, grace, order
    #[arg(long, value_name = "REASON")]
    pub(super) reason: Option<String>,
    /// This one alone, by its number in the list
    #[arg(long, value_name = "NUMBER")]
    pub(super) sequence: Option<u64>,
    /// All of it
    #[arg(long, conflicts_with_all = ["resource", "reason", "sequence"])]
    all: bool,
    /// Where operators are answered, if not where the configuration says
    #[arg(long, value_name = "URL")]
    admin: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// So much of an answer is read at most.
const LONGEST: usize = 64 * 1024 * 1024;

pub(super) fn run(
    command: &Command,
    out: &mut dyn Write,
    talk: &mut dyn Write,
) -> Result<(), Trouble> {
    let (Command::List(choice) | Command::Apply(choice) | Command::Drop(choice)) = command;
    let loaded = choice.flags.sources().load(Clock::system().now());
    let settings = loaded.map_err(|faults| settings::told(&faults))?.settings;
    let desk = Desk::of(choice, &settings)?;
    super::runtime()?.block_on(async {
        match command {
            Command::List(_) => list(&desk, choice, out).await,
            Command::Apply(_) => apply(&desk, choice, out, talk).await,
            Command::Drop(_) => {
                let told = desk.ask(Method::DELETE, "", &choice.query(false)).await?;
                Ok(say(choice, out, &told, "dropped")?)
            }
        }
    })
}

impl Choice {
    /// What is meant, as the operators' face understands it.
    pub(super) fn query(&self, listing: bool) -> String {
        let sequence = self.sequence.map(|number| number.to_string());
        let all = (self.all && !listing).then(|| "true".to_owned());
        let parts = [
            ("resource", &self.resource),
            ("reason", &self.reason),
            ("sequence", &sequence),
            ("all", &all),
        ];
        let said = parts.iter().filter_map(|(name, value)| {
            let value = value.as_deref()?;
            Some(format!("{name}={}", utf8_percent_encode(value, NON_ALPHANUMERIC)))
        });
        said.collect::<Vec<_>>().join("&")
    }
}

/// The way to the running gateway.
pub(super) struct Desk {
    client: Client<HttpConnector, Full<bytes::Bytes>>,
    url: String,
    token: Option<Secret>,
}

impl Desk {
    fn of(choice: &Choice, settings: &Settings) -> Result<Self, Trouble> {
        let mut names = settings.tenants.iter().map(|tenant| tenant.name.to_string());
        let tenant = match (&choice.tenant, names.next(), names.next()) {
            (Some(name), ..) => name.clone(),
            (None, Some(only), None) => only,
            _ => {
                let words = "error: there are several tenants\nhint: name one with --tenant";
                return Err(Trouble::Misused(words.to_owned()));
            }
        };
        let base = match &choice.admin {
            Some(url) => url.trim_end_matches('/').to_owned(),
            None if settings.admin.tls.is_some() => {
                let words = "error: the operators' listener speaks TLS, which this command does not\n\
                             hint: name an address without it by --admin http://…";
                return Err(Trouble::Misused(words.to_owned()));
            }
            None => format!("http://{}", settings.admin.listen),
        };
        Ok(Self {
            client: Client::builder(TokioExecutor::new()).build_http(),
            url: format!("{base}/api/tenants/{tenant}/pending"),
            token: settings.admin.token.clone(),
        })
    }

    pub(super) async fn ask(
        &self,
        method: Method,
        below: &str,
        query: &str,
    ) -> Result<Value, Trouble> {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{below}?{query}", self.url))
            .header("accept", "application/json");
        if let Some(token) = &self.token {
            request = request.header("authorization", format!("Bearer {}", token.expose()));
        }
        let request = request.body(Full::default()).map_err(Trouble::failed)?;
        let answer = self.client.request(request).await.map_err(|error| {
            Trouble::Failed(format!(
                "error: no gateway answers at {}: {error}\n\
                 hint: start it, or name its operators' listener with --admin",
                self.url
            ))
        })?;
        let status = answer.status();
        let body = Limited::new(answer.into_body(), LONGEST).collect().await;
        let body = body.map_err(Trouble::failed)?.to_bytes();
        let told: Value = serde_json::from_slice(&body).unwrap_or_default();
        if status.is_success() {
            return Ok(told);
        }
        let words = told.get("detail").and_then(Value::as_str).unwrap_or("it was refused");
        let words = format!("error: {words} ({status})\nhint: `matricula pending --help`");
        Err(if status == 400 || status == 404 {
            Trouble::Misused(words)
        } else {
            Trouble::Failed(words)
        })
    }
}

async fn list(desk: &Desk, choice: &Choice, out: &mut dyn Write) -> Result<(), Trouble> {
    let query = choice.query(true);
    let mut after = 0;
    loop {
        let told = desk.ask(Method::GET, "", &format!("after={after}&{query}")).await?;
        let items = told.get("items").and_then(Value::as_array).cloned().unwrap_or_default();
        let Some(last) = items.last() else { return Ok(()) };
        after = last.get("sequence").and_then(Value::as_u64).unwrap_or(u64::MAX);
        for item in &items {
            if choice.json { writeln!(out, "{item}")? } else { show(item, out)? }
        }
    }
}

fn show(item: &Value, out: &mut dyn Write) -> io::Result<()> {
    let text = |name: &str| item.get(name).and_then(Value::as_str).unwrap_or_default();
    let number = item.get("sequence").and_then(Value::as_u64).unwrap_or_default();
    let operation = item.get("operation").cloned().unwrap_or_default();
    let (kind, id, reason) = (text("kind"), text("id"), text("reason"));
    writeln!(out, "{number}. {kind} {id}: {reason}, since {} by {}", text("at"), text("who"))?;
    writeln!(out, "   {operation}")?;
    if let Some(failure) = item.get("failure").and_then(Value::as_str) {
        let attempts = item.get("attempts").and_then(Value::as_u64).unwrap_or_default();
        writeln!(out, "   failed {attempts} times, next {}: {failure}", text("due"))?;
    }
    let call = item.get("call").cloned().unwrap_or_default();
    for (word, lead) in [("fails", "it would fail: "), ("waits", "it waits ")] {
        if let Some(words) = call.get(word).and_then(Value::as_str) {
            writeln!(out, "   {lead}{words}")?;
        }
    }
    if let (Some(method), Some(target)) = (call.get("method"), call.get("target")) {
        let plain = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        writeln!(out, "   {} {}", plain(method), plain(target))?;
        for field in call.get("body").and_then(Value::as_array).into_iter().flatten() {
            writeln!(out, "     {}", plain(field))?;
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
    say(choice, out, &told, "released")?;
    let released = told.get("released").and_then(Value::as_u64).unwrap_or_default();
    let failed = if released > 0 { progress::over(desk, choice, released, talk).await? } else { 0 };
    if failed == 0 {
        return Ok(());
    }
    Err(Trouble::Failed(format!(
        "error: {failed} of {released} could not be done, and are tried again later\n\
         hint: `matricula pending list` says why; `matricula pending drop` forgets them"
    )))
}

fn say(choice: &Choice, out: &mut dyn Write, told: &Value, word: &str) -> io::Result<()> {
    if choice.json {
        return writeln!(out, "{told}");
    }
    writeln!(out, "{word}: {}", told.get(word).and_then(Value::as_u64).unwrap_or_default())
}
