//! The command line: stdout is data, stderr is talk, and errors end with a
//! hint. Exit codes: 0 done, 1 it failed, 2 the arguments make no sense.

mod audit;
mod check;
mod demo;
mod desk;
mod doctor;
mod explain;
mod files;
mod mapping;
mod pending;
mod people;
mod progress;
mod queue;
mod report;
mod serve;
mod settings;
mod table;
mod talk;
mod tally;
mod token;

use std::ffi::{OsStr, OsString};
use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::config::Environment;

/// How commands end.
const CODES: &str = "Exit codes: 0 done, 1 it failed or something is wrong, 2 the arguments make no \
                     sense.\nstdout has what was asked for, stderr the rest.";

/// Matricula: a SCIM 2.0 gateway in front of learning management systems
#[derive(Debug, Parser)]
#[command(name = "matricula", version, disable_help_subcommand = true, after_help = CODES)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Start a gateway before a sandbox LMS, with nothing to set up
    Demo(demo::Arguments),
    /// Start the gateway
    Serve(serve::Arguments),
    /// Say everything that is wrong with the settings, and play the cases of mappings
    Check(check::Arguments),
    /// Ask each LMS whether it is there, knows us, and lets us do what we need
    Doctor(doctor::Arguments),
    /// Make, list, rotate and revoke the tokens of clients; the gateway may run meanwhile
    #[command(subcommand)]
    Token(token::Command),
    /// List what was asked for and what came of it, or prove that the trail holds
    Audit(audit::Arguments),
    /// Show what waits to be done, have it done, or forget it
    #[command(subcommand)]
    Pending(pending::Command),
    /// Say what would happen, before it does
    #[command(subcommand)]
    Report(report::Command),
    /// Show, check or test a mapping
    #[command(subcommand)]
    Mapping(mapping::Command),
    /// Show what one SCIM request would make the gateway do, without doing it
    Explain(explain::Arguments),
}

/// Why a command did not do what it should.
#[derive(Debug)]
enum Trouble {
    /// The output cannot be written.
    Output(io::Error),
    /// It failed; the words say why and end with a hint.
    Failed(String),
    /// The arguments make no sense together with what they are about.
    Misused(String),
}

impl Trouble {
    /// It failed for this reason.
    fn failed(reason: impl std::fmt::Display) -> Self {
        Self::Failed(format!("error: {reason}"))
    }
}

/// The threads that a gateway runs on: as many as the machine has cores.
fn runtime() -> Result<tokio::runtime::Runtime, Trouble> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(Trouble::failed)
}

/// Whether stderr shows colours.
fn colours() -> bool {
    let wanted = Environment::of_process().get("NO_COLOR").is_none_or(str::is_empty);
    wanted && io::stderr().is_terminal()
}

/// What a command found stands, though nobody reads it to its end: `| head` makes no
/// success of a failure.
fn heard(written: io::Result<()>) -> io::Result<()> {
    match written {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        told => told,
    }
}

impl From<io::Error> for Trouble {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

/// Runs one command.
pub fn run(arguments: &[OsString], out: &mut dyn Write, talk: &mut dyn Write) -> ExitCode {
    let talk: &mut dyn Write = &mut talk::Talk(talk);
    let program = OsStr::new("matricula");
    let words = std::iter::once(program).chain(arguments.iter().map(OsString::as_os_str));
    let arguments = match Arguments::try_parse_from(words) {
        Ok(arguments) => arguments,
        Err(error) if !error.use_stderr() => {
            let _ = write!(out, "{error}");
            return ExitCode::SUCCESS;
        }
        Err(error) => {
            let _ = writeln!(talk, "{error}\nhint: `matricula --help` lists the commands");
            return ExitCode::from(2);
        }
    };
    let result = match &arguments.command {
        Command::Demo(arguments) => demo::run(arguments, out),
        Command::Serve(arguments) => serve::run(arguments, talk),
        Command::Check(arguments) => check::run(arguments, out, talk),
        Command::Doctor(arguments) => doctor::run(arguments, out),
        Command::Token(command) => token::run(command, out, talk),
        Command::Audit(arguments) => audit::run(arguments, out),
        Command::Pending(command) => pending::run(command, out, talk),
        Command::Report(command) => report::run(command, out, talk),
        Command::Mapping(command) => mapping::run(command, out, talk),
        Command::Explain(arguments) => explain::run(arguments, out),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever reads our output (`head`, a pager) has seen enough.
        Err(Trouble::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => {
            ExitCode::SUCCESS
        }
        Err(Trouble::Output(error)) => {
            let _ = writeln!(talk, "error: the output cannot be written: {error}");
            ExitCode::FAILURE
        }
        Err(Trouble::Failed(words)) => {
            let _ = writeln!(talk, "{words}");
            ExitCode::FAILURE
        }
        Err(Trouble::Misused(words)) => {
            let _ = writeln!(talk, "{words}");
            ExitCode::from(2)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn output_of(words: &[&str]) -> (ExitCode, String, String) {
        let words: Vec<_> = words.iter().map(OsString::from).collect();
        let (mut out, mut talk) = (Vec::new(), Vec::new());
        let code = run(&words, &mut out, &mut talk);
        (code, String::from_utf8(out).unwrap(), String::from_utf8(talk).unwrap())
    }

    #[test]
    fn an_unknown_command_ends_with_a_hint_and_code_two() {
        let (code, out, talk) = output_of(&["dmeo"]);
        assert_eq!(code, ExitCode::from(2));
        assert!(out.is_empty());
        assert!(talk.contains("dmeo") && talk.contains("hint:"), "{talk}");
    }

    #[test]
    fn help_is_no_error() {
        let (code, out, talk) = output_of(&["--help"]);
        assert_eq!(code, ExitCode::SUCCESS);
        assert!(out.contains("mapping") && talk.is_empty());
    }

    #[test]
    fn a_shipped_mapping_is_shown_by_its_name() {
        let (code, out, talk) = output_of(&["mapping", "show", "moodle"]);
        assert_eq!(code, ExitCode::SUCCESS, "{talk}");
        assert!(out.contains("core_user_create_users") && out.contains("reads username"), "{out}");
    }

    #[test]
    fn a_shipped_mapping_passes_the_check_and_its_cases() {
        let (code, out, talk) = output_of(&["mapping", "check", "moodle", "minimal-rest"]);
        assert_eq!(code, ExitCode::SUCCESS, "{talk}");
        assert!(out.contains("moodle: fine"), "{out}");
        let (code, out, talk) = output_of(&["mapping", "test", "mappings/moodle.toml"]);
        assert_eq!(code, ExitCode::SUCCESS, "{talk}");
        assert!(out.contains("cases passed"), "{out}");
    }

    #[test]
    fn a_file_that_is_not_there_ends_with_a_hint() {
        let (code, _, talk) = output_of(&["mapping", "check", "nowhere.toml"]);
        assert_eq!(code, ExitCode::FAILURE);
        assert!(talk.contains("nowhere.toml") && talk.contains("hint:"), "{talk}");
    }

    #[test]
    fn explain_shows_the_call_and_no_secret() {
        let (code, out, talk) = output_of(&[
            "explain",
            "moodle",
            r#"GET /Users?filter=userName eq "Eva""#,
            "--set",
            "token=s3cret",
            "--set",
            "base_url=https://moodle.example",
        ]);
        assert_eq!(code, ExitCode::SUCCESS, "{talk}");
        assert!(out.contains("core_user_get_users_by_field") && out.contains("eva"), "{out}");
        assert!(!out.contains("s3cret"), "{out}");
    }
}
