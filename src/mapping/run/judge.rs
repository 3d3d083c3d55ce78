//! What a reply means: rules in order, on success statuses too, then HTTP's own
//! word.

use std::time::Duration;

use serde_json::Value;

use crate::call::{Failure, Format, Kind, Reply, Retry};
use crate::mapping::expr::{Scope, plain_text};
use crate::mapping::plan::{Rule, Verdict};

/// What a reply came to.
pub(super) enum Judged {
    /// A success.
    Fine,
    /// A failure.
    Bad(Failure),
    /// It does not say; this, if nothing unique is taken.
    Unclear(Failure),
}

/// A reply as expressions see it.
pub(super) struct Seen<'r> {
    status: Value,
    headers: &'r Value,
    format: Value,
    body: &'r Value,
}

impl<'r> Seen<'r> {
    pub(super) fn of(reply: &'r Reply) -> Self {
        Self {
            status: Value::from(reply.status()),
            headers: reply.headers(),
            format: Value::from(reply.format().as_str()),
            body: reply.body(),
        }
    }

    pub(super) fn names(&self) -> [(&str, &Value); 4] {
        [
            ("status", &self.status),
            ("headers", self.headers),
            ("format", &self.format),
            ("body", self.body),
        ]
    }
}

/// Judges a reply. `scope` holds the reply's names.
pub(super) fn judge<'r>(
    reply: &Reply,
    scope: &Scope<'_>,
    rules: impl Iterator<Item = &'r Rule>,
) -> Judged {
    for rule in rules {
        let told = rule.needs.as_ref().is_none_or(|key| reply.body().get(key).is_some());
        if told && rule.when.holds(scope) {
            return match rule.verdict {
                Verdict::Ok => Judged::Fine,
                Verdict::Is(kind) => Judged::Bad(failure(kind, reply, scope, Some(rule))),
                Verdict::Look(kind) => Judged::Unclear(failure(kind, reply, scope, Some(rule))),
            };
        }
    }
    // A page for people where a machine was asked: somebody in front of the
    // LMS answered, and nothing may be concluded from it; least of all, from a
    // proxy's "not found", that an account is gone.
    let html = reply.format() == Format::Html;
    let kind = match Kind::of_status(reply.status()) {
        None | Some(Kind::Missing) if html => Some(Kind::Garbled),
        kind => kind,
    };
    match kind {
        None => Judged::Fine,
        Some(kind) => Judged::Bad(failure(kind, reply, scope, None)),
    }
}

fn failure(kind: Kind, reply: &Reply, scope: &Scope<'_>, rule: Option<&Rule>) -> Failure {
    let says = rule.and_then(|rule| rule.says.as_ref()).and_then(|text| text.render(scope));
    let mut failure = Failure::new(kind, says.unwrap_or_else(|| words(kind).to_owned()));
    failure.attribute = rule.and_then(|rule| rule.attribute.clone());
    failure.status = Some(reply.status());
    failure.said = Some(reply.excerpt());
    let wait = rule.and_then(|rule| rule.wait.as_ref()).and_then(|wait| wait.eval(&{ *scope }));
    // Headers are texts, and many a body says a number as one.
    let asked = wait.and_then(|wait| number(&plain_text(&wait)?));
    let asked = asked.or_else(|| number(reply.header("retry-after")?));
    if let (Some(seconds), true) = (asked, kind.passes()) {
        // A day at most: a wrong clock in an LMS must not stop us for years.
        let capped = seconds.clamp(0.0, 86_400.0);
        failure.retry = Retry::After(Duration::from_secs_f64(capped));
    }
    failure
}

fn number(text: &str) -> Option<f64> {
    let number = text.trim().parse::<f64>().ok();
    // `nan` and `inf` are numbers to the parser.
    number.filter(|number| number.is_finite())
}

fn words(kind: Kind) -> &'static str {
    match kind {
        Kind::Missing => "the LMS does not know it",
        Kind::Duplicate => "the LMS has another one with this value",
        Kind::Invalid => "the LMS does not accept a value",
        Kind::Denied => "the LMS does not let the gateway do this",
        Kind::Login => "the LMS does not accept the gateway's credentials",
        Kind::Throttled => "the LMS asks the gateway to slow down",
        Kind::Conflict => "the LMS is changing this just now",
        Kind::Unavailable => "the LMS is not available",
        Kind::Unsupported => "the LMS cannot do this",
        Kind::Poisoned => "the LMS cannot show one of the records",
        Kind::Garbled => "the LMS answered in a way that cannot be understood",
    }
}
