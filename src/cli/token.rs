//! `matricula token create | list | rotate | revoke`: who may speak for a client. The
//! gateway may run meanwhile and takes up what has changed within a second. stdout has
//! the new token and nothing else, so that a script can take it.

use std::io::{self, Write};
use std::sync::Arc;
use std::time::Duration;

use clap::{Args, Subcommand};
use ipnet::IpNet;

use super::Trouble;
use super::settings::{self, Flags};
use super::table;
use crate::app::{Desk, Expires, Kept, Made, Refused, Shown, Wish};
use crate::clock::Clock;
use crate::config::{Settings, Tenant};
use crate::store::{self, Issued, Scope};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Make a token for a tenant's client, and show it this once
    Create(Create),
    /// List tokens, those of the configuration too
    List(List),
    /// Make a token like another one, which goes on until the client has the new one
    Rotate(Rotate),
    /// Revoke a token: within a second nobody speaks with it any more
    Revoke(Revoke),
    /// Begin anew with another key, where that of the store is lost: ends all tokens
    NewKey(NewKey),
}

#[derive(Debug, Args)]
pub(super) struct Create {
    #[command(flatten)]
    flags: Flags,
    /// The tenant, by its name in the configuration
    #[arg(long, value_name = "NAME")]
    tenant: String,
    /// Its name for people, in logs, metrics and the audit trail
    #[arg(long, default_value = "client")]
    title: String,
    /// When it ends: 90d, a day, a time, or never [default: a year from now]
    #[arg(long, value_parser = Expires::parse, value_name = "WHEN")]
    expires: Option<Expires>,
    /// What it may be used for: users, groups, read-only, with commas between
    #[arg(long, default_value = "users,groups", value_parser = Scope::parse)]
    scope: Scope,
    /// A network from which alone it may be used; several times for several
    #[arg(long, value_parser = network, value_name = "CIDR")]
    from: Vec<IpNet>,
    /// Print one object of JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub(super) struct List {
    #[command(flatten)]
    flags: Flags,
    /// Of this tenant alone
    #[arg(long, value_name = "NAME")]
    tenant: Option<String>,
    /// Those that have ended, too
    #[arg(long)]
    all: bool,
    /// Print a list of JSON objects
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub(super) struct Rotate {
    #[command(flatten)]
    flags: Flags,
    /// The number of the token, as `list` shows it
    id: u64,
    /// How long the old one goes on
    #[arg(long, default_value = "7d", value_parser = overlap, value_name = "SPAN")]
    overlap: Duration,
    /// When the new one ends: 90d, a day, a time, or never [default: a year from now]
    #[arg(long, value_parser = Expires::parse, value_name = "WHEN")]
    expires: Option<Expires>,
    /// Print one object of JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub(super) struct Revoke {
    #[command(flatten)]
    flags: Flags,
    /// The number of the token, as `list` shows it
    id: u64,
    /// Print one object of JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub(super) struct NewKey {
    #[command(flatten)]
    flags: Flags,
    /// Yes: all tokens end, and what the audit trail holds cannot be proven any more
    #[arg(long, required = true)]
    end_all_tokens: bool,
}

pub(super) fn run(
    command: &Command,
    out: &mut dyn Write,
    talk: &mut dyn Write,
) -> Result<(), Trouble> {
    super::runtime()?.block_on(async {
        match command {
            Command::Create(arguments) => create(arguments, out, talk).await,
            Command::List(arguments) => list(arguments, out).await,
            Command::Rotate(arguments) => rotate(arguments, out, talk).await,
            Command::Revoke(arguments) => revoke(arguments, out).await,
            Command::NewKey(arguments) => new_key(arguments, talk).await,
        }
    })
}

async fn create(
    arguments: &Create,
    out: &mut dyn Write,
    talk: &mut dyn Write,
) -> Result<(), Trouble> {
    let settings = loaded(&arguments.flags)?;
    let tenant = tenant(&settings, &arguments.tenant)?;
    let wish = Wish {
        tenant: Arc::clone(&tenant.name),
        title: arguments.title.clone(),
        scope: arguments.scope,
        expires: arguments.expires.unwrap_or_default(),
        from: arguments.from.clone(),
    };
    if let Some(path) = settings::missing(&settings.store) {
        let path = path.display();
        writeln!(
            talk,
            "the store `{path}` is new: a gateway that has another one knows nothing of it"
        )?;
    }
    let desk = desk(&settings).await?;
    let made = desk.create(wish).await.map_err(told)?;
    let shown = show_new(&made, Some(tenant), arguments.json, out);
    desk.handed_over(&made, shown).await.map_err(told)?;
    if !arguments.json {
        talk_of(&made, Some(tenant), talk)?;
    }
    Ok(())
}

async fn rotate(
    arguments: &Rotate,
    out: &mut dyn Write,
    talk: &mut dyn Write,
) -> Result<(), Trouble> {
    let settings = loaded(&arguments.flags)?;
    settings::there(&settings.store)?;
    let desk = desk(&settings).await?;
    let expires = arguments.expires.unwrap_or_default();
    let of = |made: &Made| settings.tenants.iter().find(|it| it.name == made.issued.tenant);
    let mut show = |made: &Made| show_new(made, of(made), arguments.json, out);
    let rotated = desk.rotate(arguments.id, arguments.overlap, expires, &mut show).await;
    let (old, made) = rotated.map_err(told)?;
    let tenant = of(&made);
    if !arguments.json {
        talk_of(&made, tenant, talk)?;
        let until = old.token.expires.map(|it| it.to_string()).unwrap_or_default();
        writeln!(talk, "token {} goes on until {until}: give the client the new one", old.id)?;
    }
    Ok(())
}

async fn revoke(arguments: &Revoke, out: &mut dyn Write) -> Result<(), Trouble> {
    let settings = loaded(&arguments.flags)?;
    settings::there(&settings.store)?;
    let revoked = desk(&settings).await?.revoke(arguments.id).await.map_err(told)?;
    if arguments.json {
        return Ok(json(&Shown::of(&revoked, Clock::system().now()), out)?);
    }
    let Issued { id, tenant, token, .. } = &revoked;
    Ok(writeln!(out, "token {id} (`{}` of `{tenant}`) is revoked", token.title)?)
}

async fn list(arguments: &List, out: &mut dyn Write) -> Result<(), Trouble> {
    let settings = loaded(&arguments.flags)?;
    if let Some(name) = &arguments.tenant {
        tenant(&settings, name)?;
    }
    let now = Clock::system().now();
    let is_wanted = |tenant: &str| arguments.tenant.as_deref().is_none_or(|name| name == tenant);
    let mut shown = Vec::new();
    for tenant in settings.tenants.iter().filter(|it| is_wanted(&it.name)) {
        shown.extend(tenant.tokens.iter().map(|token| Shown::fixed(&tenant.name, token, now)));
    }
    let is_kept = settings.store.place != store::Place::Memory;
    if is_kept && settings::missing(&settings.store).is_none() {
        let issued = desk(&settings).await?.all().await.map_err(Trouble::failed)?;
        let issued = issued.iter().filter(|it| is_wanted(&it.tenant));
        let issued = issued.filter(|it| arguments.all || it.lives(now));
        shown.extend(issued.map(|it| Shown::of(it, now)));
    }
    if arguments.json {
        return Ok(writeln!(out, "{}", serde_json::to_string(&shown).map_err(io::Error::from)?)?);
    }
    let head = ["ID", "TENANT", "TITLE", "SCOPE", "FROM", "EXPIRES", "LAST USED", "STATE"];
    let mut rows = vec![head.map(str::to_owned)];
    rows.extend(shown.into_iter().map(row));
    Ok(table::write(&rows, out)?)
}

async fn new_key(arguments: &NewKey, talk: &mut dyn Write) -> Result<(), Trouble> {
    let settings = loaded(&arguments.flags)?;
    settings::there(&settings.store)?;
    let kept = Kept::with_new_key(&settings.store).await.map_err(Trouble::failed)?;
    let desk = Desk::new(&kept, Clock::system(), "operator (command line)");
    let now = Clock::system().now();
    let all = desk.all().await.map_err(Trouble::failed)?;
    let living: Vec<_> = all.iter().filter(|it| it.lives(now)).collect();
    for token in &living {
        desk.revoke(token.id).await.map_err(told)?;
    }
    let count = living.len();
    writeln!(
        talk,
        "the store has a new key; {count} tokens ended: make new ones for your clients"
    )?;
    Ok(())
}

/// The new token on stdout: alone, or as JSON with all there is to say of it.
fn show_new(
    made: &Made,
    tenant: Option<&Tenant>,
    as_json: bool,
    out: &mut dyn Write,
) -> io::Result<()> {
    let text = made.secret.expose();
    if as_json {
        let shown = Shown::of(&made.issued, made.issued.created);
        let path = tenant.map(|tenant| tenant.path.clone());
        json(&Shown { token: Some(text.to_owned()), path, ..shown }, out)?;
    } else {
        writeln!(out, "{text}")?;
    }
    out.flush()
}

fn talk_of(made: &Made, tenant: Option<&Tenant>, talk: &mut dyn Write) -> io::Result<()> {
    let Issued { id, tenant: name, token, .. } = &made.issued;
    let end = token.expires.map_or("never ends".to_owned(), |end| format!("ends {end}"));
    let (title, scope) = (&token.title, token.scope);
    writeln!(talk, "token {id}, `{title}` of `{name}`: {scope}; {end}")?;
    if let Some(tenant) = tenant {
        writeln!(talk, "the Tenant URL ends with {}", tenant.path)?;
    }
    writeln!(talk, "it is shown this once, and kept nowhere")
}

fn json(shown: &Shown, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{}", serde_json::to_string(shown)?)
}

fn loaded(flags: &Flags) -> Result<Settings, Trouble> {
    let loaded = flags.sources().load(Clock::system().now());
    Ok(loaded.map_err(|faults| settings::told(&faults))?.settings)
}

fn tenant<'s>(settings: &'s Settings, name: &str) -> Result<&'s Tenant, Trouble> {
    settings.tenants.iter().find(|tenant| &*tenant.name == name).ok_or_else(|| {
        let hint = "hint: `matricula check` lists them";
        Trouble::Misused(format!("error: no tenant `{name}`\n{hint}"))
    })
}

async fn desk(settings: &Settings) -> Result<Desk, Trouble> {
    let kept = Kept::beside(&settings.store).await.map_err(Trouble::failed)?;
    Ok(Desk::new(&kept, Clock::system(), "operator (command line)"))
}

fn told(refused: Refused) -> Trouble {
    match refused {
        Refused::Unknown(_) => {
            Trouble::Failed(format!("error: {refused}\nhint: `matricula token list` has them"))
        }
        Refused::Unseen(_) => Trouble::Failed(format!(
            "error: {refused}\nhint: let it be written to a terminal, or to a file with room"
        )),
        other => Trouble::failed(other),
    }
}

fn network(text: &str) -> Result<IpNet, String> {
    store::network(text).ok_or_else(|| {
        "write a network as 10.0.0.0/8 or fd00::/8, or one machine as 10.1.2.3".to_owned()
    })
}

/// A span as `7d`, or with the units of the settings.
fn overlap(text: &str) -> Result<Duration, String> {
    if let Ok(Expires::After(span)) = Expires::parse(text) {
        return Ok(span);
    }
    let span = text.parse::<jiff::SignedDuration>().ok();
    let span = span.and_then(|span| Duration::try_from(span).ok());
    span.ok_or_else(|| format!("`{text}` is no span of time; write it as 7d or 12h"))
}

fn row(shown: Shown) -> [String; 8] {
    let or = |text: Option<String>, other: &str| text.unwrap_or_else(|| other.to_owned());
    let from = if shown.from.is_empty() { "anywhere".to_owned() } else { shown.from.join(" ") };
    [
        or(shown.id.map(|id| id.to_string()), "config"),
        shown.tenant,
        shown.title,
        shown.scope,
        from,
        or(shown.expires, "never"),
        or(shown.last_used, "-"),
        shown.state.to_owned(),
    ]
}
