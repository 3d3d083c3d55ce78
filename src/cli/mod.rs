//! The command line: stdout is data, stderr is talk, and errors end with a
//! hint. Exit codes: 0 done, 1 it failed, 2 the arguments make no sense.

mod demo;

use std::io::{self, Write};
use std::process::ExitCode;

const HELP: &str = "\
Matricula: a SCIM 2.0 gateway in front of learning management systems

Usage: matricula <command>

Commands:
  demo       Walk through a conversation with Microsoft Entra ID: each request,
             what the gateway understands of it, and what it answers

Options:
  -h, --help     Print this help
  -V, --version  Print the version
";

/// Runs one command.
pub fn run(arguments: &[String], out: &mut dyn Write, talk: &mut dyn Write) -> ExitCode {
    let words: Vec<_> = arguments.iter().map(String::as_str).collect();
    let result = match words.as_slice() {
        ["demo"] => demo::run(out),
        ["-h" | "--help" | "help"] => write!(out, "{HELP}"),
        ["-V" | "--version"] => writeln!(out, "matricula {}", env!("CARGO_PKG_VERSION")),
        _ => return misunderstood(&words, talk),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever reads our output (`head`, a pager) has seen enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            // Nothing is left to tell it to if stderr is gone too.
            let _ = writeln!(talk, "error: the output cannot be written: {error}");
            ExitCode::FAILURE
        }
    }
}

fn misunderstood(words: &[&str], talk: &mut dyn Write) -> ExitCode {
    let problem = match words.first() {
        None => "a command is needed".to_owned(),
        Some(word) => format!("`{word}` is not understood here"),
    };
    let _ = writeln!(talk, "error: {problem}\nhint: `matricula --help` lists the commands");
    ExitCode::from(2)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn output_of(words: &[&str]) -> (ExitCode, String, String) {
        let words: Vec<_> = words.iter().map(ToString::to_string).collect();
        let (mut out, mut talk) = (Vec::new(), Vec::new());
        let code = run(&words, &mut out, &mut talk);
        (code, String::from_utf8(out).unwrap(), String::from_utf8(talk).unwrap())
    }

    #[test]
    fn an_unknown_command_ends_with_a_hint_and_code_two() {
        let (code, out, talk) = output_of(&["dmeo"]);
        assert_eq!(code, ExitCode::from(2));
        assert!(out.is_empty());
        assert!(talk.contains("`dmeo`") && talk.contains("hint:"), "{talk}");
    }

    #[test]
    fn the_demo_disables_nina_and_still_finds_her() {
        let (code, out, talk) = output_of(&["demo"]);
        assert_eq!(code, ExitCode::SUCCESS);
        assert!(talk.is_empty(), "{talk}");
        assert!(out.contains("set active"), "{out}");
        let last = out.rsplit("\n\n").find(|part| part.contains("totalResults")).unwrap();
        assert!(last.contains(r#""totalResults": 1"#) && last.contains(r#""active": false"#));
    }
}
