//! What the kernel tells of this process, under the names that every dashboard
//! for Prometheus knows. Linux only: elsewhere the families are absent.

use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;
use prometheus::{Counter, Gauge};
use std::fs;

/// Reads `/proc/self` whenever it is scraped.
pub(super) struct Process {
    cpu: Counter,
    start: Gauge,
    resident: Gauge,
    virtual_memory: Gauge,
    threads: Gauge,
    open: Gauge,
    most: Gauge,
}

/// The kernel's unit in `/proc/self/stat`: `USER_HZ`, which is 100 on every
/// architecture that Rust builds for on Linux, whatever `CONFIG_HZ` says.
const TICKS_A_SECOND: f64 = 100.0;

impl Process {
    pub(super) fn new() -> prometheus::Result<Self> {
        let about = "Processor time, user and system together, in seconds.";
        Ok(Self {
            cpu: Counter::new("process_cpu_seconds_total", about)?,
            start: Gauge::new("process_start_time_seconds", "When it began, in unix seconds.")?,
            resident: Gauge::new("process_resident_memory_bytes", "Memory in use, in bytes.")?,
            virtual_memory: Gauge::new(
                "process_virtual_memory_bytes",
                "Addresses in use, in bytes.",
            )?,
            threads: Gauge::new("process_threads", "Threads.")?,
            open: Gauge::new("process_open_fds", "Open file descriptors.")?,
            most: Gauge::new("process_max_fds", "How many there may be.")?,
        })
    }

    fn gauges(&self) -> [&Gauge; 6] {
        [&self.start, &self.resident, &self.virtual_memory, &self.threads, &self.open, &self.most]
    }

    /// Only forward: two scrapes at a time may read in one order and add in the
    /// other.
    fn count_time(&self, stat: &str) -> Option<Vec<MetricFamily>> {
        let more = processor_seconds(stat)? - self.cpu.get();
        if more > 0.0 {
            self.cpu.inc_by(more);
        }
        Some(self.cpu.collect())
    }
}

impl Collector for Process {
    fn desc(&self) -> Vec<&Desc> {
        self.cpu.desc().into_iter().chain(self.gauges().into_iter().flat_map(Gauge::desc)).collect()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        let [stat, status, limits, system] =
            ["/proc/self/stat", "/proc/self/status", "/proc/self/limits", "/proc/stat"]
                .map(|file| fs::read_to_string(file).unwrap_or_default());
        let values = [
            start_seconds(&stat, &system),
            kilobytes(&status, "VmRSS:"),
            kilobytes(&status, "VmSize:"),
            number(&status, "Threads:"),
            open_descriptors(),
            number(&limits, "Max open files"),
        ];
        let mut families = self.count_time(&stat).unwrap_or_default();
        for (gauge, value) in self.gauges().into_iter().zip(values) {
            if let Some(value) = value {
                gauge.set(value);
                families.extend(gauge.collect());
            }
        }
        families
    }
}

/// A field of `/proc/self/stat` by its number in `proc_pid_stat(5)`. The second,
/// the program's name, may hold spaces and brackets of its own.
fn field(stat: &str, number: usize) -> Option<f64> {
    let (_, rest) = stat.rsplit_once(')')?;
    rest.split_whitespace().nth(number.checked_sub(3)?)?.parse().ok()
}

fn processor_seconds(stat: &str) -> Option<f64> {
    Some((field(stat, 14)? + field(stat, 15)?) / TICKS_A_SECOND)
}

/// The process counts from the start of the machine, which `/proc/stat` tells.
fn start_seconds(stat: &str, system: &str) -> Option<f64> {
    Some(number(system, "btime ")? + field(stat, 22)? / TICKS_A_SECOND)
}

fn kilobytes(status: &str, name: &str) -> Option<f64> {
    Some(number(status, name)? * 1024.0)
}

/// The first number on the line that begins with `name`.
fn number(text: &str, name: &str) -> Option<f64> {
    let rest = text.lines().find_map(|line| line.strip_prefix(name))?;
    rest.split_whitespace().next()?.parse().ok()
}

/// Without the one that the counting itself opens.
fn open_descriptors() -> Option<f64> {
    let open = fs::read_dir("/proc/self/fd").ok()?.count().saturating_sub(1);
    u32::try_from(open).ok().map(f64::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    const STAT: &str = "42 (a) S (b) R 1 42 42 0 -1 4194560 900 0 0 0 250 50 0 0 20 0 9 0 12345 \
                        99999744 512 18446744073709551615";

    #[test]
    fn a_name_with_brackets_shifts_no_field() {
        assert_eq!(processor_seconds(STAT), Some(3.0));
        assert_eq!(start_seconds(STAT, "cpu 1 2\nbtime 1000\n"), Some(1123.45));
    }

    #[test]
    fn what_cannot_be_read_is_absent() {
        assert_eq!(processor_seconds(""), None);
        assert_eq!(start_seconds(STAT, ""), None);
        assert_eq!(kilobytes("VmSize: 8 kB", "VmRSS:"), None);
        assert_eq!(number("Max open files    unlimited", "Max open files"), None);
    }

    #[test]
    fn numbers_are_found_by_their_line() {
        assert_eq!(kilobytes("Name:\tx\nVmRSS:\t    2048 kB\n", "VmRSS:"), Some(2_097_152.0));
        let limits = "Limit  Soft Limit  Hard Limit\nMax open files    1024    4096    files\n";
        assert_eq!(number(limits, "Max open files"), Some(1024.0));
    }

    #[test]
    fn this_process_is_seen() {
        let families = Process::new().unwrap().collect();
        let names: Vec<_> = families.iter().map(MetricFamily::name).collect();
        assert_eq!(
            names,
            [
                "process_cpu_seconds_total",
                "process_start_time_seconds",
                "process_resident_memory_bytes",
                "process_virtual_memory_bytes",
                "process_threads",
                "process_open_fds",
                "process_max_fds",
            ]
        );
        let gauges = families.iter().skip(1).map(|family| family.get_metric()[0].get_gauge());
        assert!(gauges.map(prometheus::proto::Gauge::get_value).all(|value| value > 0.0));
    }

    #[test]
    fn processor_time_never_goes_back() {
        let process = Process::new().unwrap();
        process.count_time(STAT);
        process.count_time(&STAT.replace("250 50", "100 50"));
        assert!((process.cpu.get() - 3.0).abs() < 1e-9);
    }
}
