//! What the gateway costs beside a bare hop: one run compares an LMS asked
//! directly, through a reverse proxy that does nothing, and through the gateway.
//!
//! Figures of one machine mean little and figures of two runs less: the subjects
//! take turns, and what counts is the ratio to the bare proxy. Each subject is a
//! process of its own, so that its CPU time and memory are its own too; this
//! process only makes the load.
//!
//! ```sh
//! cargo bench --bench load                      # everything, some minutes
//! cargo bench --bench load -- get filter --connections 1,16 --seconds 2
//! cargo bench --bench load -- --beside OLD      # an earlier `matricula` takes turns too
//! cargo bench --bench load -- --idle 9000       # what idle connections cost
//! ```

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a measurement, not a service")]

mod gauge;
mod generator;
mod goals;
mod idle;
mod options;
mod process;
mod proxy;
mod report;
mod round;
mod sandbox;
mod subject;
mod wire;
mod workload;

use std::process::ExitCode;

use clap::Parser;

use options::{Options, Part};

type Failure = Box<dyn std::error::Error>;

fn main() -> ExitCode {
    let options = Options::parse();
    match run(&options) {
        Ok(code) => code,
        Err(failure) => {
            eprintln!("error: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> Result<ExitCode, Failure> {
    match &options.part {
        Some(Part::Sandbox { people }) => serving()?.block_on(sandbox::run(*people))?,
        Some(Part::Proxy { upstream }) => serving()?.block_on(proxy::run(*upstream))?,
        // One thread: the load must leave the cores to those who bear it.
        None => return generating()?.block_on(measure(options)),
    }
    Ok(ExitCode::SUCCESS)
}

async fn measure(options: &Options) -> Result<ExitCode, Failure> {
    if let Some(number) = options.idle {
        idle::measure(number, options).await?;
        return Ok(ExitCode::SUCCESS);
    }
    let table = round::all(options).await?;
    if options.json {
        println!("{}", serde_json::to_string_pretty(&table)?);
    } else {
        print!("{}{}", report::markdown(&table), goals::told(&table));
    }
    let alarmed = options.check && goals::alarmed(&table);
    Ok(if alarmed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn serving() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()
}

fn generating() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()
}
