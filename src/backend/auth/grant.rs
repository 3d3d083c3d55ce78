//! OAuth2 tokens, RFC 6749: client credentials, password and refresh. A refresh
//! that is refused falls back to the grant that needs no token, where there is
//! one; a rotated refresh token takes the place of the old.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::login::{Conversation, Login, Next};
use super::{basic, set_header};
use crate::call::{Call, Encoding, Failure, Kind, Method, Reply, Safety, Style, Target};
use crate::secret::Secret;

/// How tokens are asked for.
#[derive(Clone, Debug)]
pub struct Grant {
    /// The backend whose base the path stands below.
    pub backend: Arc<str>,
    /// The path of the token endpoint.
    pub path: String,
    /// The client's id.
    pub client: String,
    /// The client's secret.
    pub secret: Secret,
    /// Where id and secret are shown.
    pub proof: ClientProof,
    /// What is asked for.
    pub kind: GrantKind,
    /// Further fields: `scope`, `audience`, whatever the LMS wants.
    pub fields: Vec<(String, String)>,
    /// The word before the token: `Bearer`, for some `JWT`.
    pub scheme: String,
}

/// Where a client shows its id and secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientProof {
    /// HTTP Basic, RFC 6749, section 2.3.1.
    Basic,
    /// In the form.
    Form,
    /// In a JSON body, against the RFC.
    Json,
}

/// What is asked for when there is no refresh token, or it is refused.
#[derive(Clone, Debug)]
pub enum GrantKind {
    /// The client's own rights.
    Client,
    /// A person's rights, by password.
    Password {
        /// Who.
        user: String,
        /// The password.
        password: Secret,
    },
    /// Nothing: a person has to grant it once, and this refresh token came of it.
    Refresh(Secret),
}

impl Grant {
    fn renewal(&self, last: &Value) -> Option<String> {
        let kept = last.get("refresh_token").and_then(Value::as_str).map(str::to_owned);
        match (&self.kind, kept) {
            (_, Some(token)) => Some(token),
            (GrantKind::Refresh(first), None) => Some(first.expose().to_owned()),
            (GrantKind::Client | GrantKind::Password { .. }, None) => None,
        }
    }

    fn first(&self) -> Option<Map<String, Value>> {
        let fields = match &self.kind {
            GrantKind::Client => vec![("grant_type", "client_credentials")],
            GrantKind::Password { user, password } => vec![
                ("grant_type", "password"),
                ("username", user.as_str()),
                ("password", password.expose()),
            ],
            GrantKind::Refresh(_) => return None,
        };
        Some(fields.into_iter().map(|(name, value)| (name.to_owned(), json!(value))).collect())
    }

    fn call(&self, mut fields: Map<String, Value>) -> Call {
        for (name, value) in &self.fields {
            fields.insert(name.clone(), json!(value));
        }
        if self.proof != ClientProof::Basic {
            fields.insert("client_id".to_owned(), json!(self.client));
            fields.insert("client_secret".to_owned(), json!(self.secret.expose()));
        }
        let mut target = Target::new();
        target.written(&self.path);
        let json = self.proof == ClientProof::Json;
        let mut call = Call {
            backend: Arc::clone(&self.backend),
            method: Method::Post,
            target,
            headers: Vec::new(),
            body: Some(Value::Object(fields)),
            encoding: if json { Encoding::Json(None) } else { Encoding::Form(Style::default()) },
            safety: Safety::Once,
            patience: None,
            wanted: None,
            ready: None,
        };
        if self.proof == ClientProof::Basic {
            // RFC 6749, 2.3.1 wants both form-encoded before they are joined.
            let secret = Secret::new(crate::call::form(self.secret.expose()));
            set_header(
                &mut call,
                "authorization",
                basic(&crate::call::form(&self.client), &secret),
            );
        }
        call
    }
}

impl Login for Grant {
    fn begin(&self, last: &Value, _: Timestamp) -> Box<dyn Conversation> {
        Box::new(Asking { grant: self.clone(), token: self.renewal(last), renewing: false })
    }

    fn show(&self, call: &mut Call, session: &Value) -> Result<(), Failure> {
        let token = session.get("access_token").and_then(Value::as_str).unwrap_or_default();
        set_header(call, "authorization", format!("{} {token}", self.scheme));
        Ok(())
    }

    fn life(&self, session: &Value) -> Option<Duration> {
        // Some write the number as text.
        let life = session.get("expires_in")?;
        let seconds = life.as_u64().or_else(|| life.as_str()?.parse().ok())?;
        Some(Duration::from_secs(seconds))
    }
}

struct Asking {
    grant: Grant,
    token: Option<String>,
    renewing: bool,
}

impl Asking {
    fn ask(&mut self) -> Next {
        if let (Some(token), false) = (&self.token, self.renewing) {
            self.renewing = true;
            let fields = json!({ "grant_type": "refresh_token", "refresh_token": token });
            let fields = fields.as_object().cloned().unwrap_or_default();
            return Next::Call(Box::new(self.grant.call(fields)));
        }
        self.token = None;
        self.renewing = false;
        match self.grant.first() {
            Some(fields) => Next::Call(Box::new(self.grant.call(fields))),
            None => Next::Done(Err(Failure::new(
                Kind::Login,
                "the LMS does not accept the refresh token (any more): grant access once more",
            ))),
        }
    }
}

impl Conversation for Asking {
    fn next(&mut self, reply: Option<Result<Reply, Failure>>) -> Next {
        let reply = match reply {
            None => return self.ask(),
            Some(Err(failure)) => return Next::Done(Err(failure)),
            Some(Ok(reply)) => reply,
        };
        match tokens(&reply, self.token.as_deref()) {
            // RFC 6749, 5.2: only `invalid_grant` says that the token is no good.
            Err(_) if self.renewing && code(&reply) == "invalid_grant" => self.ask(),
            outcome => Next::Done(outcome),
        }
    }
}

fn tokens(reply: &Reply, old: Option<&str>) -> Result<Value, Failure> {
    let body = reply.body();
    let granted = body.get("access_token").and_then(Value::as_str).is_some();
    if !matches!(reply.status(), 200..=299) || !granted {
        return Err(refusal(reply));
    }
    let mut session = Map::new();
    for name in ["access_token", "refresh_token", "expires_in"] {
        if let Some(value) = body.get(name).filter(|value| !value.is_null()) {
            session.insert(name.to_owned(), value.clone());
        }
    }
    if let Some(old) = old {
        // RFC 6749, section 6: without a new one, the old one goes on.
        session.entry("refresh_token").or_insert_with(|| json!(old));
    }
    Ok(Value::Object(session))
}

fn refusal(reply: &Reply) -> Failure {
    let kind = match reply.status() {
        429 => Kind::Throttled,
        500..=599 => Kind::Unavailable,
        _ if code(reply).is_empty() => Kind::Garbled,
        _ => Kind::Login,
    };
    let mut failure = Failure::new(kind, "the LMS does not grant a token: check the credentials");
    failure.status = Some(reply.status());
    // The code alone: descriptions may hold what was sent.
    failure.said = Some(code(reply).chars().take(80).collect());
    failure
}

fn code(reply: &Reply) -> &str {
    reply.body().get("error").and_then(Value::as_str).unwrap_or_default()
}
