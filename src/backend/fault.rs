//! A failed attempt: what came of it, and how far it got. How far decides
//! whether it may be repeated, and whether a write may have happened.

use std::error::Error as StdError;
use std::io;
use std::time::Duration;

use crate::call::{Failure, Kind, Reply, Retry, Safety};

/// How far an attempt got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// We refused it ourselves: trying again at once would only add to it.
    Held,
    /// Proven: not a byte of it left us.
    Unsent,
    /// The same, and nobody was asked: what failed, another attempt was told before.
    Heard,
    /// It may have arrived; no answer did.
    Lost,
    /// The LMS answered.
    Answered,
}

/// A failed attempt.
#[derive(Clone, Debug)]
pub(super) struct Fault {
    pub failure: Failure,
    pub reach: Reach,
    /// Whether it was cut off before the LMS had its time: no news of the LMS.
    pub cut: bool,
}

impl Fault {
    fn came(failure: Failure, reach: Reach) -> Self {
        Self { failure, reach, cut: false }
    }

    pub(super) fn held(failure: Failure) -> Self {
        Self::came(failure, Reach::Held)
    }

    pub(super) fn unsent(failure: Failure) -> Self {
        Self::came(failure, Reach::Unsent)
    }

    /// Our own refusal of a call that would be welcome later.
    pub(super) fn busy(detail: &str, wait: Duration) -> Self {
        Self::held(Failure::new(Kind::Unavailable, detail).retry(Retry::After(wait)))
    }

    /// The same failure, as another attempt hears of it.
    pub(super) fn heard(&self) -> Self {
        Self { reach: Reach::Heard, ..self.clone() }
    }

    /// Whether the LMS had no part in it.
    pub(super) fn is_no_news(&self) -> bool {
        matches!(self.reach, Reach::Held | Reach::Heard)
    }

    /// A reply that the mapping calls bad.
    pub(super) fn answered(failure: Failure) -> Self {
        Self::came(failure, Reach::Answered)
    }

    /// Whether a write may have been done. A refusal in the LMS's own words is
    /// proof that it was not; an answer by whatever stands in front of the LMS
    /// (HTML, 502, 504, and 503 too: Envoy says that of a broken connection) is
    /// none.
    pub(super) fn may_have_happened(&self, safety: Safety) -> bool {
        let vague = matches!(self.failure.kind, Kind::Unavailable | Kind::Garbled);
        let reached = match self.reach {
            Reach::Held | Reach::Unsent | Reach::Heard => false,
            Reach::Lost => true,
            Reach::Answered => vague,
        };
        reached && safety != Safety::Read
    }

    /// Whether the same call may be sent once more.
    pub(super) fn may_repeat(&self, safety: Safety) -> bool {
        let worth = matches!(self.failure.retry, Retry::Later | Retry::After(_));
        let harmless = match self.reach {
            Reach::Held => false,
            Reach::Unsent | Reach::Heard => true,
            Reach::Lost => safety != Safety::Once,
            // Being throttled means: not done.
            Reach::Answered => safety != Safety::Once || self.failure.kind == Kind::Throttled,
        };
        worth && harmless
    }
}

/// No answer in time. Without a connection, nothing can have been sent.
pub(super) fn late(begun: bool) -> Fault {
    if begun {
        lost(Kind::Unavailable, "the LMS did not answer in time", "timed out waiting for an answer")
    } else {
        Fault::unsent(unavailable("the LMS did not accept a connection in time", "timed out"))
    }
}

/// It waited, for a slot or for its moment, until there was no time left to be answered.
pub(super) fn too_late() -> Fault {
    Fault::busy("too little time is left to ask the LMS", Duration::from_secs(2))
}

/// No connection, so nothing can have been sent.
pub(super) fn unconnected(error: &(dyn StdError + 'static)) -> Fault {
    let said = chain(error);
    if find::<rustls::Error>(error).is_some() {
        let detail = "the LMS's TLS certificate or protocol is not acceptable: \
                      check its name, its expiry and the authorities we trust";
        return Fault::unsent(unavailable(detail, &said).retry(Retry::Never));
    }
    Fault::unsent(unavailable("the LMS cannot be reached", &said))
}

/// The connection ended before it took the request.
pub(super) fn closed(error: &hyper::Error) -> Fault {
    Fault::unsent(unavailable("the LMS closed the connection", &chain(error)))
}

/// The connection ended, and no answer came.
pub(super) fn unanswered(error: &hyper::Error) -> Fault {
    let said = chain(error);
    if error.is_parse() {
        let mut fault = lost(Kind::Garbled, "the LMS did not answer in HTTP", &said);
        fault.failure.retry = Retry::Never;
        return fault;
    }
    lost(Kind::Unavailable, "the LMS broke off before it answered", &said)
}

/// An answer whose body did not come whole.
pub(super) fn unfinished(error: &(dyn StdError + 'static), status: u16) -> Fault {
    let mut fault = if find::<http_body_util::LengthLimitError>(error).is_some() {
        // It would be as large the next time.
        let mut fault = lost(Kind::Garbled, "the LMS's answer is too large", "over the limit");
        fault.failure.retry = Retry::Never;
        fault
    } else {
        lost(Kind::Unavailable, "the LMS's answer broke off", &chain(error))
    };
    fault.failure.status = Some(status);
    fault
}

/// A call that cannot be put on the wire.
pub(super) fn unfit(error: &dyn std::fmt::Display) -> Fault {
    let mut failure = Failure::new(Kind::Invalid, "this call cannot be written for the LMS");
    failure.said = Some(error.to_string());
    Fault::held(failure)
}

/// Adds the server's word on waiting, where the judge left it unread.
pub(super) fn with_wait(mut failure: Failure, reply: &Reply, now: jiff::Timestamp) -> Failure {
    if failure.retry == Retry::Later
        && failure.kind.passes()
        && let Some(wait) = reply.header("retry-after").and_then(|text| wait(text, now))
    {
        failure.retry = Retry::After(wait);
    }
    failure
}

/// RFC 9110, 10.2.3: seconds or a date. A day at most: a wrong clock in an LMS
/// must not stop us for years.
fn wait(text: &str, now: jiff::Timestamp) -> Option<Duration> {
    const LONGEST: u64 = 86_400;
    let text = text.trim();
    let seconds = if let Ok(seconds) = text.parse::<u64>() {
        seconds
    } else {
        let date = jiff::fmt::rfc2822::parse(text).ok()?.timestamp();
        u64::try_from(date.as_second().saturating_sub(now.as_second())).unwrap_or(0)
    };
    Some(Duration::from_secs(seconds.min(LONGEST)))
}

fn lost(kind: Kind, detail: &str, said: &str) -> Fault {
    let mut failure = Failure::new(kind, detail).retry(Retry::Later);
    failure.said = Some(said.to_owned());
    Fault::came(failure, Reach::Lost)
}

fn unavailable(detail: &str, said: &str) -> Failure {
    let mut failure = Failure::new(Kind::Unavailable, detail);
    failure.said = Some(said.to_owned());
    failure
}

/// An error with its causes, for the log.
fn chain(error: &dyn StdError) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        next = cause.source();
    }
    text
}

/// The first cause of that type. An `io::Error` hides what it wraps from
/// `source`, so it is opened by hand.
fn find<'e, T: StdError + 'static>(error: &'e (dyn StdError + 'static)) -> Option<&'e T> {
    let mut next = Some(error);
    while let Some(cause) = next {
        if let Some(found) = cause.downcast_ref::<T>() {
            return Some(found);
        }
        let wrapped = cause.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        next = match wrapped {
            Some(inner) => Some(inner),
            None => cause.source(),
        };
    }
    None
}
