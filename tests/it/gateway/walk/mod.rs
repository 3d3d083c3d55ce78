//! A random walk over the whole gateway: clients, an LMS that falls ill, its administrators
//! and our operators do what they do in any order, and a small model of what the client was
//! told says what must hold.
//!
//! `cargo test` walks a little. `MATRICULA_TEST_WALKS=5000` walks far, from
//! `MATRICULA_TEST_SEED` on. What is found is made as short as it can be and told.

mod client;
mod end;
mod groups;
mod known;
mod office;
mod rules;
mod search;
mod step;
mod turn;
mod watch;
mod world;

use std::collections::BTreeMap;

use step::{Dice, Step};
use world::World;

/// So often a walk that found something is tried with fewer steps.
const TRIES: usize = 200;

/// A walk that found something: what, and all that was said on the way.
struct Fault {
    what: String,
    log: Vec<String>,
}

/// Everything once, in a world of its own.
fn walk(seed: u64, steps: &[Step]) -> Result<(), Fault> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let walk = async {
        let mut world = World::new(seed).await;
        let what = world.walk(steps).await;
        what.map_err(|what| Fault { what, log: std::mem::take(&mut world.log) })
    };
    runtime.block_on(walk)
}

/// The same fault with as few steps as will do.
fn shortened(seed: u64, mut steps: Vec<Step>, mut fault: Fault) -> (Vec<Step>, Fault) {
    let mut chunk = steps.len() / 2;
    let mut tries = TRIES;
    while chunk > 0 && tries > 0 {
        let mut at = 0;
        while at < steps.len() && tries > 0 {
            tries -= 1;
            let mut fewer = steps.clone();
            fewer.drain(at..(at + chunk).min(steps.len()));
            match walk(seed, &fewer) {
                Err(same) if kind(&same.what) == kind(&fault.what) => {
                    (steps, fault) = (fewer, same);
                }
                _ => at += chunk,
            }
        }
        chunk /= 2;
    }
    (steps, fault)
}

/// What was found, without the names.
fn kind(what: &str) -> String {
    let words = what.split(' ').filter(|word| word.chars().all(char::is_alphabetic));
    words.take(9).collect::<Vec<_>>().join(" ")
}

#[expect(clippy::disallowed_methods, reason = "the test's own environment, not the program's")]
fn number(name: &str, usual: u64) -> u64 {
    std::env::var(name).ok().map_or(usual, |text| text.parse().unwrap())
}

#[test]
fn whatever_happens_in_whatever_order_nobody_is_lost_or_there_twice() {
    let first = number("MATRICULA_TEST_SEED", 1);
    let mut found: BTreeMap<String, usize> = BTreeMap::new();
    let mut stories = Vec::new();
    for seed in first..first + number("MATRICULA_TEST_WALKS", 150) {
        let Err(fault) = walk(seed, &Dice::new(seed).walk()) else { continue };
        let times = found.entry(kind(&fault.what)).or_default();
        *times += 1;
        if *times == 1 {
            stories.push(told(seed, fault));
        }
    }
    assert!(found.is_empty(), "{found:#?}\n{}", stories.join("\n\n"));
}

/// The story of a fault.
fn told(seed: u64, fault: Fault) -> String {
    let (steps, fault) = shortened(seed, Dice::new(seed).walk(), fault);
    format!("seed {seed}: {}\n{steps:?}\n{}", fault.what, fault.log.join("\n"))
}
