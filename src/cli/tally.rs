//! `matricula pending count`: how much waits of each tenant, and why what failed did. It is
//! what somebody asks first whom an alert has woken.

use std::collections::BTreeMap;
use std::io::{self, Write};

use http::Method;
use serde::Serialize;
use serde_json::Value;

use super::desk::Desk;
use super::pending::Count;
use super::{Trouble, queue, table};
use crate::config::Settings;

/// So many causes are shown of each tenant, the most frequent first.
const CAUSES: usize = 10;

/// What waits of one tenant.
#[derive(Debug, Serialize)]
struct Tally {
    tenant: String,
    counts: Vec<Value>,
    failures: Vec<Cause>,
}

/// Why some of it failed, in the words of their last attempts.
#[derive(Debug, Serialize)]
struct Cause {
    count: u64,
    failure: String,
    /// One of them, by its number in the list.
    sequence: u64,
}

pub(super) async fn told(
    count: &Count,
    settings: &Settings,
    out: &mut dyn Write,
) -> Result<(), Trouble> {
    let place = &count.place;
    let all = settings.tenants.iter().map(|tenant| &*tenant.name);
    let names: Vec<&str> = place.tenant.as_deref().map_or_else(|| all.collect(), |it| vec![it]);
    let mut tallies = Vec::new();
    for name in names {
        let desk = Desk::of(name, place.admin.as_deref(), settings)?;
        tallies.push(Tally::of(name, &desk).await?);
    }
    if place.json {
        return Ok(writeln!(out, "{}", serde_json::to_string(&tallies).map_err(io::Error::from)?)?);
    }
    Ok(print(&tallies, out)?)
}

impl Tally {
    async fn of(tenant: &str, desk: &Desk) -> Result<Self, Trouble> {
        let told = desk.ask(Method::GET, "", "limit=0").await?;
        let counts = told.get("counts").and_then(Value::as_array).cloned().unwrap_or_default();
        let failed = counts.iter().any(|count| number(count, "failed") > 0);
        let failures = if failed { causes(desk).await? } else { Vec::new() };
        Ok(Self { tenant: tenant.to_owned(), counts, failures })
    }
}

/// All that failed, by the words of its failure.
async fn causes(desk: &Desk) -> Result<Vec<Cause>, Trouble> {
    let mut by_words: BTreeMap<String, Cause> = BTreeMap::new();
    let mut after = 0;
    loop {
        let query = format!("failed=true&brief=true&after={after}");
        let told = desk.ask(Method::GET, "", &query).await?;
        let items = told.get("items").and_then(Value::as_array).cloned().unwrap_or_default();
        if items.is_empty() {
            break;
        }
        for item in items {
            after = queue::number(&item).unwrap_or(u64::MAX);
            let words = item.get("failure").and_then(Value::as_str).unwrap_or_default().to_owned();
            let known = by_words.entry(words.clone());
            known.and_modify(|cause| cause.count += 1).or_insert(Cause {
                count: 1,
                failure: words,
                sequence: after,
            });
        }
    }
    let mut causes: Vec<_> = by_words.into_values().collect();
    causes.sort_by_key(|cause| std::cmp::Reverse(cause.count));
    Ok(causes)
}

fn print(tallies: &[Tally], out: &mut dyn Write) -> io::Result<()> {
    let mut rows = vec![["TENANT", "REASON", "WAIT", "FAILED", "OLDEST"].map(str::to_owned)];
    for Tally { tenant, counts, .. } in tallies {
        let text = |count: &Value, name: &str| {
            count.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
        };
        rows.extend(counts.iter().map(|count| {
            let (all, failed) = (number(count, "count"), number(count, "failed"));
            let (reason, oldest) = (text(count, "reason"), text(count, "oldest"));
            [tenant.clone(), reason, all.to_string(), failed.to_string(), oldest]
        }));
    }
    if rows.len() == 1 {
        return writeln!(out, "nothing waits");
    }
    table::write(&rows, out)?;
    for Tally { tenant, failures, .. } in tallies.iter().filter(|it| !it.failures.is_empty()) {
        writeln!(out, "\n{tenant}: what failed last, how often, and the number of one of them")?;
        for Cause { count, failure, sequence } in failures.iter().take(CAUSES) {
            queue::line(out, &format!("{count:>7}  {failure}  ({sequence})"))?;
        }
        let rest: u64 = failures.iter().skip(CAUSES).map(|cause| cause.count).sum();
        if rest > 0 {
            writeln!(out, "{rest:>7}  for other reasons: `matricula pending list --failed`")?;
        }
    }
    Ok(())
}

fn number(count: &Value, name: &str) -> u64 {
    count.get(name).and_then(Value::as_u64).unwrap_or_default()
}
