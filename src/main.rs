//! The binary: parses arguments, calls `cli`, maps the result to an exit code.

use std::process::ExitCode;

/// Answers are trees of small pieces, made and dropped by the thousand: with the
/// system's allocator a third of a list's CPU goes into making room for them.
#[cfg(feature = "mimalloc")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // Paths need not be UTF-8; whatever has to be is told by name.
    let arguments: Vec<_> = std::env::args_os().skip(1).collect();
    matricula::cli::run(&arguments, &mut std::io::stdout(), &mut std::io::stderr())
}
