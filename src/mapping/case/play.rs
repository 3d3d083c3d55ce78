//! Playing a case: the run asks, the script answers.

use std::borrow::Cow;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::compare::{compare, differs};
use super::{Case, Cases, Exchange, Outcome};
use crate::call::{Call, Failure, Kind, Reply};
use crate::mapping::plan::Plan;
use crate::mapping::request::Request;
use crate::mapping::run::{Done, Moment, Next, Run, Site};
use crate::scim::{self, Resource};

/// What the runs of a case result to together.
#[derive(Debug, Default)]
pub(super) struct Came {
    pub(super) done: Done,
    pub(super) failure: Option<Failure>,
    pub(super) refused: Option<scim::Error>,
}

pub(super) fn play(cases: &Cases, case: &Case, plan: &Arc<Plan>) -> Outcome {
    let mut outcome = Outcome {
        name: case.name.clone(),
        place: case.span.to_string(),
        problems: Vec::new(),
        calls: 0,
    };
    let mut settings = cases.settings.clone();
    settings.extend(case.settings.clone());
    let site = match plan.settle(&settings) {
        // A case shows each call as a tree.
        Ok(site) => site.at_length(),
        Err(faults) => {
            for fault in faults {
                outcome.problems.push(format!("setting `{}`: {}", fault.name, fault.problem));
            }
            return outcome;
        }
    };
    let result = Player { case, site: &site, now: &cases.now, outcome: &mut outcome }.play(plan);
    compare(case, &result, &mut outcome.problems);
    let made = outcome.calls;
    for unplayed in case.exchanges.iter().skip(made) {
        outcome.problems.push(format!("{}: `{}` was never called", unplayed.span, unplayed.call));
    }
    outcome
}

struct Player<'a> {
    case: &'a Case,
    site: &'a Arc<Site>,
    now: &'a str,
    outcome: &'a mut Outcome,
}

impl Player<'_> {
    fn play(&mut self, plan: &Plan) -> Came {
        let mut result = Came::default();
        let request = match Request::read(plan, &self.case.request, self.case.body.clone()) {
            Ok(request) => request,
            Err(error) => {
                result.refused = Some(error);
                return result;
            }
        };
        let known = self.case.known.clone().and_then(|known| match (known, &request) {
            (Value::Object(fields), Request::Write(operation)) => {
                Some(Resource::from_attributes(operation.kind(), fields))
            }
            _ => None,
        });
        let moment = Moment { now: self.now.into(), lookups: Map::new() };
        let runs = match request.runs(self.site, known, &moment) {
            Ok(runs) => runs,
            Err(failure) => {
                result.failure = Some(failure);
                return result;
            }
        };
        for mut run in runs {
            match self.run(&mut run) {
                Ok(done) => {
                    let pictures = std::mem::take(&mut result.done.pictures);
                    result.done = done;
                    result.done.pictures.splice(0..0, pictures);
                }
                Err(failure) => result.failure = Some(failure),
            }
        }
        result
    }

    fn run(&mut self, run: &mut Run) -> Result<Done, Failure> {
        let mut next = run.start();
        loop {
            match next {
                Next::Done(result) => return result.map(|done| *done),
                Next::Call(call) => {
                    let Some(exchange) = self.case.exchanges.get(self.outcome.calls) else {
                        let told = format!("a call that no exchange expects: {}", shown(&call));
                        self.outcome.problems.push(told);
                        return Err(Failure::new(Kind::Garbled, "the case ends here"));
                    };
                    self.outcome.calls += 1;
                    self.expect(exchange, &call);
                    next = run.next(answer(exchange, &call));
                }
            }
        }
    }

    fn expect(&mut self, exchange: &Exchange, call: &Call) {
        let place = &exchange.span;
        let mut problem = |text: String| self.outcome.problems.push(format!("{place}: {text}"));
        let made = format!("{} {}", call.method.as_str(), call.target);
        if made != exchange.call {
            problem(format!("expected `{}`, got `{made}`", exchange.call));
        }
        if exchange.backend.as_deref().is_some_and(|name| name != &*call.backend) {
            problem(format!("the call goes to backend `{}`", call.backend));
        }
        if let Some(wanted) = &exchange.sends {
            let sent = self.site.own_part(call, wanted);
            if let Some(difference) = differs(wanted, &sent, "body") {
                problem(difference);
            }
        }
        for (name, wanted) in exchange.headers.iter().filter_map(Value::as_object).flatten() {
            let found = call.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
            let found = found.map(|(_, value)| value.as_str());
            if found != wanted.as_str() {
                problem(format!("header `{name}`: expected {wanted}, got {found:?}"));
            }
        }
    }
}

impl Site {
    /// A call's body without what every call of its backend sends, unless the
    /// case names it.
    fn own_part(&self, call: &Call, wanted: &Value) -> Value {
        let common = self.plan.backend(&call.backend).and_then(|backend| backend.body.as_ref());
        let mut sent = call.body.clone().unwrap_or_default();
        if let (Some(crate::mapping::template::Tree::Table(fields)), Value::Object(sent)) =
            (common, &mut sent)
        {
            for (key, _) in fields {
                if wanted.get(key).is_none() {
                    sent.remove(key);
                }
            }
        }
        sent
    }
}

fn shown(call: &Call) -> String {
    let body = call.body.as_ref().map(|body| format!(" {body}")).unwrap_or_default();
    format!("{} {}{body}", call.method.as_str(), call.target)
}

fn answer(exchange: &Exchange, call: &Call) -> Result<Reply, Failure> {
    if exchange.lost {
        return Err(Failure::new(Kind::Unavailable, "no reply result"));
    }
    let headers = exchange
        .reply_headers
        .iter()
        .filter_map(|(name, value)| Some((name.as_str(), Cow::Borrowed(value.as_str()?))));
    let read = (exchange.status, headers, exchange.reply.as_slice());
    Ok(Reply::read_for(call.wanted.as_deref(), read))
}
