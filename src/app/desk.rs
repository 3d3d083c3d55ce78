//! Where tokens are made and taken back, by commands and by operators' requests; the
//! trail is told of each.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use ipnet::IpNet;
use jiff::Timestamp;
use serde::Serialize;

use super::Kept;
use crate::clock::Clock;
use crate::secret::Secret;
use crate::store::{
    Error, Issued, Key, MOST_TOKENS, Outcome, Record, Scope, Token, Tokens, Trail, mint,
};

/// How long a token lives where nobody says: a year.
const YEAR: Duration = Duration::from_hours(24 * 365);

/// Titles are labels of metrics.
const LONGEST_TITLE: usize = 64;

/// The desk.
#[derive(Clone)]
pub struct Desk {
    tokens: Arc<dyn Tokens>,
    trail: Arc<dyn Trail>,
    key: Key,
    clock: Clock,
    /// Who stands before it, for the trail.
    who: &'static str,
}

/// A token that somebody wants.
#[derive(Clone, Debug)]
pub struct Wish {
    /// The tenant that it is for.
    pub tenant: Arc<str>,
    /// Its name for people.
    pub title: String,
    /// What it may be used for.
    pub scope: Scope,
    /// When it ends.
    pub expires: Expires,
    /// From where it may be used.
    pub from: Vec<IpNet>,
}

/// When a token ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Expires {
    /// A year from now.
    #[default]
    InAYear,
    /// After so long.
    After(Duration),
    /// Then.
    At(Timestamp),
    /// Never.
    Never,
}

/// A token that was made, in the only moment in which it can be shown.
pub struct Made {
    /// What is kept of it.
    pub issued: Issued,
    /// The token.
    pub secret: Secret,
}

/// Why a token was not made or taken back.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum Refused {
    #[error("{0}")]
    Wish(String),
    #[error("there is no living token {0}")]
    Unknown(u64),
    #[error("the new token could not be shown, and is revoked again: {0}")]
    Unseen(io::Error),
    #[error(transparent)]
    Store(#[from] Error),
}

impl Desk {
    /// The desk of a store.
    pub fn new(kept: &Kept, clock: Clock, who: &'static str) -> Self {
        let (tokens, trail) = (Arc::clone(&kept.tokens), Arc::clone(&kept.trail));
        Self { tokens, trail, key: kept.key.clone(), clock, who }
    }

    /// All tokens that were ever made here.
    pub async fn all(&self) -> Result<Vec<Issued>, Error> {
        self.tokens.all().await
    }

    /// Makes a token.
    pub async fn create(&self, wish: Wish) -> Result<Made, Refused> {
        let made = self.make(wish).await?;
        self.tell("token.create", &made.issued).await;
        Ok(made)
    }

    /// What time it is here.
    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Lets a token end soon, if it does not end before.
    pub(super) async fn end_within(&self, token: &Issued, span: Duration) -> Result<(), Refused> {
        self.tokens.shorten(token.id, self.after(span)?).await?;
        self.tell("token.shorten", token).await;
        Ok(())
    }

    /// Takes a token of this tenant back.
    pub(super) async fn revoke_of(&self, tenant: &str, id: u64) -> Result<(), Refused> {
        if &*self.living(id).await?.tenant != tenant {
            return Err(Refused::Unknown(id));
        }
        self.revoke(id).await.map(drop)
    }

    /// Takes a token back; from now on nobody speaks with it.
    pub async fn revoke(&self, id: u64) -> Result<Issued, Refused> {
        let token = self.living(id).await?;
        let now = self.clock.now();
        if !self.tokens.revoke(id, now).await? {
            return Err(Refused::Unknown(id));
        }
        self.tell("token.revoke", &token).await;
        Ok(Issued { revoked: Some(now), ..token })
    }

    /// A token that could not be shown is nobody's: it is taken back.
    pub async fn handed_over(&self, made: &Made, shown: io::Result<()>) -> Result<(), Refused> {
        let Err(error) = shown else { return Ok(()) };
        self.revoke(made.issued.id).await?;
        Err(Refused::Unseen(error))
    }

    /// Makes a token like that one, which goes on for so long, for the client to be
    /// given the new one. Nothing is to end before that one was shown.
    pub async fn rotate(
        &self,
        id: u64,
        overlap: Duration,
        expires: Expires,
        show: &mut dyn FnMut(&Made) -> io::Result<()>,
    ) -> Result<(Issued, Made), Refused> {
        let old = self.living(id).await?;
        // Known before there is a new one, which is shown this once or never.
        let until = self.after(overlap)?;
        let Token { title, scope, from, .. } = old.token.clone();
        let wish = Wish { tenant: Arc::clone(&old.tenant), title, scope, expires, from };
        let made = self.make(wish).await?;
        self.tell("token.rotate", &made.issued).await;
        self.handed_over(&made, show(&made)).await?;
        self.tokens.shorten(id, until).await?;
        let mut old = old;
        old.token.expires = Some(old.token.expires.map_or(until, |end| end.min(until)));
        Ok((old, made))
    }

    fn after(&self, span: Duration) -> Result<Timestamp, Refused> {
        self.clock.now().checked_add(span).map_err(|_| {
            Refused::Wish("no token goes on for so long; write a shorter span".to_owned())
        })
    }

    async fn living(&self, id: u64) -> Result<Issued, Refused> {
        let now = self.clock.now();
        let all = self.tokens.all().await?;
        let found = all.into_iter().find(|it| it.id == id && it.lives(now));
        found.ok_or(Refused::Unknown(id))
    }

    async fn make(&self, wish: Wish) -> Result<Made, Refused> {
        let now = self.clock.now();
        let expires = wish.expires.from(now).map_err(Refused::Wish)?;
        let title = sound(&wish.title).map_err(Refused::Wish)?;
        let secret = mint()?;
        let digest = self.key.token(secret.expose());
        let token = Token { title, digest, scope: wish.scope, expires, from: wish.from };
        let id = self.tokens.add(&wish.tenant, token.clone(), now).await?;
        let id = id.ok_or_else(|| {
            Refused::Wish(format!(
                "`{}` has {MOST_TOKENS} tokens; revoke those that nobody uses",
                wish.tenant
            ))
        })?;
        let tenant = wish.tenant;
        let issued = Issued { id, tenant, token, created: now, used: None, revoked: None };
        Ok(Made { issued, secret })
    }

    /// A token that was made or taken back is that, whatever the trail says to it.
    async fn tell(&self, operation: &str, token: &Issued) {
        let record = Record {
            at: self.clock.now(),
            tenant: Some(token.tenant.to_string()),
            who: self.who.to_owned(),
            request: None,
            operation: operation.to_owned(),
            resource: Some(format!("token {}", token.id)),
            name: Some(token.token.title.clone()),
            decision: "apply".to_owned(),
            reason: None,
            calls: Vec::new(),
            changes: Vec::new(),
            outcome: Outcome::Done,
            status: None,
            detail: None,
        };
        if let Err(error) = self.trail.append(record).await {
            tracing::error!(%error, operation, id = token.id, "the audit trail cannot take this");
        }
    }
}

impl Expires {
    /// Reads `never`, a span such as `90d`, a day or a time.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if text == "never" {
            return Ok(Self::Never);
        }
        let days = text.strip_suffix('d').and_then(|number| number.trim().parse::<u32>().ok());
        if let Some(days) = days {
            return Ok(Self::After(Duration::from_hours(24) * days));
        }
        crate::config::instant(text).map(Self::At).ok_or_else(|| {
            format!("`{text}` is no time; write 90d, 2027-01-01, 2027-01-01T08:00:00Z or never")
        })
    }

    fn from(self, now: Timestamp) -> Result<Option<Timestamp>, String> {
        let end = match self {
            Self::Never => return Ok(None),
            Self::InAYear => now.checked_add(YEAR),
            Self::After(span) => now.checked_add(span),
            Self::At(end) => Ok(end),
        };
        match end {
            Ok(end) if end > now => Ok(Some(end)),
            Ok(_) => Err("a token that has ended already is of no use to anybody".to_owned()),
            Err(_) => Err("nobody can wait for that; write `never`".to_owned()),
        }
    }
}

/// A title that can stand in metrics and in logs.
fn sound(title: &str) -> Result<String, String> {
    let title = title.trim();
    if title.is_empty() || title.chars().count() > LONGEST_TITLE {
        return Err(format!("a title has 1 to {LONGEST_TITLE} characters"));
    }
    if title.chars().any(char::is_control) {
        return Err("a title is one line of text".to_owned());
    }
    Ok(title.to_owned())
}

/// A token as it is shown in JSON.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Shown {
    /// Its number; nothing, for one of the configuration.
    pub id: Option<u64>,
    /// The tenant.
    pub tenant: String,
    /// Its name for people.
    pub title: String,
    /// What it may be used for.
    pub scope: String,
    /// From where; from everywhere, if there is none.
    pub from: Vec<String>,
    /// When it was made.
    pub created: Option<String>,
    /// When it ends.
    pub expires: Option<String>,
    /// When it was last used.
    pub last_used: Option<String>,
    /// `valid`, `expired` or `revoked`.
    pub state: &'static str,
    /// The token, in the only answer that has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// Where the Tenant URL ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
}

impl Shown {
    /// One that the store knows.
    pub fn of(issued: &Issued, now: Timestamp) -> Self {
        let state = match issued {
            it if it.revoked.is_some() => "revoked",
            it if !it.token.lives(now) => "expired",
            _ => "valid",
        };
        Self {
            id: Some(issued.id),
            created: Some(issued.created.to_string()),
            last_used: issued.used.map(|it| format!("{it:.0}")),
            state,
            ..Self::fixed(&issued.tenant, &issued.token, now)
        }
    }

    /// One of the configuration: there it is changed.
    pub fn fixed(tenant: &str, token: &Token, now: Timestamp) -> Self {
        Self {
            id: None,
            tenant: tenant.to_owned(),
            title: token.title.clone(),
            scope: token.scope.to_string(),
            from: token.from.iter().map(ToString::to_string).collect(),
            created: None,
            expires: token.expires.map(|it| format!("{it:.0}")),
            last_used: None,
            state: if token.lives(now) { "valid" } else { "expired" },
            token: None,
            path: None,
        }
    }
}

impl fmt::Debug for Made {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.issued.fmt(out)
    }
}
