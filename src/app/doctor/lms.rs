//! What an LMS says: from its name to what the mapping needs of it. Where one
//! thing fails, what builds on it is not asked.

use jiff::Timestamp;

use super::{AHEAD, Finding, Grade, days};
use crate::app::kept::Kept;
use crate::app::{Fault, House, beside};
use crate::backend::{self, Greeting, Reached, Settings, Unreached, greet, reach};
use crate::config::{self, Tenant};
use crate::provision::{self, Examined};
use crate::store::Place;

/// Seconds that two clocks may differ.
const SKEW: i64 = 60;

pub(super) async fn examine(
    tenant: &Tenant,
    house: &House,
    kept: Option<&Kept>,
) -> Result<Vec<Finding>, Fault> {
    let config::Lms::Real(site) = &tenant.lms else {
        let words = "a sandbox, which starts with the gateway";
        return Ok(vec![Finding::new(Grade::Ok, "LMS", words)]);
    };
    let outside = backend::House { clock: house.clock.clone(), metrics: house.backend.clone() };
    let inside = provision::House {
        clock: house.clock.clone(),
        metrics: house.provision.clone(),
        work: house.work.clone(),
        trail: Kept::in_memory().map_err(Fault::store(&Place::Memory))?.trail,
    };
    let mut backends = tenant.backends.clone();
    // Whoever asks wants to see what fails, not what a retry covers up.
    for (_, settings) in &mut backends {
        settings.retry.attempts = 1;
    }
    let failed = |reason| Fault::Lms { tenant: tenant.name.to_string(), reason };
    let whose = (&tenant.name, kept);
    let lms = beside::lms(site, &backends, &outside, whose).map_err(failed)?;
    let mut findings = Vec::new();
    for (name, settings) in &backends {
        if way(settings, &outside, &mut findings).await
            && let Some(lms) = &lms
        {
            let examined = provision::examine(lms, name, &inside).await;
            findings.extend(examined.into_iter().map(told));
        }
    }
    findings.extend(lms.is_none().then(unasked));
    Ok(findings)
}

/// What is not there to be kept is not used up.
fn unasked() -> Finding {
    let words = "not tried: it uses up a credential, and there is no store that keeps the next one";
    Finding::new(Grade::Warn, "login and rights", words)
        .hint("ask again once the gateway has been started, with `store.path` set")
}

/// The way to a service, and whether it can be gone to its end.
async fn way(settings: &Settings, house: &backend::House, findings: &mut Vec<Finding>) -> bool {
    let now = house.clock.now();
    match reach(settings).await {
        Ok(reached) => findings.extend(arrived(settings, &reached, now)),
        Err(end) => {
            findings.push(lost(&end));
            return false;
        }
    }
    let greeting = greet(settings, house).await;
    let came = greeting.is_ok();
    findings.extend(match greeting {
        Ok(greeting) => answered(greeting, house.clock.now()),
        Err(failure) => vec![
            Finding::new(Grade::Fail, "answer", failure.detail)
                .hint("something takes connections there that is no web server: check the address"),
        ],
    });
    came
}

fn arrived(settings: &Settings, reached: &Reached, now: Timestamp) -> Vec<Finding> {
    let words = format!("{} at {}", settings.base, reached.at);
    let mut findings = vec![Finding::new(Grade::Ok, "connection", words)];
    if let Some(until) = reached.until {
        let (check, left) = ("certificate", days(now, until));
        findings.push(if left < AHEAD {
            Finding::new(Grade::Warn, check, format!("ends in {left} days, at {until}"))
                .hint("have it renewed: from that moment on nothing reaches the LMS")
        } else {
            Finding::new(Grade::Ok, check, format!("trusted, until {until}"))
        });
    }
    findings
}

fn lost(end: &Unreached) -> Finding {
    let (check, hint) = match end {
        Unreached::Settings(_) => ("address", "mend `base_url` in the tenant's `lms`"),
        Unreached::Name(..) => {
            ("name", "check `base_url` for a slip, and the name service of this machine")
        }
        Unreached::Connection(..) => {
            ("connection", "check that the LMS runs, the port, and the firewalls in between")
        }
        Unreached::Tls(..) => (
            "certificate",
            "an authority of your own is named by `ca` in the tenant's `backend`; \
             name and dates of the certificate are for the LMS to mend",
        ),
    };
    Finding::new(Grade::Fail, check, end.to_string()).hint(hint)
}

fn answered(greeting: Greeting, now: Timestamp) -> Vec<Finding> {
    let words = format!("HTTP, with status {}", greeting.status);
    let mut findings = vec![Finding::new(Grade::Ok, "answer", words)];
    let ahead = greeting.date.map(|date| date.duration_since(now).as_secs());
    findings.extend(ahead.map(|seconds| {
        let side = if seconds < 0 { "behind" } else { "ahead of" };
        let words = format!("the LMS's is {} s {side} ours", seconds.abs());
        if seconds.abs() > SKEW {
            Finding::new(Grade::Warn, "clocks", words)
                .hint("let both follow a time server: logins that carry a time fail by this")
        } else {
            Finding::new(Grade::Ok, "clocks", words)
        }
    }));
    findings
}

fn told(examined: Examined) -> Finding {
    let grade = if examined.warns { Grade::Warn } else { Grade::Fail };
    match examined.outcome {
        Ok(()) => Finding::new(Grade::Ok, &examined.about, "fine"),
        Err(failure) => {
            let finding = Finding::new(grade, &examined.about, failure.detail);
            // A page for people says nothing that helps.
            let said = failure.said.filter(|said| !said.is_empty() && !said.starts_with('<'));
            said.map_or(finding.clone(), |said| finding.hint(format!("the LMS said: {said}")))
        }
    }
}
