//! What operators order for a tenant over HTTP: its address and its tokens.

use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::desk::{Desk, Expires, Made, Refused, Shown, Wish};
use super::operator::Operator;
use crate::admin::{Order, Reply, refused};
use crate::store::{self, Scope};

/// The title of tokens that a set-up makes, where it names none.
const USUAL: &str = "scim";

/// How long the tokens of earlier set-ups go on, for the client to be given the new one.
const OVERLAP: Duration = Duration::from_hours(24);

/// A token as it is ordered.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Wanted {
    title: Option<String>,
    expires: Option<String>,
    scope: Vec<String>,
    from: Vec<String>,
}

impl Operator {
    /// Carries an order out for a tenant that the configuration has.
    pub(super) async fn ordered(&self, tenant: &str, order: Order) -> Reply {
        let origin = self.origin.as_deref().unwrap_or_default();
        let Some(base) = self.api.base_of(tenant, origin) else {
            let words = format!("no tenant `{tenant}`: tenants stand in the configuration");
            return refused(StatusCode::NOT_FOUND, words);
        };
        let tenant: Arc<str> = tenant.into();
        if matches!(order, Order::SetUp(_)) && base.starts_with('/') {
            let words = "the gateway listens on all addresses, and clients need one: set \
                         `server.public_url` to the address that they reach it by";
            return refused(StatusCode::CONFLICT, words);
        }
        let outcome = match order {
            Order::SetUp(body) => self.set_up(tenant, &base, body).await,
            Order::Tokens => self.listed(&tenant).await,
            Order::Issue(body) => self.issued(tenant, body).await,
            Order::Revoke(id) => self.revoked(&tenant, id).await,
        };
        outcome.unwrap_or_else(|refusal| match refusal {
            Refused::Wish(words) => refused(StatusCode::BAD_REQUEST, words),
            Refused::Unknown(_) => refused(StatusCode::NOT_FOUND, refusal.to_string()),
            Refused::Unseen(_) | Refused::Store(_) => {
                refused(StatusCode::SERVICE_UNAVAILABLE, refusal.to_string())
            }
        })
    }

    /// Address and token in one answer. A token cannot be shown twice, so a second call
    /// makes another, and lets those of earlier calls end: however often it is called,
    /// one token is left to last.
    async fn set_up(&self, tenant: Arc<str>, base: &str, body: Value) -> Result<Reply, Refused> {
        let wish = wish(tenant, body, USUAL)?;
        let before = self.desk.living_of(&wish.tenant, &wish.title).await?;
        let made = self.desk.create(wish).await?;
        for old in before {
            self.desk.end_within(&old, OVERLAP).await?;
        }
        self.take_up().await;
        let Made { issued, secret } = &made;
        let body = json!({
            "baseUrl": base,
            "apiToken": secret.expose(),
            "tokenId": issued.id,
            "expires": issued.token.expires.map(|end| end.to_string()),
        });
        Ok((StatusCode::OK, body))
    }

    async fn listed(&self, tenant: &Arc<str>) -> Result<Reply, Refused> {
        let now = self.house.clock.now();
        let fixed = self.api.fixed(tenant);
        let mut shown: Vec<_> = fixed.iter().map(|it| Shown::fixed(tenant, it, now)).collect();
        let all = self.desk.all().await?;
        let own = all.iter().filter(|it| it.tenant == *tenant);
        shown.extend(own.map(|it| Shown::of(it, now)));
        Ok((StatusCode::OK, json!({ "tokens": shown })))
    }

    async fn issued(&self, tenant: Arc<str>, body: Value) -> Result<Reply, Refused> {
        let made = self.desk.create(wish(tenant, body, "client")?).await?;
        self.take_up().await;
        let shown = Shown::of(&made.issued, made.issued.created);
        let shown = Shown { token: Some(made.secret.expose().to_owned()), ..shown };
        Ok((StatusCode::CREATED, json!(shown)))
    }

    async fn revoked(&self, tenant: &Arc<str>, id: u64) -> Result<Reply, Refused> {
        self.desk.revoke_of(tenant, id).await?;
        self.take_up().await;
        Ok((StatusCode::NO_CONTENT, Value::Null))
    }

    /// This process knows it at once.
    async fn take_up(&self) {
        if let Err(error) = self.api.roll().refresh().await {
            tracing::warn!(%error, "the store does not tell its tokens");
        }
    }
}

fn wish(tenant: Arc<str>, body: Value, title: &str) -> Result<Wish, Refused> {
    let wanted: Wanted =
        serde_json::from_value(body).map_err(|error| Refused::Wish(error.to_string()))?;
    let expires = wanted.expires.as_deref().map(Expires::parse).transpose();
    let network = |text: &String| {
        store::network(text).ok_or_else(|| {
            Refused::Wish(format!("`{text}` is no network: write it as 10.0.0.0/8 or fd00::/8"))
        })
    };
    Ok(Wish {
        tenant,
        // As it will be kept: those of earlier set-ups are found by it.
        title: wanted.title.as_deref().unwrap_or(title).trim().to_owned(),
        scope: Scope::parse(&wanted.scope.join(",")).map_err(Refused::Wish)?,
        expires: expires.map_err(Refused::Wish)?.unwrap_or_default(),
        from: wanted.from.iter().map(network).collect::<Result<_, _>>()?,
    })
}

impl Desk {
    /// The living tokens of a tenant with this title.
    async fn living_of(
        &self,
        tenant: &str,
        title: &str,
    ) -> Result<Vec<store::Issued>, store::Error> {
        let (now, all) = (self.now(), self.all().await?);
        let own = |it: &store::Issued| &*it.tenant == tenant && it.token.title == title;
        Ok(all.into_iter().filter(|it| it.lives(now) && own(it)).collect())
    }
}
