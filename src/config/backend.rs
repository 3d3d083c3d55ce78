//! `[tenants.<name>.backend]`: what each service of the LMS bears. The mapping
//! knows what is usual, the settings know this installation.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::key::Key;
use super::reader::Reader;
use super::server::BODIES;
use super::written;
use crate::backend::{Rate, Settings, authorities};
use crate::mapping::plan::Backend;
use crate::mapping::{Plan, did_you_mean};

/// The settings of a tenant's backends as they are written.
pub(super) struct Written<'a> {
    /// The tenant's.
    pub(super) key: &'a Key,
    pub(super) all: &'a written::Backend,
    pub(super) each: &'a BTreeMap<String, written::Backend>,
}

impl Reader<'_> {
    /// The backends of a mapping by name, without their addresses.
    pub(super) fn backends(
        &mut self,
        plan: &Plan,
        written: &Written<'_>,
    ) -> Vec<(Arc<str>, Settings)> {
        self.strange_backends(plan, written);
        let single = plan.backends.len() == 1;
        let mut found = Vec::new();
        for backend in &plan.backends {
            let tenant = written.key.name();
            let name = if single { tenant.into() } else { format!("{tenant}/{}", backend.name) };
            let mut settings = Settings::new(name, "");
            usual(&mut settings, backend);
            let place = written.key.then("backend");
            self.apply(&mut settings, written.all, &place);
            if let Some(own) = written.each.get(&*backend.name) {
                let place = written.key.then("backends").then(&*backend.name);
                self.apply(&mut settings, own, &place);
            }
            if settings.timing.attempt > settings.timing.whole {
                let key = place.then("timeouts");
                let words = "an attempt would take longer than all attempts together";
                self.refuse_name(&key, words, "lower `attempt`, or raise `whole`");
            }
            found.push((Arc::clone(&backend.name), settings));
        }
        found
    }

    fn strange_backends(&mut self, plan: &Plan, written: &Written<'_>) {
        let known: Vec<&str> = plan.backends.iter().map(|backend| &*backend.name).collect();
        for name in written.each.keys().filter(|name| !known.contains(&name.as_str())) {
            let key = written.key.then("backends").then(name);
            let hint = did_you_mean(name, known.iter().copied()).unwrap_or_default();
            self.refuse_name(&key, format!("the mapping has no backend `{name}`"), &hint);
        }
    }

    /// Lays what is written over what is known so far.
    fn apply(&mut self, settings: &mut Settings, written: &written::Backend, key: &Key) {
        let limits = &mut settings.limits;
        put(&mut limits.concurrency, written.concurrency.map(|it| it.0));
        put(&mut limits.queue, written.queue);
        let answer = written.answer.map(|it| it.0);
        self.within(&key.then("answer"), answer, BODIES);
        put(&mut limits.answer, answer.map(bytes));
        put(
            &mut limits.rates,
            written.rates.as_ref().map(|rates| rates.iter().map(rate).collect()),
        );
        let (timing, timeouts) = (&mut settings.timing, &written.timeouts);
        put(&mut timing.connect, timeouts.connect.map(|it| it.0));
        put(&mut timing.attempt, timeouts.attempt.map(|it| it.0));
        // Who lets one attempt last longer does not want it cut off.
        timing.whole = timing.whole.max(timing.attempt);
        put(&mut timing.whole, timeouts.whole.map(|it| it.0));
        put(&mut timing.idle, timeouts.idle.map(|it| it.0));
        let retry = &mut settings.retry;
        put(&mut retry.attempts, written.retry.attempts.map(|it| number(it.0)));
        put(&mut retry.pause, written.retry.pause.map(|it| it.0));
        put(&mut retry.longest, written.retry.longest.map(|it| it.0));
        put(&mut retry.share, written.retry.share);
        put(&mut retry.reserve, written.retry.reserve);
        let breaker = &mut settings.breaker;
        put(&mut breaker.failures, written.breaker.failures.map(|it| number(it.0)));
        put(&mut breaker.pause, written.breaker.pause.map(|it| it.0));
        put(&mut breaker.longest, written.breaker.longest.map(|it| it.0));
        put(&mut settings.trust.system, written.system_roots);
        let extra = written.ca.as_ref().and_then(|path| self.extra(key, path));
        put(&mut settings.trust.extra, extra);
    }

    fn extra(&mut self, backend: &Key, path: &Path) -> Option<Vec<u8>> {
        let key = backend.then("ca");
        let path = self.folder.join(path);
        let read = fs::read(&path).map_err(|error| format!("cannot be read: {error}"));
        let whole = read.and_then(|pem| match authorities(&pem) {
            Ok(found) if found.is_empty() => Err("holds no certificate".to_owned()),
            Ok(_) => Ok(pem),
            Err(error) => Err(format!("is faulty: {error}")),
        });
        if let Err(problem) = &whole {
            let hint = "a PEM file with a line `-----BEGIN CERTIFICATE-----`; \
                        paths are relative to the configuration file";
            self.refuse(&key, format!("the CA file `{}` {problem}", path.display()), hint);
        }
        whole.ok()
    }
}

/// What the mapping says of an LMS of its kind.
fn usual(settings: &mut Settings, backend: &Backend) {
    let limits = &backend.limits;
    put(&mut settings.limits.concurrency, limits.concurrency.map(bytes));
    put(&mut settings.limits.answer, limits.answer.map(bytes));
    put(&mut settings.timing.attempt, limits.timeout.map(Duration::from_secs));
    settings.timing.whole = settings.timing.whole.max(settings.timing.attempt);
    let rates = limits.rates.iter().map(|(calls, seconds)| Rate {
        calls: u32::try_from(*calls).unwrap_or(u32::MAX),
        span: Duration::from_secs(*seconds),
    });
    settings.limits.rates = rates.collect();
}

fn put<T>(place: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *place = value;
    }
}

fn rate(written: &written::Rate) -> Rate {
    Rate { calls: number(written.calls.0), span: written.within.0 }
}

fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

fn bytes(count: u64) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}
