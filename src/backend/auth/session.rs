//! Keeps one session with an LMS: opened by one login at a time, shared by all
//! calls, opened again when it ends.
//!
//! A login runs as a task of its own. A caller who leaves must not tear it: by
//! then the LMS may have taken back the old refresh token.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::{Map, Value};
use tokio::time::{Instant, timeout_at};

use super::login::Session;
use super::talk::{log_in, of_login};
use crate::backend::fault::Fault;
use crate::backend::stack::Stack;
use crate::call::{Call, Failure, Kind, Retry};

/// The session of one LMS.
#[derive(Debug)]
pub(in crate::backend) struct Keeper {
    session: Session,
    /// One login at a time, first come, first served.
    turn: tokio::sync::Mutex<()>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    number: u64,
    current: Option<Current>,
    /// Opened, but not yet kept: the vault failed. Its refresh token may be the
    /// only one that is still good.
    unkept: Option<Value>,
    refused: Option<(Fault, Instant)>,
}

struct Current {
    values: Arc<Value>,
    life: Option<Duration>,
    ends: Option<Instant>,
}

impl std::fmt::Debug for Current {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Current").field("life", &self.life).finish_non_exhaustive()
    }
}

/// A session to be shown, and which one it is.
#[derive(Clone)]
pub(in crate::backend) struct Pass {
    values: Arc<Value>,
    pub(in crate::backend) number: u64,
}

impl Keeper {
    pub(in crate::backend) fn new(session: Session) -> Self {
        Self { session, turn: tokio::sync::Mutex::new(()), state: Mutex::default() }
    }

    /// Shows a session in a call.
    pub(in crate::backend) fn sign(&self, call: &mut Call, pass: &Pass) -> Result<(), Fault> {
        let shown = self.session.login.show(call, &pass.values);
        shown.map_err(|failure| Fault::held(of_login(failure)))
    }

    /// A session other than number `worn`: the present one, or a new one.
    pub(in crate::backend) async fn pass(
        self: &Arc<Self>,
        stack: &Arc<Stack>,
        worn: Option<u64>,
        end: Instant,
    ) -> Result<Pass, Fault> {
        match self.present(worn) {
            Some(pass) => Ok(pass),
            // Boxed: most calls find a session, and would carry the login's room along.
            None => Box::pin(self.login(stack, worn, end)).await,
        }
    }

    async fn login(
        self: &Arc<Self>,
        stack: &Arc<Stack>,
        worn: Option<u64>,
        end: Instant,
    ) -> Result<Pass, Fault> {
        let (keeper, stack) = (Arc::clone(self), Arc::clone(stack));
        let login = tokio::spawn(async move { keeper.renew(&stack, worn).await });
        match timeout_at(end, login).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(_)) => Err(unopened("the login was given up")),
            Err(_) => Err(unopened("logging in to the LMS takes too long")),
        }
    }

    fn present(&self, worn: Option<u64>) -> Option<Pass> {
        let mut state = self.lock();
        let number = state.number;
        let current = state.current.as_mut()?;
        let now = Instant::now();
        if worn == Some(number) || current.ends.is_some_and(|ends| now >= ends) {
            return None;
        }
        if self.session.idle {
            current.ends = self.end_of(now, current.life);
        }
        Some(Pass { values: Arc::clone(&current.values), number })
    }

    async fn renew(&self, stack: &Arc<Stack>, worn: Option<u64>) -> Result<Pass, Fault> {
        let _turn = self.turn.lock().await;
        // Whoever stood in this queue first has done it, or learned that it
        // cannot be done; asking once more each would lock the account out.
        if let Some(pass) = self.present(worn) {
            return Ok(pass);
        }
        self.rested()?;
        let outcome = self.open(stack).await;
        stack.metrics.logged_in(outcome.as_ref().err().map(|fault| fault.failure.kind));
        match outcome {
            Ok(values) => Ok(self.settle(values)),
            Err(fault) => {
                let failure = &fault.failure;
                let (kind, said) = (failure.kind.as_str(), failure.said.as_deref());
                let (lms, status) = (&stack.metrics.lms, failure.status);
                tracing::warn!(lms, kind, status, said, "lms.login_failed");
                Err(self.refuse(fault))
            }
        }
    }

    async fn open(&self, stack: &Arc<Stack>) -> Result<Value, Fault> {
        let _turn = match &self.session.vault {
            Some(vault) => Some(vault.turn().await.map_err(|error| not_kept(&error.to_string()))?),
            None => None,
        };
        let unkept = self.lock().unkept.clone();
        let values = if let Some(values) = unkept {
            values
        } else {
            let (last, newer) = self.last().await?;
            if newer && self.session.exclusive {
                return Ok(last);
            }
            log_in(&self.session, stack, &last).await.map_err(Fault::unsent)?
        };
        let Some(vault) = self.session.vault.as_ref() else { return Ok(values) };
        let part = self.durable(&values);
        if part.is_empty() {
            return Ok(values);
        }
        if let Err(error) = vault.keep(Value::Object(part)).await {
            self.lock().unkept = Some(values);
            return Err(not_kept(&error.to_string()));
        }
        self.lock().unkept = None;
        Ok(values)
    }

    /// What is left of the last session, and whether that is another than ours: the
    /// vault knows best, for another process may have been at it.
    async fn last(&self) -> Result<(Value, bool), Fault> {
        let mine = self.lock().current.as_ref().map(|current| (*current.values).clone());
        let mine = mine.unwrap_or(Value::Null);
        let mut last = mine.clone();
        if let Some(vault) = &self.session.vault {
            let kept = vault.load().await.map_err(|error| not_kept(&error.to_string()))?;
            match (&mut last, kept) {
                (Value::Object(last), Some(Value::Object(kept))) => last.extend(kept),
                (last, Some(kept)) => *last = kept,
                (_, None) => {}
            }
        }
        let newer = last != mine;
        Ok((last, newer))
    }

    fn durable(&self, values: &Value) -> Map<String, Value> {
        if self.session.exclusive {
            return values.as_object().cloned().unwrap_or_default();
        }
        let kept = |name: &String| Some((name.clone(), values.get(name)?.clone()));
        self.session.durable.iter().filter_map(kept).collect()
    }

    fn settle(&self, values: Value) -> Pass {
        let life = self.session.login.life(&values);
        let values = Arc::new(values);
        let mut state = self.lock();
        state.number += 1;
        state.refused = None;
        let ends = self.end_of(Instant::now(), life);
        state.current = Some(Current { values: Arc::clone(&values), life, ends });
        Pass { values, number: state.number }
    }

    /// A life shorter than twice the margin loses only half of it, or a session
    /// would be over before its first use. One beyond all reckoning never ends.
    fn end_of(&self, now: Instant, life: Option<Duration>) -> Option<Instant> {
        life.and_then(|life| {
            now.checked_add(life.saturating_sub(self.session.margin.min(life / 2)))
        })
    }

    /// Remembers a refusal for a while: wrong passwords, tried on and on, lock
    /// accounts.
    fn refuse(&self, mut fault: Fault) -> Fault {
        let failure = &mut fault.failure;
        let pause = if failure.kind.passes() { Duration::from_secs(1) } else { COOLDOWN };
        if failure.retry == Retry::Login {
            // A refused login does not pass, and another login is no cure.
            failure.retry = Retry::Never;
        }
        self.lock().refused = Some((fault.clone(), Instant::now() + pause));
        fault
    }

    /// Whoever hears of a failure that passes comes back when it may be tried again: not
    /// before, to hear of it once more.
    fn rested(&self) -> Result<(), Fault> {
        let now = Instant::now();
        match &self.lock().refused {
            Some((fault, until)) if now < *until => {
                let mut heard = fault.heard();
                if heard.failure.retry == Retry::Later {
                    heard.failure.retry = Retry::After(*until - now);
                }
                Err(heard)
            }
            Some(_) | None => Ok(()),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

const COOLDOWN: Duration = Duration::from_secs(30);

fn unopened(detail: &str) -> Fault {
    Fault::held(Failure::new(Kind::Unavailable, detail))
}

/// Our own trouble, which says nothing of the LMS.
fn not_kept(said: &str) -> Fault {
    let detail = "the gateway cannot keep the LMS's new credential, so it is not used";
    let mut failure = Failure::new(Kind::Unavailable, detail);
    failure.said = Some(said.to_owned());
    Fault::held(failure)
}
