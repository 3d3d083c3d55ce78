//! What is asked for on the command line, by people and by this program when it
//! starts itself in another part.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Parser, Subcommand};

use crate::workload::Workload;

/// Compares what an LMS, a bare proxy and the gateway cost
#[derive(Debug, Parser)]
#[command(name = "load", disable_help_subcommand = true)]
pub(crate) struct Options {
    /// Only the workloads whose names contain one of these words
    pub words: Vec<String>,
    /// Seconds that each subject is under load in each round
    #[arg(long, default_value_t = 1.0)]
    pub seconds: f64,
    /// Rounds, of which medians are told; one more comes before to warm up
    #[arg(long, default_value_t = 5)]
    pub rounds: usize,
    /// Connections at the same time
    #[arg(long, value_delimiter = ',', default_value = "1,16,64")]
    pub connections: Vec<usize>,
    /// People in the LMS: enough of them that nobody is asked for twice while he
    /// is still in a cache
    #[arg(long, default_value_t = 100_000)]
    pub people: usize,
    /// Another build of `matricula`, to take turns with this one
    #[arg(long)]
    pub beside: Option<PathBuf>,
    /// Measure the memory of so many idle connections, and nothing else
    #[arg(long)]
    pub idle: Option<usize>,
    /// One JSON document instead of tables
    #[arg(long)]
    pub json: bool,
    /// Exit with 1 when a ratio is beyond its alarm
    #[arg(long)]
    pub check: bool,
    /// What `cargo bench` adds
    #[arg(long, hide = true)]
    pub bench: bool,
    #[command(subcommand)]
    pub part: Option<Part>,
}

/// A part that this program plays in a process of its own.
#[derive(Debug, Subcommand)]
pub(crate) enum Part {
    /// The LMS
    #[command(hide = true)]
    Sandbox { people: usize },
    /// The proxy that does nothing
    #[command(hide = true)]
    Proxy { upstream: SocketAddr },
}

impl Options {
    pub(crate) fn span(&self) -> Duration {
        Duration::from_secs_f64(self.seconds.clamp(0.05, 600.0))
    }

    /// What is wanted of all that can be measured.
    pub(crate) fn workloads(&self) -> Vec<Workload> {
        let wanted = |name: &str| self.words.iter().any(|word| name.contains(word.as_str()));
        let all = Workload::ALL.into_iter();
        all.filter(|it| self.words.is_empty() || wanted(it.name())).collect()
    }
}
