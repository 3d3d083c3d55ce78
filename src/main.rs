//! The binary: parses arguments, calls `cli`, maps the result to an exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    matricula::cli::run(&arguments, &mut std::io::stdout(), &mut std::io::stderr())
}
