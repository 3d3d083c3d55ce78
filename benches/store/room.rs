//! What it takes: time, memory, disk.

use std::fs;
use std::path::Path;
use std::time::Duration;

use tokio::time::Instant;
use tokio_postgres::NoTls;

/// The middle and the 99th of a hundred, in microseconds.
pub(crate) type Spread = (u128, u128);

/// So often something is done; `one` says how long it took.
pub(crate) async fn measured(samples: usize, mut one: impl AsyncFnMut(usize)) -> Spread {
    let mut times: Vec<Duration> = Vec::with_capacity(samples);
    for number in 0..samples {
        let began = Instant::now();
        one(number).await;
        times.push(began.elapsed());
    }
    spread(times)
}

pub(crate) fn spread(mut times: Vec<Duration>) -> Spread {
    times.sort_unstable();
    let at = |share: usize| times[(times.len() * share / 100).min(times.len() - 1)].as_micros();
    (at(50), at(99))
}

#[expect(clippy::disallowed_methods, reason = "a measurement's own environment")]
pub(crate) fn server() -> Option<String> {
    std::env::var("MATRICULA_TEST_POSTGRES").ok()
}

/// Resident memory in bytes.
pub(crate) fn resident() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
}

/// Where a store lies.
pub(crate) enum Disk<'a> {
    None,
    Folder(&'a Path),
    /// At an address, in a schema.
    Tables(&'a str, &'a str),
}

impl Disk<'_> {
    /// So many bytes.
    pub(crate) async fn used(&self) -> u64 {
        match self {
            Self::None => 0,
            Self::Folder(folder) => {
                let files = fs::read_dir(folder).unwrap();
                files.map(|file| file.unwrap().metadata().unwrap().len()).sum()
            }
            Self::Tables(address, schema) => tables(address, schema).await,
        }
    }
}

async fn tables(address: &str, schema: &str) -> u64 {
    let (client, connection) = tokio_postgres::connect(address, NoTls).await.unwrap();
    tokio::spawn(connection);
    let text = "SELECT coalesce(sum(pg_total_relation_size(oid)), 0)::bigint FROM pg_class
                    WHERE relkind = 'r' AND relnamespace = $1::text::regnamespace";
    let row = client.query_one(text, &[&schema]).await.unwrap();
    u64::try_from(row.get::<_, i64>(0)).unwrap()
}
