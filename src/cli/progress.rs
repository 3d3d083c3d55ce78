//! How far the work is that `matricula pending apply` released, and what came of it.

use std::collections::BTreeSet;
use std::io::{self, IsTerminal, Write};
use std::time::Duration;

use http::Method;
use jiff::Timestamp;
use serde_json::Value;

use super::Trouble;
use super::desk::Desk;
use super::pending::Choice;
use crate::clock::Clock;

/// How often it is asked how far the work is.
const BEAT: Duration = Duration::from_millis(500);

/// Waits until what was released is done or has failed; how much of it has failed.
pub(super) async fn over(
    desk: &Desk,
    choice: &Choice,
    released: u64,
    talk: &mut dyn Write,
) -> Result<u64, Trouble> {
    let shown = io::stderr().is_terminal();
    let mut left = Left::default();
    loop {
        let under_way = left.look(desk, choice).await?;
        if shown {
            draw(desk, choice, released, talk).await?;
        }
        if !under_way {
            if shown {
                writeln!(talk)?;
            }
            return Ok(left.failed.len() as u64);
        }
        tokio::time::sleep(BEAT).await;
    }
}

/// What is left of the work that was released.
#[derive(Default)]
struct Left {
    /// What was tried since then, and failed; or stands behind what failed.
    failed: BTreeSet<u64>,
}

impl Left {
    /// Whether anything is still to be tried. It is looked for from the first on, which
    /// is tried first: mostly a page is enough.
    async fn look(&mut self, desk: &Desk, choice: &Choice) -> Result<bool, Trouble> {
        let (query, now) = (choice.query(true), Clock::system().now());
        let (mut there, mut held) = (BTreeSet::new(), BTreeSet::new());
        let mut after = 0;
        loop {
            let told =
                desk.ask(Method::GET, "", &format!("limit=100&after={after}&{query}")).await?;
            let items = told.get("items").and_then(Value::as_array).cloned().unwrap_or_default();
            for item in items.iter().map(Item) {
                after = item.sequence();
                // What came since then was not released, and is not waited for.
                if !item.released() {
                    continue;
                }
                there.insert(after);
                if item.failed(now) || held.contains(&item.resource()) {
                    held.insert(item.resource());
                    self.failed.insert(after);
                } else if !self.failed.contains(&after) {
                    return Ok(true);
                }
            }
            if items.is_empty() {
                self.failed = there;
                return Ok(false);
            }
        }
    }
}

/// A piece of work, as the gateway shows it.
struct Item<'v>(&'v Value);

impl Item<'_> {
    fn sequence(&self) -> u64 {
        self.0.get("sequence").and_then(Value::as_u64).unwrap_or(u64::MAX)
    }

    fn released(&self) -> bool {
        self.0.get("released").and_then(Value::as_bool).unwrap_or_default()
    }

    fn resource(&self) -> (String, String) {
        let text = |name: &str| self.0.get(name).and_then(Value::as_str).unwrap_or_default();
        (text("kind").to_owned(), text("id").to_owned())
    }

    /// Whether it failed since it was released: its turn had come then, and is put off
    /// since. A failure of an earlier day says nothing.
    fn failed(&self, now: Timestamp) -> bool {
        let due = self.0.get("due").and_then(Value::as_str).and_then(|due| due.parse().ok());
        let failed = self.0.get("failure").is_some_and(Value::is_string);
        failed && due.is_some_and(|due: Timestamp| due > now)
    }
}

/// A bar of what is done of all that waits for that reason.
async fn draw(
    desk: &Desk,
    choice: &Choice,
    released: u64,
    talk: &mut dyn Write,
) -> Result<(), Trouble> {
    let counted = choice.resource.is_none() && choice.sequence.is_none();
    if !counted || choice.kind.is_some() || choice.failed {
        return Ok(());
    }
    let told = desk.ask(Method::GET, "", "limit=0").await?;
    let counts = told.get("counts").and_then(Value::as_array).cloned().unwrap_or_default();
    let meant = |count: &&Value| {
        let reason = count.get("reason").and_then(Value::as_str);
        choice.reason.as_deref().is_none_or(|wanted| reason == Some(wanted))
    };
    let sum = |name: &str| -> u64 {
        let each = counts.iter().filter(meant);
        each.filter_map(|count| count.get(name)?.as_u64()).sum()
    };
    let (left, failed) = (sum("count").min(released), sum("failed").min(released));
    let done = released - left;
    let width = usize::try_from(done * 40 / released).unwrap_or_default();
    let bar = format!("{}{}", "#".repeat(width), "-".repeat(40 - width.min(40)));
    write!(talk, "\r[{bar}] {done} of {released}, {failed} failed")?;
    Ok(talk.flush()?)
}
