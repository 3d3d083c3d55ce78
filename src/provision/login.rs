//! A mapping's login as the session of a backend.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::backend::{self, Access, Backend, Conversation, Login, Session, Vault};
use crate::call::{Call, Failure, Kind, Reply};
use crate::mapping::{self, Moment, Run, Site};

/// How a backend of a site is known to the LMS. What the mapping writes into its
/// own calls needs nothing more.
pub(super) fn access(
    (site, name): (&Arc<Site>, &Arc<str>),
    others: &[(Arc<str>, Backend)],
    vault: Option<Arc<dyn Vault>>,
) -> Access {
    let Some(login) = site.plan.backend(name).and_then(|backend| backend.login.as_ref()) else {
        return Access::Open;
    };
    let mapped = Mapped { site: Arc::clone(site), name: Arc::clone(name) };
    Access::Session(Session {
        margin: Duration::from_secs(login.margin),
        idle: login.idle,
        durable: login.durable.clone(),
        exclusive: login.exclusive,
        vault,
        elsewhere: others.to_vec(),
        ..Session::new(Arc::new(mapped))
    })
}

struct Mapped {
    site: Arc<Site>,
    name: Arc<str>,
}

impl Login for Mapped {
    fn begin(&self, last: &Value, now: Timestamp) -> Box<dyn Conversation> {
        let moment = Moment { now: now.into(), lookups: Map::new() };
        Box::new(Opening(self.site.login(&self.name, last, &moment)))
    }

    fn show(&self, call: &mut Call, session: &Value) -> Result<(), Failure> {
        self.site.sign(call, session)
    }

    fn life(&self, session: &Value) -> Option<Duration> {
        self.site.session_life(&self.name, session).map(Duration::from_secs)
    }
}

/// A login under way; nothing, for a backend that lost its login in between.
struct Opening(Option<Run>);

impl Conversation for Opening {
    fn next(&mut self, reply: Option<Result<Reply, Failure>>) -> backend::Next {
        let Some(run) = &mut self.0 else {
            let failure = Failure::new(Kind::Login, "the mapping has no login for this service");
            return backend::Next::Done(Err(failure));
        };
        let next = match reply {
            None => run.start(),
            Some(reply) => run.next(reply),
        };
        match next {
            mapping::Next::Call(call) => backend::Next::Call(call),
            mapping::Next::Done(Ok(done)) => backend::Next::Done(Ok(Value::Object(done.session))),
            mapping::Next::Done(Err(failure)) => backend::Next::Done(Err(failure)),
        }
    }
}
