//! What a plan asks an LMS for, by the names that the LMS has for it: to be held
//! against what the LMS says it offers.

use std::collections::BTreeSet;

use super::{Act, CallPlan, KindPlan, Plan, Steps};
use crate::call::Call;
use crate::mapping::template::Tree;

impl Plan {
    /// The functions that calls of one backend name in the field it says, each
    /// once. A name that is made up at run time is not among them.
    pub fn asked(&self, backend: usize) -> Vec<&str> {
        let Some(field) = self.backends.get(backend).and_then(|it| it.asks.as_deref()) else {
            return Vec::new();
        };
        let mut calls: Vec<&CallPlan> = Vec::new();
        let mut programs: Vec<&Steps> = self.lookups.iter().map(|lookup| &lookup.steps).collect();
        for backend in &self.backends {
            programs.extend(backend.login.iter().map(|login| &login.steps));
            programs.extend(&backend.probe);
        }
        for kind in &self.kinds {
            programs.extend(programs_of(kind));
            calls.extend(kind.rows.iter().flat_map(|row| &row.calls));
        }
        for steps in programs {
            gather(steps, &mut calls);
        }
        let own = calls.into_iter().filter(|call| call.backend == backend);
        let names = own.filter_map(|call| {
            call.body.iter().chain(&call.query).find_map(|tree| named(tree, field))
        });
        names.collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// What to call a call: by the function that it names, or by method and service.
    /// Where it goes is told only on demand, for that may name people.
    pub fn name_of(&self, call: &Call, whole: bool) -> String {
        if let Some(name) = call.ready.as_ref().and_then(|ready| ready.asks.as_deref()) {
            return name.to_owned();
        }
        let field = self.backend(&call.backend).and_then(|it| it.asks.as_deref());
        let in_body = |field| call.body.as_ref()?.get(field)?.as_str();
        let in_query = |field| {
            let found = call.target.query().iter().find(|(name, _)| name == field);
            found.map(|(_, value)| value.as_str())
        };
        if let Some(name) = field.and_then(|it| in_body(it).or_else(|| in_query(it))) {
            return name.to_owned();
        }
        let to = if whole { call.target.path() } else { &call.backend };
        format!("{} {to}", call.method.as_str())
    }
}

fn programs_of(kind: &KindPlan) -> impl Iterator<Item = &Steps> {
    let members = kind.members.iter().flat_map(|members| {
        [&members.read, &members.add, &members.remove, &members.change, &members.set]
    });
    let own = [&kind.create, &kind.update, &kind.delete];
    let joins = kind.joins.iter().map(|join| &join.steps);
    own.into_iter().chain(members).flatten().chain(joins)
}

fn gather<'p>(steps: &'p Steps, calls: &mut Vec<&'p CallPlan>) {
    for step in steps.iter() {
        match &step.act {
            Act::Call(call) => calls.push(call),
            Act::Do(inner) => gather(inner, calls),
            Act::Find(..) | Act::Load | Act::Fail(..) | Act::Keep => {}
        }
        gather(&step.undo, calls);
    }
}

fn named<'t>(tree: &'t Tree, field: &str) -> Option<&'t str> {
    let Tree::Table(fields) = tree else { return None };
    fields.iter().find_map(|(key, tree)| match tree {
        Tree::Plain(value) if key == field => value.as_str(),
        _ => None,
    })
}
