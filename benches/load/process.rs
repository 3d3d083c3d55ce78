//! The processes that bear the load.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde::de::DeserializeOwned;

use crate::Failure;
use crate::gauge::Gauge;

/// A process that says one line of JSON once it is ready. It ends when this is
/// dropped.
pub(crate) struct Process {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Process {
    /// Starts a program and waits until it is ready.
    pub(crate) fn start<T: DeserializeOwned>(
        program: &Path,
        words: &[&str],
    ) -> Result<(Self, T), Failure> {
        // Idle connections need descriptors; where the system does not allow as
        // many, the program gets what there is.
        let script = r#"ulimit -n "$(ulimit -H -n)"; exec "$0" "$@""#;
        let mut child = Command::new("sh")
            .args(["-c", script])
            .arg(program)
            .args(words)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // The log is written all the same, and costs what it costs.
            .stderr(Stdio::null())
            .spawn()?;
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err("a process without its pipes".into());
        };
        let mut started = Self { child, input, output: BufReader::new(output) };
        let ready = started.line()?;
        let ready = serde_json::from_str(&ready)
            .map_err(|error| format!("{} said `{ready}`: {error}", program.display()))?;
        Ok((started, ready))
    }

    /// Asks for a number.
    pub(crate) fn ask(&mut self) -> Result<u64, Failure> {
        self.input.write_all(b"\n")?;
        Ok(self.line()?.trim().parse()?)
    }

    pub(crate) fn gauge(&self) -> Gauge {
        Gauge::of(self.child.id())
    }

    fn line(&mut self) -> Result<String, Failure> {
        let mut line = String::new();
        if self.output.read_line(&mut line)? == 0 {
            return Err("a process ended before it was ready".into());
        }
        Ok(line)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to do.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
