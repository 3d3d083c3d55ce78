//! Logging in: the calls of a login, one after the other, and what it means that one
//! of them fails.

use std::sync::Arc;

use serde_json::Value;
use tokio::time::Instant;

use super::login::{Conversation, Next, Session};
use crate::backend::stack::Stack;
use crate::backend::term::Term;
use crate::call::{Call, Failure, Kind, Reply, Retry};

/// What was said in a conversation, and what was answered.
type Said = Vec<(Call, Result<Reply, Failure>)>;

/// Opens a session over what is left of the last one. Where that is refused, the
/// settings may hold what a person has granted since: so once more, over nothing.
pub(super) async fn log_in(
    session: &Session,
    stack: &Arc<Stack>,
    last: &Value,
) -> Result<Value, Failure> {
    let now = stack.clock.now();
    let first = session.login.begin(last, now);
    // At the same moment, so that the two do not differ by the time alone.
    let second = (!last.is_null()).then(|| session.login.begin(&Value::Null, now));
    let (mut outcome, said) = converse(session, stack, (first, &Said::new())).await;
    let refused = outcome.as_ref().is_err_and(|failure| refuses(failure.kind));
    if let (true, Some(second)) = (refused, second) {
        (outcome, _) = converse(session, stack, (second, &said)).await;
    }
    outcome.map_err(of_login)
}

/// What was said before is not said again, but answered as it was: a wrong password,
/// shown once more, may lock the account.
async fn converse(
    session: &Session,
    stack: &Arc<Stack>,
    (mut conversation, before): (Box<dyn Conversation>, &Said),
) -> (Result<Value, Failure>, Said) {
    const MOST_CALLS: usize = 16;
    let (mut said, mut reply) = (Said::new(), None);
    for _ in 0..MOST_CALLS {
        match conversation.next(reply.take()) {
            Next::Done(outcome) => {
                let outcome = outcome.map_err(|failure| heeded(session, stack, (failure, &said)));
                return (outcome, said);
            }
            Next::Call(call) => {
                let known = before.iter().rev().find(|(asked, _)| *asked == *call);
                let answer = match known {
                    Some((_, answer)) => answer.clone(),
                    None => ask(session, stack, &call).await,
                };
                said.push((*call, answer.clone()));
                reply = Some(answer);
            }
        }
    }
    (Err(Failure::new(Kind::Garbled, "the login does not end")), said)
}

async fn ask(session: &Session, stack: &Arc<Stack>, call: &Call) -> Result<Reply, Failure> {
    let stack = asked(session, stack, call);
    let term = Term::of(Instant::now(), stack.timing.whole);
    stack.wire(call, term).await.map_err(|fault| fault.failure)
}

/// Where a call goes.
fn asked<'s>(session: &'s Session, stack: &'s Arc<Stack>, call: &Call) -> &'s Arc<Stack> {
    let away = session.elsewhere.iter().find(|(name, _)| *name == call.backend);
    away.map_or(stack, |(_, backend)| &backend.0)
}

/// A login that failed, with the LMS's word on when to come back.
fn heeded(session: &Session, stack: &Arc<Stack>, (failure, said): (Failure, &Said)) -> Failure {
    match said.last() {
        Some((call, Ok(reply))) => asked(session, stack, call).heeded(failure, reply),
        _ => failure,
    }
}

/// Whether a login that failed so was refused: it is neither the moment nor the way.
fn refuses(kind: Kind) -> bool {
    !kind.passes() && kind != Kind::Garbled
}

/// What failed is the login. To the call that needed it, this must not look like an
/// answer about what was asked for: as if a person were missing, or a value wrong.
pub(super) fn of_login(mut failure: Failure) -> Failure {
    failure.attribute = None;
    failure.lost = false;
    if refuses(failure.kind) && failure.kind != Kind::Login {
        failure.kind = Kind::Login;
        failure.retry = Retry::Never;
        failure.detail = format!("logging in to the LMS failed: {}", failure.detail);
    }
    failure
}
