//! What a store costs: how long look-ups and writes take however much is in it, and
//! what 100,000 of anything take of memory and disk.
//!
//! `cargo bench --bench store -- 1000 100000`; PostgreSQL takes part where
//! `MATRICULA_TEST_POSTGRES` names one: `.ci/postgres cargo bench --bench store`.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a measurement, not a service")]
#![expect(clippy::indexing_slicing, reason = "places within what was measured")]

mod room;
mod school;
mod waiting;

use matricula::secret::Secret;
use matricula::store::{Memory, Postgres, Settings, Sqlite, Store};
use tokio::time::Instant;

use room::Disk;

/// Memory looks through all that waits, so it is not asked beyond this.
const SCANNED: usize = 10_000;

/// So few lie among what the process needs anyway.
const NOISE: usize = 10_000;

#[tokio::main]
async fn main() {
    let sizes: Vec<usize> = std::env::args().filter_map(|word| word.parse().ok()).collect();
    let sizes = if sizes.is_empty() { vec![1000, 10_000] } else { sizes };
    println!("Times in microseconds, the middle and the 99th of a hundred.\n");
    print!("{:<10} {:>9}", "store", "entries");
    for what in school::MEASURED.iter().chain(&waiting::MEASURED) {
        print!(" {what:>16}");
    }
    println!("  {:>10} {:>12} {:>12}", "memory", "disk", "disk, waits");
    let some: Vec<_> = sizes.iter().copied().filter(|size| *size <= SCANNED).collect();
    grow("memory", &Memory::new(), &some, &Disk::None).await;
    sqlite(&sizes).await;
    if let Some(address) = room::server() {
        postgres(&address, &sizes).await;
    }
}

async fn sqlite(sizes: &[usize]) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bench.db");
    let store = Sqlite::open(&path).unwrap();
    grow("sqlite", &store, sizes, &Disk::Folder(folder.path())).await;
    drop(store);
    loop {
        let began = Instant::now();
        // The last of the writer's thread lets go of the file.
        if Sqlite::open(&path).is_ok() {
            println!("sqlite     opened again in {} ms", began.elapsed().as_millis());
            break;
        }
        tokio::task::yield_now().await;
    }
}

async fn postgres(address: &str, sizes: &[usize]) {
    let schema = format!("bench_{}", std::process::id());
    let mut settings = Settings::parse(&Secret::new(address.to_owned())).unwrap();
    settings.schema.clone_from(&schema);
    let store = Postgres::open(&settings).await.unwrap();
    grow("postgres", &store, sizes, &Disk::Tables(address, &schema)).await;
    let began = Instant::now();
    drop(Postgres::open(&settings).await.unwrap());
    println!("postgres   opened again in {} ms", began.elapsed().as_millis());
}

/// Fills a store, and measures it at each size.
async fn grow(name: &str, store: &dyn Store, sizes: &[usize], disk: &Disk<'_>) {
    let school = school::School(store.entries(&"school".into()));
    let queue = waiting::Line(store.pending(&"school".into()));
    let (before, mut there) = (room::resident(), 0);
    let (mut people, mut work) = (0, 0);
    for size in sizes.iter().copied() {
        let empty = disk.used().await;
        school.fill(there, size).await;
        let filled = disk.used().await;
        queue.fill(there, size).await;
        let waits = disk.used().await;
        people += filled.saturating_sub(empty);
        work += waits.saturating_sub(filled);
        there = size;
        let memory = room::resident().saturating_sub(before);
        print!("{name:<10} {there:>9}");
        for (middle, most) in school.measured(there).await.iter().chain(&queue.measured().await) {
            print!(" {:>16}", format!("{middle} / {most}"));
        }
        let per = |bytes: u64| {
            if there < NOISE {
                return "-".to_owned();
            }
            format!("{} MiB", bytes * 100_000 / there as u64 / 1024 / 1024)
        };
        println!("  {:>10} {:>12} {:>12}", per(memory), per(people), per(work));
    }
}
