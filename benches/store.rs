//! What entries cost: memory and disk for each 100,000, and how long a look-up and
//! a write take however many there are.
//!
//! `cargo bench --bench store -- 1000 100000`; PostgreSQL takes part where
//! `MATRICULA_TEST_POSTGRES` names one: `.ci/postgres cargo bench --bench store`.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a measurement, not a service")]
#![expect(clippy::indexing_slicing, reason = "places within what was measured")]

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use matricula::scim::{Filter, Kind, Matcher, Resource, ResourceId, ResourceType};
use matricula::secret::Secret;
use matricula::store::{Among, Entries, Entry, LmsId, Memory, Postgres, Settings, Sqlite, Store};
use serde_json::json;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_postgres::NoTls;

/// Look-ups of each kind, and writes.
const SAMPLES: usize = 5000;
const WRITES: usize = 1000;

/// Memory looks at all of them for an externalId, so it is not asked beyond this.
const SCANNED: usize = 10_000;

#[tokio::main]
async fn main() {
    let sizes: Vec<usize> = std::env::args().filter_map(|word| word.parse().ok()).collect();
    let sizes = if sizes.is_empty() { vec![1000, 10_000] } else { sizes };
    let last = sizes.iter().copied().max().unwrap_or_default();
    println!("store        entries   by id p50/p99 us   by externalId   a write   memory   disk");
    let some: Vec<_> = sizes.iter().copied().filter(|size| *size <= SCANNED).collect();
    grow("memory", &Memory::new(), &some, async || 0).await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bench.db");
    let sqlite = Sqlite::open(&path).unwrap();
    grow("sqlite", &sqlite, &sizes, async || on_disk(folder.path())).await;
    if let Some(address) = server() {
        let schema = format!("bench_{}_{last}", std::process::id());
        let mut settings = Settings::parse(&Secret::new(address.clone())).unwrap();
        settings.schema.clone_from(&schema);
        let store = Postgres::open(&settings).await.unwrap();
        grow("postgres", &store, &sizes, async || in_tables(&address, &schema).await).await;
    }
}

#[expect(clippy::disallowed_methods, reason = "a measurement's own environment")]
fn server() -> Option<String> {
    std::env::var("MATRICULA_TEST_POSTGRES").ok()
}

/// Fills a store, and measures it at each size. Memory and disk are for 100,000.
async fn grow(name: &str, store: &dyn Store, sizes: &[usize], disk: impl AsyncFn() -> u64) {
    let entries = store.entries(&"school".into());
    let (before, empty) = (resident(), disk().await);
    let mut there = 0;
    for size in sizes {
        fill(&entries, there, *size).await;
        there = *size;
        let count = u64::try_from(there).unwrap();
        let per = |bytes: u64| bytes * 100_000 / count / 1024 / 1024;
        let memory = per(resident().saturating_sub(before));
        let ids = measured(SAMPLES, async |number| {
            let id = id(spread(number, there));
            assert!(entries.get(Kind::User, &id).await.unwrap().is_some());
        });
        let ids = ids.await;
        let found = measured(SAMPLES, async |number| {
            let matcher = matcher(spread(number, there));
            let found = entries.find(Kind::User, Among::Present, Some(&matcher), 2).await;
            assert_eq!(found.unwrap().len(), 1);
        });
        let found = found.await;
        let written = measured(WRITES, async |number| {
            entries.put(entry(spread(number, there))).await.unwrap();
        });
        let written = written.await;
        let disk = per(disk().await.saturating_sub(empty));
        println!(
            "{name:<10} {there:>9}   {:>8} / {:<7}   {:>6} / {:<6}  {:>5} / {:<5}  {memory:>4} MiB  {disk:>4} MiB",
            ids.0, ids.1, found.0, found.1, written.0, written.1
        );
    }
}

async fn fill(entries: &Arc<dyn Entries>, from: usize, to: usize) {
    const LANES: usize = 64;
    let mut lanes = JoinSet::new();
    for lane in 0..LANES {
        let entries = Arc::clone(entries);
        lanes.spawn(async move {
            for number in (from..to).skip(lane).step_by(LANES) {
                entries.put(entry(number)).await.unwrap();
            }
        });
    }
    lanes.join_all().await;
}

/// The middle and the 99th of a hundred, in microseconds.
async fn measured(samples: usize, mut one: impl AsyncFnMut(usize)) -> (u128, u128) {
    let mut times: Vec<Duration> = Vec::with_capacity(samples);
    for number in 0..samples {
        let began = Instant::now();
        one(number).await;
        times.push(began.elapsed());
    }
    times.sort_unstable();
    let at = |share: usize| times[(times.len() * share / 100).min(times.len() - 1)].as_micros();
    (at(50), at(99))
}

/// Numbers that lie far from each other.
fn spread(number: usize, size: usize) -> usize {
    number.wrapping_mul(2_654_435_761) % size
}

fn id(number: usize) -> ResourceId {
    ResourceId::parse(&number.to_string()).unwrap()
}

fn external(number: usize) -> String {
    format!("6f0f6c2e-5d1b-4c1f-9a70-{number:012x}")
}

fn matcher(number: usize) -> Matcher {
    let user = ResourceType::user();
    let text = format!("externalId eq \"{}\"", external(number));
    Matcher::bind(&Filter::parse(&text, user.urns()).unwrap(), &user).unwrap()
}

/// A person as Entra writes one.
fn entry(number: usize) -> Entry {
    let name = format!("Nina.Berg{number}@Hoch.example");
    let sent = json!({
        "userName": name,
        "externalId": external(number),
        "active": true,
        "displayName": format!("Nina Berg {number}"),
        "title": "Lecturer",
        "name": { "givenName": "Nina", "familyName": "Berg", "formatted": "Nina Berg" },
        "emails": [{ "type": "work", "value": name, "primary": true }],
        "phoneNumbers": [{ "type": "work", "value": "+49 (30) 1234-5678" }],
        "addresses": [{ "type": "work", "locality": "Berlin", "country": "DE" }],
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":
            { "department": "Mathematics", "employeeNumber": format!("{number}") }
    });
    let modified = "2026-03-04T09:15:28.5Z".parse().unwrap();
    let attributes = sent.as_object().unwrap().clone();
    Entry {
        id: id(number),
        lms: LmsId::Same,
        gone: None,
        sent: Resource::from_attributes(Kind::User, attributes),
        created: Some(modified),
        modified,
        revision: 0,
    }
}

/// Resident memory in bytes.
fn resident() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
}

fn on_disk(folder: &Path) -> u64 {
    let files = fs::read_dir(folder).unwrap();
    files.map(|file| file.unwrap().metadata().unwrap().len()).sum()
}

async fn in_tables(address: &str, schema: &str) -> u64 {
    let (client, connection) = tokio_postgres::connect(address, NoTls).await.unwrap();
    tokio::spawn(connection);
    let text = "SELECT coalesce(sum(pg_total_relation_size(oid)), 0)::bigint FROM pg_class
                    WHERE relname = 'entries' AND relnamespace = $1::text::regnamespace";
    let row = client.query_one(text, &[&schema]).await.unwrap();
    u64::try_from(row.get::<_, i64>(0)).unwrap()
}
