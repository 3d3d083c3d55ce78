//! What stands between the settings and a gateway that works: asked of this
//! machine and of every LMS. Nothing is left behind anywhere, but what an LMS gives in
//! the place of a credential that is good for once.

mod house;
mod lms;
mod store;

use std::fmt;

use jiff::Timestamp;
use serde::Serialize;

use super::{Fault, House};
use crate::config::Settings;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Grade {
    /// As it should be.
    Ok,
    /// It works, but not for long or not as well as it could.
    Warn,
    /// It does not work.
    Fail,
}

impl fmt::Display for Grade {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(match self {
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Fail => "FAIL",
        })
    }
}

/// What one check came to.
#[derive(Clone, Debug, Serialize)]
pub struct Finding {
    /// The tenant, or nothing where the gateway itself is meant.
    pub tenant: Option<String>,
    /// What was checked.
    pub check: String,
    /// How bad it is.
    pub grade: Grade,
    /// What was found.
    pub words: String,
    /// How to mend it.
    pub hint: Option<String>,
}

impl Finding {
    /// What a check of the gateway came to.
    pub fn new(grade: Grade, check: &str, words: impl Into<String>) -> Self {
        let (check, words) = (check.to_owned(), words.into());
        Self { tenant: None, check, grade, words, hint: None }
    }

    /// The same with a way to mend it.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// Days before an end at which it is worth a warning.
const AHEAD: i64 = 30;

/// Examines everything, or one tenant alone.
pub async fn examine(settings: &Settings, only: Option<&str>) -> Result<Vec<Finding>, Fault> {
    let house = House::new()?;
    let mut findings = Vec::new();
    if only.is_none() {
        findings.extend(house::examine(settings));
        findings.extend(store::examine(&settings.store).await);
    }
    let house::Stored { kept, issued, unread } = house::stored(settings).await;
    findings.extend(unread);
    for tenant in &settings.tenants {
        if only.is_none_or(|name| name == &*tenant.name) {
            let mut own = vec![house::tokens(tenant, &issued, house.clock.now())];
            own.extend(lms::examine(tenant, &house, kept.as_ref()).await?);
            let name = Some(tenant.name.to_string());
            findings.extend(own.into_iter().map(|it| Finding { tenant: name.clone(), ..it }));
        }
    }
    if let Some(kept) = kept {
        // Whoever has not heard of it waits a little, and then knows all the same.
        let _ = kept.store.leave().await;
    }
    Ok(findings)
}

/// Whole days from one moment to another.
fn days(from: Timestamp, to: Timestamp) -> i64 {
    to.duration_since(from).as_hours() / 24
}
