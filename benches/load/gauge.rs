//! What the kernel says of a process.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use crate::Failure;

/// Linux counts in hundredths of a second towards user space, whatever it counts
/// in itself.
const TICK: Duration = Duration::from_millis(10);

/// A process to look at.
#[derive(Clone, Debug)]
pub(crate) struct Gauge(PathBuf);

impl Gauge {
    pub(crate) fn of(id: u32) -> Self {
        Self(PathBuf::from(format!("/proc/{id}")))
    }

    /// CPU time so far, user and system together.
    pub(crate) fn cpu(&self) -> Result<Duration, Failure> {
        let text = fs::read_to_string(self.0.join("stat"))?;
        // The name before the bracket may hold spaces; the times are the 14th and
        // 15th field, the 12th and 13th after it.
        let (_, fields) = text.rsplit_once(')').ok_or("no process")?;
        let times: Vec<u32> =
            fields.split_whitespace().skip(11).take(2).flat_map(str::parse).collect();
        Ok(TICK * times.iter().sum::<u32>())
    }

    /// Memory in KiB: resident now, and at most so far.
    pub(crate) fn memory(&self) -> Result<(u64, u64), Failure> {
        let text = fs::read_to_string(self.0.join("status"))?;
        let of = |name: &str| -> Result<u64, Failure> {
            let line = text.lines().find_map(|line| line.strip_prefix(name));
            let number = line.and_then(|line| line.split_whitespace().next());
            Ok(number.ok_or("no figure of memory")?.parse()?)
        };
        Ok((of("VmRSS:")?, of("VmHWM:")?))
    }
}
