//! `kill -9` while what waited is done: at the end all of it was, once, under the ids
//! that were told when nothing was, as if it had been at once.
//!
//! `cargo test` does a little of it, `MATRICULA_TEST_KILLS` a whole school.

use std::path::Path;
use std::thread;
use std::time::Duration;

use serde_json::Value;
use tokio::runtime::Handle;
use tokio::sync::OnceCell;
use tokio::task::block_in_place;

use super::crash::{Gateway, ask, mode};
use super::killed::{
    Dice, Kept, School, ever, kills, the_trail_holds, until_nothing_waits, waiting,
};
use crate::gateway::House;
use crate::gateway::cycle::{Door, Held, first_cycle, held, size, told};
use crate::gateway::switch::door;

/// More kills than that prove nothing more.
const MOST: usize = 30;

/// The way to a process.
fn at(gateway: &Gateway) -> impl Door {
    async move |method: &'static str, path: String, body: Value| {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        block_in_place(|| ask(&gateway.host, method, &path, &body)).unwrap()
    }
}

/// What waits when somebody is killed, spread over all of it: half of them while
/// people are made, and half while groups are.
fn places(all: usize, times: usize) -> Vec<usize> {
    let (early, of_groups) = (times / 2, 2 * size().1);
    let of_people = all - of_groups;
    let first = (1..=early).map(|one| of_groups + of_people - of_people * one / (early + 1));
    let late = times - early;
    let then = (1..=late).map(|one| of_groups - of_groups * one / (late + 1));
    first.chain(then).collect()
}

/// Does it for good, killed again and again; says how often something was left.
fn killed_meanwhile(folder: &Path, kept: &Kept, count: usize) -> (Vec<Gateway>, usize) {
    mode(folder, "sync");
    let runtime = Handle::current();
    let queue = runtime.block_on(kept.pending());
    let left = || runtime.block_on(waiting(&*queue));
    let (mut dice, mut in_the_midst) = (Dice(11), 0);
    let places = places(left(), kills().min(MOST));
    let mut gateways: Vec<_> = (0..count).map(|_| Gateway::start(folder, "")).collect();
    for (number, place) in places.into_iter().enumerate() {
        while left() > place {
            thread::park_timeout(Duration::from_millis(1));
        }
        thread::park_timeout(Duration::from_micros(dice.below(4000)));
        let one = &mut gateways[number % count];
        one.kill();
        in_the_midst += usize::from(left() > 0);
        *one = Gateway::start(folder, "");
    }
    (gateways, in_the_midst)
}

/// What an LMS holds where the school was written at once, and how many accounts that
/// took. It is the same for all.
async fn at_once() -> &'static (Held, usize) {
    static AT_ONCE: OnceCell<(Held, usize)> = OnceCell::const_new();
    let write = || async {
        let house = House::open().await;
        first_cycle(&door(&house)).await;
        (held(&house.lms), ever(&house.lms))
    };
    AT_ONCE.get_or_init(write).await
}

async fn switched(school: School, gateways: usize) {
    let (folder, nobody) = (school.folder.path(), held(&school.lms));
    mode(folder, "dry-run");
    let mut gateway = Gateway::start(folder, "");
    let ids = first_cycle(&at(&gateway)).await;
    let before = told(&at(&gateway), &ids).await;
    gateway.kill();
    assert_eq!(held(&school.lms), nobody, "nothing reaches the LMS");

    let (path, kept) = (folder.to_owned(), school.kept);
    let worked = tokio::task::spawn_blocking(move || {
        let worked = killed_meanwhile(&path, &kept, gateways);
        until_nothing_waits(&kept);
        worked
    });
    let (gateways, in_the_midst) = worked.await.unwrap();
    // A small school may be done before the last is killed; never before the first.
    let most = kills().min(MOST);
    assert!(in_the_midst > most / 2, "{in_the_midst} of {most} were killed in the midst");
    let (expected, accounts) = at_once().await;
    assert_eq!(held(&school.lms), *expected);
    assert_eq!(ever(&school.lms), *accounts, "somebody was made twice");
    for gateway in &gateways {
        assert_eq!(told(&at(gateway), &ids).await, before, "and nobody was told otherwise");
    }
    drop(gateways);
    the_trail_holds(folder);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_while_it_catches_up_it_does_everything_once() {
    switched(School::in_a_file().await, 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nor_does_it_do_less_where_the_store_is_a_postgresql() {
    let Some(school) = School::on_a_server().await else { return };
    switched(school, 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_that_catch_up_together_do_it_once_though_each_is_killed() {
    let Some(school) = School::on_a_server().await else { return };
    switched(school, 2).await;
}
